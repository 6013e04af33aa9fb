//! One delivery, explained: who sent it, what it says, what each route thinks of it, and what came of it in each group.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::deliveries::DeliveryItem;
use super::{Operator, Problem, bots};
use crate::checked::Checked;
use crate::core::route::{Miss, Route, Verdict};
use crate::core::source::{self, Evidence, Parsed, RawRequest};
use crate::store::record::{
    Attempt, DeliveryId, DeliveryRecord, MessageRecord, OutboxRecord, Payload,
};
use crate::store::search::{DeliveryLine, RowLine};

/// Everything that can be told of a delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explained {
    pub delivery: DeliveryItem,
    /// The vendor's own id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// How its sender was known; nothing where that was not kept yet when it came in.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Those that are kept: none that holds a secret or a signature is.
    pub headers: Vec<Header>,
    /// Bytes of the body.
    pub size: usize,
    /// The vendor's whole JSON.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// What the payload says, in the one shape that routes and templates see.
    #[schema(value_type = Object)]
    pub event: Value,
    /// Why it cannot be read, if so. Then there are no event and no routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What the routes of the config in force make of it, in their order.
    pub routes: Vec<RouteVerdict>,
    /// The place in `routes` of the one that came nearest, where none matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<usize>,
    /// Since when the config is in force.
    pub config_since: Timestamp,
    /// What came of it, in the order in which it was queued.
    pub told: Vec<Telling>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// What a route thinks of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteVerdict {
    pub name: String,
    pub to: Vec<String>,
    pub verdict: Word,
    /// The conditions that do not hold.
    #[schema(value_type = Vec<Object>)]
    pub misses: Vec<Miss>,
    /// The final route because of which this one was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_by: Option<String>,
    /// How the route wants it told, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    pub mention: Vec<String>,
    pub urgent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Matched,
    /// Matched, and no later route is asked.
    Final,
    Missed,
    NotAsked,
}

/// What came of a delivery in one group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Telling {
    #[serde(flatten)]
    pub came_of_it: super::deliveries::GroupOutcome,
    /// The route that wanted it.
    pub route: String,
    pub queued_at: Timestamp,
    pub urgent: bool,
    /// The group that it was meant for, if another one, and why it is told here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// All but the last were dissolved or died.
    pub messages: Vec<Told>,
}

/// A message that tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Told {
    /// Also its key at DingTalk (`msgUuid`).
    pub id: String,
    /// `single`, `digest` or `story`.
    #[schema(value_type = String)]
    pub shape: &'static str,
    /// Events in it.
    pub events: u32,
    /// As it was posted last.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Bytes of the body.
    pub size: usize,
    pub attempts: Vec<Try>,
}

/// An attempt to post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Try {
    /// The bot's name in the config, or its id where the config no longer has it.
    pub bot: String,
    pub started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<i64>,
    /// DingTalk's code, and what it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

impl Operator {
    pub async fn explain(&self, id: DeliveryId) -> Result<Explained, Problem> {
        let record = self.record(id).await?;
        let in_force = self.current.load();
        let read = read(&record);
        let routes = match &read {
            Ok(parsed) => verdicts(&in_force.checked, &record, parsed),
            Err(_) => Vec::new(),
        };
        let is_wanted = routes.iter().any(|route| route.misses.is_empty());
        let nearest = match is_wanted {
            true => None,
            false => (0..routes.len()).min_by_key(|at| distance(&routes[*at])),
        };
        let (payload, event, unreadable) = match read {
            Ok(parsed) => {
                let event = serde_json::to_value(&parsed.event).unwrap_or_default();
                (parsed.payload.value().clone(), event, None)
            }
            Err(reason) => (Value::Null, Value::Null, Some(reason)),
        };
        let headers = record.payload.headers.iter();
        let told = record.outbox.iter();
        Ok(Explained {
            headers: headers
                .map(|(name, value)| Header {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
            told: told.map(|row| telling(row, &in_force.checked)).collect(),
            delivery: item(&record),
            vendor_id: record.vendor_key,
            evidence: record.evidence,
            size: record.payload.body.len(),
            payload,
            event,
            unreadable,
            routes,
            nearest,
            config_since: in_force.since,
        })
    }
}

/// How far a route is from wanting an event: one for other events is farther than one for other repositories.
fn distance(route: &RouteVerdict) -> (usize, bool) {
    let misses_event = route.misses.iter().any(|miss| miss.condition == "event");
    (route.misses.len(), misses_event)
}

/// The request as it is stored.
pub(super) fn request(payload: &Payload) -> RawRequest {
    RawRequest {
        headers: payload.headers.clone(),
        query: Vec::new(),
        body: payload.body.clone(),
    }
}

/// What a delivery says, with what the runs before it say of it.
pub(super) fn read(record: &DeliveryRecord) -> Result<Parsed, String> {
    let mut parsed = source::of(record.delivery.kind)
        .parse(&request(&record.payload))
        .map_err(|error| error.to_string())?;
    if let Some(repeat) = &record.delivery.repeat {
        parsed.event.tell(repeat.clone());
    }
    Ok(parsed)
}

fn item(record: &DeliveryRecord) -> DeliveryItem {
    let rows = record.outbox.iter().map(line);
    DeliveryItem::from(DeliveryLine {
        delivery: record.delivery.clone(),
        rows: rows.collect(),
    })
}

fn line(row: &OutboxRecord) -> RowLine {
    let last = row.messages.last();
    RowLine {
        id: row.outbox.id,
        group: row.outbox.group.clone(),
        state: row.state.clone(),
        shape: last.map(|message| message.shape),
        failures: last.map_or(0, |message| message.failures),
    }
}

fn verdicts(checked: &Checked, record: &DeliveryRecord, parsed: &Parsed) -> Vec<RouteVerdict> {
    let source = &record.delivery.source;
    let verdicts = checked
        .routes
        .verdicts(source, &parsed.event, &parsed.payload);
    verdicts
        .into_iter()
        .map(|(route, verdict)| route_verdict(route, verdict))
        .collect()
}

fn route_verdict(route: &Route, verdict: Verdict) -> RouteVerdict {
    let spec = route.spec();
    let (verdict, misses, cut_by) = match verdict {
        Verdict::Matched if spec.is_final => (Word::Final, Vec::new(), None),
        Verdict::Matched => (Word::Matched, Vec::new(), None),
        Verdict::Missed(misses) => (Word::Missed, misses, None),
        Verdict::Cut(by) => (Word::NotAsked, Vec::new(), Some(by)),
    };
    RouteVerdict {
        name: spec.name.clone(),
        to: spec.to.clone(),
        verdict,
        misses,
        cut_by,
        template: spec.template.clone(),
        language: spec.language.map(|language| language.name().to_owned()),
        mention: spec.mention.clone(),
        urgent: spec.urgent,
    }
}

fn telling(row: &OutboxRecord, checked: &Checked) -> Telling {
    let told = |message: &MessageRecord| told(message, &row.outbox.group, checked);
    Telling {
        came_of_it: line(row).into(),
        route: row.outbox.route.clone(),
        queued_at: row.queued_at,
        urgent: row.outbox.urgent,
        meant_for: row.via.as_ref().map(|via| via.group.clone()),
        because: row.via.as_ref().map(|via| via.reason.clone()),
        messages: row.messages.iter().map(told).collect(),
    }
}

fn told(message: &MessageRecord, group: &str, checked: &Checked) -> Told {
    let attempt = |attempt: &Attempt| Try {
        bot: bots::name_of(&attempt.bot, group, checked),
        started_at: attempt.started_at,
        took_ms: attempt
            .finished_at
            .map(|at| at.duration_since(attempt.started_at).as_millis() as i64),
        code: attempt.code.clone(),
        sentence: attempt.sentence.clone(),
    };
    Told {
        id: message.id.to_string(),
        shape: message.shape.name(),
        events: message.rows,
        body: serde_json::from_str(&message.body).unwrap_or_default(),
        size: message.body.len(),
        attempts: message.attempts.iter().map(attempt).collect(),
    }
}
