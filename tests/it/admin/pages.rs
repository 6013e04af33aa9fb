//! What the pages say, as a browser without script gets them, and the API with them.

use std::time::Duration;

use hookbell::bot::dingtalk::Webhook;
use hookbell::store::queue::Rest;
use serde_json::{Value, json};

use super::{Browser, TOKEN, locked};
use crate::relay::{EVERYTHING, TestRelay};
use crate::vendor;

async fn open_issue(relay: &TestRelay, number: u64, title: &str) {
    let body = json!({"action": "opened", "issue": {"number": number, "title": title},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}});
    let answer = relay
        .post(&vendor::github("issues", &number.to_string(), &body))
        .await;
    assert_eq!(answer.status, 202);
    relay.settled().await;
}

async fn api(browser: &Browser, path: &str) -> Value {
    let answer = browser.get(path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn nothing_needs_anybody_at_first() {
    let relay = TestRelay::start(EVERYTHING).await;
    let browser = Browser::at(&relay);
    assert!(browser.page("/").await.contains("Nothing needs you"));
    assert_eq!(api(&browser, "/api/needs").await, json!([]));
    relay.finish().await;
}

#[tokio::test]
async fn a_bot_that_is_set_aside_needs_a_person_and_says_why() {
    let relay = TestRelay::start(EVERYTHING).await;
    // When it starts, a relay gives every bot a new chance.
    open_issue(&relay, 1, "x").await;
    let bot = Webhook::parse("http://localhost/robot/send?access_token=backend").unwrap();
    let now = relay.clock_now();
    let rest = Rest {
        until: now + Duration::from_secs(600),
        level: 1,
        aside: Some("The bot was removed from the group.".into()),
    };
    relay
        .store
        .rest_bot(&bot.bot_id(), rest, now)
        .await
        .unwrap();
    let browser = Browser::at(&relay);
    let page = browser.page("/").await;
    for part in [
        "One thing needs you",
        "No bot of backend works",
        "was removed from the group",
        "groups/backend",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let page = browser.page("/?lang=zh").await;
    assert!(page.contains("有 1 件事需要您处理"));
    let needs = api(&browser, "/api/needs").await;
    assert_eq!(
        (&needs[0]["kind"], &needs[0]["group"]),
        (&"mute_group".into(), &"backend".into())
    );
    relay.finish().await;
}

#[tokio::test]
async fn what_died_is_counted_in_the_menu_and_needs_a_person() {
    let relay = TestRelay::start(EVERYTHING).await;
    let too_long = json!({"answer": "code", "errcode": 460101, "errmsg": "message too long"});
    relay
        .sandbox
        .order(serde_json::from_value(too_long).unwrap());
    open_issue(&relay, 1, "x").await;
    let browser = Browser::at(&relay);
    let page = browser.page("/groups").await;
    assert!(
        page.contains("<span class=\"hide\">waiting: </span>1</span>"),
        "{page}"
    );
    let page = browser.page("/").await;
    assert!(page.contains("One dead letter waits") && page.contains("href=\"./dead\""));
    let needs = api(&browser, "/api/needs").await;
    assert_eq!(
        (&needs[0]["kind"], &needs[0]["count"]),
        (&"dead_letters".into(), &1.into())
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_budget_that_does_not_last_is_told_before_it_ends() {
    let budget = "[organizations.acme]\nmonthly = 4\n";
    let relay = TestRelay::start(&format!("{budget}{EVERYTHING}")).await;
    for number in 0..3 {
        open_issue(&relay, number, "x").await;
    }
    let browser = Browser::at(&relay);
    let budgets = api(&browser, "/api/budgets").await;
    assert_eq!(
        (&budgets[0]["used"], &budgets[0]["stage"]),
        (&3.into(), &"warned".into())
    );
    let needs = api(&browser, "/api/needs").await;
    assert_eq!(needs[0]["kind"], "low_budget");
    let page = browser.page("/").await;
    assert!(page.contains("3 of 4 posts · 75 %"), "{page}");
    relay.finish().await;
}

#[tokio::test]
async fn a_chat_is_drawn_and_goes_back_page_by_page() {
    let relay = TestRelay::start(EVERYTHING).await;
    for number in 0..3 {
        open_issue(&relay, number, &format!("issue <b>{number}</b>")).await;
    }
    let browser = Browser::at(&relay);
    let page = browser.page("/groups/backend").await;
    assert!(
        page.contains("issue &lt;b&gt;2&lt;/b&gt;") && !page.contains("<b>2</b>"),
        "{page}"
    );

    let newest = api(&browser, "/api/groups/backend/messages?limit=2").await;
    assert_eq!(newest["messages"].as_array().unwrap().len(), 2);
    let older = newest["older"].as_str().unwrap();
    let oldest = api(
        &browser,
        &format!("/api/groups/backend/messages?limit=2&before={older}"),
    )
    .await;
    assert_eq!(oldest["messages"].as_array().unwrap().len(), 1);
    assert!(oldest.get("older").is_none());
    assert_eq!(oldest["messages"][0]["delivery"]["event"], "issues");
    assert!(
        browser
            .page(&format!("/groups/backend?before={older}"))
            .await
            .contains("The newest messages")
    );
    let rubbish = browser
        .get("/groups/backend?before=x")
        .send()
        .await
        .unwrap();
    assert_eq!(rubbish.status(), 400);
    relay.finish().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_page_or_as_json() {
    let relay = TestRelay::start(EVERYTHING).await;
    let browser = Browser::at(&relay);
    for path in [
        "/groups/nobody",
        "/nowhere",
        "/api/groups/nobody",
        "/api/routes/try/00000000-0000-0000-0000-000000000000",
    ] {
        let answer = browser.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(
            kind == "application/json",
            path.starts_with("/api/"),
            "{path}"
        );
    }
    relay.finish().await;
}

#[tokio::test]
async fn a_program_sends_a_test_message_and_a_form_needs_its_token() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let hello = json!({"text": "hello"});
    let answer = browser.post_json("/api/groups/backend/test", &hello);
    let answer = answer.bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answers: Value = answer.json().await.unwrap();
    assert_eq!(answers[0]["posted"], true);
    relay.messages(1).await;

    let browser = Browser::logged_in(&relay).await;
    let answer = browser.post("/groups/backend/test", &[("text", "hello")]);
    assert_eq!(answer.send().await.unwrap().status(), 403);
    let answer = browser.post_json("/api/groups/backend/test", &hello);
    assert_eq!(answer.send().await.unwrap().status(), 403);
    relay.messages(1).await;
    relay.finish().await;
}

#[tokio::test]
async fn a_kept_delivery_is_tried_against_the_routes_of_today() {
    let mut relay = TestRelay::start(EVERYTHING).await;
    open_issue(&relay, 1, "x").await;
    let id = relay.deliveries().await[0].delivery.id;
    relay
        .restart("[[routes]]\nname = \"pushes\"\nevent = \"push\"\nto = [\"backend\"]\n")
        .await;
    let browser = Browser::at(&relay);
    let trial = api(&browser, &format!("/api/routes/try/{id}")).await;
    assert_eq!(trial["verdicts"][0]["verdict"], "missed");
    assert_eq!(trial["verdicts"][0]["misses"][0]["saw"], "issues");
    let page = browser.page(&format!("/routes?delivery={id}")).await;
    assert!(page.contains("No route wants it"));
    relay.finish().await;
}

#[tokio::test]
async fn a_large_payload_can_be_tried() {
    let relay = TestRelay::start(EVERYTHING).await;
    let browser = Browser::at(&relay);
    let token = browser.form_token("/routes").await;
    let payload = json!({"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"},
        "commits": [{"id": "a1", "message": "x".repeat(1_000_000)}]});
    let form = [
        ("csrf", token.as_str()),
        ("source", "github"),
        ("headers", "X-GitHub-Event: push\n"),
        ("payload", &payload.to_string()),
    ];
    let answer = browser.post("/routes/try", &form).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("One route matches"));
    relay.finish().await;
}

#[tokio::test]
async fn links_lead_on_also_where_a_proxy_shows_the_pages_below_a_path() {
    let relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    for path in [
        "/",
        "/groups",
        "/groups/backend",
        "/routes",
        "/people",
        "/deliveries",
        "/dead",
        "/groups/nobody",
        "/login",
    ] {
        let page = browser
            .get(path)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        for attribute in ["href", "src", "action"] {
            let from_the_root = format!("{attribute}=\"/");
            assert!(!page.contains(&from_the_root), "{path}: {from_the_root}");
        }
    }
    relay.finish().await;
}
