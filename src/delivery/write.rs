//! Rows become a message: the stored requests are read again and put into words.
//!
//! What was decided when an event was accepted stays: which group, whether urgent, what it may be told with. How it is
//! worded is up to the config in force, all of it: templates, people, and template, language and mentions of its routes.
//! Otherwise a message would mix the routes of one config with the templates of another.

use jiff::Timestamp;

use crate::core::compose::Composer;
use crate::core::fold::{Occasion, Part};
use crate::core::message::Message;
use crate::core::route::{Plan, Routes};
use crate::core::source::{self, Parsed, RawRequest};
use crate::core::template::Language;
use crate::store::queue::{HeadRow, Pick};
use crate::store::record::{DeliveryId, Leased, MessageId, OutboxId, Shape};
use crate::store::{Store, StoreError};

/// Rows read at once for a digest; bodies are large.
const PAGE: u32 = 100;
/// Rows in one digest. A store takes no more of them in one transaction without keeping others waiting: a thousand take
/// SQLite about 12 ms.
const MOST_IN_DIGEST: usize = 1000;
/// Rows in one story.
const MOST_IN_STORY: u32 = 200;

/// A message and the rows that it tells.
pub struct Written {
    pub id: MessageId,
    pub shape: Shape,
    pub message: Message,
    pub rows: Vec<OutboxId>,
    /// What these tell of.
    pub deliveries: Vec<DeliveryId>,
}

/// A row that cannot be written, and why in a sentence.
pub type Unwritten = (OutboxId, String);

/// What rows are written with.
pub struct Writer<'a> {
    pub composer: &'a Composer,
    pub routes: &'a Routes,
    pub store: &'a dyn Store,
    pub language: Option<Language>,
    pub now: Timestamp,
}

impl Writer<'_> {
    pub fn single(&self, row: &Leased) -> Result<Written, Unwritten> {
        let failed = |reason| (row.outbox.id, reason);
        let (parsed, plan) = self.read(row).map_err(failed)?;
        let message = self
            .composer
            .compose(&part(row, &parsed, &plan), self.language)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Written {
            id: MessageId::of(row.outbox.id),
            shape: Shape::Single,
            message,
            rows: vec![row.outbox.id],
            deliveries: vec![row.delivery.id],
        })
    }

    /// The story of a thread. A row that cannot be read spoils it, and is told (or dies) alone.
    pub async fn story(
        &self,
        head: &HeadRow,
        thread: String,
    ) -> Result<Result<Written, Unwritten>, StoreError> {
        let first = &head.row;
        let others = self
            .store
            .behind(
                &first.outbox.group,
                Pick::Thread(thread),
                first.place,
                MOST_IN_STORY,
                self.now,
            )
            .await?;
        if others.is_empty() {
            return Ok(self.single(first));
        }
        let rows: Vec<&Leased> = std::iter::once(first).chain(&others).collect();
        Ok(self.told_together(&rows))
    }

    fn told_together(&self, rows: &[&Leased]) -> Result<Written, Unwritten> {
        let read_rows = self.read_all(rows.iter().copied())?;
        let parts: Vec<Part> = rows
            .iter()
            .zip(&read_rows)
            .map(|(row, (parsed, plan))| part(row, parsed, plan))
            .collect();
        let message = self
            .composer
            .story(&parts, self.language)
            .map_err(|error| (rows[0].outbox.id, error.to_string()))?
            .ok_or_else(|| (rows[0].outbox.id, "there is nothing to tell".to_owned()))?;
        Ok(Written {
            id: MessageId::generate(),
            shape: Shape::Story,
            message,
            rows: rows.iter().map(|row| row.outbox.id).collect(),
            deliveries: rows.iter().map(|row| row.delivery.id).collect(),
        })
    }

    /// A digest of the head row and as many behind it as `room` bytes hold.
    pub async fn digest(
        &self,
        head: &HeadRow,
        occasion: Occasion,
        room: usize,
    ) -> Result<Result<Written, Unwritten>, StoreError> {
        let unwritten = |error: crate::core::template::RenderError| {
            Ok(Err((head.row.outbox.id, error.to_string())))
        };
        let mut digest = match self.composer.digest(self.language, occasion, room) {
            Ok(digest) => digest,
            Err(error) => return unwritten(error),
        };
        let (mut told, mut deliveries) = (Vec::new(), Vec::new());
        let mut page = vec![head.row.clone()];
        while let Some(last) = page.last() {
            let after = last.place;
            let read_rows = match self.read_all(&page) {
                Ok(read) => read,
                Err(unreadable) => return Ok(Err(unreadable)),
            };
            let parts: Vec<Part> = page
                .iter()
                .zip(&read_rows)
                .map(|(row, (parsed, plan))| part(row, parsed, plan))
                .collect();
            let taken = match digest.add(&parts) {
                Ok(taken) => taken,
                Err(error) => {
                    return Ok(Err((page[error.at].outbox.id, error.to_string())));
                }
            };
            told.extend(page[..taken].iter().map(|row| row.outbox.id));
            deliveries.extend(page[..taken].iter().map(|row| row.delivery.id));
            if taken < page.len() {
                break;
            }
            if told.len() >= MOST_IN_DIGEST {
                break;
            }
            let group = &head.row.outbox.group;
            let more = self
                .store
                .behind(group, Pick::Foldable, after, PAGE, self.now);
            page = more.await?;
        }
        if told.len() == 1 {
            return Ok(self.single(&head.row));
        }
        match digest.finish() {
            Ok(message) => Ok(Ok(Written {
                id: MessageId::generate(),
                shape: Shape::Digest,
                message,
                rows: told,
                deliveries,
            })),
            Err(error) => unwritten(error),
        }
    }

    /// All of them; or the first that cannot be read.
    fn read_all<'r>(
        &self,
        rows: impl IntoIterator<Item = &'r Leased>,
    ) -> Result<Vec<(Parsed, Plan)>, Unwritten> {
        rows.into_iter()
            .map(|row| self.read(row).map_err(|reason| (row.outbox.id, reason)))
            .collect()
    }

    fn read(&self, row: &Leased) -> Result<(Parsed, Plan), String> {
        let request = RawRequest {
            headers: row.payload.headers.clone(),
            query: Vec::new(),
            body: row.payload.body.clone(),
        };
        let mut parsed = source::of(row.delivery.kind)
            .parse(&request)
            .map_err(|error| error.to_string())?;
        let plan = serde_json::from_str(&row.outbox.plan).map_err(|error| error.to_string())?;
        let plan = self.worded_today(plan, &row.delivery.source, &parsed);
        if let Some(repeat) = &row.delivery.repeat {
            parsed.event.tell(repeat.clone());
        }
        Ok((parsed, plan))
    }

    /// The plan, worded as the routes in force would. Where they no longer lead to the group it keeps its own words, as
    /// far as there are templates for them.
    fn worded_today(&self, kept: Plan, source: &str, parsed: &Parsed) -> Plan {
        let today = self.routes.decide(source, &parsed.event, &parsed.payload);
        let same_group = |plan: &Plan| plan.group == kept.group;
        match today.plans.into_iter().find(same_group) {
            Some(today) => Plan {
                template: today.template,
                language: today.language,
                mention: today.mention,
                ..kept
            },
            None => Plan {
                template: kept
                    .template
                    .filter(|name| self.composer.templates.contains(name)),
                ..kept
            },
        }
    }
}

fn part<'a>(row: &'a Leased, parsed: &'a Parsed, plan: &'a Plan) -> Part<'a> {
    Part {
        parsed,
        plan,
        received_at: row.delivery.received_at,
        via: row.via.as_ref(),
    }
}
