//! Atlassian Document Format, the JSON tree behind the new editor, to CommonMark.
//!
//! Nodes that are not known give what is inside them, so a new kind of node loses its look and not its words.
//! Source: developer.atlassian.com, "Atlassian Document Format" (Jira Cloud platform).

use super::markdown::{self, code_span, escaped, fence, guarded};
use super::person::People;
use super::text::Text;
use crate::core::event::Person;
use crate::core::json::{Json, Lookup};
use crate::core::time;

pub fn to_markdown(document: &Json, people: &People) -> Text {
    let mut reader = Reader {
        people,
        text: Text::default(),
    };
    let lines = reader.blocks(document);
    Text {
        markdown: lines.join("\n"),
        ..reader.text
    }
}

struct Reader<'a> {
    people: &'a People,
    /// Collects who is mentioned.
    text: Text,
}

impl Reader<'_> {
    /// The lines of the blocks in a node, with an empty line between two blocks.
    fn blocks(&mut self, node: &Json) -> Vec<String> {
        let mut lines = Vec::new();
        for child in node.list("content") {
            let block = self.block(child);
            if block.is_empty() {
                continue;
            }
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(block);
        }
        lines
    }

    fn block(&mut self, node: &Json) -> Vec<String> {
        match kind_of(node) {
            "heading" => {
                let level = node.count("attrs.level").unwrap_or(1).clamp(1, 6) as usize;
                let text = self.inline(node).join(" ");
                vec![format!("{} {text}", "#".repeat(level))]
            }
            "bulletList" | "orderedList" | "taskList" | "decisionList" => self.list(node),
            "blockquote" => prefixed("> ", "> ", self.blocks(node)),
            "codeBlock" => {
                let texts = node.list("content").into_iter();
                let code: String = texts.filter_map(|text| text.at("text").as_str()).collect();
                fence(&node.line("attrs.language").unwrap_or_default(), &code)
            }
            "rule" => vec!["---".to_owned()],
            "tableRow" => {
                let cells = node.list("content").into_iter().map(|cell| {
                    let cell = self.blocks(cell);
                    cell.join(" ")
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                });
                let cells: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
                let row = cells.join(" · ");
                Some(row)
                    .filter(|row| !row.is_empty())
                    .into_iter()
                    .collect()
            }
            "expand" | "nestedExpand" => {
                let title = node
                    .line("attrs.title")
                    .map(|title| guarded(escaped(&title)));
                let mut lines: Vec<String> = title.into_iter().collect();
                let inner = self.blocks(node);
                if !lines.is_empty() && !inner.is_empty() {
                    lines.push(String::new());
                }
                lines.extend(inner);
                lines
            }
            "paragraph" | "taskItem" | "decisionItem" | "caption" => paragraph(self.inline(node)),
            _ if is_inline(node) => paragraph(self.pieces(std::iter::once(node))),
            _ => self.blocks(node),
        }
    }

    fn list(&mut self, list: &Json) -> Vec<String> {
        let ordered = kind_of(list) == "orderedList";
        let first = list.count("attrs.order").unwrap_or(1).min(999_999);
        let mut lines = Vec::new();
        for (number, item) in (first..).zip(list.list("content")) {
            let marker = if ordered {
                format!("{number}. ")
            } else {
                "- ".to_owned()
            };
            let mut inner = match kind_of(item) {
                "listItem" => self.item(item),
                _ => self.block(item),
            };
            if kind_of(item) == "taskItem" {
                let done = item.text("attrs.state").as_deref() == Some("DONE");
                let sign = if done { "☑ " } else { "☐ " };
                match inner.first_mut() {
                    Some(line) => line.insert_str(0, sign),
                    None => inner.push(sign.to_owned()),
                }
            }
            let blanks = " ".repeat(marker.len());
            lines.extend(prefixed(&marker, &blanks, inner));
        }
        lines
    }

    /// Like `blocks`, but a list below a paragraph follows it at once: the list stays a tight one.
    fn item(&mut self, item: &Json) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for child in item.list("content") {
            let is_list = matches!(kind_of(child), "bulletList" | "orderedList" | "taskList");
            let block = self.block(child);
            if !lines.is_empty() && !is_list {
                lines.push(String::new());
            }
            lines.extend(block);
        }
        lines
    }

    /// The lines of what is inside a paragraph.
    fn inline(&mut self, node: &Json) -> Vec<String> {
        self.pieces(node.list("content").into_iter())
    }

    fn pieces<'a>(&mut self, nodes: impl Iterator<Item = &'a Json<'a>>) -> Vec<String> {
        let mut lines = vec![String::new()];
        for node in nodes {
            if kind_of(node) == "hardBreak" {
                lines.push(String::new());
                continue;
            }
            let piece = self.piece(node);
            if let Some(line) = lines.last_mut() {
                // An exclamation mark before a link would make it a picture.
                if line.ends_with('!') && piece.starts_with('[') {
                    line.insert(line.len() - 1, '\\');
                }
                line.push_str(&piece);
            }
        }
        let lines = lines.into_iter().map(guarded);
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn piece(&mut self, node: &Json) -> String {
        match kind_of(node) {
            "text" => marked(node),
            "mention" => {
                let person = self.mentioned(node);
                self.text.mention(&person);
                escaped(&format!("@{}", person.name))
            }
            "emoji" => escaped(
                &node
                    .text("attrs.text")
                    .or_else(|| node.text("attrs.shortName"))
                    .unwrap_or_default(),
            ),
            "inlineCard" | "blockCard" | "embedCard" => match node.text("attrs.url") {
                Some(url) if markdown::is_address(&url) => markdown::link("", &url),
                _ => String::new(),
            },
            "date" => {
                let date = node
                    .text("attrs.timestamp")
                    .and_then(|text| text.parse().ok());
                let date = date.and_then(time::from_epoch);
                date.map(|date| date.strftime("%F").to_string())
                    .unwrap_or_default()
            }
            "status" => escaped(&node.line("attrs.text").unwrap_or_default()),
            "media" | "mediaInline" => {
                let name = node.line("attrs.alt").or_else(|| node.line("attrs.title"));
                markdown::image(&name.unwrap_or_else(|| "attachment".to_owned()))
            }
            _ => self.inline(node).join(" "),
        }
    }

    fn mentioned(&self, node: &Json) -> Person {
        let id = node.text("attrs.id");
        let known = id.as_deref().and_then(|id| self.people.with_id(id));
        known.unwrap_or_else(|| {
            let name = node.line("attrs.text").unwrap_or_default();
            let name = match name.trim_start_matches('@') {
                "" => "someone",
                name => name,
            };
            Person {
                id,
                ..Person::named(name)
            }
        })
    }
}

/// A text node with its marks. Blanks at its ends stay outside of the emphasis, which CommonMark would not see else.
fn marked(node: &Json) -> String {
    let text = node.at("text").as_str().unwrap_or_default();
    let marks = node.list("marks");
    let mark = |kind| marks.iter().find(|mark| kind_of(mark) == kind);
    let inner = text.trim();
    if inner.is_empty() {
        return text.to_owned();
    }
    let mut out = if mark("code").is_some() {
        code_span(inner)
    } else {
        escaped(inner)
    };
    for (kind, sign) in [("em", "*"), ("strong", "**")] {
        if mark(kind).is_some() {
            out = format!("{sign}{out}{sign}");
        }
    }
    let href = mark("link").and_then(|link| link.text("attrs.href"));
    if let Some(href) = href.filter(|href| markdown::is_address(href)) {
        out = markdown::link(if href == inner { "" } else { &out }, &href);
    }
    let start = text.len() - text.trim_start().len();
    let end = text.trim_end().len();
    format!("{}{out}{}", &text[..start], &text[end..])
}

fn kind_of<'a>(node: &'a Json) -> &'a str {
    node.at("type").as_str().unwrap_or_default()
}

fn is_inline(node: &Json) -> bool {
    let kinds = [
        "text",
        "mention",
        "emoji",
        "inlineCard",
        "blockCard",
        "embedCard",
        "date",
        "status",
    ];
    kinds.contains(&kind_of(node)) || kind_of(node).starts_with("media") && !node.has("content")
}

/// Lines with hard breaks between them.
fn paragraph(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let text = lines.join("  \n");
    text.split('\n').map(str::to_owned).collect()
}

fn prefixed(first: &str, others: &str, lines: Vec<String>) -> Vec<String> {
    let prefixes = std::iter::once(first).chain(std::iter::repeat(others));
    let lines = prefixes.zip(lines);
    lines
        .map(|(prefix, line)| match line.as_str() {
            "" => prefix.trim_end().to_owned(),
            line => format!("{prefix}{line}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::json;

    fn read(content: Json) -> Text {
        let people = People::of(&json!({
            "user": {"accountId": "5b10a", "displayName": "Mona Lisa"},
        }));
        let document = json!({"type": "doc", "version": 1, "content": content});
        to_markdown(&document, &people)
    }

    fn text(text: &str, marks: &[&str]) -> Json<'static> {
        let marks: Vec<Json> = marks.iter().map(|kind| json!({"type": kind})).collect();
        json!({"type": "text", "text": text, "marks": marks})
    }

    fn paragraph_of(content: Json) -> Json<'static> {
        json!({"type": "paragraph", "content": content})
    }

    #[test]
    fn marks_are_written_and_blanks_stay_outside() {
        let link = json!({"type": "text", "text": "page", "marks": [
            {"type": "link", "attrs": {"href": "https://example.com/a b"}},
        ]});
        let bad = json!({"type": "text", "text": "bad", "marks": [
            {"type": "link", "attrs": {"href": "javascript:alert(1)"}},
        ]});
        let content = json!([
            text("plain *x* ", &[]),
            text("bold ", &["strong"]),
            text("both", &["strong", "em"]),
            text(" a`b", &["code"]),
            text(" [x](y)!", &["underline"]),
            link,
            text(" ", &[]),
            bad,
        ]);
        assert_eq!(
            read(json!([paragraph_of(content)])).markdown,
            "plain \\*x\\* **bold** ***both*** ``a`b`` \\[x\\](y)\\![page](https://example.com/a%20b) bad"
        );
    }

    #[test]
    fn blocks_are_nested() {
        let item = |content: Json| json!({"type": "listItem", "content": content});
        let one = paragraph_of(json!([text("one", &[])]));
        let document = json!([
            {"type": "heading", "attrs": {"level": 2}, "content": [text("Title", &[])]},
            paragraph_of(json!([text("# a", &[]), {"type": "hardBreak"}, text("b", &[])])),
            {"type": "orderedList", "attrs": {"order": 3}, "content": [
                item(json!([one, {"type": "bulletList", "content": [item(json!([one]))]}])),
                item(json!([one, {"type": "codeBlock", "content": [text("x\ny", &[])]}])),
            ]},
            {"type": "blockquote", "content": [one, one]},
            {"type": "taskList", "content": [
                {"type": "taskItem", "attrs": {"state": "DONE"}, "content": [text("done", &[])]},
                {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [text("open", &[])]},
            ]},
            {"type": "table", "content": [{"type": "tableRow", "content": [
                {"type": "tableHeader", "content": [one]}, {"type": "tableCell", "content": [one]},
            ]}]},
            {"type": "rule"},
            {"type": "something new", "content": [one]},
        ]);
        let expected = "## Title\n\n\\# a  \nb\n\n\
                        3. one\n   - one\n4. one\n\n   ```\n   x\n   y\n   ```\n\n\
                        > one\n>\n> one\n\n- ☑ done\n- ☐ open\n\none · one\n\n---\n\none";
        assert_eq!(read(document).markdown, expected);
    }

    #[test]
    fn mentions_cards_dates_and_pictures_are_words() {
        let text = read(json!([
            paragraph_of(json!([
                {"type": "mention", "attrs": {"id": "5b10a", "text": "@mona"}},
                {"type": "mention", "attrs": {"id": "x", "text": "@bob"}},
                {"type": "emoji", "attrs": {"shortName": ":tada:", "text": "🎉"}},
                {"type": "inlineCard", "attrs": {"url": "https://example.com"}},
                {"type": "date", "attrs": {"timestamp": "1760000000000"}},
                {"type": "status", "attrs": {"text": "DONE"}},
            ])),
            {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"alt": "a.png"}}]},
        ]));
        assert_eq!(
            text.markdown,
            "@Mona Lisa@bob🎉<https://example.com>2025-10-09DONE\n\n\\[image: a.png\\]"
        );
        let ids: Vec<_> = text.mentioned.iter().map(|person| &person.id).collect();
        assert_eq!(ids, [&Some("5b10a".to_owned()), &Some("x".to_owned())]);
    }

    #[test]
    fn what_is_no_document_is_empty() {
        for document in [
            json!({}),
            json!({"type": "doc", "content": 1}),
            json!({"content": [[]]}),
        ] {
            assert_eq!(
                to_markdown(&document, &People::of(&json!({}))),
                Text::default()
            );
        }
    }
}
