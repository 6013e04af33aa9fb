//! The disk is full, cannot be written, or is read-only.

use std::process::Command;

use tempfile::TempDir;

use super::{Disk, Site, assert_come_back, eventually};
use crate::replica::{self, Replica};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_turns_senders_away_and_nothing_accepted_is_lost() {
    let Some(disk) = Disk::mount(4) else { return };
    let site = Site::on_sqlite(&disk.path("hookbell.db"));
    let relay = site.serve();
    let mut accepted = vec![1];
    site.post_until_accepted(&relay, 1).await;

    disk.fill();
    let mut refused = 0;
    for number in 2..500 {
        let told = site.post(&relay, number).await;
        if told.status == 202 {
            accepted.push(number);
            continue;
        }
        assert_come_back(&told);
        refused += 1;
        if refused == 5 {
            break;
        }
    }
    assert_eq!(refused, 5, "the disk was never full");
    assert!(relay.log().contains("full"), "{}", relay.log());
    // A page may still fit where a webhook does not; each look writes one.
    eventually("not ready", async || !site.is_ready(&relay).await).await;

    disk.free();
    site.post_until_accepted(&relay, 1000).await;
    accepted.push(1000);
    assert!(site.is_ready(&relay).await);
    site.all_told(&accepted).await;
    assert!(relay.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_writes_any_more_turns_senders_away_until_it_does() {
    let folder = TempDir::new().unwrap();
    let site = Site::on_sqlite(&folder.path().join("hookbell.db"));
    // Without this the kernel would end the process that writes beyond its limit, instead of failing the write.
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "trap '' XFSZ; exec \"$0\" \"$@\"",
        &replica::program(),
    ]);
    let relay = Replica::start(&mut site.serve_by(shell)).unwrap();
    site.post_until_accepted(&relay, 1).await;

    let limit_files = |size: &str| {
        let id = relay.id().to_string();
        let limited = Command::new("prlimit")
            .args(["--pid", &id, &format!("--fsize={size}:unlimited")])
            .status();
        assert!(limited.unwrap().success());
    };
    limit_files("0");
    assert_come_back(&site.post(&relay, 2).await);
    assert!(!site.is_ready(&relay).await);
    assert!(relay.log().contains("disk I/O error"), "{}", relay.log());

    limit_files("unlimited");
    site.post_until_accepted(&relay, 3).await;
    site.all_told(&[1, 3]).await;
    assert!(relay.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_is_said_at_the_start_and_keeps_what_it_has() {
    let Some(disk) = Disk::mount(16) else { return };
    let site = Site::on_sqlite(&disk.path("hookbell.db"));
    let relay = site.serve();
    site.post_until_accepted(&relay, 1).await;
    relay.kill();

    disk.remount("ro");
    let mut command = site.serve_by(Command::new(replica::program()));
    let Err(log) = Replica::start(&mut command) else {
        panic!("it started on a read-only database");
    };
    assert!(
        log.contains("for writing") && log.contains("store.url"),
        "{log}"
    );

    disk.remount("rw");
    let relay = site.serve();
    site.post_until_accepted(&relay, 2).await;
    site.all_told(&[1, 2]).await;
    eventually("ready", async || site.is_ready(&relay).await).await;
    assert!(relay.terminate().success());
}
