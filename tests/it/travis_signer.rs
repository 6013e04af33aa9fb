//! Signs build notifications as Travis CI does, with a key made for these tests.
//!
//! RSA is written out here (padding of PKCS #1 v1.5, RFC 8017 section 9.2) because our crypto library, rightly, does
//! not sign with SHA-1.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;

/// For a source's `public_key`.
pub const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0w1p3/Mlv/Gogbq9u9ea
DUgBHjlD7tsG8yeVHG6DV7cLm4Sw6xrCx90t9IjabC2j23G+nwFI4Jgm4romKdbF
dEhxUB+3Qapq5v50jm+9fUVDi6V0iZKHPJepSXuqnwlR7+b85vMAPUTy2S2zy4Cj
2ID3ciFmtwxLLZt8zL/YsPTi9+CICsxduTEEX2s2PpuOAVJ+86WlKEm1aMEHp2dR
joRBfnnfoByxN8OiGqCp2D1kdIOFYAoXSTiO5In+sD964b7xBTfntxfj5xOtHdRn
fFNTDX9kGa7VuLC9/iPszd2Ua10XVXhExnAdiyliPn75IjRXZfPvYMIgmpbz7iBi
HQIDAQAB
-----END PUBLIC KEY-----
";

const MODULUS: &str = "\
    d30d69dff325bff1a881babdbbd79a0d48011e3943eedb06f327951c6e8357b70b9b84b0eb1ac2c7dd2df488da6c2da3\
    db71be9f0148e09826e2ba2629d6c5744871501fb741aa6ae6fe748e6fbd7d45438ba5748992873c97a9497baa9f0951\
    efe6fce6f3003d44f2d92db3cb80a3d880f7722166b70c4b2d9b7cccbfd8b0f4e2f7e0880acc5db931045f6b363e9b8e\
    01527ef3a5a52849b568c107a767518e84417e79dfa01cb137c3a21aa0a9d83d64748385600a1749388ee489feb03f7a\
    e1bef10537e7b717e3e713ad1dd4677c53530d7f6419aed5b8b0bdfe23eccddd946b5d17557844c6701d8b29623e7ef9\
    22345765f3ef60c2209a96f3ee20621d";

const PRIVATE_EXPONENT: &str = "\
    1f67edeb0b20abf3c707d45a6ae5c6212c7cd61adec1602079a08344e1811eaab8c9ccb0bdb0e96e9a659344fb7e80e5\
    7d95eb3022c8787b766b38c3786862fba47d6581ed603d297e9ee63352976d03c3430d924e428568a93237781ff2088e\
    03d8135194098e1480dad13d370ee3d2d23b803aa386a1080837b76b89da3202b470a892dc546a79fbdb956d0d49e2a1\
    504809456331de84fef12a4522bcac46254089b59b34aed8afe98f5abed28ad7a066e8c5103cb0a66f4699202769030f\
    405f8fd03c5e30f9cf089b7c1444b891956253bba4a2d9af53562d3c5009c76345fc0b28fa86faab18e069cfa7039840\
    e9e263f625a820437869978926a52c95";

/// Bytes of the modulus, and so of a signature.
const LENGTH: usize = 256;

/// What stands before the hash: the DER of `DigestInfo` with the name of SHA-1.
const SHA1_PREFIX: [u8; 15] = [
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
];

/// The value of the header `Signature` for the decoded field `payload`.
pub fn sign(payload: &[u8]) -> String {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, payload);
    let info = [&SHA1_PREFIX, hash.as_ref()].concat();
    let mut padded = vec![0xff; LENGTH - info.len() - 3];
    padded.splice(0..0, [0x00, 0x01]);
    padded.push(0x00);
    padded.extend(info);

    let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).expect("the key is hex");
    let signature =
        BigUint::from_bytes_be(&padded).modpow(&number(PRIVATE_EXPONENT), &number(MODULUS));
    let bytes = signature.to_bytes_be();
    let mut signature = vec![0; LENGTH - bytes.len()];
    signature.extend(bytes);
    STANDARD.encode(signature)
}
