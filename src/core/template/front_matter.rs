//! The front matter of a template: what kind of message it makes, and the parts besides the body.
//!
//! YAML between two `---` lines. Every text in it is a template of its own, kept with the line it stands on.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::ScanError;

use super::error::{TemplateError, suggestion};
use crate::core::message::ButtonLayout;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageType {
    Text,
    Link,
    #[default]
    Markdown,
    ActionCard,
    FeedCard,
}

impl MessageType {
    /// Under the names that DingTalk has for them.
    const NAMED: [(&str, MessageType); 5] = [
        ("text", MessageType::Text),
        ("link", MessageType::Link),
        ("markdown", MessageType::Markdown),
        ("actionCard", MessageType::ActionCard),
        ("feedCard", MessageType::FeedCard),
    ];
}

const LAYOUTS: [(&str, ButtonLayout); 2] = [
    ("vertical", ButtonLayout::Vertical),
    ("horizontal", ButtonLayout::Horizontal),
];

const KEYS: [&str; 7] = [
    "type", "title", "url", "picture", "buttons", "layout", "items",
];

#[derive(Debug, Default)]
pub struct FrontMatter {
    pub kind: MessageType,
    pub layout: ButtonLayout,
    /// How many buttons and feed items there are; their texts are among the fields.
    pub buttons: usize,
    pub items: usize,
    pub fields: Vec<Field>,
}

/// A text of the front matter.
#[derive(Debug)]
pub struct Field {
    /// `title`, `buttons.0.url`
    pub name: String,
    pub line: usize,
    pub template: String,
}

/// Takes a template apart. The body keeps its line numbers: empty lines stand for the front matter.
pub fn split(path: &str, text: &str) -> Result<(FrontMatter, String), TemplateError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return Ok((FrontMatter::default(), text.to_owned()));
    }
    let Some(length) = lines.position(|line| line.trim_end() == "---") else {
        return Err(TemplateError::at(
            path,
            1,
            "the front matter has no end",
            "write a line `---` after it",
        ));
    };
    let yaml: Vec<&str> = text.lines().skip(1).take(length).collect();
    let body: Vec<&str> = text.lines().skip(length + 2).collect();
    let front = parse(path, &yaml.join("\n"))?;
    Ok((front, "\n".repeat(length + 2) + &body.join("\n")))
}

fn parse(path: &str, yaml: &str) -> Result<FrontMatter, TemplateError> {
    let mut reader = Reader {
        path,
        front: FrontMatter::default(),
    };
    let node = node_of(yaml).map_err(|error| {
        TemplateError::at(
            path,
            error.marker().line() + 1,
            format!("the front matter is no YAML: {}", error.info()),
            "put texts with {{…}} in double quotes",
        )
    })?;
    if let Some(node) = node {
        reader.read(node)?;
    }
    reader.front.check(path)?;
    Ok(reader.front)
}

impl FrontMatter {
    fn check(&self, path: &str) -> Result<(), TemplateError> {
        let has = |name: &str| self.fields.iter().any(|field| field.name == name);
        let missing = |what: &str, remedy: &str| Err(TemplateError::at(path, 1, what, remedy));
        match self.kind {
            MessageType::Link if !has("url") => missing(
                "a message of type `link` needs `url`",
                "add `url: \"{{url}}\"`",
            ),
            MessageType::FeedCard if self.items == 0 => missing(
                "a message of type `feedCard` needs `items`",
                "add a list of `title`, `url` and `picture`",
            ),
            _ => Ok(()),
        }
    }
}

struct Reader<'a> {
    path: &'a str,
    front: FrontMatter,
}

impl Reader<'_> {
    fn read(&mut self, node: Node) -> Result<(), TemplateError> {
        for (key, node) in self.map(node, "the front matter", &KEYS)? {
            match key.as_str() {
                "type" => self.front.kind = self.one_of(node, &key, &MessageType::NAMED)?,
                "layout" => self.front.layout = self.one_of(node, &key, &LAYOUTS)?,
                "buttons" => self.front.buttons = self.list(node, &key, &["title", "url"])?,
                "items" => {
                    self.front.items = self.list(node, &key, &["title", "url", "picture"])?;
                }
                _ => self.field(key, node)?,
            }
        }
        Ok(())
    }

    /// Reads a list of maps that each have all of `keys`, and says how many there are.
    fn list(&mut self, node: Node, name: &str, keys: &[&str]) -> Result<usize, TemplateError> {
        let Shape::List(entries) = node.shape else {
            let remedy = format!(
                "write `- {{ {}: \"…\" }}` on a line for each",
                keys.join(": \"…\", ")
            );
            return Err(self.error(node.line, format!("`{name}` is not a list"), remedy));
        };
        let count = entries.len();
        for (at, entry) in entries.into_iter().enumerate() {
            let line = entry.line;
            let fields = self.map(entry, &format!("an entry of `{name}`"), keys)?;
            for key in keys {
                if !fields.iter().any(|(given, _)| given == key) {
                    let what = format!("an entry of `{name}` has no `{key}`");
                    return Err(self.error(line, what, format!("add `{key}`")));
                }
            }
            for (key, node) in fields {
                self.field(format!("{name}.{at}.{key}"), node)?;
            }
        }
        Ok(count)
    }

    fn map(
        &self,
        node: Node,
        what: &str,
        keys: &[&str],
    ) -> Result<Vec<(String, Node)>, TemplateError> {
        let Shape::Map(fields) = node.shape else {
            let what = format!("{what} is not a list of `key: value`");
            return Err(self.error(node.line, what, format!("keys are: {}", keys.join(", "))));
        };
        for (key, node) in &fields {
            if !keys.contains(&key.as_str()) {
                let remedy = suggestion(key, keys.iter().copied())
                    .unwrap_or_else(|| format!("keys are: {}", keys.join(", ")));
                return Err(self.error(node.line, format!("{what} has no key `{key}`"), remedy));
            }
        }
        Ok(fields)
    }

    fn field(&mut self, name: String, node: Node) -> Result<(), TemplateError> {
        let (line, template) = self.text(node, &name)?;
        self.front.fields.push(Field {
            name,
            line,
            template,
        });
        Ok(())
    }

    fn one_of<T: Copy>(
        &self,
        node: Node,
        key: &str,
        named: &[(&str, T)],
    ) -> Result<T, TemplateError> {
        let (line, word) = self.text(node, key)?;
        let found = named.iter().find(|(name, _)| *name == word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
            let remedy = format!("write one of: {}", names.join(", "));
            self.error(line, format!("`{key}` cannot be `{word}`"), remedy)
        })
    }

    fn text(&self, node: Node, name: &str) -> Result<(usize, String), TemplateError> {
        match node.shape {
            Shape::Text(text) => Ok((node.line, text)),
            _ => Err(self.error(
                node.line,
                format!("`{name}` is not a text"),
                "put it in double quotes: `\"{{…}}\"`",
            )),
        }
    }

    fn error(
        &self,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> TemplateError {
        TemplateError::at(self.path, line, what, remedy)
    }
}

/// YAML with the lines of the file.
struct Node {
    line: usize,
    shape: Shape,
}

enum Shape {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// An alias, or nested deeper than any front matter is.
    Unusable,
}

/// The first document of a text; `None` when it is empty.
fn node_of(yaml: &str) -> Result<Option<Node>, ScanError> {
    let mut parser = Parser::new_from_str(yaml);
    loop {
        match parser.peek()?.0 {
            Event::StreamEnd => return Ok(None),
            Event::Nothing | Event::StreamStart | Event::DocumentStart => {
                parser.next_token()?;
            }
            _ => return next_node(&mut parser, 0).map(Some),
        }
    }
}

/// Deeper than any front matter is.
const MAX_DEPTH: usize = 16;

fn next_node<T: Iterator<Item = char>>(
    parser: &mut Parser<T>,
    depth: usize,
) -> Result<Node, ScanError> {
    let (event, mark) = parser.next_token()?;
    let shape = match event {
        _ if depth > MAX_DEPTH => {
            return Err(ScanError::new(mark, "nested too deep"));
        }
        Event::Scalar(text, ..) => Shape::Text(text),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            while parser.peek()?.0 != Event::SequenceEnd {
                list.push(next_node(parser, depth + 1)?);
            }
            parser.next_token()?;
            Shape::List(list)
        }
        Event::MappingStart(..) => {
            let mut map = Vec::new();
            while parser.peek()?.0 != Event::MappingEnd {
                let key = match next_node(parser, depth + 1)?.shape {
                    Shape::Text(text) => text,
                    _ => String::new(),
                };
                map.push((key, next_node(parser, depth + 1)?));
            }
            parser.next_token()?;
            Shape::Map(map)
        }
        _ => Shape::Unusable,
    };
    // Lines count from 1, and the front matter begins on the second line of the file.
    Ok(Node {
        line: mark.line() + 1,
        shape,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = r#"---
type: actionCard
title: "{{title}}"
buttons:
  - { title: "Open", url: "{{url}}" }
---
body
"#;

    #[test]
    fn fields_know_their_lines_and_the_body_keeps_its_own() {
        let (front, body) = split("x.hbs", CARD).unwrap();
        assert_eq!(front.kind, MessageType::ActionCard);
        assert_eq!(front.buttons, 1);
        let fields: Vec<(&str, usize)> = front
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.line))
            .collect();
        let expected = [("title", 3), ("buttons.0.title", 5), ("buttons.0.url", 5)];
        assert_eq!(fields, expected);
        assert_eq!(body, "\n\n\n\n\n\nbody");
    }

    #[test]
    fn mistakes_are_named_with_line_and_remedy() {
        let cases = [
            (
                "---\ntitel: x\n---\n",
                "templates/x.hbs, line 2: the front matter has no key `titel`; did you mean `title`?",
            ),
            (
                "---\n\ntype: card\n---\n",
                "templates/x.hbs, line 3: `type` cannot be `card`; write one of: text, link, markdown, actionCard, feedCard",
            ),
            (
                "---\ntitle: [a]\n---\n",
                "templates/x.hbs, line 2: `title` is not a text; put it in double quotes: `\"{{…}}\"`",
            ),
            (
                "---\nbuttons:\n  - title: a\n---\n",
                "templates/x.hbs, line 3: an entry of `buttons` has no `url`; add `url`",
            ),
            (
                "---\ntitle: x\n",
                "templates/x.hbs, line 1: the front matter has no end; write a line `---` after it",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(split("x.hbs", text).unwrap_err().to_string(), expected);
        }
    }
}
