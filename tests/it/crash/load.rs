//! Senders that go on whatever becomes of the relay.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::replica;
use crate::vendor::{self, Webhook};

const SENDERS: usize = 6;

/// The pause between two webhooks of one sender.
const PACE: Duration = Duration::from_millis(100);

/// How one event fared: whether the relay said that it has it.
pub type Sent = BTreeMap<u64, bool>;

pub struct Load {
    addresses: watch::Sender<Vec<String>>,
    stop: watch::Sender<bool>,
    senders: JoinSet<Sent>,
}

impl Load {
    pub fn start(mut random: fastrand::Rng, repositories: usize) -> Load {
        let (addresses, known) = watch::channel(Vec::new());
        let (stop, stopped) = watch::channel(false);
        let next = Arc::new(AtomicU64::new(1));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let sender = Sender {
                random: random.fork(),
                repositories,
                next: Arc::clone(&next),
                addresses: known.clone(),
                http: http.clone(),
            };
            senders.spawn(sender.run(stopped.clone()));
        }
        Load {
            addresses,
            stop,
            senders,
        }
    }

    /// Says where relays are now.
    pub fn aim(&self, addresses: impl Iterator<Item = String>) {
        self.addresses.send_replace(addresses.collect());
    }

    pub async fn end(self) -> Sent {
        self.stop.send_replace(true);
        self.senders
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

struct Sender {
    random: fastrand::Rng,
    repositories: usize,
    next: Arc<AtomicU64>,
    addresses: watch::Receiver<Vec<String>>,
    http: reqwest::Client,
}

impl Sender {
    async fn run(mut self, stop: watch::Receiver<bool>) -> Sent {
        let mut sent = Sent::new();
        while !*stop.borrow() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            // Half of all is for one group: more than its bots may tell one by one.
            let repository = match self.random.bool() {
                true => 1,
                false => self.random.usize(..self.repositories),
            };
            let webhook = issue(number, repository);
            // Some vendors send again what was not answered, others never do.
            let tries = if self.random.bool() { 1 } else { 20 };
            let mut accepted = false;
            for _ in 0..tries {
                accepted = self.is_accepted(&webhook).await;
                tokio::time::sleep(PACE).await;
                if accepted {
                    break;
                }
            }
            sent.insert(number, accepted);
        }
        sent
    }

    async fn is_accepted(&mut self, webhook: &Webhook) -> bool {
        let address = {
            let known = self.addresses.borrow();
            match known.len() {
                0 => return false,
                count => known[self.random.usize(..count)].clone(),
            }
        };
        let told = replica::post(&self.http, &address, webhook).await;
        // 200 says that an earlier try got through.
        told.is_some_and(|told| matches!(told.status, 200 | 202))
    }
}

/// An issue of its own for each number.
fn issue(number: u64, repository: usize) -> Webhook {
    let repository = format!("acme/shop-{repository}");
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}"), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/{repository}/issues/{number}")},
        "repository": {"full_name": repository, "html_url": format!("https://github.com/{repository}")},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}
