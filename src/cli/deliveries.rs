//! `hookbell deliveries`: what came in, what became of it and why; and posting it once more.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::input::ConfigFiles;
use super::{Failure, operate};
use crate::bot::dingtalk;
use crate::core::source::Evidence;
use crate::operate::afresh::Draft;
use crate::operate::deliveries::{Asked, DeliveryItem, GroupOutcome, delivery_id};
use crate::operate::explained::{Explained, RouteVerdict, Telling, Told, Word};
use crate::operate::fixture::Fixture;

#[derive(Debug, Subcommand)]
pub enum Deliveries {
    /// Newest deliveries first
    List {
        #[command(flatten)]
        config: ConfigFiles,
        /// How many to list
        #[arg(long, default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        wanted: Box<Wanted>,
    },
    /// One delivery: what it says, what each route thinks of it, its messages and attempts
    Show {
        #[command(flatten)]
        config: ConfigFiles,
        id: String,
    },
    /// Post the messages of deliveries once more
    Replay {
        #[command(flatten)]
        config: ConfigFiles,
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Print what today's config makes of a delivery
    Afresh {
        #[command(flatten)]
        config: ConfigFiles,
        id: String,
        /// Post it, too
        #[arg(long)]
        post: bool,
    },
    /// Write a delivery into a folder, as `payload.json` and `headers.txt`
    Fixture {
        #[command(flatten)]
        config: ConfigFiles,
        id: String,
        /// Where to make the folder
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
}

/// Which deliveries to list. Several conditions must all hold.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only those with this delivery id (the vendor's or Hookbell's), or these words in the title or repository
    #[arg(default_value = "", hide_default_value = true, value_name = "TEXT")]
    q: String,
    /// Only those of this source
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// Only those of this vendor: github, gitlab, jira, codeup or travis
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// Only those that tell of this event, such as pull_request
    #[arg(long, default_value = "", hide_default_value = true)]
    event: String,
    /// Only those with this action, such as opened
    #[arg(long, default_value = "", hide_default_value = true)]
    action: String,
    /// Only those of this repository
    #[arg(long, default_value = "", hide_default_value = true)]
    repo: String,
    /// Only those that this group hears of
    #[arg(long, default_value = "", hide_default_value = true)]
    group: String,
    /// Only those that came to this: waiting, retrying, posted, digest, dead, discarded, unrouted or ignored
    #[arg(long, default_value = "", hide_default_value = true)]
    outcome: String,
    /// Only those received then or later: a time such as 2026-11-26T14:00:00Z, or how long ago, such as 2h
    #[arg(
        long,
        value_name = "TIME",
        default_value = "",
        hide_default_value = true
    )]
    since: String,
    /// Only those received before: a time, or how long ago
    #[arg(
        long,
        value_name = "TIME",
        default_value = "",
        hide_default_value = true
    )]
    until: String,
    /// Only the one with this id: the vendor's, such as X-GitHub-Delivery, or Hookbell's
    #[arg(long, default_value = "", hide_default_value = true)]
    id: String,
    /// Only what is older than the one with this id
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    before: String,
}

impl From<Wanted> for Asked {
    fn from(wanted: Wanted) -> Asked {
        Asked {
            q: wanted.q,
            source: wanted.source,
            kind: wanted.kind,
            event: wanted.event,
            action: wanted.action,
            repo: wanted.repo,
            group: wanted.group,
            outcome: wanted.outcome,
            since: wanted.since,
            until: wanted.until,
            id: wanted.id,
            before: wanted.before,
            after: String::new(),
        }
    }
}

impl Deliveries {
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Deliveries::List {
                config,
                limit,
                wanted,
            } => {
                let asked = Asked::from(*wanted);
                // Whoever is tired of waiting stops the command.
                let patience = Duration::MAX;
                let found = operate(config.check()?, async |operator| {
                    operator.search(&asked, limit, patience).await
                })?;
                if found.deliveries.is_empty() {
                    println!("No deliveries.");
                }
                for item in &found.deliveries {
                    println!("{}", line(item));
                }
                Ok(())
            }
            Deliveries::Show { config, id } => {
                let explained = operate(config.check()?, async |operator| {
                    operator.explain(delivery_id(&id)?).await
                })?;
                print(&explained);
                Ok(())
            }
            Deliveries::Replay { config, ids } => operate(config.check()?, async |operator| {
                for id in ids {
                    let groups = operator.replay(delivery_id(&id)?).await?;
                    println!("{id} is in the queue again for {}.", groups.join(", "));
                }
                Ok(())
            }),
            Deliveries::Afresh { config, id, post } => {
                let (afresh, posted) = operate(config.check()?, async |operator| {
                    let id = delivery_id(&id)?;
                    let afresh = operator.afresh(id).await?;
                    let posted = match post {
                        true => Some(operator.post_afresh(id).await?),
                        false => None,
                    };
                    Ok((afresh, posted))
                })?;
                if afresh.drafts.is_empty() {
                    println!("No route of the config wants it.");
                }
                afresh.drafts.iter().for_each(print_draft);
                if let Some(groups) = posted {
                    println!("{id} is in the queue for {}.", groups.join(", "));
                }
                Ok(())
            }
            Deliveries::Fixture { config, id, dir } => {
                let fixture = operate(config.check()?, async |operator| {
                    operator.fixture(delivery_id(&id)?).await
                })?;
                write(&fixture, dir)
            }
        }
    }
}

fn write(fixture: &Fixture, dir: PathBuf) -> Result<(), Failure> {
    let folder = dir.join(&fixture.name);
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("headers.txt"), &fixture.headers))
        .and_then(|()| std::fs::write(folder.join("payload.json"), &fixture.payload));
    written.map_err(|error| {
        Failure::problem(
            format!("{}: {error}", folder.display()),
            "name a folder that can be written to",
        )
    })?;
    println!("{}", folder.display());
    Ok(())
}

fn line(item: &DeliveryItem) -> String {
    let outcome = match &item.ignored {
        Some(why) if item.groups.is_empty() => format!("{}: {why}", item.outcome.name()),
        _ => {
            let groups: Vec<&str> = item.groups.iter().map(|it| it.group.as_str()).collect();
            format!("{}: {}", item.outcome.name(), groups.join(", "))
        }
    };
    let what = [&item.source, &item.event, &item.action];
    format!(
        "{}  {}  {}  {}  {}  [{outcome}]",
        item.id,
        item.received_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        words(&what.map(String::as_str)),
        item.repo.as_deref().unwrap_or("-"),
        item.title,
    )
}

fn words(parts: &[&str]) -> String {
    let parts = parts.iter().copied().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn print(explained: &Explained) {
    let item = &explained.delivery;
    println!("Delivery {}", item.id);
    let facts = [
        ("received", Some(item.received_at.to_string())),
        (
            "from",
            Some(format!("{} ({})", item.source, item.kind.name())),
        ),
        ("sender", explained.evidence.as_ref().map(sender)),
        ("vendor id", explained.vendor_id.clone()),
        ("event", Some(words(&[&item.event, &item.action]))),
        ("repo", item.repo.clone()),
        ("title", Some(item.title.clone())),
        ("ignored", item.ignored.clone()),
        ("unreadable", explained.unreadable.clone()),
    ];
    for (name, value) in facts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            println!("  {name:<10}{value}");
        }
    }
    for header in &explained.headers {
        println!("  {}: {}", header.name, header.value);
    }
    if let Some(nearest) = explained.nearest.and_then(|at| explained.routes.get(at)) {
        println!("\nNo route matches. The one that came nearest:");
        print_route(nearest);
    }
    if !explained.routes.is_empty() {
        println!("\nRoutes of the config:");
        explained.routes.iter().for_each(print_route);
    }
    explained.told.iter().for_each(print_telling);
}

fn sender(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Unchecked => "not checked: the source is insecure".to_owned(),
        Evidence::Shown(shown) => format!(
            "{} fits credential {} of {}",
            shown.by, shown.place, shown.of
        ),
    }
}

fn print_route(route: &RouteVerdict) {
    let to = route.to.join(", ");
    match route.verdict {
        Word::Matched => println!("  ✓ {}: goes to {to}", route.name),
        Word::Final => println!("  ✓ {}: goes to {to} (final)", route.name),
        Word::Missed => println!("  ✗ {}:", route.name),
        Word::NotAsked => {
            let by = route.cut_by.as_deref().unwrap_or_default();
            println!(
                "  – {}: not asked, because `{by}` matched and is final",
                route.name
            );
        }
    }
    for miss in &route.misses {
        println!(
            "      {} wants {}, saw {}",
            miss.condition, miss.wanted, miss.saw
        );
    }
}

fn print_telling(telling: &Telling) {
    let GroupOutcome {
        group,
        row,
        outcome,
        settled_at,
        due_at,
        reason,
        ..
    } = &telling.came_of_it;
    println!("\nTo {group} (route {}, row {row})", telling.route);
    if let (Some(meant_for), Some(because)) = (&telling.meant_for, &telling.because) {
        println!("  meant for {meant_for}: {because}");
    }
    let at = settled_at.map(|at| format!(" {at}"));
    let due = due_at.map(|at| format!(", due {at}"));
    let reason = reason.as_ref().map(|reason| format!(": {reason}"));
    println!(
        "  {}{}",
        outcome.name(),
        [at, due, reason].into_iter().flatten().collect::<String>()
    );
    telling.messages.iter().for_each(print_message);
}

fn print_message(message: &Told) {
    match message.events {
        1 => println!("  message {}", message.id),
        events => println!(
            "  message {}, a {} of {events} events",
            message.id, message.shape
        ),
    }
    for attempt in &message.attempts {
        println!(
            "    attempt {} by {}: {} {}",
            attempt.started_at,
            attempt.bot,
            attempt.code.as_deref().unwrap_or("no answer"),
            attempt.sentence.as_deref().unwrap_or(""),
        );
    }
    println!("    {}", message.body);
}

fn print_draft(draft: &Draft) {
    println!("To {} (route {})", draft.group, draft.route);
    match &draft.problem {
        Some(problem) => println!("cannot be written: {problem}\n"),
        None => println!("{}\n", dingtalk::as_text(&draft.body)),
    }
}
