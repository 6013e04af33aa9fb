//! Modules import each other in one direction. This test reads the source for `crate::` paths and holds them to the
//! table, so that a new arrow is a decision and not an accident.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and those it may name. A module may name only modules above it in this table, so there is no circle.
const MAY_USE: [(&str, &[&str]); 20] = [
    ("core", &[]),
    ("clock", &[]),
    ("doorbell", &[]),
    ("drawing", &["core"]),
    ("metrics", &[]),
    ("traces", &[]),
    ("store", &["core"]),
    ("health", &["store"]),
    ("bot", &["core", "clock"]),
    ("config", &["core", "bot"]),
    ("checked", &["core", "store", "bot", "config"]),
    ("current", &["config", "checked"]),
    (
        "ingest",
        &["core", "clock", "doorbell", "metrics", "traces", "store"],
    ),
    (
        "delivery",
        &[
            "core", "clock", "doorbell", "metrics", "traces", "store", "health", "bot",
        ],
    ),
    ("sandbox", &["core", "clock", "drawing", "bot"]),
    (
        "operate",
        &[
            "core", "clock", "doorbell", "metrics", "store", "bot", "config", "checked", "current",
        ],
    ),
    // Only what it shows: what it does is in `operate`.
    (
        "admin",
        &[
            "core", "clock", "drawing", "metrics", "store", "health", "current", "operate",
        ],
    ),
    (
        "app",
        &[
            "core", "clock", "doorbell", "metrics", "traces", "store", "health", "bot", "config",
            "checked", "current", "ingest", "delivery", "operate", "admin",
        ],
    ),
    (
        "cli",
        &[
            "core", "clock", "doorbell", "store", "bot", "config", "checked", "current", "operate",
            "sandbox", "app",
        ],
    ),
    ("main", &["cli"]),
];

#[test]
fn every_module_uses_only_those_it_may() {
    let mut wrong = Vec::new();
    for file in sources() {
        let module = module_of(&file);
        let allowed = allowed(&module);
        for used in used_modules(&fs::read_to_string(&file).unwrap()) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: {module} uses {used}", file.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not in the table of this test:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_table_allows_no_circle() {
    for (at, (module, used)) in MAY_USE.iter().enumerate() {
        for name in *used {
            let below = MAY_USE[..at].iter().any(|(known, _)| known == name);
            assert!(
                below,
                "{module} may use {name}, which does not stand before it"
            );
        }
    }
}

#[test]
fn the_core_does_no_io_and_asks_no_clock() {
    let forbidden = [
        "std::fs",
        "std::env",
        "std::net",
        "tokio::",
        "reqwest::",
        "Timestamp::now",
        "Instant::now",
    ];
    let is_core = |file: &PathBuf| module_of(file) == "core" && !file.ends_with("tests.rs");
    for file in sources().into_iter().filter(is_core) {
        let text = fs::read_to_string(&file).unwrap();
        for word in forbidden {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
    }
}

fn allowed(module: &str) -> &'static [&'static str] {
    MAY_USE
        .iter()
        .find(|(name, _)| *name == module)
        .unwrap_or_else(|| panic!("module {module} is not in the table of this test"))
        .1
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All source files but `lib.rs`, which names every module.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs")
                && !path.ends_with("src/lib.rs")
            {
                found.push(path);
            }
        }
    }
    found
}

/// `src/core/route/when.rs` -> `core`, `src/clock.rs` -> `clock`.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(root()).unwrap();
    let first = inside.components().next().unwrap().as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// First segments of all paths that start with `crate::` or, in `main.rs`, with the crate's name.
fn used_modules(text: &str) -> BTreeSet<String> {
    let starts = ["crate::", "hookbell::"];
    let name = |rest: &str| -> String {
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    starts
        .iter()
        .flat_map(|start| {
            text.match_indices(start)
                .map(|(at, _)| name(&text[at + start.len()..]))
        })
        .filter(|name| !name.is_empty())
        .collect()
}
