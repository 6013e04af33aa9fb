//! A vendor's whole JSON, kept as it came and taken apart only for whoever asks.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

/// A JSON document that was read once and found to be one. Templates and `when` conditions look into it; at the door,
/// most events are told without.
#[derive(Debug, Clone)]
pub struct Document {
    text: Bytes,
    value: OnceLock<Value>,
}

impl Document {
    /// `text` is JSON. If it should not be, the document is null.
    pub fn new(text: Bytes) -> Document {
        Document {
            text,
            value: OnceLock::new(),
        }
    }

    pub fn value(&self) -> &Value {
        self.value
            .get_or_init(|| serde_json::from_slice(&self.text).unwrap_or_default())
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Document {
        Document {
            text: Bytes::new(),
            value: value.into(),
        }
    }
}
