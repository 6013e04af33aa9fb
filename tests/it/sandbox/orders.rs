//! Bad days that can be ordered, and what the client makes of each.

use std::time::Duration;

use hookbell::bot::{Outcome, Refusal, Retry};
use hookbell::clock::Clock;
use hookbell::sandbox::{Order, Trouble};
use serde_json::{Value, json};

use super::{Chat, TOKEN, post};

#[tokio::test]
async fn ordered_troubles_come_out_as_what_is_to_be_done() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    let rest_all = Outcome::Retry(Retry::RestAll(Duration::from_secs(300)));
    let backoff = Outcome::Retry(Retry::Backoff);
    let rest = Outcome::Retry(Retry::RestBot);
    let no_bot = Outcome::Refused(Refusal::Bot);
    let code = |errcode| Trouble::Code {
        errcode,
        errmsg: "any".into(),
    };
    let cases = [
        (Trouble::Busy, Outcome::Retry(Retry::Times(3)), ""),
        (Trouble::ResetBefore, backoff, "broke"),
        (Trouble::Http { status: 500 }, backoff, "out of order"),
        (Trouble::Http { status: 504 }, backoff, "out of order"),
        (Trouble::Garbage, rest_all, "this address"),
        (Trouble::AddressBlock, rest_all, "this address"),
        (Trouble::Limited, rest, "20 messages"),
        (Trouble::Throttled, rest, "too fast"),
        (Trouble::Disbanded, no_bot, "disbanded"),
        (Trouble::Disabled, no_bot, "switched off"),
        (Trouble::Removed, no_bot, "removed"),
        (Trouble::UnknownToken, no_bot, "access token"),
        (Trouble::Keyword, no_bot, "keywords"),
        (Trouble::Sign, no_bot, "does not match"),
        (Trouble::Clock, Outcome::Retry(Retry::Resign), "clock"),
        (Trouble::Address, no_bot, "IP list"),
        (code(101002), Outcome::Refused(Refusal::Message), "too long"),
        (code(987654), Outcome::Retry(Retry::Times(1)), "987654: any"),
    ];
    for (trouble, expected, part) in cases {
        chat.sandbox.order(Order::next(1, trouble.clone()));
        let answer = post(&bot, "hello", "key").await;
        assert_eq!(answer.outcome, expected, "{trouble:?}");
        assert!(
            answer.sentence.contains(part),
            "{trouble:?}: {}",
            answer.sentence
        );
    }
    assert!(chat.sandbox.messages().is_empty());
    assert_eq!(post(&bot, "hello", "key").await.outcome, Outcome::Posted);
}

#[tokio::test]
async fn a_gateway_may_lose_the_answer_to_what_was_posted() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    chat.sandbox
        .order(Order::next(1, Trouble::HttpAfter { status: 504 }));
    let answer = post(&bot, "hello", "key").await;
    assert_eq!(answer.outcome, Outcome::Retry(Retry::Backoff));
    assert_eq!(chat.sandbox.messages().len(), 1);
    assert_eq!(post(&bot, "hello", "key").await.outcome, Outcome::Posted);
    assert_eq!(chat.sandbox.messages()[0].repeats, 1);
}

#[tokio::test]
async fn a_client_that_gets_no_answer_gives_up_by_itself() {
    let chat = Chat::open().await;
    let impatient = Duration::from_millis(100);
    let client = reqwest::Client::builder().read_timeout(impatient);
    let bot = chat.bot_with_client(client.no_proxy().build().unwrap());
    for (trouble, posted) in [(Trouble::HangBefore, 0), (Trouble::HangAfter, 1)] {
        chat.sandbox.order(Order::next(1, trouble));
        let answer = post(&bot, "hello", "key").await;
        assert_eq!(answer.outcome, Outcome::Retry(Retry::Backoff));
        assert!(answer.sentence.contains("too long"), "{}", answer.sentence);
        assert_eq!(chat.sandbox.messages().len(), posted);
    }
}

#[tokio::test]
async fn content_is_refused_for_what_is_in_it() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    chat.sandbox.order(Order::next(1, Trouble::UnsafeLink));
    chat.sandbox.order(Order::next(1, Trouble::ImproperPicture));
    assert_eq!(post(&bot, "hello", "1").await.outcome, Outcome::Posted);
    for (text, code) in [
        ("[a](https://example.com/)", "430101"),
        ("![](@p)", "430103"),
    ] {
        let answer = post(&bot, text, "2").await;
        assert_eq!(answer.outcome, Outcome::Refused(Refusal::Content));
        assert_eq!(answer.code.as_deref(), Some(code));
    }
    for (trouble, code) in [
        (Trouble::ImproperText, "430102"),
        (Trouble::ImproperContent, "430104"),
    ] {
        chat.sandbox.order(Order::next(1, trouble));
        let answer = post(&bot, "hello", "3").await;
        assert_eq!(answer.outcome, Outcome::Refused(Refusal::Content));
        assert_eq!(answer.code.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn it_counts_what_each_bot_accepted_refused_and_saw_twice() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    chat.sandbox.order(Order::next(2, Trouble::Busy).of(TOKEN));
    chat.sandbox
        .order(Order::next(9, Trouble::Disabled).of("another"));
    for key in ["1", "1", "1", "1", "2"] {
        post(&bot, "hello", key).await;
    }
    let told = reqwest::get(format!("{}/sandbox/bots", chat.address))
        .await
        .unwrap();
    let bots: Value = told.json().await.unwrap();
    assert_eq!(bots[0]["accepted"], 2);
    assert_eq!(bots[0]["repeats"], 1);
    assert_eq!(bots[0]["refused"], json!({"-1": 2}));
}

/// Every order in `docs/sandbox.md` is understood; the compiler sees to it in `orders.rs` that each has an answer.
#[tokio::test]
async fn the_orders_in_the_document_are_understood() {
    let chat = Chat::open().await;
    let client = reqwest::Client::new();
    let document = include_str!("../../../docs/sandbox.md");
    let orders = document.lines().filter_map(|line| {
        let (order, _) = line.strip_prefix("| `{")?.split_once("` |")?;
        Some(format!("{{{order}"))
    });
    let mut count = 0;
    for order in orders {
        let told = client
            .post(format!("{}/sandbox/orders", chat.address))
            .header("content-type", "application/json")
            .body(order.clone());
        assert_eq!(told.send().await.unwrap().status(), 204, "{order}");
        count += 1;
    }
    assert_eq!(count, 26);
    let cleared = client.delete(format!("{}/sandbox/orders", chat.address));
    assert_eq!(cleared.send().await.unwrap().status(), 204);
    let answer = post(&chat.bot(None, &[]), "hello", "key").await;
    assert_eq!(answer.outcome, Outcome::Posted);
}

#[tokio::test]
async fn a_slow_answer_is_late_by_the_sandboxs_clock() {
    let chat = Chat::open().await;
    let before = chat.clock.now();
    chat.sandbox
        .order(Order::next(1, Trouble::Slow { seconds: 3 }));
    assert_eq!(
        post(&chat.bot(None, &[]), "hello", "key").await.outcome,
        Outcome::Posted
    );
    assert_eq!(chat.clock.now().duration_since(before).as_secs(), 3);
}
