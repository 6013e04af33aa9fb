//! One accepted message as the chat shows it.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::markdown::{self, followable, host_of};
use super::words::Words;
use crate::core::json::Lookup;
use crate::sandbox::Accepted;

/// A pause after which the chat tells the time.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// A message ready for its template.
pub(super) struct Bubble {
    pub number: u64,
    /// Set where the chat tells the time above the message.
    pub when: Option<String>,
    pub notification: String,
    pub drawing: Drawing,
    pub kind: String,
    /// In the server's zone, for reading.
    pub time: String,
    /// RFC 3339.
    pub instant: String,
    pub bytes: usize,
    pub repeats: u32,
}

/// What is inside the bubble; fields called `html` are safe to show as they are.
pub(super) enum Drawing {
    Words {
        html: String,
    },
    Card {
        html: String,
        buttons: Vec<Tap>,
        side: bool,
    },
    Link {
        tap: Tap,
        text: String,
        picture: Option<String>,
    },
    Feed {
        items: Vec<FeedRow>,
    },
}

/// A label with where it leads, if a browser may go there.
pub(super) struct Tap {
    pub label: String,
    pub target: Option<String>,
}

pub(super) struct FeedRow {
    pub tap: Tap,
    pub picture: String,
}

impl Bubble {
    /// `before` is the message above it in the chat.
    pub fn of(message: &Accepted, before: Option<&Accepted>, words: &Words) -> Bubble {
        let zoned = message.time.to_zoned(TimeZone::system());
        let paused = before.is_none_or(|before| message.time.duration_since(before.time) >= PAUSE);
        let content = message.body.at(&message.msgtype);
        Bubble {
            number: message.number,
            when: paused.then(|| zoned.strftime("%Y-%m-%d %H:%M").to_string()),
            notification: shortened(&title(content)),
            drawing: draw(
                &message.msgtype,
                content,
                &calls(message.body.at("at")),
                words,
            ),
            kind: message.msgtype.clone(),
            time: zoned.strftime("%H:%M:%S").to_string(),
            instant: message.time.to_string(),
            bytes: message.bytes,
            repeats: message.repeats,
        }
    }
}

/// What a phone's notification shows of a message.
pub(super) fn title(content: &Value) -> String {
    let title = content.line("title").or_else(|| content.line("content"));
    title
        .or_else(|| content.line("links.0.title"))
        .unwrap_or_default()
}

/// Cut where a phone cuts: at about 50 Latin or 30 Chinese characters.
fn shortened(title: &str) -> String {
    let mut room = 150;
    for (position, char) in title.char_indices() {
        room -= if u32::from(char) < 0x1100 { 3 } else { 5 };
        if room < 0 {
            return format!("{}…", &title[..position]);
        }
    }
    title.to_owned()
}

fn calls(at: &Value) -> Vec<String> {
    let mut names = at.texts("atMobiles", "");
    names.extend(at.texts("atUserIds", ""));
    names.iter().map(|name| format!("@{name}")).collect()
}

fn draw(kind: &str, content: &Value, calls: &[String], words: &Words) -> Drawing {
    let text = |name: &str| content.text(name).unwrap_or_default();
    match kind {
        "markdown" => Drawing::Words {
            html: markdown::to_html(&text("text"), calls, words.picture),
        },
        "actionCard" => Drawing::Card {
            html: markdown::to_html(&text("text"), calls, words.picture),
            buttons: buttons(content),
            side: content.text("btnOrientation").as_deref() == Some("1"),
        },
        "link" => Drawing::Link {
            tap: tap(content, "title", "messageUrl"),
            text: text("text"),
            picture: content.text("picUrl").map(|picture| host_of(&picture)),
        },
        "feedCard" => Drawing::Feed {
            items: content.list("links").into_iter().map(feed_row).collect(),
        },
        _ => Drawing::Words {
            html: format!("<p>{}</p>", markdown::text_to_html(&text("content"), calls)),
        },
    }
}

/// With a single title, the list is ignored (robot-message-type).
fn buttons(card: &Value) -> Vec<Tap> {
    if card.has("singleTitle") {
        return vec![tap(card, "singleTitle", "singleURL")];
    }
    let buttons = card.list("btns").into_iter();
    buttons
        .map(|button| tap(button, "title", "actionURL"))
        .collect()
}

fn feed_row(link: &Value) -> FeedRow {
    FeedRow {
        tap: tap(link, "title", "messageURL"),
        picture: host_of(&link.text("picURL").unwrap_or_default()),
    }
}

fn tap(value: &Value, label: &str, address: &str) -> Tap {
    Tap {
        label: value.text(label).unwrap_or_default(),
        target: value.text(address).and_then(|address| followable(&address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_cut_where_a_phone_cuts_them() {
        assert_eq!(shortened(&"x".repeat(50)), "x".repeat(50));
        assert_eq!(shortened(&"x".repeat(51)), format!("{}…", "x".repeat(50)));
        assert_eq!(shortened(&"构".repeat(31)), format!("{}…", "构".repeat(30)));
    }
}
