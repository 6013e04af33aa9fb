//! The words file of a language (`words.toml`): what helpers print, and what vendors' words are called in it.

use std::collections::BTreeMap;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::error::{TemplateError, suggestion};
use super::{Language, TemplateFile};

/// What helpers print. `{…}` are the places that they fill.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// Behind a list that was cut: `{count}` more.
    pub more: String,
    /// Some of many people: `{names}`, `{count}` more, `{total}` altogether.
    pub people_more: String,
    pub list_separator: String,
    /// Before the last of a few.
    pub last_separator: String,
    /// A point in time: `{duration}` before now.
    pub ago: String,
    pub just_now: String,
    pub seconds: String,
    pub minutes: String,
    pub hours: String,
    pub days: String,
    /// What clocks show in messages: `+08:00` against UTC.
    pub utc_offset: UtcOffset,
}

/// A fixed distance to UTC. China has no summer time, and a zone by name would need the system's files.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct UtcOffset(pub TimeZone);

impl TryFrom<String> for UtcOffset {
    type Error = String;

    fn try_from(text: String) -> Result<UtcOffset, String> {
        match strtime::parse("%:z", &text).map(|parsed| parsed.offset()) {
            Ok(Some(offset)) => Ok(UtcOffset(TimeZone::fixed(offset))),
            _ => Err(format!("`{text}` is no offset such as `+08:00`")),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Words {
    pub phrases: Phrases,
    /// By vendor word, or `kind.word` or `sense.word` where a vendor or a kind of sentence has its own for it.
    words: BTreeMap<String, String>,
}

/// The file as it is written: the user's may leave out what it does not change.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    #[serde(default)]
    phrases: toml::Table,
    #[serde(default)]
    words: BTreeMap<String, Entry>,
    /// Words that mean something else in some kind of sentence: `senses.state.broken`.
    #[serde(default)]
    senses: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Word(String),
    /// Words of one kind of source.
    Kind(BTreeMap<String, String>),
}

impl Words {
    pub fn path(language: Language) -> String {
        format!("{}/words.toml", language.name())
    }

    /// The built-in words with those of the user over them.
    pub fn read(files: &[&TemplateFile]) -> Result<Words, TemplateError> {
        let mut phrases = toml::Table::new();
        let mut words = BTreeMap::new();
        for file in files {
            let parsed: WordsFile =
                toml::from_str(&file.text).map_err(|error| invalid(file, &error))?;
            if !phrases.is_empty() {
                refuse_unknown(file, &phrases, &parsed.phrases)?;
            }
            phrases.extend(parsed.phrases);
            for (sense, own) in parsed.senses {
                words.extend(in_table(&sense, own));
            }
            for (name, entry) in parsed.words {
                match entry {
                    Entry::Word(word) => {
                        words.insert(name, word);
                    }
                    Entry::Kind(own) => words.extend(in_table(&name, own)),
                }
            }
        }
        let path = files.last().map_or("words.toml", |file| file.path.as_str());
        let phrases = phrases
            .try_into()
            .map_err(|error| TemplateError::at(path, None, error.message(), ""))?;
        Ok(Words { phrases, words })
    }

    /// What a vendor's word is called in a sense (may be empty), at a kind of source, or anywhere. Words that are not listed are printed with blanks for their underscores.
    pub fn word(&self, kind: &str, sense: &str, word: &str) -> String {
        let listed = [sense, kind]
            .iter()
            .find_map(|table| self.words.get(&format!("{table}.{word}")))
            .or_else(|| self.words.get(word));
        match listed {
            Some(text) => text.clone(),
            // Vendors' words have no blanks: this is a text.
            None if word.contains(' ') => word.to_owned(),
            None => word.replace(['_', '-', '.', ':'], " ").trim().to_owned(),
        }
    }

    /// The two largest units: `3 min 10 s`, `2 h 10 min`; from two days on days alone.
    pub fn duration(&self, seconds: u64) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        let phrases = &self.phrases;
        let in_units = |pattern: &str, count: u64| pattern.replace("{count}", &count.to_string());
        let two = |large: &str, count: u64, small: &str, rest: u64| match rest {
            0 => in_units(large, count),
            _ => format!("{} {}", in_units(large, count), in_units(small, rest)),
        };
        if days >= 2 {
            in_units(&phrases.days, days)
        } else if hours > 0 {
            two(&phrases.hours, hours, &phrases.minutes, minutes % 60)
        } else if minutes > 0 {
            two(&phrases.minutes, minutes, &phrases.seconds, seconds % 60)
        } else {
            in_units(&phrases.seconds, seconds)
        }
    }

    /// How long ago something was; less than a minute is "just now".
    pub fn ago(&self, seconds: u64) -> String {
        if seconds < 60 {
            return self.phrases.just_now.clone();
        }
        let whole = match seconds {
            0..3600 => seconds - seconds % 60,
            _ => seconds - seconds % 3600,
        };
        self.phrases
            .ago
            .replace("{duration}", &self.duration(whole))
    }
}

/// The words of a table under the names by which they are looked up.
fn in_table(
    table: &str,
    words: BTreeMap<String, String>,
) -> impl Iterator<Item = (String, String)> {
    words
        .into_iter()
        .map(move |(word, text)| (format!("{table}.{word}"), text))
}

fn invalid(file: &TemplateFile, error: &toml::de::Error) -> TemplateError {
    let line = error.span().map(|span| {
        file.text[..span.start.min(file.text.len())]
            .lines()
            .count()
            .max(1)
    });
    TemplateError::at(&file.path, line, error.message(), "")
}

fn refuse_unknown(
    file: &TemplateFile,
    known: &toml::Table,
    given: &toml::Table,
) -> Result<(), TemplateError> {
    let Some(name) = given.keys().find(|name| !known.contains_key(*name)) else {
        return Ok(());
    };
    let line = file
        .text
        .lines()
        .position(|line| line.trim_start().starts_with(name.as_str()));
    Err(TemplateError::at(
        &file.path,
        line.map(|index| index + 1),
        format!("there is no phrase `{name}`"),
        suggestion(name, known.keys().map(String::as_str)).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::template::builtin_files;

    fn words(language: Language, own: &str) -> Words {
        let path = Words::path(language);
        let builtin = builtin_files().into_iter().find(|file| file.path == path);
        let own = TemplateFile {
            path,
            text: own.to_owned(),
        };
        Words::read(&[&builtin.unwrap(), &own]).unwrap()
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let cases = [
            (45, "45 s", "45 秒"),
            (190, "3 min 10 s", "3 分 10 秒"),
            (7200, "2 h", "2 小时"),
            (7800, "2 h 10 min", "2 小时 10 分"),
            (200_000, "2 days", "2 天"),
        ];
        let [english, chinese] = Language::ALL.map(|language| words(language, ""));
        for (seconds, in_english, in_chinese) in cases {
            assert_eq!(english.duration(seconds), in_english);
            assert_eq!(chinese.duration(seconds), in_chinese);
        }
        assert_eq!(english.ago(59), "just now");
        assert_eq!(chinese.ago(7800), "2 小时前");
    }

    #[test]
    fn own_words_change_single_entries_and_may_differ_by_vendor() {
        let own = "[phrases]\njust_now = \"now\"\n[words.gitlab]\nissue = \"ticket\"\n";
        let words = words(Language::En, own);
        assert_eq!(words.ago(1), "now");
        assert_eq!(words.ago(120), "2 min ago");
        assert_eq!(words.word("gitlab", "", "issue"), "ticket");
        assert_eq!(words.word("github", "", "issue"), "issue");
        assert_eq!(words.word("github", "", "un_known"), "un known");
    }
}
