//! What the routes make of a delivery, one that is kept or one that somebody has in hand: which match, and why the others
//! do not.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Operator, Problem};
use crate::checked::Checked;
use crate::config::SourceSettings;
use crate::core::event::Event;
use crate::core::route::{Miss, Verdict};
use crate::core::source::{self, Parsed, RawRequest};
use crate::store::record::DeliveryId;

/// What the routes make of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trial {
    /// What it tells, as conditions see it.
    pub event: String,
    /// Why it is silent by default, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// One for each route, in their order.
    pub verdicts: Vec<RouteVerdict>,
    /// For a ping: what the vendor will send and no route wants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unrouted: Vec<String>,
}

/// What became of one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteVerdict {
    pub route: String,
    /// The groups that it leads to.
    pub to: Vec<String>,
    pub is_final: bool,
    pub verdict: Word,
    /// The conditions that do not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<Missed>,
    /// The final route that matched before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Matched,
    Missed,
    /// It was not asked.
    Cut,
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Missed {
    /// The key of the route.
    pub condition: String,
    pub wanted: String,
    pub saw: String,
}

impl From<Miss> for Missed {
    fn from(miss: Miss) -> Missed {
        Missed {
            condition: miss.condition.to_owned(),
            wanted: miss.wanted,
            saw: miss.saw,
        }
    }
}

impl Trial {
    /// Asks all routes of a config about a delivery of the source named `source`.
    pub fn of(checked: &Checked, source: &str, parsed: &Parsed) -> Trial {
        let Parsed { event, payload, .. } = parsed;
        let verdicts = checked.routes.verdicts(source, event, payload);
        let verdicts = verdicts.into_iter().map(|(route, verdict)| {
            let spec = route.spec();
            let (verdict, misses, cut_by) = match verdict {
                Verdict::Matched => (Word::Matched, Vec::new(), None),
                Verdict::Missed(misses) => (Word::Missed, misses, None),
                Verdict::Cut(by) => (Word::Cut, Vec::new(), Some(by)),
            };
            RouteVerdict {
                route: spec.name.clone(),
                to: spec.to.clone(),
                is_final: spec.is_final,
                verdict,
                misses: misses.into_iter().map(Missed::from).collect(),
                cut_by,
            }
        });
        Trial {
            event: summary(event),
            quiet: event.quiet.as_ref().map(|quiet| quiet.reason.clone()),
            verdicts: verdicts.collect(),
            unrouted: checked.routes.unrouted(source, event),
        }
    }

    pub fn matched(&self) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|it| it.verdict == Word::Matched).count()
    }
}

impl Operator {
    /// Tries a request of the source named `source` against the routes in force. Its sender is not verified.
    pub fn try_request(&self, source: &str, request: &RawRequest) -> Result<Trial, Problem> {
        let in_force = self.current.load();
        let checked = &in_force.checked;
        let source = find_source(&checked.config.sources, source)?;
        let parsed = source::of(source.kind).parse(request).map_err(|error| {
            Problem::unfit(
                error.to_string(),
                format!(
                    "give the body of a webhook as {} sends it",
                    source.kind.title()
                ),
            )
        })?;
        Ok(Trial::of(checked, &source.name, &parsed))
    }

    /// Tries a delivery that is kept against the routes in force.
    pub async fn try_delivery(&self, id: DeliveryId) -> Result<Trial, Problem> {
        let found = self.store.delivery(id).await?;
        let record = found.ok_or_else(|| {
            Problem::unknown(
                format!("there is no delivery {id}"),
                "it may have been cleaned up",
            )
        })?;
        let request = RawRequest {
            headers: record.payload.headers,
            query: Vec::new(),
            body: record.payload.body,
        };
        let parsed = source::of(record.delivery.kind)
            .parse(&request)
            .map_err(|error| {
                Problem::unfit(
                    format!("this version cannot read delivery {id}: {error}"),
                    "it was taken in by another version",
                )
            })?;
        let in_force = self.current.load();
        Ok(Trial::of(
            &in_force.checked,
            &record.delivery.source,
            &parsed,
        ))
    }
}

/// The source of that name.
pub fn find_source<'a>(
    sources: &'a [SourceSettings],
    name: &str,
) -> Result<&'a SourceSettings, Problem> {
    sources
        .iter()
        .find(|source| source.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            Problem::unknown(
                format!("the config has no source `{name}`"),
                format!("its sources are {}", names.join(", ")),
            )
        })
}

/// The event in one line.
pub(super) fn summary(event: &Event) -> String {
    let parts = [
        Some(format!("{} {}", event.source.name(), event.event)),
        Some(event.action.clone()),
        event
            .status
            .as_ref()
            .map(|status| format!("status {status}")),
        event
            .repo
            .as_ref()
            .map(|repo| format!("repo {}", repo.name)),
        event
            .branch
            .as_ref()
            .map(|branch| format!("branch {branch}")),
        event.tag.as_ref().map(|tag| format!("tag {tag}")),
        event
            .actor
            .as_ref()
            .map(|actor| format!("actor {}", actor.name)),
        (!event.labels.is_empty()).then(|| format!("labels {}", event.labels.join(", "))),
    ];
    parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}
