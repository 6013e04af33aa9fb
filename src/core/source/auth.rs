//! Proofs that more than one vendor uses. All comparisons take a time that does not depend on the difference.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::core::secret::Secret;

/// HMAC-SHA256 of the concatenated `parts`.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Under which of `keys` `hex` is the HMAC-SHA256 of `body`. An empty key proves nothing and never matches.
pub fn signed_with_one_of(keys: &[Secret], body: &[u8], hex: &str) -> Option<usize> {
    let signature = decode_hex(hex)?;
    keys.iter().position(|key| {
        !key.expose().is_empty()
            && hmac_sha256(key.expose().as_bytes(), &[body])
                .verify_slice(&signature)
                .is_ok()
    })
}

/// Which of `tokens` `given` is. An empty token never matches.
pub fn is_one_of(tokens: &[Secret], given: &str) -> Option<usize> {
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        // All are compared, so that the time does not tell which one matched.
        let matches = !token.expose().is_empty() && token.matches(given);
        found = found.or(matches.then_some(at));
    }
    found
}

/// User and password of an `Authorization: Basic …` header.
pub fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Bytes of lower- or upper-case hex; `None` when it is not hex.
pub fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    hex.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_key_signs_nothing() {
        use hmac::Mac as _;
        let forged = hmac_sha256(b"", &[b"{}"]).finalize().into_bytes();
        let hex: String = forged.iter().map(|byte| format!("{byte:02x}")).collect();
        let empty = [Secret::new("")];
        assert_eq!(signed_with_one_of(&empty, b"{}", &hex), None);
        assert_eq!(is_one_of(&empty, ""), None);
    }

    #[test]
    fn what_is_not_hex_is_refused() {
        assert_eq!(decode_hex("00fF"), Some(vec![0, 255]));
        for text in ["0", "zz", "é0"] {
            assert_eq!(decode_hex(text), None, "{text}");
        }
    }

    #[test]
    fn basic_credentials_keep_colons_in_the_password() {
        let header = format!("Basic {}", STANDARD.encode("jira:a:b"));
        assert_eq!(
            basic_credentials(&header),
            Some(("jira".into(), "a:b".into()))
        );
        assert_eq!(basic_credentials("Bearer x"), None);
    }
}
