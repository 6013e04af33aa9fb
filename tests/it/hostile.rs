//! Whatever strangers write into titles, names and texts, our messages keep their shape: no link, picture, heading or
//! call that we did not mean.

use hookbell::bot::dingtalk;
use hookbell::core::source;
use hookbell::core::template::Language;
use serde_json::Value;

use crate::fixture::{self, Fixture};
use crate::folded::Given;
use crate::lint::Shown;
use crate::wording::{composer, posted};

/// Each with one kind of beginning; what may stand anywhere is together in the first.
const HOSTILE: [&str; 5] = [
    "[x](http://evil.example) ![i](http://evil.example/i.png) @all @13800000000 <!-- x --> \
     <a href=\"http://evil.example\">x</a></details> `code` **b** __b__ ~~b~~",
    "[x]: http://evil.example\n\n[x]",
    "# h",
    "x\n\n# h\n\nh\n===\n```\ncode",
    "> q",
];

/// Keys whose texts people write, or choose as names.
#[rustfmt::skip] // A table.
const WRITTEN: &[&str] = &[
    // What is said.
    "title", "body", "description", "message", "summary", "note", "content", "text", "subject", "reason", "commit_title",
    "status_message", "fromString", "toString",
    // What people and teams are called.
    "name", "login", "username", "user_username", "user_name", "display_name", "displayName", "nickname", "author_name",
    "committer_name", "email",
    // What things are called.
    "full_name", "path_with_namespace", "key", "label", "path", "context", "environment", "build_name", "job_name", "stage",
    "build_stage", "branch", "head_branch", "source_branch", "target_branch", "tag_name",
];

#[test]
fn no_text_of_a_stranger_changes_the_shape_of_a_message() {
    let composer = composer();
    let render = |fixture: &Fixture, written: &str, language| {
        let request = rewritten(fixture, written);
        let parsed = source::of(fixture.kind).parse(&request).unwrap();
        let (template, body) = posted(&composer, &parsed, language);
        (template, Shown::of(&body))
    };
    let mut wrong = Vec::new();
    let mut told = 0;
    for fixture in fixture::all() {
        for language in Language::ALL {
            let (_, tame) = render(&fixture, "tame", language);
            for written in HOSTILE {
                let (template, shown) = render(&fixture, written, language);
                told += usize::from(shown.text.contains("evil.example"));
                if let Some(fault) = difference(&tame, &shown) {
                    wrong.push(format!(
                        "{}, {template}, {written:?}: {fault}",
                        fixture.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(told > 100, "only {told} messages told the words at all");
}

#[test]
fn no_text_of_a_stranger_changes_the_shape_of_a_digest() {
    let composer = composer();
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let digest = |written: &str| {
            let fixtures = fixture::all().into_iter();
            let parsed = fixtures.map(|fixture| {
                let request = rewritten(&fixture, written);
                source::of(fixture.kind).parse(&request).unwrap()
            });
            let events: Vec<_> = parsed.collect();
            let bodies = Given::of(&composer, language).digests(&events).into_iter();
            bodies
                .map(|(_, message)| Shown::of(&dingtalk::body(&message, "key", &[])))
                .collect::<Vec<_>>()
        };
        for written in HOSTILE {
            for shown in digest(written) {
                let tame = Shown {
                    headings: 1,
                    ..Shown::default()
                };
                wrong.extend(difference(&tame, &shown));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_text_of_a_stranger_changes_the_shape_of_a_story() {
    let composer = composer();
    let mut wrong = Vec::new();
    for fixture in fixture::all() {
        for language in Language::ALL {
            let story = |written: &str| {
                let request = rewritten(&fixture, written);
                let parsed = source::of(fixture.kind).parse(&request).unwrap();
                let twice = [parsed.clone(), parsed];
                let given = Given::of(&composer, language);
                let parts = given.parts(&twice);
                let message = composer.story(&parts, Some(language)).unwrap().unwrap();
                Shown::of(&dingtalk::body(&message, "key", &[]))
            };
            let tame = story("tame");
            for written in HOSTILE {
                wrong.extend(difference(&tame, &story(written)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn difference(tame: &Shown, shown: &Shown) -> Option<String> {
    let source = &shown.source;
    if shown.links.iter().any(|url| is_evil(url)) {
        return Some(format!("links to evil.example in {source:?}"));
    }
    if !shown.pictures.is_empty() || shown.html > 0 {
        return Some(format!("a picture or HTML in {source:?}"));
    }
    if shown.headings > tame.headings {
        return Some(format!("a heading more in {source:?}"));
    }
    if source.contains("@all") || source.contains("@1380") {
        return Some(format!("calls people in {source:?}"));
    }
    None
}

/// Whether the address leads to the stranger's host; as part of a path of ours it is harmless.
fn is_evil(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| url.host_str() == Some("evil.example"))
}

/// The fixture's request with `written` in place of every text that people write.
fn rewritten(fixture: &Fixture, written: &str) -> source::RawRequest {
    let mut payload = source::of(fixture.kind)
        .parse(&fixture.request)
        .unwrap()
        .payload
        .value()
        .clone();
    rewrite(&mut payload, written);
    fixture.with_payload(&payload)
}

fn rewrite(value: &mut Value, written: &str) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite(value, written)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if WRITTEN.contains(&key.as_str()) => {
                        *text = written.to_owned();
                    }
                    other => rewrite(other, written),
                }
            }
        }
        _ => {}
    }
}
