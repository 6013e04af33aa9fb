//! The JSON Schema of the config file: for editors, for the check of a file's structure, and for knowing what a text
//! from the environment is meant to be.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

use super::raw::RawConfig;
use super::words::any_of;

/// The schema, without references, so that a node says everything about its setting.
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
            settings.transforms.push(Box::new(WithoutNull));
        });
        settings
            .into_generator()
            .into_root_schema_for::<RawConfig>()
            .to_value()
    });
    &SCHEMA
}

/// Optional settings are left out and not null; `null` in the schema would only lengthen every message.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        object.remove("default");
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(options)) = object.get_mut("enum") {
            options.retain(|option| !option.is_null());
        }
        if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
            branches.retain(|branch| branch["type"] != "null");
            if let [Value::Object(only)] = branches.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                for (key, value) in only {
                    object.entry(key).or_insert(value);
                }
            }
        }
    }
}

/// The schema of the setting that is reached by `keys` (names and list indexes); `None` where nothing may be.
pub fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> Option<&'static Value> {
    keys.into_iter().try_fold(schema(), step)
}

fn step(node: &'static Value, key: &str) -> Option<&'static Value> {
    if let Some(branches) = node["anyOf"].as_array() {
        return branches.iter().find_map(|branch| step(branch, key));
    }
    if let Some(property) = node["properties"].get(key) {
        return Some(property);
    }
    match &node["additionalProperties"] {
        named @ Value::Object(_) => Some(named),
        _ => key.parse::<usize>().ok().and_then(|_| node.get("items")),
    }
}

/// Whether a value of JSON type `name` may stand here.
pub fn accepts(node: &Value, name: &str) -> bool {
    match node["anyOf"].as_array() {
        Some(branches) => branches.iter().any(|branch| accepts(branch, name)),
        None => node["type"] == name,
    }
}

/// Names of the keys that a table may have; empty where any name may stand.
pub fn keys(node: &Value) -> Vec<&str> {
    let properties = node["properties"].as_object();
    properties.map_or(Vec::new(), |map| map.keys().map(String::as_str).collect())
}

/// What may stand here in a few words: "a text", "a whole number", "`en` or `zh`".
pub fn wanted(node: &Value) -> String {
    if let Some(branches) = node["anyOf"].as_array() {
        let (lists, others): (Vec<&Value>, Vec<&Value>) = branches
            .iter()
            .partition(|branch| branch["type"] == "array");
        let words: Vec<String> = others.into_iter().chain(lists).map(wanted).collect();
        return any_of(&words);
    }
    if let Some(options) = node["enum"].as_array() {
        let words: Vec<String> = options
            .iter()
            .filter_map(Value::as_str)
            .map(|option| format!("`{option}`"))
            .collect();
        return any_of(&words);
    }
    match node["type"].as_str() {
        Some("string") => "a text".to_owned(),
        Some("integer") => "a whole number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") if node["items"]["anyOf"].is_array() => "a list of these".to_owned(),
        Some("array") if node["items"]["type"] == "object" => "a list of tables".to_owned(),
        Some("array") if node["items"]["type"] == "integer" => "a list of whole numbers".to_owned(),
        Some("array") => "a list of texts".to_owned(),
        _ => match node["required"].as_array().and_then(|keys| keys.first()) {
            Some(Value::String(key)) => format!("{{ {key} = \"…\" }}"),
            _ => "a table".to_owned(),
        },
    }
}

/// An example value as TOML, where the schema has one.
pub fn example(node: &Value) -> Option<String> {
    toml::Value::try_from(node["examples"].get(0)?)
        .ok()
        .map(|value| value.to_string())
}

/// Whether any table has a key of this name.
pub fn knows(name: &str) -> bool {
    fn within(node: &Value, name: &str) -> bool {
        match node {
            Value::Object(map) => {
                map.get("properties")
                    .and_then(Value::as_object)
                    .is_some_and(|properties: &Map<_, _>| properties.contains_key(name))
                    || map.values().any(|value| within(value, name))
            }
            Value::Array(values) => values.iter().any(|value| within(value, name)),
            _ => false,
        }
    }
    within(schema(), name)
}
