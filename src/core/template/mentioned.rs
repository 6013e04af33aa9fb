//! Which parts of the two large values, `payload` and `event`, templates mention.
//!
//! Handlebars copies the whole data for each partial that it includes, and a payload may have a hundred kilobytes. So
//! only what some template mentions is handed to it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The values that are large, by their names at the top.
const LARGE: [&str; 2] = ["payload", "event"];

/// Paths below the large values.
#[derive(Debug, Clone, Default)]
pub struct Mentioned(BTreeMap<&'static str, Tree>);

/// Fields, each with those below it that are mentioned.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// All of it is mentioned.
    whole: bool,
    fields: BTreeMap<String, Tree>,
}

impl Mentioned {
    /// Notes a path as a template has it: `payload.review.user.login`, `@root.event.event`, `../payload/x`.
    pub fn note(&mut self, path: &str) {
        let names: Vec<&str> = path.split(['.', '/']).collect();
        for large in LARGE {
            let Some(at) = names.iter().position(|name| *name == large) else {
                continue;
            };
            let mut tree = self.0.entry(large).or_default();
            // An index or a name in brackets: what is in front of it is taken whole.
            let is_plain = |name: &&&str| {
                !name.is_empty()
                    && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
            };
            let below = &names[at + 1..];
            let plain = below.iter().take_while(is_plain).count();
            for name in &below[..plain] {
                tree = tree.fields.entry((*name).to_owned()).or_default();
            }
            tree.whole = true;
        }
    }

    /// Notes that anything may be looked up.
    pub fn note_everything(&mut self) {
        LARGE.into_iter().for_each(|large| self.note(large));
    }

    /// The part of `value`, the large value of that name, that is mentioned.
    pub fn part_of(&self, large: &str, value: &Value) -> Value {
        match self.0.get(large) {
            Some(tree) => tree.part_of(value),
            None => Value::Null,
        }
    }
}

impl Tree {
    fn part_of(&self, value: &Value) -> Value {
        let Value::Object(all) = value else {
            return value.clone();
        };
        if self.whole {
            return value.clone();
        }
        let mentioned = self.fields.iter().filter_map(|(name, tree)| {
            let value = all.get(name)?;
            Some((name.clone(), tree.part_of(value)))
        });
        Value::Object(mentioned.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_mentioned_is_handed_on() {
        let payload = json!({
            "a": { "b": 1, "c": 2 }, "d": [{ "e": 3, "f": 4 }], "g": { "h h": 5 }, "i": 6, "event": 7,
        });
        let cases: [(&[&str], Value); 7] = [
            (&[], Value::Null),
            (&["title", "event.event"], Value::Null),
            (&["payload.a.b", "payload.x"], json!({ "a": { "b": 1 } })),
            (
                &["@root.payload.d.0.e"],
                json!({ "d": [{ "e": 3, "f": 4 }] }),
            ),
            (&["../payload/g.[h h]"], json!({ "g": { "h h": 5 } })),
            (
                &["payload.a", "payload.a.b"],
                json!({ "a": { "b": 1, "c": 2 } }),
            ),
            (&["payload.a.b", "payload"], payload.clone()),
        ];
        for (paths, expected) in cases {
            let mut mentioned = Mentioned::default();
            paths.iter().for_each(|path| mentioned.note(path));
            assert_eq!(
                mentioned.part_of("payload", &payload),
                expected,
                "{paths:?}"
            );
        }
    }
}
