//! How fast the operator's pages and the API answer when the store is full.
//!
//! `cargo bench --bench pages -- --store sqlite:/tmp/full.db` (or `--store postgres://…`, an empty database) takes in a million
//! deliveries of two weeks, settles most of them, starts a relay and asks for everything, and prints a table in Markdown. A
//! store that is full already is used as it is. `docs/benchmarks.md` tells what came out where.

#![expect(clippy::print_stdout, reason = "the table is the point")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use futures_util::future::try_join_all;
use hookbell::core::event::Kind;
use hookbell::core::source::Evidence;
use hookbell::store::Store;
use hookbell::store::postgres::{Address, Postgres};
use hookbell::store::record::{Delivery, DeliveryIds, NewDelivery, Outbox, OutboxId, Payload};
use hookbell::store::search::{DeliveryFilter, Search};
use hookbell::store::sqlite::Sqlite;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Debug, Parser)]
struct Options {
    /// `sqlite:PATH`, or the address of a PostgreSQL database
    #[arg(long)]
    store: String,
    /// Deliveries to fill it with
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// How often everything is asked for
    #[arg(long, default_value_t = 20)]
    times: usize,
    /// Cargo says so to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// The time that the deliveries are spread over.
const SPAN: SignedDuration = SignedDuration::from_hours(13 * 24);
/// Callers that each have one delivery under way while it is filled.
const CALLERS: u32 = 512;

const GROUPS: [&str; 6] = [
    "backend", "frontend", "ops", "release", "security", "product",
];
const EVENTS: [(&str, &str); 8] = [
    ("push", "updated"),
    ("pull_request", "opened"),
    ("pull_request", "labeled"),
    ("issues", "opened"),
    ("issue_comment", "created"),
    ("pipeline", "failed"),
    ("pipeline", "passed"),
    ("check_suite", "completed"),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let store = open(&options.store)?;
    let newest = store
        .deliveries(Search::new(DeliveryFilter::default()).limit(1))
        .await?;
    if newest.lines.is_empty() {
        let begun = Instant::now();
        fill(&*store, options.rows).await?;
        eprintln!("taken in within {:?}", begun.elapsed());
        drop(store);
        settle(&options.store).await?;
        eprintln!("settled within {:?}", begun.elapsed());
    } else {
        drop(store);
    }
    let folder = TempDir::new()?;
    let relay = Relay::start(folder.path(), &options.store)?;
    measure(&relay, options.times).await
}

fn open(url: &str) -> anyhow::Result<Arc<dyn Store>> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Ok(Arc::new(Sqlite::open(Path::new(path))?)),
        None => {
            let clock = Arc::new(Timestamp::now);
            Ok(Arc::new(Postgres::open(
                &Address::parse(url)?,
                Some(clock),
            )?))
        }
    }
}

async fn fill(store: &dyn Store, rows: u32) -> anyhow::Result<()> {
    let ids = DeliveryIds::default();
    let begin = Timestamp::now() - SPAN;
    let step = SPAN.as_micros() / i128::from(rows.max(1));
    let body = body();
    for from in (0..rows).step_by(CALLERS as usize) {
        let accepts = (from..rows.min(from + CALLERS)).map(|number| {
            let micros = i64::try_from(step * i128::from(number)).unwrap_or(i64::MAX);
            let at = begin + SignedDuration::from_micros(micros);
            let new = delivery(number, &ids, at, &body);
            async move { store.accept(new).await }
        });
        try_join_all(accepts).await?;
    }
    Ok(())
}

/// About as long as a push, and as easy to pack.
fn body() -> String {
    let commit = r#"{"id":"HASH","message":"Keep the session after a password change","author":{"name":"mona"}},"#;
    let commits: String = (0..20)
        .map(|_| commit.replace("HASH", &Uuid::new_v4().simple().to_string()))
        .collect();
    format!(
        r#"{{"ref":"refs/heads/main","repository":{{"full_name":"acme/shop"}},"sender":{{"login":"mona"}},"commits":[{}]}}"#,
        commits.trim_end_matches(',')
    )
}

fn delivery(number: u32, ids: &DeliveryIds, at: Timestamp, body: &str) -> NewDelivery {
    let (source, kind) = match number % 10 {
        0..6 => ("github", Kind::Github),
        6..9 => ("gitlab", Kind::Gitlab),
        _ => ("jira", Kind::Jira),
    };
    let (event, action) = EVENTS[number as usize % EVENTS.len()];
    // A few of the first day that are hard to find.
    let is_rare = number % 1000 == 7 && number < 5_000;
    let event = if is_rare { "dependabot_alert" } else { event };
    let title = match is_rare {
        true => format!("#{number} lodash below 4.17.21 · dependabot"),
        false => format!("#{number} Keep the session after a password change · mona"),
    };
    let routed = number % 10 < 7;
    let group = GROUPS[number as usize % GROUPS.len()];
    NewDelivery {
        delivery: Delivery {
            id: ids.next(at),
            source: source.into(),
            kind,
            event: event.into(),
            action: action.into(),
            repo: Some(format!("acme/shop-{}", number % 300)),
            object: Some(format!("{source}:acme/shop:{number}")),
            title,
            url: Some(format!("https://example.com/{number}")),
            received_at: at,
            ignored: (!routed).then(|| match number % 10 {
                7 | 8 => format!("no route wants {source} {event} ({action})"),
                _ => "only the list of labels changed".into(),
            }),
            repeat: None,
        },
        payload: Payload {
            headers: vec![("x-github-event".into(), event.into())],
            body: body.to_owned().into(),
        },
        evidence: Evidence::Unchecked,
        vendor_key: Some(format!("00000000-0000-4000-8000-{number:012}")),
        content_key: String::new(),
        run: None,
        outbox: match routed {
            true => vec![row(group)],
            false => Vec::new(),
        },
    }
}

fn row(group: &str) -> Outbox {
    Outbox {
        id: OutboxId::generate(),
        group: group.into(),
        route: "everything".into(),
        plan: r#"{"group":"backend","route":"everything","template":null,"language":"en","mention":["author"]}"#.into(),
        urgent: false,
        folds: true,
        gather: None,
    }
}

/// Posts what waits as a relay would have in two weeks, but for the newest; some died of a dozen causes.
async fn settle(url: &str) -> anyhow::Result<()> {
    const SETTLE: &str = "
        INSERT INTO message (id, group_name, shape, urgent, state, bot, body, begun_at, due_at, settled_at)
            SELECT id, group_name, CASE WHEN seq % 20 = 0 THEN 'digest' ELSE 'single' END, urgent,
                   CASE WHEN seq % 100 = 3 THEN 'dead' ELSE 'posted' END, 'one',
                   '{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"mona pushed\",\"text\":\"#### mona pushed\"}}',
                   queued_at, queued_at, queued_at + 400000
            FROM outbox WHERE seq < (SELECT max(seq) - 5000 FROM outbox);
        INSERT INTO part (outbox, message) SELECT id, id FROM message;
        INSERT INTO attempt (message, bot, binds, started_at, ends_at, finished_at, code, sentence)
            SELECT id, bot, NOT urgent, begun_at, settled_at, settled_at,
                   CASE state WHEN 'dead' THEN 'HTTP 413' ELSE '0' END,
                   CASE state WHEN 'dead' THEN 'The message is too long: shorten its template.' ELSE 'Posted.' END
            FROM message;
        UPDATE outbox SET message = id, settled_at = queued_at + 400000,
               state = CASE WHEN seq % 100 = 3 THEN 'dead' ELSE 'posted' END,
               reason = CASE WHEN seq % 100 = 3
                   THEN 'The message is too long (' || (seq / 100) % 12 || '): shorten its template.' END
            WHERE seq < (SELECT max(seq) - 5000 FROM outbox);";
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let database = rusqlite::Connection::open(path)?;
            database
                .execute_batch("PRAGMA synchronous = off; PRAGMA cache_size = -500000; BEGIN")?;
            database.execute_batch(SETTLE)?;
            database.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
        }
        None => {
            let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(SETTLE).await?;
            // As autovacuum does in a minute or so.
            for table in ["delivery", "outbox", "message", "part", "attempt"] {
                client
                    .batch_execute(&format!("VACUUM ANALYZE {table}"))
                    .await?;
            }
        }
    }
    Ok(())
}

/// `hookbell serve` that takes in and shows, and posts nothing. Killed when it is dropped.
struct Relay {
    child: Child,
    admin: String,
}

impl Relay {
    fn start(folder: &Path, store: &str) -> anyhow::Result<Relay> {
        let groups: String = GROUPS
            .iter()
            .map(|group| {
                format!("[groups.{group}]\nwebhook = \"http://127.0.0.1:9/robot/send?access_token={group}\"\nsecret = \"SECx\"\n")
            })
            .collect();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = '{store}'\nretention = \"60d\"\n\
             [sources.github]\ninsecure = true\n[sources.gitlab]\ninsecure = true\n[sources.jira]\ninsecure = true\n{groups}\
             [[routes]]\nname = \"failed\"\nevent = \"pipeline\"\nstatus = \"failed\"\nto = [\"ops\"]\n\
             [[routes]]\nname = \"everything\"\nto = [\"backend\"]\n"
        );
        fs::write(folder.join("hookbell.toml"), config)?;
        let log = folder.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hookbell"))
            .args(["serve", "--role", "ingest", "--config", "hookbell.toml"])
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .stderr(File::create(&log)?)
            .spawn()?;
        loop {
            let told = fs::read_to_string(&log)?;
            let admin = told
                .lines()
                .find_map(|line| line.split_once("admin="))
                .and_then(|(_, rest)| rest.split(' ').next());
            if let Some(admin) = admin {
                let admin = format!("http://{admin}");
                return Ok(Relay { child, admin });
            }
            ensure!(child.try_wait()?.is_none(), "the relay ended: {told}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let answer = reqwest::get(format!("{}{path}", self.admin)).await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn measure(relay: &Relay, times: usize) -> anyhow::Result<()> {
    let posted = relay.json("/api/deliveries?outcome=posted&limit=1").await?;
    let dead = relay.json("/api/dead?limit=1").await?;
    let id = posted["deliveries"][0]["id"]
        .as_str()
        .context("nothing was posted")?;
    let died = dead[0]["delivery"].as_str().context("nothing died")?;
    let document = relay.json("/api/openapi.json").await?;
    let mut paths: Vec<String> = Vec::new();
    for query in [
        "",
        "?source=jira",
        "?kind=gitlab&event=pipeline&action=failed",
        "?repo=acme/shop-7",
        "?repo=acme/shop-7&source=jira&event=push",
        "?group=ops",
        "?outcome=dead",
        "?outcome=dead&group=ops",
        "?outcome=waiting",
        "?outcome=retrying",
        "?outcome=digest&group=release",
        "?outcome=unrouted&source=gitlab",
        "?since=24h",
        "?until=7d",
        "?since=10d&until=9d&group=backend&event=push",
        "?id=00000000-0000-4000-8000-000000000007",
        "?q=00000000-0000-4000-8000-000000000007",
        "?q=password+mona",
        "?q=lodash",
        "?event=dependabot_alert",
        "?group=nobody",
        "?outcome=discarded&group=security&q=nothing",
    ] {
        paths.push(format!("/deliveries{query}"));
    }
    paths.push(format!("/deliveries?before={died}"));
    for path in [
        format!("/deliveries/{id}"),
        format!("/deliveries/{died}"),
        format!("/deliveries/{id}/afresh"),
        format!("/api/deliveries/{id}"),
        "/api/deliveries".into(),
        "/api/deliveries?event=dependabot_alert".into(),
        "/api/deliveries?limit=1000".into(),
        "/dead".into(),
        "/".into(),
    ] {
        paths.push(path);
    }
    // Whatever else the API tells without being told of what.
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        if methods.get("get").is_some() && !path.contains('{') && !paths.contains(path) {
            paths.push(path.clone());
        }
    }
    println!("| asked for | median, ms | worst, ms | not at its end |");
    println!("|---|---:|---:|---|");
    for path in &paths {
        let mut spans = Vec::new();
        let mut goes_on = false;
        for _ in 0..times {
            let begun = Instant::now();
            let answer = reqwest::get(format!("{}{path}", relay.admin)).await?;
            let status = answer.status();
            let text = answer.text().await?;
            spans.push(begun.elapsed());
            ensure!(status.is_success(), "{path}: {status} {text}");
            goes_on = text.contains("data-on>") || text.contains("\"page_is_full\":false");
        }
        spans.sort_unstable();
        println!(
            "| `{}` | {:.1} | {:.1} | {} |",
            path.replace(id, "ID").replace(died, "DEAD"),
            spans[spans.len() / 2].as_secs_f64() * 1000.0,
            spans[spans.len() - 1].as_secs_f64() * 1000.0,
            if goes_on { "looks on" } else { "" }
        );
    }
    Ok(())
}
