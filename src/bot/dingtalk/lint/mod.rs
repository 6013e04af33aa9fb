//! The linter: what a template's author should know before a group does. It looks at the template, where it can name
//! lines, and at a body as it is posted.
//!
//! It tells what DingTalk does not draw or refuses, and what missing values leave behind. Nothing is changed.

mod markup;
mod shown;
mod words;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use url::{Host, Url};

pub use self::shown::Shown;
pub use self::words::Told;

use super::wire;
use crate::core::lint::{self, Fault, Said};
use crate::core::template::Language;

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rule {
    Table,
    CodeFence,
    InlineCode,
    Strikethrough,
    TaskList,
    Font,
    /// With the tag's name.
    Html(String),
    /// `:tada:`
    EmojiCode(String),
    /// A single line feed within a paragraph, after this line.
    SoftBreak(String),
    /// More bytes than DingTalk takes, or so many that it is cut.
    Size(usize),
    /// Empty, or of several lines.
    Title,
    /// A picture from a host that only a private network knows.
    PrivatePicture(String),
    /// An address that leads nowhere.
    Link(String),
    /// Names that are called and not in the text.
    Mention(Vec<String>),
    /// What is around a value that is missing, and the line.
    Left {
        fault: Fault,
        mark: String,
        line: String,
    },
    /// Markdown of nothing: `[]()`, `****`.
    Empty(String),
    /// Two blanks within a line.
    Gap(String),
}

/// A rule that a line of a template breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// From 1.
    pub line: usize,
    pub rule: Rule,
}

/// Reads a template, as it stands in its file.
pub fn template(text: &str) -> Vec<Remark> {
    let body = body_lines(text);
    let masked = without_expressions(text);
    let lines = masked.lines().enumerate().skip(body.start);
    lines
        .flat_map(|(at, line)| {
            markup::in_line(line)
                .into_iter()
                .map(move |rule| Remark { line: at + 1, rule })
        })
        .collect()
}

/// Reads a posted body that is in `language` and tells of what was `said`.
pub fn body(body: &str, language: Language, said: &Said) -> Vec<Rule> {
    let shown = Shown::of(body);
    let mut rules = Vec::new();
    if body.len() > wire::MAX_BYTES {
        rules.push(Rule::Size(body.len()));
    }
    let has_title = !matches!(shown.kind.as_str(), "text" | "feedCard");
    if has_title && (shown.title.trim().is_empty() || shown.title.contains('\n')) {
        rules.push(Rule::Title);
    }
    if matches!(shown.kind.as_str(), "markdown" | "actionCard") {
        let lines = shown.source.lines();
        let typed_by_somebody =
            |rule: &Rule| matches!(rule, Rule::EmojiCode(code) if said.contains(code));
        rules.extend(
            lines
                .flat_map(markup::in_line)
                .filter(|rule| !typed_by_somebody(rule)),
        );
        rules.extend(in_source(&shown.source));
        rules.extend(shown.soft_breaks.iter().cloned().map(Rule::SoftBreak));
    }
    rules.extend(
        shown
            .links
            .iter()
            .filter(|url| !leads_somewhere(url))
            .cloned()
            .map(Rule::Link),
    );
    rules.extend(
        shown
            .pictures
            .iter()
            .filter_map(|url| private_host(url))
            .map(Rule::PrivatePicture),
    );
    let missing = |name: &&String| !shown.source.contains(&format!("@{name}"));
    let missing: Vec<String> = shown.called.iter().filter(missing).cloned().collect();
    if !missing.is_empty() {
        rules.push(Rule::Mention(missing));
    }
    for line in std::iter::once(shown.title.as_str()).chain(shown.text.lines()) {
        rules.extend(left_in(line.trim(), language, said));
    }
    rules.dedup();
    rules
}

fn left_in(line: &str, language: Language, said: &Said) -> Vec<Rule> {
    let ours = lint::in_line(line, language)
        .into_iter()
        .filter(|(_, place)| !said.has_at(line, place));
    ours.map(|(fault, place)| Rule::Left {
        fault,
        mark: line[place].trim().to_owned(),
        line: line.to_owned(),
    })
    .collect()
}

/// What is never right in Markdown, because a text of the payload would have been escaped.
fn in_source(source: &str) -> Vec<Rule> {
    let marks = ["<!--", "]()", "[](", "** **", "****"].into_iter();
    let mut rules: Vec<Rule> = marks
        .filter(|mark| source.contains(mark))
        .map(|mark| Rule::Empty(mark.to_owned()))
        .collect();
    let gap = |line: &&str| line.trim().contains("  ");
    let gaps = source.lines().filter(gap);
    rules.extend(gaps.map(|line| Rule::Gap(line.trim().to_owned())));
    rules
}

fn leads_somewhere(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_web || matches!(url.scheme(), "dingtalk" | "dtmd")
    })
}

/// The host of a picture that DingTalk, which fetches it, cannot reach.
fn private_host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_private = match url.host()? {
        Host::Ipv4(ip) => is_private_v4(ip),
        Host::Ipv6(ip) => is_private_v6(ip),
        Host::Domain(name) => {
            let inside = [
                ".local",
                ".internal",
                ".lan",
                ".localhost",
                ".intranet",
                ".corp",
                ".home.arpa",
            ];
            !name.contains('.') || inside.iter().any(|end| name.ends_with(end))
        }
    };
    is_private.then(|| url.host_str().unwrap_or_default().to_owned())
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    ip.is_private() || ip.is_loopback() || ip.is_link_local()
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
}

/// The lines of a template behind its front matter, counted from 0.
fn body_lines(text: &str) -> Range<usize> {
    let count = text.lines().count();
    let mut lines = text.lines().enumerate();
    let opens = lines
        .next()
        .is_some_and(|(_, line)| line.trim_end() == "---");
    let end = lines.find(|(_, line)| line.trim_end() == "---");
    match end {
        Some((at, _)) if opens => at + 1..count,
        _ => 0..count,
    }
}

/// The text with something in place of each Handlebars expression, on the same lines.
fn without_expressions(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        masked.push_str(&rest[..start]);
        let (open, close) = match &rest[start..] {
            comment if comment.starts_with("{{!--") => ("{{!--", "--}}"),
            raw if raw.starts_with("{{{") => ("{{{", "}}}"),
            _ => ("{{", "}}"),
        };
        let inside = &rest[start + open.len()..];
        let length = inside.find(close).unwrap_or(inside.len());
        let expression = &inside[..length];
        let is_block = expression
            .trim_start_matches('~')
            .starts_with(['#', '/', '!', '^'])
            || expression.trim_matches(['~', ' ']).starts_with("else")
            || open == "{{!--";
        if !is_block {
            masked.push('x');
        }
        masked.extend(expression.matches('\n'));
        rest = inside.get(length + close.len()..).unwrap_or_default();
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests;
