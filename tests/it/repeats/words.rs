//! What messages tell of the runs before, in both languages and for every source that tells of runs.

use std::fmt::Write as _;

use hookbell::core::event::Event;
use hookbell::core::history::{Flapping, Repeat, RunOutcome, Since, Trend, run_of};
use hookbell::core::source;
use hookbell::core::template::Language;
use jiff::Timestamp;

use crate::fixture::{self, Fixture};
use crate::lint::{self, Shown};
use crate::wording::{composer, posted};

/// What can be told with a failure, and with a pass.
const AFTER_FAILURE: [Told; 5] = [
    ("broken", Some(Trend::Broken), 1, None),
    ("failed again", Some(Trend::StillFailing), 4, None),
    ("flapping", Some(Trend::Broken), 1, Some(Flapping::Started)),
    (
        "flapping, urgent",
        Some(Trend::StillFailing),
        2,
        Some(Flapping::Hushed),
    ),
    ("steady", Some(Trend::StillFailing), 3, Some(Flapping::Over)),
];
const AFTER_PASS: [Told; 3] = [
    ("fixed", Some(Trend::Fixed), 3, None),
    ("flapping, urgent", None, 0, Some(Flapping::Hushed)),
    ("steady", None, 0, Some(Flapping::Over)),
];

/// A name, the trend, failures in a row, and flapping.
type Told = (&'static str, Option<Trend>, u64, Option<Flapping>);

#[test]
fn messages_tell_of_the_runs_before_as_the_snapshots_say() {
    for language in Language::ALL {
        let text: String = fixture::all()
            .iter()
            .map(|fixture| told_by(fixture, language))
            .collect();
        insta::assert_snapshot!(format!("repeats-{}", language.name()), text);
    }
}

/// The title, and the lines of the body that are not in it when nothing is remembered, for each thing to tell.
fn told_by(fixture: &Fixture, language: Language) -> String {
    let parsed = source::of(fixture.kind).parse(&fixture.request).unwrap();
    let Some(run) = run_of("ci", &parsed.event) else {
        return String::new();
    };
    let cases: &[Told] = match run.outcome {
        RunOutcome::Failed => &AFTER_FAILURE,
        RunOutcome::Passed => &AFTER_PASS,
    };
    let composer = composer();
    let (_, plain) = posted(&composer, &parsed, language);
    let plain = Shown::of(&plain);
    let mut text = format!("# {}: {}\n", fixture.name, plain.title);
    for case in cases {
        let mut parsed = parsed.clone();
        let repeat = repeat(&parsed.event, case);
        parsed.event.tell(repeat);
        let (_, body) = posted(&composer, &parsed, language);
        let faults = lint::faults(&body, language, parsed.payload.value(), &fixture.request);
        assert!(faults.is_empty(), "{} {}: {faults:?}", fixture.name, case.0);
        let shown = Shown::of(&body);
        let _ = writeln!(text, "\n{}: {}", case.0, shown.title);
        let known: Vec<&str> = plain.source.lines().collect();
        let new = shown.source.lines().filter(|line| !known.contains(line));
        new.for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
    }
    text + "\n"
}

/// Runs without a number, as commit statuses are, come after others without one.
fn repeat(event: &Event, &(_, trend, failures, flapping): &Told) -> Repeat {
    let steady = flapping == Some(Flapping::Over);
    Repeat {
        trend,
        failures,
        since: trend.map(|_| Since {
            reference: event.reference.as_ref().map(|_| "#4702".to_owned()),
            url: event.url.clone(),
            at: Timestamp::UNIX_EPOCH,
        }),
        lasted: match failures {
            0 | 1 => 0,
            3 => 7_800,
            _ => 7_200,
        },
        flapping,
        changes: if steady { 0 } else { 4 },
        runs: if steady { 3 } else { 5 },
    }
}
