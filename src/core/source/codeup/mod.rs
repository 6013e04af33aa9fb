//! Alibaba Cloud Codeup (云效): pushes, tags, merge requests and comments; and the notices of its pipelines (Flow).
//!
//! Codeup descends from GitLab, but its bodies differ enough to be read on their own: there is no `project`, the
//! newest commit comes first, and merge requests exist in two generations. `event.rs` reads what the repository
//! sends, `flow.rs` what a pipeline's webhook plug-in sends.

mod event;
mod flow;
mod verify;

use jiff::Timestamp;

use super::{
    Credentials, ParseError, Parsed, Proof, RawRequest, Shown, Source, VerifyError, json_object,
    json_text,
};
use crate::core::event::{Connected, Event, Kind, Mark};
use crate::core::json::{Document, Json, Lookup as _};

pub struct Codeup;

impl Source for Codeup {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::Token]
    }

    fn verify(
        &self,
        request: &RawRequest,
        credentials: &Credentials,
        _now: Timestamp,
    ) -> Result<Shown, VerifyError> {
        verify::verify(request, credentials)
    }

    fn parse(&self, request: &RawRequest) -> Result<Parsed, ParseError> {
        let text = json_text(request)?;
        let event = event_of(request, &json_object(&text)?);
        Ok(Parsed {
            event,
            payload: Document::new(text),
            delivery_key: request.header("x-codeup-delivery").map(str::to_owned),
        })
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &["x-codeup-event", "codeup-event", "x-codeup-delivery"]
    }
}

fn event_of(request: &RawRequest, payload: &Json) -> Event {
    if payload.text("event").as_deref() == Some("task") {
        return flow::task(payload);
    }
    if is_test(payload) {
        return test();
    }
    // The documentation says `Codeup-Event`, the service sends `X-Codeup-Event` (recorded in 2022).
    let header = request
        .header("x-codeup-event")
        .or_else(|| request.header("codeup-event"))
        .and_then(|header| header.strip_suffix(" Hook"))
        .map(|name| name.to_lowercase().replace(' ', "_"));
    let word = header
        .or_else(|| payload.text("object_kind"))
        .unwrap_or_else(|| "unknown".to_owned());
    match word.as_str() {
        "push" | "tag_push" => event::push(payload, &word),
        "merge_request" => event::merge_request(payload),
        "note" => event::note(payload),
        _ => event::unknown(payload, &word),
    }
}

/// The test button sends the header of a push and a body of nothing but two hashes (told by a public relay's author).
fn is_test(payload: &Json) -> bool {
    let bare = ["object_kind", "ref", "repository", "commits"]
        .iter()
        .all(|field| !payload.has(field));
    bare && payload.has("before") && payload.has("after")
}

fn test() -> Event {
    let mut event = Event {
        mark: Mark::Passed,
        connected: Some(Connected::default()),
        ..Event::new(Kind::Codeup, "test", "")
    };
    event.hush_event("Codeup's test of the webhook");
    event
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(headers: &[(&str, &str)], body: Value) -> Parsed {
        let request = RawRequest {
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_string().into(),
            ..RawRequest::default()
        };
        Codeup.parse(&request).unwrap()
    }

    #[test]
    fn the_event_is_named_by_either_header_or_the_body() {
        let real = ("x-codeup-event", "Tag Push Hook");
        let documented = ("codeup-event", "Merge Request Hook");
        let cases = [
            (vec![documented, real], json!({}), "tag_push"),
            (vec![documented], json!({}), "merge_request"),
            (vec![], json!({"object_kind": "note"}), "note"),
            (vec![], json!({"object_kind": "review"}), "review"),
            (vec![], json!({}), "unknown"),
        ];
        for (headers, body, expected) in cases {
            assert_eq!(parse(&headers, body).event.event, expected);
        }
    }

    #[test]
    fn the_test_button_is_known_by_its_bare_body() {
        let body = json!({"before": "a1", "after": "b2"});
        let parsed = parse(&[("x-codeup-event", "Push Hook")], body);
        assert_eq!(parsed.event.event, "test");
        assert!(parsed.event.quiet.is_some() && parsed.event.connected.is_some());
    }

    #[test]
    fn a_delivery_is_known_by_its_id() {
        let parsed = parse(&[("x-codeup-delivery", "d-1")], json!({}));
        assert_eq!(parsed.delivery_key.as_deref(), Some("d-1"));
    }
}
