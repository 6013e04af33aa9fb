//! The threads that own the connections: one writes, the others read.
//!
//! The writer commits in groups. It takes whatever waits, runs it in one transaction, commits once, and only then
//! answers. Under load one wait for the disk serves hundreds of jobs, and without load nobody waits for company. Should
//! a job of a group fail, all of them are undone and run once more, each in a savepoint of its own, so that the failing
//! one takes nothing else with it: savepoints for all would cost more than what most jobs do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::{io, thread};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::{Cause, Obstacle, StoreError};

/// Jobs in one commit. More would make the first of them wait for long.
const BATCH: usize = 512;

/// Jobs that may wait. Senders behind that are told to come back instead of waiting past their patience.
pub const QUEUE: usize = 2 * BATCH;

/// A piece of work, with whoever waits for it.
trait Job: Send {
    /// Does the work and keeps what came of it; tells what hindered it. Called again after the first time was undone.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// Keeps an error instead.
    fn fail(&mut self, error: StoreError);

    /// Tells the caller, now that it is known whether the work is durable.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<T, W> {
    work: W,
    /// Of the last time it ran.
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, W: FnMut(&Connection) -> rusqlite::Result<T> + Send> Job for Task<T, W> {
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let result = (self.work)(connection).map_err(classify);
        let hindrance = result.as_ref().err().cloned();
        self.result = Some(result);
        hindrance.map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match self.result {
            Some(result) => result.and_then(|value| committed.map(|()| value)),
            None => Err(committed.err().unwrap_or_else(closed)),
        };
        // A caller that has gone away does not mind.
        let _ = self.caller.send(result);
    }
}

/// A thread that runs jobs on its connection, in the order in which they came. Dropping it lets it finish them.
pub struct Worker {
    jobs: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// A thread whose jobs are made durable before they are answered.
    pub fn writer(connection: Connection, queue: usize) -> io::Result<Worker> {
        Worker::start("store-write", queue, move |jobs| write(connection, &jobs))
    }

    /// A thread whose jobs change nothing.
    pub fn reader(name: &str, connection: Connection, queue: usize) -> io::Result<Worker> {
        Worker::start(name, queue, move |jobs| {
            while let Ok(mut job) = jobs.recv() {
                let _ = job.run(&connection);
                job.answer(Ok(()));
            }
        })
    }

    fn start(
        name: &str,
        queue: usize,
        body: impl FnOnce(Receiver<Box<dyn Job>>) + Send + 'static,
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

    /// Runs `work` on the thread's connection. It may be run twice, the second time after the first was undone.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(Task {
            work,
            result: None,
            caller: sender,
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

fn write(mut connection: Connection, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch: Vec<_> = std::iter::once(first)
            .chain(jobs.try_iter())
            .take(BATCH)
            .collect();
        let committed = commit(&mut connection, &mut batch);
        for job in batch {
            job.answer(committed.clone());
        }
    }
}

/// Runs the jobs and makes durable what they did, together or, if one of them fails, one by one.
fn commit(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    let mut jobs = batch.iter_mut();
    if jobs.all(|job| alive(&transaction).is_ok_and(|connection| job.run(connection).is_ok())) {
        alive(&transaction)?;
        return transaction.commit().map_err(classify);
    }
    // Dropped, it is undone.
    drop(transaction);
    let transaction = begin(connection)?;
    for job in batch {
        match alive(&transaction) {
            Ok(connection) => in_savepoint(connection, job.as_mut()),
            Err(error) => job.fail(error),
        }
    }
    alive(&transaction)?;
    transaction.commit().map_err(classify)
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(classify)
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

fn in_savepoint(connection: &Connection, job: &mut dyn Job) {
    let statement = |sql| {
        let done = connection
            .prepare_cached(sql)
            .and_then(|mut sql| sql.execute([]));
        done.map(drop).map_err(classify)
    };
    let done = statement("SAVEPOINT job")
        .and_then(|()| job.run(connection))
        .and_then(|()| statement("RELEASE job"));
    let Err(error) = done else {
        return;
    };
    job.fail(error);
    if !connection.is_autocommit() {
        let undone = statement("ROLLBACK TO job").and_then(|()| statement("RELEASE job"));
        if let Err(error) = undone {
            job.fail(error);
        }
    }
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
    let error: Cause = Arc::new(error);
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE word (word TEXT NOT NULL)")
            .unwrap();
        connection
    }

    fn insert(connection: &Connection, word: &str) -> rusqlite::Result<usize> {
        connection.execute("INSERT INTO word VALUES (?)", [word])
    }

    fn words(connection: &Connection) -> rusqlite::Result<String> {
        let sql = "SELECT group_concat(word, ' ' ORDER BY rowid) FROM word";
        connection.query_row(sql, [], |row| row.get(0))
    }

    /// Runs three jobs as one batch: the first keeps the thread until the others wait.
    async fn batch(
        worker: &Worker,
        second: fn(&Connection) -> rusqlite::Result<usize>,
    ) -> [Result<usize, StoreError>; 3] {
        let (go, wait) = mpsc::channel();
        let (first, second, third, ()) = tokio::join!(
            worker.run(move |db| {
                // The second time nobody sends any more.
                let _ = wait.recv();
                insert(db, "first")
            }),
            worker.run(second),
            worker.run(|db| insert(db, "third")),
            async move { go.send(()).unwrap() },
        );
        [first, second, third]
    }

    #[tokio::test]
    async fn a_failing_job_takes_nothing_else_of_its_batch_with_it() {
        let worker = Worker::writer(connection(), QUEUE).unwrap();
        let [first, failing, third] = batch(&worker, |db| {
            insert(db, "half")?;
            db.execute("INSERT INTO word VALUES (NULL)", [])
        })
        .await;
        assert!(first.is_ok() && third.is_ok());
        assert!(matches!(failing, Err(StoreError::Internal(_))));
        assert_eq!(worker.run(words).await.unwrap(), "first third");
    }

    #[tokio::test]
    async fn nobody_is_told_done_when_the_transaction_is_given_up() {
        let worker = Worker::writer(connection(), QUEUE).unwrap();
        let [first, failing, third] = batch(&worker, |db| db.execute("ROLLBACK", [])).await;
        assert!(failing.is_err());
        for result in [first, third] {
            assert!(matches!(
                result,
                Err(StoreError::Unavailable(Obstacle::Undone))
            ));
        }
        worker.run(|db| insert(db, "next")).await.unwrap();
        assert_eq!(worker.run(words).await.unwrap(), "next");
    }

    #[tokio::test]
    async fn more_jobs_than_may_wait_are_refused() {
        let worker = Worker::writer(connection(), 1).unwrap();
        let (go, wait) = mpsc::channel();
        let (started, has_started) = oneshot::channel();
        let mut started = Some(started);
        let first = worker.run(move |db| {
            started.take().unwrap().send(()).unwrap();
            wait.recv().unwrap();
            insert(db, "first")
        });
        let others = async {
            has_started.await.unwrap();
            tokio::join!(
                worker.run(|db| insert(db, "second")),
                worker.run(|db| insert(db, "third")),
                async move { go.send(()).unwrap() },
            )
        };
        let (first, (second, third, ())) = tokio::join!(first, others);
        assert!(first.is_ok() && second.is_ok());
        assert!(matches!(
            third,
            Err(StoreError::Unavailable(Obstacle::Overloaded))
        ));
    }

    #[tokio::test]
    async fn what_hinders_the_database_is_not_the_senders_fault() {
        let hindrances = [
            ("PRAGMA max_page_count = 1", "full"),
            ("PRAGMA query_only = 1", "readonly"),
        ];
        for (pragma, word) in hindrances {
            let connection = connection();
            connection.execute_batch(pragma).unwrap();
            let worker = Worker::writer(connection, QUEUE).unwrap();
            let error = worker
                .run(|db| insert(db, &"long ".repeat(10_000)))
                .await
                .unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
