//! Text to settings and their positions, for the three formats.
//!
//! A syntax error does not hide what stands before it: that part is still read. What comes after may be
//! misunderstood, so it is left alone until the error is gone.

use std::path::Path;

use config::{Config, FileFormat};
use serde::Deserialize;
use serde_json::Value;
use toml::de::DeTable;

use super::positions::{self, Lines, Positions, Spot};

/// What a file says.
pub struct Parsed {
    /// `None` where nothing could be read.
    pub layer: Option<Config>,
    pub positions: Positions,
    pub faults: Vec<Fault>,
    /// Nothing was left out.
    pub is_complete: bool,
}

/// A mistake in the syntax. The texts quote nothing, since it could be a secret.
pub struct Fault {
    /// The setting, where one is meant.
    pub key: String,
    /// `None` where the whole file is meant.
    pub spot: Option<Spot>,
    pub what: String,
    pub remedy: &'static str,
}

/// The format that the name of a file stands for.
pub fn format_of(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "toml" => Some(FileFormat::Toml),
        "yaml" | "yml" => Some(FileFormat::Yaml),
        "json" => Some(FileFormat::Json),
        _ => None,
    }
}

pub fn parse(text: &str, format: FileFormat) -> Parsed {
    match format {
        FileFormat::Toml => toml(text, SHORTER_TRIES),
        FileFormat::Json => json(text),
        _ => yaml(text),
    }
}

/// How often a TOML text is cut before its first syntax error. Once is enough but for what was left open lines before.
const SHORTER_TRIES: u32 = 20;

fn toml(text: &str, shorter_tries: u32) -> Parsed {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    // After a key that stands twice the parser goes on as if the second were not there.
    let (duplicates, errors): (Vec<_>, Vec<_>) = errors
        .into_iter()
        .partition(|error| error.message() == "duplicate key");
    let fault = |error: &toml::de::Error, what: String, remedy| {
        let span = error.span().unwrap_or_default();
        Fault {
            key: String::new(),
            spot: Some(lines.spot(&span)),
            what,
            remedy,
        }
    };
    let start_of = |error: &toml::de::Error| error.span().unwrap_or_default().start;
    let first = errors.iter().min_by_key(|error| start_of(error));
    let mut faults: Vec<Fault> = duplicates
        .iter()
        .filter(|duplicate| first.is_none_or(|error| start_of(duplicate) < start_of(error)))
        .map(|duplicate| {
            let what = "this is set twice in the same file".to_owned();
            fault(duplicate, what, "remove one of the two")
        })
        .collect();
    if let Some(error) = first {
        let what = format!("this is not TOML: {}", error.message());
        faults.push(fault(error, what, "correct the syntax"));
        let before = before_line_of(text, start_of(error));
        let shorter = shorter_tries
            .checked_sub(1)
            .map(|tries| toml(before, tries));
        let (layer, positions) = shorter
            .map(|parsed| (parsed.layer, parsed.positions))
            .unwrap_or_default();
        return Parsed {
            layer,
            positions,
            // Those of the shorter text are known already, or come from cutting it.
            faults,
            is_complete: false,
        };
    }
    let positions = positions::toml(&lines, table.get_ref());
    let layer = Value::deserialize(toml::de::Deserializer::from(table))
        .map_err(|error| {
            let what = "this value cannot be read".to_owned();
            faults.push(fault(&error, what, "correct the value"));
        })
        .ok()
        .and_then(|tree| layer_of(&tree));
    Parsed {
        is_complete: layer.is_some() && duplicates.is_empty(),
        layer,
        positions,
        faults,
    }
}

/// The lines before the mistake at `at`. Where that is the start of a line, something on the line before was not
/// closed, so that is left out too; the result is always shorter than `text`.
fn before_line_of(text: &str, at: usize) -> &str {
    let before = text[..text.floor_char_boundary(at)].trim_end();
    before.rfind('\n').map_or("", |end| &before[..=end])
}

fn json(text: &str) -> Parsed {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let spot = Spot {
            line: error.line(),
            column: error.column().max(1),
            length: 1,
        };
        return unreadable(spot, format!("this is not JSON: {error}"));
    }
    // JSON that the YAML parser cannot follow is still read, only without lines.
    let positions = positions::yaml(text).unwrap_or_default();
    merged_by_config(text, FileFormat::Json, positions)
}

/// A tree as a layer. `Config::try_from` would leave out empty tables and lists, so it is written and read again.
pub fn layer_of(tree: &Value) -> Option<Config> {
    let text = tree.to_string();
    let source = config::File::from_str(&text, FileFormat::Json);
    Config::builder().add_source(source).build().ok()
}

fn yaml(text: &str) -> Parsed {
    match positions::yaml(text) {
        Ok(positions) => merged_by_config(text, FileFormat::Yaml, positions),
        Err(error) => {
            let spot = Spot {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                length: 1,
            };
            unreadable(spot, format!("this is not YAML: {}", error.info()))
        }
    }
}

fn merged_by_config(text: &str, format: FileFormat, positions: Positions) -> Parsed {
    let mut faults: Vec<Fault> = positions
        .duplicates
        .iter()
        .map(|(key, spot)| Fault {
            key: key.clone(),
            spot: Some(*spot),
            what: format!("`{key}` is set twice in the same file"),
            remedy: "remove one of the two",
        })
        .collect();
    let source = config::File::from_str(text, format);
    let layer = Config::builder().add_source(source).build().ok();
    if layer.is_none() && faults.is_empty() {
        faults.push(Fault {
            key: String::new(),
            spot: None,
            what: "the file is not one table of settings".to_owned(),
            remedy: "write keys and values like those of `hookbell init`",
        });
    }
    Parsed {
        is_complete: faults.is_empty(),
        layer,
        positions,
        faults,
    }
}

fn unreadable(spot: Spot, what: String) -> Parsed {
    Parsed {
        layer: None,
        positions: Positions::default(),
        faults: vec![Fault {
            key: String::new(),
            spot: Some(spot),
            what,
            remedy: "correct the syntax",
        }],
        is_complete: false,
    }
}
