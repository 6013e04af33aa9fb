//! `allow` under a source: who may post, behind proxies too.

use std::fs;

use crate::process::{Process, Site};

/// A relay whose source `narrow` takes webhooks from one network only, and what it answers to a client that says it was
/// forwarded for that address.
async fn statuses(trusted: Option<&str>, forwarded: &[Option<&str>]) -> Vec<u16> {
    let site = Site::new().await;
    let file = site.folder.path().join("hookbell.toml");
    let config = fs::read_to_string(&file).unwrap();
    let narrow = "[sources.narrow]\nkind = \"github\"\ninsecure = true\nallow = [\"192.0.2.0/24\", \"2001:db8::7\"]\n";
    fs::write(&file, format!("{config}{narrow}")).unwrap();
    let mut command = site.command(&["serve"]);
    if let Some(trusted) = trusted {
        command.env("HOOKBELL__SERVER__TRUSTED_PROXIES", trusted);
    }
    let relay = Process::start(&mut command);
    let http = reqwest::Client::new();
    let mut statuses = Vec::new();
    for forwarded in forwarded {
        let mut request = http
            .post(format!("{}/hooks/narrow", relay.address))
            .header("x-github-event", "push")
            .header("content-type", "application/json")
            .body("{}");
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", *forwarded);
        }
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    relay.terminate();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_listed_is_refused_whatever_it_claims() {
    let claims = [None, Some("192.0.2.7")];
    assert_eq!(statuses(None, &claims).await, [403, 403]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_is_believed_about_its_client_alone() {
    let claims = [
        Some("192.0.2.7"),
        Some("2001:db8::7"),
        Some("192.0.2.7, 198.51.100.1"),
        None,
    ];
    let statuses = statuses(Some("127.0.0.1, 10.0.0.0/8"), &claims).await;
    assert!(statuses[0] < 300 && statuses[1] < 300, "{statuses:?}");
    assert_eq!(statuses[2..], [403, 403]);
}
