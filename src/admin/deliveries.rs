//! The deliveries: search, the newest as they come in, and page by page whatever is older.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::frame::{Frame, Moment, Nav};
use super::outcome::Mark;
use super::visitor::Visitor;
use super::words::Words;
use crate::operate::deliveries::{Asked, DeliveryItem, GroupOutcome, Listing, PATIENCE};
use crate::operate::{Operator, Problem};
use crate::store::search::{Outcome, Place};

/// Deliveries on a page.
const LIMIT: u32 = 50;

#[derive(Template)]
#[template(path = "admin/deliveries.html")]
struct DeliveriesPage {
    frame: Frame,
    words: &'static Words,
    about: String,
    asked: Asked,
    sources: Vec<Choice>,
    groups: Vec<Choice>,
    outcomes: Vec<Choice>,
    times: [(&'static str, &'static str); 3],
    has_more_filters: bool,
    chips: Vec<Chip>,
    is_live: bool,
    /// The same page without the live view, or with it again.
    toggle: String,
    newest: Option<String>,
    rows: Vec<Row>,
    older: Option<Older>,
    hooks: Vec<String>,
}

struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

/// A condition with the address of the page without it.
struct Chip {
    text: String,
    without: String,
}

struct Row {
    id: String,
    href: String,
    received: Moment,
    mark: Mark,
    note: String,
    title: String,
    repo: String,
    what: String,
    groups: Vec<String>,
    took: String,
}

struct Older {
    href: String,
    label: String,
    /// How far it was searched, where the page is not full.
    so_far: Option<String>,
}

#[derive(Deserialize, Default)]
pub struct View {
    #[serde(default)]
    live: String,
}

pub async fn page(
    visitor: Visitor,
    operator: Data<Operator>,
    asked: Query<Asked>,
    view: Query<View>,
) -> HttpResponse {
    match list(&visitor, &operator, asked.into_inner(), &view).await {
        Ok(page) => super::page(StatusCode::OK, &page),
        Err(problem) => super::problem(&visitor, &problem),
    }
}

async fn list(
    visitor: &Visitor,
    operator: &Operator,
    asked: Asked,
    view: &View,
) -> Result<DeliveriesPage, Problem> {
    let words = visitor.words;
    let from = asked.place()?;
    let listing = operator.search(&asked, LIMIT, PATIENCE).await?;
    let is_first = from == Place::Newest;
    let is_live = is_first && view.live != "off";
    let now = operator.clock.now();
    let current = operator.current.load();
    let config = &current.checked.config;
    let chosen = |names: Vec<(String, String)>, wanted: &str| {
        names
            .into_iter()
            .map(|(value, label)| Choice {
                is_chosen: value == wanted,
                value,
                label,
            })
            .collect()
    };
    let named = |names: Vec<&String>| {
        let names = names.into_iter();
        names.map(|name| (name.clone(), name.clone())).collect()
    };
    let d = &words.deliveries;
    Ok(DeliveriesPage {
        frame: Frame::new(visitor, Nav::Deliveries, d.title),
        words,
        about: (d.about)(&kept(words, config.retention)),
        sources: chosen(
            named(config.sources.iter().map(|source| &source.name).collect()),
            &asked.source,
        ),
        groups: chosen(
            named(config.groups.iter().map(|group| &group.name).collect()),
            &asked.group,
        ),
        outcomes: chosen(
            Outcome::ALL
                .into_iter()
                .map(|outcome| {
                    let word = words.outcomes.of(outcome);
                    (outcome.name().to_owned(), word.to_owned())
                })
                .collect(),
            &asked.outcome,
        ),
        times: [
            ("1h", d.last_hour),
            ("24h", d.last_day),
            ("7d", d.last_week),
        ],
        has_more_filters: [&asked.action, &asked.repo, &asked.until]
            .iter()
            .any(|value| !value.is_empty()),
        chips: chips(&asked, words),
        is_live,
        toggle: match is_live {
            true => address(&asked, &[("live", "off")]),
            false => address(&first(&asked), &[]),
        },
        newest: (!is_first).then(|| address(&first(&asked), &[])),
        older: older(&listing, &asked, words, now),
        rows: listing
            .deliveries
            .iter()
            .map(|item| row(item, words, now))
            .collect(),
        hooks: config
            .sources
            .iter()
            .map(|source| format!("/hooks/{}", source.name))
            .collect(),
        asked,
    })
}

fn kept(words: &Words, retention: std::time::Duration) -> String {
    let span = jiff::SignedDuration::try_from(retention);
    (words.span)(span.unwrap_or(jiff::SignedDuration::MAX))
}

/// The same conditions from the newest on.
fn first(asked: &Asked) -> Asked {
    Asked {
        before: String::new(),
        after: String::new(),
        ..asked.clone()
    }
}

/// The address of the list with these conditions, from the list itself.
fn address(asked: &Asked, more: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in asked.pairs() {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    let query = query.extend_pairs(more).finish();
    format!("deliveries?{query}")
}

fn chips(asked: &Asked, words: &Words) -> Vec<Chip> {
    let d = &words.deliveries;
    let label = |name: &str| match name {
        "q" => d.search,
        "source" => d.source,
        "event" => d.event,
        "action" => d.action,
        "repo" => d.repo,
        "group" => d.group,
        "outcome" => d.outcome,
        "since" => d.since,
        "until" => d.until,
        "id" => words.delivery.vendor_id,
        _ => "",
    };
    asked
        .conditions()
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let value = match name {
                "outcome" => Outcome::from_name(value).map_or(value, |it| words.outcomes.of(it)),
                _ => value,
            };
            let label = match label(name) {
                "" => name,
                label => label,
            };
            Chip {
                text: format!("{label}: {value}"),
                without: address(&first(asked).without(name), &[]),
            }
        })
        .collect()
}

fn older(listing: &Listing, asked: &Asked, words: &Words, now: Timestamp) -> Option<Older> {
    let more = listing.more?;
    let d = &words.deliveries;
    let time = clock(more.received_at, now);
    let asked = Asked {
        before: more.id.to_string(),
        ..first(asked)
    };
    Some(Older {
        href: address(&asked, &[]),
        label: match more.page_is_full {
            true => (d.older)(&time),
            false => d.go_on.to_owned(),
        },
        so_far: (!more.page_is_full).then(|| (d.so_far)(&time, listing.deliveries.len())),
    })
}

fn row(item: &DeliveryItem, words: &'static Words, now: Timestamp) -> Row {
    let what = [item.event.as_str(), item.action.as_str()];
    let what: Vec<&str> = what.into_iter().filter(|part| !part.is_empty()).collect();
    let mut groups: Vec<String> = Vec::new();
    for group in &item.groups {
        if !groups.contains(&group.group) {
            groups.push(group.group.clone());
        }
    }
    Row {
        id: item.id.to_string(),
        href: format!("deliveries/{}", item.id),
        received: Moment {
            short: clock(item.received_at, now),
            ..Moment::of(item.received_at)
        },
        mark: Mark::of(item.outcome, words),
        note: note(item, words, now),
        title: match item.title.as_str() {
            "" => what.join(" "),
            title => title.to_owned(),
        },
        repo: item.repo.clone().unwrap_or_default(),
        what: format!("{} · {}", item.source, what.join(" ")),
        groups,
        took: took(item, words),
    }
}

/// A few words that go with the outcome.
fn note(item: &DeliveryItem, words: &Words, now: Timestamp) -> String {
    let of = |outcome: Outcome| {
        item.groups
            .iter()
            .find(move |group| group.outcome == outcome)
    };
    let due = |group: &GroupOutcome| group.due_at.filter(|due| *due > now);
    match item.outcome {
        Outcome::Ignored => item.ignored.clone().unwrap_or_default(),
        Outcome::Dead | Outcome::Discarded => of(item.outcome)
            .and_then(|group| group.reason.as_deref())
            .map(beginning)
            .unwrap_or_default(),
        Outcome::Waiting => of(item.outcome)
            .and_then(due)
            .map(|due| (words.outcomes.due)(&clock(due, now)))
            .unwrap_or_default(),
        Outcome::Retrying => of(item.outcome)
            .and_then(due)
            .map(|due| (words.outcomes.next)(&clock(due, now)))
            .unwrap_or_default(),
        Outcome::Posted | Outcome::Digest | Outcome::Unrouted => String::new(),
    }
}

/// What happened, without what to do.
pub fn beginning(reason: &str) -> String {
    const MOST: usize = 60;
    let what = reason.split_once(": ").map_or(reason, |(what, _)| what);
    let what = what.trim_end_matches('.');
    match what.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &what[..end]),
        None => what.to_owned(),
    }
}

/// From the receipt to the last post.
fn took(item: &DeliveryItem, words: &Words) -> String {
    let is_told =
        |group: &&GroupOutcome| matches!(group.outcome, Outcome::Posted | Outcome::Digest);
    let last = item
        .groups
        .iter()
        .filter(is_told)
        .filter_map(|group| group.settled_at)
        .max();
    match (item.outcome, last) {
        (Outcome::Posted | Outcome::Digest, Some(at)) => {
            short(at.duration_since(item.received_at), words)
        }
        _ => "–".to_owned(),
    }
}

/// A stretch of time: with tenths of a second where it is short.
pub fn short(span: jiff::SignedDuration, words: &Words) -> String {
    let millis = span.as_millis().max(0);
    match millis {
        0..10_000 => {
            let unit = match words.lang {
                "en" => "s",
                _ => "秒",
            };
            format!("{}.{} {unit}", millis / 1000, millis % 1000 / 100)
        }
        _ => (words.span)(span),
    }
}

/// A time of day with seconds, and the day where it is another one.
pub fn clock(time: Timestamp, now: Timestamp) -> String {
    let zone = TimeZone::system();
    let zoned = time.to_zoned(zone.clone());
    let format = match zoned.date() == now.to_zoned(zone).date() {
        true => "%H:%M:%S",
        false => "%m-%d %H:%M:%S",
    };
    zoned.strftime(format).to_string()
}
