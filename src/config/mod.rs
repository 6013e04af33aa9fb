//! Reads config files and the environment, checks everything, and reports every problem at once.
//!
//! `layers` are merged and their `structure` is compared with the schema; then `check` resolves secrets, names and
//! values into a [`Config`]. A [`Problem`] says what is wrong, where (`origin`) and what to write instead.
//! Patterns, conditions and templates are compiled by the parts that own them, which add what they find through
//! [`Loaded::error`] before [`Loaded::finish`].

mod check;
mod key;
mod layers;
mod origin;
mod positions;
mod problem;
mod raw;
mod schema;
mod settings;
mod structure;
mod syntax;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use self::check::Check;
use self::layers::Layers;
use self::origin::Origins;
pub use self::problem::{Excerpt, Place, Problem, Severity};
pub use self::settings::*;

/// The commented config that `hookbell init` writes.
pub const STARTER: &str = include_str!("../../config/hookbell.toml");

/// The JSON Schema of the config file.
pub fn schema() -> serde_json::Value {
    schema::schema().clone()
}

/// The variables of this process, without those that are not UTF-8.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A config as far as it could be read, with what is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    draft: Config,
    problems: Vec<Problem>,
    origins: Origins,
    secret_files: Vec<PathBuf>,
}

/// Reads `files`, of which later ones win, and `environment`, which wins over them: `HOOKBELL__SERVER__LISTEN` is
/// `server.listen`, and lists are separated by commas. Paths of secrets are relative to the file that names them;
/// those of the store and the templates to the working directory.
pub fn load(files: &[PathBuf], environment: impl Iterator<Item = (String, String)>) -> Loaded {
    let environment: BTreeMap<String, String> = environment.collect();
    let mut layers = Layers::new();
    for file in files {
        layers.add_file(file);
    }
    layers.add_environment(&environment);
    layers.merge();

    let mut check = Check::new(&layers.origins, &environment, layers.problems);
    if !layers.is_complete {
        check.prune("");
    }
    let raw = structure::read(layers.tree, &mut check);
    let draft = check::config(raw, &mut check);
    let (problems, secret_files) = check.finish();
    let mut loaded = Loaded {
        draft,
        problems,
        origins: layers.origins,
        secret_files,
    };
    loaded.sort();
    loaded
}

impl Loaded {
    /// What could be read, with defaults in place of what is wrong: good for further checks and nothing else.
    pub fn draft(&self) -> &Config {
        &self.draft
    }

    /// The files that secrets were read from, or should have been.
    pub fn secret_files(&self) -> &[PathBuf] {
        &self.secret_files
    }

    /// All problems, in the order of the files and their lines.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub fn has_errors(&self) -> bool {
        let mut severities = self.problems.iter().map(|problem| problem.severity);
        severities.any(|severity| severity == Severity::Error)
    }

    /// Adds a problem that was found by another part. The texts must not hold secrets.
    pub fn error(&mut self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Error, key, what.into(), remedy.into());
    }

    /// Like [`Loaded::error`], for something that works but is probably not meant.
    pub fn warn(&mut self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Warning, key, what.into(), remedy.into());
    }

    /// Adds a problem in a file that the config leads to, such as a template.
    pub fn file_error(&mut self, file: PathBuf, line: Option<usize>, what: String, remedy: String) {
        self.of_file(Severity::Error, file, line, what, remedy);
    }

    /// Like [`Loaded::file_error`], for something that works but is probably not meant.
    pub fn file_warning(&mut self, file: PathBuf, line: usize, what: String, remedy: String) {
        self.of_file(Severity::Warning, file, Some(line), what, remedy);
    }

    fn of_file(
        &mut self,
        severity: Severity,
        file: PathBuf,
        line: Option<usize>,
        what: String,
        remedy: String,
    ) {
        self.problems.push(Problem {
            severity,
            place: Place::File {
                file,
                line: line.unwrap_or(0),
                column: 1,
            },
            key: String::new(),
            what,
            remedy,
            excerpt: None,
        });
        self.sort();
    }

    fn add(&mut self, severity: Severity, key: &str, what: String, remedy: String) {
        self.problems
            .push(self.origins.problem(severity, key, what, remedy));
        self.sort();
    }

    /// The config and its warnings, or all problems if one of them is an error.
    pub fn finish(self) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
        if self.has_errors() {
            Err(self.problems)
        } else {
            Ok((self.draft, self.problems))
        }
    }

    fn sort(&mut self) {
        let origins = &self.origins;
        self.problems.sort_by_key(|problem| match &problem.place {
            Place::File { file, line, column } => (origins.rank(file), *line, *column),
            Place::Env(_) => (usize::MAX - 1, 0, 0),
            Place::Unknown => (usize::MAX, 0, 0),
        });
    }
}

#[cfg(test)]
mod tests;
