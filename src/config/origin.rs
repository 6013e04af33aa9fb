//! Where each setting was made: file, line and column, or environment variable.
//!
//! The `config` crate merges files but does not tell where a value came from, so the positions in each file are merged
//! here by the same rule: tables are joined, everything else is replaced.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::key;
use super::positions::{Positions, Spot};
use super::problem::{self, Excerpt, Place, Problem, Severity};

/// The origin of every setting.
#[derive(Default)]
pub struct Origins {
    files: Vec<(PathBuf, String)>,
    spots: HashMap<String, Origin>,
}

enum Origin {
    File { index: usize, spot: Spot },
    Env(String),
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
        // What was not there has nothing in it, and most settings are made once.
        if !is_table && self.is_set(&key) {
            self.spots.retain(|known, _| !key::is_within(known, &key));
        }
        self.spots.insert(key, origin);
    }

    /// The key that the parts of a variable's name stand for. Shells have no `-` in names, so `MY_GROUP` also stands
    /// for a `my-group` that is set already.
    pub fn spelling(&self, parts: &[String]) -> (String, Vec<String>) {
        let mut path = String::new();
        let mut names = Vec::new();
        for part in parts {
            let siblings = self.spots.keys();
            let with_dashes = siblings
                .filter(|known| key::parent(known) == Some(path.as_str()))
                .map(|known| known[path.len()..].trim_start_matches('.'))
                .find(|name| name.replace('-', "_") == *part);
            let plain = key::child(&path, part);
            let name = match with_dashes {
                Some(name) if !self.is_set(&plain) => name.to_owned(),
                _ => part.clone(),
            };
            path = key::child(&path, &name);
            names.push(name);
        }
        (path, names)
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

    /// The number of the layer that made a setting: that of the file, or the highest for the environment.
    pub fn layer(&self, key: &str) -> usize {
        match self.nearest(key) {
            Some(Origin::File { index, .. }) => *index,
            Some(Origin::Env(_)) | None => usize::MAX,
        }
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

/// Shows no text of the files, which may hold secrets.
impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.iter().map(|(path, _)| path);
        f.debug_list().entries(files).finish()
    }
}
