//! Configs with mistakes in them, and what is said about each.

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

const ROUTE: &str = "[[routes]]\nto = \"ops\"\n[groups.ops]\nwebhook = \"https://oapi.dingtalk.com/robot/send?access_token=abc\"\n";

#[test]
fn reports_twelve_mistakes_in_one_run_each_with_its_line() {
    let text = r#"
[server]
lisen = "0.0.0.0:80"
max_body = "many"

[admin]
listen = "0.0.0.0:8081"

[store]
retention = "a fortnight"

[templates]
language = "de"

[sources.github]
secret = { env = "NOT_SET" }

[sources.jira]

[sources.ci]
kind = "gitlab"
secret = "hunter2"

[groups.backend]
webhook = "https://oapi.dingtalk.com/robot/send"
secret = "SECabc"
rate_per_minute = 60
keywords = "build"

[people.alice]
mobile = 13800000000

[[routes]]
name = "builds"
to = ["backend", "bakend"]
mention = ["athor"]

[[routes]]
name = "builds"
source = "bitbucket"
"#;
    insta::assert_snapshot!(toml_problems(text));
}
