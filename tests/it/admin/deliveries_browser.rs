//! "Why did I not get this?" in a real browser.

use fantoccini::{Client, Locator};
use hookbell::sandbox::{Order, Trouble};
use serde_json::json;

use super::browser::{fill, press, text, tick};
use crate::browser::{assert_accessible, browser};
use crate::relay::{EVERYTHING, PATIENCE, TestRelay};
use crate::vendor;

async fn open_issue(relay: &TestRelay, number: u64) {
    let body = json!({"action": "opened", "issue": {"number": number, "title": "Sessions end too early"},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}});
    let answer = relay
        .post(&vendor::github("issues", &format!("issue-{number}"), &body))
        .await;
    assert_eq!(answer.status, 202);
    relay.settled().await;
}

async fn open(browser: &Client, relay: &TestRelay, path: &str) {
    let address = format!("{}{path}", relay.admin);
    browser.goto(&address).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_found_by_githubs_id_and_says_why_it_was_not_sent() {
    let Some(browser) = browser().await else {
        return;
    };
    let routes = "[[routes]]\nname = \"issues of the app\"\nevent = \"issues\"\nrepo = \"acme/app\"\nto = [\"backend\"]\n";
    let relay = TestRelay::start(routes).await;
    let body = json!({"action": "opened", "issue": {"number": 42, "title": "Sessions end too early"},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}});
    let sent = vendor::github("issues", "72d3162e-cc78-11e3-81ab-4c9367dc0958", &body);
    relay.post(&sent).await;

    open(&browser, &relay, "/deliveries").await;
    fill(&browser, "q", "72d3162e-cc78-11e3-81ab-4c9367dc0958").await;
    press(&browser, ".filters .btn.main").await;
    // Or the row might be another one between being found and being pressed.
    press(&browser, ".head .btn").await;
    let list = text(&browser, "#list tbody").await;
    assert!(list.contains("Unrouted") && list.contains("#42"), "{list}");
    assert_accessible(&browser).await;
    press(&browser, "#list a.title").await;
    let nearest = text(&browser, ".nearest").await;
    for part in ["issues of the app", "repo", "acme/app", "acme/shop"] {
        assert!(nearest.contains(part), "{part} is not in {nearest}");
    }
    assert_accessible(&browser).await;
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_brings_a_second_message_and_a_look_at_today_comes_before_a_third() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    open_issue(&relay, 42).await;
    relay.messages(1).await;
    open(&browser, &relay, "/deliveries?live=off").await;
    press(&browser, "#list a.title").await;
    let drawn = text(&browser, ".bubble").await;
    assert!(drawn.contains("Sessions end too early"), "{drawn}");
    press(&browser, ".head .btn.main").await;
    assert!(
        text(&browser, ".notice.ok")
            .await
            .contains("in the queue of the same groups")
    );
    relay.messages(2).await;

    press(&browser, ".head a.btn").await;
    assert!(text(&browser, "h1").await.contains("Rendered afresh"));
    assert_accessible(&browser).await;
    press(&browser, ".head .btn.main").await;
    assert!(
        text(&browser, ".notice.ok")
            .await
            .contains("today’s groups")
    );
    relay.messages(3).await;
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_retried_and_another_one_given_up_with_a_reason() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    relay
        .sandbox
        .order(Order::next(2, Trouble::Http { status: 413 }));
    open_issue(&relay, 1).await;
    open_issue(&relay, 2).await;
    open(&browser, &relay, "/dead").await;
    assert_eq!(text(&browser, "h1").await, "2 dead letters, 1 cause");
    assert_accessible(&browser).await;
    // All are chosen; the newer one is not to be retried.
    tick(&browser, "tbody input[type=checkbox]").await;
    press(&browser, "form.panel .btn.main").await;
    let done = text(&browser, ".notice.ok").await;
    assert!(done.contains("1 message is in the queue again."), "{done}");
    let messages = relay.messages(1).await;
    assert!(messages[0].body.to_string().contains("#1"));
    relay.settled().await;

    tick(&browser, "form.panel summary.danger").await;
    fill(&browser, "why", "nobody needs it").await;
    press(&browser, "form.panel button.danger").await;
    let done = text(&browser, ".notice.ok").await;
    assert!(done.contains("1 message was discarded."), "{done}");
    assert_eq!(text(&browser, "h1").await, "Dead letters");
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_deliveries_join_the_list_while_somebody_looks() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    open_issue(&relay, 1).await;
    open(&browser, &relay, "/deliveries").await;
    assert_eq!(text(&browser, "[data-live]").await, "Live");
    open_issue(&relay, 2).await;
    let joined = browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css("#list tr.new"))
        .await
        .expect("the list shows a new delivery by itself");
    assert!(joined.text().await.unwrap().contains("#2"));
    browser.close().await.unwrap();
    relay.finish().await;
}
