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

use crate::store::{Cause, Obstacle, StoreError};

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
                wait.recv().unwrap();
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
        let first = worker.run(move |db| {
            started.send(()).unwrap();
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
