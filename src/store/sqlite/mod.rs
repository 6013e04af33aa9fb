//! The store in an SQLite file, for one running relay.
//!
//! One thread owns the connection that writes, another one that reads for the delivery part, and a third that reads for people,
//! so a long list delays no delivery. Another program may open the same file at the same time (`hookbell dead retry` does). What the SQL does is in the files
//! beside this one, by subject; here is only which thread does it.

mod accept;
mod figures;
mod message;
mod open;
mod query;
mod queue;
mod row;
mod search;
mod thread;
mod upkeep;

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;

pub use open::OpenError;

use super::figures::{Arrivals, ChatMessage, ChatPlace, Plans};
use super::pack::pack;
use super::queue::{Ask, Finish, Head, Load, Pick, Rest, Slot, Start, Usage, WorkerId};
use super::record::{
    Accepted, AttemptId, DeadCause, DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, Leased,
    NewDelivery, Outbox, OutboxId, Received, Waiting,
};
use super::search::{Found, Search};
use super::{Pending, Store};
use thread::{QUEUE, Worker};

/// A database file. Dropping it ends what was begun and closes the file.
pub struct Sqlite {
    // First, so that it is closed first: the last connection to close empties the write-ahead log, and must write.
    reader: Worker,
    lists: Worker,
    writer: Worker,
}

impl Sqlite {
    /// Opens the database at `path`; file and folder are made if they are missing. Blocks.
    pub fn open(path: &Path) -> Result<Sqlite, OpenError> {
        let writer = open::writer(path)?;
        let reader = open::reader(path)?;
        let lists = open::reader(path)?;
        let failed = |cause| OpenError::Thread { cause };
        Ok(Sqlite {
            reader: Worker::reader("store-read", reader, QUEUE).map_err(failed)?,
            lists: Worker::reader("store-list", lists, QUEUE).map_err(failed)?,
            writer: Worker::writer(writer, QUEUE).map_err(failed)?,
        })
    }
}

impl Store for Sqlite {
    fn accept(&self, mut new: NewDelivery) -> Pending<'_, Accepted> {
        // Packed here and not by the one thread that writes.
        let body = pack(&std::mem::take(&mut new.payload.body));
        Box::pin(self.writer.run(move |db| accept::accept(db, &new, &body)))
    }

    fn lease(&self, ask: Ask, now: Timestamp) -> Pending<'_, Head> {
        Box::pin(self.writer.run(move |db| queue::lease(db, &ask, now)))
    }

    fn behind<'a>(
        &'a self,
        group: &'a str,
        pick: Pick,
        after: i64,
        limit: u32,
        now: Timestamp,
    ) -> Pending<'a, Vec<Leased>> {
        let group = group.to_owned();
        Box::pin(
            self.reader
                .run(move |db| queue::behind(db, &group, &pick, after, limit, now)),
        )
    }

    fn release<'a>(&'a self, group: &'a str, worker: WorkerId) -> Pending<'a, ()> {
        let group = group.to_owned();
        Box::pin(
            self.writer
                .run(move |db| queue::release(db, &group, worker)),
        )
    }

    fn begin(&self, start: Start, now: Timestamp) -> Pending<'_, Slot> {
        Box::pin(
            self.writer
                .run(move |db| message::begin(db, start.clone(), now)),
        )
    }

    fn finish(&self, attempt: AttemptId, finish: Finish, now: Timestamp) -> Pending<'_, ()> {
        Box::pin(
            self.writer
                .run(move |db| message::finish(db, attempt, finish.clone(), now)),
        )
    }

    fn bury(&self, rows: Vec<OutboxId>, reason: String, now: Timestamp) -> Pending<'_, ()> {
        Box::pin(
            self.writer
                .run(move |db| message::bury(db, &rows, &reason, now)),
        )
    }

    fn divert<'a>(
        &'a self,
        group: &'a str,
        to: &'a str,
        reason: &'a str,
        limit: u32,
    ) -> Pending<'a, usize> {
        let (group, to, reason) = (group.to_owned(), to.to_owned(), reason.to_owned());
        Box::pin(
            self.writer
                .run(move |db| queue::divert(db, &group, &to, &reason, limit)),
        )
    }

    fn load(&self, bots: Vec<String>, now: Timestamp) -> Pending<'_, Vec<Load>> {
        Box::pin(
            self.reader
                .run(move |db| message::load(db, bots.clone(), now)),
        )
    }

    fn rest_bot<'a>(&'a self, bot: &'a str, rest: Rest, now: Timestamp) -> Pending<'a, ()> {
        let bot = bot.to_owned();
        Box::pin(
            self.writer
                .run(move |db| message::rest_bot(db, &bot, &rest, now)),
        )
    }

    fn reset_rest<'a>(&'a self, bot: &'a str) -> Pending<'a, ()> {
        let bot = bot.to_owned();
        Box::pin(self.writer.run(move |db| message::reset_rest(db, &bot)))
    }

    fn usage(&self, since: Date) -> Pending<'_, Vec<Usage>> {
        Box::pin(
            self.reader
                .run(move |db| message::usage(db, row::Day(since))),
        )
    }

    fn deliveries(&self, search: Search) -> Pending<'_, Found> {
        Box::pin(self.lists.run(move |db| search::deliveries(db, &search)))
    }

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryRecord>> {
        Box::pin(self.lists.run(move |db| query::delivery(db, id)))
    }

    fn received(&self, before: Option<DeliveryId>, limit: u32) -> Pending<'_, Vec<Received>> {
        Box::pin(self.lists.run(move |db| query::received(db, before, limit)))
    }

    fn dead(
        &self,
        filter: DeadFilter,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeadLetter>> {
        Box::pin(
            self.lists
                .run(move |db| query::dead(db, &filter, before, limit)),
        )
    }

    fn dead_causes(&self) -> Pending<'_, Vec<DeadCause>> {
        Box::pin(self.lists.run(query::dead_causes))
    }

    fn arrivals<'a>(&'a self, source: &'a str, times: Vec<Timestamp>) -> Pending<'a, Arrivals> {
        let source = source.to_owned();
        Box::pin(
            self.reader
                .run(move |db| figures::arrivals(db, &source, &times)),
        )
    }

    fn posts<'a>(&'a self, group: &'a str, times: Vec<Timestamp>) -> Pending<'a, Vec<u32>> {
        let group = group.to_owned();
        Box::pin(
            self.reader
                .run(move |db| figures::posts(db, &group, &times)),
        )
    }

    fn chat<'a>(
        &'a self,
        group: &'a str,
        before: Option<ChatPlace>,
        limit: u32,
    ) -> Pending<'a, Vec<ChatMessage>> {
        let group = group.to_owned();
        Box::pin(
            self.reader
                .run(move |db| figures::chat(db, &group, before, limit)),
        )
    }

    fn plans(&self, newest: u32) -> Pending<'_, Plans> {
        Box::pin(self.reader.run(move |db| figures::plans(db, newest)))
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
        Box::pin(async move {
            let find = move |db: &Connection| upkeep::finished(db, before, limit);
            let ids = self.lists.run(find).await?;
            let gone = self
                .writer
                .run(move |db| upkeep::prune(db, &ids, before))
                .await?;
            self.writer.run(upkeep::vacuum).await?;
            Ok(gone)
        })
    }

    fn bytes(&self) -> Pending<'_, u64> {
        Box::pin(self.lists.run(upkeep::bytes))
    }
}
