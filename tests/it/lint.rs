//! What no posted message may look like, whatever the payload: marks that missing values leave, Markdown that a
//! stranger could have smuggled in, addresses that nobody sent.
//!
//! A finding that stands word for word in a text of the payload is no fault of ours: people may write "null". The
//! lint reads bodies as they are posted and knows neither templates nor events.

use std::collections::BTreeSet;
use std::ops::Range;

use hookbell::core::json::Lookup;
use hookbell::core::source::RawRequest;
use hookbell::core::template::Language;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;
use url::Url;

/// What stays where a value between two signs is missing.
const LEFT_OVER: &[&str] = &[
    "{{", "}}", " · ·", "()", "（）", "“”", "「」", " ,", " ，", ",,", " :", "# ", "[object", "@ ",
];

/// What a line must not end with.
const DANGLING: &[&str] = &[
    " ·", " -", " —", " →", ",", "，", "、", " by", " in", " of", " to", " this", " 由", "#",
];

/// What a line must not begin with.
const LEADING: &[&str] = &["· ", ", ", "，", "、", ": ", "：", "→"];

/// What a body shows and where it leads.
#[derive(Debug, Default)]
pub struct Shown {
    pub title: String,
    /// As it is posted.
    pub source: String,
    /// As it is read: without Markdown. The same as `source` in messages of plain text.
    pub text: String,
    /// Addresses of links and buttons.
    pub links: Vec<String>,
    pub headings: usize,
    pub images: usize,
    pub html: usize,
}

impl Shown {
    /// Takes a posted body apart.
    pub fn of(body: &str) -> Shown {
        let body: Value = serde_json::from_str(body).unwrap();
        let kind = body.text("msgtype").unwrap();
        let content = body.at(&kind);
        let mut shown = Shown {
            title: content.text("title").unwrap_or_default(),
            ..Shown::default()
        };
        let mut links = content.texts("btns", "actionURL");
        for path in ["singleURL", "messageUrl", "picUrl"] {
            links.extend(content.text(path));
        }
        shown.links = links;
        match kind.as_str() {
            "markdown" | "actionCard" => {
                shown.source = content.text("text").unwrap_or_default();
                shown.read_markdown();
            }
            _ => {
                let field = if kind == "text" { "content" } else { "text" };
                shown.source = content.text(field).unwrap_or_default();
                shown.text = shown.source.clone();
            }
        }
        shown
    }

    fn read_markdown(&mut self) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(&self.source, options) {
            match event {
                Event::Start(Tag::Heading { .. }) => self.headings += 1,
                Event::Start(Tag::Image { .. }) => self.images += 1,
                Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.into_string()),
                Event::Html(_) | Event::InlineHtml(_) => self.html += 1,
                Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
                Event::SoftBreak | Event::HardBreak | Event::End(_) => {
                    let inside = matches!(event, Event::End(end) if is_inline(end));
                    if !inside {
                        self.text.push('\n');
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_inline(end: pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd::{Emphasis, Image, Link, Strikethrough, Strong};
    matches!(end, Emphasis | Strong | Strikethrough | Link | Image)
}

/// Everything that is wrong with a posted body in `language`; `payload` and `request` are what it tells of.
pub fn faults(
    body: &str,
    language: Language,
    payload: &Value,
    request: &RawRequest,
) -> Vec<String> {
    let shown = Shown::of(body);
    let said = Said::by(payload, request);
    let mut faults = Vec::new();
    if body.len() > 20_000 {
        faults.push(format!("{} bytes", body.len()));
    }
    let has_title = !body.starts_with(r#"{"msgtype":"text""#);
    if has_title && (shown.title.trim().is_empty() || shown.title.contains('\n')) {
        faults.push(format!("title {:?}", shown.title));
    }
    if shown.images + shown.html > 0 {
        faults.push("a picture or HTML".into());
    }
    faults.extend(in_source(&shown.source));
    faults.extend(shown.links.iter().filter_map(|url| in_link(url, &said)));
    for line in std::iter::once(shown.title.as_str()).chain(shown.text.lines()) {
        let line = line.trim();
        let ours = in_line(line, language)
            .into_iter()
            .filter(|(_, place)| !said.has_at(line, place));
        faults.extend(ours.map(|(rule, place)| format!("{rule}: {:?} in {line:?}", &line[place])));
        let addresses = words(line).filter(|(_, word)| is_email(word) && !said.in_a_sentence(word));
        faults.extend(addresses.map(|(_, word)| format!("an e-mail address: {word:?}")));
    }
    faults
}

/// What is never right in Markdown, because a text of the payload would have been escaped.
fn in_source(source: &str) -> Vec<String> {
    let mut faults: Vec<String> = ["<!--", "]()", "[](", "** **", "****"]
        .into_iter()
        .filter(|mark| source.contains(mark))
        .map(|mark| format!("{mark:?} in the text"))
        .collect();
    let gap = |line: &&str| line.trim().contains("  ");
    faults.extend(
        source
            .lines()
            .filter(gap)
            .map(|line| format!("two blanks in {line:?}")),
    );
    faults
}

fn in_link(address: &str, said: &Said) -> Option<String> {
    let known = Url::parse(address).ok().filter(|url| {
        let is_web = matches!(url.scheme(), "http" | "https");
        url.scheme() == "dingtalk" || (is_web && said.has_host(url))
    });
    match known {
        Some(_) => None,
        None => Some(format!("a link to {address:?}")),
    }
}

/// Findings in a line as it is read: the rule, and what broke it.
fn in_line(line: &str, language: Language) -> Vec<(&'static str, Range<usize>)> {
    let mut found = Vec::new();
    for (at, word) in words(line) {
        let bare = word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        if ["null", "undefined", "None", "NaN", "Other"].contains(&bare) {
            found.push(("stands for nothing", at..at + word.len()));
        }
    }
    for mark in LEFT_OVER {
        let places = line.match_indices(mark);
        found.extend(places.map(|(at, _)| ("left over", at..at + mark.len())));
    }
    for end in DANGLING.iter().filter(|end| line.ends_with(**end)) {
        found.push(("something is missing", line.len() - end.len()..line.len()));
    }
    for start in LEADING.iter().filter(|start| line.starts_with(**start)) {
        found.push(("something is missing", 0..start.len()));
    }
    for ((at, first), (next, second)) in line.char_indices().zip(line.char_indices().skip(1)) {
        if is_mixed(first, second, language) {
            found.push(("mixed punctuation", at..next + second.len_utf8()));
        }
    }
    found
}

/// The words between blanks, and where they start.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split(' ').scan(0, |next, word| {
        let at = *next;
        *next += word.len() + 1;
        Some((at, word))
    })
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        let host = host.trim_start_matches('\u{200b}');
        !user.is_empty() && host.contains('.') && !host.contains('/')
    })
}

/// Two marks of a sentence in a row; in Chinese also a western one behind a Chinese character.
fn is_mixed(first: char, second: char, language: Language) -> bool {
    let is_chinese_mark = |c: char| "，。；：、！？".contains(c);
    let is_mark = |c: char| is_chinese_mark(c) || ",;:!?.".contains(c);
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    (is_chinese_mark(first) && is_mark(second))
        || (is_mark(first) && is_chinese_mark(second))
        || (language == Language::Zh && is_chinese(first) && ",;:!?".contains(second))
}

/// All texts of a payload, and the hosts named in it or in the headers (GitLab tells its own there).
struct Said {
    texts: Vec<String>,
    hosts: BTreeSet<String>,
}

impl Said {
    fn by(payload: &Value, request: &RawRequest) -> Said {
        let mut texts: Vec<String> = request.headers.iter().map(|(_, v)| v.clone()).collect();
        collect(payload, &mut texts);
        let hosts = texts.iter().flat_map(|text| hosts_in(text)).collect();
        Said { texts, hosts }
    }

    /// Whether what is at `place` in the line was written by somebody: it is found in a text together with a few
    /// characters before or behind it, which tell it from the same mark elsewhere.
    fn has_at(&self, line: &str, place: &Range<usize>) -> bool {
        const NEAR: usize = 6;
        let (before, after) = (&line[..place.start], &line[place.end..]);
        let near = before.char_indices().rev().take(NEAR).last();
        let start = near.map_or(place.start, |(at, _)| at);
        let end = place.end + after.chars().take(NEAR).map(char::len_utf8).sum::<usize>();
        let with_before = &line[start..place.end];
        let with_after = &line[place.start..end];
        (!before.is_empty() && self.contains(with_before.trim_end()))
            || (!after.is_empty() && self.contains(with_after.trim_start()))
            || self.texts.iter().any(|text| text == &line[place.clone()])
    }

    fn contains(&self, what: &str) -> bool {
        let what = what.replace('\u{200b}', "");
        let what = what.trim_end_matches('…');
        self.texts.iter().any(|text| text.contains(what))
    }

    /// Whether it stands among other words, so that somebody wrote it down for all to read.
    fn in_a_sentence(&self, word: &str) -> bool {
        let word = word.replace('\u{200b}', "");
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        self.texts
            .iter()
            .any(|text| text.contains(word) && text != word)
    }

    fn has_host(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.hosts.contains(host))
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            texts.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(map) => map.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Hosts of addresses in a text: `https://host/…` and `git@host:path`.
fn hosts_in(text: &str) -> impl Iterator<Item = String> {
    let web = text.split("://").skip(1);
    let ssh = text.split("git@").skip(1);
    web.chain(ssh).filter_map(|rest| {
        let end = rest.find(|c: char| "/?#: \"')>]|".contains(c));
        let host = rest[..end.unwrap_or(rest.len())].rsplit('@').next()?;
        (!host.is_empty()).then(|| host.to_ascii_lowercase())
    })
}

mod tests {
    use super::*;
    use serde_json::json;

    fn faults_in(text: &str) -> Vec<String> {
        let body = json!({"msgtype": "markdown", "markdown": {"title": "x", "text": text}});
        let payload = json!({"email": "bob@example.com", "url": "https://example.com/a", "text": "is null, they say by\nhand"});
        let request = RawRequest::default();
        faults(&body.to_string(), Language::Zh, &payload, &request)
    }

    #[test]
    fn sees_what_it_is_for() {
        let bad = [
            "merged by",
            "opened · ",
            "opened · · closed",
            "status: null",
            "a  b",
            "[x]()",
            "[](https://example.com)",
            "****",
            "<!-- x -->",
            "![i](https://example.com/i.png)",
            "[x](https://evil.example/)",
            "[x](javascript:alert(1))",
            "{{title}}",
            "to mona@example.com",
            "by <bob@\u{200b}example.com>",
            "李雷，, 韩梅梅",
            "流水线:失败",
            "stage ()",
        ];
        for text in bad {
            assert_ne!(faults_in(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn leaves_alone_what_is_right_or_was_written_by_somebody() {
        let good = [
            "#### [x](https://example.com/b) opened · 2 h ago",
            "is null, they",
            "流水线失败：main",
            "a\\*\\*\\*\\*",
            "> 李雷、@\u{200b}all",
        ];
        for text in good {
            assert_eq!(faults_in(text), Vec::<String>::new(), "{text}");
        }
    }
}
