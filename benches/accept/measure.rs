//! What is measured, in which order, and the tables it makes.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tempfile::TempDir;

use crate::chat::Chat;
use crate::load::{Connection, flood, paced};
use crate::process::Process;
use crate::push::{Pusher, Pushes, SECRET};
use crate::stats::{Times, median};
use crate::{Options, Part, machine};

/// Groups for messages to idle groups; each bot may post 20 a minute.
const IDLE_GROUPS: usize = 12;

/// Long enough for connections, caches and prepared statements.
const WARM_UP: Duration = Duration::from_secs(1);

pub struct Bench {
    options: Options,
    sandbox: Process,
    bare: Process,
    relay: Relay,
}

/// A relay and the folder that its store is in.
struct Relay {
    /// Its groups' names begin with it, for all relays post to one sandbox.
    name: &'static str,
    process: Process,
    _folder: TempDir,
}

impl Bench {
    pub fn start(options: Options) -> anyhow::Result<Bench> {
        let sandbox = Process::sandbox()?;
        let relay = Relay::start(&sandbox, "first", options.store.first().map(String::as_str))?;
        Ok(Bench {
            bare: Process::bare()?,
            relay,
            sandbox,
            options,
        })
    }

    /// Throughput, latency, time until a message is posted, memory.
    pub fn accepting(&self) -> anyhow::Result<()> {
        println!("| measured | bare handler | Hookbell | goal |");
        println!("|---|---:|---:|---:|");
        if self.options.wants(Part::Throughput) {
            self.throughput()?;
        }
        if self.options.wants(Part::Latency) {
            self.latency()?;
        }
        if self.options.wants(Part::Posted) {
            let mut times = self.posted(&self.relay, self.options.posts)?;
            println!(
                "| accepted to posted on an idle group, median (p99), ms | | {:.1} ({:.1}) | 10 |",
                times.quantile(0.5),
                times.quantile(0.99)
            );
        }
        println!(
            "| most memory, MB | {:.0} | {:.0} | 100 |",
            self.bare.peak_memory()?,
            self.relay.process.peak_memory()?
        );
        println!();
        Ok(())
    }

    /// Bare handler and relay in turn, so that what else goes on meets both.
    fn throughput(&self) -> anyhow::Result<()> {
        let options = &self.options;
        let mut rate = self.flood(&self.relay, 60_000.0, WARM_UP)?;
        let bodies = Arc::new(Pusher::new().pushes("acme/shop", 10_000));
        let before = (
            self.bare.processor_time()?,
            self.relay.process.processor_time()?,
        );
        let (mut bare, mut relay, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let yardstick = self.flood_bare(&bodies)?;
            rate = self.flood(&self.relay, rate, options.length())?;
            bare.push(yardstick);
            relay.push(rate);
            shares.push(rate / yardstick);
        }
        println!(
            "| accepted a second, {} connections | {:.0} | {:.0} ({:.2} of it) | 0.5 |",
            options.connections,
            median(&bare),
            median(&relay),
            median(&shares)
        );
        let each = |now: Duration, before: Duration, rates: &[f64]| {
            let requests = rates.iter().sum::<f64>() * options.seconds;
            (now - before).as_secs_f64() * 1e6 / requests
        };
        println!(
            "| processor time for each of them, µs | {:.0} | {:.0} | |",
            each(self.bare.processor_time()?, before.0, &bare),
            each(self.relay.process.processor_time()?, before.1, &relay)
        );
        Ok(())
    }

    fn flood_bare(&self, bodies: &Arc<Pushes>) -> anyhow::Result<f64> {
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < self.options.length() {
            bodies.rewind();
            let left = self.options.length().saturating_sub(start.elapsed());
            count += flood(self.bare.address, bodies, self.options.connections, left)?
                .times
                .len();
        }
        Ok(count as f64 / start.elapsed().as_secs_f64())
    }

    /// Accepted a second, where about `expected` are.
    fn flood(&self, relay: &Relay, expected: f64, length: Duration) -> anyhow::Result<f64> {
        let count = expected * length.as_secs_f64() * 1.5;
        let pushes = Arc::new(Pusher::new().pushes("acme/shop", count as usize));
        let outcome = flood(
            relay.process.address,
            &pushes,
            self.options.connections,
            length,
        )?;
        Ok(outcome.per_second())
    }

    fn latency(&self) -> anyhow::Result<()> {
        let mut bare = self.paced(&self.bare)?;
        let mut relay = self.paced(&self.relay.process)?;
        for (name, share, goal) in [("p50", 0.5, ""), ("p99", 0.99, "20"), ("p99.9", 0.999, "")] {
            println!(
                "| answer at {} a second, {name}, ms | {:.2} | {:.2} | {goal} |",
                self.options.rate,
                bare.quantile(share),
                relay.quantile(share)
            );
        }
        Ok(())
    }

    fn paced(&self, server: &Process) -> anyhow::Result<Times> {
        let options = &self.options;
        let length = options.length() * 2;
        let count = (length.as_secs_f64() * f64::from(options.rate)) as usize;
        let pushes = Arc::new(Pusher::new().pushes("acme/shop", count));
        paced(
            server.address,
            &pushes,
            options.connections,
            options.rate,
            length,
        )
    }

    /// Messages to groups for which nothing else waits, one after the other: from the answer 202 until the message is
    /// in the group's chat.
    fn posted(&self, relay: &Relay, count: usize) -> anyhow::Result<Times> {
        let mut pusher = Pusher::new();
        let mut groups = Vec::new();
        for group in 0..IDLE_GROUPS {
            let pushes = pusher.pushes(&format!("acme/idle-{group}"), count / IDLE_GROUPS + 1);
            let chat = Chat::watch(
                self.sandbox.address,
                &format!("{}-idle-{group}", relay.name),
            )?;
            groups.push((pushes, chat));
        }
        let mut connection = Connection::open(relay.process.address)?;
        let mut times = Times::default();
        for index in 0..count {
            let (pushes, chat) = &mut groups[index % IDLE_GROUPS];
            let commit = connection.prepare(pushes)?;
            connection.send()?;
            let accepted = Instant::now();
            chat.wait_for(commit)?;
            times.push(accepted.elapsed());
            thread::sleep(Duration::from_millis(20));
        }
        Ok(times)
    }

    /// A store in which one group has many rows waiting, beside the one of the measurements before, in which next to
    /// nothing waits: accepting, and delivering to other groups.
    pub fn with_a_backlog(&self) -> anyhow::Result<()> {
        let options = &self.options;
        let store = options.store.get(1);
        ensure!(
            store.is_some() || options.store.is_empty(),
            "--full needs a second --store, for the rows that wait"
        );
        let full = Relay::start(&self.sandbox, "full", store.map(String::as_str))?;
        let start = Instant::now();
        self.fill(&full, options.rows)?;
        println!(
            "{} rows wait for one group; they were accepted in {:.0} s.\n",
            options.rows,
            start.elapsed().as_secs_f64()
        );
        println!("| measured | few wait | many wait | of it | goal |");
        println!("|---|---:|---:|---:|---:|");
        let (mut few, mut many, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        let mut rate = self.flood(&full, 60_000.0, WARM_UP)?;
        for _ in 0..options.rounds {
            few.push(self.flood(&self.relay, rate * 1.3, options.length())?);
            rate = self.flood(&full, rate * 1.3, options.length())?;
            many.push(rate);
            shares.push(rate / few[few.len() - 1]);
        }
        println!(
            "| accepted a second, {} connections | {:.0} | {:.0} | {:.2} | 0.8 |",
            options.connections,
            median(&few),
            median(&many),
            median(&shares)
        );
        let (few, many) = (self.paced(&self.relay.process)?, self.paced(&full.process)?);
        told("answer", few, many);
        let posts = options.posts.min(IDLE_GROUPS * 8);
        let (few, many) = (self.posted(&self.relay, posts)?, self.posted(&full, posts)?);
        told("accepted to posted on an idle group", few, many);
        println!(
            "| most memory, MB | {:.0} | {:.0} | | |\n",
            self.relay.process.peak_memory()?,
            full.process.peak_memory()?
        );
        Ok(())
    }

    fn fill(&self, relay: &Relay, rows: usize) -> anyhow::Result<()> {
        let mut pusher = Pusher::new();
        let mut left = rows;
        while left > 0 {
            let count = left.min(20_000);
            let pushes = Arc::new(pusher.pushes("acme/backlog", count));
            let until_all_are_sent = Duration::from_secs(600);
            flood(
                relay.process.address,
                &pushes,
                self.options.connections,
                until_all_are_sent,
            )?;
            left -= count;
        }
        Ok(())
    }
}

fn told(what: &str, mut few: Times, mut many: Times) {
    for (name, share) in [("median", 0.5), ("p99", 0.99)] {
        let (few, many) = (few.quantile(share), many.quantile(share));
        println!(
            "| {what}, {name}, ms | {few:.2} | {many:.2} | {:.2} | |",
            many / few
        );
    }
}

impl Relay {
    /// With a SQLite file of its own, if no other store is named.
    fn start(sandbox: &Process, name: &'static str, store: Option<&str>) -> anyhow::Result<Relay> {
        let folder = machine::folder()?;
        let store = store.unwrap_or("sqlite:hookbell.db");
        let process = Process::relay(folder.path(), &config(sandbox, name, store))?;
        Ok(Relay {
            name,
            process,
            _folder: folder,
        })
    }
}

/// As many routes as a small company has, of which most want something else.
fn config(sandbox: &Process, name: &str, store: &str) -> String {
    let mut config = format!(
        r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[sources.github]
secret = "{SECRET}"
[[routes]]
name = "failed builds"
event = ["workflow_run", "check_run"]
status = "failed"
to = ["load"]
[[routes]]
name = "slow builds"
event = "workflow_run"
when = "event.pipeline.duration > 600"
to = ["load"]
[[routes]]
name = "reviews"
event = "pull_request*"
repo = "acme/**"
to = ["load"]
mention = ["author", "assignees"]
[[routes]]
name = "releases"
event = "release"
to = ["load"]
[[routes]]
name = "pushes to main"
repo = "acme/shop"
event = "push"
branch = ["main", "release/*"]
actor = "!*[bot]"
to = ["load"]
"#
    );
    let mut add = |group: &str, route: &str| {
        config.push_str(&format!(
            "[groups.{group}]\nwebhook = \"http://{}/robot/send?access_token={name}-{group}\"\n{route}",
            sandbox.address
        ));
    };
    add("load", "");
    for group in (0..IDLE_GROUPS)
        .map(|index| format!("idle-{index}"))
        .chain(["backlog".to_owned()])
    {
        let route = format!(
            "[[routes]]\nname = \"{group}\"\nrepo = \"acme/{group}\"\nto = [\"{group}\"]\n"
        );
        add(&group, &route);
    }
    config
}
