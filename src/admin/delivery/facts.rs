//! The main fields of an event, a line for each.

use serde_json::Value;

use crate::core::json::Lookup;

pub struct Fact {
    pub name: &'static str,
    pub value: String,
}

/// Names as routes and templates have them, with where they are found.
const FIELDS: [(&str, &[&str]); 15] = [
    ("event", &["event"]),
    ("action", &["action"]),
    ("status", &["status"]),
    ("repo", &["repo.name"]),
    ("branch", &["branch"]),
    ("tag", &["tag"]),
    ("actor", &["actor.name", "actor.login"]),
    ("author", &["author.name", "author.login"]),
    ("title", &["title"]),
    ("number", &["reference", "number"]),
    ("milestone", &["milestone"]),
    ("quiet", &["quiet.reason"]),
    ("url", &["url"]),
    ("object", &["object"]),
    ("at", &["at"]),
];

pub fn facts(event: &Value) -> Vec<Fact> {
    let mut facts: Vec<Fact> = FIELDS
        .iter()
        .filter_map(|(name, paths)| {
            let value = paths.iter().find_map(|path| event.text(path))?;
            (!value.is_empty()).then_some(Fact { name, value })
        })
        .collect();
    let labels = event.texts("labels", "");
    if !labels.is_empty() {
        facts.push(Fact {
            name: "label",
            value: labels.join(", "),
        });
    }
    facts
}
