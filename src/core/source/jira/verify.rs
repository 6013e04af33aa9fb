//! Who is posting: an HMAC over the body, a word in the address, or HTTP basic authentication.
//!
//! Cloud and Data Center from about 10 sign with `X-Hub-Signature: <method>=<hex>` (WebSub's form, "Webhooks" on
//! developer.atlassian.com). Older servers cannot sign; there a token in the address is common practice
//! (`?secret=` in matrix-hookshot and mattermost-plugin-jira, `?token=` elsewhere), and Data Center also offers basic
//! authentication. A request needs to pass one of those that are configured.

use url::form_urlencoded;

use crate::core::source::auth;
use crate::core::source::{Credentials, Proof, RawRequest, Shown, VerifyError};

const SIGNATURE: &str = "X-Hub-Signature";
const TOKEN: &str = "token";
const AUTHORIZATION: &str = "Authorization";

pub fn verify(request: &RawRequest, credentials: &Credentials) -> Result<Shown, VerifyError> {
    let checks = [
        signature(request, credentials),
        token(request, credentials),
        basic(request, credentials),
    ];
    let mut failures = Vec::new();
    for check in checks.into_iter().flatten() {
        match check {
            Ok(shown) => return Ok(shown),
            Err(error) => failures.push(error),
        }
    }
    // Of several failures the one that was tried and is wrong tells the operator more than one that is absent.
    let wrong = failures
        .iter()
        .find(|error| matches!(error, VerifyError::Mismatch(_)));
    match (failures.first(), wrong) {
        (None, _) => Err(VerifyError::Unconfigured),
        (Some(VerifyError::Missing(_)), Some(wrong)) => Err(*wrong),
        (Some(first), _) => Err(*first),
    }
}

/// `None` where no secret is configured; so for the other two.
fn signature(
    request: &RawRequest,
    credentials: &Credentials,
) -> Option<Result<Shown, VerifyError>> {
    let secrets = &credentials.secrets;
    if secrets.is_empty() {
        return None;
    }
    Some(match request.header("x-hub-signature") {
        None => Err(VerifyError::Missing(SIGNATURE)),
        // Atlassian may add methods and says to read the name; one that is not known proves nothing.
        Some(header) => header
            .split_once('=')
            .filter(|(method, _)| method.eq_ignore_ascii_case("sha256"))
            .and_then(|(_, hex)| auth::signed_with_one_of(secrets, &request.body, hex.trim()))
            .map(|index| Shown::new(SIGNATURE, Proof::Secret, index, secrets.len()))
            .ok_or(VerifyError::Mismatch(SIGNATURE)),
    })
}

fn token(request: &RawRequest, credentials: &Credentials) -> Option<Result<Shown, VerifyError>> {
    let tokens = &credentials.tokens;
    if tokens.is_empty() {
        return None;
    }
    let given = ["token", "secret"].map(|name| request.query(name));
    if given.iter().all(Option::is_none) {
        return Some(Err(VerifyError::Missing(TOKEN)));
    }
    let known = given.into_iter().flatten().find_map(|word| {
        auth::is_one_of(tokens, word).or_else(|| auth::is_one_of(tokens, &decoded_again(word)))
    });
    Some(
        known
            .map(|index| Shown::new(TOKEN, Proof::Token, index, tokens.len()))
            .ok_or(VerifyError::Mismatch(TOKEN)),
    )
}

fn basic(request: &RawRequest, credentials: &Credentials) -> Option<Result<Shown, VerifyError>> {
    let user = credentials.user.as_deref()?;
    let passwords = &credentials.passwords;
    if passwords.is_empty() {
        return None;
    }
    let Some(header) = request.header("authorization") else {
        return Some(Err(VerifyError::Missing(AUTHORIZATION)));
    };
    let known = auth::basic_credentials(header)
        .filter(|(given, _)| given == user)
        .and_then(|(_, password)| auth::is_one_of(passwords, &password));
    Some(
        known
            .map(|index| Shown::new(AUTHORIZATION, Proof::Basic, index, passwords.len()))
            .ok_or(VerifyError::Mismatch(AUTHORIZATION)),
    )
}

/// The word with its percent escapes decoded once more: some servers escape an address that was escaped already
/// (mattermost-plugin-jira decodes for the same reason). A `+` stays a `+`.
fn decoded_again(word: &str) -> String {
    let as_one_key = word
        .replace('&', "%26")
        .replace('=', "%3D")
        .replace('+', "%2B");
    form_urlencoded::parse(as_one_key.as_bytes())
        .map(|(key, _)| key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::secret::Secret;

    fn verify(request: &RawRequest, credentials: &Credentials) -> Result<(), VerifyError> {
        super::verify(request, credentials).map(drop)
    }

    /// The vector that Atlassian publishes on its page about webhooks.
    const PUBLISHED: &str =
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

    fn signed(signature: &str) -> RawRequest {
        RawRequest {
            headers: vec![("x-hub-signature".into(), signature.into())],
            body: "Hello World!".into(),
            ..RawRequest::default()
        }
    }

    fn asking(name: &str, word: &str) -> RawRequest {
        RawRequest {
            query: vec![
                ("user_id".into(), "mona".into()),
                (name.into(), word.into()),
            ],
            ..RawRequest::default()
        }
    }

    fn with_secret() -> Credentials {
        Credentials {
            secrets: vec![
                Secret::new("the new one"),
                Secret::new("It's a Secret to Everybody"),
            ],
            ..Credentials::default()
        }
    }

    fn with_token(token: &str) -> Credentials {
        Credentials {
            tokens: vec![Secret::new(token)],
            ..Credentials::default()
        }
    }

    fn with_password() -> Credentials {
        Credentials {
            user: Some("jira".into()),
            passwords: vec![Secret::new("open:sesame")],
            ..Credentials::default()
        }
    }

    #[test]
    fn accepts_the_published_test_vector() {
        assert_eq!(
            super::verify(&signed(PUBLISHED), &with_secret()),
            Ok(Shown::new(SIGNATURE, Proof::Secret, 1, 2))
        );
    }

    #[test]
    fn rejects_other_bodies_methods_and_no_signature() {
        let wrong = Err(VerifyError::Mismatch(SIGNATURE));
        let mut other_body = signed(PUBLISHED);
        other_body.body = "Hello, World!".into();
        assert_eq!(verify(&other_body, &with_secret()), wrong);
        for header in [
            PUBLISHED.replace("sha256", "sha1"),
            PUBLISHED.replace("sha256=", ""),
            "sha256=".to_owned(),
            String::new(),
        ] {
            assert_eq!(verify(&signed(&header), &with_secret()), wrong, "{header}");
        }
        assert_eq!(
            verify(&RawRequest::default(), &with_secret()),
            Err(VerifyError::Missing(SIGNATURE))
        );
    }

    #[test]
    fn accepts_a_token_under_either_name_and_escaped_twice() {
        for (name, word) in [
            ("token", "s3cret&more+"),
            ("secret", "s3cret&more+"),
            ("secret", "s3cret%26more+"),
        ] {
            let credentials = with_token("s3cret&more+");
            assert_eq!(verify(&asking(name, word), &credentials), Ok(()), "{word}");
        }
        let credentials = with_token("s3cret");
        for word in ["", "s3cre", "s3cret "] {
            let result = verify(&asking("token", word), &credentials);
            assert_eq!(result, Err(VerifyError::Mismatch(TOKEN)), "{word}");
        }
        let result = verify(&asking("key", "s3cret"), &credentials);
        assert_eq!(result, Err(VerifyError::Missing(TOKEN)));
    }

    #[test]
    fn accepts_user_and_password() {
        let request = |header: &str| RawRequest {
            headers: vec![("authorization".into(), header.into())],
            ..RawRequest::default()
        };
        let good = request("Basic amlyYTpvcGVuOnNlc2FtZQ==");
        assert_eq!(verify(&good, &with_password()), Ok(()));
        for header in ["Basic amlyYTo=", "Basic bW9uYTpvcGVuOnNlc2FtZQ==", "x"] {
            let result = verify(&request(header), &with_password());
            let wrong = Err(VerifyError::Mismatch(AUTHORIZATION));
            assert_eq!(result, wrong, "{header}");
        }
    }

    #[test]
    fn one_of_several_configured_proofs_is_enough() {
        let credentials = Credentials {
            tokens: vec![Secret::new("s3cret")],
            ..with_secret()
        };
        assert_eq!(verify(&asking("token", "s3cret"), &credentials), Ok(()));
        assert_eq!(verify(&signed(PUBLISHED), &credentials), Ok(()));
        assert_eq!(
            verify(&asking("token", "wrong"), &credentials),
            Err(VerifyError::Mismatch(TOKEN))
        );
    }

    #[test]
    fn nothing_is_accepted_without_a_credential() {
        let nothing = Credentials::default();
        let result = verify(&signed(PUBLISHED), &nothing);
        assert_eq!(result, Err(VerifyError::Unconfigured));
    }
}
