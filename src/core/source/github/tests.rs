//! Rules that hold for every payload, tried on our fixtures and on damaged copies of them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::core::event::{Event, Person};
use crate::core::json::{Json, owned};

fn request(headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> RawRequest {
    RawRequest {
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        body: body.into(),
        ..RawRequest::default()
    }
}

fn read(name: &str, payload: Value) -> Event {
    event::event(name, &Json::from(&payload))
}

/// Event name and payload of each of our fixtures.
fn fixtures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github");
    let cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|case| {
            let case = case.unwrap().path();
            let headers = fs::read_to_string(case.join("headers.txt")).unwrap_or_default();
            let name = headers
                .lines()
                .find_map(|line| line.strip_prefix("X-GitHub-Event:"))
                .unwrap_or_default()
                .trim();
            let body = fs::read(case.join("payload.json")).unwrap();
            (name.to_owned(), serde_json::from_slice(&body).unwrap())
        })
        .collect();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn no_link_leads_to_the_api() {
    for (name, payload) in fixtures() {
        let event = serde_json::to_string(&read(&name, payload)).unwrap();
        assert!(!event.contains("://api."), "{name}: {event}");
    }
}

#[test]
fn a_found_secret_is_never_repeated() {
    let mut seen = false;
    for (name, payload) in fixtures() {
        let Some(secret) = payload.pointer("/alert/secret").and_then(Value::as_str) else {
            continue;
        };
        seen = true;
        let event = serde_json::to_string(&read(&name, payload.clone())).unwrap();
        assert!(!event.contains(secret), "{name}");
    }
    assert!(seen, "no fixture carries a secret");
}

#[test]
fn an_event_name_that_is_no_word_is_not_believed() {
    for name in ["../../etc/passwd", "push.hbs", " "] {
        let parsed = Github
            .parse(&request(&[("x-github-event", name)], r#"{"zen":"x"}"#))
            .unwrap();
        assert_eq!(parsed.event.event, "ping", "{name}");
    }
}

#[test]
fn the_event_is_told_by_its_shape_where_the_header_is_missing() {
    for (name, payload) in fixtures() {
        let expected = match name.as_str() {
            "copilot_review_session" => "unknown",
            name => name,
        };
        assert_eq!(infer::event_name(&Json::from(&payload)), expected);
    }
    assert_eq!(
        infer::event_name(&owned(json!({"hello": "world"}))),
        "unknown"
    );
}

#[test]
fn reads_json_and_forms_alike() {
    let headers = [
        ("x-github-event", "ping"),
        ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ];
    let plain = Github
        .parse(&request(&headers, r#"{"zen":"Keep it simple"}"#))
        .unwrap();
    let form = Github
        .parse(&request(
            &headers,
            "payload=%7B%22zen%22%3A%22Keep+it+simple%22%7D",
        ))
        .unwrap();
    assert_eq!(plain.event, form.event);
    assert_eq!(plain.payload.value(), form.payload.value());
    assert_eq!(
        form.delivery_key.as_deref(),
        Some("72d3162e-cc78-11e3-81ab-4c9367dc0958")
    );
}

#[test]
fn what_is_no_json_object_is_refused() {
    for body in ["", "{", "[]", "null", "payload=", "payload=%5B%5D"] {
        assert!(Github.parse(&request(&[], body)).is_err(), "{body}");
    }
}

#[test]
fn the_noise_is_quiet_and_the_news_is_not() {
    let quiet = |name, payload| read(name, payload).quiet.is_some();
    let run =
        |action, conclusion| json!({"action": action, "workflow_run": {"conclusion": conclusion}});
    let job =
        |action, conclusion| json!({"action": action, "workflow_job": {"conclusion": conclusion}});
    let check = |app| json!({"action": "completed", "check_run": {"conclusion": "success", "app": {"slug": app}}});
    let rows = [
        ("ping", json!({"zen": "x"}), true),
        ("push", json!({"ref": "refs/heads/main"}), false),
        (
            "push",
            json!({"ref": "refs/heads/gh-readonly-queue/main/pr-1"}),
            true,
        ),
        ("create", json!({"ref": "v1", "ref_type": "tag"}), true),
        ("delete", json!({"ref": "x", "ref_type": "branch"}), true),
        ("pull_request", json!({"action": "opened"}), false),
        ("pull_request", json!({"action": "synchronize"}), true),
        ("pull_request", json!({"action": "labeled"}), true),
        (
            "pull_request",
            json!({"action": "edited", "changes": {}}),
            true,
        ),
        (
            "pull_request",
            json!({"action": "edited", "changes": {"base": {"ref": {"from": "dev"}}}}),
            false,
        ),
        (
            "pull_request",
            json!({"action": "dequeued", "reason": "MERGE"}),
            true,
        ),
        (
            "pull_request",
            json!({"action": "dequeued", "reason": "CI_FAILURE"}),
            false,
        ),
        (
            "pull_request_review",
            json!({"action": "submitted", "review": {"state": "commented", "body": null}}),
            true,
        ),
        (
            "pull_request_review",
            json!({"action": "submitted", "review": {"state": "approved", "body": null}}),
            false,
        ),
        ("issues", json!({"action": "pinned"}), true),
        (
            "issue_comment",
            json!({"action": "edited", "comment": {"body": "a"}, "changes": {"body": {"from": "a"}}}),
            true,
        ),
        (
            "issue_comment",
            json!({"action": "edited", "comment": {"body": "b"}, "changes": {"body": {"from": "a"}}}),
            false,
        ),
        ("release", json!({"action": "published"}), false),
        ("release", json!({"action": "released"}), true),
        ("release", json!({"action": "deleted"}), false),
        ("workflow_run", run("in_progress", Value::Null), true),
        ("workflow_run", run("completed", json!("success")), false),
        ("workflow_job", job("waiting", Value::Null), true),
        ("workflow_job", job("completed", json!("success")), true),
        ("workflow_job", job("completed", json!("failure")), false),
        ("check_run", check("github-actions"), true),
        ("check_run", check("circleci"), false),
        ("check_suite", json!({"action": "completed"}), true),
        ("status", json!({"state": "pending"}), true),
        ("status", json!({"state": "error"}), false),
        ("deployment", json!({"action": "created"}), true),
        (
            "deployment_status",
            json!({"deployment_status": {"state": "in_progress"}}),
            true,
        ),
        (
            "deployment_status",
            json!({"deployment_status": {"state": "failure"}}),
            false,
        ),
        ("star", json!({"action": "created"}), true),
        ("projects_v2_item", json!({"action": "reordered"}), true),
        ("projects_v2_item", json!({"action": "edited"}), false),
        ("page_build", json!({"build": {"status": "built"}}), true),
        ("page_build", json!({"build": {"status": "errored"}}), false),
        ("public", json!({}), false),
        ("something_new", json!({}), false),
    ];
    for (name, payload, expected) in rows {
        assert_eq!(quiet(name, payload.clone()), expected, "{name} {payload}");
    }
}

#[test]
fn people_are_called_by_what_was_written_just_now() {
    let pull = |action, kind, body| {
        read(
            "pull_request",
            json!({
                "action": action,
                "pull_request": {"number": 42, "user": {"login": "x", "type": kind}, "body": body},
            }),
        )
    };
    let opened = pull("opened", "User", "cc @alice");
    assert_eq!(opened.mentioned, [Person::with_login("alice")]);
    assert!(pull("closed", "User", "cc @alice").mentioned.is_empty());
    assert!(pull("opened", "Bot", "Thanks @alice").mentioned.is_empty());
    let advisory = read(
        "repository_advisory",
        json!({"action": "published", "repository_advisory": {"description": "In @babel/core"}}),
    );
    assert!(advisory.mentioned.is_empty());
}

#[test]
fn pages_of_odd_branches_stay_addresses() {
    let event = read(
        "push",
        json!({
            "ref": "refs/heads/fix/#1 100%?",
            "created": true,
            "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        }),
    );
    assert_eq!(
        event.url.as_deref(),
        Some("https://github.com/acme/shop/tree/fix/%231%20100%25%3F")
    );
}

#[test]
fn a_login_is_read_from_githubs_private_addresses() {
    let logins = [
        ("1024025+mona@users.noreply.github.com", Some("mona")),
        ("mona@users.noreply.github.com", Some("mona")),
        ("mona@example.com", None),
        ("+@users.noreply.github.com", None),
    ];
    for (email, login) in logins {
        let person = fields::git_person(&owned(json!({"name": "Mona", "email": email}))).unwrap();
        assert_eq!(person.login.as_deref(), login, "{email}");
    }
}
