//! Sources: who may post to us, and what their words mean.
//!
//! A vendor is a folder here with `mod.rs` (the [`Source`] implementation), `verify.rs` (authentication exactly as
//! the vendor does it) and `event.rs` (payload to [`Event`]), and one line in [`of`]. A request is read in three
//! steps, and the types keep their order: [`RawRequest`] -> [`Verified`] -> [`Parsed`].

pub mod auth;
mod codeup;
mod evidence;
mod forge;
mod github;
mod gitlab;
mod jira;
pub mod names;
mod travis;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Event, Kind};
use super::json::{Document, Json};
use super::secret::Secret;

pub use evidence::{Evidence, Shown};
pub use gitlab::is_signing_secret;
pub use travis::{is_public_key, public_key_from_config};

/// A webhook request as it came in. Header names are lower-case.
#[derive(Debug, Clone, Default)]
pub struct RawRequest {
    pub headers: Vec<(String, String)>,
    /// Decoded query parameters of the address.
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

impl RawRequest {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Whether the body is `application/x-www-form-urlencoded`: said by the header or, where there is none, seen.
    pub fn is_form(&self) -> bool {
        match self.header("content-type") {
            Some(kind) => kind
                .to_ascii_lowercase()
                .starts_with("application/x-www-form-urlencoded"),
            None => self.body.starts_with(b"payload="),
        }
    }

    /// The decoded value of a field of a form body.
    pub fn form_field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(&self.body)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// What a configured source accepts as proof. Several values of one kind are a rotation: any of them will do. Where
/// several kinds are set, a request needs to pass one of them.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Keys of an HMAC over the body (GitHub, Jira).
    pub secrets: Vec<Secret>,
    /// Shared words sent in the clear (GitLab, Codeup, Jira's query).
    pub tokens: Vec<Secret>,
    /// `whsec_…` keys of Standard Webhooks (GitLab).
    pub signing_secrets: Vec<Secret>,
    /// User and passwords of HTTP basic authentication (Jira).
    pub user: Option<String>,
    pub passwords: Vec<Secret>,
    /// PEM public keys (Travis).
    pub public_keys: Vec<String>,
    /// Accept everything. Said in so many words by the operator.
    pub insecure: bool,
}

/// A way to prove who is posting; the keys of a `[sources.…]` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    Secret,
    Token,
    SigningSecret,
    Basic,
    PublicKey,
}

/// A value whose sender has proved who it is. Only [`verify`] makes one.
#[derive(Debug)]
pub struct Verified<T> {
    value: T,
    evidence: Evidence,
}

impl<T> Verified<T> {
    pub fn get(&self) -> &T {
        &self.value
    }

    /// How the sender was known.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Checks the sender of `request` and marks it as verified.
pub fn verify(
    kind: Kind,
    request: RawRequest,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<Verified<RawRequest>, (RawRequest, VerifyError)> {
    let result = if credentials.insecure {
        Ok(Evidence::Unchecked)
    } else {
        let shown = of(kind).verify(&request, credentials, now);
        shown.map(Evidence::Shown)
    };
    match result {
        Ok(evidence) => Ok(Verified {
            value: request,
            evidence,
        }),
        Err(error) => Err((request, error)),
    }
}

/// A request that was read.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub event: Event,
    /// The vendor's whole JSON.
    pub payload: Document,
    /// What makes a repeat of this delivery recognizable, where the vendor gives anything (its delivery id; for
    /// Travis the build and its state). Without one the content decides.
    pub delivery_key: Option<String>,
}

/// One vendor.
pub trait Source: Sync {
    /// The ways of authentication this vendor has, strongest first.
    fn proofs(&self) -> &'static [Proof];

    /// Whether `request` was sent by someone who knows one of the credentials, and which.
    fn verify(
        &self,
        request: &RawRequest,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Shown, VerifyError>;

    /// What the request says. Never fails for an event that is not known; only for a body that this vendor does not
    /// send.
    fn parse(&self, request: &RawRequest) -> Result<Parsed, ParseError>;

    /// Whether this vendor posts bodies of other types than JSON and forms.
    fn takes_any_content_type(&self) -> bool {
        false
    }

    /// Names (lower-case) of the headers that are worth keeping with a delivery, besides `content-type` and
    /// `user-agent`. Headers that carry a secret or a signature must not be among them.
    fn kept_headers(&self) -> &'static [&'static str];
}

/// The vendor of that kind. A new vendor gets its line here.
pub fn of(kind: Kind) -> &'static dyn Source {
    match kind {
        Kind::Github => &github::Github,
        Kind::Gitlab => &gitlab::Gitlab,
        Kind::Jira => &jira::Jira,
        Kind::Codeup => &codeup::Codeup,
        Kind::Travis => &travis::Travis,
    }
}

/// Why a request was not believed. The texts are for the caller and say nothing that helps to forge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The proof is not there: which header or parameter it was expected in.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The proof is there and wrong.
    #[error("{0} does not match")]
    Mismatch(&'static str),
    /// Signed too long ago, or in the future.
    #[error("{0} is too far from this server's clock")]
    Stale(&'static str),
    /// The source has no credential that this vendor can use.
    #[error("this source has no credential to check against")]
    Unconfigured,
}

/// Why a body could not be read. Sent by a person or a broken proxy, never by the vendor.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    #[error("the body is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the form has no field `{0}`")]
    MissingField(&'static str),
    #[error("the JSON is not an object")]
    NotAnObject,
}

/// The text of a body that holds JSON, or of a form with the JSON in its field `payload`.
fn json_text(request: &RawRequest) -> Result<Bytes, ParseError> {
    if !request.is_form() {
        return Ok(request.body.clone());
    }
    request
        .form_field("payload")
        .map(Bytes::from)
        .ok_or(ParseError::MissingField("payload"))
}

/// The JSON object that a text holds.
fn json_object(text: &[u8]) -> Result<Json<'_>, ParseError> {
    let payload = Json::read(text)?;
    if payload.is_object() {
        Ok(payload)
    } else {
        Err(ParseError::NotAnObject)
    }
}
