//! Checks the merged settings against the schema: unknown keys and values of a wrong type.
//!
//! Every error is reported, and what is wrong is taken out of the tree, so that the rest can still be read and
//! checked in the same run.

use std::sync::LazyLock;

use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::{Map, Value};

use super::check::Check;
use super::key;
use super::raw::RawConfig;
use super::schema;
use super::words::{closest, suggestion};

/// Reads the tree as far as it has the right structure.
pub fn read(mut tree: Value, check: &mut Check<'_>) -> RawConfig {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        jsonschema::validator_for(schema::schema()).expect("our own schema is a constant and valid")
    });
    let faults: Vec<Fault> = VALIDATOR
        .iter_errors(&tree)
        .flat_map(|error| faults_of(&tree, &error))
        .collect();
    for fault in &faults {
        check.error(&fault.key, &fault.what, &fault.remedy);
        check.prune(fault.meant.as_ref().unwrap_or(&fault.key));
        take_out(&mut tree, &fault.pointer);
    }
    serde_json::from_value(tree).unwrap_or_else(|_| {
        check.error(
            "",
            "the settings cannot be read",
            "compare them with `hookbell init`",
        );
        RawConfig::default()
    })
}

struct Fault {
    /// JSON pointer to what is to be taken out.
    pointer: Vec<String>,
    key: String,
    /// The key that was probably meant by an unknown one.
    meant: Option<String>,
    what: String,
    remedy: String,
}

fn faults_of(tree: &Value, error: &ValidationError<'_>) -> Vec<Fault> {
    let pointer: Vec<String> = error
        .instance_path()
        .as_str()
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let path = path_of(tree, &pointer);
    let node = schema::at(pointer.iter().map(String::as_str)).unwrap_or(&Value::Null);
    let (what, remedy) = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let unknown = |name: &String| unknown_key(&pointer, &path, name, node);
            return unexpected.iter().map(unknown).collect();
        }
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::Minimum { .. } => (
            format!("`{path}` is out of range"),
            format!(
                "write a whole number from {} to {}",
                node["minimum"], node["maximum"]
            ),
        ),
        _ => wrong_value(&path, error.instance(), node),
    };
    vec![Fault {
        what,
        remedy,
        pointer,
        key: path,
        meant: None,
    }]
}

/// What is wrong with a value that does not fit the schema `node`, and what would.
fn wrong_value(path: &str, found: &Value, node: &Value) -> (String, String) {
    let (json_type, type_name) = type_of(found);
    let what = match found.as_str() {
        // Values with a fixed list are no secrets; others are not repeated.
        Some(word) if node["enum"].is_array() => format!("`{path}` cannot be {word:?}"),
        _ if schema::accepts(node, json_type) => {
            format!("`{path}` has a part that does not belong there")
        }
        _ => format!("`{path}` is {type_name}"),
    };
    let wanted = schema::wanted(node);
    let remedy = match schema::example(node) {
        Some(example) => format!("write {wanted}, such as {example}"),
        None => format!("write {wanted}"),
    };
    (what, remedy)
}

fn unknown_key(pointer: &[String], path: &str, name: &str, node: &Value) -> Fault {
    let known = schema::keys(node);
    let meant = closest(name, &known);
    let suggestion = suggestion(name, known.iter().copied());
    let remedy = match meant {
        Some(_) => suggestion,
        None => format!("remove it; {suggestion}"),
    };
    let key = key::child(path, name);
    Fault {
        pointer: [pointer, &[name.to_owned()]].concat(),
        what: format!("`{key}` is not a setting"),
        remedy,
        meant: meant.map(|meant| key::child(path, meant)),
        key,
    }
}

/// The type of a value, for schemas and for people.
fn type_of(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("null", "nothing"),
        Value::Bool(_) => ("boolean", "true or false"),
        Value::Number(_) => ("number", "a number"),
        Value::String(_) => ("string", "a text"),
        Value::Array(_) => ("array", "a list"),
        Value::Object(_) => ("object", "a table"),
    }
}

/// The key as problems name it.
fn path_of(tree: &Value, pointer: &[String]) -> String {
    let mut value = tree;
    let mut path = String::new();
    for part in pointer {
        (path, value) = match value {
            Value::Array(values) => {
                let index = part.parse().unwrap_or(0);
                (
                    key::item(&path, index),
                    values.get(index).unwrap_or(&Value::Null),
                )
            }
            _ => (
                key::child(&path, part),
                value.get(part).unwrap_or(&Value::Null),
            ),
        };
    }
    path
}

/// Removes the setting that holds what `pointer` names. A route stays, without its settings, so that the others keep
/// their numbers.
fn take_out(tree: &mut Value, pointer: &[String]) {
    let Some((last, parents)) = pointer.split_last() else {
        *tree = Value::Object(Map::new());
        return;
    };
    let parent = parents
        .iter()
        .try_fold(&mut *tree, |value, part| match value {
            Value::Object(map) => map.get_mut(part),
            Value::Array(values) => values.get_mut(part.parse::<usize>().ok()?),
            _ => None,
        });
    match parent {
        Some(Value::Object(map)) => {
            map.remove(last);
        }
        Some(Value::Array(values)) if parents == ["routes"] => {
            let route = last.parse::<usize>().ok().and_then(|at| values.get_mut(at));
            if let Some(route) = route {
                *route = Value::Object(Map::new());
            }
        }
        Some(Value::Array(_)) => take_out(tree, parents),
        _ => {}
    }
}
