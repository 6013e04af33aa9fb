//! What the tests of configs share: files in a folder, and their problems as text.

mod delivery;
mod layers;
mod mistakes;
mod settings;
mod shown;
mod starter;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A folder with config files in it.
struct Folder {
    dir: TempDir,
    files: Vec<PathBuf>,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let dir = TempDir::new().unwrap();
        let files = files.iter().map(|(name, text)| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        });
        let files = files.collect();
        Folder { dir, files }
    }

    fn load(&self, environment: &[(&str, &str)]) -> Loaded {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&self.files, environment)
    }

    /// Problems as `file:line key: what; remedy`, one a line.
    fn problems(&self, environment: &[(&str, &str)]) -> String {
        let loaded = self.load(environment);
        let lines = loaded.problems().iter().map(|problem| {
            let place = match &problem.place {
                Place::File { file, line, column } => {
                    let name = file.file_name().unwrap().to_string_lossy();
                    format!("{name}:{line}:{column}")
                }
                place => place.to_string(),
            };
            format!("{place} {}; {}", problem.what, problem.remedy)
                .replace(&format!("{}/", self.dir.path().display()), "")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn toml_problems(text: &str) -> String {
    Folder::with(&[("a.toml", text)]).problems(&[])
}

/// A config that works, to put one mistake into.
const GOOD: &str = r#"
[groups.ops]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=abc"
secret = "SECabc"

[[routes]]
to = "ops"
"#;

/// What is wrong with a good config to which `text` was added.
fn added(text: &str) -> String {
    toml_problems(&format!("{text}\n{GOOD}"))
}
