//! Payloads with one value replaced by something a vendor never promised: parsing goes on with what is left.

use hookbell::core::event::Kind;
use hookbell::core::source;
use serde_json::{Value, json};

use crate::fixture;

#[test]
fn any_value_may_be_missing_or_of_another_type() {
    for fixture in fixture::all() {
        if !matches!(fixture.kind, Kind::Jira | Kind::Travis) {
            continue;
        }
        let source = source::of(fixture.kind);
        let payload = source.parse(&fixture.request).unwrap().payload;
        for pointer in pointers_in(&payload) {
            for other in [json!(null), json!({}), json!([]), json!("x"), json!(0)] {
                let mut damaged = payload.clone();
                *damaged.pointer_mut(&pointer).unwrap() = other.clone();
                let body = damaged.to_string().into_bytes();
                let mut request = fixture.request.clone();
                request.body = match fixture.kind {
                    Kind::Travis => fixture::form_encoded(&body).into(),
                    _ => body.into(),
                };
                let parsed = source.parse(&request);
                assert!(parsed.is_ok(), "{}: {pointer} = {other}", fixture.name);
            }
        }
    }
}

/// JSON pointers of every value below the top.
fn pointers_in(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(values) => (0..).map(|at: usize| at.to_string()).zip(values).collect(),
        _ => Vec::new(),
    };
    let mut pointers = Vec::new();
    for (key, child) in children {
        pointers.push(format!("/{key}"));
        let below = pointers_in(child).into_iter();
        pointers.extend(below.map(|pointer| format!("/{key}{pointer}")));
    }
    pointers
}
