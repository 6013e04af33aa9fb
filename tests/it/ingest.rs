//! What the sender of a webhook is answered, and what is kept.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::relay::{EVERYTHING, TestRelay, free_port};
use crate::travis_signer;
use crate::vendor::{self, Webhook};

fn push(to: &str) -> Value {
    json!({
        "ref": format!("refs/heads/{to}"),
        "before": "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
        "after": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "compare": "https://github.com/acme/shop/compare/0f1e2d3...a1b2c3d",
        "commits": [{
            "id": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
            "message": "Keep the session after a password change",
            "url": "https://github.com/acme/shop/commit/a1b2c3d",
            "author": {"name": "mona", "username": "mona"}
        }],
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    })
}

fn build() -> Value {
    json!({"id": 1, "number": "7", "state": "failed", "type": "push", "branch": "main",
           "finished_at": "2026-11-22T09:00:00Z", "repository": {"name": "shop", "owner_name": "acme"}})
}

fn issue() -> Value {
    json!({"webhookEvent": "jira:issue_created", "timestamp": 1795338843000_i64,
           "user": {"displayName": "mona"},
           "issue": {"key": "SHOP-12", "self": "https://acme.example/rest/api/2/issue/1",
                     "fields": {"summary": "Session is lost", "project": {"key": "SHOP", "name": "Shop"}}}})
}

#[tokio::test]
async fn an_accepted_webhook_is_posted_and_answered_with_its_routes() {
    let relay = TestRelay::start(EVERYTHING).await;
    let answer = relay
        .post(&vendor::github("push", "d-1", &push("main")))
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.body["routes"], json!(["everything"]));
    assert_eq!(
        answer.body["id"],
        json!(relay.deliveries().await[0].delivery.id)
    );
    let messages = relay.messages(1).await;
    let text = messages[0].body["markdown"]["text"].as_str().unwrap();
    assert!(
        text.contains("Keep the session after a password change"),
        "{text}"
    );
    relay.finish().await;
}

#[tokio::test]
async fn every_vendors_proof_is_accepted() {
    let relay = TestRelay::start(EVERYTHING).await;
    let now = hookbell::clock::Clock::now(relay.clock.as_ref()).as_second();
    let gitlab_push = json!({"object_kind": "push", "ref": "refs/heads/main", "user_name": "mona",
        "total_commits_count": 1, "commits": [{"id": "a1", "message": "x"}],
        "project": {"path_with_namespace": "acme/shop"}});
    let webhooks = [
        vendor::github("push", "d-1", &push("main")),
        vendor::gitlab("Push Hook", &gitlab_push),
        vendor::gitlab_signed(now, &gitlab_push),
        vendor::jira(&issue()),
        vendor::jira_server(&issue()),
        vendor::codeup("Push Hook", &gitlab_push),
        vendor::travis(&build()),
    ];
    for webhook in &webhooks {
        let answer = relay.post(webhook).await;
        assert_eq!(answer.status, 202, "{}: {}", webhook.source, answer.body);
    }
    relay.messages(webhooks.len()).await;
    relay.finish().await;
}

#[tokio::test]
async fn a_wrong_missing_or_stale_proof_is_refused_and_nothing_is_kept() {
    let relay = TestRelay::start(EVERYTHING).await;
    let now = hookbell::clock::Clock::now(relay.clock.as_ref()).as_second();
    let body = json!({"object_kind": "push", "ref": "refs/heads/main"});
    let github = vendor::github("push", "d-1", &push("main"));
    let gitlab = vendor::gitlab("Push Hook", &body);
    let signed = vendor::gitlab_signed(now, &body);
    let jira = vendor::jira(&issue());
    let codeup = vendor::codeup("Push Hook", &body);
    let travis = vendor::travis(&build());
    let forged = vendor::travis(&json!({"id": 2})).headers.pop().unwrap().1;
    let other_body = |webhook: &Webhook| Webhook {
        body: b"{}".to_vec(),
        ..webhook.clone()
    };
    let refused = [
        github.clone().without("x-hub-signature-256"),
        github.clone().changed("x-hub-signature-256", "sha256=00"),
        github
            .clone()
            .without("x-hub-signature-256")
            .with("x-hub-signature", "sha1=00"),
        other_body(&github),
        gitlab.clone().without("x-gitlab-token"),
        gitlab.changed("x-gitlab-token", "a guess"),
        signed.clone().without("webhook-signature"),
        signed.clone().changed("webhook-signature", "v1,AAAA"),
        other_body(&signed),
        vendor::gitlab_signed(now - 301, &body),
        vendor::gitlab_signed(now + 301, &body),
        jira.clone().without("x-hub-signature"),
        other_body(&jira),
        Webhook {
            query: "?token=a+guess".into(),
            ..vendor::jira_server(&issue())
        },
        Webhook {
            query: String::new(),
            ..vendor::jira_server(&issue())
        },
        codeup.clone().without("x-codeup-token"),
        codeup.changed("x-codeup-token", "a guess"),
        travis.clone().without("signature"),
        travis.clone().changed("signature", "not base64"),
        travis.changed("signature", &forged),
    ];
    for webhook in refused {
        let answer = relay.post(&webhook).await;
        assert_eq!(answer.status, 401, "{webhook:?}");
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    assert!(relay.deliveries().await.is_empty(), "nothing is stored");
    relay.messages(0).await;
    relay.finish().await;
}

#[tokio::test]
async fn mistakes_are_answered_with_the_status_that_names_them() {
    let relay = TestRelay::start(EVERYTHING).await;
    let good = vendor::github("push", "d-1", &push("main"));
    let unknown = Webhook {
        source: "gitee".into(),
        ..good.clone()
    };
    assert_eq!(relay.post(&unknown).await.status, 404);
    assert_eq!(relay.get("/hooks/github").await.status, 405);
    let large = json!({"x": "y".repeat(1_100_000)});
    assert_eq!(
        relay
            .post(&vendor::github("push", "d-2", &large))
            .await
            .status,
        413
    );
    let xml = good.clone().changed("content-type", "text/xml");
    assert_eq!(relay.post(&xml).await.status, 415);
    let list = vendor::github("push", "d-3", &json!([1, 2]));
    assert_eq!(relay.post(&list).await.status, 400);
    let broken = vendor::signed(hookbell::core::event::Kind::Github, &[], b"{\"ref\": ");
    let answer = relay.post(&broken).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.body.to_string().contains("Everybody"));
    assert_eq!(relay.get("/").await.status, 404);
    assert!(relay.deliveries().await.is_empty(), "nothing is stored");
    relay.finish().await;
}

#[tokio::test]
async fn health_is_told_on_the_public_address() {
    let relay = TestRelay::start(EVERYTHING).await;
    assert_eq!(relay.get("/healthz").await.status, 200);
    assert_eq!(relay.get("/readyz").await.status, 200);
    relay.finish().await;
}

#[tokio::test]
async fn a_repeated_delivery_is_recognized_by_the_vendors_id() {
    let relay = TestRelay::start(EVERYTHING).await;
    let first = relay
        .post(&vendor::github("push", "d-1", &push("main")))
        .await;
    let again = relay
        .post(&vendor::github("push", "d-1", &push("main")))
        .await;
    assert_eq!(
        (again.status, &again.body["duplicate"]),
        (200, &json!(true))
    );
    assert_eq!(again.body["id"], first.body["id"]);
    let other = relay
        .post(&vendor::github("push", "d-2", &push("main")))
        .await;
    assert_eq!(other.status, 202);
    relay.messages(2).await;
    relay.finish().await;
}

#[tokio::test]
async fn what_no_route_wants_is_kept_and_says_why() {
    let mut relay =
        TestRelay::start("[[routes]]\nname = \"tags\"\ntag = \"*\"\nto = [\"backend\"]\n").await;
    let webhook = vendor::github("push", "d-1", &push("main"));
    let answer = relay.post(&webhook).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body["ignored"],
        "no route wants github push (updated)"
    );
    let kept = relay.deliveries().await;
    assert_eq!(
        kept[0].delivery.ignored.as_deref(),
        Some("no route wants github push (updated)")
    );
    // Once a route wants it, the same delivery sent again is taken up.
    relay.restart(EVERYTHING).await;
    assert_eq!(relay.post(&webhook).await.status, 202);
    relay.messages(1).await;
    relay.finish().await;
}

#[tokio::test]
async fn a_ping_is_ignored_unless_a_route_names_it() {
    let mut relay = TestRelay::start(EVERYTHING).await;
    let ping = |id: &str| {
        let body = json!({"zen": "Keep it logically awesome.", "hook_id": 1,
            "hook": {"type": "Repository", "id": 1, "events": ["push", "pull_request", "gollum", "star"]},
            "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
            "sender": {"login": "mona"}});
        vendor::github("ping", id, &body)
    };
    let answer = relay.post(&ping("d-1")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["ignored"].is_string());
    relay
        .restart("[[routes]]\nname = \"hooks\"\nevent = [\"ping\", \"pu*\"]\nto = [\"backend\"]\n")
        .await;
    assert_eq!(relay.post(&ping("d-2")).await.status, 202);
    let messages = relay.messages(1).await;
    let text = messages[0].body["markdown"]["text"].as_str().unwrap();
    assert!(
        text.contains("acme/shop") && text.contains("will send push, pull"),
        "{text}"
    );
    assert!(text.contains("wanted by no route: gollum, star."), "{text}");
    relay.finish().await;
}

#[tokio::test]
async fn no_secret_is_kept_with_a_delivery() {
    let relay = TestRelay::start(EVERYTHING).await;
    let body = json!({"object_kind": "push", "ref": "refs/heads/main"});
    let webhook = vendor::gitlab("Push Hook", &body).with("authorization", "Basic bm90Om1pbmU=");
    relay.post(&webhook).await;
    let id = relay.deliveries().await[0].delivery.id;
    let record = relay.store.delivery(id).await.unwrap().unwrap();
    let names: Vec<&str> = record
        .payload
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(names.contains(&"x-gitlab-event"), "{names:?}");
    for secret in ["x-gitlab-token", "authorization"] {
        assert!(!names.contains(&secret), "{names:?}");
    }
    relay.finish().await;
}

/// What Travis' `/config` answers, on a free port; tells how often it was asked.
fn travis_config() -> (String, Arc<AtomicUsize>) {
    let listener = free_port();
    let address = format!("http://{}/config", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let config = json!({"config": {"notifications": {"webhook": {"public_key": travis_signer::PUBLIC_KEY}}}});
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            counter.fetch_add(1, Ordering::SeqCst);
            let body = config.to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let _ = write!(
                stream,
                "{head}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (address, asked)
}

#[tokio::test]
async fn the_key_that_travis_publishes_is_fetched_once_and_again_only_after_a_while() {
    let (address, asked) = travis_config();
    let source =
        format!("[sources.travis-published]\nkind = \"travis\"\nconfig_url = \"{address}\"\n");
    let relay = TestRelay::start(&format!("{source}{EVERYTHING}")).await;
    let published = |webhook: Webhook| Webhook {
        source: "travis-published".into(),
        ..webhook
    };
    let good = published(vendor::travis(&build()));
    assert_eq!(relay.post(&good).await.status, 202);
    assert_eq!(relay.post(&good).await.body["duplicate"], true);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let forged = good.changed("signature", "AAAA");
    assert_eq!(relay.post(&forged).await.status, 401);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "not again within a minute");
    relay.clock.advance(Duration::from_secs(61));
    assert_eq!(relay.post(&forged).await.status, 401);
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the key may have changed");
    relay.finish().await;
}

#[tokio::test]
async fn while_the_store_cannot_be_written_the_sender_is_asked_to_come_again() {
    let relay = TestRelay::start(EVERYTHING).await;
    let other = rusqlite::Connection::open(relay.database()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let webhook = vendor::github("push", "d-1", &push("main"));
    let answer = relay.post(&webhook).await;
    assert_eq!(answer.status, 503);
    assert!(answer.retry_after, "with Retry-After");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        relay.post(&webhook).await.status,
        202,
        "and then it is taken"
    );
    relay.messages(1).await;
    relay.finish().await;
}
