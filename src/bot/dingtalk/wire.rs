//! A message as the JSON body that `robot/send` takes.
//!
//! The capitals are DingTalk's and differ between the types (custom-robots-send-group-messages). What the body
//! needs besides the message is added here: the names that are called, the bot's keyword, the repeat key; and it is
//! made to fit.

use serde::Serialize;

use super::cut::{self, Syntax, json_len};
use crate::core::message::{Button, ButtonLayout, Content, FeedItem, Mentions, Message};

/// The longest body that DingTalk accepts, in bytes of the whole JSON; a longer one is answered with 460101
/// `message too long, exceed 20000 bytes` (seen in the field, not in the documentation).
pub const MAX_BYTES: usize = 20_000;

/// More than a body takes besides what a message says: the names of its fields, the key.
const ENVELOPE_BYTES: usize = 400;

/// Far more of a title than any client shows.
const TITLE_BYTES: usize = 600;

/// More of a link's words than any client shows.
const LINK_TEXT_BYTES: usize = 5_000;

/// What a button's label may take.
const LABEL_BYTES: usize = 200;

/// What the addresses of a message may take together, so that there is room for its words.
const ADDRESSES_BYTES: usize = MAX_BYTES / 2;

/// What the called names may take: 50 user ids of 64 characters, DingTalk's longest, fit.
const NAMES_BYTES: usize = 3_400;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Post<'a> {
    msgtype: &'static str,
    msg_uuid: &'a str,
    #[serde(flatten)]
    content: Wire<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<At<'a>>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
enum Wire<'a> {
    Text {
        content: String,
    },
    #[serde(rename_all = "camelCase")]
    Link {
        title: String,
        text: String,
        message_url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        pic_url: Option<&'a str>,
    },
    Markdown {
        title: String,
        text: String,
    },
    ActionCard {
        title: String,
        text: String,
        #[serde(flatten)]
        buttons: Buttons<'a>,
    },
    FeedCard {
        links: Vec<FeedLink<'a>>,
    },
}

#[derive(Serialize, Clone)]
#[serde(untagged)]
enum Buttons<'a> {
    /// The whole card is one link.
    #[serde(rename_all = "camelCase")]
    Single {
        single_title: String,
        #[serde(rename = "singleURL")]
        single_url: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Several {
        btn_orientation: &'static str,
        btns: Vec<WireButton<'a>>,
    },
}

#[derive(Serialize, Clone)]
struct WireButton<'a> {
    title: String,
    #[serde(rename = "actionURL")]
    action_url: &'a str,
}

#[derive(Serialize, Clone)]
struct FeedLink<'a> {
    title: String,
    #[serde(rename = "messageURL")]
    message_url: &'a str,
    #[serde(rename = "picURL")]
    pic_url: &'a str,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct At<'a> {
    at_mobiles: Vec<&'a str>,
    at_user_ids: Vec<&'a str>,
    is_at_all: bool,
}

/// The body for `message`. `key` is DingTalk's `msgUuid`: a second post with the same key does not appear twice.
/// One of `keywords`, if there are any, is in the result.
pub fn body(message: &Message, key: &str, keywords: &[String]) -> String {
    // DingTalk refuses messages without a title or without words.
    let title = or(&cut::title(&message.title, TITLE_BYTES), "Hookbell").to_owned();
    let text = |content: String| Wire::Text { content };
    let worded = Worded {
        at: At::of(&message.mentions),
        title: &title,
        keywords,
        key,
    };
    match &message.content {
        Content::Text { body } => Worded {
            title: "",
            ..worded
        }
        .post(or(body, &title), Syntax::Plain, text),
        Content::Markdown { body } => worded.post(or(body, &title), Syntax::Markdown, |text| {
            Wire::markdown(&title, text)
        }),
        Content::ActionCard {
            body,
            buttons,
            layout,
        } => match Buttons::of(buttons, *layout) {
            Some(buttons) => worded.post(or(body, &title), Syntax::Markdown, |text| {
                Wire::ActionCard {
                    title: title.clone(),
                    text,
                    buttons: buttons.clone(),
                }
            }),
            None => worded.post(or(body, &title), Syntax::Markdown, |text| {
                Wire::markdown(&title, text)
            }),
        },
        Content::Link { body, url, picture } => {
            match link(&title, body, url, picture.as_deref(), keywords) {
                Some(content) => unworded(content, key),
                None => worded.post(&format!("{title}\n{body}"), Syntax::Plain, text),
            }
        }
        Content::FeedCard { items } => match feed(items, keywords) {
            Some(content) => unworded(content, key),
            None => worded.post(&title, Syntax::Plain, text),
        },
    }
}

/// What a message may take, as [`Message::size`] counts, so that nothing of it is cut. Titles and addresses have limits
/// of their own.
pub fn room(keywords: &[String]) -> usize {
    let keyword = keywords.first().map_or(0, |keyword| json_len(keyword));
    MAX_BYTES.saturating_sub(ENVELOPE_BYTES + keyword + json_len(PARAGRAPH))
}

/// What surrounds the words of a text, markdown or actionCard.
struct Worded<'a> {
    at: Option<At<'a>>,
    /// As far as it is sent.
    title: &'a str,
    keywords: &'a [String],
    key: &'a str,
}

impl<'a> Worded<'a> {
    fn post(&self, body: &str, syntax: Syntax, content: impl Fn(String) -> Wire<'a>) -> String {
        let post = |text: &str| self.serialized(content(self.with_calls(text)));
        let whole = post(body);
        if whole.len() <= MAX_BYTES {
            return whole;
        }
        let around = post("").len() + json_len(PARAGRAPH);
        post(&cut::body(body, MAX_BYTES.saturating_sub(around), syntax))
    }

    fn serialized(&self, content: Wire<'a>) -> String {
        serialized(&Post {
            msgtype: content.name(),
            msg_uuid: self.key,
            content,
            at: self.at.clone(),
        })
    }

    /// `text` with the keyword and the called names that it lacks, as paragraphs of their own. DingTalk highlights a
    /// call only where the text repeats it (robot-message-type).
    fn with_calls(&self, text: &str) -> String {
        let keyword = missing_keyword(self.keywords, [self.title, text]).unwrap_or_default();
        let names = self
            .at
            .as_ref()
            .map(|at| at.missing_in(text))
            .unwrap_or_default();
        let paragraphs = [text.trim_end(), keyword, &names];
        let paragraphs: Vec<&str> = paragraphs
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        paragraphs.join(PARAGRAPH)
    }
}

const PARAGRAPH: &str = "\n\n";

/// A link or feedCard; they call nobody (robot-message-type).
fn unworded(content: Wire, key: &str) -> String {
    serialized(&Post {
        msgtype: content.name(),
        msg_uuid: key,
        content,
        at: None,
    })
}

fn serialized(post: &Post) -> String {
    serde_json::to_string(post).expect("texts and flags alone, with texts as keys")
}

/// `None` where the address is too long to be posted.
fn link<'a>(
    title: &str,
    body: &str,
    url: &'a str,
    picture: Option<&'a str>,
    keywords: &[String],
) -> Option<Wire<'a>> {
    let fits = |address: &&str| json_len(address) <= ADDRESSES_BYTES / 2;
    let text = cut::body(body, LINK_TEXT_BYTES, Syntax::Plain);
    Some(Wire::Link {
        title: with_keyword(title, missing_keyword(keywords, [title, &text])),
        text: or(&text, title).to_owned(),
        message_url: Some(url).filter(fits)?,
        pic_url: picture.filter(fits),
    })
}

/// As many of the items as fit; the last title counts those that do not. `None` where there is not one.
fn feed<'a>(items: &'a [FeedItem], keywords: &[String]) -> Option<Wire<'a>> {
    // Leaves room for the key, the keyword, the count, and the names of the fields.
    let mut room = MAX_BYTES * 9 / 10;
    let mut links = Vec::new();
    for item in items {
        let link = FeedLink {
            title: cut::title(&item.title, TITLE_BYTES),
            message_url: &item.url,
            pic_url: &item.picture,
        };
        const FIELDS: usize = r#"{"title":"","messageURL":"","picURL":""},"#.len();
        let size =
            FIELDS + json_len(&link.title) + json_len(link.message_url) + json_len(link.pic_url);
        let Some(left) = room.checked_sub(size) else {
            break;
        };
        room = left;
        links.push(link);
    }
    let dropped = items.len() - links.len();
    let missing = missing_keyword(keywords, links.iter().map(|link| link.title.as_str()));
    if let Some(first) = links.first_mut() {
        first.title = with_keyword(&first.title, missing);
    }
    let last = links.last_mut()?;
    if dropped > 0 {
        last.title.push_str(&format!(" (+{dropped})"));
    }
    Some(Wire::FeedCard { links })
}

/// The keyword that must be added so that DingTalk accepts a message with these texts.
fn missing_keyword(
    keywords: &[String],
    texts: impl IntoIterator<Item = impl AsRef<str>>,
) -> Option<&str> {
    let found = |text: &str| {
        keywords
            .iter()
            .any(|keyword| text.contains(keyword.as_str()))
    };
    if texts.into_iter().any(|text| found(text.as_ref())) {
        return None;
    }
    keywords.first().map(String::as_str)
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.trim().is_empty() { other } else { text }
}

fn with_keyword(title: &str, keyword: Option<&str>) -> String {
    match keyword {
        Some(keyword) => format!("{title} · {keyword}"),
        None => title.to_owned(),
    }
}

impl<'a> Wire<'a> {
    fn markdown(title: &str, text: String) -> Wire<'a> {
        Wire::Markdown {
            title: title.to_owned(),
            text,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Wire::Text { .. } => "text",
            Wire::Link { .. } => "link",
            Wire::Markdown { .. } => "markdown",
            Wire::ActionCard { .. } => "actionCard",
            Wire::FeedCard { .. } => "feedCard",
        }
    }
}

impl<'a> Buttons<'a> {
    /// As many of the buttons as fit; `None` where there is not one.
    fn of(buttons: &'a [Button], layout: ButtonLayout) -> Option<Buttons<'a>> {
        let mut room = ADDRESSES_BYTES;
        let mut fitting: Vec<WireButton> = buttons
            .iter()
            .map(|button| WireButton {
                title: cut::title(&button.title, LABEL_BYTES),
                action_url: &button.url,
            })
            .take_while(|button| {
                const FIELDS: usize = r#"{"title":"","actionURL":""},"#.len();
                let size = FIELDS + json_len(&button.title) + json_len(button.action_url);
                let left = room.checked_sub(size);
                room = left.unwrap_or_default();
                left.is_some()
            })
            .collect();
        if fitting.len() > 1 {
            let btn_orientation = match layout {
                ButtonLayout::Vertical => "0",
                ButtonLayout::Horizontal => "1",
            };
            return Some(Buttons::Several {
                btn_orientation,
                btns: fitting,
            });
        }
        let only = fitting.pop()?;
        Some(Buttons::Single {
            single_title: only.title,
            single_url: only.action_url,
        })
    }
}

impl<'a> At<'a> {
    /// The first people up to DingTalk's limit; `None` where nobody is called.
    fn of(mentions: &'a Mentions) -> Option<At<'a>> {
        let mut people = Mentions::MAX_PEOPLE;
        let mut room = NAMES_BYTES;
        let mut fits = |name: &&str| {
            let left = room.checked_sub(json_len(name));
            room = left.unwrap_or(room);
            let fits = people > 0 && left.is_some();
            people -= usize::from(fits);
            fits
        };
        let at = At {
            at_mobiles: mentions
                .mobiles
                .iter()
                .map(String::as_str)
                .filter(&mut fits)
                .collect(),
            at_user_ids: mentions
                .user_ids
                .iter()
                .map(String::as_str)
                .filter(&mut fits)
                .collect(),
            is_at_all: mentions.all,
        };
        let empty = at.at_mobiles.is_empty() && at.at_user_ids.is_empty() && !at.is_at_all;
        (!empty).then_some(at)
    }

    /// `@alice @13800000000`: those that `text` does not call yet.
    fn missing_in(&self, text: &str) -> String {
        let names = self.at_mobiles.iter().chain(&self.at_user_ids);
        let missing: Vec<String> = names
            .map(|name| format!("@{name}"))
            .filter(|call| !calls(text, call))
            .collect();
        missing.join(" ")
    }
}

/// Whether `call` is in `text` as a whole: `@al` is not in `@alice`.
fn calls(text: &str, call: &str) -> bool {
    text.match_indices(call).any(|(position, _)| {
        let rest = &text[position + call.len()..];
        !rest.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
    })
}

#[cfg(test)]
mod tests;
