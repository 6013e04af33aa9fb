//! The signature of a build notification: RSA with SHA-1 over the decoded field `payload`.
//!
//! SHA-1 is all that Travis offers (docs.travis-ci.com, "Verifying webhook requests"). What is signed is the field's
//! decoded text and not the body. Nothing in it tells the time, so an old notification can be sent again; that the
//! same build does not reach a group twice is the store's affair.

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY as RSA_SHA1,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::core::json::Lookup;
use crate::core::source::{Credentials, Proof, RawRequest, Shown, VerifyError};

const SIGNATURE: &str = "Signature";

/// The two forms that RSA public keys come in: Travis' own, and what `openssl rsa -RSAPublicKey_out` writes.
const PEM_LABELS: [&str; 2] = ["PUBLIC KEY", "RSA PUBLIC KEY"];

pub fn verify(request: &RawRequest, credentials: &Credentials) -> Result<Shown, VerifyError> {
    if credentials.public_keys.is_empty() {
        return Err(VerifyError::Unconfigured);
    }
    let header = request
        .header("signature")
        .ok_or(VerifyError::Missing(SIGNATURE))?;
    let payload = request
        .form_field("payload")
        .ok_or(VerifyError::Missing("payload"))?;
    let signature = STANDARD
        .decode(header.trim())
        .map_err(|_| VerifyError::Mismatch(SIGNATURE))?;
    let keys = &credentials.public_keys;
    keys.iter()
        .position(|pem| {
            key_of(pem).is_some_and(|key| key.verify_sig(payload.as_bytes(), &signature).is_ok())
        })
        .map(|index| Shown::new(SIGNATURE, Proof::PublicKey, index, keys.len()))
        .ok_or(VerifyError::Mismatch(SIGNATURE))
}

/// The key in the answer of a Travis installation's `/config` page; nothing if it signs nothing.
pub fn public_key_from_config(config: &Value) -> Option<String> {
    config.text("config.notifications.webhook.public_key")
}

/// Whether `pem` is a public RSA key that signatures can be checked with.
pub fn is_public_key(pem: &str) -> bool {
    key_of(pem).is_some()
}

fn key_of(pem: &str) -> Option<ParsedPublicKey> {
    let der = PEM_LABELS.into_iter().find_map(|label| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        // Keys that went through the environment often have their line ends as two characters.
        let body: String = body.replace("\\n", "").split_whitespace().collect();
        STANDARD.decode(body).ok()
    })?;
    ParsedPublicKey::new(&RSA_SHA1, &der).ok()
}
