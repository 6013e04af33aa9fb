//! Every message that can be made from what we have, fixtures and recordings, read by the lint and by the sandbox.
//!
//! Recordings of events that are silent by default are rendered too: a route may ask for them.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use hookbell::bot::dingtalk;
use hookbell::clock::LeapingClock;
use hookbell::core::compose::Composer;
use hookbell::core::event::Kind;
use hookbell::core::fold::Part;
use hookbell::core::people::People;
use hookbell::core::route::Plan;
use hookbell::core::source::{self, Parsed, RawRequest};
use hookbell::core::template::{Language, Templates};
use hookbell::sandbox::{self, Sandbox};
use jiff::Timestamp;

use crate::{catalogue, fixture, lint, recorded};

#[test]
fn no_message_of_a_fixture_has_a_fault() {
    let requests = fixture::all().into_iter();
    let faults = faults_of(requests.map(|fixture| (fixture.kind, fixture.name, fixture.request)));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The requests of the catalogue have nothing in them that is not needed to recognize the event.
#[test]
fn no_message_of_the_barest_payload_has_a_fault() {
    let faults = faults_of(catalogue::requests());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_message_of_a_recording_has_a_fault() {
    let faults = faults_of(recordings());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[tokio::test]
async fn the_sandbox_takes_every_message_of_a_recording() {
    let composer = composer();
    let clock = LeapingClock::starting_at(Timestamp::UNIX_EPOCH);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(sandbox::serve(listener, Sandbox::open(Arc::new(clock))).unwrap());
    let client = reqwest::Client::new();
    for (at, (kind, name, request)) in recordings().into_iter().enumerate() {
        let parsed = source::of(kind).parse(&request).unwrap();
        for language in Language::ALL {
            let (_, body) = posted(&composer, &parsed, language);
            // A bot for each message, or the clock would have to turn for their limits.
            let bot = format!("{}-{at}", language.name());
            let url = format!("{address}/robot/send?access_token={bot}");
            let post = client.post(url).header("content-type", "application/json");
            let answer = post.body(body).send().await.unwrap().text().await.unwrap();
            assert!(answer.contains(r#""errcode":0,"#), "{name}: {answer}");
        }
    }
}

pub fn composer() -> Composer {
    Composer {
        templates: Templates::builtin(),
        people: People::default(),
        language: Language::En,
    }
}

/// The template that is found for an event, and the body that is posted.
pub fn posted(composer: &Composer, parsed: &Parsed, language: Language) -> (String, String) {
    let plan = Plan::default();
    let now = parsed.event.at.unwrap_or(Timestamp::UNIX_EPOCH) + Duration::from_secs(600);
    let template = composer.templates.find(&parsed.event, language, None);
    let part = Part {
        parsed,
        plan: &plan,
        received_at: now,
        via: None,
    };
    let message = composer.compose(&part, Some(language)).unwrap();
    let body = dingtalk::body(&message, "key", &[]);
    (template.unwrap().to_owned(), body)
}

pub fn recordings() -> Vec<(Kind, String, RawRequest)> {
    let recordings = recorded::recordings().unwrap_or_default();
    recordings
        .into_iter()
        .map(|(name, webhook)| {
            let kind = Kind::from_name(&webhook.source).unwrap();
            let request = RawRequest {
                headers: webhook.headers,
                query: Vec::new(),
                body: webhook.body.into(),
            };
            (kind, name, request)
        })
        .collect()
}

/// One line for each fault, with the request and the template it is in.
fn faults_of(requests: impl IntoIterator<Item = (Kind, String, RawRequest)>) -> Vec<String> {
    let composer = composer();
    let mut all = Vec::new();
    for (kind, name, request) in requests {
        let parsed = source::of(kind).parse(&request).unwrap();
        for language in Language::ALL {
            let (template, body) = posted(&composer, &parsed, language);
            let faults = lint::faults(&body, language, parsed.payload.value(), &request);
            all.extend(
                faults
                    .iter()
                    .map(|fault| format!("{name}, {template}: {fault}")),
            );
        }
    }
    all
}
