//! A few safe lines out of a text that a stranger wrote in CommonMark: a comment, a description, release notes.
//!
//! Only the words survive: links, pictures, headings, tables and code become plain text, HTML and what it hides is
//! dropped. So nobody can forge a link or a heading in our messages, and pull request templates leave no litter.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::markdown::one_line;
use super::values::cut;

/// Longer texts are not read to their end: an excerpt is from the beginning.
const READ: usize = 20_000;

/// One line of an excerpt, as plain text.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// It goes on with what the line before began (items of a list, lines of code) and needs no gap.
    pub joined: bool,
}

/// The first `lines` lines of `text`, at most `chars` characters altogether, with an ellipsis where it was cut.
pub fn excerpt(text: &str, lines: usize, chars: usize) -> Vec<Line> {
    let blocks = tidy(Reader::read(&text[..text.floor_char_boundary(READ)]));
    let mut excerpt: Vec<Line> = Vec::new();
    let mut left = chars;
    for block in blocks {
        if excerpt.len() == lines || left == 0 {
            if let Some(last) = excerpt.last_mut().filter(|last| !last.text.ends_with('…')) {
                let ended = last.text.ends_with(['.', '!', '?', '。', '！', '？']);
                last.text.push_str(if ended { " …" } else { "…" });
            }
            break;
        }
        let text = cut_sentence(&block.text, left);
        left = match text == block.text {
            true => left.saturating_sub(text.chars().count()),
            false => 0,
        };
        excerpt.push(Line {
            text,
            joined: block.joined && !excerpt.is_empty(),
        });
    }
    excerpt
}

/// Cut behind a sentence where one ends in the second half, else behind a word.
fn cut_sentence(text: &str, chars: usize) -> String {
    let short = cut(text, chars);
    if short == text {
        return short;
    }
    let kept = short.trim_end_matches('…');
    let end = kept
        .char_indices()
        .filter(|(at, c)| {
            let rest = &kept[at + c.len_utf8()..];
            matches!(c, '。' | '！' | '？')
                || (matches!(c, '.' | '!' | '?') && rest.starts_with(' '))
        })
        .map(|(at, c)| at + c.len_utf8())
        .next_back();
    match end {
        Some(end) if end * 2 > kept.len() => format!("{} …", &kept[..end]),
        _ => short,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Heading,
    /// An item of a checklist, and whether it is checked.
    Task(bool),
}

#[derive(Debug)]
struct Block {
    shape: Shape,
    text: String,
    joined: bool,
    /// Somebody else's words that are answered to.
    quoted: bool,
}

/// Drops what people leave of a form: headings above nothing, checklists without a check, quotes of an earlier text.
fn tidy(mut blocks: Vec<Block>) -> Vec<Block> {
    let is_own = |block: &Block| !block.quoted && block.shape != Shape::Heading;
    if blocks.iter().any(is_own) {
        blocks.retain(|block| !block.quoted);
    }
    let has_text = blocks.iter().any(|block| block.shape == Shape::Text);
    let has_check = blocks.iter().any(|block| block.shape == Shape::Task(true));
    if has_text && !has_check {
        blocks.retain(|block| block.shape != Shape::Task(false));
    }
    let mut tidy: Vec<Block> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let empty_heading = tidy.last().is_some_and(|last| last.shape == Shape::Heading);
        if block.shape == Shape::Heading && empty_heading {
            tidy.pop();
        }
        tidy.push(block);
    }
    tidy.pop_if(|last| last.shape == Shape::Heading);
    tidy
}

/// Collects the lines of a document while it is parsed.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    text: String,
    shape: Option<Shape>,
    joined: bool,
    quotes: usize,
    /// Numbers of the lists we are in; `None` for those with bullets.
    lists: Vec<Option<u64>>,
    /// Depth of `<details>`: what is folded away on the vendor's page is not for a message.
    folded: usize,
    in_code: bool,
}

impl Reader {
    fn read(text: &str) -> Vec<Block> {
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
        let mut reader = Reader::default();
        for event in Parser::new_ext(text, options) {
            reader.take(event);
        }
        reader.flush();
        reader.blocks
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.open(&tag),
            Event::End(tag) => self.close(tag),
            Event::Html(html) | Event::InlineHtml(html) => self.fold(&html),
            _ if self.folded > 0 => {}
            Event::Text(text) if self.in_code => {
                for line in text.lines() {
                    self.text.push_str(line);
                    self.flush();
                    self.joined = true;
                }
            }
            Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => {
                self.flush();
                self.joined = true;
            }
            Event::TaskListMarker(checked) => {
                self.shape = Some(Shape::Task(checked));
                self.text.clear();
                self.text.push_str(if checked { "☑ " } else { "☐ " });
            }
            _ => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.flush();
                self.shape = Some(Shape::Heading);
            }
            // The paragraph of a loose list's item goes on in the item's line.
            Tag::Paragraph if self.is_only_marker() => {}
            Tag::Paragraph | Tag::TableHead | Tag::TableRow | Tag::HtmlBlock => self.flush(),
            Tag::CodeBlock(_) => {
                self.flush();
                self.in_code = true;
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(*first);
            }
            Tag::Item => {
                self.flush();
                self.joined = self.blocks.last().is_some_and(|last| is_item(&last.text));
                let marker = self.item_marker();
                self.text.push_str(&marker);
            }
            Tag::TableCell if !self.text.is_empty() => self.text.push_str(" · "),
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::Item
            | TagEnd::TableHead
            | TagEnd::TableRow => self.flush(),
            TagEnd::CodeBlock => {
                self.flush();
                self.in_code = false;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes -= 1;
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            _ => {}
        }
    }

    fn item_marker(&mut self) -> String {
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        }
    }

    /// Ends the line, if there is anything on it.
    fn flush(&mut self) {
        let text = one_line(std::mem::take(&mut self.text).trim());
        let shape = self.shape.take().unwrap_or(Shape::Text);
        let joined = std::mem::take(&mut self.joined);
        let is_empty = text.is_empty() || is_marker(&text);
        if !is_empty && self.folded == 0 {
            self.blocks.push(Block {
                shape,
                text,
                joined,
                quoted: self.quotes > 0,
            });
        }
    }

    fn is_only_marker(&self) -> bool {
        is_marker(self.text.trim())
    }

    fn fold(&mut self, html: &str) {
        let html = html.to_ascii_lowercase();
        let opened = html.matches("<details").count();
        if opened > 0 {
            self.flush();
        }
        self.folded += opened;
        self.folded = self
            .folded
            .saturating_sub(html.matches("</details").count());
    }
}

/// Whether there is nothing behind the sign of an item.
fn is_marker(text: &str) -> bool {
    let number = text.strip_suffix('.').unwrap_or_default();
    matches!(text, "•" | "☐" | "☑")
        || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_item(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(marker, _)| is_marker(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let lines = excerpt(text, 3, 60);
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn only_words_survive() {
        let cases: [(&str, &[&str]); 9] = [
            (
                "See [the docs](http://evil) **now**.",
                &["See the docs now."],
            ),
            ("![logo](http://x/y.png)", &["logo"]),
            ("<!-- fill me in -->\nFixed", &["Fixed"]),
            ("# Why\n\nBecause", &["Why", "Because"]),
            ("# Why\n\n# How\n\n- [ ] tests\n\nWell", &["How", "Well"]),
            ("- [x] one\n- [ ] two", &["☑ one", "☐ two"]),
            ("1. a\n2. b", &["1. a", "2. b"]),
            ("| a | b |\n|---|---|\n| 1 | 2 |", &["a · b", "1 · 2"]),
            ("> quoted\n\nanswer", &["answer"]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text), expected, "{text}");
        }
    }

    #[test]
    fn folded_details_are_dropped() {
        let text = "Bump x\n\n<details>\n<summary>Notes</summary>\n\nlong\n\n</details>\n\nend";
        assert_eq!(lines(text), ["Bump x", "end"]);
    }

    #[test]
    fn cuts_at_a_sentence_or_a_word_and_says_so() {
        let text = "The first sentence is of a certain length. The second one too.";
        assert_eq!(
            lines(text),
            ["The first sentence is of a certain length. …"]
        );
        assert_eq!(lines("a\n\nb\n\nc\n\nd"), ["a", "b", "c…"]);
        assert_eq!(lines(&"word ".repeat(30))[0].chars().count(), 60);
    }
}
