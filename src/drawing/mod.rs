//! How DingTalk draws a message: what is inside a bubble, for every page that shows a chat.
//!
//! Faithful in structure, line breaks, order and in what is left out; DingTalk's pixels and colours are not documented.
//! The HTML is safe whoever wrote the message. The styles that go with it are in [`STYLE`].

mod markdown;

use askama::Template;
use serde_json::Value;

use crate::core::json::Lookup;
use crate::core::template::Language;
use markdown::{followable, host_of};

/// Rules for a chat (`.dt`), its messages (`.say`) and what is in them (`.bubble`).
pub const STYLE: &str = include_str!("drawing.css");

/// A message inside its bubble. Displays as HTML.
#[derive(Template)]
#[template(path = "drawing/bubble.html")]
pub struct Bubble {
    picture: &'static str,
    drawing: Drawing,
}

/// What is inside the bubble; fields called `html` are safe to show as they are.
enum Drawing {
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
struct Tap {
    label: String,
    target: Option<String>,
}

struct FeedRow {
    tap: Tap,
    picture: String,
}

impl Bubble {
    /// Draws the body of a post; `language` is that of the page.
    pub fn of(body: &Value, language: Language) -> Bubble {
        let picture = match language {
            Language::En => "picture from",
            Language::Zh => "图片，来自",
        };
        Bubble {
            picture,
            drawing: draw(body, picture),
        }
    }
}

/// What a phone's notification shows of a message, cut where a phone cuts it.
pub fn notification(body: &Value) -> String {
    shortened(&title(body))
}

/// A message's title, or what it begins with.
pub fn title(body: &Value) -> String {
    let content = content(body);
    let title = content.line("title").or_else(|| content.line("content"));
    title
        .or_else(|| content.line("links.0.title"))
        .unwrap_or_default()
}

fn content(body: &Value) -> &Value {
    body.at(kind(body))
}

fn kind(body: &Value) -> &str {
    body.at("msgtype").as_str().unwrap_or_default()
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

fn draw(body: &Value, picture: &str) -> Drawing {
    let content = content(body);
    let calls = calls(body.at("at"));
    let text = |name: &str| content.text(name).unwrap_or_default();
    match kind(body) {
        "markdown" => Drawing::Words {
            html: markdown::to_html(&text("text"), &calls, picture),
        },
        "actionCard" => Drawing::Card {
            html: markdown::to_html(&text("text"), &calls, picture),
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
            html: format!(
                "<p>{}</p>",
                markdown::text_to_html(&text("content"), &calls)
            ),
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
