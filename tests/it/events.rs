//! What each fixture's payload is understood as.

use hookbell::core::source;
use serde_json::Value;

use crate::fixture;

#[test]
fn every_fixture_is_understood_as_its_snapshot_says() {
    let fixtures = fixture::all();
    assert!(!fixtures.is_empty(), "no fixtures found");
    for fixture in fixtures {
        let parsed = source::of(fixture.kind)
            .parse(&fixture.request)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let event = without_absent(serde_json::to_value(&parsed.event).unwrap());
        let text = serde_json::to_string_pretty(&event).unwrap();
        fixture::assert_snapshot(&fixture, "event", &text);
    }
}

/// The event without nulls and empty lists, so that a snapshot shows only what was understood.
fn without_absent(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (key, without_absent(value)))
                .filter(|(_, value)| !is_absent(value))
                .collect(),
        ),
        Value::Array(values) => values.into_iter().map(without_absent).collect(),
        other => other,
    }
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
