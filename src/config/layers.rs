//! Reads config files and the environment and lays them over each other.
//!
//! Merging is left to the `config` crate. Syntax errors, unreadable files and keys that stand twice are reported
//! here; whether the settings make sense is not looked at.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use config::Config;
use serde_json::{Map, Value};

use super::key;
use super::origin::Origins;
use super::positions::Spot;
use super::problem::{Place, Problem, Severity};
use super::schema;
use super::syntax;

/// Start of every environment variable that is a setting.
const PREFIX: &str = "HOOKBELL__";

/// All layers as one tree.
pub struct Layers {
    pub tree: Value,
    pub origins: Origins,
    pub problems: Vec<Problem>,
    /// Every file could be read to its end; if not, what seems to be missing may be there.
    pub is_complete: bool,
    builder: config::ConfigBuilder<config::builder::DefaultState>,
}

impl Layers {
    pub fn new() -> Layers {
        Layers {
            tree: Value::Object(Map::new()),
            origins: Origins::default(),
            problems: Vec::new(),
            is_complete: true,
            builder: Config::builder(),
        }
    }

    /// Lays a file over what was read before.
    pub fn add_file(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let remedy = match error.kind() {
                    ErrorKind::NotFound => {
                        "give the path of a config file, or write a starter with `hookbell init`"
                    }
                    _ => "make it a text file in UTF-8 that this user may read",
                };
                let what = format!("the config file cannot be read: {error}");
                self.whole_file(path, what, remedy);
                return;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let Some(format) = syntax::format_of(path) else {
            let what = "the kind of this config file is not known".to_owned();
            self.whole_file(path, what, "name it .toml, .yaml, .yml or .json");
            return;
        };
        let file = self.origins.add_file(path, text);
        let parsed = syntax::parse(text, format);
        for fault in parsed.faults {
            match fault.spot {
                Some(spot) => self.in_file(file, spot, &fault.key, fault.what, fault.remedy),
                None => self.whole_file(path, fault.what, fault.remedy),
            }
        }
        self.is_complete &= parsed.is_complete;
        if let Some(layer) = parsed.layer {
            self.builder = std::mem::take(&mut self.builder).add_source(layer);
            self.origins.add_settings(file, parsed.positions);
        }
    }

    /// Lays the `HOOKBELL__…` variables over what was read before.
    pub fn add_environment(&mut self, variables: &BTreeMap<String, String>) {
        let mut layer = Value::Object(Map::new());
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                self.warn_of_near_miss(name);
                continue;
            };
            let names: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
            let value = schema::at(names.iter().map(String::as_str))
                .map_or_else(|| Value::String(text.clone()), |node| value_of(text, node));
            let (path, names) = self.origins.spelling(&names);
            insert(&mut layer, &names, value);
            self.origins.add_variable(path, name);
        }
        if let Some(layer) = syntax::layer_of(&layer) {
            self.builder = std::mem::take(&mut self.builder).add_source(layer);
        }
    }

    /// Merges the layers into `tree`. Settings without a value (`key:` in YAML) count as not set.
    pub fn merge(&mut self) {
        let merged = std::mem::take(&mut self.builder)
            .build()
            .and_then(|config| config.try_deserialize::<Value>());
        match merged {
            Ok(tree) => {
                self.tree = without_null(tree);
                keep_later_whereabouts(&mut self.tree, "", &self.origins);
            }
            Err(_) => self.problems.push(Problem {
                severity: Severity::Error,
                place: Place::Unknown,
                key: String::new(),
                what: "the config files cannot be merged".to_owned(),
                remedy: "check that each holds tables of settings".to_owned(),
                excerpt: None,
            }),
        }
    }

    /// `HOOKBELL_SERVER__LISTEN` would be ignored in silence, and somebody would look for the reason for an hour.
    fn warn_of_near_miss(&mut self, name: &str) {
        let Some(rest) = name.strip_prefix("HOOKBELL_") else {
            return;
        };
        let table = rest.split("__").next().unwrap_or_default().to_lowercase();
        if rest.contains("__") && schema::keys(schema::schema()).contains(&table.as_str()) {
            self.problems.push(Problem {
                severity: Severity::Warning,
                place: Place::Env(name.to_owned()),
                key: String::new(),
                what: format!("{name} is not read: it begins with one underscore"),
                remedy: format!("name it {PREFIX}{rest}"),
                excerpt: None,
            });
        }
    }

    fn whole_file(&mut self, path: &Path, what: String, remedy: &str) {
        self.is_complete = false;
        self.problems.push(Problem {
            severity: Severity::Error,
            place: Place::File {
                file: path.to_owned(),
                line: 0,
                column: 0,
            },
            key: String::new(),
            what,
            remedy: remedy.to_owned(),
            excerpt: None,
        });
    }

    fn in_file(&mut self, file: usize, spot: Spot, key: &str, what: String, remedy: &str) {
        self.problems.push(Problem {
            severity: Severity::Error,
            place: self.origins.place_in(file, spot),
            key: key.to_owned(),
            what,
            remedy: remedy.to_owned(),
            excerpt: self.origins.excerpt_in(file, spot, key),
        });
    }
}

/// What a variable's text means where a value of the schema `node` is wanted. A text that does not fit stays a text,
/// and the check of the structure says what was wanted.
fn value_of(text: &str, node: &Value) -> Value {
    let trimmed = text.trim();
    if schema::accepts(node, "string") {
        return Value::String(text.to_owned());
    }
    if schema::accepts(node, "array") {
        let parts = trimmed.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        return parts.map(|part| value_of(part, &node["items"])).collect();
    }
    let read = if schema::accepts(node, "boolean") {
        match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(Value::Bool(true)),
            "false" | "0" | "no" => Some(Value::Bool(false)),
            _ => None,
        }
    } else if schema::accepts(node, "integer") {
        trimmed.parse::<i64>().ok().map(Value::from)
    } else {
        None
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn insert(tree: &mut Value, names: &[String], value: Value) {
    let [name, rest @ ..] = names else {
        *tree = value;
        return;
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    if let Value::Object(map) = tree {
        insert(map.entry(name.clone()).or_insert(Value::Null), rest, value);
    }
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_null(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_null).collect(),
        other => other,
    }
}

/// `{ env = … }` in one layer and `{ file = … }` in a later one would be merged into a secret with both: the later
/// one counts.
fn keep_later_whereabouts(tree: &mut Value, path: &str, origins: &Origins) {
    let Value::Object(map) = tree else {
        return;
    };
    if ["env", "file"]
        .iter()
        .all(|name| map.get(*name).is_some_and(Value::is_string))
    {
        let layer = |name: &str| origins.layer(&key::child(path, name));
        match layer("env").cmp(&layer("file")) {
            Ordering::Less => map.remove("env"),
            Ordering::Greater => map.remove("file"),
            Ordering::Equal => None,
        };
    }
    for (name, value) in map {
        keep_later_whereabouts(value, &key::child(path, name), origins);
    }
}
