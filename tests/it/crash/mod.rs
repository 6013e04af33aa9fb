//! Relays that are killed at random moments under load: nothing accepted is lost, and nothing is told twice.
//!
//! Real processes on a real store post to a sandbox that outlives them, with DingTalk's real limits: 20 posts a minute for
//! each of many bots, so that much is told in digests. Meanwhile the sandbox loses answers, is slow and is out of order.
//! A plain `cargo test` kills a few times; `HOOKBELL_CRASHES` says how often, `HOOKBELL_SEED` repeats a run.

#![expect(clippy::print_stdout, reason = "numbers for whoever asked for them")]

mod load;
mod verdict;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookbell::app::open_store;
use hookbell::clock::SystemClock;
use hookbell::config::StoreUrl;
use hookbell::core::secret::Secret;
use hookbell::sandbox::{self, Order, Sandbox, SandboxBot, Trouble};
use hookbell::store::Store;
use tempfile::TempDir;

use self::load::Load;
use crate::cluster::Cluster;
use crate::relay::free_port;
use crate::replica::{self, Replica, Starting};
use crate::vendor;

/// So many that they have more room in a minute than kills leave time for.
const GROUPS: usize = 30;
const BOTS: usize = 2;

/// Longest time that passes until a relay is killed.
const LONGEST_LIFE: Duration = Duration::from_millis(1500);

/// Longest wait for the last message after the last kill: a minute for the bots' room, and retries.
const DRAIN: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_told_twice_however_often_a_relay_on_sqlite_is_killed() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("hookbell.db");
    let store = StoreUrl::Sqlite(database);
    Ordeal::new(store, 1, crashes(4)).await.endure().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_told_twice_when_one_of_two_replicas_on_postgresql_is_killed() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let store = StoreUrl::Postgres(Secret::new(cluster.url()));
    Ordeal::new(store, 2, crashes(4)).await.endure().await;
}

fn crashes(few: u32) -> u32 {
    let asked = std::env::var("HOOKBELL_CRASHES").ok();
    asked.map_or(few, |count| count.parse().unwrap())
}

struct Ordeal {
    sandbox: Sandbox,
    config: TempDir,
    store: StoreUrl,
    replicas: usize,
    crashes: u32,
    random: fastrand::Rng,
}

impl Ordeal {
    async fn new(store: StoreUrl, replicas: usize, crashes: u32) -> Ordeal {
        let seed = std::env::var("HOOKBELL_SEED").ok();
        let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap());
        println!("HOOKBELL_SEED={seed} HOOKBELL_CRASHES={crashes}");
        let sandbox = Sandbox::new(Arc::<SystemClock>::default()).keeping(1_000_000);
        let listener = free_port();
        let chat = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        let config = TempDir::new().unwrap();
        let text = config_text(chat, &store, &sandbox);
        std::fs::write(config.path().join("hookbell.toml"), text).unwrap();
        Ordeal {
            sandbox,
            config,
            store,
            replicas,
            crashes,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    async fn endure(mut self) {
        let began = Instant::now();
        let mut replicas: Vec<Replica> = (0..self.replicas).map(|_| self.start()).collect();
        let load = Load::start(self.random.fork(), GROUPS);
        for _ in 0..self.crashes {
            load.aim(replicas.iter().map(|replica| replica.address.clone()));
            self.order_trouble();
            // The random moment; nothing is waited for here.
            tokio::time::sleep(LONGEST_LIFE.mul_f64(self.random.f64())).await;
            let unlucky = self.random.usize(..replicas.len());
            replicas.swap_remove(unlucky).kill();
            replicas.push(self.start_among_kills().await);
        }
        load.aim(replicas.iter().map(|replica| replica.address.clone()));
        let sent = load.end().await;
        let killed = began.elapsed();

        let store = open_store(&self.store).unwrap();
        self.drain(store.as_ref(), &replicas).await;
        for replica in replicas {
            assert!(replica.terminate().success());
        }
        println!(
            "{} kills in {killed:.0?}, all told after {:.0?}",
            self.crashes,
            began.elapsed()
        );
        verdict::check(&sent, &self.sandbox, store.as_ref()).await;
    }

    fn command(&self) -> Command {
        let mut command = Command::new(replica::program());
        command
            .arg("serve")
            .current_dir(self.config.path())
            .env("HOOKBELL_CONFIG", "hookbell.toml");
        command
    }

    fn start(&self) -> Replica {
        Replica::start(&mut self.command()).unwrap_or_else(|log| panic!("not ready:\n{log}"))
    }

    /// Starts a relay; now and then one is killed while it starts.
    async fn start_among_kills(&mut self) -> Replica {
        while self.random.u8(..) < 25 {
            let starting = Starting::new(&mut self.command());
            let moment = Duration::from_millis(self.random.u64(..200));
            tokio::time::sleep(moment).await;
            starting.kill();
        }
        self.start()
    }

    fn order_trouble(&mut self) {
        let troubles = [
            Trouble::ResetAfter,
            Trouble::HttpAfter { status: 504 },
            Trouble::Http { status: 500 },
            Trouble::Slow { seconds: 1 },
        ];
        for trouble in troubles {
            if self.random.bool() {
                self.sandbox.order(Order::next(1, trouble));
            }
        }
    }

    async fn drain(&self, store: &dyn Store, replicas: &[Replica]) {
        self.sandbox.clear_orders();
        let drained = async {
            loop {
                let waiting = store.groups_waiting().await.unwrap();
                if waiting.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            let log = replicas[0].log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            panic!(
                "messages still wait; the log backwards:\n{}",
                tail.join("\n")
            );
        }
    }
}

/// Groups of [`BOTS`] bots each, and a route for each group's repository; one in five is urgent.
fn config_text(chat: SocketAddr, store: &StoreUrl, sandbox: &Sandbox) -> String {
    let url = match store {
        StoreUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        StoreUrl::Postgres(url) => url.expose().to_owned(),
    };
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = '{url}'\n{}",
        vendor::sources()
    );
    for group in 0..GROUPS {
        for bot in 0..BOTS {
            let token = format!("g{group}-{bot}");
            sandbox.add_bot(SandboxBot {
                token: token.clone(),
                secret: None,
                keywords: Vec::new(),
                group: format!("g{group}"),
            });
            text += &format!(
                "[groups.g{group}.bots.b{bot}]\nwebhook = \"http://{chat}/robot/send?access_token={token}\"\n"
            );
        }
        text += &format!(
            "[[routes]]\nname = \"to g{group}\"\nrepo = \"acme/shop-{group}\"\nto = [\"g{group}\"]\nurgent = {}\n",
            group % 5 == 0
        );
    }
    text
}
