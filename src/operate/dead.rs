//! Dead letters: what could not be posted and waits for a person.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Operator, Problem};
use crate::core::event::Kind;
use crate::store::StoreError;
use crate::store::record::{DeadCause, DeadFilter, DeadLetter, DeliveryId, OutboxId};

/// Dead letters of one group that have one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cause {
    pub group: String,
    /// What happened and what to do. Of a long one, the beginning, by which `retry` and `discard` know it.
    pub reason: String,
    pub count: u32,
    /// When the first and the last of them died.
    pub first: Timestamp,
    pub last: Timestamp,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Letter {
    /// The id that `retry` and `discard` take.
    #[schema(value_type = String)]
    pub id: Uuid,
    #[schema(value_type = String)]
    pub delivery: DeliveryId,
    pub group: String,
    pub route: String,
    pub source: String,
    #[schema(value_type = String)]
    pub kind: Kind,
    pub event: String,
    pub action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    pub title: String,
    pub received_at: Timestamp,
    pub died_at: Timestamp,
    pub reason: String,
    /// How often it was tried to post it.
    pub attempts: u32,
}

/// Which letters something is to be done with.
#[derive(Debug, Clone)]
pub enum Chosen {
    These(Vec<Uuid>),
    /// All of a cause, as [`Cause`] names it.
    Cause {
        group: String,
        reason: String,
    },
}

/// Letters that are taken at once.
const PAGE: u32 = 500;

impl Operator {
    /// What dead letters died of, the latest first.
    pub async fn dead_causes(&self) -> Result<Vec<Cause>, StoreError> {
        let causes = self.store.dead_causes().await?;
        Ok(causes.into_iter().map(Cause::from).collect())
    }

    /// Dead letters, newest first; the next page starts `before` the last of this one.
    pub async fn dead_letters(
        &self,
        filter: DeadFilter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Letter>, StoreError> {
        let letters = self.store.dead(filter, before.map(OutboxId), limit).await?;
        Ok(letters.into_iter().map(Letter::from).collect())
    }

    /// Puts dead letters back into their queues, to be written with today's templates. Returns how many were dead.
    pub async fn retry_dead(&self, chosen: Chosen) -> Result<usize, StoreError> {
        let retry = async |ids| self.store.retry_dead(ids, self.clock.now()).await;
        let done = self.of_chosen(chosen, retry).await?;
        self.doorbell.ring_all();
        Ok(done)
    }

    /// Gives dead letters up for good, for a reason. Returns how many were dead.
    pub async fn discard_dead(&self, chosen: Chosen, why: &str) -> Result<usize, Problem> {
        let why = why.trim();
        if why.is_empty() {
            return Err(Problem::unfit(
                "it is not said why they are discarded",
                "say why in a few words: it is kept with them, for whoever asks later",
            ));
        }
        let now = self.clock.now();
        let discard = async |ids| self.store.discard_dead(ids, why.to_owned(), now).await;
        Ok(self.of_chosen(chosen, discard).await?)
    }

    async fn of_chosen(
        &self,
        chosen: Chosen,
        act: impl AsyncFn(Vec<OutboxId>) -> Result<usize, StoreError>,
    ) -> Result<usize, StoreError> {
        let (group, reason) = match chosen {
            Chosen::These(ids) => return act(ids.into_iter().map(OutboxId).collect()).await,
            Chosen::Cause { group, reason } => (Some(group), Some(reason)),
        };
        let filter = DeadFilter { group, reason };
        let (mut done, mut before) = (0, None);
        loop {
            let page = self.store.dead(filter.clone(), before, PAGE).await?;
            let ids: Vec<OutboxId> = page.iter().map(|letter| letter.outbox.id).collect();
            // Those that die again meanwhile are newer ones, or behind us: each is taken once.
            let Some(last) = ids.last() else {
                return Ok(done);
            };
            before = Some(*last);
            done += act(ids).await?;
        }
    }
}

impl From<DeadCause> for Cause {
    fn from(cause: DeadCause) -> Cause {
        Cause {
            group: cause.group,
            reason: cause.reason,
            count: cause.count,
            first: cause.first,
            last: cause.last,
        }
    }
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Letter {
        let delivery = letter.delivery;
        Letter {
            id: letter.outbox.id.0,
            delivery: delivery.id,
            group: letter.outbox.group,
            route: letter.outbox.route,
            source: delivery.source,
            kind: delivery.kind,
            event: delivery.event,
            action: delivery.action,
            repo: delivery.repo,
            title: delivery.title,
            received_at: delivery.received_at,
            died_at: letter.died_at,
            reason: letter.reason,
            attempts: letter.attempts,
        }
    }
}
