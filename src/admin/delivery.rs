//! One delivery: what came of it, when, and why; and the buttons to post it once more.

mod facts;
mod steps;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use jiff::Timestamp;
use serde::Deserialize;

use self::facts::{Fact, facts};
use self::steps::{Step, steps};
use super::deliveries::{clock, short};
use super::drawn::Drawn;
use super::frame::{Frame, Moment, Nav, short_time};
use super::outcome::Mark;
use super::tree::Tree;
use super::visitor::Visitor;
use super::words::Words;
use crate::core::source::Evidence;
use crate::operate::deliveries::delivery_id;
use crate::operate::explained::{Explained, Header, RouteVerdict, Telling, Word};
use crate::operate::{Operator, Problem};
use crate::store::record::DeliveryId;
use crate::store::search::Outcome;

#[derive(Template)]
#[template(path = "admin/delivery.html")]
struct DeliveryPage {
    frame: Frame,
    words: &'static Words,
    here: String,
    id: String,
    source: String,
    event: String,
    repo: Option<String>,
    mark: Mark,
    /// What goes with the outcome: to whom, or why not.
    outcome: String,
    done: Option<&'static str>,
    can_replay: bool,
    steps: Vec<Step>,
    is_told: bool,
    config_since: String,
    nearest: Option<Verdict>,
    verdicts: Vec<Verdict>,
    attempts: Vec<AttemptRow>,
    unreadable: Option<String>,
    facts: Vec<Fact>,
    all_fields: Tree,
    messages: Vec<MessagePanel>,
    payload: Tree,
    size: String,
    vendor_id: Option<String>,
    proof: Option<(String, String)>,
    headers: Vec<Header>,
}

struct Verdict {
    number: usize,
    name: String,
    to: String,
    class: &'static str,
    symbol: &'static str,
    word: &'static str,
    misses: Vec<Missed>,
    /// What it says besides: how it is told, or why it was not asked.
    note: String,
}

struct Missed {
    condition: &'static str,
    wanted: String,
    saw: String,
}

struct AttemptRow {
    time: Moment,
    group: String,
    bot: String,
    class: &'static str,
    symbol: &'static str,
    sentence: String,
    code: String,
    took: String,
}

struct MessagePanel {
    anchor: usize,
    title: String,
    note: String,
    meant_for: Option<String>,
    drawn: Drawn,
}

#[derive(Deserialize, Default)]
pub struct Done {
    #[serde(default)]
    done: String,
}

pub async fn page(
    visitor: Visitor,
    operator: Data<Operator>,
    id: Path<String>,
    done: Query<Done>,
) -> HttpResponse {
    let explained = async {
        let id = delivery_id(&id)?;
        operator.explain(id).await
    };
    match explained.await {
        Ok(explained) => {
            let now = operator.clock.now();
            let page = DeliveryPage::of(&visitor, explained, &done.done, now);
            super::page(StatusCode::OK, &page)
        }
        Err(problem) => super::problem(&visitor, &problem),
    }
}

/// Posts it once more, and goes back to it.
pub async fn replay(visitor: Visitor, operator: Data<Operator>, id: Path<String>) -> HttpResponse {
    let done = async {
        let id = delivery_id(&id)?;
        operator.replay(id).await?;
        Ok(id)
    };
    back(&visitor, done.await, "replayed")
}

/// To the delivery's page, which says what was done. `done` came of an address below it.
pub(super) fn back(
    visitor: &Visitor,
    done: Result<DeliveryId, Problem>,
    what: &str,
) -> HttpResponse {
    match done {
        Ok(id) => HttpResponse::SeeOther()
            .insert_header((LOCATION, format!("../{id}?done={what}")))
            .finish(),
        Err(problem) => super::problem(visitor, &problem),
    }
}

/// The body as it came.
pub async fn raw(visitor: Visitor, operator: Data<Operator>, id: Path<String>) -> HttpResponse {
    let record = async {
        let id = delivery_id(&id)?;
        operator.raw(id).await
    };
    match record.await {
        // As text whatever the vendor calls it: a browser must not take it for a page.
        Ok(body) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(body),
        Err(problem) => super::problem(&visitor, &problem),
    }
}

pub async fn fixture(visitor: Visitor, operator: Data<Operator>, id: Path<String>) -> HttpResponse {
    let fixture = async {
        let id = delivery_id(&id)?;
        operator.fixture(id).await
    };
    match fixture.await {
        Ok(fixture) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/x-tar"))
            .insert_header((
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}.tar\"", fixture.name),
            ))
            .body(fixture.tar()),
        Err(problem) => super::problem(&visitor, &problem),
    }
}

impl DeliveryPage {
    fn of(visitor: &Visitor, explained: Explained, done: &str, now: Timestamp) -> DeliveryPage {
        let words = visitor.words;
        let d = &words.delivery;
        let item = &explained.delivery;
        let event = match item.action.as_str() {
            "" => item.event.clone(),
            action => format!("{} {action}", item.event),
        };
        let title = match item.title.as_str() {
            "" => event.clone(),
            title => title.to_owned(),
        };
        let groups = groups(&explained);
        let outcome = match item.outcome {
            Outcome::Unrouted | Outcome::Ignored => item
                .ignored
                .as_ref()
                .map(|why| format!("· {why}"))
                .unwrap_or_default(),
            Outcome::Dead | Outcome::Discarded => {
                let of_it = item
                    .groups
                    .iter()
                    .find(|group| group.outcome == item.outcome);
                let reason = of_it.and_then(|group| group.reason.clone());
                reason.map(|why| format!("· {why}")).unwrap_or_default()
            }
            _ => (d.to_groups)(&groups.join(", ")),
        };
        let verdicts: Vec<Verdict> = explained
            .routes
            .iter()
            .zip(1..)
            .map(|(route, number)| verdict(route, number, words))
            .collect();
        let nearest = explained
            .nearest
            .and_then(|at| Some(verdict(explained.routes.get(at)?, at + 1, words)));
        DeliveryPage {
            frame: Frame::new(visitor, Nav::Deliveries, &title),
            words,
            here: format!("{}deliveries/{}", visitor.place.root, item.id),
            id: item.id.to_string(),
            source: item.source.clone(),
            event,
            repo: item.repo.clone(),
            mark: Mark::of(item.outcome, words),
            outcome,
            done: match done {
                "replayed" => Some(d.replayed),
                "afresh" => Some(d.posted_afresh),
                _ => None,
            },
            can_replay: !explained.told.is_empty(),
            steps: steps(&explained, words),
            is_told: nearest.is_none(),
            config_since: (d.in_force)(&short_time(explained.config_since)),
            nearest,
            verdicts,
            attempts: attempts(&explained, words, now),
            unreadable: explained.unreadable.clone(),
            facts: facts(&explained.event),
            all_fields: Tree::of(&without_blanks(&explained.event), 1),
            messages: messages(&explained, words),
            payload: Tree::of(&explained.payload, 1),
            size: bytes(explained.size),
            vendor_id: explained.vendor_id.clone(),
            proof: match &explained.evidence {
                Some(Evidence::Shown(shown)) => {
                    Some((shown.by.clone().into_owned(), (d.equals)(shown)))
                }
                _ => None,
            },
            headers: explained.headers,
        }
    }
}

/// Each once, in order.
fn groups(explained: &Explained) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for telling in &explained.told {
        if !groups.contains(&telling.came_of_it.group) {
            groups.push(telling.came_of_it.group.clone());
        }
    }
    groups
}

fn verdict(route: &RouteVerdict, number: usize, words: &Words) -> Verdict {
    let d = &words.delivery;
    let (class, symbol, word) = match route.verdict {
        Word::Matched => ("ok", "m-ok", d.matched),
        Word::Final => ("ok", "m-ok", d.is_final),
        Word::Missed => ("off", "m-off", d.missed),
        Word::NotAsked => ("off", "m-off", d.not_asked),
    };
    let mut notes = Vec::new();
    if let Some(by) = &route.cut_by {
        notes.push((d.cut_by)(by));
    }
    if matches!(route.verdict, Word::Matched | Word::Final) {
        if let Some(template) = &route.template {
            notes.push(format!("{} {template}", d.template));
        }
        if !route.mention.is_empty() {
            notes.push(format!("{} {}", d.mentions, route.mention.join(", ")));
        }
        if route.urgent {
            notes.push(d.urgent.to_owned());
        }
    }
    let misses = route.misses.iter().map(|miss| Missed {
        condition: miss.condition,
        wanted: miss.wanted.clone(),
        saw: miss.saw.clone(),
    });
    Verdict {
        number,
        name: route.name.clone(),
        to: route.to.join(", "),
        class,
        symbol,
        word,
        misses: misses.collect(),
        note: notes.join(" · "),
    }
}

fn attempts(explained: &Explained, words: &Words, now: Timestamp) -> Vec<AttemptRow> {
    let d = &words.delivery;
    let mut rows: Vec<(Timestamp, AttemptRow)> = Vec::new();
    for telling in &explained.told {
        let all = telling
            .messages
            .iter()
            .flat_map(|message| &message.attempts);
        let count = all.clone().count();
        let has_died = matches!(
            telling.came_of_it.outcome,
            Outcome::Dead | Outcome::Discarded
        );
        for (attempt, number) in all.zip(1..) {
            let (class, symbol) = match attempt.code.as_deref() {
                Some("0") => ("ok", "m-ok"),
                _ if attempt.took_ms.is_none() => ("wait", "m-wait"),
                _ if has_died && number == count => ("bad", "m-bad"),
                _ => ("warn", "m-again"),
            };
            let row = AttemptRow {
                time: Moment {
                    short: clock(attempt.started_at, now),
                    ..Moment::of(attempt.started_at)
                },
                group: telling.came_of_it.group.clone(),
                bot: attempt.bot.clone(),
                class,
                symbol,
                sentence: attempt
                    .sentence
                    .clone()
                    .unwrap_or_else(|| d.no_answer.to_owned()),
                code: attempt.code.clone().unwrap_or_default(),
                took: attempt
                    .took_ms
                    .map_or_else(|| "–".to_owned(), |millis| format!("{millis} ms")),
            };
            rows.push((attempt.started_at, row));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn messages(explained: &Explained, words: &'static Words) -> Vec<MessagePanel> {
    let panel = |(telling, anchor): (&Telling, usize)| {
        let d = &words.delivery;
        let message = telling.messages.last()?;
        let drawn = Drawn::of(&message.body, words);
        let mut note = format!("{} · {} {}", drawn.kind, message.size, d.bytes);
        if message.events > 1 {
            note = format!("{note} · {}", (d.events_in)(message.events));
        }
        let meant_for = telling.meant_for.as_ref().zip(telling.because.as_ref());
        Some(MessagePanel {
            anchor,
            title: (d.message_to)(&telling.came_of_it.group),
            note,
            meant_for: meant_for.map(|(group, why)| (d.meant_for)(group, why)),
            drawn,
        })
    };
    explained.told.iter().zip(1..).filter_map(panel).collect()
}

/// Without what is empty.
fn without_blanks(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let Value::Object(fields) = value else {
        return value.clone();
    };
    let kept = fields.iter().filter(|(_, field)| match field {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    Value::Object(
        kept.map(|(name, field)| (name.clone(), without_blanks(field)))
            .collect(),
    )
}

/// How much it is, for people.
pub fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

/// Since the delivery came in.
fn after(received: Timestamp, at: Timestamp, words: &Words) -> String {
    format!("+{}", short(at.duration_since(received), words))
}
