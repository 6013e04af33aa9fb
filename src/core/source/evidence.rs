//! How a request's sender was known: kept with the delivery, for whoever asks later. Names the credential by its place and
//! never holds any of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Proof;

/// How a request's sender was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sender", rename_all = "snake_case")]
pub enum Evidence {
    /// The source is `insecure`: anybody may have sent it.
    Unchecked,
    Shown(Shown),
}

/// A proof that was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The header or parameter that it came in, as the vendor writes it.
    pub by: Cow<'static, str>,
    /// The setting of the source that it was checked against.
    pub proof: Proof,
    /// Which of that setting's values it was, from 1.
    pub place: usize,
    /// How many values there were.
    pub of: usize,
}

impl Shown {
    /// By the value at `index` of `count`.
    pub(super) fn new(by: &'static str, proof: Proof, index: usize, count: usize) -> Shown {
        Shown {
            by: by.into(),
            proof,
            place: index + 1,
            of: count,
        }
    }
}
