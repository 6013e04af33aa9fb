//! Jira: Cloud, Data Center and the old Server.
//!
//! The three differ in how they prove themselves, in how many deliveries one comment makes and in what they call a
//! user, but not in the shape of an issue. There is no event header: the body alone says what happened.
//! Sources: developer.atlassian.com, "Webhooks" (Jira Cloud platform); confluence.atlassian.com, "Managing webhooks"
//! (Jira Data Center); for the order of fields on old servers public receivers such as mattermost-plugin-jira.

mod adf;
mod change;
mod event;
mod issue;
mod markdown;
mod person;
mod text;
mod things;
mod verify;
mod wiki;

use jiff::Timestamp;
use serde_json::json;

use super::{
    Credentials, ParseError, Parsed, Proof, RawRequest, Shown, Source, VerifyError, json_object,
};
use crate::core::event::{Event, Kind};
use crate::core::json::{Document, Json};

/// Unique inside one Jira and the same on every retry; Cloud only.
const IDENTIFIER: &str = "x-atlassian-webhook-identifier";
/// `Primary`, or `Secondary` for what a bulk or cascading change drags along; Cloud only.
const FLOW: &str = "x-atlassian-webhook-flow";
const RETRY: &str = "x-atlassian-webhook-retry";

pub struct Jira;

impl Source for Jira {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::Secret, Proof::Token, Proof::Basic]
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
        let payload = payload_of(request)?;
        let mut event = match &payload {
            Some(payload) => event::event_of(payload),
            None => {
                let mut event = Event::new(Kind::Jira, "empty", "");
                event.hush_event("Jira was told to leave out the body");
                event
            }
        };
        // What is silent for its own reason (such as a comment that is not public) stays so.
        if request.header(FLOW) == Some("Secondary") && event.quiet.is_none() {
            event.hush_as("secondary", "a side effect of another change");
        }
        Ok(Parsed {
            delivery_key: request
                .header(IDENTIFIER)
                .filter(|identifier| !identifier.is_empty())
                .map(
                    |identifier| match payload.as_ref().and_then(issue::host_of) {
                        Some(host) => format!("{host}:{identifier}"),
                        None => identifier.to_owned(),
                    },
                ),
            event,
            payload: match payload {
                Some(_) => Document::new(request.body.clone()),
                None => Document::from(json!({})),
            },
        })
    }

    /// Atlassian does not document the content type, and rules of Jira Automation may set any.
    fn takes_any_content_type(&self) -> bool {
        true
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[IDENTIFIER, FLOW, RETRY]
    }
}

/// The body's JSON object; nothing where the webhook has "Exclude body" ticked.
fn payload_of(request: &RawRequest) -> Result<Option<Json<'_>>, ParseError> {
    if request.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    json_object(&request.body).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(headers: &[(&str, &str)], body: &str) -> Result<Parsed, ParseError> {
        let headers = headers.iter();
        Jira.parse(&RawRequest {
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            query: Vec::new(),
            body: body.to_owned().into(),
        })
    }

    #[test]
    fn a_delivery_is_known_by_its_identifier_and_its_site() {
        let body = r#"{"issue": {"self": "https://acme.example.com/rest/api/2/issue/1"}}"#;
        let key = |headers: &[_], body| parsed(headers, body).unwrap().delivery_key;
        let identifier = [(IDENTIFIER, "5f3c")];
        assert_eq!(
            key(&identifier, body).as_deref(),
            Some("acme.example.com:5f3c")
        );
        assert_eq!(key(&identifier, "{}").as_deref(), Some("5f3c"));
        assert_eq!(key(&[], body), None);
    }

    #[test]
    fn a_body_is_read_as_json_whatever_its_type() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        assert!(parsed(&form, "{}").is_ok());
        assert_eq!(parsed(&[], " \n").unwrap().event.event, "empty");
        assert!(matches!(parsed(&[], "[]"), Err(ParseError::NotAnObject)));
        assert!(matches!(parsed(&[], "{"), Err(ParseError::Json(_))));
    }
}
