//! What templates can name: the event's fields, the payload, and a few more.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::mentioned::Mentioned;
use super::{Language, Rendering};
use crate::core::event::{Event, Kind};
use crate::core::history::Repeat;
use crate::core::json::Lookup;
use crate::core::message::Mentions;

/// The data of one rendering; of the payload what is mentioned.
pub fn of(rendering: &Rendering<'_>, mentioned: &Mentioned) -> Map<String, Value> {
    let mut fields = of_event(rendering.event, rendering.payload, mentioned);
    let more = json!({
        "payload": mentioned.part_of("payload", rendering.payload),
        "mentions": rendering.mentions.in_text(),
        "language": rendering.language.name(),
        "now": rendering.now,
    });
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    fields
}

/// What an event gives templates by itself.
pub fn of_event(event: &Event, payload: &Value, mentioned: &Mentioned) -> Map<String, Value> {
    let event = serde_json::to_value(event).unwrap_or_default();
    let mut fields = familiar(&event, payload);
    let part = mentioned.part_of("event", &event);
    if let Value::Object(own) = event {
        fields.extend(own);
    }
    // The word that the vendor has for the event is `event.event`: the fields are documented as `event.…`.
    fields.insert("event".to_owned(), part);
    fields
}

/// Names that only some renderings have: a digest's line, a digest, a story, a message for another group.
const SOMETIMES: [&str; 4] = ["line", "digest", "story", "via"];

/// Variables under the names that users know from Travis CI's own notifications
/// (docs.travis-ci.com, "Customizing Slack notifications").
fn familiar(event: &Value, payload: &Value) -> Map<String, Value> {
    let commit: String = event
        .text("pipeline.commit.id")
        .unwrap_or_default()
        .chars()
        .take(7)
        .collect();
    let fields = [
        ("repository_slug", event.at("repo.name").clone()),
        ("build_number", event.at("pipeline.number").clone()),
        ("build_url", event.at("pipeline.url").clone()),
        ("commit", json!(commit)),
        ("commit_subject", event.at("pipeline.commit.title").clone()),
        ("commit_message", payload.at("message").clone()),
        ("message", payload.at("status_message").clone()),
        ("result", event.at("status").clone()),
        ("elapsed_time", event.at("pipeline.duration").clone()),
        ("compare_url", payload.at("compare_url").clone()),
        ("pull_request_url", payload.at("pull_request_url").clone()),
    ];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Every name that a template may start a path with.
pub fn known_fields() -> &'static BTreeSet<String> {
    static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut event = Event::new(Kind::Github, "", "");
        // Left out while they are empty.
        event.aliases.event.push(String::new());
        event.repeat = Some(Repeat::default());
        let context = of(
            &Rendering {
                event: &event,
                payload: &Value::Null,
                language: Language::En,
                template: None,
                mentions: Mentions::default(),
                now: Timestamp::UNIX_EPOCH,
            },
            &Mentioned::default(),
        );
        let sometimes = SOMETIMES.map(str::to_owned);
        context
            .into_iter()
            .map(|(name, _)| name)
            .chain(sometimes)
            .collect()
    });
    &KNOWN
}
