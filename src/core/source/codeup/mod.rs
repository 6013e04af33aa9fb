//! Codeup.

use jiff::Timestamp;

use super::{Credentials, ParseError, Parsed, Proof, RawRequest, Source, VerifyError};

pub struct Codeup;

impl Source for Codeup {
    fn proofs(&self) -> &'static [Proof] {
        &[Proof::Token]
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
