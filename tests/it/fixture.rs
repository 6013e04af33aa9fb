//! Fixtures: webhook requests written for this project, one folder each.
//!
//! `tests/fixtures/<kind>/<case>/payload.json` is the body (for Travis CI what its form holds), `headers.txt` the
//! headers that matter (`Name: value` lines). Beside them lie the snapshots: `event.snap`, and `message-en.snap` and
//! `message-zh.snap`.

use std::fs;
use std::path::{Path, PathBuf};

use hookbell::core::event::Kind;
use hookbell::core::source::RawRequest;
use serde_json::Value;

pub struct Fixture {
    pub kind: Kind,
    /// `github/push_three_commits`, for messages of failing tests.
    pub name: String,
    pub folder: PathBuf,
    pub request: RawRequest,
}

impl Fixture {
    /// The same request with other JSON in it.
    pub fn with_payload(&self, payload: &Value) -> RawRequest {
        let payload = payload.to_string().into_bytes();
        let body = match self.kind {
            Kind::Travis => form_encoded(&payload),
            _ => payload,
        };
        RawRequest {
            body: body.into(),
            ..self.request.clone()
        }
    }
}

/// Every fixture, in the order of their names.
pub fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut fixtures = Vec::new();
    for kind in Kind::ALL {
        let folder = root.join(kind.name());
        let Ok(cases) = fs::read_dir(&folder) else {
            continue;
        };
        let mut folders: Vec<PathBuf> = cases.map(|case| case.unwrap().path()).collect();
        folders.sort();
        fixtures.extend(folders.into_iter().map(|folder| read(kind, folder)));
    }
    fixtures
}

fn read(kind: Kind, folder: PathBuf) -> Fixture {
    let body = fs::read(folder.join("payload.json"))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut headers = headers(&folder.join("headers.txt"));
    let body = match kind {
        Kind::Travis => {
            let form = "application/x-www-form-urlencoded";
            headers.push(("content-type".to_owned(), form.to_owned()));
            form_encoded(&body)
        }
        _ => body,
    };
    let case = folder.file_name().unwrap().to_string_lossy();
    Fixture {
        kind,
        name: format!("{}/{case}", kind.name()),
        request: RawRequest {
            headers,
            query: Vec::new(),
            body: body.into(),
        },
        folder,
    }
}

/// The headers in a file of `Name: value` lines; none where there is no such file.
pub fn headers(file: &Path) -> Vec<(String, String)> {
    fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

/// The body that Travis CI posts: a form with the JSON in one field.
fn form_encoded(payload: &[u8]) -> Vec<u8> {
    let encoded: String = url::form_urlencoded::byte_serialize(payload).collect();
    format!("payload={encoded}").into_bytes()
}

/// Compares `content` with the snapshot `name` in the fixture's own folder.
pub fn assert_snapshot(fixture: &Fixture, name: &str, content: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(&fixture.folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(fixture.name.clone());
    settings.bind(|| insta::assert_snapshot!(name, content));
}
