//! Health checks that tell the truth about the loops behind the door.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hookbell::app::Role;
use hookbell::clock::{Clock, LeapingClock};
use jiff::Timestamp;
use serde_json::json;

use crate::relay::{PATIENCE, TestRelay};
use crate::vendor;

/// A clock that kills whoever waits by it, for as long as it is told to.
struct DeadlyClock {
    clock: LeapingClock,
    kills: AtomicBool,
}

impl Clock for DeadlyClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        assert!(!self.kills.load(Ordering::Relaxed), "killed by this test");
        self.clock.sleep_until(time)
    }
}

struct Check {
    status: u16,
    error: String,
}

async fn check(address: String) -> Check {
    let answer = reqwest::get(address).await.unwrap();
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    Check {
        status,
        error: body["error"].as_str().unwrap_or_default().to_owned(),
    }
}

async fn until_status(address: &str, status: u16) -> Check {
    let waiting = async {
        loop {
            let check = check(address.to_owned()).await;
            if check.status == status {
                return check;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("{address} never answers {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_makes_the_relay_not_ready_until_another_one_works() {
    let start: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    let clock = Arc::new(DeadlyClock {
        clock: LeapingClock::starting_at(start),
        kills: AtomicBool::new(false),
    });
    // What gathers waits by the clock.
    let routes = "[[routes]]\nname = \"all\"\nto = [\"backend\"]\ngather = \"30s\"\n";
    let relay = TestRelay::start_with(Role::All, routes, |parts| {
        parts.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    })
    .await;
    let ready = format!("{}/readyz", relay.admin);
    until_status(&ready, 200).await;

    clock.kills.store(true, Ordering::Relaxed);
    let body = json!({
        "action": "opened", "issue": {"number": 1, "title": "Lost", "user": {"login": "mona"}},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    let accepted = relay
        .post(&vendor::github("issues", "issue-1", &body))
        .await;
    assert_eq!(accepted.status, 202);
    let told = until_status(&ready, 503).await;
    assert!(
        told.error.contains("worker of the group `backend`"),
        "{}",
        told.error
    );
    let public = relay.get("/readyz").await;
    let told = public.body["error"].as_str().unwrap();
    assert_eq!(public.status, 503);
    assert!(!told.contains("backend"), "anybody may ask there: {told}");
    let alive = check(format!("{}/healthz", relay.admin)).await;
    assert_eq!(
        alive.status, 200,
        "another one takes over, without a restart"
    );
    let metrics = reqwest::get(format!("{}/metrics", relay.admin))
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("hookbell_worker_deaths_total{group=\"backend\"} "),
        "{metrics}"
    );

    clock.kills.store(false, Ordering::Relaxed);
    until_status(&ready, 200).await;
    relay.messages(1).await;
    relay.finish().await;
}
