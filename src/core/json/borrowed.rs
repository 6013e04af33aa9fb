//! A JSON document whose texts stay where they were read from.
//!
//! A push of 8 KB holds some four hundred keys and texts, of which its event needs thirty. Copying each of them and
//! sorting the keys, as `serde_json::Value` does, takes longer than all else that is done with a webhook at the door.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

use super::Lookup;

/// A JSON value. The variants are those of [`Value`].
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Fields<'a>),
}

/// The fields of an object, in the order of the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// Reads a document. Bytes that are not UTF-8 are an error like any other.
    pub fn read(document: &'a [u8]) -> serde_json::Result<Json<'a>> {
        match std::str::from_utf8(document) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(document),
        }
    }

    /// The field of that name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Json::Object(_))
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A whole number, if it is one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Json::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    /// Of fields with the same name the last one counts, as in most readers of JSON.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// In the order of their names, for lists that people compare.
    pub fn sorted(&self) -> Vec<(&str, &Json<'a>)> {
        let mut fields: Vec<_> = self.iter().collect();
        fields.sort_by_key(|(name, _)| *name);
        fields
    }
}

impl Lookup for Json<'_> {
    fn at(&self, path: &str) -> &Self {
        if path.is_empty() {
            return self;
        }
        path.split('.').fold(self, |value, key| match value {
            Json::Object(fields) => fields.get(key).unwrap_or(&Json::Null),
            Json::Array(values) => key
                .parse::<usize>()
                .ok()
                .and_then(|index| values.get(index))
                .unwrap_or(&Json::Null),
            _ => &Json::Null,
        })
    }

    fn scalar(&self) -> super::Scalar<'_> {
        match self {
            Json::Bool(flag) => super::Scalar::Bool(*flag),
            Json::Number(number) => super::Scalar::Number(number),
            Json::String(text) => super::Scalar::Text(text),
            Json::Null | Json::Array(_) | Json::Object(_) => super::Scalar::None,
        }
    }

    fn elements(&self) -> &[Self] {
        match self {
            Json::Array(values) => values,
            _ => &[],
        }
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }
}

impl<'a> From<&'a Value> for Json<'a> {
    fn from(value: &'a Value) -> Json<'a> {
        match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::String(Cow::Borrowed(text)),
            Value::Array(values) => Json::Array(values.iter().map(Json::from).collect()),
            Value::Object(fields) => Json::Object(Fields(
                fields
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(name.as_str()), Json::from(value)))
                    .collect(),
            )),
        }
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(flag) => serializer.serialize_bool(*flag),
            Json::Number(number) => number.serialize(serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(values) => serializer.collect_seq(values),
            Json::Object(fields) => serializer.collect_map(fields.iter()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some((Name(name), value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Json::Object(Fields(fields)))
    }
}

/// A field's name, borrowed where it is written without escapes. (`Cow` alone always copies.)
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_printed_as_json() {
        let text = r#"{"b":[null,true,-1,0.5],"a":{"x":"y\n"}}"#;
        assert_eq!(Json::read(text.as_bytes()).unwrap().to_string(), text);
    }

    const DOCUMENT: &str =
        r#"{"b": [null, true, -1, 2, 0.5], "a": {"plain": "x", "escaped\u0021": "\u4e2d\n"}}"#;

    #[test]
    fn reads_the_same_as_a_general_reader() {
        let general: Value = serde_json::from_str(DOCUMENT).unwrap();
        let json = Json::read(DOCUMENT.as_bytes()).unwrap();
        for path in [
            "b.0",
            "b.1",
            "b.2",
            "b.3",
            "b.4",
            "a.plain",
            "a.escaped!",
            "c",
        ] {
            assert_eq!(*json.at(path), Json::from(general.at(path)), "{path}");
        }
    }

    #[test]
    fn texts_without_escapes_are_not_copied() {
        let json = Json::read(DOCUMENT.as_bytes()).unwrap();
        assert!(matches!(json.at("a.plain"), Json::String(Cow::Borrowed(_))));
        let Json::Object(fields) = json.at("a") else {
            panic!()
        };
        let borrowed = |(name, _): &(Cow<str>, Json)| matches!(name, Cow::Borrowed(_));
        assert!(borrowed(&fields.0[0]) && !borrowed(&fields.0[1]));
    }

    #[test]
    fn of_two_fields_with_one_name_the_last_counts() {
        let json = Json::read(br#"{"n": 1, "n": 2}"#).unwrap();
        assert_eq!(json.count("n"), Some(2));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for document in [&b"{"[..], b"", b"{\"a\": \"\xff\"}", b"{} {}"] {
            assert!(Json::read(document).is_err(), "{document:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(Json::read(deep.as_bytes()).is_err());
    }
}
