//! Deliveries: finding them, and posting one once more.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Operator, Problem};
use crate::core::event::Kind;
use crate::store::record::{DeliveryId, DeliveryRecord, Outbox, OutboxId, State};
use crate::store::search::{DeliveryFilter, DeliveryLine, Edge, Outcome, Place, RowLine, Search};

/// A delivery in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryItem {
    #[schema(value_type = String)]
    pub id: DeliveryId,
    pub source: String,
    #[schema(value_type = String)]
    pub kind: Kind,
    pub event: String,
    pub action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// What it is about and who did it, in one line.
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub received_at: Timestamp,
    /// `waiting`, `retrying`, `posted`, `digest`, `dead`, `discarded`, `unrouted` or `ignored`: of several groups, the
    /// one that needs a person first.
    #[serde(serialize_with = "name_of")]
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// Why no group hears of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
    pub groups: Vec<GroupOutcome>,
}

/// What came of a delivery in one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupOutcome {
    pub group: String,
    /// The id of the outbox row, which `dead retry` takes.
    #[schema(value_type = String)]
    pub row: Uuid,
    #[serde(serialize_with = "name_of")]
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// When it was posted, died or was discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// Not before then, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Why it died or was discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often its message was put off.
    pub failures: u32,
}

fn name_of<S: serde::Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(outcome.name())
}

impl From<DeliveryLine> for DeliveryItem {
    fn from(line: DeliveryLine) -> DeliveryItem {
        let outcome = line.outcome();
        let delivery = line.delivery;
        DeliveryItem {
            id: delivery.id,
            source: delivery.source,
            kind: delivery.kind,
            event: delivery.event,
            action: delivery.action,
            repo: delivery.repo,
            title: delivery.title,
            url: delivery.url,
            received_at: delivery.received_at,
            outcome,
            ignored: delivery.ignored,
            groups: line.rows.into_iter().map(GroupOutcome::from).collect(),
        }
    }
}

impl From<RowLine> for GroupOutcome {
    fn from(row: RowLine) -> GroupOutcome {
        let outcome = row.outcome();
        let (settled_at, due_at, reason) = match row.state {
            State::Waiting { due_at } => (None, Some(due_at), None),
            State::Posted { at } => (Some(at), None, None),
            State::Dead { at, reason } | State::Discarded { at, reason } => {
                (Some(at), None, Some(reason))
            }
        };
        GroupOutcome {
            group: row.group,
            row: row.id.0,
            outcome,
            settled_at,
            due_at,
            reason,
            failures: row.failures,
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listing {
    /// Newest first.
    pub deliveries: Vec<DeliveryItem>,
    /// Where the search goes on; nothing when everything was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// Where a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct More {
    /// The last delivery that was looked at: the next page's `before`, or `after`.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// When it was received: so far it was searched.
    pub received_at: Timestamp,
    /// Whether the page is full. Otherwise it was looked for long enough, and there may be others.
    pub page_is_full: bool,
}

/// What somebody asks for, in words: the parameters of the page and of the API. Empty ones do not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A delivery id (the vendor's or Hookbell's), or words of the title or of the repository's name.
    pub q: String,
    pub source: String,
    /// The vendor: `github`, `gitlab`, `jira`, `codeup` or `travis`.
    pub kind: String,
    pub event: String,
    pub action: String,
    pub repo: String,
    pub group: String,
    /// `waiting` (holds `retrying`), `retrying`, `posted` (holds `digest`), `digest`, `dead`, `discarded`, `unrouted` or
    /// `ignored`.
    pub outcome: String,
    /// Received then or later: a time such as `2026-11-26T14:00:00Z`, or how long ago, such as `2h`.
    pub since: String,
    /// Received before: a time, or how long ago.
    pub until: String,
    /// The vendor's delivery id, or Hookbell's.
    pub id: String,
    /// Only those before the delivery of this id, newest first.
    pub before: String,
    /// Only those after the delivery of this id: the ones that follow it.
    pub after: String,
}

impl Asked {
    /// The conditions, by their parameters' names.
    pub fn conditions(&self) -> [(&'static str, &str); 11] {
        [
            ("q", &self.q),
            ("source", &self.source),
            ("kind", &self.kind),
            ("event", &self.event),
            ("action", &self.action),
            ("repo", &self.repo),
            ("group", &self.group),
            ("outcome", &self.outcome),
            ("since", &self.since),
            ("until", &self.until),
            ("id", &self.id),
        ]
    }

    /// All of it.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let place = [("before", &*self.before), ("after", &*self.after)];
        self.conditions().into_iter().chain(place).collect()
    }

    /// Without the condition of that name.
    pub fn without(mut self, name: &str) -> Asked {
        match name {
            "q" => self.q.clear(),
            "source" => self.source.clear(),
            "kind" => self.kind.clear(),
            "event" => self.event.clear(),
            "action" => self.action.clear(),
            "repo" => self.repo.clear(),
            "group" => self.group.clear(),
            "outcome" => self.outcome.clear(),
            "since" => self.since.clear(),
            "until" => self.until.clear(),
            "id" => self.id.clear(),
            _ => {}
        }
        self
    }

    /// Where the page starts.
    pub fn place(&self) -> Result<Place, Problem> {
        match (self.before.as_str(), self.after.as_str()) {
            ("", "") => Ok(Place::Newest),
            (before, "") => delivery_id(before).map(Place::Before),
            ("", after) => delivery_id(after).map(Place::After),
            _ => Err(Problem::unfit(
                "`before` and `after` do not go together",
                "give one of them",
            )),
        }
    }

    fn filter(&self, now: Timestamp) -> Result<DeliveryFilter, Problem> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let one_of = |what: &str, text: &str, known: Vec<&str>| {
            Problem::unfit(
                format!("there is no {what} `{text}`"),
                format!("known are {}", known.join(", ")),
            )
        };
        let kind = given(&self.kind)
            .map(|text| {
                let known = || Kind::ALL.into_iter().map(Kind::name).collect();
                Kind::from_name(&text).ok_or_else(|| one_of("kind", &text, known()))
            })
            .transpose()?;
        let outcome = given(&self.outcome)
            .map(|text| {
                let known = || Outcome::ALL.into_iter().map(Outcome::name).collect();
                Outcome::from_name(&text).ok_or_else(|| one_of("outcome", &text, known()))
            })
            .transpose()?;
        Ok(DeliveryFilter {
            source: given(&self.source),
            kind,
            event: given(&self.event),
            action: given(&self.action),
            repo: given(&self.repo),
            group: given(&self.group),
            outcome,
            since: given(&self.since)
                .map(|text| time(&text, now))
                .transpose()?,
            until: given(&self.until)
                .map(|text| time(&text, now))
                .transpose()?,
            key: given(&self.id),
            text: given(&self.q),
        })
    }
}

/// A delivery's id as it is written.
pub fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    Uuid::parse_str(text.trim()).map(DeliveryId).map_err(|_| {
        Problem::unfit(
            format!("`{text}` is no delivery id"),
            "a delivery id looks like 019ac0f2-7d31-7c4e-9a55-3d2c1b0a9f8e",
        )
    })
}

/// A time as it is written: itself, or how long ago.
fn time(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let ago = || {
        let ago = humantime::parse_duration(text).ok()?;
        now.checked_sub(ago).ok()
    };
    text.parse().ok().or_else(ago).ok_or_else(|| {
        Problem::unfit(
            format!("`{text}` is no time"),
            "write a time such as 2026-11-26T14:00:00Z, or how long ago, such as 2h",
        )
    })
}

/// How long a page may look for deliveries until it shows what it has.
pub const PATIENCE: Duration = Duration::from_millis(80);

/// Longer texts are cut: every title is compared with them.
const LONGEST_TEXT: usize = 200;

impl Operator {
    /// What was asked for, at most `limit` of it: a page, or what was found of it when patience was over.
    pub async fn search(
        &self,
        asked: &Asked,
        limit: u32,
        patience: Duration,
    ) -> Result<Listing, Problem> {
        let mut filter = asked.filter(self.clock.now())?;
        let from = asked.place()?;
        if let Some(word) = &filter.text
            && filter.key.is_none()
            && !word.contains(char::is_whitespace)
        {
            // One word may be an id, which an index knows.
            let by_id = DeliveryFilter {
                key: Some(word.clone()),
                text: None,
                ..filter.clone()
            };
            let listing = self.find(by_id, from, limit, patience).await?;
            if !listing.deliveries.is_empty() {
                return Ok(listing);
            }
        }
        if filter
            .text
            .as_ref()
            .is_some_and(|text| text.len() > LONGEST_TEXT)
        {
            filter.text = filter
                .text
                .map(|text| text.chars().take(LONGEST_TEXT).collect());
        }
        self.find(filter, from, limit, patience).await
    }

    /// Looks for deliveries until the page is full, everything was looked at, or it took too long.
    async fn find(
        &self,
        filter: DeliveryFilter,
        from: Place,
        limit: u32,
        patience: Duration,
    ) -> Result<Listing, Problem> {
        let begun = Instant::now();
        let mut search = Search::new(filter).from(from);
        let mut lines = Vec::new();
        let (edge, page_is_full) = loop {
            let found = u32::try_from(lines.len()).unwrap_or(limit);
            search.limit = limit.saturating_sub(found);
            let step = self.store.deliveries(search.clone()).await?;
            match search.from {
                Place::After(_) => lines.splice(..0, step.lines).for_each(drop),
                Place::Newest | Place::Before(_) => lines.extend(step.lines),
            }
            let Some(Edge { from, .. }) = step.rest else {
                break (None, false);
            };
            let is_full = lines.len() >= limit as usize;
            if is_full || begun.elapsed() >= patience {
                break (step.rest, is_full);
            }
            search.from = match search.from {
                Place::After(_) => Place::After(from),
                Place::Newest | Place::Before(_) => Place::Before(from),
            };
        };
        Ok(Listing {
            deliveries: lines.into_iter().map(DeliveryItem::from).collect(),
            more: edge.map(|edge| More {
                id: edge.from,
                received_at: edge.received_at,
                page_is_full,
            }),
        })
    }

    /// The body of a delivery's request, as it came.
    pub async fn raw(&self, id: DeliveryId) -> Result<Bytes, Problem> {
        Ok(self.record(id).await?.payload.body)
    }

    pub(super) async fn record(&self, id: DeliveryId) -> Result<DeliveryRecord, Problem> {
        let found = self.store.delivery(id).await?;
        found.ok_or_else(|| {
            Problem::unknown(
                format!("there is no delivery {id}"),
                "find it among the deliveries; it may have been cleaned up since (`store.retention`)",
            )
        })
    }

    /// Puts a delivery into the queues of its groups once more, to be written with today's templates. Returns the groups.
    pub async fn replay(&self, id: DeliveryId) -> Result<Vec<String>, Problem> {
        let record = self.record(id).await?;
        let repeat = record.delivery.repeat.as_ref();
        let mut rows: Vec<Outbox> = record.outbox.into_iter().map(|row| row.outbox).collect();
        rows.sort_by(|a, b| a.group.cmp(&b.group));
        rows.dedup_by(|a, b| a.group == b.group);
        if rows.is_empty() && repeat.is_some_and(|repeat| repeat.hushed().is_some()) {
            return Err(Problem::unfit(
                format!("delivery {id} told nobody, because its pipeline was flapping"),
                "the message that told so is among the deliveries before it; make the route urgent to hear of every run",
            ));
        }
        if rows.is_empty() {
            return Err(Problem::unfit(
                format!("no route wanted delivery {id}, so there is nothing to post"),
                "let a route name its event, then render it afresh, or send it again from the vendor's page",
            ));
        }
        self.queue(id, rows).await
    }

    /// Queues new rows of a delivery, and wakes whom they concern.
    pub(super) async fn queue(
        &self,
        id: DeliveryId,
        mut rows: Vec<Outbox>,
    ) -> Result<Vec<String>, Problem> {
        for row in &mut rows {
            row.id = OutboxId::generate();
            // Somebody waits for it.
            row.gather = None;
        }
        let groups: Vec<String> = rows.iter().map(|row| row.group.clone()).collect();
        let is_known = self.store.replay(id, rows, self.clock.now()).await?;
        if !is_known {
            return Err(Problem::unknown(
                format!("delivery {id} was cleaned up meanwhile"),
                "raise `store.retention` to keep them for longer",
            ));
        }
        groups.iter().for_each(|group| self.doorbell.ring(group));
        Ok(groups)
    }
}
