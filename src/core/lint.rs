//! What no line of a message may look like, whatever the payload: marks that missing values leave, and punctuation of
//! two languages in a row.
//!
//! A finding that stands word for word in a text of the payload is no fault of a template: people may write "null". What
//! one kind of bot does not draw is that bot's to say.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;
use url::Url;

use super::template::Language;

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

/// What is wrong in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A word of a program: `null`.
    StandsForNothing,
    /// What was around a value that is not there.
    LeftOver,
    /// The line begins or ends where a value should be.
    Missing,
    /// Western and Chinese marks of a sentence together.
    MixedPunctuation,
}

/// Findings in a line as it is read, without Markdown: the fault, and what shows it.
pub fn in_line(line: &str, language: Language) -> Vec<(Fault, Range<usize>)> {
    let mut found = Vec::new();
    for (at, word) in words(line) {
        let bare = word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        if ["null", "undefined", "None", "NaN", "Other"].contains(&bare) {
            found.push((Fault::StandsForNothing, at..at + word.len()));
        }
    }
    for mark in LEFT_OVER {
        let places = line.match_indices(mark);
        found.extend(places.map(|(at, _)| (Fault::LeftOver, at..at + mark.len())));
    }
    for end in DANGLING.iter().filter(|end| line.ends_with(**end)) {
        found.push((Fault::Missing, line.len() - end.len()..line.len()));
    }
    for start in LEADING.iter().filter(|start| line.starts_with(**start)) {
        found.push((Fault::Missing, 0..start.len()));
    }
    for ((at, first), (next, second)) in line.char_indices().zip(line.char_indices().skip(1)) {
        if is_mixed(first, second, language) {
            found.push((Fault::MixedPunctuation, at..next + second.len_utf8()));
        }
    }
    found
}

/// The words between blanks, and where they start.
pub fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split(' ').scan(0, |next, word| {
        let at = *next;
        *next += word.len() + 1;
        Some((at, word))
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

/// Everything that somebody wrote: the texts of a payload and of its headers, and the hosts named there.
#[derive(Debug, Default)]
pub struct Said {
    texts: Vec<String>,
    hosts: BTreeSet<String>,
}

impl Said {
    pub fn by(payload: &Value, headers: &[(String, String)]) -> Said {
        let mut texts: Vec<String> = headers.iter().map(|(_, value)| value.clone()).collect();
        collect(payload, &mut texts);
        let hosts = texts.iter().flat_map(|text| hosts_in(text)).collect();
        Said { texts, hosts }
    }

    /// Whether what is at `place` in the line was written by somebody: it is found in a text together with a few
    /// characters before or behind it, which tell it from the same mark elsewhere.
    pub fn has_at(&self, line: &str, place: &Range<usize>) -> bool {
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

    /// Whether a text has it, as a message may show it: cut, and with calls made harmless.
    pub fn contains(&self, what: &str) -> bool {
        let what = what.replace('\u{200b}', "");
        let what = what.trim_end_matches('…');
        self.texts.iter().any(|text| text.contains(what))
    }

    /// Whether it stands among other words, so that somebody wrote it down for all to read.
    pub fn in_a_sentence(&self, word: &str) -> bool {
        let word = word.replace('\u{200b}', "");
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        self.texts
            .iter()
            .any(|text| text.contains(word) && text != word)
    }

    pub fn has_host(&self, url: &Url) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(line: &str) -> Vec<Fault> {
        let said = Said::by(&json!({"text": "is null, they say by\nhand"}), &[]);
        let found = in_line(line, Language::Zh).into_iter();
        found
            .filter(|(_, place)| !said.has_at(line, place))
            .map(|(fault, _)| fault)
            .collect()
    }

    #[test]
    fn what_missing_values_leave_is_found() {
        let cases = [
            ("merged by", Fault::Missing),
            ("→ main", Fault::Missing),
            ("opened · · closed", Fault::LeftOver),
            ("stage ()", Fault::LeftOver),
            ("{{title}}", Fault::LeftOver),
            ("status: null", Fault::StandsForNothing),
            ("李雷，, 韩梅梅", Fault::MixedPunctuation),
            ("流水线:失败", Fault::MixedPunctuation),
        ];
        for (line, fault) in cases {
            assert!(faults(line).contains(&fault), "{line}");
        }
    }

    #[test]
    fn what_somebody_wrote_is_no_fault() {
        for line in ["is null, they", "流水线失败：main", "opened · 2 h ago"] {
            assert_eq!(faults(line), [], "{line}");
        }
    }
}
