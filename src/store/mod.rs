//! The store: what was accepted, what is still to be posted, and what became of it. Survives restarts.
//!
//! [`Store`] is all that the running parts know; behind it lies a database. The contract is written for one that
//! several replicas share: a group's queue is leased and not owned, limits are counted in the store and not in a
//! process, and every change is one transaction. Times come in as arguments, there is no clock in here. No secret ever
//! reaches the store: callers leave out headers that carry one.
//!
//! A *row* of the outbox is one event for one group; a *message* tells one row or several. A row waits in its group's
//! queue until a message with it is begun, and again if that message is dissolved.
//!
//! `tests/it/store/` holds every implementation to what is promised here.

pub mod figures;
mod pack;
pub mod postgres;
pub mod queue;
pub mod record;
pub mod search;
pub mod sqlite;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use figures::{Arrivals, ChatMessage, ChatPlace, Plans};
use queue::{Ask, Finish, Head, Load, Pick, Rest, Slot, Start, Usage, WorkerId};
use record::{
    Accepted, AttemptId, DeadCause, DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, Leased,
    NewDelivery, Outbox, OutboxId, Received, Waiting,
};
use search::{Found, Search};

/// What a store's method returns. A dropped future may or may not have had its effect, never half of it.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// How long a delivery without a vendor's id counts as the same when its content is the same. Vendors that send no
/// id repeat a failed request within minutes; the same words an hour later are news.
pub const SAME_CONTENT: Duration = Duration::from_secs(10 * 60);

/// The stretch of time in which a bot's attempts are counted: DingTalk's minute, and two seconds more because a
/// request that ended here may have been counted there a moment later.
pub const WINDOW: Duration = Duration::from_secs(60 + 2);

/// A time that lies this far ahead, or farther, was written by a clock that has been set back since; nobody waits for
/// it. No pause that is ever made is so long: a gather window ends within 10 minutes, a retry pause within 5.
pub const FARTHEST: Duration = Duration::from_secs(15 * 60);

/// Told which group's queue has something new in it; `None`: any may have.
pub type Ring = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// Everything durable. Writes are on disk when their future resolves.
pub trait Store: Send + Sync {
    /// Takes a delivery in, with its outbox rows.
    ///
    /// It is the same as an earlier one of its source if the vendor's key is the same or, without such a key, if the
    /// content is the same within [`SAME_CONTENT`]. Then nothing new is stored, but what went wrong is mended: dead
    /// rows of the earlier one wait again, and if it had no rows at all (no route wanted it then) it gets those of
    /// the new one.
    ///
    /// A row that gathers is held back for its window; one whose thread has a row waiting in the group is held back
    /// as long as that.
    ///
    /// A new delivery that tells of a run is compared with the last one of the same pipeline, see
    /// [`crate::core::history`]. What comes out is kept with it; of a pipeline that flaps only urgent rows are made.
    fn accept(&self, new: NewDelivery) -> Pending<'_, Accepted>;

    /// Asks for a group's queue, and for what is next in it. With [`Head::Begun`] and [`Head::Row`] the group is
    /// leased to the asking worker until [`Ask::until`], with [`Head::Later`] and [`Head::Empty`] its lease is over.
    ///
    /// There are two lanes, of urgent rows and of the others, each in the order of arrival. A begun message is the
    /// head of its lane, and in a retry pause nothing of its lane overtakes it. The urgent lane goes first.
    fn lease(&self, ask: Ask, now: Timestamp) -> Pending<'_, Head>;

    /// Up to `limit` rows in order that may be told together with a head row, without it; the next page starts `after`
    /// the last place of this one.
    fn behind<'a>(
        &'a self,
        group: &'a str,
        pick: Pick,
        after: i64,
        limit: u32,
        now: Timestamp,
    ) -> Pending<'a, Vec<Leased>>;

    /// Gives up a group's lease, if `worker` has it.
    fn release<'a>(&'a self, group: &'a str, worker: WorkerId) -> Pending<'a, ()>;

    /// Asks for a bot's leave to post, and records the attempt if it is given; then the message and what it tells
    /// stand in the store before the request is made. Otherwise nothing is changed.
    ///
    /// It is given so that no 60 seconds at the service's end ever hold more than `per_minute` posts: an attempt
    /// counts until [`WINDOW`] after its end, and one without a known end ends at its timeout. And so that no month
    /// holds more than the budget allows.
    ///
    /// A message without a known end of its attempt is due again at the attempt's timeout.
    fn begin(&self, start: Start, now: Timestamp) -> Pending<'_, Slot>;

    /// Records how an attempt ended and what is to become of its message. A message that is settled already (the
    /// lease had expired and somebody else was faster) stays as it is.
    fn finish(&self, attempt: AttemptId, finish: Finish, now: Timestamp) -> Pending<'_, ()>;

    /// Makes dead letters of rows that cannot be written as a message.
    fn bury(&self, rows: Vec<OutboxId>, reason: String, now: Timestamp) -> Pending<'_, ()>;

    /// Moves up to `limit` rows that wait for a group, oldest first, into the queue of another, because of `reason`.
    /// Returns how many. A row that was moved before still tells for whom it was meant at first.
    fn divert<'a>(
        &'a self,
        group: &'a str,
        to: &'a str,
        reason: &'a str,
        limit: u32,
    ) -> Pending<'a, usize>;

    /// How busy these bots are, in the same order.
    fn load(&self, bots: Vec<String>, now: Timestamp) -> Pending<'_, Vec<Load>>;

    /// Lets a bot rest. `level` is the caller's to keep: how often in a row it had to.
    fn rest_bot<'a>(&'a self, bot: &'a str, rest: Rest, now: Timestamp) -> Pending<'a, ()>;

    fn reset_rest<'a>(&'a self, bot: &'a str) -> Pending<'a, ()>;

    /// Posts by day, organisation and bot, from this day on.
    fn usage(&self, since: Date) -> Pending<'_, Vec<Usage>>;

    /// One step of a search through the deliveries, in the order of their ids. It ends with a full page or when it has
    /// looked at as many as it may, of those that an index cannot leave out, and tells where it goes on; so it takes
    /// about as long whatever is looked for and however many there are.
    fn deliveries(&self, search: Search) -> Pending<'_, Found>;

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryRecord>>;

    /// Deliveries with their requests, newest first, at most `limit`, for whoever reads many of them again. The next
    /// page starts `before` the last id of this one. Bodies are large: ask for small pages.
    fn received(&self, before: Option<DeliveryId>, limit: u32) -> Pending<'_, Vec<Received>>;

    /// Dead letters, newest first, at most `limit`. The next page starts `before` the last row of this one.
    fn dead(
        &self,
        filter: DeadFilter,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeadLetter>>;

    /// What dead letters died of, the latest first.
    fn dead_causes(&self) -> Pending<'_, Vec<DeadCause>>;

    /// How many deliveries came from a source between each of `times` and the next, by the times of their ids.
    fn arrivals<'a>(&'a self, source: &'a str, times: Vec<Timestamp>) -> Pending<'a, Arrivals>;

    /// How many messages were posted to a group between each of `times` and the next.
    fn posts<'a>(&'a self, group: &'a str, times: Vec<Timestamp>) -> Pending<'a, Vec<u32>>;

    /// What was posted to a group, newest first, at most `limit`. The next page starts `before` the last place of this
    /// one.
    fn chat<'a>(
        &'a self,
        group: &'a str,
        before: Option<ChatPlace>,
        limit: u32,
    ) -> Pending<'a, Vec<ChatMessage>>;

    /// The plans of the `newest` rows, of the newest deliveries first, each with how many have it.
    fn plans(&self, newest: u32) -> Pending<'_, Plans>;

    /// Puts dead rows back into their queues, as if new; returns how many of `ids` were dead. They are written anew: a
    /// person has mended the template or the bot.
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

    /// From now on calls `ring` when another process has put something into a queue, with the name of the group or,
    /// where that may have been missed, with `None`. A store that no other process of the kind shares need not do
    /// anything: whoever puts something in rings for its own process.
    fn on_arrival(&self, ring: Ring) {
        drop(ring);
    }

    /// Writes something, to see whether that works.
    fn ready(&self) -> Pending<'_, ()>;

    /// Forgets up to `limit` deliveries, oldest first, that were over before `before` (received, and all of it
    /// settled), with their rows, messages and attempts; never what waits or is dead. `before` must lie [`WINDOW`] back or
    /// more, for the attempts are what bots' minutes are counted by. Returns how many went; call again while it is
    /// `limit`, and let others write between.
    fn prune(&self, before: Timestamp, limit: u32) -> Pending<'_, usize>;

    /// How many bytes the store takes, without room that deliveries have left.
    fn bytes(&self) -> Pending<'_, u64>;
}

/// Why the store did not do what it was asked to. The text holds its cause; the type keeps it for whoever must tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Nothing is wrong with the request; the same may go through later. Senders are answered 503.
    #[error("the store cannot do that now: {0}")]
    Unavailable(Obstacle),
    /// What is stored is damaged, or was not written by this program.
    #[error("the store is damaged: {0}")]
    Corrupt(Cause),
    /// A fault of ours.
    #[error("the store failed: {0}")]
    Internal(Cause),
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
    #[error("it did not answer in time")]
    Slow,
    /// Disk full, locked by another program, not writable, unreadable, not reachable.
    #[error("{0}")]
    Database(Cause),
}

/// The database's own error. Its text holds no password.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;
