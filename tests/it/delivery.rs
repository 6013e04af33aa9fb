//! What becomes of an accepted message: order, limits, retries, dead letters.

use hookbell::app::Role;
use hookbell::sandbox::{Order, SandboxBot, Trouble};
use hookbell::store::record::{DeadFilter, DeadLetter, State};
use serde_json::{Value, json};

use crate::relay::{EVERYTHING, TestRelay};
use crate::vendor;

/// Opens issue number `number` at GitHub.
pub fn issue(number: usize) -> vendor::Webhook {
    let body: Value = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}"), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

/// Numbers of the issues in the group, in the order of the messages.
fn told(relay: &TestRelay) -> Vec<usize> {
    let number = |body: &Value| {
        let text = body.to_string();
        let at = text.find("/issues/").unwrap() + "/issues/".len();
        let digits: String = text[at..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().unwrap()
    };
    relay
        .sandbox
        .messages()
        .iter()
        .map(|message| number(&message.body))
        .collect()
}

async fn dead(relay: &TestRelay) -> Vec<DeadLetter> {
    relay
        .store
        .dead(DeadFilter::default(), None, 100)
        .await
        .unwrap()
}

/// A route for everything that tells each event in a message of its own.
pub fn unfolded() -> String {
    format!("{EVERYTHING}digest = false\n")
}

/// Every message went through at its first attempt: the service never refused one, and none had to be put off.
pub async fn assert_never_refused(relay: &TestRelay) {
    for line in relay.deliveries().await {
        let record = relay
            .store
            .delivery(line.delivery.id)
            .await
            .unwrap()
            .unwrap();
        for row in record.outbox {
            let codes: Vec<_> = row
                .messages
                .iter()
                .flat_map(|message| &message.attempts)
                .map(|attempt| attempt.code.as_deref())
                .collect();
            assert_eq!(codes, [Some("0")], "{}", line.delivery.title);
        }
    }
}

#[tokio::test]
async fn a_backlog_goes_out_in_order_and_no_post_is_refused_as_too_fast() {
    let relay = TestRelay::start(&unfolded()).await;
    for number in 1..=65 {
        assert_eq!(relay.post(&issue(number)).await.status, 202);
    }
    relay.messages(65).await;
    assert_eq!(told(&relay), (1..=65).collect::<Vec<_>>());
    relay.settled().await;
    assert_never_refused(&relay).await;
    relay.finish().await;
}

#[tokio::test]
async fn the_minute_is_counted_over_a_restart() {
    let mut relay = TestRelay::start(&unfolded()).await;
    for number in 1..=20 {
        relay.post(&issue(number)).await;
    }
    relay.messages(20).await;
    relay.settled().await;
    relay.restart(&unfolded()).await;
    for number in 21..=25 {
        relay.post(&issue(number)).await;
    }
    relay.messages(25).await;
    relay.settled().await;
    assert_never_refused(&relay).await;
    relay.finish().await;
}

#[tokio::test]
async fn troubles_that_pass_delay_a_message_and_do_not_double_it() {
    let troubles = [
        Trouble::Busy,
        Trouble::ResetBefore,
        Trouble::ResetAfter,
        Trouble::Garbage,
        Trouble::AddressBlock,
        Trouble::Limited,
        Trouble::Http { status: 504 },
    ];
    for trouble in troubles {
        let relay = TestRelay::start(EVERYTHING).await;
        relay.sandbox.order(Order::next(2, trouble.clone()));
        relay.post(&issue(1)).await;
        relay.post(&issue(2)).await;
        relay.settled().await;
        assert_eq!(told(&relay), [1, 2], "{trouble:?}");
        assert!(dead(&relay).await.is_empty(), "{trouble:?}");
        relay.finish().await;
    }
}

#[tokio::test]
async fn a_lost_answer_leads_to_a_repeat_that_the_group_does_not_see() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.sandbox.order(Order::next(1, Trouble::ResetAfter));
    relay.post(&issue(1)).await;
    relay.settled().await;
    let messages = relay.messages(1).await;
    assert_eq!(
        messages[0].repeats, 1,
        "posted again under the same msgUuid"
    );
    relay.finish().await;
}

#[tokio::test]
async fn what_is_refused_for_good_becomes_a_dead_letter_with_advice_and_can_be_retried() {
    let relay = TestRelay::start(EVERYTHING).await;
    let too_long = Trouble::Http { status: 413 };
    relay.sandbox.order(Order::next(1, too_long));
    relay.post(&issue(1)).await;
    relay.post(&issue(2)).await;
    relay.settled().await;
    assert_eq!(told(&relay), [2], "the next message is not held up");
    let letters = dead(&relay).await;
    assert_eq!(letters.len(), 1);
    assert!(!letters[0].reason.is_empty());

    // The vendor's "redeliver" sends it once more.
    assert_eq!(relay.post(&issue(1)).await.status, 202);
    relay.settled().await;
    assert_eq!(told(&relay), [2, 1]);
    assert!(dead(&relay).await.is_empty());
    relay.finish().await;
}

#[tokio::test]
async fn a_busy_service_is_tried_three_more_times_and_no_more() {
    let relay = TestRelay::start(EVERYTHING).await;
    relay.sandbox.order(Order::next(4, Trouble::Busy));
    relay.post(&issue(1)).await;
    relay.settled().await;
    let letters = dead(&relay).await;
    assert_eq!(letters.len(), 1);
    let record = relay
        .store
        .delivery(letters[0].delivery.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.outbox[0].messages[0].attempts.len(), 4);
    assert!(matches!(record.outbox[0].state, State::Dead { .. }));
    relay.finish().await;
}

#[tokio::test]
async fn an_urgent_route_goes_ahead_of_the_backlog() {
    let routes = r#"
[[routes]]
name = "security"
event = "repository"
action = "publicized"
to = ["backend"]
urgent = true
final = true
"#;
    let routes = format!("{routes}{EVERYTHING}");
    // The backlog is complete before anybody posts.
    let mut relay = TestRelay::start_as(Role::Ingest, &routes).await;
    for number in 1..=3 {
        relay.post(&issue(number)).await;
    }
    let body = json!({"action": "publicized", "sender": {"login": "mona"},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"}});
    relay
        .post(&vendor::github("repository", "urgent", &body))
        .await;
    relay.restart(&routes).await;
    let messages = relay.messages(4).await;
    let is_issue = |at: usize| messages[at].body.to_string().contains("/issues/");
    assert_eq!([0, 1, 2, 3].map(is_issue), [false, true, true, true]);
    relay.finish().await;
}

#[tokio::test]
async fn what_one_bot_may_have_posted_is_not_posted_by_another() {
    let routes = r#"
[groups.pair]
rate_per_minute = 1
[groups.pair.bots.one]
webhook = "CHATone"
[groups.pair.bots.two]
webhook = "CHATtwo"

[[routes]]
name = "to the pair"
to = ["pair"]
"#;
    let relay = TestRelay::start(routes).await;
    for token in ["one", "two"] {
        relay.sandbox.add_bot(SandboxBot {
            token: token.into(),
            secret: None,
            keywords: Vec::new(),
            group: "pair".into(),
        });
    }
    // The first bot's answer is lost, then it has no room for a minute, then it is told to rest; the second is free.
    relay.sandbox.order(Order::next(1, Trouble::ResetAfter));
    relay.sandbox.order(Order::next(1, Trouble::Limited));
    relay.post(&issue(1)).await;
    relay.settled_in("pair").await;
    let messages = relay.messages(1).await;
    assert_eq!(
        (messages[0].token.as_str(), messages[0].repeats),
        ("one", 1)
    );
    // What was surely not posted goes out through the other at once.
    relay.sandbox.order(Order::next(1, Trouble::Limited));
    relay.post(&issue(2)).await;
    relay.settled_in("pair").await;
    relay.messages(2).await;
    relay.finish().await;
}

#[tokio::test]
async fn a_route_calls_the_people_it_mentions() {
    let routes = r#"
[people.alice]
github = "alice-w"
mobile = "13800000000"

[[routes]]
name = "reviews"
event = "pull_request"
to = ["backend"]
mention = ["reviewers", "author"]
"#;
    let relay = TestRelay::start(routes).await;
    let body = json!({
        "action": "review_requested", "number": 42,
        "requested_reviewer": {"login": "alice-w"},
        "pull_request": {"number": 42, "title": "Keep the session", "user": {"login": "mona"},
            "html_url": "https://github.com/acme/shop/pull/42",
            "head": {"ref": "fix/session"}, "base": {"ref": "main"}},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    relay
        .post(&vendor::github("pull_request", "d-1", &body))
        .await;
    let messages = relay.messages(1).await;
    assert_eq!(messages[0].body["at"]["atMobiles"], json!(["13800000000"]));
    assert!(
        messages[0].body.to_string().contains("@13800000000"),
        "the text repeats the mention"
    );
    relay.finish().await;
}

#[tokio::test]
async fn a_route_calls_the_whole_group() {
    let relay = TestRelay::start(&EVERYTHING.replace(
        "to = [\"backend\"]",
        "to = [\"backend\"]\nmention = [\"all\"]",
    ))
    .await;
    relay.post(&issue(1)).await;
    let messages = relay.messages(1).await;
    assert_eq!(messages[0].body["at"]["isAtAll"], json!(true));
    relay.finish().await;
}
