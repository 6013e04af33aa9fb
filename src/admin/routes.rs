//! Routes: the table in order, how often each was used, and trying a payload or a delivery against it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Moment, Nav};
use super::visitor::Visitor;
use super::words::{Words, number};
use crate::core::source::RawRequest;
use crate::operate::routes::RouteRow;
use crate::operate::trial::{RouteVerdict, Trial, Word};
use crate::operate::{Operator, Problem};
use crate::store::record::DeliveryId;

#[derive(Template)]
#[template(path = "admin/routes.html")]
struct RoutesPage {
    frame: Frame,
    words: &'static Words,
    /// What was counted, as a sentence.
    counted: String,
    rows: Vec<Row>,
    sources: Vec<String>,
    given: Given,
    trial: Option<Result<Trial, Problem>>,
}

/// A route with how often it was used, in words.
struct Row {
    route: RouteRow,
    used: String,
    last: Option<(Moment, String)>,
}

/// What somebody filled in.
#[derive(Default, Deserialize)]
pub struct Given {
    #[serde(default)]
    source: String,
    #[serde(default)]
    headers: String,
    #[serde(default)]
    payload: String,
    #[serde(default)]
    delivery: String,
}

impl RoutesPage {
    /// The mark and the word that go with a verdict.
    fn mark(&self, verdict: &RouteVerdict) -> (&'static str, &'static str, &'static str) {
        match verdict.verdict {
            Word::Matched => ("ok", "m-ok", self.words.routes.match_word),
            Word::Missed => ("off", "m-mute", self.words.routes.miss_word),
            Word::Cut => ("off", "m-off", self.words.routes.cut_word),
        }
    }
}

/// The table and, with `?delivery=`, what the routes make of that one.
pub async fn page(visitor: Visitor, operator: Data<Operator>, given: Query<Given>) -> HttpResponse {
    let given = given.into_inner();
    let trial = match given.delivery.trim() {
        "" => None,
        id => Some(match Uuid::parse_str(id) {
            Ok(id) => operator.try_delivery(DeliveryId(id)).await,
            Err(_) => {
                let words = &visitor.words.routes;
                Err(Problem::unfit(words.bad_id, words.bad_id_do))
            }
        }),
    };
    show(&visitor, &operator, given, trial).await
}

/// Tries what was pasted.
pub async fn attempt(
    visitor: Visitor,
    operator: Data<Operator>,
    given: Form<Given>,
) -> HttpResponse {
    let given = given.into_inner();
    let trial = headers(&given.headers, visitor.words).and_then(|headers| {
        let request = RawRequest {
            headers,
            query: Vec::new(),
            body: given.payload.trim().to_owned().into(),
        };
        operator.try_request(&given.source, &request)
    });
    show(&visitor, &operator, given, Some(trial)).await
}

async fn show(
    visitor: &Visitor,
    operator: &Operator,
    given: Given,
    trial: Option<Result<Trial, Problem>>,
) -> HttpResponse {
    let words = visitor.words;
    let of = &words.routes;
    let now = operator.clock.now();
    let table = match operator.routes().await {
        Ok(table) => table,
        Err(error) => return super::problem(visitor, &error.into()),
    };
    let row = |route: &RouteRow| Row {
        used: match route.matched {
            0 => of.not_once.to_owned(),
            count => (of.times)(&number(count.into())),
        },
        last: route.last.map(|last| {
            let age = (words.span)(now.duration_since(last));
            (Moment::of(last), (of.last)(&age))
        }),
        route: route.clone(),
    };
    let status = match &trial {
        Some(Err(problem)) => super::status_of(problem),
        _ => StatusCode::OK,
    };
    let in_force = operator.current.load();
    let sources = in_force.checked.config.sources.iter();
    super::page(
        status,
        &RoutesPage {
            frame: Frame::new(visitor, Nav::Routes, (of.title)(table.routes.len())),
            words,
            counted: match table.since {
                Some(since) => {
                    (of.counted)(&number(table.counted.into()), &Moment::of(since).whole)
                }
                None => of.nothing_counted.to_owned(),
            },
            rows: table.routes.iter().map(row).collect(),
            sources: sources.map(|source| source.name.clone()).collect(),
            given,
            trial,
        },
    )
}

/// Headers as they are pasted, one a line; their names in lower case.
pub(super) fn headers(text: &str, words: &Words) -> Result<Vec<(String, String)>, Problem> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                Problem::unfit((words.routes.bad_header)(line), words.routes.bad_header_do)
            })?;
            Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
}
