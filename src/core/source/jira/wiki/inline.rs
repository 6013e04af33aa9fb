//! One line of wiki markup: emphasis, code, links, mentions and pictures.

use crate::core::source::jira::markdown;
use crate::core::source::jira::person::People;
use crate::core::source::jira::text::Text;

/// Delimiters and what they are in CommonMark; nothing where it has no such thing.
const DELIMITERS: [(char, &str); 5] = [('*', "**"), ('_', "*"), ('+', ""), ('^', ""), ('~', "")];

pub struct Inline<'a> {
    people: &'a People,
    /// Collects who is mentioned.
    text: &'a mut Text,
    /// The line so far. An opening delimiter is a piece of its own until its partner is found.
    pieces: Vec<String>,
    /// For each delimiter the piece that it may be opened by.
    open: [Option<usize>; DELIMITERS.len()],
    /// No `}}` follows in the rest of the line; so it need not be searched again.
    no_code: bool,
    /// The line is the label of a link, which cannot hold another one.
    in_link: bool,
}

impl<'a> Inline<'a> {
    pub fn new(people: &'a People, text: &'a mut Text) -> Inline<'a> {
        Inline {
            people,
            text,
            pieces: vec![String::new()],
            open: [None; DELIMITERS.len()],
            no_code: false,
            in_link: false,
        }
    }

    pub fn finish(self) -> String {
        self.pieces.concat()
    }

    pub fn read(&mut self, line: &str) {
        let mut at = 0;
        let mut before = None;
        while let Some(c) = line[at..].chars().next() {
            let rest = &line[at..];
            let taken = self.construct(c, rest, before);
            if taken == 0 {
                let after = rest[c.len_utf8()..].chars().next();
                markdown::push_escaped(self.last(), c, before, after);
            }
            at += taken.max(c.len_utf8());
            before = line[..at].chars().next_back();
        }
    }

    /// Reads what begins with `c` at the start of `rest`. How many bytes that were; 0 if it is just a character.
    fn construct(&mut self, c: char, rest: &str, before: Option<char>) -> usize {
        let in_word = before.is_some_and(char::is_alphanumeric);
        match c {
            '\\' => self.backslash(rest, before),
            '{' => self.brace(rest),
            '[' => self.bracket(rest),
            '!' if !in_word => self.picture(rest),
            'h' if !in_word && !self.in_link => self.address(rest),
            _ => match DELIMITERS.iter().position(|(sign, _)| *sign == c) {
                Some(delimiter) => self.delimiter(delimiter, rest, before),
                None => 0,
            },
        }
    }

    fn last(&mut self) -> &mut String {
        if self.pieces.is_empty() {
            self.pieces.push(String::new());
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last]
    }

    /// `\!` is the sign itself, `\\` a line break; before a word it is rather the start of a Windows path.
    fn backslash(&mut self, rest: &str, before: Option<char>) -> usize {
        let mut following = rest[1..].chars();
        match following.next() {
            Some('\\') if !following.next().is_some_and(char::is_alphanumeric) => {
                if before.is_some_and(|c| !c.is_whitespace()) {
                    self.last().push(' ');
                }
                2
            }
            Some('\\') => {
                self.last().push_str("\\\\\\\\");
                2
            }
            Some(sign) if sign.is_ascii_punctuation() => {
                let after = following.next();
                markdown::push_escaped(self.last(), sign, None, after);
                2
            }
            _ => 0,
        }
    }

    /// `{{code}}`, and `{*}`, which is a delimiter in the middle of a word.
    fn brace(&mut self, rest: &str) -> usize {
        if let Some(inner) = rest.strip_prefix("{{") {
            if self.no_code {
                return 0;
            }
            let Some(length) = inner.find("}}") else {
                self.no_code = true;
                return 0;
            };
            let code = markdown::code_span(&inner[..length]);
            self.last().push_str(&code);
            return length + 4;
        }
        let delimiter = DELIMITERS
            .iter()
            .position(|(sign, _)| rest[1..].starts_with(*sign));
        match delimiter {
            Some(delimiter) if rest[2..].starts_with('}') => {
                if !self.close(delimiter) {
                    self.open(delimiter);
                }
                3
            }
            _ => 0,
        }
    }

    /// A delimiter counts at the border of a word only.
    fn delimiter(&mut self, delimiter: usize, rest: &str, before: Option<char>) -> usize {
        let (sign, _) = DELIMITERS[delimiter];
        let after = rest[1..].chars().next();
        let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let beside = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        if beside(before) && !in_word(after) && self.close(delimiter) {
            return 1;
        }
        if !in_word(before) && beside(after) && before != Some(sign) && after != Some(sign) {
            self.open(delimiter);
            return 1;
        }
        0
    }

    fn open(&mut self, delimiter: usize) {
        let (sign, _) = DELIMITERS[delimiter];
        let mut literal = String::new();
        markdown::push_escaped(&mut literal, sign, None, None);
        self.open[delimiter] = Some(self.pieces.len());
        self.pieces.push(literal);
        self.pieces.push(String::new());
    }

    /// Whether there is an opening partner with something in between.
    fn close(&mut self, delimiter: usize) -> bool {
        let Some(opening) = self.open[delimiter] else {
            return false;
        };
        if self.pieces[opening + 1..].iter().all(String::is_empty) {
            return false;
        }
        let (_, markdown) = DELIMITERS[delimiter];
        self.pieces[opening] = markdown.to_owned();
        self.pieces.push(markdown.to_owned());
        self.pieces.push(String::new());
        // What was opened inside and not closed stays a character, so that pairs never cross.
        for other in &mut self.open {
            *other = other.filter(|piece| *piece < opening);
        }
        true
    }

    /// `[…]`: a mention, a file, a link, or just brackets.
    fn bracket(&mut self, rest: &str) -> usize {
        // A bracket inside ends the attempt, which keeps a row of brackets from being read again and again.
        let Some(length) = rest[1..].find(['[', ']']) else {
            return 0;
        };
        let content = &rest[1..1 + length];
        if !rest[1 + length..].starts_with(']') {
            return 0;
        }
        match self.reference(content) {
            Some(markdown) => {
                self.last().push_str(&markdown);
                length + 2
            }
            None => 0,
        }
    }

    fn reference(&mut self, content: &str) -> Option<String> {
        if let Some(mention) = content.strip_prefix('~').map(str::trim) {
            if mention.is_empty() {
                return None;
            }
            let person = self.people.mentioned(mention);
            self.text.mention(&person);
            return Some(markdown::escaped(&format!("@{}", person.name)));
        }
        if let Some(file) = content.strip_prefix('^') {
            return (!file.is_empty()).then(|| markdown::escaped(file));
        }
        let mut parts = content.split('|').map(str::trim);
        let label = parts.next().unwrap_or_default();
        let target = parts.next().unwrap_or(label);
        if target.starts_with('#') && target != label {
            return Some(self.label(label));
        }
        if !markdown::is_address(target) {
            return None;
        }
        // Cloud writes [address|address|smart-link] for what it shows as a card.
        let label = match markdown::is_address(label) {
            true => String::new(),
            false => self.label(label),
        };
        Some(markdown::link(&label, target))
    }

    fn label(&mut self, label: &str) -> String {
        let mut inner = Inline::new(self.people, self.text);
        inner.in_link = true;
        inner.read(label);
        inner.finish().trim().to_owned()
    }

    /// `!shot.png|width=300!`. Two exclamations in one line are no picture: there must be a file name between them.
    fn picture(&mut self, rest: &str) -> usize {
        let Some(length) = rest[1..].find('!') else {
            return 0;
        };
        let content = &rest[1..1 + length];
        let name = content.split('|').next().unwrap_or_default();
        let name = match name.contains("://") {
            true => name.rsplit('/').next().unwrap_or_default(),
            false => name,
        };
        let is_file = name.rsplit_once('.').is_some_and(|(stem, extension)| {
            let letters = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
            !stem.is_empty() && (2..=5).contains(&extension.len()) && letters
        });
        if !is_file || content.starts_with(char::is_whitespace) {
            return 0;
        }
        let image = markdown::image(name);
        self.last().push_str(&image);
        length + 2
    }

    /// An address in the middle of a text, without the sentence's own punctuation at its end.
    fn address(&mut self, rest: &str) -> usize {
        if !(rest.starts_with("https://") || rest.starts_with("http://")) {
            return 0;
        }
        let ends = |c: char| c.is_whitespace() || "|<>\"[]{}\\".contains(c);
        let address = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let mut trimmed = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        if trimmed.ends_with(')') && !trimmed.contains('(') {
            trimmed = trimmed.trim_end_matches(')');
        }
        if !markdown::is_address(trimmed) {
            return 0;
        }
        let link = markdown::link("", trimmed);
        self.last().push_str(&link);
        trimmed.len()
    }
}
