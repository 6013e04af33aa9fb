//! The store in a PostgreSQL database, for several running relays at once.
//!
//! Every call is a transaction of its own, but for accepts, of which many share one ([`batch`]). What replicas must not
//! do at the same time is kept apart by locks on rows and, for what is counted, on names; [`message`] says in which
//! order. What the SQL does is in the files beside this one, by subject, under the same names as for SQLite; here is
//! only which connection does it.

mod accept;
mod address;
mod batch;
mod bell;
mod clock;
mod columns;
mod figures;
mod message;
mod open;
mod query;
mod queue;
mod row;
mod runs;
mod search;
mod session;
mod tls;
mod upkeep;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::runtime::{Builder, Handle, Runtime};
use uuid::Uuid;

pub use address::{Address, AddressError};
pub use clock::LocalClock;
pub use open::OpenError;

use super::figures::{Arrivals, ChatMessage, ChatPlace, Plans};
use super::pack::pack;
use super::queue::{Ask, Finish, Head, Load, Pick, Rest, Slot, Start, Usage, WorkerId};
use super::record::{
    Accepted, AttemptId, DeadCause, DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, Leased,
    NewDelivery, Outbox, OutboxId, Received, Waiting,
};
use super::search::{Found, Search};
use super::{Pending, Ring, Store};
use batch::{Acceptor, QUEUE};
use bell::Ringer;
use clock::Offset;
use session::{BY_ANY_WAY, BY_INDEX, Connector, LONG_PATIENCE, Mode, PATIENCE, Sessions, within};

/// Connections for the queues, and for lists and upkeep. With one for accepts and one that listens they are few enough
/// for ten replicas on a server with its default of 100.
const QUEUE_CONNECTIONS: usize = 5;
const LIST_CONNECTIONS: usize = 3;

/// A database. Dropping it closes its connections.
pub struct Postgres {
    acceptor: Acceptor,
    queues: Sessions,
    lists: Sessions,
    connector: Connector,
    ringer: Ringer,
    threads: Threads,
}

/// What the connections live on. Dropping it ends them without waiting, which would not be allowed on a thread of another
/// runtime.
struct Threads(Option<Runtime>);

impl Threads {
    fn start() -> Result<Threads, OpenError> {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map(|runtime| Threads(Some(runtime)))
            .map_err(|cause| OpenError::Thread { cause })
    }

    fn handle(&self) -> &Handle {
        self.0.as_ref().expect("there until it is dropped").handle()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Postgres {
    /// Opens a database. Times are translated from `clock` to the database's and back; without one they are written as
    /// they come, which is for tests with times of their own. Blocks.
    pub fn open(address: &Address, clock: Option<LocalClock>) -> Result<Postgres, OpenError> {
        let threads = Threads::start()?;
        let connector = Connector {
            config: address.config.clone(),
            tls: address.trust.connector()?,
            runtime: threads.handle().clone(),
            plans: BY_INDEX,
        };
        migrate(address, &connector)?;
        let offset = Arc::new(Offset::new(clock));
        let sessions = |plans, size| {
            let connector = Connector {
                plans,
                ..connector.clone()
            };
            Sessions::new(connector, Arc::clone(&offset), size)
        };
        let ringer = Ringer(Uuid::new_v4());
        let (acceptor, accepting) = Acceptor::new(Arc::new(sessions(BY_INDEX, 1)), ringer, QUEUE);
        threads.handle().spawn(accepting);
        Ok(Postgres {
            acceptor,
            queues: sessions(BY_INDEX, QUEUE_CONNECTIONS),
            lists: sessions(BY_ANY_WAY, LIST_CONNECTIONS),
            connector,
            ringer,
            threads,
        })
    }
}

/// Waits for it on this thread, which may be one of another runtime.
fn migrate(address: &Address, connector: &Connector) -> Result<(), OpenError> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (address, connector) = (address.clone(), connector.clone());
    connector.runtime.clone().spawn(async move {
        let _ = sender.send(open::migrate(&address, &connector).await);
    });
    receiver.recv().unwrap_or_else(|_| {
        let cause = std::io::Error::other("it ended early");
        Err(OpenError::Thread { cause })
    })
}

/// A transaction: on connections of this kind, begun like this, doing that.
macro_rules! transaction {
    ($sessions:expr, $mode:ident, |$db:ident| $work:expr) => {
        Box::pin(within(PATIENCE, async move {
            let $db = $sessions.begin(Mode::$mode).await?;
            let result = $work.await;
            $db.end(result).await
        }))
    };
}

impl Store for Postgres {
    fn accept(&self, mut new: NewDelivery) -> Pending<'_, Accepted> {
        // Packed here and not by the one task that writes.
        new.payload.body = pack(&new.payload.body).into();
        Box::pin(self.acceptor.accept(new))
    }

    fn lease(&self, ask: Ask, now: Timestamp) -> Pending<'_, Head> {
        transaction!(self.queues, Casual, |db| queue::lease(&db, &ask, now))
    }

    fn behind<'a>(
        &'a self,
        group: &'a str,
        pick: Pick,
        after: i64,
        limit: u32,
        now: Timestamp,
    ) -> Pending<'a, Vec<Leased>> {
        transaction!(self.queues, Read, |db| queue::behind(
            &db, group, &pick, after, limit, now
        ))
    }

    fn release<'a>(&'a self, group: &'a str, worker: WorkerId) -> Pending<'a, ()> {
        transaction!(self.queues, Casual, |db| async {
            if queue::release(&db, group, worker).await? {
                bell::ring(&db, std::iter::once(group)).await?;
            }
            Ok(())
        })
    }

    fn begin(&self, start: Start, now: Timestamp) -> Pending<'_, Slot> {
        transaction!(self.queues, Write, |db| message::begin(&db, start, now))
    }

    fn finish(&self, attempt: AttemptId, finish: Finish, now: Timestamp) -> Pending<'_, ()> {
        transaction!(self.queues, Write, |db| message::finish(
            &db, attempt, finish, now
        ))
    }

    fn bury(&self, rows: Vec<OutboxId>, reason: String, now: Timestamp) -> Pending<'_, ()> {
        transaction!(self.queues, Write, |db| message::bury(
            &db, &rows, &reason, now
        ))
    }

    fn divert<'a>(
        &'a self,
        group: &'a str,
        to: &'a str,
        reason: &'a str,
        limit: u32,
    ) -> Pending<'a, usize> {
        transaction!(self.queues, Write, |db| async {
            let moved = queue::divert(&db, group, to, reason, limit).await?;
            bell::ring(&db, std::iter::once(to).take(moved)).await?;
            Ok(moved)
        })
    }

    fn load(&self, bots: Vec<String>, now: Timestamp) -> Pending<'_, Vec<Load>> {
        transaction!(self.queues, Read, |db| message::load(&db, bots, now))
    }

    fn rest_bot<'a>(&'a self, bot: &'a str, rest: Rest, now: Timestamp) -> Pending<'a, ()> {
        transaction!(self.queues, Write, |db| message::rest_bot(
            &db, bot, &rest, now
        ))
    }

    fn reset_rest<'a>(&'a self, bot: &'a str) -> Pending<'a, ()> {
        transaction!(self.queues, Write, |db| message::reset_rest(&db, bot))
    }

    fn usage(&self, since: Date) -> Pending<'_, Vec<Usage>> {
        transaction!(self.lists, Read, |db| message::usage(&db, since))
    }

    fn deliveries(&self, search: Search) -> Pending<'_, Found> {
        transaction!(self.lists, Search, |db| search::deliveries(&db, &search))
    }

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryRecord>> {
        transaction!(self.lists, Read, |db| query::delivery(&db, id))
    }

    fn received(&self, before: Option<DeliveryId>, limit: u32) -> Pending<'_, Vec<Received>> {
        transaction!(self.lists, Read, |db| query::received(&db, before, limit))
    }

    fn dead(
        &self,
        filter: DeadFilter,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Pending<'_, Vec<DeadLetter>> {
        transaction!(self.lists, Search, |db| query::dead(
            &db, &filter, before, limit
        ))
    }

    fn dead_causes(&self) -> Pending<'_, Vec<DeadCause>> {
        transaction!(self.lists, Search, |db| query::dead_causes(&db))
    }

    fn arrivals<'a>(&'a self, source: &'a str, times: Vec<Timestamp>) -> Pending<'a, Arrivals> {
        transaction!(self.lists, Read, |db| async {
            figures::arrivals(&db, source, &times).await
        })
    }

    fn posts<'a>(&'a self, group: &'a str, times: Vec<Timestamp>) -> Pending<'a, Vec<u32>> {
        transaction!(self.lists, Read, |db| async {
            figures::posts(&db, group, &times).await
        })
    }

    fn chat<'a>(
        &'a self,
        group: &'a str,
        before: Option<ChatPlace>,
        limit: u32,
    ) -> Pending<'a, Vec<ChatMessage>> {
        transaction!(self.lists, Read, |db| figures::chat(
            &db, group, before, limit
        ))
    }

    fn plans(&self, newest: u32) -> Pending<'_, Plans> {
        transaction!(self.lists, Read, |db| figures::plans(&db, newest))
    }

    fn retry_dead(&self, ids: Vec<OutboxId>, now: Timestamp) -> Pending<'_, usize> {
        transaction!(self.lists, Write, |db| upkeep::retry_dead(&db, &ids, now))
    }

    fn discard_dead(
        &self,
        ids: Vec<OutboxId>,
        reason: String,
        now: Timestamp,
    ) -> Pending<'_, usize> {
        transaction!(self.lists, Write, |db| upkeep::discard_dead(
            &db, &ids, &reason, now
        ))
    }

    fn replay(&self, id: DeliveryId, rows: Vec<Outbox>, now: Timestamp) -> Pending<'_, bool> {
        transaction!(self.lists, Write, |db| upkeep::replay(&db, id, &rows, now))
    }

    fn waiting<'a>(&'a self, group: &'a str) -> Pending<'a, Waiting> {
        transaction!(self.lists, Read, |db| query::waiting(&db, group))
    }

    fn groups_waiting(&self) -> Pending<'_, Vec<String>> {
        transaction!(self.lists, Read, |db| query::groups_waiting(&db))
    }

    fn on_arrival(&self, ring: Ring) {
        let listening = bell::listen(self.connector.clone(), self.ringer, ring);
        self.threads.handle().spawn(listening);
    }

    fn ready(&self) -> Pending<'_, ()> {
        transaction!(self.queues, Casual, |db| upkeep::ready(&db))
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Pending<'_, usize> {
        Box::pin(within(LONG_PATIENCE, async move {
            let db = self.lists.begin(Mode::Long).await?;
            let ids = upkeep::finished(&db, before, limit).await;
            let ids = db.end(ids).await?;
            let db = self.lists.begin(Mode::Long).await?;
            let gone = upkeep::prune(&db, &ids, before).await;
            db.end(gone).await
        }))
    }

    fn bytes(&self) -> Pending<'_, u64> {
        Box::pin(within(LONG_PATIENCE, async move {
            let db = self.lists.begin(Mode::Long).await?;
            let bytes = upkeep::bytes(&db).await;
            db.end(bytes).await
        }))
    }
}
