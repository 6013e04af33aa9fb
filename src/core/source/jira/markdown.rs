//! Writing CommonMark from other markups: escapes, code, links and the blocks that a text is made of.
//!
//! Escapes only what would otherwise become markup, so that plain sentences stay readable. What the target of a
//! message understands is not known here.

use url::Url;

/// Plain text, line by line, as CommonMark that shows just these characters.
pub fn escape(text: &str) -> String {
    let mut blocks = Blocks::default();
    for line in text.lines() {
        match line.trim() {
            "" => blocks.end(),
            line => blocks.line(Kind::Paragraph, guarded(escaped(line))),
        }
    }
    blocks.into_markdown()
}

/// A piece of one line, escaped for the middle of a line.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        push_escaped(&mut out, c, before, chars.peek().copied());
        before = Some(c);
    }
    out
}

/// One character, escaped where its neighbours in the source let it become markup.
pub fn push_escaped(out: &mut String, c: char, before: Option<char>, after: Option<char>) {
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let markup = match c {
        '\\' | '`' | '*' | '[' | ']' | '<' | '~' | '|' => true,
        '_' => !(in_word(before) && in_word(after)),
        // At the end of a piece the next piece may complete an entity.
        '&' => in_word(after) || matches!(after, None | Some('#')),
        '!' => after == Some('['),
        _ => false,
    };
    if markup {
        out.push('\\');
    }
    out.push(if c.is_control() { ' ' } else { c });
}

/// A line of inline markup that must not open a heading, quote, list, rule or code block.
pub fn guarded(line: String) -> String {
    let line = line.trim();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match line.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => Some(digits),
        Some(b'#' | b'>' | b'+' | b'-' | b'=') if digits == 0 => Some(0),
        _ => None,
    };
    match marker {
        Some(at) => format!("{}\\{}", &line[..at], &line[at..]),
        None => line.to_owned(),
    }
}

/// Inline code; empty for nothing.
pub fn code_span(code: &str) -> String {
    if code.trim().is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run_of_ticks(code) + 1);
    if code.starts_with('`') || code.ends_with('`') {
        format!("{ticks} {code} {ticks}")
    } else {
        format!("{ticks}{code}{ticks}")
    }
}

/// The lines of a fenced block.
pub fn fence(language: &str, code: &str) -> Vec<String> {
    let language: String = language
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_'))
        .collect();
    let ticks = "`".repeat(longest_run_of_ticks(code).max(2) + 1);
    let mut lines = vec![format!("{ticks}{language}")];
    lines.extend(code.lines().map(str::to_owned));
    lines.push(ticks);
    lines
}

fn longest_run_of_ticks(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Whether a link may lead there: web pages and mail, nothing that runs.
pub fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

/// A link under a label that is CommonMark already; without a label the address is shown.
pub fn link(label: &str, address: &str) -> String {
    let mut target = String::with_capacity(address.len());
    for c in address.trim().chars() {
        match c {
            '<' | '>' | '(' | ')' | '\\' | '`' | '"' => target.push_str(&percent_encoded(c)),
            c if c.is_whitespace() || c.is_control() => target.push_str(&percent_encoded(c)),
            c => target.push(c),
        }
    }
    if label.is_empty() {
        format!("<{target}>")
    } else {
        format!("[{label}]({target})")
    }
}

fn percent_encoded(c: char) -> String {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

/// A picture or file is named and not shown: its address needs a login.
pub fn image(name: &str) -> String {
    format!("\\[image: {}\\]", escaped(name.trim()))
}

/// What a block is, and so which line may follow the one before without an empty line between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines are kept apart by hard breaks.
    Paragraph,
    List,
    /// One block by itself: heading, rule, fence.
    Single,
}

/// A text as it grows block by block, quoted or not.
#[derive(Default)]
pub struct Blocks {
    blocks: Vec<Block>,
    /// The last block is over.
    ended: bool,
    /// The number of the quote that blocks are put into.
    quote: Option<usize>,
}

struct Block {
    kind: Kind,
    quote: Option<usize>,
    lines: Vec<String>,
}

impl Blocks {
    /// Adds a line to the last block if that is of the same kind, or else to a new one.
    pub fn line(&mut self, kind: Kind, line: String) {
        match self.open(kind) {
            Some(block) => {
                if let (Kind::Paragraph, Some(last)) = (kind, block.lines.last_mut()) {
                    last.push_str("  ");
                }
                block.lines.push(line);
            }
            None => self.block(kind, vec![line]),
        }
    }

    /// Adds `lines` below the last item of an open list, indented by `indent`. Whether there was such a list.
    pub fn continue_list(&mut self, indent: usize, lines: &[String]) -> bool {
        let Some(block) = self.open(Kind::List) else {
            return false;
        };
        if let Some(last) = block.lines.last_mut() {
            last.push_str("  ");
        }
        let blanks = " ".repeat(indent);
        let lines = lines.iter().map(|line| format!("{blanks}{line}"));
        block.lines.extend(lines);
        true
    }

    /// Adds a block of its own.
    pub fn block(&mut self, kind: Kind, lines: Vec<String>) {
        let quote = self.quote;
        self.blocks.push(Block { kind, quote, lines });
        self.ended = kind == Kind::Single;
    }

    /// Ends the last block: an empty line.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Puts what follows into a quote, or no longer.
    pub fn toggle_quote(&mut self) {
        self.quote = match self.quote {
            None => Some(self.blocks.len()),
            Some(_) => None,
        };
        self.end();
    }

    pub fn is_quoting(&self) -> bool {
        self.quote.is_some()
    }

    pub fn list_is_open(&mut self) -> bool {
        self.open(Kind::List).is_some()
    }

    fn open(&mut self, kind: Kind) -> Option<&mut Block> {
        let block = self.blocks.last_mut()?;
        (!self.ended && block.kind == kind).then_some(block)
    }

    pub fn into_markdown(self) -> String {
        let mut out = String::new();
        let mut last: Option<Option<usize>> = None;
        for block in self.blocks {
            if let Some(last) = last {
                let same_quote = last.is_some() && last == block.quote;
                out.push_str(if same_quote { "\n>\n" } else { "\n\n" });
            }
            last = Some(block.quote);
            let prefix = if block.quote.is_some() { "> " } else { "" };
            let lines = block.lines.iter().map(|line| format!("{prefix}{line}"));
            out.push_str(&lines.collect::<Vec<_>>().join("\n"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_plain() {
        let texts = [
            (
                "a plain sentence, 2.5 of it!",
                "a plain sentence, 2.5 of it!",
            ),
            ("file_name_x and _this_", "file_name_x and \\_this\\_"),
            ("[x](http://y) <b> `c`", "\\[x\\](http://y) \\<b> \\`c\\`"),
            ("# no heading", "\\# no heading"),
            ("1. no list", "1\\. no list"),
            ("- no list\n> no quote", "\\- no list  \n\\> no quote"),
            ("    no code\n\n===", "no code\n\n\\==="),
            ("R&D &amp; x", "R\\&D \\&amp; x"),
            ("2*3*4", "2\\*3\\*4"),
        ];
        for (text, expected) in texts {
            assert_eq!(escape(text), expected, "{text}");
        }
    }

    #[test]
    fn code_with_ticks_gets_longer_ticks() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a`b"), "``a`b``");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span(" "), "");
        assert_eq!(fence("c++ x", "```"), ["````c++x", "```", "````"]);
    }

    #[test]
    fn links_lead_to_the_web_and_cannot_be_left_early() {
        assert!(is_address("https://example.com"));
        assert!(is_address("mailto:mona@example.com"));
        for text in ["javascript:alert(1)", "file:///etc", "x", "//example.com"] {
            assert!(!is_address(text), "{text}");
        }
        let address = "https://example.com/a b(c)<d>";
        assert_eq!(
            link("x", address),
            "[x](https://example.com/a%20b%28c%29%3Cd%3E)"
        );
        assert_eq!(link("", "https://example.com"), "<https://example.com>");
    }
}
