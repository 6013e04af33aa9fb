//! Line and column of every setting in a file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::Marker;

use super::key;

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
    pub settings: Vec<Setting>,
    /// YAML and JSON keys that were set twice, with the second place.
    pub duplicates: Vec<(String, Spot)>,
}

#[derive(Debug)]
pub struct Setting {
    pub key: String,
    pub spot: Spot,
    /// Joined with what other layers have there, and not replaced.
    pub is_table: bool,
}

/// A text with its lines counted once.
pub struct Lines<'a> {
    text: &'a str,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Lines<'a> {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines {
            text,
            starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    /// Line, column and length of a range of bytes.
    pub fn spot(&self, span: &Range<usize>) -> Spot {
        let at = self.text.floor_char_boundary(span.start);
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts[line - 1];
        let marked = self.text.get(span.clone()).unwrap_or_default();
        Spot {
            line,
            column: self.text[start..at].chars().count() + 1,
            length: marked.lines().next().map_or(1, |line| line.chars().count()),
        }
    }
}

/// The positions in a TOML file.
pub fn toml(lines: &Lines<'_>, table: &DeTable<'_>) -> Positions {
    let mut positions = Positions::default();
    positions.add_table(lines, "", table);
    positions
}

impl Positions {
    fn add(&mut self, key: String, spot: Spot, is_table: bool) {
        self.settings.push(Setting {
            key,
            spot,
            is_table,
        });
    }

    fn add_table(&mut self, lines: &Lines<'_>, path: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = key::child(path, name.get_ref());
            self.add_value(lines, key, &name.span(), value);
        }
    }

    fn add_array(&mut self, lines: &Lines<'_>, path: &str, array: &DeArray<'_>) {
        for (index, value) in array.iter().enumerate() {
            self.add_value(lines, key::item(path, index), &value.span(), value);
        }
    }

    fn add_value(
        &mut self,
        lines: &Lines<'_>,
        key: String,
        span: &Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let spot = lines.spot(span);
        let value = value.get_ref();
        self.add(key.clone(), spot, matches!(value, DeValue::Table(_)));
        match value {
            DeValue::Table(table) => self.add_table(lines, &key, table),
            DeValue::Array(array) => self.add_array(lines, &key, array),
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

    /// A key or a value, whichever is due.
    fn scalar(&mut self, text: &str, here: Spot) {
        if !self.take_key(text, here) {
            self.value(here, false);
        }
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
            Event::Scalar(text, ..) => self.scalar(&text, here),
            Event::Alias(_) => self.scalar("*", here),
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
