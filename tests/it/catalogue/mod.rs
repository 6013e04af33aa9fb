//! The catalogue of all events: what each vendor documents, in the smallest requests that are read as that.
//!
//! `docs/events.md` is made from it by reading the requests and looking up their templates, so the page cannot say
//! what the code does not do. `HOOKBELL_UPDATE_DOCS=1 cargo test --test it` writes the page anew.

mod codeup;
mod github;
mod gitlab;
mod jira;
mod page;
mod travis;

use std::collections::BTreeSet;

use hookbell::core::event::{Event, Kind};
use hookbell::core::json::Document;
use hookbell::core::route::{Route, RouteSpec, Routes};
use hookbell::core::source::{self, RawRequest};
use hookbell::core::template::{Language, Templates, builtin_files};

use crate::documents;

/// What a vendor sends in one case.
struct Row {
    /// The event under the name that routes and templates use, or one of its other names; `$` is the word.
    event: &'static str,
    /// The words that stand for `$` in the body, each a request of its own; actions (`-` where there is
    /// none) or, with a `$` in `event`, parts of names.
    words: &'static str,
    /// What makes the case, where event and action alone do not.
    case: &'static str,
    /// JSON.
    body: &'static str,
    /// Headers that the source reads.
    headers: &'static [(&'static str, &'static str)],
}

impl Row {
    /// For messages of failing tests.
    fn named(&self, kind: Kind, word: &str) -> String {
        let event = self.event.replace('$', word);
        format!("{} {event} {word} {}", kind.name(), self.case)
    }
}

/// A row for events whose case is told by event and action.
const fn row(event: &'static str, words: &'static str, body: &'static str) -> Row {
    case(event, words, "", body)
}

const fn case(
    event: &'static str,
    words: &'static str,
    case: &'static str,
    body: &'static str,
) -> Row {
    Row {
        event,
        words,
        case,
        body,
        headers: &[],
    }
}

/// A request of a row, read.
struct Known {
    row: &'static Row,
    kind: Kind,
    event: Event,
    payload: Document,
    /// Relative to the language's folder.
    template: String,
}

fn rows_of(kind: Kind) -> Vec<&'static Row> {
    match kind {
        Kind::Github => github::ROWS.iter().chain(github::MORE).collect(),
        Kind::Gitlab => gitlab::ROWS.iter().collect(),
        Kind::Jira => jira::ROWS.iter().collect(),
        Kind::Codeup => codeup::ROWS.iter().collect(),
        Kind::Travis => travis::ROWS.iter().collect(),
    }
}

/// Every request of the catalogue, with words that name its row.
pub fn requests() -> Vec<(Kind, String, RawRequest)> {
    let of_kind = |kind| {
        read(kind)
            .into_iter()
            .map(move |(row, word, request)| (kind, row.named(kind, word), request))
    };
    Kind::ALL.into_iter().flat_map(of_kind).collect()
}

fn read(kind: Kind) -> Vec<(&'static Row, &'static str, RawRequest)> {
    let words = |row: &'static Row| {
        row.words
            .split_whitespace()
            .map(move |word| (row, word, request(kind, row, word)))
    };
    rows_of(kind).into_iter().flat_map(words).collect()
}

fn known(kind: Kind) -> Vec<Known> {
    let templates = Templates::builtin();
    let mut all = Vec::new();
    for (row, word, request) in read(kind) {
        let place = row.named(kind, word);
        let parsed = source::of(kind)
            .parse(&request)
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let event = parsed.event;
        let name = row.event.replace('$', word);
        assert!(is_called(&event, &name), "{place}: read as {}", event.event);
        if !row.event.contains('$') {
            let action = if word == "-" { "" } else { word };
            let is_it = event.action.eq_ignore_ascii_case(action);
            assert!(is_it, "{place}: read as {}", event.action);
        }
        let path = templates.find(&event, Language::En, None).unwrap();
        all.push(Known {
            row,
            kind,
            template: path.trim_start_matches("en/").to_owned(),
            event,
            payload: parsed.payload,
        });
    }
    all
}

fn is_called(event: &Event, name: &str) -> bool {
    event.event == name || event.aliases.event.iter().any(|known| known == name)
}

fn request(kind: Kind, row: &Row, word: &str) -> RawRequest {
    let body = row.body.replace('$', word);
    let mut headers: Vec<(String, String)> = row
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    if kind == Kind::Github {
        headers.push(("x-github-event".to_owned(), row.event.to_owned()));
    }
    RawRequest {
        headers,
        query: Vec::new(),
        body: body.into(),
    }
}

#[test]
fn the_page_of_events_says_what_the_code_does() {
    documents::assert_current("events.md", &page::events());
}

#[test]
fn what_is_silent_is_told_to_a_route_that_names_it_as_the_page_says() {
    for known in Kind::ALL.into_iter().flat_map(known) {
        let Some(quiet) = &known.event.quiet else {
            continue;
        };
        let named = RouteSpec {
            event: vec![known.event.event.clone()],
            action: Some(quiet.word.clone())
                .filter(|word| *word != known.event.event)
                .into_iter()
                .collect(),
            ..RouteSpec::default()
        };
        let place = format!("{} {}", known.event.event, known.event.action);
        assert!(is_told(&known, named), "{place}");
        assert!(!is_told(&known, RouteSpec::default()), "{place}");
    }
}

fn is_told(known: &Known, spec: RouteSpec) -> bool {
    let spec = RouteSpec {
        name: "route".into(),
        to: vec!["group".into()],
        ..spec
    };
    let routes = Routes::new(vec![Route::compile(spec).unwrap()]);
    let decision = routes.decide(known.kind.name(), &known.event, &known.payload);
    !decision.plans.is_empty()
}

#[test]
fn every_template_is_for_an_event_that_the_vendor_documents_or_for_several_events() {
    let several = ["en/digest.hbs", "en/story.hbs"].map(str::to_owned);
    let used: BTreeSet<String> = Kind::ALL
        .into_iter()
        .flat_map(known)
        .map(|known| format!("en/{}", known.template))
        .chain(several)
        .collect();
    let unused: Vec<String> = builtin_files()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| path.starts_with("en/") && path.ends_with(".hbs"))
        .filter(|path| !path.starts_with("en/partials/") && !used.contains(path))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}
