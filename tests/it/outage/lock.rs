//! Another program holds the database.

use rusqlite::Connection;
use tempfile::TempDir;

use super::{Site, assert_come_back};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_locks_turns_senders_away_until_it_is_free() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("hookbell.db");
    let site = Site::on_sqlite(&database);
    let relay = site.serve();
    site.post_until_accepted(&relay, 1).await;
    site.all_told(&[1]).await;

    let other = Connection::open(&database).unwrap();
    other.busy_timeout(crate::relay::PATIENCE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_come_back(&site.post(&relay, 2).await);
    assert!(!site.is_ready(&relay).await);
    assert!(relay.log().contains("locked"), "{}", relay.log());

    other.execute_batch("ROLLBACK").unwrap();
    site.post_until_accepted(&relay, 3).await;
    site.all_told(&[1, 3]).await;
    assert!(relay.terminate().success());
}
