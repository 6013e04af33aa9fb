//! Where each setting was made: file, line and column, or environment variable.
//!
//! The `config` crate merges files but does not tell where a value came from, so each file is read a second time for
//! its positions, and these are merged by the same rule: tables are joined, everything else is replaced.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::Marker;

use super::key;
use super::problem::{self, Excerpt, Place, Problem, Severity};

/// The origin of every setting.
#[derive(Debug, Default)]
pub struct Origins {
    files: Vec<(PathBuf, String)>,
    spots: HashMap<String, Origin>,
}

#[derive(Debug, Clone)]
enum Origin {
    File { index: usize, spot: Spot },
    Env(String),
}

/// A piece of text: line and column from one, length; all in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

/// What a file sets, in its order.
#[derive(Debug, Default)]
pub struct Positions {
    settings: Vec<Setting>,
    /// Keys that were set twice, with the second place.
    pub duplicates: Vec<(String, Spot)>,
}

#[derive(Debug)]
struct Setting {
    key: String,
    spot: Spot,
    is_table: bool,
}

impl Origins {
    /// Remembers a file's text for excerpts; returns its number.
    pub fn add_file(&mut self, path: &Path, text: &str) -> usize {
        self.files.push((path.to_owned(), text.to_owned()));
        self.files.len() - 1
    }

    /// Lays the settings of a file over those that are there.
    pub fn add_settings(&mut self, file: usize, positions: Positions) {
        for setting in positions.settings {
            let spot = setting.spot;
            let origin = Origin::File { index: file, spot };
            self.set(setting.key, origin, setting.is_table);
        }
    }

    /// Says that a setting comes from an environment variable.
    pub fn add_variable(&mut self, key: String, name: &str) {
        self.set(key, Origin::Env(name.to_owned()), false);
    }

    fn set(&mut self, key: String, origin: Origin, is_table: bool) {
        if !is_table {
            self.spots.retain(|known, _| !key::is_within(known, &key));
        }
        self.spots.insert(key, origin);
    }

    /// Whether exactly this setting was made.
    pub fn is_set(&self, key: &str) -> bool {
        self.spots.contains_key(key)
    }

    /// A problem with the setting `key`.
    pub fn problem(&self, severity: Severity, key: &str, what: String, remedy: String) -> Problem {
        Problem {
            severity,
            place: self.place(key),
            key: key.to_owned(),
            what,
            remedy,
            excerpt: self.excerpt(key),
        }
    }

    /// Where a setting was made; for one that was not, the nearest table around it.
    pub fn place(&self, key: &str) -> Place {
        match self.nearest(key) {
            Some(Origin::File { index, spot }) => self.place_in(*index, *spot),
            Some(Origin::Env(name)) => Place::Env(name.clone()),
            None => Place::Unknown,
        }
    }

    /// The line of a setting for showing it.
    fn excerpt(&self, key: &str) -> Option<Excerpt> {
        match self.nearest(key)? {
            Origin::File { index, spot } => self.excerpt_in(*index, *spot, key),
            Origin::Env(_) => None,
        }
    }

    pub fn place_in(&self, file: usize, spot: Spot) -> Place {
        Place::File {
            file: self.files[file].0.clone(),
            line: spot.line,
            column: spot.column,
        }
    }

    pub fn excerpt_in(&self, file: usize, spot: Spot, key: &str) -> Option<Excerpt> {
        let line = self.files[file].1.lines().nth(spot.line.checked_sub(1)?)?;
        Some(problem::excerpt(line, spot.column, spot.length, key))
    }

    /// The position of a file in the order of loading.
    pub fn rank(&self, file: &Path) -> usize {
        let known = self.files.iter().position(|(path, _)| path == file);
        known.unwrap_or(self.files.len())
    }

    fn nearest(&self, key: &str) -> Option<&Origin> {
        let mut path = key;
        loop {
            if let Some(origin) = self.spots.get(path) {
                return Some(origin);
            }
            path = key::parent(path)?;
        }
    }
}

/// Line and column of a byte in a text.
pub fn spot_of(text: &str, start: usize, length: usize) -> Spot {
    let before = &text[..text.floor_char_boundary(start)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Spot {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        length,
    }
}

/// The positions in a TOML file.
pub fn toml(text: &str) -> Result<Positions, toml::de::Error> {
    let table = DeTable::parse(text)?;
    let mut positions = Positions::default();
    positions.add_table(text, "", table.get_ref());
    Ok(positions)
}

impl Positions {
    fn add(&mut self, key: String, spot: Spot, is_table: bool) {
        self.settings.push(Setting {
            key,
            spot,
            is_table,
        });
    }

    fn add_table(&mut self, text: &str, path: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = key::child(path, name.get_ref());
            self.add_value(text, key, name.span(), value);
        }
    }

    fn add_array(&mut self, text: &str, path: &str, array: &DeArray<'_>) {
        for (index, value) in array.iter().enumerate() {
            self.add_value(text, key::item(path, index), value.span(), value);
        }
    }

    fn add_value(
        &mut self,
        text: &str,
        key: String,
        span: std::ops::Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let length = text
            .get(span.clone())
            .map_or(1, |word| word.chars().count());
        let spot = spot_of(text, span.start, length);
        let value = value.get_ref();
        self.add(key.clone(), spot, matches!(value, DeValue::Table(_)));
        match value {
            DeValue::Table(table) => self.add_table(text, &key, table),
            DeValue::Array(array) => self.add_array(text, &key, array),
            _ => {}
        }
    }
}

/// The positions in a YAML file, or in a JSON file, which YAML includes.
pub fn yaml(text: &str) -> Result<Positions, yaml_rust2::ScanError> {
    let mut walk = YamlWalk::default();
    Parser::new_from_str(text).load(&mut walk, false)?;
    Ok(walk.positions)
}

/// Follows the events of a YAML parser with the path to where it is.
#[derive(Default)]
struct YamlWalk {
    positions: Positions,
    open: Vec<Node>,
}

enum Node {
    /// A table; `key` is set between a key and its value.
    Table {
        path: String,
        key: Option<(String, Spot)>,
        seen: Vec<String>,
    },
    List {
        path: String,
        next: usize,
    },
}

impl YamlWalk {
    /// Path and position of the value that begins here.
    fn begin_value(&mut self, here: Spot) -> (String, Spot) {
        match self.open.last_mut() {
            None => (String::new(), here),
            Some(Node::List { path, next }) => {
                let key = key::item(path, *next);
                *next += 1;
                (key, here)
            }
            Some(Node::Table { path, key, .. }) => match key.take() {
                Some((name, spot)) => (key::child(path, &name), spot),
                None => (key::child(path, "?"), here),
            },
        }
    }

    /// Takes a text as the key of the table that is open. `false` when a value is due.
    fn take_key(&mut self, name: &str, here: Spot) -> bool {
        let Some(Node::Table { path, key, seen }) = self.open.last_mut() else {
            return false;
        };
        if key.is_some() {
            return false;
        }
        if seen.iter().any(|known| known == name) {
            let duplicate = (key::child(path, name), here);
            self.positions.duplicates.push(duplicate);
        }
        seen.push(name.to_owned());
        *key = Some((name.to_owned(), here));
        true
    }

    fn value(&mut self, here: Spot, is_table: bool) -> String {
        let (key, spot) = self.begin_value(here);
        if !key.is_empty() {
            self.positions.add(key.clone(), spot, is_table);
        }
        key
    }
}

impl MarkedEventReceiver for YamlWalk {
    fn on_event(&mut self, event: Event, mark: Marker) {
        let length = match &event {
            Event::Scalar(text, ..) => text.lines().next().unwrap_or_default().chars().count(),
            _ => 1,
        };
        let here = Spot {
            line: mark.line(),
            column: mark.col() + 1,
            length: length.max(1),
        };
        match event {
            Event::Scalar(text, ..) => {
                if !self.take_key(&text, here) {
                    self.value(here, false);
                }
            }
            Event::Alias(_) => {
                if !self.take_key("*", here) {
                    self.value(here, false);
                }
            }
            Event::MappingStart(..) => {
                let path = self.value(here, true);
                self.open.push(Node::Table {
                    path,
                    key: None,
                    seen: Vec::new(),
                });
            }
            Event::SequenceStart(..) => {
                let path = self.value(here, false);
                self.open.push(Node::List { path, next: 0 });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
            }
            _ => {}
        }
    }
}
