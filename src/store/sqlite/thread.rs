//! The threads that own the connections: one writes, one reads.
//!
//! The writer commits in groups. It takes whatever waits, runs each job in a savepoint of its own, so that a failing
//! one takes nothing else with it, commits once, and only then answers. Under load one wait for the disk serves
//! hundreds of jobs, and without load nobody waits for company.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::{io, thread};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::{Obstacle, StoreError};

/// Jobs in one commit. More would make the first of them wait for long.
const BATCH: usize = 512;

/// Jobs that may wait. Senders behind that are told to come back instead of waiting past their patience.
pub const QUEUE: usize = 2 * BATCH;

/// Does its work and returns what answers the caller, once it is known whether the work was committed.
/// Given an error instead of a connection, it passes that on.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A thread that runs jobs on its connection, in the order in which they came. Dropping it lets it finish them.
pub struct Worker {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// A thread whose jobs are made durable before they are answered.
    pub fn writer(connection: Connection, queue: usize) -> io::Result<Worker> {
        Worker::start("store-write", queue, move |jobs| write(connection, &jobs))
    }

    /// A thread whose jobs change nothing.
    pub fn reader(connection: Connection, queue: usize) -> io::Result<Worker> {
        Worker::start("store-read", queue, move |jobs| {
            while let Ok(job) = jobs.recv() {
                job(Ok(&connection))(Ok(()));
            }
        })
    }

    fn start(
        name: &str,
        queue: usize,
        body: impl FnOnce(Receiver<Job>) + Send + 'static,
    ) -> io::Result<Worker> {
        let (sender, receiver) = sync_channel(queue);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(receiver))?;
        Ok(Worker {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// Runs `work` on the thread's connection.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result =
                connection.and_then(|connection| in_savepoint(connection, work).map_err(classify));
            Box::new(move |committed| {
                let result = result.and_then(|value| committed.map(|()| value));
                // A caller that has gone away does not mind.
                let _ = sender.send(result);
            })
        });
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable(Obstacle::Overloaded),
            TrySendError::Disconnected(_) => closed(),
        })?;
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch = std::iter::once(first).chain(jobs.try_iter()).take(BATCH);
        let (answers, committed) = commit(&mut connection, batch);
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// Runs the jobs in one transaction; their answers wait for its outcome.
fn commit(
    connection: &mut Connection,
    jobs: impl Iterator<Item = Job>,
) -> (Vec<Answer>, Result<(), StoreError>) {
    let begun = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(classify);
    let transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            return (
                jobs.map(|job| job(Err(error.clone()))).collect(),
                Err(error),
            );
        }
    };
    let mut answers = Vec::new();
    for job in jobs {
        answers.push(job(alive(&transaction)));
    }
    let committed = alive(&transaction).map(drop);
    let committed = committed.and_then(|()| transaction.commit().map_err(classify));
    (answers, committed)
}

/// The transaction, unless SQLite has given it up: on a full disk or a failing one it rolls back everything and not
/// just the statement, and whatever ran after that would be committed on its own.
fn alive<'a>(transaction: &'a Transaction<'_>) -> Result<&'a Connection, StoreError> {
    if transaction.is_autocommit() {
        Err(StoreError::Unavailable(Obstacle::Undone))
    } else {
        Ok(transaction)
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let statement = |sql| connection.prepare_cached(sql)?.execute([]);
    statement("SAVEPOINT job")?;
    let result = work(connection).and_then(|value| statement("RELEASE job").map(|_| value));
    if result.is_err() && !connection.is_autocommit() {
        statement("ROLLBACK TO job")?;
        statement("RELEASE job")?;
    }
    result
}

fn closed() -> StoreError {
    StoreError::Unavailable(Obstacle::Closed)
}

/// Whose fault an error of SQLite is.
fn classify(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let code = error.sqlite_error_code();
    let unreadable = matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
    );
    let error = Arc::new(error);
    match code {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(Obstacle::Database(error)),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error),
        _ if unreadable => StoreError::Corrupt(error),
        _ => StoreError::Internal(error),
    }
}
