//! Connections, and what is done through them: a transaction for each call, within a time that a caller can wait.
//!
//! The connections live on threads of their own, so that they outlast whoever asked for them first. One that fails is
//! thrown away with its transaction, and the next call makes a new one: that is all the recovery there is.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deadpool_postgres::tokio_postgres::{Client, Config, Error};
use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use futures_util::future::join;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::clock::{Offset, Sample, Shift};
use super::row::Row;
use crate::store::{Cause, Obstacle, StoreError};

pub type Result<T> = std::result::Result<T, StoreError>;

/// Values of a statement.
pub type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How long a call may take in all. Vendors wait ten seconds for an answer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a call may take that looks through much, and that nobody waits for.
pub const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// What every connection needs. The limits are the server's half of [`PATIENCE`]: a replica that hangs in the middle of
/// a transaction must not hold up the others for longer. Without `synchronous_commit`, the last commits before a crash
/// could be lost, and they were answered 202; where the server waits for its standbys too, it stays at that.
const SETTINGS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '4s';
    SET idle_in_transaction_session_timeout = '5s'; SET jit = off; SET client_min_messages = warning;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// For connections that use an index for everything. A plan is kept for long; one that reads all of a table, made while
/// that was small, is a bad one after a burst.
pub const BY_INDEX: &str = "SET enable_seqscan = off";

/// For connections that may look through everything.
pub const BY_ANY_WAY: &str = "SET enable_seqscan = on";

/// How a transaction begins.
pub enum Mode {
    Write,
    /// Its effect may be lost when the database crashes.
    Casual,
    /// Sees the database as it was at one moment.
    Read,
    /// Like [`Mode::Read`], for statements that an index serves or fails with the values at hand. A plan that is kept for all
    /// values, or one that reads a table to join it, is a thousand times slower for some of them.
    Search,
    /// Like [`Mode::Write`], within [`LONG_PATIENCE`].
    Long,
}

/// Connections of one kind, and the clock of the database behind them.
pub struct Sessions {
    pool: Pool,
    offset: Arc<Offset>,
}

impl Sessions {
    pub fn new(connector: Connector, offset: Arc<Offset>, size: usize) -> Sessions {
        let config = connector.config.clone();
        // Whether a connection is alive is seen when it is used.
        let manager_config = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(config, connector, manager_config);
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .build()
            .expect("a runtime is named, which is all that can be missing");
        Sessions { pool, offset }
    }

    pub async fn begin(&self, mode: Mode) -> Result<Session> {
        let mut session = self.idle().await?;
        let begin = match mode {
            Mode::Write => "BEGIN",
            Mode::Casual => "BEGIN; SET LOCAL synchronous_commit = off",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Search => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                 SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off;
                 SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
            }
            Mode::Long => "BEGIN; SET LOCAL statement_timeout = '60s'",
        };
        session.begin = Mutex::new(Some(begin));
        Ok(session)
    }

    /// A connection without a transaction.
    pub async fn idle(&self) -> Result<Session> {
        let connection = self.connection().await?;
        let shift = self.shift(&connection).await?;
        Ok(Session {
            connection: Some(connection),
            begin: Mutex::new(None),
            shift,
        })
    }

    async fn connection(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(TimeoutType::Wait) => StoreError::Unavailable(Obstacle::Overloaded),
            PoolError::Timeout(_) => StoreError::Unavailable(Obstacle::Slow),
            PoolError::Closed => StoreError::Unavailable(Obstacle::Closed),
            error @ (PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                StoreError::Internal(Arc::new(error))
            }
        })
    }

    async fn shift(&self, connection: &Object) -> Result<Shift> {
        let local = match self.offset.current() {
            Ok(shift) => return Ok(shift),
            Err(local) => local,
        };
        let look = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let look = connection.prepare_cached(look).await?;
        let mut samples = Vec::new();
        for _ in 0..3 {
            let sent = (Instant::now(), local());
            let theirs = connection.query_one(&look, &[]).await?.try_get(0)?;
            samples.push(Sample {
                sent,
                answered: Instant::now(),
                theirs,
            });
        }
        Ok(self.offset.learn(&samples))
    }
}

/// A connection with a transaction. Dropped before its end, it is closed, and the server undoes what was begun.
pub struct Session {
    connection: Option<Object>,
    /// How the transaction begins, until it has.
    begin: Mutex<Option<&'static str>>,
    pub shift: Shift,
}

impl Session {
    pub async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await?;
        let rows = self.begun(connection.query(&statement, values)).await?;
        let row = |row| Row::new(row, self.shift);
        Ok(rows.into_iter().map(row).collect())
    }

    pub async fn query_opt(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// Of a statement that always has a row.
    pub async fn query_one(&self, sql: &str, values: Values<'_>) -> Result<Row> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await?;
        let row = self.begun(connection.query_one(&statement, values)).await?;
        Ok(Row::new(row, self.shift))
    }

    pub async fn exists(&self, sql: &str, values: Values<'_>) -> Result<bool> {
        Ok(!self.query(sql, values).await?.is_empty())
    }

    /// How many rows it changed.
    pub async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await?;
        self.begun(connection.execute(&statement, values)).await
    }

    /// Makes sure that these need not be prepared when they are needed.
    pub async fn prepare(&self, statements: &[&str]) -> Result<()> {
        for sql in statements {
            self.connection()?.prepare_cached(sql).await?;
        }
        Ok(())
    }

    /// Statements without values, one after the other.
    pub async fn batch(&self, sql: &str) -> Result<()> {
        self.begun(self.connection()?.batch_execute(sql)).await
    }

    /// Commits if all went well, and undoes everything otherwise.
    pub async fn end<T>(mut self, result: Result<T>) -> Result<T> {
        let value = result?;
        self.batch("COMMIT").await?;
        self.keep();
        Ok(value)
    }

    /// Gives the connection back as it is. There must be no transaction on it.
    pub fn keep(&mut self) {
        self.connection = None;
    }

    /// A statement, and the transaction's beginning sent before it where that is still to be done.
    async fn begun<T>(
        &self,
        statement: impl Future<Output = std::result::Result<T, Error>>,
    ) -> Result<T> {
        let begin = self.begin.lock().map(|mut begin| begin.take());
        let (Ok(Some(begin)), Some(connection)) = (begin, &self.connection) else {
            return Ok(statement.await?);
        };
        let (begun, done) = join(connection.batch_execute(begin), statement).await;
        begun?;
        Ok(done?)
    }

    fn connection(&self) -> Result<&Object> {
        self.connection
            .as_ref()
            .ok_or(StoreError::Unavailable(Obstacle::Closed))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// Gives up on what takes longer than a caller can wait.
pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(StoreError::Unavailable(Obstacle::Slow)))
}

/// Makes connections, on the threads of a runtime that outlasts them.
#[derive(Clone)]
pub struct Connector {
    pub config: Config,
    pub tls: MakeRustlsConnect,
    pub runtime: Handle,
    pub plans: &'static str,
}

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<
        Box<dyn Future<Output = std::result::Result<(Client, JoinHandle<()>), Error>> + Send + '_>,
    > {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(self.tls.clone()).await?;
            let task = self.runtime.spawn(async move {
                // Whoever uses the connection is told of its end.
                let _ = connection.await;
            });
            client.batch_execute(SETTINGS).await?;
            client.batch_execute(self.plans).await?;
            Ok((client, task))
        })
    }
}

/// An error of the database with all its causes as its text. PostgreSQL's errors hold statements and names, never a
/// password.
#[derive(Debug, thiserror::Error)]
#[error("{}", causes(.0))]
pub struct Failure(#[source] pub Error);

fn causes(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Whose fault an error of PostgreSQL is, by its code (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
impl From<Error> for StoreError {
    fn from(error: Error) -> StoreError {
        let code = error.code().map(SqlState::code);
        let is_hindrance = match code {
            // The connection failed.
            None => true,
            // Its classes: connection, transaction undone, no room, an operator's hand, the system; then: no
            // permission to log in, no such database, waits for a lock, cannot write (a standby), hung too long.
            Some(code) => {
                ["08", "40", "53", "57", "58", "28", "3D", "55"]
                    .iter()
                    .any(|class| code.starts_with(class))
                    || ["25006", "25P03"].contains(&code)
            }
        };
        let is_damaged = code.is_some_and(|code| code.starts_with("XX"));
        let cause: Cause = Arc::new(Failure(error));
        if is_hindrance {
            StoreError::Unavailable(Obstacle::Database(cause))
        } else if is_damaged {
            StoreError::Corrupt(cause)
        } else {
            StoreError::Internal(cause)
        }
    }
}
