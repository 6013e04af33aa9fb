//! What a message says, apart from how one kind of bot writes it, limits it and answers it.

use serde::{Deserialize, Serialize};

use super::json::written_len;

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

    /// Calls `others` too, each once, as far as [`Mentions::MAX_PEOPLE`] allows.
    pub fn add(&mut self, others: &Mentions) {
        self.all |= others.all;
        let lists = [(&others.mobiles, true), (&others.user_ids, false)];
        for (names, are_mobiles) in lists {
            for name in names {
                let full = self.mobiles.len() + self.user_ids.len() >= Mentions::MAX_PEOPLE;
                let list = match are_mobiles {
                    true => &mut self.mobiles,
                    false => &mut self.user_ids,
                };
                if !full && !list.contains(name) {
                    list.push(name.clone());
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.mobiles.is_empty() && self.user_ids.is_empty() && !self.all
    }

    /// The bytes that the names take in a body of JSON, in its list and in its text.
    pub fn size(&self) -> usize {
        const AROUND: usize = r#""",@ "#.len();
        let names = self.mobiles.iter().chain(&self.user_ids);
        names.map(|name| 2 * written_len(name) + AROUND).sum()
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

/// The group that a message was meant for, where it is told in another one, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Via {
    pub group: String,
    /// One plain sentence about the bots of that group.
    pub reason: String,
}

impl Message {
    /// A text as it is. Its first line is what a notification shows.
    pub fn plain(text: &str) -> Message {
        Message {
            title: text.lines().next().unwrap_or_default().to_owned(),
            content: Content::Text {
                body: text.to_owned(),
            },
            mentions: Mentions::default(),
        }
    }

    /// Puts a line before everything else. It is plain text where the message is.
    pub fn open_with(&mut self, line: &str) {
        match &mut self.content {
            Content::Text { body } | Content::Link { body, .. } => {
                *body = format!("{line}\n{body}");
            }
            Content::Markdown { body } | Content::ActionCard { body, .. } => {
                *body = format!("{line}\n\n{body}");
            }
            Content::FeedCard { items } => {
                if let Some(first) = items.first_mut() {
                    first.title = format!("{line} · {}", first.title);
                }
            }
        }
    }

    /// The bytes that title, text, buttons and called names take in a body of JSON, at most. Called names count twice:
    /// a body lists them, and the text repeats them.
    pub fn size(&self) -> usize {
        const FIELDS: usize = 50;
        let content = match &self.content {
            Content::Text { body } | Content::Markdown { body } => written_len(body),
            Content::Link { body, url, picture } => {
                let picture = picture.as_deref().unwrap_or_default();
                written_len(body) + written_len(url) + written_len(picture) + FIELDS
            }
            Content::ActionCard { body, buttons, .. } => {
                let button = |button: &Button| {
                    written_len(&button.title) + written_len(&button.url) + FIELDS
                };
                written_len(body) + buttons.iter().map(button).sum::<usize>()
            }
            Content::FeedCard { items } => {
                let item = |item: &FeedItem| {
                    let texts = [&item.title, &item.url, &item.picture];
                    texts.map(|text| written_len(text)).iter().sum::<usize>() + FIELDS
                };
                items.iter().map(item).sum()
            }
        };
        written_len(&self.title) + content + self.mentions.size()
    }

    /// Whether its words are Markdown.
    pub fn is_markdown(&self) -> bool {
        matches!(
            self.content,
            Content::Markdown { .. } | Content::ActionCard { .. }
        )
    }

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
