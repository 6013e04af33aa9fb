//! What a message says, apart from how one kind of bot writes it, limits it and answers it.

use serde::{Deserialize, Serialize};

/// A rendered message. Bodies are Markdown in the subset that chat clients draw: headings, quotes, bold, italic,
/// links, pictures and lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// One line of plain text: all that a phone's notification shows.
    pub title: String,
    pub content: Content,
    pub mentions: Mentions,
}

/// The five kinds of message; the names are DingTalk's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Content {
    /// Plain text, drawn as it is.
    Text {
        body: String,
    },
    /// A headline (the message's title) with a few plain words and a picture; a tap opens `url`.
    Link {
        body: String,
        url: String,
        picture: Option<String>,
    },
    Markdown {
        body: String,
    },
    ActionCard {
        body: String,
        buttons: Vec<Button>,
        layout: ButtonLayout,
    },
    /// A list of headlines with pictures.
    FeedCard {
        items: Vec<FeedItem>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub title: String,
    pub url: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ButtonLayout {
    /// One below the other.
    Vertical,
    /// Side by side; good for two.
    #[default]
    Horizontal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedItem {
    pub title: String,
    pub url: String,
    pub picture: String,
}

/// Who is called by name. The text repeats each of them, or a client would not highlight the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentions {
    pub mobiles: Vec<String>,
    pub user_ids: Vec<String>,
    pub all: bool,
}

impl Mentions {
    /// DingTalk refuses to call more than this many people in one message (custom-robots-send-group-messages).
    pub const MAX_PEOPLE: usize = 50;

    pub fn is_empty(&self) -> bool {
        self.mobiles.is_empty() && self.user_ids.is_empty() && !self.all
    }

    /// `@13800000000 @alice`, the words that the text must contain; empty when nobody is called by name.
    pub fn in_text(&self) -> String {
        let names = self.mobiles.iter().chain(&self.user_ids);
        names
            .map(|name| format!("@{name}"))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Message {
    /// The kind of message under the name that templates and DingTalk use.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Text { .. } => "text",
            Content::Link { .. } => "link",
            Content::Markdown { .. } => "markdown",
            Content::ActionCard { .. } => "actionCard",
            Content::FeedCard { .. } => "feedCard",
        }
    }
}
