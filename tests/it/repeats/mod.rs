//! Pipelines that fail again and again, from the webhook to the group: a real relay with the sandbox behind it.

mod words;

use hookbell::store::record::OutboxId;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::relay::{EVERYTHING, TestRelay};
use crate::vendor::{self, Webhook};

/// The end of run `number` of the workflow on `main`, so many minutes after the first.
fn run(number: i64, conclusion: &str) -> Webhook {
    let start: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
    let page = "https://github.com/acme/shop";
    let body = json!({
        "action": "completed",
        "workflow_run": {
            "id": 9000 + number, "name": "CI", "run_number": number, "run_attempt": 1, "event": "push",
            "status": "completed", "conclusion": conclusion, "head_branch": "main",
            "head_sha": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "display_title": format!("Change {number}"),
            "html_url": format!("{page}/actions/runs/{}", 9000 + number),
            "updated_at": start + (30 * number).minutes(),
        },
        "repository": {"full_name": "acme/shop", "html_url": page},
        "sender": {"login": "mona"}
    });
    vendor::github("workflow_run", &format!("run-{number}"), &body)
}

/// Titles in the group, oldest first.
fn titles(relay: &TestRelay) -> Vec<String> {
    let title = |body: &Value| {
        let kind = body["msgtype"].as_str().unwrap();
        body[kind]["title"].as_str().unwrap().to_owned()
    };
    let messages = relay.sandbox.messages();
    messages
        .iter()
        .map(|message| title(&message.body))
        .collect()
}

#[tokio::test]
async fn four_failures_and_a_pass_are_told_with_their_number_also_over_a_restart() {
    let mut relay = TestRelay::start(EVERYTHING).await;
    relay.post(&run(1, "success")).await;
    relay.post(&run(2, "failure")).await;
    relay.post(&run(3, "failure")).await;
    relay.settled().await;
    relay.restart(EVERYTHING).await;
    relay.post(&run(4, "failure")).await;
    relay.post(&run(5, "failure")).await;
    relay.post(&run(6, "success")).await;
    let messages = relay.messages(6).await;
    assert_eq!(
        titles(&relay),
        [
            "✅ CI passed on main: Change 1 · acme/shop",
            "❌ CI failed on main: Change 2 · acme/shop",
            "❌ CI still failing on main, 2nd time: Change 3 · acme/shop",
            "❌ CI still failing on main, 3rd time: Change 4 · acme/shop",
            "❌ CI still failing on main, 4th time: Change 5 · acme/shop",
            "✅ CI fixed on main after 4 failures: Change 6 · acme/shop",
        ]
    );
    let facts = [
        (1, "broken since this commit"),
        (
            4,
            "still failing, 4th time since [#2](https://github.com/acme/shop/actions/runs/9002) (1 h 30 min)",
        ),
        (5, "fixed after 4 failures, 2 h"),
    ];
    for (at, words) in facts {
        let body = messages[at].body.to_string();
        assert!(body.contains(words), "{words} in {body}");
    }
    relay.finish().await;
}

#[tokio::test]
async fn what_comes_twice_or_late_is_not_counted() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.post(&run(1, "failure")).await;
    relay.post(&run(3, "failure")).await;
    let again = relay.post(&run(3, "failure")).await;
    assert_eq!(again.body["duplicate"], true);
    // The same run by another webhook, and one that took longer than those after it.
    let elsewhere = run(3, "failure").changed("x-github-delivery", "by another hook");
    relay.post(&elsewhere).await;
    relay.post(&run(2, "success")).await;
    relay.post(&run(4, "failure")).await;
    relay.messages(5).await;
    assert_eq!(
        titles(&relay),
        [
            "❌ CI failed on main: Change 1 · acme/shop",
            "❌ CI still failing on main, 2nd time: Change 3 · acme/shop",
            "❌ CI still failing on main, 2nd time: Change 3 · acme/shop",
            "✅ CI passed on main: Change 2 · acme/shop",
            "❌ CI still failing on main, 3rd time: Change 4 · acme/shop",
        ]
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_replay_says_the_same_words_whatever_happened_since() {
    let relay = TestRelay::start(EVERYTHING).await;
    for number in 1..=3 {
        relay.post(&run(number, "failure")).await;
    }
    relay.messages(3).await;
    relay.settled().await;
    let deliveries = relay.deliveries().await;
    let second = deliveries[1].delivery.id;
    let record = relay.store.delivery(second).await.unwrap().unwrap();
    let mut rows = vec![record.outbox[0].outbox.clone()];
    rows[0].id = OutboxId::generate();
    let now = "2026-11-22T09:30:00Z".parse().unwrap();
    assert!(relay.store.replay(second, rows, now).await.unwrap());
    relay.messages(4).await;
    let titles = titles(&relay);
    assert_eq!(
        titles[1],
        "❌ CI still failing on main, 2nd time: Change 2 · acme/shop"
    );
    assert_eq!(titles[3], titles[1]);
    relay.finish().await;
}

#[tokio::test]
async fn flapping_is_told_once_and_ends_when_three_runs_end_alike() {
    let relay = TestRelay::start(EVERYTHING).await;
    let mut ignored = Vec::new();
    for (number, outcome) in (1..).zip("PFPFPFPPP".chars()) {
        let conclusion = conclusion(outcome);
        let answer = relay.post(&run(number, conclusion)).await;
        if answer.body["ignored"].is_string() {
            ignored.push(number);
            let again = relay.post(&run(number, conclusion)).await;
            assert_eq!(again.body["duplicate"], true, "{number}");
        }
    }
    assert_eq!(ignored, [7, 8]);
    relay.messages(7).await;
    assert_eq!(
        titles(&relay)[4..],
        [
            "✅ CI fixed on main after 1 failure: Change 5 · acme/shop",
            "⚠️ CI flapping on main, failed now: Change 6 · acme/shop",
            "✅ CI steady again on main: Change 9 · acme/shop",
        ]
    );
    let hushed = &relay.deliveries().await[1].delivery;
    let why = hushed.ignored.as_deref().unwrap();
    assert!(why.starts_with("it is flapping"), "{why}");
    relay.finish().await;
}

#[tokio::test]
async fn an_urgent_route_is_told_of_every_run_also_while_it_flaps() {
    let urgent = format!("{EVERYTHING}urgent = true\n");
    let relay = TestRelay::start(&urgent).await;
    for (number, outcome) in (1..).zip("FPFPFP".chars()) {
        let answer = relay.post(&run(number, conclusion(outcome))).await;
        assert_eq!(answer.status, 202);
    }
    relay.messages(6).await;
    assert_eq!(
        titles(&relay)[4..],
        [
            "⚠️ CI flapping on main, failed now: Change 5 · acme/shop",
            "✅ CI fixed on main after 1 failure: Change 6 · acme/shop",
        ]
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_group_that_hears_only_of_failures_is_told_that_it_flaps() {
    let failures = format!("{EVERYTHING}status = \"failed\"\n");
    let relay = TestRelay::start(&failures).await;
    for (number, outcome) in (1..).zip("PFPFPFPF".chars()) {
        relay.post(&run(number, conclusion(outcome))).await;
    }
    relay.messages(3).await;
    assert_eq!(
        titles(&relay),
        [
            "❌ CI failed on main: Change 2 · acme/shop",
            "❌ CI failed on main: Change 4 · acme/shop",
            "⚠️ CI flapping on main, failed now: Change 6 · acme/shop",
        ]
    );
    relay.finish().await;
}

fn conclusion(outcome: char) -> &'static str {
    match outcome {
        'P' => "success",
        _ => "failure",
    }
}
