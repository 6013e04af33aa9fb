//! Who may post as Codeup: whoever knows the Secret Token, sent in the clear. Nothing is signed.

use super::super::auth::is_one_of;
use super::{Credentials, Proof, RawRequest, Shown, VerifyError};

const TOKEN: &str = "x-codeup-token";

pub fn verify(request: &RawRequest, credentials: &Credentials) -> Result<Shown, VerifyError> {
    if credentials.tokens.is_empty() {
        return Err(VerifyError::Unconfigured);
    }
    match request.header(TOKEN) {
        None => Err(VerifyError::Missing(TOKEN)),
        Some(token) => is_one_of(&credentials.tokens, token)
            .map(|index| Shown::new(TOKEN, Proof::Token, index, credentials.tokens.len()))
            .ok_or(VerifyError::Mismatch(TOKEN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::secret::Secret;

    #[test]
    fn only_a_configured_token_passes() {
        let two = || vec![Secret::new("old"), Secret::new("new")];
        let cases = [
            (
                Some("new"),
                two(),
                Ok(Shown::new(TOKEN, Proof::Token, 1, 2)),
            ),
            (Some("ne"), two(), Err(VerifyError::Mismatch(TOKEN))),
            (None, two(), Err(VerifyError::Missing(TOKEN))),
            (Some("new"), vec![], Err(VerifyError::Unconfigured)),
        ];
        for (given, tokens, expected) in cases {
            let headers = given.map(|token| (TOKEN.to_owned(), token.to_owned()));
            let request = RawRequest {
                headers: headers.into_iter().collect(),
                ..RawRequest::default()
            };
            let credentials = Credentials {
                tokens,
                ..Credentials::default()
            };
            assert_eq!(verify(&request, &credentials), expected, "{given:?}");
        }
    }
}
