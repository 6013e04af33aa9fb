//! Travis CI: one notification per build, as a form whose field `payload` is JSON and is what gets signed.
//!
//! Sources: docs.travis-ci.com, "Configuring build notifications"; for the order and meaning of the fields Travis' own
//! travis-tasks (`lib/travis/addons/webhook`) and travis-hub. The payload repeats the build's configuration, which may
//! hold this very webhook's address with its token: nothing under `config` is ever read.

mod event;
mod verify;

use jiff::Timestamp;

use super::{
    Credentials, ParseError, Parsed, Proof, RawRequest, Shown, Source, VerifyError, json_object,
    json_text,
};
use crate::core::json::{Document, Json, Lookup};

pub use verify::{is_public_key, public_key_from_config};

const SLUG: &str = "travis-repo-slug";

pub struct Travis;

impl Source for Travis {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::PublicKey]
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
        let payload = json_object(&text)?;
        Ok(Parsed {
            event: event::event_of(&payload, request.header(SLUG)),
            delivery_key: delivery_key(&payload),
            payload: Document::new(text.clone()),
        })
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SLUG]
    }
}

/// There is no delivery id. A restarted build keeps its id and number but ends at another time.
fn delivery_key(payload: &Json) -> Option<String> {
    let parts = ["id", "state", "finished_at"].map(|path| payload.text(path).unwrap_or_default());
    let [id, state, _] = &parts;
    (!id.is_empty() && !state.is_empty()).then(|| parts.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::json;

    #[test]
    fn a_restarted_build_is_another_delivery() {
        let first = json!({"id": 7, "state": "failed", "finished_at": "2026-03-05T01:03:10Z"});
        let second = json!({"id": 7, "state": "failed", "finished_at": "2026-03-05T02:00:00Z"});
        assert_eq!(
            delivery_key(&first).as_deref(),
            Some("7:failed:2026-03-05T01:03:10Z")
        );
        assert_ne!(delivery_key(&first), delivery_key(&second));
        assert_eq!(delivery_key(&json!({"id": 7})), None);
    }
}
