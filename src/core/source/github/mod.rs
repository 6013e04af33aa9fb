//! GitHub, github.com and Enterprise Server alike: repository, organization and App webhooks.
//!
//! `verify.rs` checks the signature, `event.rs` chooses the reader for an event by its name, and each family of
//! events has a file of its own. What all of them need from a payload (people, repository, edits) is in `fields.rs`.
//! Field names and their optionality follow GitHub's "Webhook events and payloads" page and its published schema
//! (octokit/openapi-webhooks).

mod ci;
mod deployment;
mod event;
mod fields;
mod infer;
mod issue;
mod people;
mod pull_request;
mod push;
mod release;
mod repository;
mod security;
#[cfg(test)]
mod tests;
mod verify;

use jiff::Timestamp;

use super::{
    Credentials, ParseError, Parsed, Proof, RawRequest, Shown, Source, VerifyError, json_object,
    json_text,
};
use crate::core::json::Document;

pub struct Github;

impl Source for Github {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::Secret]
    }

    fn verify(
        &self,
        request: &RawRequest,
        credentials: &Credentials,
        _now: Timestamp,
    ) -> Result<Shown, VerifyError> {
        verify::signature(request, credentials)
    }

    fn parse(&self, request: &RawRequest) -> Result<Parsed, ParseError> {
        let text = json_text(request)?;
        let payload = json_object(&text)?;
        let name = request
            .header("x-github-event")
            .map(str::trim)
            .filter(|name| is_event_name(name))
            .unwrap_or_else(|| infer::event_name(&payload));
        Ok(Parsed {
            event: event::event(name, &payload),
            delivery_key: request
                .header("x-github-delivery")
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            payload: Document::new(text.clone()),
        })
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[
            "x-github-event",
            "x-github-delivery",
            "x-github-hook-id",
            "x-github-hook-installation-target-type",
            "x-github-hook-installation-target-id",
            "x-github-enterprise-version",
            "x-github-enterprise-host",
        ]
    }
}

/// Template files are looked up by this name, so it may not be just any text.
fn is_event_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
