//! The store in an SQLite file, for one running relay.
//!
//! One thread owns the connection that writes, another one that reads, so a long list delays no delivery. Another
//! program may open the same file at the same time (`hookbell dead retry` does). What the SQL does is in the files
//! beside this one, by subject; here is only which thread does it.

mod accept;
mod open;
mod query;
mod queue;
mod row;
mod thread;
mod upkeep;

use std::path::Path;

use jiff::Timestamp;

pub use open::OpenError;

use super::record::{
    Accepted, AttemptId, DeadLetter, DeliveryFilter, DeliveryId, DeliveryLine, DeliveryRecord,
    Finish, Leased, NewDelivery, Outbox, OutboxId, Received, Rest, Slot, Start, Waiting,
};
use super::{Pending, Store};
use thread::{QUEUE, Worker};

/// A database file. Dropping it ends what was begun and closes the file.
pub struct Sqlite {
    // First, so that it is closed first: the last connection to close empties the write-ahead log, and must write.
    reader: Worker,
    writer: Worker,
}

impl Sqlite {
    /// Opens the database at `path`; file and folder are made if they are missing. Blocks.
    pub fn open(path: &Path) -> Result<Sqlite, OpenError> {
        let writer = open::writer(path)?;
        let reader = open::reader(path)?;
        let failed = |cause| OpenError::Thread { cause };
        Ok(Sqlite {
            reader: Worker::reader(reader, QUEUE).map_err(failed)?,
            writer: Worker::writer(writer, QUEUE).map_err(failed)?,
        })
    }
}

impl Store for Sqlite {
    fn accept(&self, new: NewDelivery) -> Pending<'_, Accepted> {
        Box::pin(self.writer.run(move |db| accept::accept(db, new)))
    }

    fn lease<'a>(
        &'a self,
        group: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> Pending<'a, Option<Leased>> {
        let group = group.to_owned();
        Box::pin(
            self.writer
                .run(move |db| queue::lease(db, &group, now, until)),
        )
    }

    fn next_due<'a>(&'a self, group: &'a str) -> Pending<'a, Option<Timestamp>> {
        let group = group.to_owned();
        Box::pin(self.reader.run(move |db| queue::next_due(db, &group)))
    }

    fn begin_attempt(&self, start: Start, now: Timestamp) -> Pending<'_, Slot> {
        Box::pin(
            self.writer
                .run(move |db| queue::begin_attempt(db, start, now)),
        )
    }

    fn finish_attempt(
        &self,
        attempt: AttemptId,
        finish: Finish,
        now: Timestamp,
    ) -> Pending<'_, ()> {
        Box::pin(
            self.writer
                .run(move |db| queue::finish_attempt(db, attempt, finish, now)),
        )
    }

    fn bury(&self, id: OutboxId, reason: String, now: Timestamp) -> Pending<'_, ()> {
        Box::pin(self.writer.run(move |db| queue::bury(db, id, reason, now)))
    }

    fn rest_bot<'a>(&'a self, bot: &'a str, rest: Rest) -> Pending<'a, ()> {
        let bot = bot.to_owned();
        Box::pin(self.writer.run(move |db| queue::rest_bot(db, &bot, rest)))
    }

    fn rest_of<'a>(&'a self, bot: &'a str) -> Pending<'a, Option<Rest>> {
        let bot = bot.to_owned();
        Box::pin(self.reader.run(move |db| queue::rest_of(db, &bot)))
    }

    fn reset_rest<'a>(&'a self, bot: &'a str) -> Pending<'a, ()> {
        let bot = bot.to_owned();
        Box::pin(self.writer.run(move |db| queue::reset_rest(db, &bot)))
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeliveryLine>> {
        Box::pin(
            self.reader
                .run(move |db| query::deliveries(db, &filter, before, limit)),
        )
    }

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryRecord>> {
        Box::pin(self.reader.run(move |db| query::delivery(db, id)))
    }

    fn received(&self, before: Option<DeliveryId>, limit: u32) -> Pending<'_, Vec<Received>> {
        Box::pin(
            self.reader
                .run(move |db| query::received(db, before, limit)),
        )
    }

    fn dead(
        &self,
        group: Option<String>,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeadLetter>> {
        Box::pin(
            self.reader
                .run(move |db| query::dead(db, group.as_deref(), before, limit)),
        )
    }

    fn retry_dead(&self, ids: Vec<OutboxId>, now: Timestamp) -> Pending<'_, usize> {
        Box::pin(self.writer.run(move |db| upkeep::retry_dead(db, &ids, now)))
    }

    fn discard_dead(
        &self,
        ids: Vec<OutboxId>,
        reason: String,
        now: Timestamp,
    ) -> Pending<'_, usize> {
        Box::pin(
            self.writer
                .run(move |db| upkeep::discard_dead(db, &ids, &reason, now)),
        )
    }

    fn replay(&self, id: DeliveryId, rows: Vec<Outbox>, now: Timestamp) -> Pending<'_, bool> {
        Box::pin(
            self.writer
                .run(move |db| upkeep::replay(db, id, &rows, now)),
        )
    }

    fn waiting<'a>(&'a self, group: &'a str) -> Pending<'a, Waiting> {
        let group = group.to_owned();
        Box::pin(self.reader.run(move |db| query::waiting(db, &group)))
    }

    fn groups_waiting(&self) -> Pending<'_, Vec<String>> {
        Box::pin(self.reader.run(query::groups_waiting))
    }

    fn ready(&self) -> Pending<'_, ()> {
        Box::pin(self.writer.run(upkeep::ready))
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Pending<'_, usize> {
        Box::pin(self.writer.run(move |db| upkeep::prune(db, before, limit)))
    }
}
