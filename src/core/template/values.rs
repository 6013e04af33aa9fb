//! What the helpers do, each a function from the values it was given to what it makes or prints.

use handlebars::{JsonRender, JsonTruthy};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use super::excerpt::excerpt;
use super::helpers::{Call, Problem, Style};
use super::markdown;
use crate::core::event::Mark;
use crate::core::json::Lookup;
use crate::core::source::names::build_state;
use crate::core::time;

type Made = Result<Value, Problem>;
type Printed = Result<String, Problem>;

pub fn bold(call: &Call<'_>) -> Printed {
    let text = call.style.escape(&call.text(0));
    Ok(match call.style {
        Style::Markdown if !text.is_empty() => format!("**{text}**"),
        _ => text,
    })
}

pub fn link(call: &Call<'_>) -> Printed {
    let text = call.style.escape(&call.text(0));
    let url = markdown::safe_url(&call.text(1));
    Ok(match call.style {
        Style::Markdown if !url.is_empty() && !text.is_empty() => format!("[{text}]({url})"),
        _ => text,
    })
}

/// Lines of a quote that belong together are broken by two blanks and a line feed, the others by an empty line: a
/// bare line feed breaks nothing in DingTalk.
pub fn quote(call: &Call<'_>) -> Printed {
    let limit = |index, otherwise: usize| -> Result<usize, Problem> {
        let number = call.number(index)?;
        Ok(number.map_or(otherwise, |number| number as usize))
    };
    let lines = excerpt(&call.text(0), limit(1, 3)?, limit(2, 200)?);
    let mut quote = String::new();
    for (at, line) in lines.iter().enumerate() {
        let gap = match (call.style, at, line.joined) {
            (_, 0, _) => "",
            (Style::Plain, ..) => "\n",
            (Style::Markdown, _, true) => "  \n",
            (Style::Markdown, _, false) => "\n>\n",
        };
        quote.push_str(gap);
        if call.style == Style::Markdown {
            quote.push_str("> ");
        }
        quote.push_str(&call.style.escape(&line.text));
    }
    Ok(quote)
}

pub fn mentions(call: &Call<'_>) -> Printed {
    Ok(call.root.text("mentions").unwrap_or_default())
}

pub fn mark(call: &Call<'_>) -> Made {
    let word = match call.value(0) {
        Value::Null => call.root.at("mark"),
        given => given,
    };
    let word = word.as_str().unwrap_or_default();
    Ok(json!(mark_of(word).map_or("", Mark::sign)))
}

/// The mark of that name, or of that state of a build, a review or a pull request.
fn mark_of(word: &str) -> Option<Mark> {
    let named = Mark::deserialize(json!(word)).ok();
    named.or_else(|| match word {
        "" => None,
        "approved" | "resolved" => Some(Mark::Passed),
        "changes_requested" => Some(Mark::Failed),
        "closed" | "dismissed" => Some(Mark::Canceled),
        "open" | "draft" => Some(Mark::ChangeRequest),
        "commented" => Some(Mark::Comment),
        _ => Some(build_state(word).mark),
    })
}

pub fn word(call: &Call<'_>) -> Made {
    let kind = call.root.text("source").unwrap_or_default();
    Ok(json!(call.words.word(&kind, &call.text(1), &call.text(0))))
}

pub fn sentence(call: &Call<'_>) -> Made {
    let text = call.text(0);
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    Ok(json!(first + chars.as_str()))
}

pub fn plural(call: &Call<'_>) -> Made {
    let Some(count) = call.number(0)? else {
        return Ok(Value::Null);
    };
    let many = match call.value(2) {
        Value::Null => 1,
        _ => 2,
    };
    let word = call.text(if count == 1 { 1 } else { many });
    Ok(json!(format!("{count} {word}")))
}

pub fn ordinal(call: &Call<'_>) -> Made {
    let Some(number) = call.number(0)? else {
        return Ok(Value::Null);
    };
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    Ok(json!(format!("{number}{ending}")))
}

pub fn cut_text(call: &Call<'_>) -> Made {
    let limit = call.number(1)?.ok_or("how many characters?")?;
    Ok(json!(cut(&call.text(0), limit as usize)))
}

/// At most `chars` characters of a text: behind a word where there is one in the last third, never inside of a
/// character that is made of several.
pub fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let mut end = 0;
    let mut left = chars.saturating_sub(1); // for the ellipsis
    for part in text.graphemes(true) {
        let length = part.chars().count();
        if length > left {
            break;
        }
        left -= length;
        end += part.len();
    }
    let kept = &text[..end];
    let whole_word = text[end..].starts_with(char::is_whitespace);
    let kept = match kept.rfind(char::is_whitespace) {
        Some(blank) if !whole_word && blank * 3 >= kept.len() * 2 => &kept[..blank],
        _ => kept,
    };
    format!("{}…", kept.trim_end())
}

pub fn first_line(call: &Call<'_>) -> Made {
    let text = call.text(0);
    Ok(json!(text.trim().lines().next().unwrap_or_default()))
}

pub fn short_sha(call: &Call<'_>) -> Made {
    Ok(json!(call.text(0).chars().take(7).collect::<String>()))
}

pub fn concat(call: &Call<'_>) -> Made {
    // The check allows nine values; those that were not given are empty.
    Ok(json!(
        (0..9).map(|index| call.text(index)).collect::<String>()
    ))
}

pub fn phrase(call: &Call<'_>) -> Made {
    let mut phrase = String::new();
    for word in call.values_from(0).map(JsonRender::render) {
        let joins = phrase.ends_with(is_chinese) && word.starts_with(is_chinese);
        if !phrase.is_empty() && !word.is_empty() && !joins {
            phrase.push(' ');
        }
        phrase.push_str(&word);
    }
    Ok(json!(phrase))
}

/// Characters that Chinese typesetting puts side by side: CJK punctuation and ideographs, full-width forms.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

pub fn only_where(call: &Call<'_>) -> Made {
    let field = call.text(1);
    let has_one = |item: &&Value| {
        let value = item.at(&field);
        !value.is_null() && call.values_from(2).any(|wanted| wanted == value)
    };
    let items: Vec<&Value> = call.list(0).iter().filter(has_one).collect();
    Ok(json!(items))
}

pub fn one_of(call: &Call<'_>) -> Made {
    let value = call.value(0);
    let found = !value.is_null() && call.values_from(1).any(|other| other == value);
    Ok(json!(found))
}

pub fn default(call: &Call<'_>) -> Made {
    let index = if call.value(0).is_truthy(true) { 0 } else { 1 };
    Ok(call.value(index).clone())
}

pub fn join(call: &Call<'_>) -> Made {
    let separator = match call.value(1) {
        Value::Null => call.words.phrases.list_separator.clone(),
        given => given.render(),
    };
    Ok(json!(names(call.list(0)).join(&separator)))
}

pub fn people(call: &Call<'_>) -> Made {
    let names = names(call.list(0));
    let phrases = &call.words.phrases;
    let limit = call.number(1)?.unwrap_or(3) as usize;
    let text = if names.len() > limit {
        phrases
            .people_more
            .replace("{count}", &(names.len() - limit).to_string())
            .replace("{total}", &names.len().to_string())
            .replace("{names}", &names[..limit].join(&phrases.list_separator))
    } else {
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                let others = others.join(&phrases.list_separator);
                format!("{others}{}{last}", phrases.last_separator)
            }
            _ => names.concat(),
        }
    };
    Ok(json!(text))
}

/// Texts as they are, objects by their name or title.
fn names(list: &[Value]) -> Vec<String> {
    let name = |value: &Value| match value {
        Value::Object(_) => value
            .text("name")
            .or_else(|| value.text("title"))
            .unwrap_or_default(),
        other => other.render(),
    };
    list.iter()
        .map(name)
        .filter(|name| !name.is_empty())
        .collect()
}

pub fn more(call: &Call<'_>) -> Made {
    let listed = call.list(0).len() as u64;
    let limit = call.number(1)?.unwrap_or(listed);
    let total = call.number(2)?.unwrap_or(listed).max(listed);
    let left = total - limit.min(listed);
    Ok(match left {
        0 => Value::Null,
        _ => {
            let phrase = &call.words.phrases.more;
            json!(phrase.replace("{count}", &left.to_string()))
        }
    })
}

pub fn duration(call: &Call<'_>) -> Made {
    let seconds = call.number(0)?;
    Ok(seconds.map_or(Value::Null, |seconds| json!(call.words.duration(seconds))))
}

pub fn time_ago(call: &Call<'_>) -> Made {
    let now = call.root.time("now");
    Ok(match now.zip(time_at(call, 0)?) {
        Some((now, time)) => json!(call.words.ago(seconds_between(time, now))),
        None => Value::Null,
    })
}

pub fn between(call: &Call<'_>) -> Made {
    Ok(match time_at(call, 0)?.zip(time_at(call, 1)?) {
        Some((from, to)) => json!(call.words.duration(seconds_between(from, to))),
        None => Value::Null,
    })
}

pub fn date(call: &Call<'_>) -> Made {
    let Some(time) = time_at(call, 0)? else {
        return Ok(Value::Null);
    };
    let style = match call.value(1) {
        Value::Null => "%Y-%m-%d %H:%M %Z".to_owned(),
        given => given.render(),
    };
    let time = time.to_zoned(call.words.phrases.utc_offset.0.clone());
    let text = jiff::fmt::strtime::format(&style, &time)
        .map_err(|error| format!("{} is no style: {error}", call.describe(1)))?;
    Ok(json!(text))
}

/// A point in time: a text in any style that vendors use, or seconds or milliseconds since 1970.
fn time_at(call: &Call<'_>, index: usize) -> Result<Option<Timestamp>, Problem> {
    let time = match call.value(index) {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64().and_then(time::from_epoch),
        value => time::parse(&value.render()),
    };
    match time {
        Some(time) => Ok(Some(time)),
        None => Err(format!("{} is not a point in time", call.describe(index))),
    }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or_default()
}

pub fn bytes(call: &Call<'_>) -> Made {
    let size = call.number(0)?;
    Ok(size.map_or(Value::Null, |size| {
        json!(bytesize::ByteSize(size).display().iec().to_string())
    }))
}

pub fn encode(call: &Call<'_>) -> Made {
    Ok(json!(markdown::encode_query(&call.text(0))))
}
