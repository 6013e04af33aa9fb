//! The store: what was accepted, what is still to be posted, and what became of it. Survives restarts.
//!
//! [`Store`] is all that the running parts know; behind it lies SQLite ([`sqlite`]). The contract is written so that
//! a database shared by several replicas fits behind it too: rows are leased and not owned, limits are counted in
//! the store and not in a process, and every change is one transaction. Times come in as arguments, there is no clock
//! in here. No secret ever reaches the store: callers leave out headers that carry one.
//!
//! `tests/it/store/` holds every implementation to what is promised here.

pub mod record;
pub mod sqlite;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use record::{
    Accepted, AttemptId, DeadLetter, DeliveryFilter, DeliveryId, DeliveryLine, DeliveryRecord,
    Finish, Leased, NewDelivery, Outbox, OutboxId, Received, Rest, Slot, Start, Waiting,
};

/// What a store's method returns. A dropped future may or may not have had its effect, never half of it.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// How long a delivery without a vendor's id counts as the same when its content is the same. Vendors that send no
/// id repeat a failed request within minutes; the same words an hour later are news.
pub const SAME_CONTENT: Duration = Duration::from_secs(10 * 60);

/// The stretch of time in which a bot's attempts are counted: DingTalk's minute, and two seconds more because a
/// request that ended here may have been counted there a moment later.
pub const WINDOW: Duration = Duration::from_secs(60 + 2);

/// Everything durable. Writes are on disk when their future resolves.
pub trait Store: Send + Sync {
    /// Takes a delivery in, with its outbox rows.
    ///
    /// It is the same as an earlier one of its source if the vendor's key is the same or, without such a key, if the
    /// content is the same within [`SAME_CONTENT`]. Then nothing new is stored, but what went wrong is mended: dead
    /// rows of the earlier one wait again, and if it had no rows at all (no route wanted it then) it gets those of
    /// the new one.
    fn accept(&self, new: NewDelivery) -> Pending<'_, Accepted>;

    /// Takes the head of a group's queue, for nobody else to take before `until`: urgent rows first, then by age.
    /// `None` if nothing waits, or if the head is leased or in a retry pause: what is behind it must not overtake.
    fn lease<'a>(
        &'a self,
        group: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> Pending<'a, Option<Leased>>;

    /// When [`Store::lease`] can next return a row of this group, as far as is known; `None` if nothing waits.
    fn next_due<'a>(&'a self, group: &'a str) -> Pending<'a, Option<Timestamp>>;

    /// Asks for a bot's leave to post, and records the attempt if it is given.
    ///
    /// It is given so that no 60 seconds at the service's end ever hold more than `per_minute` posts: an attempt
    /// counts until [`WINDOW`] after its end, and one without a known end ends at its timeout. If it is not given, the
    /// row's lease is over: wait, and lease anew, for something urgent may have come.
    fn begin_attempt(&self, start: Start, now: Timestamp) -> Pending<'_, Slot>;

    /// Records how an attempt ended and what is to become of its row. A row that is settled already (its lease had
    /// expired and somebody else was faster) stays as it is.
    fn finish_attempt(&self, attempt: AttemptId, finish: Finish, now: Timestamp)
    -> Pending<'_, ()>;

    /// Makes a dead letter of a row for which no attempt can be made: it cannot be written as a message.
    fn bury(&self, id: OutboxId, reason: String, now: Timestamp) -> Pending<'_, ()>;

    /// Lets a bot rest. `level` is the caller's to keep: how often in a row it had to.
    fn rest_bot<'a>(&'a self, bot: &'a str, rest: Rest) -> Pending<'a, ()>;

    /// The last rest of a bot, also when it is over; `None` if it never had one since [`Store::reset_rest`].
    fn rest_of<'a>(&'a self, bot: &'a str) -> Pending<'a, Option<Rest>>;

    fn reset_rest<'a>(&'a self, bot: &'a str) -> Pending<'a, ()>;

    /// Deliveries, newest first, at most `limit`. The next page starts `before` the last id of this one.
    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeliveryLine>>;

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryRecord>>;

    /// Deliveries with their requests, newest first, at most `limit`, for whoever reads many of them again. The next
    /// page starts `before` the last id of this one. Bodies are large: ask for small pages.
    fn received(&self, before: Option<DeliveryId>, limit: u32) -> Pending<'_, Vec<Received>>;

    /// Dead letters, newest first, at most `limit`. The next page starts `before` the last row of this one.
    fn dead(
        &self,
        group: Option<String>,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeadLetter>>;

    /// Puts dead rows back into their queues, as if new but under the same key; returns how many of `ids` were dead.
    /// They are written anew: a person has mended the template or the bot.
    fn retry_dead(&self, ids: Vec<OutboxId>, now: Timestamp) -> Pending<'_, usize>;

    /// Gives dead rows up for good; returns how many of `ids` were dead.
    fn discard_dead(
        &self,
        ids: Vec<OutboxId>,
        reason: String,
        now: Timestamp,
    ) -> Pending<'_, usize>;

    /// Adds rows to a delivery, to post it once more; their new ids make them new messages. `false` if there is no
    /// such delivery.
    fn replay(&self, id: DeliveryId, rows: Vec<Outbox>, now: Timestamp) -> Pending<'_, bool>;

    /// How much waits for a group.
    fn waiting<'a>(&'a self, group: &'a str) -> Pending<'a, Waiting>;

    /// Groups for which something waits, also such as are no longer configured.
    fn groups_waiting(&self) -> Pending<'_, Vec<String>>;

    /// Writes something, to see whether that works.
    fn ready(&self) -> Pending<'_, ()>;

    /// Forgets up to `limit` deliveries that were over before `before` (received, and all of it settled), with their
    /// rows and attempts; never what waits or is dead. `before` must lie [`WINDOW`] back or more, for the attempts are
    /// what bots' minutes are counted by. Returns how many went; call again while it is `limit`, and let others write between.
    fn prune(&self, before: Timestamp, limit: u32) -> Pending<'_, usize>;
}

/// Why the store did not do what it was asked to. The text holds its cause; the type keeps it for whoever must tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Nothing is wrong with the request; the same may go through later. Senders are answered 503.
    #[error("the store cannot do that now: {0}")]
    Unavailable(Obstacle),
    /// What is stored is damaged, or was not written by this program.
    #[error("the store is damaged: {0}")]
    Corrupt(Arc<rusqlite::Error>),
    /// A fault of ours.
    #[error("the store failed: {0}")]
    Internal(Arc<rusqlite::Error>),
}

/// What keeps the store from working just now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Obstacle {
    #[error("too many requests are waiting for it")]
    Overloaded,
    #[error("it is closed")]
    Closed,
    /// Writes are committed in groups; the disk failed under another one of the group.
    #[error("another write failed, and this one was undone with it")]
    Undone,
    /// Disk full, locked by another program, not writable, unreadable.
    #[error("{0}")]
    Database(Arc<rusqlite::Error>),
}
