//! The demo's own material.

use crate::travis_signer;

#[test]
fn the_demos_signature_of_travis_fits_its_payload() {
    let payload = include_bytes!("../../src/cli/demo/travis.json");
    let signature = travis_signer::sign(payload);
    let kept = include_str!("../../src/cli/demo/travis.signature").trim();
    assert_eq!(
        kept, signature,
        "put the right one into src/cli/demo/travis.signature"
    );
    let key = include_str!("../../src/cli/demo/travis.pem");
    assert_eq!(key, travis_signer::PUBLIC_KEY);
}
