//! GitHub's signature: `X-Hub-Signature-256: sha256=<hex>`, an HMAC-SHA256 of the body as it came over the wire.
//!
//! A form body is signed whole, with its `payload=` and percent escapes. The older `X-Hub-Signature` (SHA-1) is not
//! looked at: GitHub sends both whenever there is a secret. Nothing signed carries a time, so repeats are
//! recognized by the delivery's id and not here.
//! (GitHub, "Validating webhook deliveries".)

use crate::core::source::{Credentials, Proof, RawRequest, Shown, VerifyError, auth};

const HEADER: &str = "X-Hub-Signature-256";

pub fn signature(request: &RawRequest, credentials: &Credentials) -> Result<Shown, VerifyError> {
    let secrets = &credentials.secrets;
    if secrets.is_empty() {
        return Err(VerifyError::Unconfigured);
    }
    let signature = request
        .header("x-hub-signature-256")
        .ok_or(VerifyError::Missing(HEADER))?;
    signature
        .trim()
        .strip_prefix("sha256=")
        .and_then(|hex| auth::signed_with_one_of(secrets, &request.body, hex))
        .map(|index| Shown::new(HEADER, Proof::Secret, index, secrets.len()))
        .ok_or(VerifyError::Mismatch(HEADER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::secret::Secret;

    /// Published by GitHub in "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &str = "Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn check(secrets: &[&str], body: &str, headers: &[(&str, &str)]) -> Result<(), VerifyError> {
        shown(secrets, body, headers).map(drop)
    }

    fn shown(secrets: &[&str], body: &str, headers: &[(&str, &str)]) -> Result<Shown, VerifyError> {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let request = RawRequest {
            headers: headers.iter().map(owned).collect(),
            body: body.to_owned().into(),
            ..RawRequest::default()
        };
        let credentials = Credentials {
            secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
            ..Credentials::default()
        };
        signature(&request, &credentials)
    }

    #[test]
    fn accepts_the_published_example() {
        let headers = [("x-hub-signature-256", SIGNATURE)];
        assert_eq!(check(&[SECRET], BODY, &headers), Ok(()));
        let second_of_two = Shown::new(HEADER, Proof::Secret, 1, 2);
        assert_eq!(
            shown(&["the new one", SECRET], BODY, &headers),
            Ok(second_of_two)
        );
    }

    #[test]
    fn rejects_body_with_wrong_signature() {
        let wrong = Err(VerifyError::Mismatch(HEADER));
        let bare = SIGNATURE.trim_start_matches("sha256=");
        let cut = &SIGNATURE[..SIGNATURE.len() - 2];
        for (secret, body, value) in [
            (SECRET, "Hello, World?", SIGNATURE),
            ("another secret", BODY, SIGNATURE),
            (SECRET, BODY, bare),
            (SECRET, BODY, cut),
            (SECRET, BODY, "sha256="),
            (SECRET, BODY, ""),
        ] {
            let headers = [("x-hub-signature-256", value)];
            assert_eq!(check(&[secret], body, &headers), wrong, "{value}");
        }
    }

    #[test]
    fn the_legacy_signature_alone_is_no_proof() {
        let headers = [(
            "x-hub-signature",
            "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
        )];
        assert_eq!(
            check(&[SECRET], BODY, &headers),
            Err(VerifyError::Missing(HEADER))
        );
    }

    #[test]
    fn a_form_is_signed_as_it_was_sent() {
        // HMAC-SHA256 of the escaped text under SECRET, computed with Python's hmac module.
        let body = "payload=%7B%22zen%22%3A%22Keep+it+simple%22%7D";
        let signature = "sha256=e57e52deefb1322845c6504457159a0ec9ccda85abbcbb7bbbf973397986c73a";
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-hub-signature-256", signature),
        ];
        assert_eq!(check(&[SECRET], body, &headers), Ok(()));
    }

    #[test]
    fn without_a_secret_nothing_can_be_checked() {
        let headers = [("x-hub-signature-256", SIGNATURE)];
        assert_eq!(check(&[], BODY, &headers), Err(VerifyError::Unconfigured));
    }
}
