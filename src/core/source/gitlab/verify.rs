//! Who may post as GitLab: a signature in the form of Standard Webhooks (GitLab 19.0) or the shared token.
//!
//! Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256 under the bytes whose base64 follows
//! `whsec_`; the header is a list of `v1,<base64>` with blanks between (standardwebhooks.com, GitLab MR 230944).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use jiff::{SignedDuration, Timestamp};

use super::super::auth::{hmac_sha256, is_one_of};
use super::{Credentials, Proof, RawRequest, Shown, VerifyError};
use crate::core::secret::Secret;

const SIGNATURE: &str = "webhook-signature";
const TOKEN: &str = "x-gitlab-token";

/// How far a signature's time may be from ours. GitLab says "recent"; this is what the libraries of Standard
/// Webhooks allow.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// A signature decides where we can check one: falling back to the token would let a replayed request pass.
pub fn verify(
    request: &RawRequest,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<Shown, VerifyError> {
    if credentials.signing_secrets.is_empty() && credentials.tokens.is_empty() {
        return Err(VerifyError::Unconfigured);
    }
    if !credentials.signing_secrets.is_empty() {
        if let Some(signature) = request.header(SIGNATURE) {
            return check_signature(request, signature, &credentials.signing_secrets, now);
        }
        if credentials.tokens.is_empty() {
            return Err(VerifyError::Missing(SIGNATURE));
        }
    }
    match request.header(TOKEN) {
        None => Err(VerifyError::Missing(TOKEN)),
        Some(token) => is_one_of(&credentials.tokens, token)
            .map(|index| Shown::new(TOKEN, Proof::Token, index, credentials.tokens.len()))
            .ok_or(VerifyError::Mismatch(TOKEN)),
    }
}

/// Whether `text` is a key as GitLab makes them: `whsec_` and base64. Anything else never matches a signature.
pub fn is_signing_secret(text: &str) -> bool {
    key_of(text).is_some()
}

fn check_signature(
    request: &RawRequest,
    signature: &str,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Shown, VerifyError> {
    let id = request
        .header("webhook-id")
        .ok_or(VerifyError::Missing("webhook-id"))?;
    let sent = request
        .header("webhook-timestamp")
        .ok_or(VerifyError::Missing("webhook-timestamp"))?;
    let given: Vec<Vec<u8>> = signature
        .split_ascii_whitespace()
        .filter_map(|item| item.strip_prefix("v1,"))
        .filter_map(|base64| STANDARD.decode(base64).ok())
        .collect();
    let signed: [&[u8]; 5] = [id.as_bytes(), b".", sent.as_bytes(), b".", &request.body];
    let index = secrets
        .iter()
        .position(|secret| {
            key_of(secret.expose()).is_some_and(|key| {
                let mac = hmac_sha256(&key, &signed);
                given
                    .iter()
                    .any(|signature| mac.clone().verify_slice(signature).is_ok())
            })
        })
        .ok_or(VerifyError::Mismatch(SIGNATURE))?;
    let sent = sent
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(VerifyError::Mismatch("webhook-timestamp"))?;
    if now.duration_since(sent).abs() > TOLERANCE {
        return Err(VerifyError::Stale("webhook-timestamp"));
    }
    Ok(Shown::new(
        SIGNATURE,
        Proof::SigningSecret,
        index,
        secrets.len(),
    ))
}

fn key_of(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(
        request: &RawRequest,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        super::verify(request, credentials, now).map(drop)
    }

    struct Vector {
        secret: &'static str,
        id: &'static str,
        sent: i64,
        body: &'static str,
        signature: &'static str,
    }

    /// The first is from the tests of the svix library, the second was computed with Python's hmac module.
    const VECTORS: [Vector; 2] = [
        Vector {
            secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            sent: 1_649_367_553,
            body: r#"{"email":"test@example.com","username":"test_user"}"#,
            signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        },
        Vector {
            secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            id: "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
            sent: 1_767_225_600,
            body: r#"{"object_kind":"push"}"#,
            signature: "v1,YoWTc/lnFx0737d3U1+bnfMWl3wbxHZTijwz92juQCg=",
        },
    ];

    fn signed(vector: &Vector, signature: &str) -> RawRequest {
        let sent = vector.sent.to_string();
        let headers = [
            ("webhook-id", vector.id),
            ("webhook-timestamp", &sent),
            (SIGNATURE, signature),
        ];
        request(&headers, vector.body)
    }

    fn request(headers: &[(&str, &str)], body: &str) -> RawRequest {
        RawRequest {
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned().into(),
            ..RawRequest::default()
        }
    }

    fn credentials(signing_secrets: &[&str], tokens: &[&str]) -> Credentials {
        let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::new(*text)).collect();
        Credentials {
            signing_secrets: secrets(signing_secrets),
            tokens: secrets(tokens),
            ..Credentials::default()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn known_signatures_match() {
        for vector in &VECTORS {
            let request = signed(vector, vector.signature);
            let credentials = credentials(&[vector.secret], &[]);
            assert_eq!(verify(&request, &credentials, at(vector.sent)), Ok(()));
        }
    }

    #[test]
    fn one_good_signature_of_several_and_one_good_secret_of_several_are_enough() {
        let [vector, other] = &VECTORS;
        let list = format!("v2,AAAA v1,!! {} {}", other.signature, vector.signature);
        let request = signed(vector, &list);
        let credentials = credentials(&["broken", other.secret, vector.secret], &[]);
        let third_of_three = Shown::new(SIGNATURE, Proof::SigningSecret, 2, 3);
        assert_eq!(
            super::verify(&request, &credentials, at(vector.sent)),
            Ok(third_of_three)
        );
    }

    #[test]
    fn a_signature_of_another_key_or_body_is_refused() {
        let [vector, other] = &VECTORS;
        let mut request = signed(vector, vector.signature);
        let mismatch = Err(VerifyError::Mismatch(SIGNATURE));
        let wrong_key = credentials(&[other.secret], &[]);
        assert_eq!(verify(&request, &wrong_key, at(vector.sent)), mismatch);
        request.body = "{}".into();
        let right_key = credentials(&[vector.secret], &[]);
        assert_eq!(verify(&request, &right_key, at(vector.sent)), mismatch);
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_around_its_time() {
        let vector = &VECTORS[0];
        let request = signed(vector, vector.signature);
        let credentials = credentials(&[vector.secret], &[]);
        for seconds in [-300, 300] {
            assert_eq!(
                verify(&request, &credentials, at(vector.sent + seconds)),
                Ok(())
            );
        }
        for seconds in [-301, 301] {
            assert_eq!(
                verify(&request, &credentials, at(vector.sent + seconds)),
                Err(VerifyError::Stale("webhook-timestamp"))
            );
        }
    }

    #[test]
    fn a_wrong_signature_is_not_rescued_by_the_right_token() {
        let [vector, other] = &VECTORS;
        let mut request = signed(vector, other.signature);
        let header = (TOKEN.to_owned(), "hunter2".to_owned());
        request.headers.push(header);
        let both = credentials(&[vector.secret], &["hunter2"]);
        assert_eq!(
            verify(&request, &both, at(vector.sent)),
            Err(VerifyError::Mismatch(SIGNATURE))
        );
        let token_only = credentials(&[], &["hunter2"]);
        assert_eq!(verify(&request, &token_only, at(vector.sent)), Ok(()));
    }

    #[test]
    fn the_token_proves_the_sender_where_nothing_is_signed() {
        let whsec = VECTORS[0].secret;
        let with_token = |token| request(&[(TOKEN, token)], "{}");
        let bare = request(&[], "{}");
        let cases = [
            (with_token("new"), credentials(&[], &["old", "new"]), Ok(())),
            (with_token("new"), credentials(&[whsec], &["new"]), Ok(())),
            (
                with_token("bad"),
                credentials(&[], &["new"]),
                Err(VerifyError::Mismatch(TOKEN)),
            ),
            (
                bare.clone(),
                credentials(&[], &["new"]),
                Err(VerifyError::Missing(TOKEN)),
            ),
            (
                with_token("new"),
                credentials(&[whsec], &[]),
                Err(VerifyError::Missing(SIGNATURE)),
            ),
            (bare, credentials(&[], &[]), Err(VerifyError::Unconfigured)),
        ];
        for (request, credentials, expected) in cases {
            assert_eq!(verify(&request, &credentials, at(0)), expected);
        }
    }

    #[test]
    fn a_signing_secret_is_whsec_and_base64() {
        assert!(is_signing_secret(VECTORS[1].secret));
        for text in ["", "whsec_", "whsec_not base64", "C2FVsBQIhrscChlQIMV+b5sS"] {
            assert!(!is_signing_secret(text), "{text}");
        }
    }
}
