//! No field is trusted to be there or to be of its type: whatever is missing or odd, the rest is still told.

use hookbell::core::event::Kind;
use hookbell::core::source;
use serde_json::{Value, json};

use crate::fixture;

#[test]
fn github_payloads_with_any_one_value_damaged_are_still_understood() {
    damage_payloads_of(Kind::Github);
}

#[test]
fn gitlab_payloads_with_any_one_value_damaged_are_still_understood() {
    damage_payloads_of(Kind::Gitlab);
}

#[test]
fn jira_payloads_with_any_one_value_damaged_are_still_understood() {
    damage_payloads_of(Kind::Jira);
}

#[test]
fn codeup_payloads_with_any_one_value_damaged_are_still_understood() {
    damage_payloads_of(Kind::Codeup);
}

#[test]
fn travis_payloads_with_any_one_value_damaged_are_still_understood() {
    damage_payloads_of(Kind::Travis);
}

/// Replaces each value inside the fixtures in turn, which makes thousands of bodies that no vendor sends.
fn damage_payloads_of(kind: Kind) {
    let fixtures = fixture::all().into_iter();
    for fixture in fixtures.filter(|fixture| fixture.kind == kind) {
        let source = source::of(kind);
        let payload = source.parse(&fixture.request).unwrap().payload;
        let payload = payload.value();
        for pointer in pointers(payload) {
            for odd in [json!(null), json!({}), json!([]), json!("x"), json!(0)] {
                let mut damaged = payload.clone();
                *damaged
                    .pointer_mut(&pointer)
                    .expect("a pointer into this very payload") = odd.clone();
                let request = fixture.with_payload(&damaged);
                let place = || format!("{}: {pointer} = {odd}", fixture.name);
                let event = match source.parse(&request) {
                    Ok(parsed) => parsed.event,
                    Err(error) => panic!("{}: {error}", place()),
                };
                let mut people = event
                    .actor
                    .iter()
                    .chain(&event.assignees)
                    .chain(&event.reviewers);
                assert!(people.all(|person| !person.name.is_empty()), "{}", place());
            }
        }
    }
}

/// JSON pointers to every value below the root; of arrays to the first two elements, as the others are alike.
pub fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .take(2)
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    children
        .into_iter()
        .flat_map(|(key, child)| {
            let below = pointers(child);
            std::iter::once(format!("/{key}")).chain(
                below
                    .into_iter()
                    .map(move |pointer| format!("/{key}{pointer}"))
                    .collect::<Vec<_>>(),
            )
        })
        .collect()
}
