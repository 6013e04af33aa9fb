//! Reading vendors' JSON without believing it.
//!
//! Vendors send nulls where a text was promised, numbers as text, text as numbers, and leave out whole objects
//! (the reference of each vendor lists dozens of cases). So a payload is read by path, and a field that is missing,
//! null or of another type is simply not there.

mod borrowed;
mod document;

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::time;

pub use self::borrowed::{Fields, Json};
pub use self::document::Document;

/// `serde_json::json!` as the documents that sources read.
#[cfg(test)]
macro_rules! json {
    ($($json:tt)+) => {
        $crate::core::json::owned(serde_json::json!($($json)+))
    };
}

#[cfg(test)]
pub(crate) use json;

/// A document that borrows from nothing.
#[cfg(test)]
pub(crate) fn owned(value: Value) -> Json<'static> {
    Json::from(Box::leak(Box::new(value)) as &Value)
}

/// Tolerant look-ups in a JSON value. Paths are keys and array indexes joined by dots: `pull_request.user.login`.
pub trait Lookup: Sized {
    /// The value at `path`; null where there is none.
    fn at(&self, path: &str) -> &Self;

    /// This value, if it is neither null nor made of others.
    fn scalar(&self) -> Scalar<'_>;

    /// The elements of an array; none where this is not one.
    fn elements(&self) -> &[Self];

    /// Whether there is something other than null at `path`.
    fn has(&self, path: &str) -> bool;

    /// A non-empty text, with surrounding blanks removed; numbers are taken as their text.
    fn text(&self, path: &str) -> Option<String> {
        match self.at(path).scalar() {
            Scalar::Text(text) => Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Bool(_) | Scalar::None => None,
        }
    }

    /// Like [`Lookup::text`], cut to its first line.
    fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        text.lines().next().map(|line| line.trim_end().to_owned())
    }

    /// A text that is an `http` or `https` address.
    fn link(&self, path: &str) -> Option<String> {
        self.text(path)
            .filter(|text| text.starts_with("https://") || text.starts_with("http://"))
    }

    /// A non-negative number, also when it comes as text or with a fraction (which is dropped).
    fn count(&self, path: &str) -> Option<u64> {
        match self.at(path).scalar() {
            Scalar::Number(number) => number.as_u64().or_else(|| {
                number
                    .as_f64()
                    .filter(|value| *value >= 0.0)
                    .map(|value| value as u64)
            }),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Bool(_) | Scalar::None => None,
        }
    }

    /// `true` for true, 1, "1" and "true"; everything else is false.
    fn flag(&self, path: &str) -> bool {
        match self.at(path).scalar() {
            Scalar::Bool(flag) => flag,
            Scalar::Number(number) => number.as_u64() == Some(1),
            Scalar::Text(text) => text == "1" || text.eq_ignore_ascii_case("true"),
            Scalar::None => false,
        }
    }

    /// The elements of an array without its nulls; empty where there is no array.
    fn list(&self, path: &str) -> Vec<&Self> {
        self.at(path)
            .elements()
            .iter()
            .filter(|value| value.has(""))
            .collect()
    }

    /// The texts at `path` of every element of the array at `list`; `path` may be empty for an array of texts.
    fn texts(&self, list: &str, path: &str) -> Vec<String> {
        self.list(list)
            .into_iter()
            .filter_map(|value| value.text(path))
            .collect()
    }

    /// A point in time in any of the styles that vendors use.
    fn time(&self, path: &str) -> Option<Timestamp> {
        match self.at(path).scalar() {
            Scalar::Number(number) => time::from_epoch(number.as_i64()?),
            Scalar::Text(text) => time::parse(text),
            Scalar::Bool(_) | Scalar::None => None,
        }
    }
}

/// A single value.
#[derive(Debug, Clone, Copy)]
pub enum Scalar<'a> {
    /// Null, an array or an object.
    None,
    Bool(bool),
    Number(&'a Number),
    Text(&'a str),
}

impl Lookup for Value {
    fn at(&self, path: &str) -> &Value {
        static NULL: Value = Value::Null;
        if path.is_empty() {
            return self;
        }
        path.split('.').fold(self, |value, key| match value {
            Value::Object(map) => map.get(key).unwrap_or(&NULL),
            Value::Array(values) => key
                .parse::<usize>()
                .ok()
                .and_then(|index| values.get(index))
                .unwrap_or(&NULL),
            _ => &NULL,
        })
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Value::Bool(flag) => Scalar::Bool(*flag),
            Value::Number(number) => Scalar::Number(number),
            Value::String(text) => Scalar::Text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => Scalar::None,
        }
    }

    fn elements(&self) -> &[Value] {
        match self {
            Value::Array(values) => values,
            _ => &[],
        }
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }
}

/// The bytes that `text` takes inside a JSON string as serde_json writes it, without the quotes.
pub fn written_len(text: &str) -> usize {
    text.chars().map(written_char_len).sum()
}

/// The bytes that a character takes inside a JSON string as serde_json writes it.
pub fn written_char_len(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => char.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_shape_is_not_there() {
        let payload = json!({"user": null, "title": {"en": "x"}, "labels": "none", "n": -1});
        assert_eq!(payload.text("user.login"), None);
        assert_eq!(payload.text("title"), None);
        assert!(payload.list("labels").is_empty());
        assert_eq!(payload.count("n"), None);
    }

    #[test]
    fn numbers_and_texts_stand_in_for_each_other() {
        let payload = json!({"number": 42, "text": "42", "float": 12.7, "one": "1"});
        assert_eq!(payload.text("number").as_deref(), Some("42"));
        assert_eq!(payload.count("text"), Some(42));
        assert_eq!(payload.count("float"), Some(12));
        assert!(payload.flag("one"));
    }

    #[test]
    fn a_link_is_an_http_address() {
        let payload = json!({"good": "https://example.com", "bad": "javascript:alert(1)"});
        assert!(payload.link("good").is_some());
        assert_eq!(payload.link("bad"), None);
    }

    #[test]
    fn array_elements_are_reached_by_index_and_nulls_are_skipped() {
        let payload = json!({"users": [null, {"login": "mona"}]});
        assert_eq!(payload.text("users.1.login").as_deref(), Some("mona"));
        assert_eq!(payload.texts("users", "login"), ["mona"]);
    }
}
