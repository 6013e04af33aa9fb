//! Recorded webhook bodies, where there are any: `HOOKBELL_PAYLOADS` names a folder with one subfolder for each kind of
//! source. They are not part of the project, and nothing here depends on their content.

use std::fs;
use std::path::PathBuf;

use hookbell::core::event::Kind;
use hookbell::store::record::DeadFilter;

use crate::delivery::unfolded;
use crate::fixture;
use crate::relay::TestRelay;
use crate::vendor::{self, Webhook};

/// Every recording with its name, as a signed webhook; `None` where no folder is named.
pub fn recordings() -> Option<Vec<(String, Webhook)>> {
    let folder = match std::env::var_os("HOOKBELL_PAYLOADS") {
        Some(folder) => PathBuf::from(folder),
        None if std::env::var_os("HOOKBELL_CI").is_none() => return None,
        None => panic!("CI must set HOOKBELL_PAYLOADS"),
    };
    let mut found = Vec::new();
    for kind in Kind::ALL {
        for entry in fs::read_dir(folder.join(kind.name())).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let name = path.file_stem().unwrap().to_string_lossy();
            let headers = fixture::headers(&path.with_extension("headers"));
            let webhook = vendor::signed(kind, &headers, &fs::read(&path).unwrap());
            found.push((format!("{}/{name}", kind.name()), webhook));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Some(found)
}

#[tokio::test]
async fn every_recorded_payload_is_taken_and_what_is_routed_is_accepted_by_the_sandbox() {
    let Some(recordings) = recordings() else {
        return;
    };
    assert!(!recordings.is_empty(), "no recordings found");
    let relay = TestRelay::start(&unfolded()).await;
    let mut routed = 0;
    for (name, webhook) in &recordings {
        let answer = relay.post(webhook).await;
        match answer.status {
            202 => routed += 1,
            200 => {}
            status => panic!("{name}: {status} {}", answer.body),
        }
    }
    relay.settled().await;
    let dead = relay
        .store
        .dead(DeadFilter::default(), None, 1000)
        .await
        .unwrap();
    let told: Vec<_> = dead
        .iter()
        .map(|letter| (&letter.delivery.event, &letter.reason))
        .collect();
    assert!(dead.is_empty(), "{told:?}");
    relay.messages(routed).await;
    println!(
        "{} recordings taken, {routed} of them told",
        recordings.len()
    );
    relay.finish().await;
}
