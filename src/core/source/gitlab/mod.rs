//! Gitlab.

use jiff::Timestamp;

use super::{Credentials, ParseError, Parsed, Proof, RawRequest, Source, VerifyError};

pub struct Gitlab;

impl Source for Gitlab {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::SigningSecret, Proof::Token]
    }

    fn verify(
        &self,
        _request: &RawRequest,
        _credentials: &Credentials,
        _now: Timestamp,
    ) -> Result<(), VerifyError> {
        todo!()
    }

    fn parse(&self, _request: &RawRequest) -> Result<Parsed, ParseError> {
        todo!()
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        todo!()
    }
}
