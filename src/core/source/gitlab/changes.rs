//! What an update changed, as far as readers would notice it.
//!
//! GitLab lists every column it touched (`updated_at`, `lock_version`, …) and sometimes none at all. Milestones are
//! left out: the body has only their ids. Of descriptions it is told that they changed, not the texts.

use super::common::people;
use crate::core::event::{Change, Event, Person};
use crate::core::json::{Json, Lookup as _};

/// Fields whose old and new value are told.
const VALUES: [&str; 9] = [
    "title",
    "draft",
    "target_branch",
    "state",
    "type",
    "due_date",
    "severity",
    "confidential",
    "health_status",
];

/// Lists, with the field of their elements that is told.
const LISTS: [(&str, &str); 3] = [
    ("labels", "title"),
    ("assignees", "name"),
    ("reviewers", "name"),
];

/// The changes in the map `changes` of a body.
pub fn visible(body: &Json) -> Vec<Change> {
    let changes = body.at("changes");
    let values = VALUES.iter().filter_map(|field| value(changes, field));
    let description = changes.has("description").then(|| named("description"));
    let lists = LISTS
        .iter()
        .filter_map(|(field, name)| list(changes, field, name));
    values.chain(description).chain(lists).collect()
}

/// Hushes an update that readers would not notice.
pub fn hush_unseen(event: &mut Event) {
    match event.changes.as_slice() {
        [] => event.hush_as("unchanged", "nothing that readers would notice was changed"),
        [only] if only.field == "labels" => event.hush_as("labels", "only its labels changed"),
        _ => {}
    }
}

/// People that a change of `field` (`assignees`, `reviewers`) added and removed.
pub fn people_changed(body: &Json, field: &str) -> (Vec<Person>, Vec<Person>) {
    let before = people(body, &format!("changes.{field}.previous"));
    let after = people(body, &format!("changes.{field}.current"));
    let missing_in = |others: &[Person], all: &[Person]| -> Vec<Person> {
        all.iter()
            .filter(|person| !others.iter().any(|other| is_same(person, other)))
            .cloned()
            .collect()
    };
    (missing_in(&before, &after), missing_in(&after, &before))
}

fn is_same(one: &Person, other: &Person) -> bool {
    match (&one.id, &other.id) {
        (Some(one), Some(other)) => one == other,
        _ => one.login == other.login,
    }
}

fn value(changes: &Json, field: &str) -> Option<Change> {
    let change = changes.at(field);
    let (from, to) = (
        printed(change.at("previous")),
        printed(change.at("current")),
    );
    (from != to).then(|| Change {
        from,
        to,
        ..named(field)
    })
}

fn list(changes: &Json, field: &str, name: &str) -> Option<Change> {
    let before = changes.texts(&format!("{field}.previous"), name);
    let after = changes.texts(&format!("{field}.current"), name);
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter()
            .filter(|text| !others.contains(text))
            .cloned()
            .collect()
    };
    let change = Change {
        added: without(&after, &before),
        removed: without(&before, &after),
        ..named(field)
    };
    (!change.added.is_empty() || !change.removed.is_empty()).then_some(change)
}

fn printed(value: &Json) -> Option<String> {
    match value {
        Json::Bool(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
        other => other.line(""),
    }
}

fn named(field: &str) -> Change {
    Change {
        field: field.to_owned(),
        ..Change::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn only_fields_that_readers_would_notice_are_changes() {
        let body = json!({"changes": {
            "updated_at": {"previous": "2026-03-02", "current": "2026-03-03"},
            "milestone_id": {"previous": null, "current": 4},
            "total_time_spent": {"previous": 0, "current": 60},
            "title": {"previous": "Retry", "current": "Retry uploads"},
            "description": {"previous": "a", "current": "b"},
            "labels": {
                "previous": [{"title": "bug"}],
                "current": [{"title": "bug"}, {"title": "upload"}],
            },
        }});
        let fields: Vec<String> = visible(&body)
            .into_iter()
            .map(|change| change.field)
            .collect();
        assert_eq!(fields, ["title", "description", "labels"]);
    }

    #[test]
    fn repository_updates_have_a_list_there_and_it_is_no_change() {
        let body = json!({"changes": [{"before": "a", "after": "b", "ref": "refs/heads/main"}]});
        assert!(visible(&body).is_empty());
    }
}
