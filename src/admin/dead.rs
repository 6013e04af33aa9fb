//! Dead letters by what they died of: what happened, what to do, and the letters to do it with.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Bytes, Data, Query};
use askama::Template;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::deliveries::{beginning, clock};
use super::frame::{Frame, Moment, Nav};
use super::visitor::Visitor;
use super::words::Words;
use crate::operate::dead::{Cause, Chosen, Letter};
use crate::operate::{Operator, Problem};
use crate::store::record::DeadFilter;

/// Causes on the page, and letters of each.
const CAUSES: usize = 10;
const LETTERS: u32 = 20;

#[derive(Template)]
#[template(path = "admin/dead.html")]
struct DeadPage {
    frame: Frame,
    words: &'static Words,
    heading: String,
    is_empty: bool,
    done: Option<(bool, String)>,
    panels: Vec<Panel>,
    more: Option<String>,
}

/// A cause with its newest letters.
struct Panel {
    anchor: usize,
    group: String,
    /// As the store knows it.
    cause: String,
    /// In full.
    reason: String,
    heading: String,
    count: String,
    shown: Option<String>,
    retry_all: String,
    discard_all: String,
    letters: Vec<Row>,
}

struct Row {
    id: Uuid,
    href: String,
    received: Moment,
    choose: String,
    title: String,
    repo: String,
    what: String,
    attempts: u32,
}

#[derive(Deserialize, Default)]
pub struct Done {
    #[serde(default)]
    retried: Option<u32>,
    #[serde(default)]
    discarded: Option<u32>,
}

pub async fn page(visitor: Visitor, operator: Data<Operator>, done: Query<Done>) -> HttpResponse {
    match look(&visitor, &operator, &done).await {
        Ok(page) => super::page(StatusCode::OK, &page),
        Err(problem) => super::problem(&visitor, &problem),
    }
}

async fn look(visitor: &Visitor, operator: &Operator, done: &Done) -> Result<DeadPage, Problem> {
    let words = visitor.words;
    let d = &words.dead;
    let now = operator.clock.now();
    let causes = operator.dead_causes().await?;
    let letters = causes.iter().map(|cause| cause.count).sum();
    let mut panels = Vec::new();
    for (cause, anchor) in causes.iter().take(CAUSES).zip(1..) {
        let filter = DeadFilter {
            group: Some(cause.group.clone()),
            reason: Some(cause.reason.clone()),
        };
        let letters = operator.dead_letters(filter, None, LETTERS).await?;
        panels.push(panel(cause, anchor, letters, words, now));
    }
    let done = match (done.retried, done.discarded) {
        (Some(0), _) | (_, Some(0)) => Some((false, d.none_chosen.to_owned())),
        (Some(count), _) => Some((true, (d.retried)(count))),
        (None, Some(count)) => Some((true, (d.discarded)(count))),
        (None, None) => None,
    };
    Ok(DeadPage {
        frame: Frame::new(visitor, Nav::Dead, d.title),
        words,
        heading: match causes.is_empty() {
            true => d.title.to_owned(),
            false => (d.heading)(letters, causes.len()),
        },
        is_empty: causes.is_empty(),
        done,
        panels,
        more: match causes.len().saturating_sub(CAUSES) {
            0 => None,
            more => Some((d.more_causes)(more)),
        },
    })
}

fn panel(
    cause: &Cause,
    anchor: usize,
    letters: Vec<Letter>,
    words: &Words,
    now: Timestamp,
) -> Panel {
    let d = &words.dead;
    let (first, last) = (clock(cause.first, now), clock(cause.last, now));
    let shown = letters.len();
    Panel {
        anchor,
        group: cause.group.clone(),
        cause: cause.reason.clone(),
        heading: format!("{} · {}", beginning(&cause.reason), (d.group)(&cause.group)),
        count: (d.count)(cause.count, &first, &last),
        shown: (shown < cause.count as usize).then(|| (d.only_newest)(shown, cause.count)),
        retry_all: (d.retry_all)(cause.count),
        discard_all: (d.discard_all)(cause.count),
        reason: letters
            .first()
            .map_or_else(|| cause.reason.clone(), |letter| letter.reason.clone()),
        letters: letters
            .into_iter()
            .map(|letter| row(letter, words, now))
            .collect(),
    }
}

fn row(letter: Letter, words: &Words, now: Timestamp) -> Row {
    let what = match letter.action.as_str() {
        "" => letter.event.clone(),
        action => format!("{} {action}", letter.event),
    };
    let title = match letter.title.as_str() {
        "" => what.clone(),
        title => title.to_owned(),
    };
    Row {
        id: letter.id,
        href: format!("deliveries/{}", letter.delivery),
        received: Moment {
            short: clock(letter.received_at, now),
            ..Moment::of(letter.received_at)
        },
        choose: (words.dead.choose)(&title),
        title,
        repo: letter.repo.unwrap_or_default(),
        what: format!("{} · {what}", letter.source),
        attempts: letter.attempts,
    }
}

/// What a form of the page says. Its checkboxes are fields of one name.
#[derive(Default)]
struct Form {
    ids: Vec<Uuid>,
    group: String,
    reason: String,
    is_all: bool,
    why: String,
}

impl Form {
    fn of(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match name.as_ref() {
                "id" => form.ids.extend(Uuid::parse_str(&value)),
                "group" => form.group = value.into_owned(),
                "reason" => form.reason = value.into_owned(),
                "all" => form.is_all = true,
                "why" => form.why = value.into_owned(),
                _ => {}
            }
        }
        form
    }

    fn chosen(&mut self) -> Chosen {
        match self.is_all {
            true => Chosen::Cause {
                group: std::mem::take(&mut self.group),
                reason: std::mem::take(&mut self.reason),
            },
            false => Chosen::These(std::mem::take(&mut self.ids)),
        }
    }
}

pub async fn retry(visitor: Visitor, operator: Data<Operator>, body: Bytes) -> HttpResponse {
    let done = operator.retry_dead(Form::of(&body).chosen()).await;
    back(&visitor, done.map_err(Problem::from), "retried")
}

pub async fn discard(visitor: Visitor, operator: Data<Operator>, body: Bytes) -> HttpResponse {
    let mut form = Form::of(&body);
    let chosen = form.chosen();
    let done = operator.discard_dead(chosen, &form.why).await;
    back(&visitor, done, "discarded")
}

/// To the list, which says what was done.
fn back(visitor: &Visitor, done: Result<usize, Problem>, what: &str) -> HttpResponse {
    match done {
        Ok(count) => HttpResponse::SeeOther()
            .insert_header((LOCATION, format!("../dead?{what}={count}")))
            .finish(),
        Err(problem) => super::problem(visitor, &problem),
    }
}
