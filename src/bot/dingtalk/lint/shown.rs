//! A posted body taken apart: what it shows and where it leads.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::core::json::Lookup;

#[derive(Debug, Default)]
pub struct Shown {
    /// DingTalk's word: `markdown`.
    pub kind: String,
    pub title: String,
    /// As it is posted.
    pub source: String,
    /// As it is read: without Markdown. The same as `source` in messages of plain text.
    pub text: String,
    /// Addresses of links and buttons.
    pub links: Vec<String>,
    /// Addresses of pictures in the text.
    pub pictures: Vec<String>,
    pub headings: usize,
    pub html: usize,
    /// Lines that a single line feed ends; the next one is drawn right behind.
    pub soft_breaks: Vec<String>,
    /// Names that are called.
    pub called: Vec<String>,
}

impl Shown {
    /// Takes a posted body apart.
    pub fn of(body: &str) -> Shown {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let kind = body.text("msgtype").unwrap_or_default();
        let content = body.at(&kind);
        let mut called = body.at("at").texts("atMobiles", "");
        called.extend(body.at("at").texts("atUserIds", ""));
        let mut links = content.texts("btns", "actionURL");
        links.extend(content.texts("links", "messageURL"));
        links.extend(
            ["singleURL", "messageUrl"]
                .iter()
                .filter_map(|path| content.text(path)),
        );
        let mut pictures = content.texts("links", "picURL");
        pictures.extend(content.text("picUrl"));
        let mut shown = Shown {
            title: content.text("title").unwrap_or_default(),
            links,
            pictures,
            called,
            ..Shown::default()
        };
        match kind.as_str() {
            "markdown" | "actionCard" => {
                shown.source = content.text("text").unwrap_or_default();
                shown.read_markdown();
            }
            "feedCard" => {
                shown.source = content.texts("links", "title").join("\n");
                shown.text = shown.source.clone();
            }
            _ => {
                let field = if kind == "text" { "content" } else { "text" };
                shown.source = content.text(field).unwrap_or_default();
                shown.text = shown.source.clone();
            }
        }
        shown.kind = kind;
        shown
    }

    fn read_markdown(&mut self) {
        let source = std::mem::take(&mut self.source);
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(&source, options) {
            match event {
                Event::Start(Tag::Heading { .. }) => self.headings += 1,
                Event::Start(Tag::Image { dest_url, .. }) => {
                    self.pictures.push(dest_url.into_string());
                }
                Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.into_string()),
                Event::Html(_) | Event::InlineHtml(_) => self.html += 1,
                Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
                Event::End(end) if is_inline(end) => {}
                Event::SoftBreak => {
                    let line = self.text.lines().last().unwrap_or_default();
                    self.soft_breaks.push(line.to_owned());
                    self.text.push('\n');
                }
                Event::HardBreak | Event::End(_) => self.text.push('\n'),
                _ => {}
            }
        }
        self.source = source;
    }
}

fn is_inline(end: TagEnd) -> bool {
    use TagEnd::{Emphasis, Image, Link, Strikethrough, Strong};
    matches!(end, Emphasis | Strong | Strikethrough | Link | Image)
}
