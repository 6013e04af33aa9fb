//! PostgreSQL goes away and comes back.

use std::process::Command;

use super::{Site, assert_come_back, eventually};
use crate::cluster::Cluster;
use crate::replica::{self, Replica};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_away_turns_senders_away_and_all_goes_on_when_it_is_back() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let site = Site::new(&cluster.url());
    let relay = site.serve();
    let mut accepted = Vec::new();
    for round in 0..3 {
        let first = 100 * round;
        for number in first..first + 10 {
            site.post_until_accepted(&relay, number).await;
            accepted.push(number);
        }
        // Some of these are being told now.
        cluster.stop();
        assert_come_back(&site.post(&relay, first + 50).await);
        assert!(!site.is_ready(&relay).await);
        cluster.go_on();
        site.post_until_accepted(&relay, first + 60).await;
        accepted.push(first + 60);
        eventually("ready", async || site.is_ready(&relay).await).await;
    }
    site.all_told(&accepted).await;
    assert!(relay.log().contains("store failed"), "{}", relay.log());
    assert!(relay.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_starts_without_its_database_server_says_so() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.stop();
    let site = Site::new(&cluster.url());
    let mut command = site.serve_by(Command::new(replica::program()));
    let Err(log) = Replica::start(&mut command) else {
        panic!("it started without a database");
    };
    assert!(log.contains("see that it runs"), "{log}");
}
