//! Pages in `docs/` that are made from the code: a test compares them with what they should say now.

use std::fs;
use std::path::Path;

/// Fails when the page is not `expected`; with `HOOKBELL_UPDATE_DOCS` in the environment it is written instead.
pub fn assert_current(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    if std::env::var_os("HOOKBELL_UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let differing = page
        .lines()
        .zip(expected.lines())
        .find(|(is, should)| is != should);
    assert!(
        page == expected,
        "docs/{name} is not what the code says; HOOKBELL_UPDATE_DOCS=1 writes it anew. First: {differing:#?}"
    );
}
