//! The log, as operators and their programs read it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::relay::EVERYTHING;
use crate::vendor;

#[test]
fn in_json_every_line_is_an_object_with_sentence_and_fields() {
    let folder = TempDir::new().unwrap();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [groups.backend]\nwebhook = \"http://127.0.0.1:9/?access_token=x\"\n{}{EVERYTHING}",
        vendor::sources()
    );
    fs::write(folder.path().join("hookbell.toml"), config).unwrap();
    let mut relay = Command::new(env!("CARGO_BIN_EXE_hookbell"))
        .args(["serve", "--config", "hookbell.toml"])
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(relay.stderr.take().unwrap()).lines();
    let ready = lines
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|line| line["message"] == "ready")
        .unwrap();
    relay.kill().unwrap();
    relay.wait().unwrap();
    assert_eq!(ready["level"], "INFO");
    assert_eq!(ready["role"], "All");
    assert!(
        ready["timestamp"].is_string() && ready["server"].is_string(),
        "{ready}"
    );
}

/// The sentences of the page, between backticks at the start of its table's rows.
#[test]
fn the_page_names_only_sentences_that_are_logged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/operating.md")).unwrap();
    let table = page.split("| sentence | level | when |").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert!(told.len() > 10, "{told:?}");
    let mut source = String::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                source.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let logged: BTreeSet<&str> = source
        .split("tracing::")
        .filter_map(|call| call.split(");").next())
        .flat_map(|call| call.split('"'))
        .collect();
    let unknown: Vec<_> = told.difference(&logged).collect();
    assert!(unknown.is_empty(), "nobody says {unknown:?}");
}
