//! PostgreSQL: a schema for each test, and what only several replicas on one database can show.

use std::env;
use std::sync::Arc;

use hookbell::store::Store;
use hookbell::store::postgres::{Address, LocalClock, Postgres};
use uuid::Uuid;

use super::Database;

/// Names a database whose user may create schemas in it.
const SERVER: &str = "HOOKBELL_TEST_POSTGRES";

/// A schema of its own, dropped with everything in it.
pub struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// `None` where no server is named.
    pub fn create() -> Option<Schema> {
        let server = match env::var(SERVER) {
            Ok(server) => server,
            Err(_) if env::var_os("HOOKBELL_CI").is_none() => return None,
            Err(_) => panic!("CI must set {SERVER}"),
        };
        let schema = Schema {
            server,
            name: format!("hookbell_test_{}", Uuid::new_v4().simple()),
        };
        schema.administer(&format!("CREATE SCHEMA {}", schema.name));
        Some(schema)
    }

    pub fn url(&self) -> String {
        let sign = if self.server.contains('?') { '&' } else { '?' };
        let (server, name) = (&self.server, &self.name);
        format!("{server}{sign}options=-c%20search_path%3D{name}&application_name={name}")
    }

    pub fn address(&self) -> Address {
        Address::parse(&self.url()).unwrap()
    }

    /// A replica whose clock is this one; without one, times are the test's own.
    pub fn replica(&self, clock: Option<LocalClock>) -> Arc<dyn Store> {
        Arc::new(Postgres::open(&self.address(), clock).unwrap())
    }

    /// Ends all connections of the schema's stores, as a restart of the server does.
    pub fn end_connections(&self) {
        self.administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = '{}' AND pid <> pg_backend_pid()",
            self.name
        ));
    }

    /// Runs statements on the server, on a thread without a runtime.
    pub fn administer(&self, sql: &str) {
        let (url, sql) = (self.url(), sql.to_owned());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                let connected = tokio_postgres::connect(&url, tokio_postgres::NoTls).await;
                let (client, connection) = connected.unwrap();
                tokio::spawn(connection);
                client.batch_execute(&sql).await
            })
        };
        std::thread::spawn(work).join().unwrap().unwrap();
    }
}

impl Database for Schema {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Postgres::open(&self.address(), None).unwrap())
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.administer(&format!("DROP SCHEMA {} CASCADE", self.name));
    }
}
