//! What was accepted is there after `kill -9`: a child process accepts and is killed amid it.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::future::join_all;
use hookbell::store::Store;
use hookbell::store::queue::Next;
use hookbell::store::record::DeliveryId;
use hookbell::store::sqlite::Sqlite;
use tempfile::TempDir;
use uuid::Uuid;

use super::sample::*;

/// Tells the child that it is one, and where the database is.
const DATABASE: &str = "HOOKBELL_TEST_DATABASE";

#[tokio::test]
async fn nothing_accepted_is_lost_by_kill_9() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hookbell.db");
    let accepted = accepted_by_killed_child(&path);
    assert!(accepted.len() >= 50);

    let store = Sqlite::open(&path).unwrap();
    for id in accepted {
        assert_eq!(record(&store, id).await.outbox.len(), 1, "{id:?}");
    }
    attempt(&store, Next::Posted, at(1)).await;
}

fn accepted_by_killed_child(path: &Path) -> Vec<DeliveryId> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "store::kill::child_accepts_until_it_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut accepted = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some((_, id)) = line.unwrap().split_once("accepted ") {
            accepted.push(DeliveryId(Uuid::parse_str(id).unwrap()));
        }
        // What it says until it is dead counts too.
        if accepted.len() == 50 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    accepted
}

#[tokio::test]
#[ignore = "the child of nothing_accepted_is_lost_by_kill_9; it does not end by itself"]
async fn child_accepts_until_it_is_killed() {
    let Ok(path) = env::var(DATABASE) else { return };
    let store = Sqlite::open(Path::new(&path)).unwrap();
    join_all((0..8).map(|_| accept_for_ever(&store))).await;
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn accept_for_ever(store: &dyn Store) {
    loop {
        let new = routed();
        let id = new.delivery.id;
        store.accept(new).await.unwrap();
        println!("accepted {}", id.0);
    }
}
