//! Travis CI's signature, from the request to the verdict.

use hookbell::core::event::Kind;
use hookbell::core::source::{self, Credentials, RawRequest, VerifyError};
use jiff::Timestamp;

use crate::travis_signer::{PUBLIC_KEY, sign};

const PAYLOAD: &str = r#"{"id":7,"message":"Keep 1 + 1 of 李雷"}"#;

/// Made by `openssl dgst -sha1 -sign` with the same key.
const SIGNATURE: &str = "\
    QZdrRcNHcugAqjbLpMxS8/2VXf9RQBG0uJGlWWDVOR4ti3mCx0Kahbl3Eg/fzUE5/EThokAuscvBBVlLH5/as5UDdZjLTvR9\
    K7N3KcV5E/7/P/AcemtKgzxPtIUqrT4qYk3tRXFWOz9JHHP0mYwXOBxV0aKP+3MXTG86iOwFXKTn4/JwV5X/M9sHQktdzy75\
    a50/VD4RFibi8udIuDpGBInt89IYIhrFnBmCqcIqUhFwPnhe4uBYV0bbAMdVukp2Jpo8qQHo6e3pVtcHqJQlmZlwjf/Z5W6O\
    ky2GZMa5CM0h4kGFpyvS7+PkPbDl/Hu45xUctoLZGZOCBliR6YVvUw==";

fn request(payload: &str, signature: Option<&str>) -> RawRequest {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let body = form.append_pair("payload", payload).finish();
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers = [Some(kind), signature.map(|value| ("signature", value))];
    RawRequest {
        headers: headers
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        query: Vec::new(),
        body: body.into(),
    }
}

fn verdict(request: RawRequest, keys: &[&str]) -> Result<(), VerifyError> {
    let credentials = Credentials {
        public_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..Credentials::default()
    };
    source::verify(Kind::Travis, request, &credentials, Timestamp::UNIX_EPOCH)
        .map(|_| ())
        .map_err(|(_, error)| error)
}

#[test]
fn the_signer_of_the_tests_signs_like_openssl() {
    assert_eq!(sign(PAYLOAD.as_bytes()), SIGNATURE);
}

#[test]
fn accepts_the_decoded_payload_signed_with_either_form_of_key() {
    let signed = || request(PAYLOAD, Some(SIGNATURE));
    for key in [PUBLIC_KEY, RSA_PUBLIC_KEY] {
        assert_eq!(verdict(signed(), &[key]), Ok(()));
    }
    assert_eq!(verdict(signed(), &["an old key", PUBLIC_KEY]), Ok(()));
}

#[test]
fn rejects_another_payload_key_or_signature() {
    let wrong = Err(VerifyError::Mismatch("Signature"));
    let signature = sign(PAYLOAD.as_bytes());
    let other_payload = request(&PAYLOAD.replace('7', "8"), Some(&signature));
    assert_eq!(verdict(other_payload, &[PUBLIC_KEY]), wrong);
    assert_eq!(verdict(request(PAYLOAD, Some(&signature)), &["x"]), wrong);
    // Signed over the body as it is on the wire: what receivers often get wrong.
    let body = request(PAYLOAD, None).body;
    let over_body = request(PAYLOAD, Some(&sign(&body)));
    assert_eq!(verdict(over_body, &[PUBLIC_KEY]), wrong);
    for signature in ["", "x", "eA=="] {
        let request = request(PAYLOAD, Some(signature));
        assert_eq!(verdict(request, &[PUBLIC_KEY]), wrong, "{signature}");
    }
}

#[test]
fn says_what_is_missing() {
    let missing = |what| Err(VerifyError::Missing(what));
    let unsigned = request(PAYLOAD, None);
    assert_eq!(verdict(unsigned, &[PUBLIC_KEY]), missing("Signature"));
    // The card for Microsoft Teams is plain JSON and comes without a signature.
    let card = RawRequest {
        headers: vec![("content-type".into(), "application/json".into())],
        body: "{}".into(),
        ..RawRequest::default()
    };
    assert_eq!(verdict(card, &[PUBLIC_KEY]), missing("Signature"));
    let no_key = verdict(request(PAYLOAD, Some(SIGNATURE)), &[]);
    assert_eq!(no_key, Err(VerifyError::Unconfigured));
}

#[test]
fn knows_public_keys_and_finds_them_in_the_config_page() {
    assert!(source::is_public_key(PUBLIC_KEY));
    assert!(source::is_public_key(RSA_PUBLIC_KEY));
    for text in ["", "ssh-rsa AAAA", &PUBLIC_KEY.replace("MIIB", "MIIC")] {
        assert!(!source::is_public_key(text), "{text}");
    }
    let page = serde_json::json!({
        "config": {"notifications": {"webhook": {"public_key": PUBLIC_KEY}}}
    });
    let key = source::public_key_from_config(&page).unwrap();
    assert_eq!(key, PUBLIC_KEY.trim());
    assert_eq!(source::public_key_from_config(&serde_json::json!({})), None);
}

/// The key of [`PUBLIC_KEY`] in the older form.
const RSA_PUBLIC_KEY: &str = "\
-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA0w1p3/Mlv/Gogbq9u9eaDUgBHjlD7tsG8yeVHG6DV7cLm4Sw6xrC
x90t9IjabC2j23G+nwFI4Jgm4romKdbFdEhxUB+3Qapq5v50jm+9fUVDi6V0iZKH
PJepSXuqnwlR7+b85vMAPUTy2S2zy4Cj2ID3ciFmtwxLLZt8zL/YsPTi9+CICsxd
uTEEX2s2PpuOAVJ+86WlKEm1aMEHp2dRjoRBfnnfoByxN8OiGqCp2D1kdIOFYAoX
STiO5In+sD964b7xBTfntxfj5xOtHdRnfFNTDX9kGa7VuLC9/iPszd2Ua10XVXhE
xnAdiyliPn75IjRXZfPvYMIgmpbz7iBiHQIDAQAB
-----END RSA PUBLIC KEY-----
";
