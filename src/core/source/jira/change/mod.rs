//! The changelog of an issue: what was changed, and what that amounts to.
//!
//! It is believed before `issue_event_type_name`: Cloud calls every transition `issue_generic`, and administrators
//! may bind names of their own to transitions.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::issue;
use crate::core::event::Change;
use crate::core::json::{Json, Lookup};

/// Longest value that is worth printing, in characters; custom fields can hold whole documents.
const MAX_VALUE: usize = 120;

/// Fields that nobody wants to hear of when nothing else was changed.
const NOISE: [&str; 8] = [
    "rank",
    "sprint",
    "labels",
    "attachment",
    "watchers",
    "worklogid",
    "workflow",
    "timespent",
];

/// Fields that are not worth a line even beside others.
const INTERNAL: [&str; 3] = ["rank", "worklogid", "workflow"];

/// Fields that Jira writes in one word, as its own screens name them.
const TITLES: [(&str, &str); 6] = [
    ("issuetype", "Issue Type"),
    ("duedate", "Due Date"),
    ("timespent", "Time Spent"),
    ("timeestimate", "Remaining Estimate"),
    ("timeoriginalestimate", "Original Estimate"),
    ("Version", "Affects Version"),
];

/// What an `issue_updated` did, in one word: `assigned`, `unassigned`, `transitioned`, `resolved`, `reopened`,
/// `closed`, `moved`, `ranked`, or `updated` for everything else.
pub fn action_of(payload: &Json) -> &'static str {
    let changed = |field| item(payload, field);
    let named = payload
        .line("issue_event_type_name")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if changed("project").is_some() {
        return "moved";
    }
    if let Some(resolution) = changed("resolution") {
        let filled = |key| resolution.text(key).is_some();
        match (filled("fromString"), filled("toString")) {
            (false, true) if named == "issue_closed" => return "closed",
            (false, true) => return "resolved",
            (true, false) => return "reopened",
            _ => {}
        }
    }
    if changed("status").is_some() {
        return match named.as_str() {
            "issue_resolved" => "resolved",
            "issue_closed" => "closed",
            "issue_reopened" => "reopened",
            _ => "transitioned",
        };
    }
    if let Some(assignee) = changed("assignee") {
        let somebody = assignee.has("to") || assignee.text("toString").is_some();
        return if somebody { "assigned" } else { "unassigned" };
    }
    let items = payload.list("changelog.items");
    if !items.is_empty() && items.iter().all(|item| name_of(item) == "rank") {
        return "ranked";
    }
    if !items.is_empty() {
        return "updated";
    }
    match named.as_str() {
        "issue_assigned" if payload.has("issue.fields.assignee") => "assigned",
        "issue_assigned" => "unassigned",
        "issue_resolved" => "resolved",
        "issue_closed" => "closed",
        "issue_reopened" => "reopened",
        "issue_moved" => "moved",
        "issue_work_started" | "issue_work_stopped" => "transitioned",
        _ => "updated",
    }
}

/// Whether the issue is finished by this change, and not merely edited after it was.
pub fn finishes(payload: &Json, action: &str) -> bool {
    match action {
        "resolved" | "closed" => true,
        "transitioned" => issue::is_done(payload),
        _ => false,
    }
}

/// Why nobody is told of a change to these fields alone.
pub fn noise_in(payload: &Json) -> Option<String> {
    let items = payload.list("changelog.items");
    // Logging work also lowers the estimate, and has an event of its own.
    let logged = item(payload, "timespent").is_some();
    let noise = items.iter().all(|item| {
        let name = name_of(item);
        NOISE.contains(&name.as_str()) || logged && name == "timeestimate"
    });
    if items.is_empty() || !noise {
        return None;
    }
    let fields: BTreeSet<String> = items.iter().map(|item| title_of(item)).collect();
    let fields: Vec<String> = fields.into_iter().collect();
    Some(format!("only {} changed", fields.join(", ")))
}

/// The changelog as changes, in Jira's order. Several entries of one field are what came and what went.
pub fn changes_of(payload: &Json) -> Vec<Change> {
    let items = payload.list("changelog.items");
    let mut changes: Vec<(String, Vec<&Json>)> = Vec::new();
    for item in items {
        let name = name_of(item);
        if name.is_empty() || INTERNAL.contains(&name.as_str()) {
            continue;
        }
        match changes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, items)) => items.push(item),
            None => changes.push((name, vec![item])),
        }
    }
    changes
        .into_iter()
        .map(|(name, items)| change_of(&name, &items))
        .collect()
}

/// How many seconds of work were added (or, below zero, taken away), by the changelog.
pub fn seconds_logged(payload: &Json) -> Option<i64> {
    let item = item(payload, "timespent")?;
    let seconds = |key| item.count(key).and_then(|count| i64::try_from(count).ok());
    let after = seconds("to").unwrap_or(0);
    after.checked_sub(seconds("from").unwrap_or(0))
}

/// `90 minutes` as Jira writes it: `1h 30m`. Jira's days and weeks depend on the site's settings, so hours are the
/// largest unit.
pub fn in_words(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, minutes) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

fn change_of(name: &str, items: &[&Json]) -> Change {
    let field = title_of(items[0]);
    let values = |key| -> Vec<String> {
        let values = items.iter().filter_map(|item| item.text(key));
        values.map(|value| shortened(&value)).collect()
    };
    match (name, items) {
        // Both texts are there in full; that there was a change is enough.
        ("description" | "environment", _) => Change {
            field,
            ..Change::default()
        },
        (_, [item]) if is_whole_list(name, item) => {
            let words = |key| -> Vec<String> {
                let text = item.text(key).unwrap_or_default();
                text.split_whitespace().map(str::to_owned).collect()
            };
            let (before, after) = (words("fromString"), words("toString"));
            Change {
                field,
                added: without(&after, &before),
                removed: without(&before, &after),
                ..Change::default()
            }
        }
        (_, [item]) => Change {
            field,
            from: value_of(name, item, "from", "fromString"),
            to: value_of(name, item, "to", "toString"),
            ..Change::default()
        },
        _ => Change {
            field,
            added: values("toString"),
            removed: values("fromString"),
            ..Change::default()
        },
    }
}

/// Labels, and on some sites attachments, come as the complete lists before and after, joined by blanks.
fn is_whole_list(name: &str, item: &Json) -> bool {
    let both = item.text("fromString").is_some() && item.text("toString").is_some();
    name == "labels" || name == "attachment" && both
}

fn without(words: &[String], others: &[String]) -> Vec<String> {
    let others: BTreeSet<&String> = others.iter().collect();
    let rest = words.iter().filter(|word| !others.contains(word));
    rest.cloned().collect()
}

fn value_of(name: &str, item: &Json, id: &str, words: &str) -> Option<String> {
    match name {
        // The words of a date have a meaningless time: 2020-08-04 00:00:00.0
        "duedate" => item.line(id).or_else(|| item.line(words)),
        "timespent" | "timeestimate" | "timeoriginalestimate" => {
            item.count(id).or_else(|| item.count(words)).map(in_words)
        }
        _ => item.text(words).map(|value| shortened(&value)),
    }
}

fn shortened(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default().trim_end();
    let mut short: String = line.chars().take(MAX_VALUE).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

fn item<'a>(payload: &'a Json<'a>, name: &str) -> Option<&'a Json<'a>> {
    let items = payload.list("changelog.items");
    items.into_iter().find(|item| name_of(item) == name)
}

/// The field in lower case: its spelling differs between events (`status`, `Status`).
fn name_of(item: &Json) -> String {
    item.line("field").unwrap_or_default().to_ascii_lowercase()
}

fn title_of(item: &Json) -> String {
    let field = item.line("field").unwrap_or_default();
    if let Some((_, title)) = TITLES.into_iter().find(|(name, _)| *name == field) {
        return title.to_owned();
    }
    let mut letters = field.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => field,
    }
}
