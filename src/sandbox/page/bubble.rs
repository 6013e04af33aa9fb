//! One accepted message as the chat shows it.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::words::Words;
use crate::drawing;
use crate::sandbox::Accepted;

/// A pause after which the chat tells the time.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// A message ready for its template.
pub(super) struct Bubble {
    pub number: u64,
    /// Set where the chat tells the time above the message.
    pub when: Option<String>,
    pub notification: String,
    pub drawing: drawing::Bubble,
    pub kind: String,
    /// In the server's zone, for reading.
    pub time: String,
    /// RFC 3339.
    pub instant: String,
    pub bytes: usize,
    pub repeats: u32,
}

impl Bubble {
    /// `before` is the message above it in the chat.
    pub fn of(message: &Accepted, before: Option<&Accepted>, words: &Words) -> Bubble {
        let zoned = message.time.to_zoned(TimeZone::system());
        let paused = before.is_none_or(|before| message.time.duration_since(before.time) >= PAUSE);
        Bubble {
            number: message.number,
            when: paused.then(|| zoned.strftime("%Y-%m-%d %H:%M").to_string()),
            notification: drawing::notification(&message.body),
            drawing: drawing::Bubble::of(&message.body, words.language),
            kind: message.msgtype.clone(),
            time: zoned.strftime("%H:%M:%S").to_string(),
            instant: message.time.to_string(),
            bytes: message.bytes,
            repeats: message.repeats,
        }
    }
}
