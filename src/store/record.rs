//! What goes into the store and what comes out of it. Plain values; the rules are told at [`super::Store`].

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use uuid::{ContextV7, Uuid};

use crate::core::event::{Event, Kind};
use crate::core::history::{self, Repeat, Run};
use crate::core::message::Via;
use crate::core::route::Plan;
use crate::core::source::Evidence;

/// A delivery's id: a UUID of version 7, so that ids sort by the time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct DeliveryId(pub Uuid);

/// An outbox row's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxId(pub Uuid);

/// A message's id. It is its idempotency key at the service (DingTalk's `msgUuid`) over all attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub Uuid);

impl DeliveryId {
    /// A new id of this moment, after all that this process made before.
    pub fn generate() -> DeliveryId {
        DeliveryId(Uuid::now_v7())
    }

    /// Sorts before all ids of that time and after all of the millisecond before; none where no id is so old.
    pub(super) fn before_all_of(time: Timestamp) -> Option<DeliveryId> {
        let millis = u128::try_from(time.as_millisecond()).ok()?;
        Some(DeliveryId(Uuid::from_u128(millis << 80)))
    }
}

/// Makes ids of the times of receipt.
#[derive(Debug, Default)]
pub struct DeliveryIds(Mutex<ContextV7>);

impl DeliveryIds {
    /// After all that were made before, also when the clock was set back since.
    pub fn next(&self, now: Timestamp) -> DeliveryId {
        let since = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH));
        let since = since.unwrap_or_default();
        let time = uuid::Timestamp::from_unix(&self.0, since.as_secs(), since.subsec_nanos());
        DeliveryId(Uuid::new_v7(time))
    }
}

impl OutboxId {
    pub fn generate() -> OutboxId {
        OutboxId(Uuid::now_v7())
    }
}

impl MessageId {
    /// Of a message that tells this row alone. It is the same when the row is told again after it had failed, so that
    /// even then the group does not see it twice.
    pub fn of(row: OutboxId) -> MessageId {
        MessageId(row.0)
    }

    /// Of a message that tells several rows.
    pub fn generate() -> MessageId {
        MessageId(Uuid::new_v4())
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OutboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An attempt's number in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub i64);

/// One webhook request, without its bulk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    /// Name of the configured source.
    pub source: String,
    pub kind: Kind,
    /// The vendor's words, as in [`crate::core::event::Event`].
    pub event: String,
    pub action: String,
    pub repo: Option<String>,
    pub object: Option<String>,
    /// One line for lists.
    pub title: String,
    pub url: Option<String>,
    pub received_at: Timestamp,
    /// Why nobody is told of it, if so.
    pub ignored: Option<String>,
    /// What the runs of the same pipeline before it say of it.
    pub repeat: Option<Repeat>,
}

impl Delivery {
    /// How [`Delivery::ignored`] begins where no route wants it; everything else says why it is silent.
    pub const UNROUTED: &'static str = "no route wants";
}

/// The request itself. Headers have lower-case names, and none of them carries a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload {
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// A delivery to be taken in.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub delivery: Delivery,
    pub payload: Payload,
    /// How its sender was known.
    pub evidence: Evidence,
    /// The vendor's own id of this request, where it sends one that a repetition keeps.
    pub vendor_key: Option<String>,
    /// SHA-256 of the body (and whatever else makes it the same), as hex; empty where the vendor's key decides.
    pub content_key: String,
    /// Where it tells of a pipeline's run; the store remembers the last one of each pipeline.
    pub run: Option<Run>,
    pub outbox: Vec<Outbox>,
}

impl NewDelivery {
    /// Compares its run with what is known of the runs before. Returns what is to be kept of it, for the next one.
    pub(super) fn compare(&mut self, before: Option<history::State>) -> Option<history::State> {
        let run = self.run.as_ref()?;
        let (state, repeat) = history::advance(before, run, self.delivery.received_at);
        self.remember(repeat);
        Some(state)
    }

    /// Keeps what the runs before say of it: here, or of the earlier delivery that it repeats. Where that was told already,
    /// only urgent rows are left.
    pub(super) fn remember(&mut self, repeat: Option<Repeat>) {
        let hushed = repeat.as_ref().and_then(Repeat::hushed);
        self.delivery.repeat = repeat;
        if let Some(why) = hushed {
            self.outbox.retain(|row| row.urgent);
            if self.outbox.is_empty() && self.delivery.ignored.is_none() {
                self.delivery.ignored = Some(why.to_owned());
            }
        }
    }
}

/// What became of a delivery at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Kept; `ignored` says why nobody is told of it, if so.
    New { ignored: Option<String> },
    /// Seen before, and nothing of it has failed.
    Duplicate { of: DeliveryId },
    /// Seen before, and what had failed or was not routed then is now in the queue, under the earlier id.
    Retaken { of: DeliveryId },
}

/// One event that one group is to hear of: what stays the same about it from the route to the message that tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    pub id: OutboxId,
    pub group: String,
    /// Name of the route that wants it.
    pub route: String,
    /// How it is to be written, as JSON by whom the route was made. The store does not look into it.
    pub plan: String,
    /// Goes ahead of everything that is not, in a message of its own.
    pub urgent: bool,
    /// May be told in a digest together with others.
    pub folds: bool,
    /// Held back for a while, so that what comes to the same thing meanwhile is told with it.
    pub gather: Option<Gather>,
}

impl Outbox {
    /// A new row for what the routes made of an event.
    pub fn of(plan: Plan, event: &Event) -> Outbox {
        let gather = plan.gather.zip(event.thread());
        Outbox {
            id: OutboxId::generate(),
            group: plan.group.clone(),
            route: plan.route.clone(),
            urgent: plan.urgent,
            folds: plan.digest && !plan.urgent,
            gather: gather.map(|(window, thread)| Gather { thread, window }),
            plan: serde_json::to_string(&plan)
                .expect("a plan is made of texts and has no map keys"),
        }
    }
}

/// A row waits for others of its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// What is told together: `github:acme/shop:pull_request:42`.
    pub thread: String,
    /// How long the first row of a thread waits, in whole seconds; later ones wait only for the rest of that time.
    pub window: Duration,
}

/// A row that is to be told, with all that is needed to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// Its place in the queue.
    pub place: i64,
    pub outbox: Outbox,
    pub delivery: Delivery,
    pub payload: Payload,
    /// Since when it waits: accepted, or put back by a person.
    pub queued_at: Timestamp,
    /// Set where it was meant for another group.
    pub via: Option<Via>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One event.
    Single,
    /// Several events, because there were more than the group's bots may tell one by one.
    Digest,
    /// Several events of one thing.
    Story,
}

impl Shape {
    pub const ALL: [Shape; 3] = [Shape::Single, Shape::Digest, Shape::Story];

    pub fn name(self) -> &'static str {
        match self {
            Shape::Single => "single",
            Shape::Digest => "digest",
            Shape::Story => "story",
        }
    }

    pub fn from_name(name: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.name() == name)
    }
}

/// A delivery with the request itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub delivery: Delivery,
    pub payload: Payload,
}

/// Everything known about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    pub delivery: Delivery,
    pub payload: Payload,
    /// How its sender was known; `None` where an older version took it in.
    pub evidence: Option<Evidence>,
    /// The vendor's own id of this request.
    pub vendor_key: Option<String>,
    /// In the order in which they were queued.
    pub outbox: Vec<OutboxRecord>,
}

/// Everything known about an outbox row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRecord {
    pub outbox: Outbox,
    pub state: State,
    pub queued_at: Timestamp,
    pub via: Option<Via>,
    /// The messages that were to tell it, in the order in which they were begun. All but the last were dissolved or
    /// died.
    pub messages: Vec<MessageRecord>,
}

/// A message, as far as it concerns one of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    pub id: MessageId,
    pub shape: Shape,
    /// How many rows it tells.
    pub rows: u32,
    /// How often it was put off.
    pub failures: u32,
    /// The body of the last attempt.
    pub body: String,
    pub attempts: Vec<Attempt>,
}

/// Where an outbox row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In its queue, or in a message that is being posted; not to be told before `due_at`.
    Waiting {
        due_at: Timestamp,
    },
    Posted {
        at: Timestamp,
    },
    /// It waits for a person.
    Dead {
        at: Timestamp,
        reason: String,
    },
    /// A person gave it up.
    Discarded {
        at: Timestamp,
        reason: String,
    },
}

/// One try to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub id: AttemptId,
    pub bot: String,
    pub started_at: Timestamp,
    /// `None` while it runs, and for ever if the program died under it.
    pub finished_at: Option<Timestamp>,
    pub code: Option<String>,
    pub sentence: Option<String>,
}

/// A dead letter in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub outbox: Outbox,
    pub delivery: Delivery,
    pub died_at: Timestamp,
    pub reason: String,
    /// How often it was tried to post it.
    pub attempts: u32,
}

/// Which dead letters are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadFilter {
    pub group: Option<String>,
    /// As in [`DeadCause::reason`].
    pub reason: Option<String>,
}

/// Dead letters of a group that have one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadCause {
    pub group: String,
    /// The beginning of their reason, [`DeadCause::BEGINNING`] characters at most: those that begin alike are one cause.
    pub reason: String,
    pub count: u32,
    /// When the first and the last of them died.
    pub first: Timestamp,
    pub last: Timestamp,
}

impl DeadCause {
    pub const BEGINNING: usize = 200;
}

/// The backlog of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub count: u32,
    /// Since when the one at the longest waits.
    pub oldest: Option<Timestamp>,
}
