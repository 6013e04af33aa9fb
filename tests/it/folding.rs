//! What is told together: digests, stories, quiet times, the end of the month's budget, and another group's fallback.

use std::collections::BTreeMap;
use std::time::Duration;

use hookbell::core::budget;
use hookbell::sandbox::{Order, SandboxBot, Trouble};
use hookbell::store::record::{DeadFilter, MessageRecord, OutboxRecord, Shape, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::delivery::{assert_never_refused, issue};
use crate::relay::{EVERYTHING, TestRelay};
use crate::vendor;

/// Adds the bots of another group to the sandbox: their tokens are their names.
fn add_group(relay: &TestRelay, group: &str, tokens: &[&str]) {
    for token in tokens {
        relay.sandbox.add_bot(SandboxBot {
            token: (*token).into(),
            secret: None,
            keywords: Vec::new(),
            group: group.into(),
        });
    }
}

/// All rows of all deliveries, oldest first.
async fn rows(relay: &TestRelay) -> Vec<OutboxRecord> {
    let mut rows = Vec::new();
    for line in relay.deliveries().await.into_iter().rev() {
        let found = relay.store.delivery(line.delivery.id).await.unwrap();
        rows.extend(found.unwrap().outbox);
    }
    rows
}

fn last_message(row: &OutboxRecord) -> &MessageRecord {
    row.messages.last().expect("a message tells it")
}

fn text(body: &Value) -> String {
    body.to_string()
}

#[tokio::test]
async fn what_is_more_than_the_minute_holds_is_told_in_digests_and_nothing_is_left_out() {
    let routes = r#"
[groups.small]
rate_per_minute = 2
webhook = "CHATsmall"

[[routes]]
name = "to the small group"
to = ["small"]
"#;
    let relay = TestRelay::start(routes).await;
    add_group(&relay, "small", &["small"]);
    for number in 1..=60 {
        assert_eq!(relay.post(&issue(number)).await.status, 202);
    }
    relay.settled_in("small").await;

    let messages = relay.sandbox.messages();
    assert!(
        messages.len() < 40,
        "{} messages for 60 events",
        messages.len()
    );
    let told: Vec<String> = messages.iter().map(|message| text(&message.body)).collect();
    for number in 1..=60 {
        let address = format!("/issues/{number})");
        let times = told.iter().filter(|text| text.contains(&address)).count();
        assert_eq!(times, 1, "issue {number}");
    }
    let rows = rows(&relay).await;
    assert_eq!(rows.len(), 60);
    for row in &rows {
        assert!(matches!(row.state, State::Posted { .. }), "{row:?}");
    }
    assert!(
        rows.iter()
            .any(|row| last_message(row).shape == Shape::Digest)
    );
    assert_never_refused(&relay).await;
    relay.finish().await;
}

#[tokio::test]
async fn urgent_messages_pass_the_backlog_and_are_never_folded() {
    let routes = r#"
[groups.small]
rate_per_minute = 5
webhook = "CHATsmall"

[[routes]]
name = "alarms"
to = ["small"]
label = "alarm"
urgent = true
final = true

[[routes]]
name = "everything"
to = ["small"]
"#;
    let relay = TestRelay::start(routes).await;
    add_group(&relay, "small", &["small"]);
    for number in 1..=40 {
        relay.post(&issue(number)).await;
    }
    let mut alarm: Value = serde_json::from_slice(&issue(41).body).unwrap();
    alarm["issue"]["labels"] = json!([{"name": "alarm"}]);
    relay.post(&vendor::github("issues", "alarm", &alarm)).await;
    relay.settled_in("small").await;
    let rows = rows(&relay).await;
    let alarm = rows.last().unwrap();
    assert!(alarm.outbox.urgent);
    assert_eq!(last_message(alarm).shape, Shape::Single);
    assert_never_refused(&relay).await;
    relay.finish().await;
}

#[tokio::test]
async fn events_of_one_thing_within_its_window_become_one_story() {
    let routes = r#"
[[routes]]
name = "everything"
to = ["backend"]
gather = "30s"
"#;
    let relay = TestRelay::start(routes).await;
    // The worker waits for the window on a clock that leaps, so all must be there before it looks.
    relay.sandbox.order(Order::next(1, Trouble::Limited));
    let comment = |delivery: &str, text: &str| {
        let body = json!({
            "action": "created",
            "issue": {"number": 7, "title": "Session lost", "user": {"login": "mona"},
                      "html_url": "https://github.com/acme/shop/issues/7"},
            "comment": {"body": text, "user": {"login": "alice"},
                        "html_url": format!("https://github.com/acme/shop/issues/7#{delivery}")},
            "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
            "sender": {"login": "alice"}
        });
        vendor::github("issue_comment", delivery, &body)
    };
    relay.post(&comment("c-1", "I see it too")).await;
    relay.post(&comment("c-2", "It is the cookie")).await;
    relay.post(&comment("c-3", "Mended")).await;
    relay.settled().await;
    let rows = rows(&relay).await;
    assert_eq!(rows.len(), 3);
    let ids: Vec<_> = rows.iter().map(|row| last_message(row).id).collect();
    let told = relay.sandbox.messages();
    assert!(told.len() < 3, "{ids:?}");
    assert!(
        rows.iter()
            .any(|row| last_message(row).shape == Shape::Story)
    );
    relay.finish().await;
}

#[tokio::test]
async fn what_is_not_urgent_and_comes_in_a_quiet_time_is_told_after_it() {
    // The tests' clock begins at 17:00 in Shanghai.
    let routes = r#"
[groups.night]
webhook = "CHATnight"
quiet = "16:00-18:00 Asia/Shanghai"

[[routes]]
name = "everything"
to = ["night"]
"#;
    let relay = TestRelay::start(routes).await;
    add_group(&relay, "night", &["night"]);
    let started = relay.clock_now();
    // A leaping clock is at the end of the quiet time as soon as the worker waits for it.
    for number in 1..=4 {
        relay.post(&issue(number)).await;
    }
    relay.settled_in("night").await;
    let messages = relay.sandbox.messages();
    assert!(!messages.is_empty());
    for message in messages {
        assert!(message.time >= started + Duration::from_secs(3600));
    }
    relay.finish().await;
}

#[tokio::test]
async fn a_group_without_a_working_bot_is_told_through_its_fallback_which_says_why() {
    let routes = r#"
[groups.release]
webhook = "CHATrelease"
fallback = "backend"

[[routes]]
name = "everything"
to = ["release"]
"#;
    let relay = TestRelay::start(routes).await;
    add_group(&relay, "release", &["release"]);
    relay.sandbox.order(Order {
        trouble: Trouble::Disabled,
        token: Some("release".into()),
        times: 100,
    });
    relay.post(&issue(1)).await;
    relay.settled_in("release").await;
    relay.settled().await;
    let messages = relay.messages(1).await;
    assert_eq!(messages[0].group, "backend");
    let told = text(&messages[0].body);
    assert!(
        told.contains("release") && told.contains("switched off"),
        "{told}"
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_group_without_a_working_bot_keeps_everything_until_it_works_again() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.sandbox.order(Order::next(3, Trouble::Disabled));
    relay.post(&issue(1)).await;
    relay.post(&issue(2)).await;
    relay.settled().await;
    let told: Vec<String> = relay
        .sandbox
        .messages()
        .iter()
        .map(|m| text(&m.body))
        .collect();
    for number in [1, 2] {
        let address = format!("/issues/{number}");
        assert!(
            told.iter().any(|text| text.contains(&address)),
            "issue {number}"
        );
    }
    assert!(
        relay
            .store
            .dead(DeadFilter::default(), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_bot_that_is_removed_is_set_aside_and_the_group_goes_on_through_the_other() {
    let routes = r#"
[groups.pair.bots.one]
webhook = "CHATone"
[groups.pair.bots.two]
webhook = "CHATtwo"

[[routes]]
name = "to the pair"
to = ["pair"]
"#;
    let relay = TestRelay::start(routes).await;
    // The sandbox knows only the second.
    add_group(&relay, "pair", &["two"]);
    for number in 1..=3 {
        relay.post(&issue(number)).await;
    }
    relay.settled_in("pair").await;
    let messages = relay.messages(3).await;
    assert!(messages.iter().all(|message| message.token == "two"));
    relay.finish().await;
}

#[tokio::test]
async fn what_the_content_check_refuses_is_told_in_plain_words() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.sandbox.order(Order::next(1, Trouble::UnsafeLink));
    relay.post(&issue(1)).await;
    relay.settled().await;
    let messages = relay.messages(1).await;
    let told = text(&messages[0].body);
    assert!(
        told.contains("Issue 1") && !told.contains("](http"),
        "{told}"
    );
    assert!(
        relay
            .store
            .dead(DeadFilter::default(), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    relay.finish().await;
}

#[tokio::test]
async fn with_little_left_of_the_month_messages_come_rarely_and_never_more_than_it_has() {
    let routes = r#"
[organizations.acme]
monthly = 10

[[routes]]
name = "everything"
to = ["backend"]
"#;
    let relay = TestRelay::start(routes).await;
    for number in 1..=25 {
        relay.post(&issue(number)).await;
        relay.settled().await;
    }
    let mut months: BTreeMap<Date, Vec<Timestamp>> = BTreeMap::new();
    for message in relay.sandbox.messages() {
        let month = budget::day(message.time).first_of_month();
        months.entry(month).or_default().push(message.time);
    }
    assert!(months.len() > 1, "{months:?}");
    for times in months.values() {
        assert!(times.len() <= 10, "{times:?}");
        for pair in times.windows(2).skip(7) {
            let pause = pair[1].duration_since(pair[0]).unsigned_abs();
            assert!(pause >= Duration::from_secs(15 * 60), "{times:?}");
        }
    }
    relay.finish().await;
}
