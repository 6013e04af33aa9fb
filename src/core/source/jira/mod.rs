//! Jira.

use jiff::Timestamp;

use super::{Credentials, ParseError, Parsed, Proof, RawRequest, Source, VerifyError};

pub struct Jira;

impl Source for Jira {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::Secret, Proof::Token, Proof::Basic]
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
