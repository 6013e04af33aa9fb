//! How far a PostgreSQL database carries: what one store and two take in and post, from within, without HTTP.
//!
//! `cargo bench --bench replicas -- --store postgres://…` prints a table in Markdown. The database must be empty; it is
//! full of rows afterwards. `docs/replicas.md` tells what came out where.

#![expect(clippy::print_stdout, reason = "the tables are the point")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use futures_util::future::{join_all, try_join_all};
use hookbell::core::budget;
use hookbell::core::event::Kind;
use hookbell::core::source::Evidence;
use hookbell::store::postgres::{Address, Postgres};
use hookbell::store::queue::{Ask, Budget, Finish, Head, Next, Slot, Start, What, Which, WorkerId};
use hookbell::store::record::{
    Delivery, DeliveryId, MessageId, NewDelivery, Outbox, OutboxId, Payload, Shape,
};
use hookbell::store::{Store, StoreError};
use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

#[derive(Debug, Parser)]
struct Options {
    /// Address of an empty PostgreSQL database
    #[arg(long)]
    store: String,
    /// How long each measurement takes, in seconds
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Callers that each have one delivery under way
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Bytes of a body
    #[arg(long, default_value_t = 8192)]
    body: usize,
    /// Rows that wait in the second half
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Cargo says so to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let address = Address::parse(&options.store)?;
    let open = || -> anyhow::Result<Arc<dyn Store>> {
        let clock = Arc::new(Timestamp::now);
        Ok(Arc::new(Postgres::open(&address, Some(clock))?))
    };
    let (one, two) = (open()?, open()?);
    println!("| what | empty | {} rows wait |", options.rows);
    println!("|---|---|---|");
    let bench = Bench {
        options: &options,
        one,
        two,
    };
    let empty = bench.all().await?;
    fill(&options).await?;
    let full = bench.all().await?;
    for ((what, empty), (_, full)) in empty.iter().zip(&full) {
        println!("| {what} | {empty} | {full} |");
    }
    Ok(())
}

struct Bench<'a> {
    options: &'a Options,
    one: Arc<dyn Store>,
    two: Arc<dyn Store>,
}

impl Bench<'_> {
    async fn all(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let (one, two) = (&*self.one, &*self.two);
        Ok(vec![
            (
                "accepted a second by one replica",
                self.accepted(&[one]).await?,
            ),
            (
                "accepted a second by two replicas together",
                self.accepted(&[one, two]).await?,
            ),
            (
                "one delivery at a time, accepted after (median, p99)",
                self.alone().await?,
            ),
            (
                "taken in by one, rung at the other after (median, p99)",
                self.rung().await?,
            ),
            (
                "taken from the backlog, begun and finished, for one message (median, p99)",
                self.posted("backlog").await?,
            ),
            (
                "messages a second by eight groups at two replicas",
                self.groups().await?,
            ),
        ])
    }

    async fn accepted(&self, stores: &[&dyn Store]) -> anyhow::Result<String> {
        let until = Instant::now() + Duration::from_secs_f64(self.options.seconds);
        let callers = (0..self.options.callers).map(|number| {
            let store = stores[number % stores.len()];
            async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let begun = Instant::now();
                    store.accept(self.delivery("backlog")).await?;
                    times.push(begun.elapsed());
                }
                Ok::<_, StoreError>(times)
            }
        });
        let times = try_join_all(callers).await?.concat();
        let rate = times.len() as f64 / self.options.seconds;
        Ok(format!("{rate:.0} ({})", quantiles(times)))
    }

    async fn alone(&self) -> anyhow::Result<String> {
        let mut times = Vec::new();
        for _ in 0..500 {
            let begun = Instant::now();
            self.one.accept(self.delivery("backlog")).await?;
            times.push(begun.elapsed());
        }
        Ok(quantiles(times))
    }

    async fn rung(&self) -> anyhow::Result<String> {
        let (heard, mut rings) = mpsc::unbounded_channel();
        self.two.on_arrival(Arc::new(move |group| {
            let _ = heard.send(group.map(str::to_owned));
        }));
        rings.recv().await.context("no ring")?;
        let mut times = Vec::new();
        for number in 0..200 {
            let group = format!("ring {number}");
            let begun = Instant::now();
            self.one.accept(self.delivery(&group)).await?;
            while rings.recv().await.context("no ring")? != Some(group.clone()) {}
            times.push(begun.elapsed());
        }
        Ok(quantiles(times))
    }

    async fn posted(&self, group: &str) -> anyhow::Result<String> {
        let worker = WorkerId::generate();
        let mut times = Vec::new();
        for _ in 0..300 {
            times.push(post(&*self.one, group, worker).await?);
        }
        self.one.release(group, worker).await?;
        Ok(quantiles(times))
    }

    async fn groups(&self) -> anyhow::Result<String> {
        let groups: Vec<String> = (0..8).map(|number| format!("group {number}")).collect();
        for group in &groups {
            let queued = (0..400).map(|_| self.one.accept(self.delivery(group)));
            for chunk in queued.collect::<Vec<_>>().chunks_mut(100) {
                join_all(chunk).await;
            }
        }
        let begun = Instant::now();
        let work = groups.iter().enumerate().map(|(number, group)| async move {
            let store = if number % 2 == 0 {
                &self.one
            } else {
                &self.two
            };
            let worker = WorkerId::generate();
            for _ in 0..200 {
                post(&**store, group, worker).await?;
            }
            store.release(group, worker).await?;
            anyhow::Ok(())
        });
        try_join_all(work).await?;
        let rate = 8.0 * 200.0 / begun.elapsed().as_secs_f64();
        Ok(format!("{rate:.0}"))
    }

    fn delivery(&self, group: &str) -> NewDelivery {
        let id = DeliveryId::generate();
        // As hard to compress as ids and hashes are.
        let body: Vec<u8> = (0..self.options.body / 16 + 1)
            .flat_map(|_| Uuid::new_v4().into_bytes())
            .take(self.options.body)
            .collect();
        NewDelivery {
            delivery: Delivery {
                id,
                source: "github".into(),
                kind: Kind::Github,
                event: "push".into(),
                action: "updated".into(),
                repo: Some("acme/shop".into()),
                object: Some("github:acme/shop:branch:main".into()),
                title: "mona pushed 3 commits to main".into(),
                url: Some("https://github.com/acme/shop/compare/1...2".into()),
                received_at: Timestamp::now(),
                ignored: None,
                repeat: None,
            },
            payload: Payload {
                headers: vec![("x-github-event".into(), "push".into())],
                body: body.into(),
            },
            evidence: Evidence::Unchecked,
            vendor_key: Some(id.to_string()),
            content_key: id.0.simple().to_string().repeat(2),
            run: None,
            outbox: vec![Outbox {
                id: OutboxId::generate(),
                group: group.into(),
                route: "everything".into(),
                plan: r#"{"template":null,"language":"en","mention":["author"]}"#.into(),
                urgent: false,
                folds: true,
                gather: None,
            }],
        }
    }
}

/// All that the store does for one message; through a bot that may post as often as it likes.
async fn post(store: &dyn Store, group: &str, worker: WorkerId) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let now = Timestamp::now();
    let ask = Ask {
        group: group.into(),
        worker,
        until: now + Duration::from_secs(5),
        which: Which::All,
    };
    let Head::Row(head) = store.lease(ask, now).await? else {
        anyhow::bail!("nothing waits for {group}");
    };
    let id = head.row.outbox.id;
    let start = Start {
        what: What::New {
            id: MessageId::of(id),
            group: group.into(),
            worker,
            shape: Shape::Single,
            urgent: false,
            rows: vec![id],
        },
        // Of its own, so that its minute does not fill up.
        bot: Uuid::new_v4().to_string(),
        body: "x".repeat(600),
        per_minute: 20,
        timeout: Duration::from_secs(10),
        budget: Budget::unlimited(budget::day(now)),
    };
    let Slot::Granted(attempt) = store.begin(start, now).await? else {
        anyhow::bail!("not granted");
    };
    let finish = Finish {
        code: Some("0".into()),
        sentence: "posted".into(),
        next: Next::Posted,
    };
    store.finish(attempt, finish, Timestamp::now()).await?;
    Ok(begun.elapsed())
}

/// Puts many rows into the queue behind the store's back, which is quicker.
async fn fill(options: &Options) -> anyhow::Result<()> {
    let tls = tokio_postgres::NoTls;
    let (client, connection) = tokio_postgres::connect(&options.store, tls).await?;
    let connection = tokio::spawn(connection);
    client
        .execute(
            "WITH n AS (SELECT gen_random_uuid() AS delivery, gen_random_uuid() AS row FROM generate_series(1, $1)),
                 d AS (INSERT INTO delivery (id, source, kind, event, action, title, received_at, vendor_key,
                                             content_key, size, headers, body)
                       SELECT n.delivery, 'github', 'github', 'push', 'updated', 'mona pushed', 0, n.delivery::text,
                              n.delivery::text, 3000, '[]', '\\x7b7d'
                       FROM n)
             INSERT INTO outbox (id, delivery, group_name, route, plan, urgent, folds, state, queued_at, due_at)
             SELECT n.row, n.delivery, 'backlog', 'everything', '{}', false, true, 'waiting', 0, 0 FROM n",
            &[&i32::try_from(options.rows)?],
        )
        .await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    drop(client);
    connection.await??;
    Ok(())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        let time = times.get(index.min(times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    format!("{:.1} ms, {:.1} ms", at(0.5), at(0.99))
}
