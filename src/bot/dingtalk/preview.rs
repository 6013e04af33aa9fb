//! A posted body as text for a terminal: what people would read, without the Markdown.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::core::json::Lookup;

/// Draws the JSON body of a post: title, words, buttons as `[ Label ] address`, and who is called. A body of no known
/// type is shown as it is. Holds no control characters but line feeds, whoever wrote the message.
pub fn as_text(message: &Value) -> String {
    let kind = message.at("msgtype").as_str().unwrap_or_default();
    let content = message.at(kind);
    let mut parts = Vec::new();
    match kind {
        "text" => parts.extend(content.text("content")),
        "link" => {
            parts.extend(content.text("title"));
            parts.extend(content.text("text"));
            parts.extend(content.text("messageUrl"));
        }
        "markdown" | "actionCard" => {
            parts.extend(content.text("title"));
            parts.extend(content.text("text").map(|text| plain(&text)));
            parts.push(buttons(content));
        }
        "feedCard" => parts.push(feed(content)),
        _ => parts.push(message.to_string()),
    }
    parts.push(calls(message.at("at")));
    parts.retain(|part| !part.is_empty());
    let text = parts.join("\n\n");
    text.chars()
        .filter(|char| *char == '\n' || !char.is_control())
        .collect()
}

fn buttons(card: &Value) -> String {
    if let (Some(title), Some(url)) = (card.text("singleTitle"), card.text("singleURL")) {
        return format!("[ {title} ] {url}");
    }
    lines(card.list("btns"), |button| {
        Some(format!(
            "[ {} ] {}",
            button.text("title")?,
            button.text("actionURL")?
        ))
    })
}

fn feed(card: &Value) -> String {
    lines(card.list("links"), |link| {
        Some(format!(
            "• {}\n  {}",
            link.text("title")?,
            link.text("messageURL")?
        ))
    })
}

fn lines(items: Vec<&Value>, line: impl Fn(&Value) -> Option<String>) -> String {
    items
        .into_iter()
        .filter_map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn calls(at: &Value) -> String {
    let mut names = at.texts("atMobiles", "");
    names.extend(at.texts("atUserIds", ""));
    if at.flag("isAtAll") {
        names.push("all".to_owned());
    }
    let names: Vec<String> = names.iter().map(|name| format!("@{name}")).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("→ {}", names.join(" "))
}

/// Markdown without its marks: quotes behind a bar, lists with their bullets, of a link its label.
fn plain(markdown: &str) -> String {
    drawn(Parser::new(markdown))
}

/// The same without a word on pictures beside their own.
pub(super) fn words(markdown: &str) -> String {
    let is_picture = |event: &Event| matches!(event, Event::Start(Tag::Image { .. }));
    drawn(Parser::new(markdown).filter(|event| !is_picture(event)))
}

fn drawn<'a>(events: impl Iterator<Item = Event<'a>>) -> String {
    let mut drawing = Drawing::default();
    for event in events {
        drawing.take(event);
    }
    drawing.finish_line();
    drawing.lines.join("\n")
}

#[derive(Default)]
struct Drawing {
    lines: Vec<String>,
    line: String,
    quotes: usize,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The bullet that the next line begins with.
    bullet: Option<String>,
}

impl Drawing {
    fn take(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.line.push_str(&text)
            }
            Event::Code(code) => self.line.push_str(&format!("`{code}`")),
            // DingTalk does not break a line at a single line feed.
            Event::SoftBreak => self.line.push(' '),
            Event::HardBreak => self.finish_line(),
            Event::Rule => {
                self.separate();
                self.line.push_str("────");
                self.finish_line();
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock => {
                self.separate()
            }
            Tag::BlockQuote(_) => {
                self.separate();
                self.quotes += 1;
            }
            Tag::List(first) => {
                self.finish_line();
                if self.lists.is_empty() {
                    self.separate();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.bullet = Some(bullet);
            }
            Tag::Image { .. } => self.line.push_str("[picture] "),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::Item
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock => {
                self.finish_line();
            }
            TagEnd::BlockQuote(_) => {
                self.finish_line();
                self.quotes -= 1;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            _ => {}
        }
    }

    /// A blank line before a block, but neither at the start nor within a list.
    fn separate(&mut self) {
        let first_in_quote = self.quotes > 0 && self.lines.last().is_some_and(String::is_empty);
        if self.lists.is_empty() && !self.lines.is_empty() && !first_in_quote {
            self.lines.push(String::new());
        }
    }

    fn finish_line(&mut self) {
        let text = std::mem::take(&mut self.line);
        for text in text.trim().lines() {
            let quote = "│ ".repeat(self.quotes);
            let indent = "  ".repeat(self.lists.len().saturating_sub(1));
            let hanging = if self.lists.is_empty() { "" } else { "  " };
            let bullet = self.bullet.take();
            let bullet = bullet.as_deref().unwrap_or(hanging);
            self.lines.push(format!("{quote}{indent}{bullet}{text}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_card_reads_like_the_chat() {
        let body = "#### 🔀 [#42 Keep the session](https://example.com/42)\n\n\
            **mona** wants to merge\nfrom **fix**\n\n> Signed in\n> twice.\n\n- one\n- two\n  - deep\n\n1. first\n2. second\n\n\
            ![logo](https://example.com/p.png)\n\n@alice";
        let card = json!({"msgtype": "actionCard", "actionCard": {
            "title": "mona opened PR #42", "text": body,
            "btns": [
                {"title": "Review", "actionURL": "https://example.com/42/files"},
                {"title": "Open", "actionURL": "https://example.com/42"}
            ]}, "at": {"atUserIds": ["alice"], "isAtAll": false}});
        let expected = "\
mona opened PR #42

🔀 #42 Keep the session

mona wants to merge from fix

│ Signed in twice.

• one
• two
  • deep

1. first
2. second

[picture] logo

@alice

[ Review ] https://example.com/42/files
[ Open ] https://example.com/42

→ @alice";
        assert_eq!(as_text(&card), expected);
    }

    #[test]
    fn every_type_is_drawn() {
        let cases = [
            (
                json!({"msgtype": "text", "text": {"content": "hello"}}),
                "hello",
            ),
            (
                json!({"msgtype": "link", "link": {"title": "v2", "text": "notes", "messageUrl": "https://example.com"}}),
                "v2\n\nnotes\n\nhttps://example.com",
            ),
            (
                json!({"msgtype": "feedCard", "feedCard": {"links":
                    [{"title": "v2", "messageURL": "https://example.com", "picURL": "p"}]}}),
                "• v2\n  https://example.com",
            ),
            (
                json!({"msgtype": "actionCard", "actionCard":
                    {"title": "t", "text": "x", "singleTitle": "Open", "singleURL": "https://example.com"}}),
                "t\n\nx\n\n[ Open ] https://example.com",
            ),
            (json!({"msgtype": "markdown"}), ""),
            (json!([1]), "[1]"),
        ];
        for (message, expected) in cases {
            assert_eq!(as_text(&message), expected);
        }
    }

    #[test]
    fn a_stranger_cannot_steer_the_terminal() {
        let message = json!({"msgtype": "text", "text": {"content": "a\u{1b}[2Jb"}});
        assert_eq!(as_text(&message), "a[2Jb");
    }
}
