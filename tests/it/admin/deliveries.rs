//! Finding a delivery, understanding it, and posting it once more: as pages and over the API.

use hookbell::sandbox::{Order, Trouble};
use serde_json::{Value, json};

use super::{Browser, TOKEN, location, locked};
use crate::relay::TestRelay;
use crate::vendor;

/// A push to `acme/shop` by mona.
fn push(delivery: &str) -> vendor::Webhook {
    let body = json!({
        "ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40),
        "repository": {"full_name": "acme/shop", "name": "shop"},
        "sender": {"login": "mona"}, "pusher": {"name": "mona"},
        "commits": [{"id": "2".repeat(40), "message": "Keep <b>the</b> session", "url": "https://example.com/2"}]
    });
    vendor::github("push", delivery, &body)
}

fn star(delivery: &str) -> vendor::Webhook {
    let body = json!({
        "action": "created", "repository": {"full_name": "acme/docs"}, "sender": {"login": "dave"}
    });
    vendor::github("star", delivery, &body)
}

/// What the API answers to a request that must do.
async fn api(relay: &TestRelay, path: &str) -> Value {
    let request = Browser::at(relay).get(path).bearer_auth(TOKEN);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn api_post(relay: &TestRelay, path: &str, body: &Value) -> (u16, Value) {
    let request = Browser::at(relay).post_json(path, body).bearer_auth(TOKEN);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn githubs_id_finds_the_delivery_and_its_page_says_why_nobody_heard_of_it() {
    let relay = locked().await;
    relay.post(&push("p-1")).await;
    let starred = relay.post(&star("s-1")).await.body;
    relay.messages(1).await;
    let browser = Browser::logged_in(&relay).await;

    let list = browser.page("/deliveries?q=s-1").await;
    assert_eq!(list.matches("data-id=").count(), 1, "{list}");
    assert!(list.contains("Ignored") && list.contains("acme/docs"));
    let page = browser.page(&format!("/deliveries/{}", id(&starred))).await;
    for part in [
        "Why no group",
        "The route that came nearest:",
        "everything → backend",
        "silent by default",
        "X-Hub-Signature-256",
        "s-1",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    relay.finish().await;
}

#[tokio::test]
async fn a_page_tells_all_of_a_delivery_and_nothing_in_it_becomes_markup() {
    let relay = locked().await;
    let answer = relay.post(&push("p-1")).await.body;
    relay.messages(1).await;
    relay.settled().await;
    let browser = Browser::logged_in(&relay).await;
    let page = browser.page(&format!("/deliveries/{}", id(&answer))).await;
    for part in [
        "main: Keep &#60;b&#62;the&#60;/b&#62; session · mona",
        "Posted to backend",
        "Message to backend",
        "Matched",
        "Posted.",
        "<b>full_name</b><i>: </i><span class=\"s\">\"acme/shop\"",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("<b>the</b>") && !page.contains("style="));
    let raw = browser
        .get(&format!("/deliveries/{}/raw", id(&answer)))
        .send()
        .await
        .unwrap();
    assert_eq!(raw.headers()["content-type"], "text/plain; charset=utf-8");

    let explained = api(&relay, &format!("/api/deliveries/{}", id(&answer))).await;
    assert_eq!(explained["evidence"]["by"], "X-Hub-Signature-256");
    assert_eq!(explained["routes"][0]["verdict"], "matched");
    assert_eq!(explained["told"][0]["outcome"], "posted");
    assert_eq!(
        explained["told"][0]["messages"][0]["attempts"][0]["bot"],
        "bot"
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_replay_is_a_second_message_and_rendering_afresh_follows_todays_routes() {
    let mut relay = locked().await;
    let pushed = id(&relay.post(&push("p-1")).await.body);
    let starred = id(&relay.post(&star("s-1")).await.body);
    relay.messages(1).await;
    let browser = Browser::logged_in(&relay).await;
    let page = format!("/deliveries/{pushed}");
    let token = browser.form_token(&page).await;
    let answer = browser
        .post(&format!("{page}/replay"), &[("csrf", &token)])
        .send()
        .await
        .unwrap();
    assert_eq!(location(&answer), format!("../{pushed}?done=replayed"));
    let told = browser.page(&format!("{page}?done=replayed")).await;
    assert!(told.contains("in the queue of the same groups"));
    relay.messages(2).await;

    // Nobody was to hear of the star, so there is nothing to replay.
    let unfit = browser
        .post(
            &format!("/deliveries/{starred}/replay"),
            &[("csrf", &token)],
        )
        .send()
        .await
        .unwrap();
    assert_eq!(unfit.status(), 400);
    relay
        .restart(&format!(
            "[admin]\ntoken = \"{TOKEN}\"\n[[routes]]\nname = \"stars\"\nevent = \"star\"\nto = [\"backend\"]\n"
        ))
        .await;
    let browser = Browser::logged_in(&relay).await;
    let preview = browser.page(&format!("/deliveries/{starred}/afresh")).await;
    assert!(preview.contains("Post to backend") && preview.contains("class=\"bubble"));
    relay.messages(2).await;
    let token = browser
        .form_token(&format!("/deliveries/{starred}/afresh"))
        .await;
    let answer = browser
        .post(
            &format!("/deliveries/{starred}/afresh"),
            &[("csrf", &token)],
        )
        .send()
        .await
        .unwrap();
    assert_eq!(location(&answer), format!("../{starred}?done=afresh"));
    relay.messages(3).await;

    let (status, queued) = api_post(
        &relay,
        &format!("/api/deliveries/{pushed}/replay"),
        &Value::Null,
    )
    .await;
    assert_eq!((status, &queued["groups"]), (200, &json!(["backend"])));
    relay.messages(4).await;
    relay.finish().await;
}

#[tokio::test]
async fn the_list_is_searched_and_paged_by_key() {
    let relay = locked().await;
    for number in 0..3 {
        relay.post(&push(&format!("p-{number}"))).await;
    }
    relay.post(&star("s-1")).await;
    relay.messages(3).await;
    let count = async |query: &str| {
        let listing = api(&relay, &format!("/api/deliveries?{query}")).await;
        listing["deliveries"].as_array().unwrap().len()
    };
    for (query, expected) in [
        ("", 4),
        ("event=push", 3),
        ("event=push&group=backend", 3),
        ("group=ops", 0),
        ("outcome=ignored", 1),
        ("q=MONA+session", 3),
        ("id=p-1", 1),
        ("repo=acme/docs", 1),
        ("since=1h", 4),
        ("until=1h", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    let first = api(&relay, "/api/deliveries?limit=3").await;
    assert_eq!(first["more"]["page_is_full"], true);
    let before = first["more"]["id"].as_str().unwrap();
    let second = api(&relay, &format!("/api/deliveries?limit=3&before={before}")).await;
    assert_eq!(second["deliveries"].as_array().unwrap().len(), 1);
    assert!(second["more"].is_null());
    let newer = second["deliveries"][0]["id"].as_str().unwrap();
    let newer = api(&relay, &format!("/api/deliveries?after={newer}")).await;
    assert_eq!(newer["deliveries"], first["deliveries"]);

    for query in ["since=soon", "outcome=lost", "before=x", "kind=svn"] {
        let request = Browser::at(&relay).get(&format!("/api/deliveries?{query}"));
        let answer = request.bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{query}");
        let body: Value = answer.json().await.unwrap();
        assert!(!body["remedy"].as_str().unwrap().is_empty());
    }
    relay.finish().await;
}

#[tokio::test]
async fn a_fixture_is_what_render_takes() {
    let relay = locked().await;
    let pushed = id(&relay.post(&push("p-1")).await.body);
    relay.messages(1).await;
    let request = Browser::at(&relay).get(&format!("/api/deliveries/{pushed}/fixture"));
    let archive = request.bearer_auth(TOKEN).send().await.unwrap();
    let archive = archive.bytes().await.unwrap();
    let text = String::from_utf8_lossy(&archive);
    assert!(text.contains("headers.txt") && text.contains("payload.json"));
    assert!(text.contains("x-github-event: push\n") && text.contains("refs/heads/main"));
    assert!(!text.contains("sha256="), "no signature is kept");
    relay.finish().await;
}

#[tokio::test]
async fn dead_letters_of_a_cause_are_retried_or_discarded_with_a_reason() {
    let relay = locked().await;
    relay
        .sandbox
        .order(Order::next(3, Trouble::Http { status: 413 }));
    for number in 0..3 {
        relay.post(&push(&format!("p-{number}"))).await;
    }
    relay.settled().await;
    let browser = Browser::logged_in(&relay).await;
    let page = browser.page("/dead").await;
    for part in [
        "3 dead letters, 1 cause",
        "The message is too long",
        "The message is too long · group backend",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let letters = api(&relay, "/api/dead").await;
    let letter = letters[0]["id"].as_str().unwrap().to_owned();
    let token = browser.form_token("/dead").await;
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let fields = [fields, &[("csrf", &token)]].concat();
        browser.post(path, &fields).send().await.unwrap()
    };
    // One is retried,
    let answer = post("/dead/retry", &[("id", &letter)]).await;
    assert_eq!(location(&answer), "../dead?retried=1");
    relay.messages(1).await;
    let page = browser.page("/dead?retried=1").await;
    assert!(page.contains("1 message is in the queue again."));
    // the others are given up, which needs a reason.
    let reason = letters[1]["reason"].as_str().unwrap();
    let all = [("group", "backend"), ("reason", reason), ("all", "1")];
    assert_eq!(post("/dead/discard", &all).await.status(), 400);
    let answer = post(
        "/dead/discard",
        &[&all[..], &[("why", "not needed")]].concat(),
    )
    .await;
    assert_eq!(location(&answer), "../dead?discarded=2");
    assert!(browser.page("/dead").await.contains("Nothing waits here."));

    let delivery = letters[1]["delivery"].as_str().unwrap();
    let page = browser.page(&format!("/deliveries/{delivery}")).await;
    assert!(page.contains("Discarded") && page.contains("not needed"));
    for unfit in [json!({}), json!({"ids": ["x"]}), json!("all")] {
        let (status, body) = api_post(&relay, "/api/dead/retry", &unfit).await;
        assert_eq!(status, 400, "{body}");
    }
    let (_, none) = api_post(&relay, "/api/dead/retry", &json!({"ids": [letter]})).await;
    assert_eq!(none["done"], 0);
    relay.finish().await;
}

#[tokio::test]
async fn an_empty_store_says_how_to_begin_and_an_unknown_delivery_is_told() {
    let relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    assert!(
        browser
            .page("/deliveries")
            .await
            .contains("POST /hooks/github")
    );
    assert!(browser.page("/dead").await.contains("Nothing waits here."));
    let found = browser.page("/deliveries?event=push").await;
    assert!(found.contains("No delivery matches."));
    for (path, status) in [
        ("/deliveries/019ac0f2-7d31-7c4e-9a55-3d2c1b0a9f8e", 404),
        ("/deliveries/nonsense", 400),
        ("/deliveries?since=soon", 400),
    ] {
        assert_eq!(browser.get(path).send().await.unwrap().status(), status);
    }
    relay.finish().await;
}
