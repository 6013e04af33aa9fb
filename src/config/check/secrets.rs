//! Finds secrets where the config says that they are. Problems name the variable or file and never what is in it.

use std::fs;

use super::Check;
use crate::config::key;
use crate::config::raw::{RawSecret, RawSecrets};
use crate::core::secret::Secret;

impl Check<'_> {
    /// All secrets of a setting; those that cannot be found are reported and left out.
    pub fn secrets(&mut self, key: &str, raw: Option<&RawSecrets>) -> Vec<Secret> {
        match raw {
            None => Vec::new(),
            Some(RawSecrets::One(secret)) => self.secret(key, secret).into_iter().collect(),
            Some(RawSecrets::Many(secrets)) => {
                if secrets.is_empty() {
                    let what = format!("`{key}` is an empty list");
                    self.error(key, what, "give at least one secret, or remove the key");
                }
                secrets
                    .iter()
                    .enumerate()
                    .filter_map(|(index, secret)| self.secret(&key::item(key, index), secret))
                    .collect()
            }
        }
    }

    /// One secret; `None` after reporting that it cannot be found.
    pub fn secret(&mut self, key: &str, raw: &RawSecret) -> Option<Secret> {
        let (text, empty) = match raw {
            RawSecret::Text(text) => (text.clone(), format!("`{key}` is empty")),
            RawSecret::Env(from) => {
                let name = &from.env;
                let Some(text) = self.environment.get(name) else {
                    self.error(
                        key,
                        format!("`{key}` wants the environment variable {name}, which is not set"),
                        format!("set {name} where Hookbell is started, or change `{key}`"),
                    );
                    return None;
                };
                let empty = format!("the environment variable {name} of `{key}` is empty");
                (text.clone(), empty)
            }
            RawSecret::File(from) => {
                let path = self.folder_of(&key::child(key, "file")).join(&from.file);
                let text = fs::read_to_string(&path);
                self.secret_files.push(path.clone());
                match text {
                    Ok(text) => {
                        let text = text.trim_end_matches(['\r', '\n']).to_owned();
                        let empty = format!("the file {} of `{key}` is empty", path.display());
                        (text, empty)
                    }
                    Err(error) => {
                        self.error(
                            key,
                            format!(
                                "the file {} of `{key}` cannot be read: {error}",
                                path.display()
                            ),
                            "put the secret there; the path is relative to the config file",
                        );
                        return None;
                    }
                }
            }
        };
        if text.trim().is_empty() {
            self.error(key, empty, "put the secret there");
            return None;
        }
        Some(Secret::new(text))
    }
}
