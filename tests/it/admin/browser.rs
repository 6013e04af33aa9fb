//! The main task of each page, in a real browser.

use fantoccini::{Client, Locator};
use serde_json::json;

use super::{TOKEN, locked};
use crate::browser::{assert_accessible, browser};
use crate::relay::{EVERYTHING, PATIENCE, TestRelay};
use crate::vendor;

/// Has an issue opened, and waits until the group was told.
async fn open_issue(relay: &TestRelay, number: u64) {
    let body = json!({"action": "opened", "issue": {"number": number, "title": "Sessions end too early"},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}});
    let answer = relay
        .post(&vendor::github("issues", &number.to_string(), &body))
        .await;
    assert_eq!(answer.status, 202);
    relay.settled().await;
}

pub async fn text(browser: &Client, selector: &str) -> String {
    let found = browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css(selector))
        .await;
    found
        .unwrap_or_else(|error| panic!("{selector}: {error}"))
        .text()
        .await
        .unwrap()
}

pub async fn fill(browser: &Client, field: &str, words: &str) {
    let field = browser
        .find(Locator::Css(&format!("[name={field}]")))
        .await
        .unwrap();
    field.clear().await.unwrap();
    field.send_keys(words).await.unwrap();
}

/// Presses what leads to another page, and waits until that is there.
pub async fn press(browser: &Client, selector: &str) {
    let mark = "document.documentElement.dataset.left = 'yes'";
    browser.execute(mark, Vec::new()).await.unwrap();
    tick(browser, selector).await;
    let is_there =
        "return !document.documentElement.dataset.left && document.readyState === 'complete'";
    let arrived = async {
        // While one page takes the place of another, there is nobody to answer.
        while browser.execute(is_there, Vec::new()).await.ok() != Some(true.into()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .unwrap_or_else(|_| panic!("{selector} leads nowhere"));
}

/// Presses what stays on the page.
pub async fn tick(browser: &Client, selector: &str) {
    let found = browser.find(Locator::Css(selector)).await;
    let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
    found.click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_refused_with_a_wrong_token_and_logs_in_with_the_right_one() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = locked().await;
    browser
        .goto(&format!("{}/groups", relay.admin))
        .await
        .unwrap();
    assert_accessible(&browser).await;
    fill(&browser, "token", "open barley").await;
    press(&browser, "button").await;
    assert!(
        text(&browser, "[role=alert]")
            .await
            .contains("not the one in the config")
    );
    assert_accessible(&browser).await;
    fill(&browser, "token", TOKEN).await;
    press(&browser, "button").await;
    assert_eq!(text(&browser, "h1").await, "Groups");
    // The cookie is of no use to scripts.
    let seen = browser
        .execute("return document.cookie", Vec::new())
        .await
        .unwrap();
    assert_eq!(seen, "");
    press(&browser, ".end button").await;
    assert!(text(&browser, "h1").await.contains("Log in"));
    browser.goto(&format!("{}/", relay.admin)).await.unwrap();
    assert!(text(&browser, "h1").await.contains("Log in"));
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_shows_a_bots_minute_after_posts() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    browser.goto(&format!("{}/", relay.admin)).await.unwrap();
    assert!(
        text(&browser, "#in")
            .await
            .contains("No delivery has come in yet.")
    );
    assert_accessible(&browser).await;
    for number in 0..3 {
        open_issue(&relay, number).await;
    }
    browser.refresh().await.unwrap();
    assert!(text(&browser, "#out").await.contains("3 of 20 this minute"));
    let meter = browser.find(Locator::Css("[role=meter]")).await.unwrap();
    assert_eq!(
        meter.attr("aria-valuenow").await.unwrap().as_deref(),
        Some("3")
    );
    let filled = browser.find_all(Locator::Css(".cells .f")).await.unwrap();
    assert_eq!(filled.len(), 3);
    let label = browser.find(Locator::Css("#in .spark")).await.unwrap();
    let label = label.attr("aria-label").await.unwrap().unwrap();
    assert!(label.contains("in 24 hours"), "{label}");
    assert_accessible(&browser).await;
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_chat_shows_what_was_posted_and_takes_a_test_message() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    browser
        .goto(&format!("{}/groups/backend", relay.admin))
        .await
        .unwrap();
    assert!(text(&browser, ".dt").await.contains("Nothing posted yet."));
    open_issue(&relay, 42).await;
    browser.refresh().await.unwrap();
    assert!(
        text(&browser, ".bubble")
            .await
            .contains("Sessions end too early")
    );
    assert_accessible(&browser).await;

    fill(&browser, "text", "is anybody there?").await;
    press(&browser, "main form button").await;
    assert!(text(&browser, "[role=status]").await.contains("posted it"));
    assert_accessible(&browser).await;
    let messages = relay.messages(2).await;
    assert_eq!(messages[1].body["text"]["content"], "is anybody there?");
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_tried_against_the_routes_and_each_tells_what_it_saw() {
    let Some(browser) = browser().await else {
        return;
    };
    let routes = "[[routes]]\nname = \"only main\"\nevent = \"push\"\nbranch = \"main\"\nto = [\"backend\"]\n\
                  [[routes]]\nname = \"all of acme\"\nrepo = \"acme/**\"\nto = [\"backend\"]\n";
    let relay = TestRelay::start(routes).await;
    open_issue(&relay, 1).await;
    browser
        .goto(&format!("{}/routes", relay.admin))
        .await
        .unwrap();
    let table = text(&browser, "table").await;
    assert!(
        table.contains("not once") && table.contains("1 ×"),
        "{table}"
    );
    assert_accessible(&browser).await;

    let push = json!({"ref": "refs/heads/topic", "repository": {"full_name": "acme/shop"}, "commits": [],
        "pusher": {"name": "mona"}});
    let source = browser.find(Locator::Css("[name=source]")).await.unwrap();
    source.select_by_value("github").await.unwrap();
    fill(&browser, "headers", "X-GitHub-Event: push").await;
    fill(&browser, "payload", &push.to_string()).await;
    press(&browser, "main form .main").await;
    let result = text(&browser, "#result").await;
    for part in [
        "One route matches",
        "only main",
        "branch",
        "topic",
        "all of acme",
        "goes to backend",
    ] {
        assert!(result.contains(part), "{part} is not in {result}");
    }
    assert_accessible(&browser).await;

    fill(&browser, "payload", "not JSON").await;
    press(&browser, "main form .main").await;
    assert!(text(&browser, "[role=alert]").await.contains("not JSON"));
    browser.close().await.unwrap();
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_mapped_is_listed_with_the_line_that_would() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    open_issue(&relay, 1).await;
    browser
        .goto(&format!("{}/people?lang=zh", relay.admin))
        .await
        .unwrap();
    assert!(text(&browser, "h1").await.contains("1 人"));
    assert!(text(&browser, "table").await.contains("github = \"mona\""));
    assert_accessible(&browser).await;
    browser.close().await.unwrap();
    relay.finish().await;
}
