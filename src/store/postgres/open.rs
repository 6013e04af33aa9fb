//! Opening a database: at the schema of this version, however many replicas start at once.

use std::io;
use std::sync::Arc;

use tokio_postgres::Client;

use super::address::{Address, AddressError};
use super::session::{Connector, Failure};
use super::tls::TlsError;
use crate::store::Cause;

/// The schema, step by step; the number of steps that a database has taken stands in `hookbell_schema`.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
];
const KNOWN: i32 = MIGRATIONS.len() as i32;

/// Why a database could not be opened. The text is whole: it holds its cause and what to do, and no password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "store.url is no address of a PostgreSQL database: {0}; write it like postgres://USER:PASSWORD@HOST:5432/DATABASE"
    )]
    Address(#[from] AddressError),
    #[error(
        "cannot encrypt the connection to the database: {0}; mend sslmode or sslrootcert in store.url"
    )]
    Tls(#[from] TlsError),
    #[error(
        "cannot connect to the database {place}: {cause}; see that it runs, and that host, user and password in store.url are right"
    )]
    Connect { place: String, cause: Cause },
    #[error(
        "{place} was written by a newer Hookbell (its schema is {found}, this program knows {KNOWN}); run that version, or restore a backup made before the upgrade"
    )]
    Newer { place: String, found: i32 },
    #[error(
        "the database {place} has the encoding {encoding}, which cannot hold every text; create it with ENCODING 'UTF8'"
    )]
    Encoding { place: String, encoding: String },
    #[error(
        "cannot use the database {place}: {cause}; see that its user may create tables there, and that it has none of another program"
    )]
    Database { place: String, cause: Cause },
    #[error("cannot start a thread for the database: {cause}")]
    Thread { cause: io::Error },
}

/// Sees to it that the database has today's schema.
pub async fn migrate(address: &Address, connector: &Connector) -> Result<(), OpenError> {
    let place = || address.place().to_owned();
    let connected = connector.config.connect(connector.tls.clone()).await;
    let (mut client, connection) = connected.map_err(|error| OpenError::Connect {
        place: place(),
        cause: Arc::new(Failure(error)),
    })?;
    let connection = tokio::spawn(connection);
    let failed = |error| OpenError::Database {
        place: place(),
        cause: Arc::new(Failure(error)),
    };
    let row = client.query_one("SHOW server_encoding", &[]).await;
    let encoding: String = row.map_err(failed)?.get(0);
    if encoding != "UTF8" {
        return Err(OpenError::Encoding {
            place: place(),
            encoding,
        });
    }
    let found = take_steps(&mut client).await.map_err(failed)?;
    drop(client);
    let _ = connection.await;
    if found > KNOWN {
        return Err(OpenError::Newer {
            place: place(),
            found,
        });
    }
    Ok(())
}

/// Takes the steps that are missing, and says how many the database had taken before. Replicas that start together
/// wait for the first of them, and find nothing left to do.
async fn take_steps(client: &mut Client) -> Result<i32, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(
            "SET LOCAL client_min_messages = warning;
             SELECT pg_advisory_xact_lock(hashtextextended('hookbell_schema ' || current_schema(), 0));
             CREATE TABLE IF NOT EXISTS hookbell_schema (version integer NOT NULL)",
        )
        .await?;
    let found = transaction
        .query_opt("SELECT version FROM hookbell_schema", &[])
        .await?
        .map_or(0, |row| row.get(0));
    let Some(missing) = usize::try_from(found)
        .ok()
        .and_then(|found| MIGRATIONS.get(found..))
    else {
        return Ok(found);
    };
    for step in missing {
        transaction.batch_execute(step).await?;
    }
    if !missing.is_empty() {
        transaction
            .batch_execute("DELETE FROM hookbell_schema")
            .await?;
        transaction
            .execute(
                "INSERT INTO hookbell_schema (version) VALUES ($1)",
                &[&KNOWN],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(found)
}
