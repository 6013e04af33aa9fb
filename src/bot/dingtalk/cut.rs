//! Shortening a text to a number of bytes without breaking what is in it.
//!
//! Bytes are those of the text inside a JSON string: that is how DingTalk counts. A cut falls at the end of a line,
//! else between words, else between characters, and never inside a Markdown link, picture, emphasis or escape.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use crate::core::json::written_char_len;
pub(super) use crate::core::json::written_len as json_len;

/// The last line of a text that was cut.
const END: &str = "\n\n…";

/// Emphasis longer than this may be cut open: better a stray asterisk than a message without its text.
const LONG_EMPHASIS: usize = 500;

/// How a text is drawn, and so what must stay whole in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Plain,
    Markdown,
}

/// `text` itself if it takes at most `budget` bytes, else as much of its start as fits with a closing `…`.
pub(super) fn body(text: &str, budget: usize, syntax: Syntax) -> String {
    if json_len(text) <= budget {
        return text.to_owned();
    }
    let limit = fitting(text, budget.saturating_sub(json_len(END)));
    let whole = match syntax {
        Syntax::Plain => Vec::new(),
        Syntax::Markdown => unbreakable(text),
    };
    let end = line_end(text, limit, &whole)
        .or_else(|| word_end(text, limit, &whole))
        .unwrap_or_else(|| character_end(text, limit, &whole, syntax));
    let kept = text[..end].trim_end();
    if kept.is_empty() {
        return "…".to_owned();
    }
    format!("{kept}{END}")
}

/// A title in at most `budget` bytes, cut between characters.
pub(super) fn title(text: &str, budget: usize) -> String {
    if json_len(text) <= budget {
        return text.to_owned();
    }
    let limit = fitting(text, budget.saturating_sub('…'.len_utf8()));
    let end = character_end(text, limit, &[], Syntax::Plain);
    format!("{}…", text[..end].trim_end())
}

/// The longest start of `text` that takes at most `budget` bytes, as a byte position.
fn fitting(text: &str, budget: usize) -> usize {
    let mut used = 0;
    for (position, char) in text.char_indices() {
        used += written_char_len(char);
        if used > budget {
            return position;
        }
    }
    text.len()
}

fn line_end(text: &str, limit: usize, whole: &[Range<usize>]) -> Option<usize> {
    last_break(text, limit, whole, |char| char == '\n')
}

fn word_end(text: &str, limit: usize, whole: &[Range<usize>]) -> Option<usize> {
    last_break(text, limit, whole, char::is_whitespace)
}

/// The last such character outside `whole`; not in the first half of what fits, or one long line would cost most
/// of the message.
fn last_break(
    text: &str,
    limit: usize,
    whole: &[Range<usize>],
    is_break: fn(char) -> bool,
) -> Option<usize> {
    text[..limit]
        .rmatch_indices(is_break)
        .map(|(position, _)| position)
        .take_while(|position| *position >= limit / 2)
        .find(|position| enclosing(*position, whole).is_none())
}

fn character_end(text: &str, limit: usize, whole: &[Range<usize>], syntax: Syntax) -> usize {
    let mut end = limit;
    if let Some(range) = enclosing(end, whole) {
        end = range.start;
    }
    if syntax == Syntax::Markdown {
        end = before_entity(text, before_escape(text, end));
    }
    before_joined(text, end)
}

/// The outermost range with `position` strictly inside. Ranges come in the order of their start.
fn enclosing(position: usize, whole: &[Range<usize>]) -> Option<&Range<usize>> {
    whole
        .iter()
        .take_while(|range| range.start < position)
        .find(|range| position < range.end)
}

fn unbreakable(text: &str) -> Vec<Range<usize>> {
    Parser::new(text)
        .into_offset_iter()
        .filter(|(event, range)| match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => true,
            Event::Start(Tag::Strong | Tag::Emphasis) | Event::Code(_) => {
                range.len() <= LONG_EMPHASIS
            }
            _ => false,
        })
        .map(|(_, range)| range)
        .collect()
}

/// Steps back over a backslash that escapes the character after `end`.
fn before_escape(text: &str, end: usize) -> usize {
    let backslashes = text[..end]
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'\\')
        .count();
    end - backslashes % 2
}

/// Steps back to the start of an entity such as `&lt;` that reaches over `end`.
fn before_entity(text: &str, end: usize) -> usize {
    const LONGEST: usize = 10;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'#';
    let bytes = text.as_bytes();
    let name = bytes[..end]
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| is_name(byte))
        .count();
    let rest = bytes[end..]
        .iter()
        .take(LONGEST)
        .take_while(|byte| is_name(byte))
        .count();
    let starts = end > name && bytes[end - name - 1] == b'&';
    let closes = bytes.get(end + rest) == Some(&b';');
    if starts && closes {
        end - name - 1
    } else {
        end
    }
}

/// Steps back to where an emoji or letter of several code points begins, so that a family does not lose a child.
fn before_joined(text: &str, end: usize) -> usize {
    const JOINER: char = '\u{200d}';
    let continues = |char: char| {
        char == JOINER
            || matches!(char, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
    };
    let mut end = end;
    // Real sequences have at most ten code points; a longer run is somebody's joke and may be cut.
    for _ in 0..10 {
        let joined =
            text[end..].chars().next().is_some_and(continues) || text[..end].ends_with(JOINER);
        match text[..end].chars().next_back() {
            Some(last) if joined => end -= last.len_utf8(),
            _ => break,
        }
    }
    end
}
