//! `hookbell deliveries` and `hookbell dead`: a look into the store, and what a person can do there.

use std::sync::Arc;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use uuid::Uuid;

use super::input::{ConfigFiles, parse_kind};
use super::{Failure, ask_store};
use crate::core::event::Kind;
use crate::store::record::{
    DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, MessageRecord, OutboxId, OutboxRecord,
    State,
};
use crate::store::search::{DeliveryFilter, DeliveryLine, Outcome, Place, Search};
use crate::store::{Store, StoreError};

#[derive(Debug, Subcommand)]
pub enum Deliveries {
    /// Newest deliveries first
    List {
        #[command(flatten)]
        config: ConfigFiles,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        wanted: Box<Wanted>,
    },
    /// One delivery with its messages and attempts
    Show {
        #[command(flatten)]
        config: ConfigFiles,
        id: Uuid,
    },
    /// Post the messages of deliveries once more
    Replay {
        #[command(flatten)]
        config: ConfigFiles,
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Dead {
    /// Newest dead letters first
    List {
        #[command(flatten)]
        config: ConfigFiles,
        #[command(flatten)]
        page: Page,
        /// Only those of this group
        #[arg(long)]
        group: Option<String>,
    },
    /// Put dead letters back into the queue, to be written with today's templates
    Retry {
        #[command(flatten)]
        config: ConfigFiles,
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
    /// Give dead letters up for good
    Discard {
        #[command(flatten)]
        config: ConfigFiles,
        /// Why, for whoever looks later
        #[arg(long)]
        reason: String,
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
}

/// Which deliveries to list. Several conditions must all hold.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only those of this source
    #[arg(long)]
    source: Option<String>,
    /// Only those of this vendor: github, gitlab, jira, codeup or travis
    #[arg(long, value_parser = parse_kind)]
    kind: Option<Kind>,
    /// Only those that tell of this event, such as pull_request
    #[arg(long)]
    event: Option<String>,
    /// Only those with this action, such as opened
    #[arg(long)]
    action: Option<String>,
    /// Only those of this repository
    #[arg(long)]
    repo: Option<String>,
    /// Only those that this group hears of
    #[arg(long)]
    group: Option<String>,
    /// Only those that came to this: waiting, retrying, posted, digest, dead, discarded, unrouted or ignored
    #[arg(long, value_parser = parse_outcome)]
    outcome: Option<Outcome>,
    /// Only those received then or later: a time such as 2026-11-26T14:00:00Z, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only those received before: a time, or how long ago
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
    /// The vendor's id of the request, such as X-GitHub-Delivery, or Hookbell's
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only those whose title or repository holds these words
    #[arg(long)]
    text: Option<String>,
}

impl Wanted {
    fn filter(self) -> DeliveryFilter {
        DeliveryFilter {
            source: self.source,
            kind: self.kind,
            event: self.event,
            action: self.action,
            repo: self.repo,
            group: self.group,
            outcome: self.outcome,
            since: self.since,
            until: self.until,
            key: self.id,
            text: self.text,
        }
    }
}

fn parse_outcome(text: &str) -> Result<Outcome, String> {
    Outcome::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::name).collect();
        format!("known outcomes are {}", names.join(", "))
    })
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let ago = || {
        let ago = humantime::parse_duration(text).ok()?;
        Timestamp::now().checked_sub(ago).ok()
    };
    text.parse().ok().or_else(ago).ok_or_else(|| {
        "write a time such as 2026-11-26T14:00:00Z, or how long ago, such as 2h".to_owned()
    })
}

#[derive(Debug, Args)]
pub struct Page {
    /// How many to list
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Only what is older than the one with this id
    #[arg(long, value_name = "ID")]
    before: Option<Uuid>,
}

impl Deliveries {
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Deliveries::List {
                config,
                page,
                wanted,
            } => {
                let lines = ask(&config, async |store| {
                    found(&*store, wanted.filter(), &page).await
                })?;
                if lines.is_empty() {
                    println!("No deliveries.");
                }
                for line in &lines {
                    println!("{}", delivery_line(line));
                }
                Ok(())
            }
            Deliveries::Show { config, id } => {
                let found = ask(&config, async |store| store.delivery(DeliveryId(id)).await)?;
                let record = found.ok_or_else(|| no_such_delivery(id))?;
                print_record(&record);
                Ok(())
            }
            Deliveries::Replay { config, ids } => {
                for id in ids {
                    replay(&config, id)?;
                }
                Ok(())
            }
        }
    }
}

impl Dead {
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Dead::List {
                config,
                page,
                group,
            } => {
                let before = page.before.map(OutboxId);
                let filter = DeadFilter {
                    group,
                    reason: None,
                };
                let letters = ask(&config, async |store| {
                    store.dead(filter, before, page.limit).await
                })?;
                if letters.is_empty() {
                    println!("No dead letters.");
                }
                for letter in &letters {
                    println!("{}", dead_line(letter));
                }
                Ok(())
            }
            Dead::Retry { config, ids } => {
                let ids: Vec<OutboxId> = ids.into_iter().map(OutboxId).collect();
                let wanted = ids.len();
                let done = ask(&config, async |store| {
                    store.retry_dead(ids, Timestamp::now()).await
                })?;
                changed(done, wanted, "put back into the queue")
            }
            Dead::Discard {
                config,
                reason,
                ids,
            } => {
                let ids: Vec<OutboxId> = ids.into_iter().map(OutboxId).collect();
                let wanted = ids.len();
                let done = ask(&config, async |store| {
                    store.discard_dead(ids, reason, Timestamp::now()).await
                })?;
                changed(done, wanted, "discarded")
            }
        }
    }
}

/// Opens the config's store and asks it one thing.
fn ask<T>(
    config: &ConfigFiles,
    question: impl AsyncFnOnce(Arc<dyn Store>) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    ask_store(&config.check()?.config.store, question)
}

fn replay(config: &ConfigFiles, id: Uuid) -> Result<(), Failure> {
    let found = ask(config, async |store| store.delivery(DeliveryId(id)).await)?;
    let record = found.ok_or_else(|| no_such_delivery(id))?;
    let mut rows: Vec<_> = record.outbox.into_iter().map(|row| row.outbox).collect();
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    rows.dedup_by(|a, b| a.group == b.group);
    if rows.is_empty()
        && record
            .delivery
            .repeat
            .as_ref()
            .is_some_and(|repeat| repeat.hushed().is_some())
    {
        return Err(Failure::problem(
            format!("delivery {id} told nobody, because its pipeline was flapping"),
            "the message that told so is among the deliveries before it; make the route urgent to hear of every run",
        ));
    }
    if rows.is_empty() {
        return Err(Failure::problem(
            format!("no route wanted delivery {id}, so there is nothing to post"),
            "let a route name its event, then send it again from the vendor's page",
        ));
    }
    for row in &mut rows {
        row.id = OutboxId::generate();
    }
    let groups: Vec<String> = rows.iter().map(|row| row.group.clone()).collect();
    ask(config, async |store| {
        store.replay(DeliveryId(id), rows, Timestamp::now()).await
    })?;
    println!("{id} is in the queue again for {}.", groups.join(", "));
    Ok(())
}

fn no_such_delivery(id: Uuid) -> Failure {
    Failure::problem(
        format!("there is no delivery {id}"),
        "find its id with `hookbell deliveries list`",
    )
}

fn changed(done: usize, wanted: usize, what: &str) -> Result<(), Failure> {
    println!("{done} of {wanted} {what}.");
    if done == wanted {
        return Ok(());
    }
    Err(Failure::problem(
        format!("{} are no dead letters", wanted - done),
        "list them with `hookbell dead list`",
    ))
}

/// All that a page holds, however many have to be looked at for it.
async fn found(
    store: &dyn Store,
    filter: DeliveryFilter,
    page: &Page,
) -> Result<Vec<DeliveryLine>, StoreError> {
    let mut from = page
        .before
        .map_or(Place::Newest, |id| Place::Before(DeliveryId(id)));
    let mut lines = Vec::new();
    loop {
        let missing = page.limit - u32::try_from(lines.len()).unwrap_or(page.limit);
        let search = Search::new(filter.clone()).limit(missing).from(from);
        let found = store.deliveries(search).await?;
        lines.extend(found.lines);
        match found.rest {
            Some(rest) if lines.len() < page.limit as usize => from = Place::Before(rest.from),
            _ => return Ok(lines),
        }
    }
}

fn delivery_line(line: &DeliveryLine) -> String {
    let delivery = &line.delivery;
    let outcome = match (line.outcome(), &delivery.ignored) {
        (Outcome::Unrouted | Outcome::Ignored, Some(why)) => format!("ignored: {why}"),
        (outcome, _) => {
            let groups: Vec<&str> = line.rows.iter().map(|row| row.group.as_str()).collect();
            format!("{}: {}", outcome.name(), groups.join(", "))
        }
    };
    let what = [&delivery.source, &delivery.event, &delivery.action]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "{}  {}  {what}  {}  {}  [{outcome}]",
        delivery.id,
        delivery.received_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        delivery.repo.as_deref().unwrap_or("-"),
        delivery.title,
    )
}

fn dead_line(letter: &DeadLetter) -> String {
    format!(
        "{}  {}  {}  {}  {}\n    {}",
        letter.outbox.id,
        letter.died_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        letter.outbox.group,
        letter.delivery.event,
        letter.delivery.title,
        letter.reason,
    )
}

fn print_record(record: &DeliveryRecord) {
    let delivery = &record.delivery;
    println!("Delivery {}", delivery.id);
    println!("  received  {}", delivery.received_at);
    println!("  source    {} ({})", delivery.source, delivery.kind.name());
    println!("  event     {} {}", delivery.event, delivery.action);
    if let Some(repo) = &delivery.repo {
        println!("  repo      {repo}");
    }
    if !delivery.title.is_empty() {
        println!("  title     {}", delivery.title);
    }
    if let Some(why) = &delivery.ignored {
        println!("  ignored   {why}");
    }
    for (name, value) in &record.payload.headers {
        println!("  {name}: {value}");
    }
    for row in &record.outbox {
        print_row(row);
    }
}

fn print_row(row: &OutboxRecord) {
    println!(
        "\nTo {} (route {}, row {})",
        row.outbox.group, row.outbox.route, row.outbox.id
    );
    if let Some(via) = &row.via {
        println!("  meant for {}: {}", via.group, via.reason);
    }
    match &row.state {
        State::Waiting { due_at } => println!("  waiting, due {due_at}"),
        State::Posted { at } => println!("  posted {at}"),
        State::Dead { at, reason } => println!("  dead since {at}: {reason}"),
        State::Discarded { at, reason } => println!("  discarded {at}: {reason}"),
    }
    row.messages.iter().for_each(print_message);
}

fn print_message(message: &MessageRecord) {
    match message.rows {
        1 => println!("  message {}", message.id),
        rows => println!(
            "  message {}, a {} of {rows} events",
            message.id,
            message.shape.name()
        ),
    }
    for attempt in &message.attempts {
        println!(
            "    attempt {}: {} {}",
            attempt.started_at,
            attempt.code.as_deref().unwrap_or("no answer"),
            attempt.sentence.as_deref().unwrap_or(""),
        );
    }
    println!("    {}", message.body);
}
