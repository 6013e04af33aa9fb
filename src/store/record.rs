//! What goes into the store and what comes out of it. Plain values; the rules are told at [`super::Store`].

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::core::event::Kind;

/// A delivery's id: a UUID of version 7, so that ids sort by the time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct DeliveryId(pub Uuid);

/// An outbox row's id. It is the message's idempotency key at the service (DingTalk's `msgUuid`) over all attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxId(pub Uuid);

impl DeliveryId {
    /// A new id, after all that this process made before.
    pub fn generate() -> DeliveryId {
        DeliveryId(Uuid::now_v7())
    }
}

impl OutboxId {
    pub fn generate() -> OutboxId {
        OutboxId(Uuid::new_v4())
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
    /// The vendor's own id of this request, where it sends one that a repetition keeps.
    pub vendor_key: Option<String>,
    /// SHA-256 of the body (and whatever else makes it the same), as hex.
    pub content_key: String,
    pub outbox: Vec<Outbox>,
}

/// What became of a delivery at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// Seen before, and nothing of it has failed.
    Duplicate {
        of: DeliveryId,
    },
    /// Seen before, and what had failed or was not routed then is now in the queue, under the earlier id.
    Retaken {
        of: DeliveryId,
    },
}

/// One message to be posted to one group: what stays the same about it from the route to the last attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    pub id: OutboxId,
    pub group: String,
    /// Name of the route that wants it.
    pub route: String,
    /// How it is to be written, as JSON by whom the route was made. The store does not look into it.
    pub plan: String,
    /// Goes ahead of everything that is not.
    pub urgent: bool,
}

/// A row that was taken from its queue, with all that is needed to write and post it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub outbox: Outbox,
    pub delivery: Delivery,
    pub payload: Payload,
    /// Since when it waits: accepted, or put back by a person. Its age for giving up.
    pub queued_at: Timestamp,
    /// How often it was put off with [`Next::RetryAt`] since then.
    pub failures: u32,
    /// The bot that may have posted it already, if any: its last attempt failed without a clear no, or was cut off.
    /// Only the same bot can post it again without the group seeing it twice, for services know a repeat by its key
    /// within one bot.
    pub bound_to: Option<String>,
    /// The body of the last attempt, for a retry to say the same words.
    pub wrote: Option<String>,
}

/// An attempt about to be made.
#[derive(Debug, Clone)]
pub struct Start {
    /// `None` for a test message; it counts against the bot's limit all the same.
    pub outbox: Option<OutboxId>,
    /// The bot's id, the same for all that share one credential.
    pub bot: String,
    /// What will be posted.
    pub body: String,
    /// Posts that the bot may make in any minute; at least one.
    pub per_minute: u32,
    /// Upper bound for this one, from start to answer.
    pub timeout: Duration,
}

/// Whether a bot may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Now, and it is counted. The row stays leased at least until the attempt's timeout.
    Granted(AttemptId),
    /// Not before `until`: its minute is full.
    Full { until: Timestamp },
    /// Not before `until`: it rests.
    Resting { until: Timestamp },
    /// The row no longer waits; somebody else has settled it.
    Gone,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The service's code, if it gave one.
    pub code: Option<String>,
    /// One plain sentence about it. Holds no secret.
    pub sentence: String,
    pub next: Next,
}

/// What is to become of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is in the group.
    Posted,
    /// Again, not before this time, and through the same bot. Counts as a failure, and holds up what is behind it.
    RetryAt(Timestamp),
    /// Back into the queue as it was, for no fault of its own: this attempt surely did not post it.
    Release,
    /// Back into the queue for another bot: this one cannot post anything until somebody mends it.
    Reassign,
    /// It waits for a person, for this reason.
    Dead(String),
}

/// A pause of a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    pub until: Timestamp,
    /// How many rests in a row this is.
    pub level: u32,
}

/// Which deliveries to list; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub source: Option<String>,
    pub repo: Option<String>,
}

/// A delivery in a list, with how many of its rows are where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLine {
    pub delivery: Delivery,
    pub waiting: u32,
    pub posted: u32,
    pub dead: u32,
    pub discarded: u32,
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
    /// In the order in which they were queued.
    pub outbox: Vec<OutboxRecord>,
}

/// Everything known about an outbox row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRecord {
    pub outbox: Outbox,
    pub state: State,
    pub queued_at: Timestamp,
    pub failures: u32,
    /// The body of the last attempt.
    pub wrote: Option<String>,
    /// In the order in which they began.
    pub attempts: Vec<Attempt>,
}

/// Where an outbox row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In the queue; in a retry pause until `due_at`.
    Waiting {
        due_at: Timestamp,
    },
    Posted {
        at: Timestamp,
    },
    /// It could not be posted and waits for a person.
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
}

/// The backlog of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub count: u32,
    /// Since when the one at the longest waits.
    pub oldest: Option<Timestamp>,
}
