//! A message beside its JSON, as a page shows it.

use serde_json::Value;

use super::words::Words;
use crate::core::json::Lookup;
use crate::core::template::Language;
use crate::drawing::{Bubble, notification};

pub struct Drawn {
    /// DingTalk's type of it.
    pub kind: String,
    pub notification: String,
    pub bubble: Bubble,
    /// Indented.
    pub json: String,
}

impl Drawn {
    pub fn of(body: &Value, words: &Words) -> Drawn {
        let language = match words.lang {
            "en" => Language::En,
            _ => Language::Zh,
        };
        Drawn {
            kind: body.text("msgtype").unwrap_or_default(),
            notification: notification(body),
            bubble: Bubble::of(body, language),
            json: serde_json::to_string_pretty(body).unwrap_or_default(),
        }
    }
}
