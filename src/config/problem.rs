//! A problem in the config and how it is shown: what is wrong, where, and what to write instead.
//!
//! A problem never holds a secret: texts name keys and not their values, and [`excerpt`] hides the value of a line
//! unless it is known to be harmless.

use std::fmt;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::schema;

/// Something to change in the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub place: Place,
    /// The setting: `sources.github.secret`, `routes[0].to`. Empty where a whole file is meant.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The line of the file with secrets hidden.
    pub excerpt: Option<Excerpt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The config cannot be used.
    Error,
    /// The config works, but probably not as meant.
    Warning,
}

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Line and column count from one; columns are characters. Zero where the whole file is meant.
    File {
        file: PathBuf,
        line: usize,
        column: usize,
    },
    /// The environment variable of that name.
    Env(String),
    /// Nowhere: a setting that is missing.
    Unknown,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { file, line: 0, .. } => write!(f, "{}", file.display()),
            Place::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Place::Env(name) => write!(f, "environment variable {name}"),
            Place::Unknown => f.write_str("config"),
        }
    }
}

/// One line of a config file, safe to print, with the bytes in it that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    line: String,
    start: usize,
    end: usize,
}

impl Problem {
    /// The problem as a block of lines like those of a compiler, in colour if asked for.
    pub fn render(&self, styled: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let group = level.primary_title(&self.what);
        let group = match (&self.place, &self.excerpt) {
            (Place::File { file, line, .. }, Some(excerpt)) => group.element(
                Snippet::source(&excerpt.line)
                    .line_start(*line)
                    .path(file.display().to_string())
                    .annotation(AnnotationKind::Primary.span(excerpt.start..excerpt.end)),
            ),
            (place, _) => group.element(Origin::path(place.to_string())),
        };
        let report = [group.element(Level::HELP.message(&self.remedy))];
        let renderer = if styled {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&report)
    }
}

impl fmt::Display for Problem {
    /// One line: `config/hookbell.toml:12:1: what; remedy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.remedy)
    }
}

/// Words in the names of settings whose values are secret.
const SECRET_WORDS: [&str; 5] = ["secret", "token", "password", "webhook", "_key"];

/// The line around `column` (characters, from one) with `length` characters marked, and every value hidden that is
/// not known to be harmless. `key` is the setting that is meant; empty for an error in the syntax.
pub fn excerpt(line: &str, column: usize, length: usize, key: &str) -> Excerpt {
    let byte_at = |chars: usize| {
        line.char_indices()
            .nth(chars)
            .map_or(line.len(), |(at, _)| at)
    };
    let start = byte_at(column.saturating_sub(1));
    let end = byte_at(column.saturating_sub(1) + length.max(1));
    if is_harmless(line, key) {
        return Excerpt {
            line: line.to_owned(),
            start,
            end,
        };
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let marked = &line[start..end];
    let is_key = marked
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && line[end..].trim_start().starts_with(['=', ':', '.', ']']);
    let shown = if is_key { marked } else { "" };
    let before = if start > indent.len() { "… " } else { "" };
    let start = indent.len() + before.len();
    Excerpt {
        line: format!("{indent}{before}{shown} …"),
        start,
        end: start + shown.len().max(1),
    }
}

/// Whether a line can be shown whole: it makes one setting, which we know and which is not secret.
fn is_harmless(line: &str, key: &str) -> bool {
    let lower = format!("{line} {key}").to_lowercase();
    // Inline tables may hold anything, and addresses user and password, also those that lack a part.
    if lower.contains(['{', '}', '@'])
        || ["://", "postgres"].iter().any(|word| lower.contains(word))
        || SECRET_WORDS.iter().any(|word| lower.contains(word))
    {
        return false;
    }
    if separators(line) > 1 {
        return false;
    }
    let line = line.trim_start();
    if let Some(header) = line.strip_prefix('[') {
        let names = header.trim_matches(['[', ']', ' ']);
        return names.split('.').next().is_some_and(schema::knows)
            && names.split('.').all(|name| word(name) == name);
    }
    let head = word(line.trim_start_matches(['-', '"', ' ']));
    let after = line.split(head).nth(1).unwrap_or_default();
    let is_key = after.trim_start_matches(['"', ' ']).starts_with(['=', ':']);
    let last = key.rsplit('.').next().unwrap_or_default();
    (is_key && schema::knows(head)) || schema::knows(word(last))
}

/// The bare key that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'));
    &text[..end.unwrap_or(text.len())]
}

/// How many `=` and `:` in a line stand between a key and its value. Those in quotes do not.
fn separators(line: &str) -> usize {
    let mut quote = None;
    let mut count = 0;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => {
                quote = None;
                // JSON needs no blank after the colon.
                count += usize::from(chars.next_if_eq(&':').is_some());
            }
            (None, '=') => count += 1,
            (None, ':') if chars.peek().is_none_or(|next| next.is_whitespace()) => count += 1,
            _ => {}
        }
    }
    count
}
