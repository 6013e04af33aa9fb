//! Thousands of events at once for one group with three bots, with DingTalk's real limits.
//!
//! In simulated time it is part of `cargo test`. In real time, with ten thousand, it takes minutes and prints numbers:
//! `.ci/run` asks for it.

#![expect(clippy::print_stdout, reason = "numbers for whoever asked for them")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use hookbell::app::{Role, open_store};
use hookbell::clock::{Clock, SystemClock};
use hookbell::config::StoreUrl;
use hookbell::sandbox::{self, Accepted, Sandbox, SandboxBot};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use crate::relay::{PATIENCE, TestRelay, free_port};
use crate::replica::{self, Replica};
use crate::vendor::{self, Webhook};

const EVENTS: usize = 10_000;
/// In the simulation, where every event costs the machine as much as in earnest.
const SIMULATED: usize = 2_000;
const CONNECTIONS: usize = 64;
const BOTS: [&str; 3] = ["one", "two", "three"];

/// How soon what is urgent must be in the group, and when the whole backlog must.
const URGENT: Duration = Duration::from_secs(5);
const BACKLOG: Duration = Duration::from_secs(180);

/// One in so many events of the burst is urgent.
const ONE_URGENT_IN: usize = 500;
/// How often something urgent happens while the backlog is being told.
const URGENT_EVERY: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_events_at_once_are_told_within_minutes_and_the_urgent_ones_first() {
    simulated(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_amid_the_burst_changes_nothing() {
    simulated(Some(5)).await;
}

/// The backlog is complete before anybody posts; perhaps the relay is restarted after so many messages.
async fn simulated(restart_after: Option<u64>) {
    let routes = routes("CHAT");
    let mut relay = TestRelay::start_as(Role::Ingest, &routes).await;
    add_bots(&relay.sandbox);
    let to = &relay;
    let posts = (1..=SIMULATED).map(|number| async move { to.post(&issue(number)).await });
    let answers: BTreeSet<u16> = stream::iter(posts)
        .buffer_unordered(CONNECTIONS)
        .map(|answer| answer.status)
        .collect()
        .await;
    assert_eq!(answers, BTreeSet::from([202]));
    let began = relay.clock.now();
    relay.restart(&routes).await;
    if let Some(count) = restart_after {
        relay.sandbox.messages_after(count).await;
        relay.restart(&routes).await;
    }
    told(&relay).await;
    let messages = relay.sandbox.messages();
    check(&relay.sandbox, 1..=SIMULATED);
    let late = |message: &&Accepted| message.time.duration_since(began).unsigned_abs() > URGENT;
    let mut told_late = messages.iter().filter(late).flat_map(linked);
    assert_eq!(told_late.find(|number| is_urgent(*number)), None);
    let last = messages.last().unwrap().time.duration_since(began);
    assert!(last.unsigned_abs() <= BACKLOG, "{last}");
    relay.finish().await;
}

/// Waits until nothing waits for the group any more. So much takes longer on a slow machine than the usual patience.
async fn told(relay: &TestRelay) {
    let all = async {
        while relay.store.waiting("team").await.unwrap().count > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(10 * PATIENCE, all)
        .await
        .expect("messages still wait");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes of real time; .ci/run asks for it"]
async fn in_real_time() {
    let (calm, restarted) = tokio::join!(real("calm", false), real("restarted", true));
    assert!(calm && restarted, "a goal was missed");
}

/// Runs the burst against a relay of its own and prints what was measured; whether all goals were met.
async fn real(name: &str, restarts: bool) -> bool {
    let sandbox = Sandbox::new(Arc::<SystemClock>::default()).keeping(1_000_000);
    add_bots(&sandbox);
    let listener = free_port();
    let chat = listener.local_addr().unwrap();
    tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("hookbell.db");
    let config = config(chat, &database.display().to_string());
    std::fs::write(folder.path().join("hookbell.toml"), config).unwrap();
    let serve = || {
        let mut command = Command::new(replica::program());
        command
            .arg("serve")
            .current_dir(folder.path())
            .env("HOOKBELL_CONFIG", "hookbell.toml");
        Replica::start(&mut command).unwrap_or_else(|log| panic!("not ready:\n{log}"))
    };
    let mut relay = serve();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let again = AtomicUsize::new(0);
    let began = Instant::now();
    let began_at = Timestamp::now();
    let posts = (1..=EVENTS).map(|number| accepted(&http, &relay, number, &again));
    let accepted_at: Vec<Timestamp> = stream::iter(posts).buffered(CONNECTIONS).collect().await;
    let accepting = began.elapsed();
    let mut urgent: Vec<(usize, Timestamp)> = accepted_at
        .into_iter()
        .zip(1..)
        .map(|(at, number)| (number, at))
        .filter(|(number, _)| is_urgent(*number))
        .collect();

    // More that is urgent happens while the backlog is told.
    let store = open_store(&StoreUrl::Sqlite(database)).unwrap();
    let mut next = EVENTS;
    let mut to_restart = restarts;
    let mut due = began.elapsed();
    while store.waiting("team").await.unwrap().count > 0 && began.elapsed() < 2 * BACKLOG {
        if to_restart && sandbox.messages().len() >= 40 {
            assert!(relay.terminate().success());
            relay = serve();
            to_restart = false;
        }
        if began.elapsed() >= due {
            due += URGENT_EVERY;
            next += ONE_URGENT_IN;
            urgent.push((next, accepted(&http, &relay, next, &again).await));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(relay.terminate().success());

    let all = (1..=EVENTS).chain(
        urgent
            .iter()
            .map(|(number, _)| *number)
            .filter(|number| *number > EVENTS),
    );
    check(&sandbox, all);
    let messages = sandbox.messages();
    let mut waits: Vec<Duration> = urgent
        .iter()
        .map(|(number, at)| {
            let message = messages
                .iter()
                .find(|message| linked(message).any(|told| told == *number));
            message
                .unwrap()
                .time
                .duration_since(*at)
                .max(jiff::SignedDuration::ZERO)
                .unsigned_abs()
        })
        .collect();
    waits.sort();
    let last = messages
        .last()
        .unwrap()
        .time
        .duration_since(began_at)
        .unsigned_abs();
    let longest = *waits.last().unwrap();
    println!(
        "{name}: {EVENTS} events accepted in {accepting:.1?} ({:.0} a second, {} sent again), told in {} messages within {last:.1?}; \
         {} urgent ones after {:.0?} (median) to {longest:.1?}; no post refused",
        EVENTS as f64 / accepting.as_secs_f64(),
        again.into_inner(),
        messages.len(),
        waits.len(),
        waits[waits.len() / 2],
    );
    longest <= URGENT && last <= BACKLOG
}

/// When the relay had the event. A sender that is told to come back, or whose connection breaks, sends the same again.
async fn accepted(
    http: &reqwest::Client,
    relay: &Replica,
    number: usize,
    again: &AtomicUsize,
) -> Timestamp {
    loop {
        let told = relay.post(http, &issue(number)).await;
        match told.map_or(0, |told| told.status) {
            200 | 202 => return Timestamp::now(),
            0 | 503 => again.fetch_add(1, Ordering::Relaxed),
            status => panic!("answered {status}"),
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every event is in exactly one message, and no post was refused.
fn check(sandbox: &Sandbox, events: impl Iterator<Item = usize>) {
    for bot in sandbox.bots() {
        assert_eq!(bot.refusals(), 0, "{bot:?}");
    }
    let mut told: Vec<usize> = Vec::new();
    for message in sandbox.messages() {
        told.extend(linked(&message).collect::<BTreeSet<_>>());
    }
    told.sort_unstable();
    let events: Vec<usize> = events.collect();
    let missing = events
        .iter()
        .filter(|number| told.binary_search(number).is_err());
    assert_eq!(missing.count(), 0, "events in no message");
    assert_eq!(told.len(), events.len(), "events in two messages");
}

fn is_urgent(number: usize) -> bool {
    number.is_multiple_of(ONE_URGENT_IN)
}

/// An issue of its own; every now and then one that is urgent.
fn issue(number: usize) -> Webhook {
    let label = if is_urgent(number) {
        "outage"
    } else {
        "question"
    };
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}"), "user": {"login": "mona"},
                  "labels": [{"name": label}],
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

/// The numbers of the issues that a message links to.
fn linked(message: &Accepted) -> impl Iterator<Item = usize> {
    let text = message.body.to_string();
    let numbers: Vec<usize> = text
        .split("/issues/")
        .skip(1)
        .filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .collect();
    numbers.into_iter()
}

fn add_bots(sandbox: &Sandbox) {
    for token in BOTS {
        sandbox.add_bot(SandboxBot {
            token: token.into(),
            secret: None,
            keywords: Vec::new(),
            group: "team".into(),
        });
    }
}

/// A group with three bots, and an urgent route.
fn routes(chat: &str) -> String {
    let bots =
        BOTS.map(|token| format!("[groups.team.bots.{token}]\nwebhook = \"{chat}{token}\"\n"));
    bots.concat()
        + "[[routes]]\nname = \"outages\"\nlabel = \"outage\"\nto = [\"team\"]\nurgent = true\nfinal = true\n\
           [[routes]]\nname = \"everything\"\nto = [\"team\"]\n"
}

fn config(chat: SocketAddr, database: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = 'sqlite:{database}'\n{}{}",
        vendor::sources(),
        routes(&format!("http://{chat}/robot/send?access_token="))
    )
}
