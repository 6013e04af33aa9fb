//! GitLab: project, group and system hooks.
//!
//! `verify.rs` checks the sender, the other files read one family of events each, `common.rs` holds what they
//! share. A hook may replace its whole body by a template of its own (custom webhook template), so a body without
//! any of GitLab's fields is accepted too and read as far as possible.

mod changes;
mod ci;
mod common;
mod deployment;
mod issue;
mod merge_request;
mod note;
mod other;
mod people;
mod push;
mod verify;

use jiff::Timestamp;

use super::{
    Credentials, ParseError, Parsed, Proof, RawRequest, Shown, Source, VerifyError, json_object,
    json_text,
};
use crate::core::event::Event;
use crate::core::json::{Document, Json, Lookup as _};
use common::Hook;

pub use verify::is_signing_secret;

pub struct Gitlab;

impl Source for Gitlab {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::SigningSecret, Proof::Token]
    }

    fn verify(
        &self,
        request: &RawRequest,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Shown, VerifyError> {
        verify::verify(request, credentials, now)
    }

    fn parse(&self, request: &RawRequest) -> Result<Parsed, ParseError> {
        let text = json_text(request)?;
        let event = event_of(request, &json_object(&text)?);
        // Both hold the same value, made when the event fires and kept when it is sent again (GitLab 17.4, 19.0).
        let delivery_key = request
            .header("idempotency-key")
            .or_else(|| request.header("webhook-id"))
            .map(str::to_owned);
        Ok(Parsed {
            event,
            payload: Document::new(text),
            delivery_key,
        })
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[
            "x-gitlab-event",
            "x-gitlab-instance",
            "x-gitlab-event-uuid",
            "x-gitlab-webhook-uuid",
            "idempotency-key",
            "webhook-id",
            "webhook-timestamp",
        ]
    }
}

fn event_of(request: &RawRequest, payload: &Json) -> Event {
    let header = request.header("x-gitlab-event").unwrap_or_default();
    let instance = request
        .header("x-gitlab-instance")
        .filter(|base| base.starts_with("http"))
        .map(|base| base.trim_end_matches('/'));
    let hook = Hook::new(payload, header, instance);
    let said = payload
        .text("object_kind")
        .or_else(|| payload.text("event_name"));
    let is_made_up = said.is_none() && !hook.thing().is_object();
    let word = said
        .or_else(|| word_of_header(header))
        .or_else(|| payload.text("event_type"))
        .unwrap_or_else(|| "unknown".to_owned());
    let mut event = if is_made_up {
        other::custom(&hook, &word)
    } else {
        known(&hook, &word)
    };
    if event.url.is_none() {
        event.url = hook.repo.and_then(|repo| repo.url);
    }
    event
}

fn known(hook: &Hook, word: &str) -> Event {
    match word {
        "push" | "tag_push" => push::push(hook, word),
        "issue" | "work_item" => issue::issue(hook, word),
        "note" => note::note(hook),
        "merge_request" => merge_request::merge_request(hook),
        "pipeline" => ci::pipeline(hook),
        "build" | "job" => ci::job(hook),
        "deployment" => deployment::deployment(hook),
        "release" => other::release(hook),
        "wiki_page" => other::wiki_page(hook),
        "feature_flag" => other::feature_flag(hook),
        "milestone" => other::milestone(hook),
        "emoji" => other::emoji(hook),
        "access_token" => other::access_token(hook),
        "vulnerability" => other::vulnerability(hook),
        _ => people::change(hook, word),
    }
}

/// `Merge Request Hook` -> `merge_request`; `None` for headers that only name the kind of hook.
fn word_of_header(header: &str) -> Option<String> {
    let name = header.strip_suffix(" Hook")?;
    let name = name.strip_prefix("Confidential ").unwrap_or(name);
    match name {
        "System" | "Service" | "Test" => None,
        "Build" => Some("job".to_owned()),
        "Resource Access Token" => Some("access_token".to_owned()),
        _ => Some(name.to_lowercase().replace(' ', "_")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(header: &str, body: Value) -> Event {
        let request = RawRequest {
            headers: vec![("x-gitlab-event".to_owned(), header.to_owned())],
            body: body.to_string().into(),
            ..RawRequest::default()
        };
        Gitlab.parse(&request).unwrap().event
    }

    #[test]
    fn the_body_names_the_event_before_the_header_does() {
        let cases = [
            (
                "System Hook",
                json!({"object_kind": "push", "ref": "refs/heads/main"}),
                "push",
            ),
            ("System Hook", json!({"event_name": "tag_push"}), "tag_push"),
            ("Job Hook", json!({"object_kind": "build"}), "job"),
            ("Build Hook", json!({}), "job"),
            ("Merge Request Hook", json!({}), "merge_request"),
            ("Confidential Issue Hook", json!({}), "issue"),
            ("Resource Access Token Hook", json!({}), "access_token"),
            ("Service Hook", json!({"event_type": "emoji"}), "emoji"),
            ("", json!({"text": "deployed"}), "unknown"),
            (
                "Member Hook",
                json!({"event_name": "user_add_to_group"}),
                "user_add_to_group",
            ),
        ];
        for (header, body, expected) in cases {
            assert_eq!(
                parse(header, body.clone()).event,
                expected,
                "{header} {body}"
            );
        }
    }

    #[test]
    fn a_resent_delivery_is_known_by_its_idempotency_key() {
        let mut request = RawRequest {
            body: "{}".into(),
            ..RawRequest::default()
        };
        assert_eq!(Gitlab.parse(&request).unwrap().delivery_key, None);
        for name in ["webhook-id", "idempotency-key"] {
            let header = (name.to_owned(), name.to_owned());
            request.headers.push(header);
            let parsed = Gitlab.parse(&request).unwrap();
            assert_eq!(parsed.delivery_key.as_deref(), Some(name));
        }
    }
}
