//! What a vendor leaves out leaves no gap in a message: no doubled blank, no empty bold or link, no dot that joins
//! nothing. Each fixture is read again with each of its values missing in turn.

use std::collections::BTreeSet;

use hookbell::core::event::Kind;
use hookbell::core::message::{Content, Mentions};
use hookbell::core::source::{self, RawRequest};
use hookbell::core::template::{Language, Rendering, Templates};
use jiff::Timestamp;
use serde_json::Value;

use crate::fixture::{self, Fixture};
use crate::tolerance::pointers;

/// Signs of a gap, in a line of a message.
const GAPS: [&str; 12] = [
    "****", "** **", "[]", "()", "· ·", "  ", " ：", "：：", ": :", " ,", "（）", "''",
];

#[test]
fn github_messages_have_no_gaps_where_a_value_is_missing() {
    check_messages_of(Kind::Github);
}

#[test]
fn gitlab_messages_have_no_gaps_where_a_value_is_missing() {
    check_messages_of(Kind::Gitlab);
}

#[test]
fn codeup_messages_have_no_gaps_where_a_value_is_missing() {
    check_messages_of(Kind::Codeup);
}

#[test]
fn jira_messages_have_no_gaps_where_a_value_is_missing() {
    check_messages_of(Kind::Jira);
}

#[test]
fn travis_messages_have_no_gaps_where_a_value_is_missing() {
    check_messages_of(Kind::Travis);
}

fn check_messages_of(kind: Kind) {
    let templates = Templates::builtin();
    let mut found = BTreeSet::new();
    for fixture in fixture::all().into_iter().filter(|f| f.kind == kind) {
        let mut seen = Vec::new();
        for (pointer, request) in damaged(&fixture) {
            let parsed = source::of(kind).parse(&request).unwrap();
            if seen.contains(&parsed.event) {
                continue;
            }
            for language in Language::ALL {
                let message = templates
                    .render(&Rendering {
                        event: &parsed.event,
                        payload: parsed.payload.value(),
                        language,
                        template: None,
                        mentions: Mentions::default(),
                        now: Timestamp::UNIX_EPOCH,
                    })
                    .unwrap_or_else(|error| panic!("{} without {pointer}: {error}", fixture.name));
                let (Content::Markdown { body } | Content::ActionCard { body, .. }) =
                    &message.content
                else {
                    continue;
                };
                let lines = body.lines().chain([message.title.as_str()]);
                found.extend(
                    lines
                        .filter(|line| has_gap(line))
                        .map(|line| format!("{} without {pointer}: {line}", fixture.name)),
                );
            }
            seen.push(parsed.event);
        }
    }
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The fixture's request as it is, and with each value in turn set to nothing.
fn damaged(fixture: &Fixture) -> Vec<(String, RawRequest)> {
    let whole = (String::new(), fixture.request.clone());
    let Ok(payload) = serde_json::from_slice::<Value>(&fixture.request.body) else {
        return vec![whole];
    };
    let without = |pointer: String| {
        let mut damaged = payload.clone();
        *damaged.pointer_mut(&pointer)? = Value::Null;
        let request = RawRequest {
            body: damaged.to_string().into(),
            ..fixture.request.clone()
        };
        Some((pointer, request))
    };
    let all = pointers(&payload).into_iter().filter_map(without);
    std::iter::once(whole).chain(all).collect()
}

fn has_gap(line: &str) -> bool {
    // Two blanks at the end of a line break it.
    let line = line.strip_suffix("  ").unwrap_or(line);
    let text = line.trim_start_matches(['#', '>', '-']).trim_start();
    GAPS.iter().any(|gap| line.contains(gap))
        || text.is_empty() && !["", ">"].contains(&line)
        || text.starts_with(['·', '：', ':'])
        || text.ends_with(['·', '→', '：'])
        || text.ends_with(' ')
}
