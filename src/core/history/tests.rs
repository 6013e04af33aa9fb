use jiff::ToSpan;

use super::*;
use crate::core::event::{Event, Job, Kind, Pipeline, Repo};

fn start() -> Timestamp {
    "2026-03-04T02:00:00Z".parse().unwrap()
}

fn minute(minutes: i64) -> Timestamp {
    start() + minutes.minutes()
}

/// `#812 F`: number and outcome; `-` stands for a run without a number.
fn run(words: &str, at: Timestamp) -> Run {
    let (reference, outcome) = words.split_once(' ').unwrap();
    let reference = Some(reference.to_owned()).filter(|reference| reference != "-");
    Run {
        key: "ci acme/shop branch:main CI".into(),
        outcome: match outcome {
            "P" => RunOutcome::Passed,
            "F" => RunOutcome::Failed,
            other => panic!("{other}"),
        },
        url: reference
            .as_ref()
            .map(|number| format!("https://ci.example.com/{}", number.trim_start_matches('#'))),
        reference,
        at: Some(at),
    }
}

fn words(repeat: Option<&Repeat>) -> String {
    let Some(repeat) = repeat else {
        return "-".into();
    };
    let trend = repeat.trend.map(|trend| {
        let since = repeat.since.as_ref().unwrap();
        format!(
            "{} {} since {} {}m",
            trend.name(),
            repeat.failures,
            since.reference.as_deref().unwrap_or("?"),
            repeat.lasted / 60
        )
    });
    let flapping = repeat.flapping.map(|flapping| match flapping {
        Flapping::Started => format!("flapping {}/{}", repeat.changes, repeat.runs),
        Flapping::Hushed => "hushed".into(),
        Flapping::Over => "steady".into(),
    });
    let parts: Vec<String> = trend.into_iter().chain(flapping).collect();
    parts.join(", ")
}

/// What the message of each run has to tell. The state goes through its JSON between two runs, as in the store.
fn told(runs: impl IntoIterator<Item = Run>) -> Vec<String> {
    let mut state: Option<State> = None;
    let tell = |run: Run| {
        let before = state.take();
        let (after, repeat) = advance(before, &run, minute(100_000));
        let stored = serde_json::to_string(&after).unwrap();
        state = Some(serde_json::from_str(&stored).unwrap());
        words(repeat.as_ref())
    };
    runs.into_iter().map(tell).collect()
}

/// `PFFP`: runs numbered from 1, so many minutes apart.
fn pattern(outcomes: &str, apart: i64) -> Vec<Run> {
    (1..)
        .zip(outcomes.chars())
        .map(|(number, outcome)| run(&format!("#{number} {outcome}"), minute(apart * number)))
        .collect()
}

#[test]
fn failures_are_counted_from_the_first_and_told_when_they_end() {
    let cases: [(&str, &[&str]); 5] = [
        ("PP", &["-", "-"]),
        ("F", &["-"]),
        (
            "PFFFP",
            &[
                "-",
                "broken 1 since #2 0m",
                "still_failing 2 since #2 30m",
                "still_failing 3 since #2 60m",
                "fixed 3 since #2 90m",
            ],
        ),
        (
            "FFPP",
            &[
                "-",
                "still_failing 2 since #1 30m",
                "fixed 2 since #1 60m",
                "-",
            ],
        ),
        ("FP", &["-", "fixed 1 since #1 30m"]),
    ];
    for (outcomes, expected) in cases {
        assert_eq!(told(pattern(outcomes, 30)), expected, "{outcomes}");
    }
}

#[test]
fn a_late_older_run_does_not_turn_the_state_back() {
    let runs = [
        run("#9 P", minute(0)),
        run("#11 F", minute(10)),
        run("#10 P", minute(20)),
        run("#12 F", minute(30)),
    ];
    assert_eq!(
        told(runs),
        [
            "-",
            "broken 1 since #11 0m",
            "-",
            "still_failing 2 since #11 20m"
        ]
    );
    let without_numbers = [
        run("- P", minute(0)),
        run("- F", minute(20)),
        run("- P", minute(10)),
        run("#7 F", minute(15)),
    ];
    assert_eq!(
        told(without_numbers),
        ["-", "broken 1 since ? 0m", "-", "-"]
    );
}

#[test]
fn a_numbering_that_began_anew_is_followed_after_a_day() {
    let runs = [run("#900 F", minute(0)), run("#1 P", minute(24 * 60))];
    assert_eq!(told(runs), ["-", "fixed 1 since #900 1440m"]);
}

#[test]
fn the_same_run_once_more_is_told_alike_and_not_counted() {
    let runs = [
        run("#1 P", minute(0)),
        run("#2 F", minute(10)),
        run("#2 F", minute(10)),
        run("#3 F", minute(20)),
    ];
    assert_eq!(
        told(runs),
        [
            "-",
            "broken 1 since #2 0m",
            "broken 1 since #2 0m",
            "still_failing 2 since #2 10m"
        ]
    );
    let untimed = |words: &str| Run {
        at: None,
        ..run(words, minute(0))
    };
    assert_eq!(
        told([untimed("#20 F"), untimed("#20 F"), untimed("#21 F")]),
        ["-", "-", "still_failing 2 since #20 0m"]
    );
}

#[test]
fn a_retry_counts_but_breaks_nothing_by_its_commit() {
    let runs = [
        run("#1 F", minute(0)),
        run("#1 F", minute(10)),
        run("#1 P", minute(20)),
        run("#1 F", minute(30)),
    ];
    assert_eq!(
        told(runs),
        [
            "-",
            "still_failing 2 since #1 10m",
            "fixed 2 since #1 20m",
            "-"
        ]
    );
}

#[test]
fn flapping_is_told_once_and_its_end_when_three_end_alike() {
    let told = told(pattern("PFPFPFFPPPFF", 30));
    assert_eq!(
        told[4..],
        [
            "fixed 1 since #4 30m",
            "broken 1 since #6 0m, flapping 5/6",
            "still_failing 2 since #6 30m, hushed",
            "fixed 2 since #6 60m, hushed",
            "hushed",
            "steady",
            "broken 1 since #11 0m",
            "still_failing 2 since #11 30m",
        ]
    );
}

#[test]
fn steady_failures_are_told_with_their_number() {
    let told = told(pattern("FPFPFFF", 30));
    assert_eq!(
        told[4..],
        [
            "broken 1 since #5 0m, flapping 4/5",
            "still_failing 2 since #5 30m, hushed",
            "still_failing 3 since #5 60m, steady",
        ]
    );
}

#[test]
fn changes_further_apart_are_no_flapping() {
    let flaps = |outcomes: &str, apart: i64| {
        let told = told(pattern(outcomes, apart));
        told.iter().any(|words| words.contains("flapping"))
    };
    let cases = [
        ("FPFPF", 30, true),
        ("PFPF", 30, false),
        ("PFPFP", 30, false),
        ("FPFPF", 8 * 60, false),
        ("FPPFFPPF", 30, true),
        ("FPPPFPF", 30, true),
        ("FPFPPPPPPPF", 30, false),
    ];
    for (outcomes, apart, expected) in cases {
        assert_eq!(flaps(outcomes, apart), expected, "{outcomes} {apart}");
    }
}

#[test]
fn what_flapped_is_judged_afresh_after_a_day() {
    let day = 24 * 60;
    let mut runs = pattern("FPFPF", 10);
    runs.push(run("#6 P", minute(day)));
    runs.push(run("#7 F", minute(day + 50)));
    assert_eq!(
        told(runs)[4..],
        [
            "broken 1 since #5 0m, flapping 4/5",
            "fixed 1 since #5 1390m, hushed",
            "broken 1 since #7 0m",
        ]
    );
    let mut restless = pattern("FPFPF", 10);
    let more = "PFPFP".chars().zip(6..);
    restless.extend(
        more.map(|(outcome, number)| run(&format!("#{number} {outcome}"), minute(day + number))),
    );
    let again = told(restless.into_iter().chain([run("#11 F", minute(day + 51))]));
    assert!(again[9].ends_with("hushed"), "{again:?}");
    assert!(again[10].ends_with("flapping 6/8"), "{again:?}");
}

#[test]
fn a_late_older_run_is_hushed_too_while_it_flaps() {
    let mut runs = pattern("FPFPF", 10);
    runs.push(run("#3 F", minute(55)));
    assert_eq!(told(runs)[5], "hushed");
}

#[test]
fn a_vendors_clock_ahead_of_ours_makes_later_runs_not_old() {
    let ahead = run("- F", minute(60));
    let (state, _) = advance(None, &ahead, minute(0));
    let (_, repeat) = advance(Some(state), &run("- P", minute(5)), minute(5));
    assert_eq!(words(repeat.as_ref()), "fixed 1 since ? 5m");
}

fn built(kind: Kind, name: &str, status: &str) -> Event {
    let mut event = Event::new(kind, name, "");
    event.repo = Some(Repo::named("acme/shop", None));
    event.branch = Some("main".into());
    event.status = Some(status.into());
    event.reference = Some("#815".into());
    event.pipeline = Some(Pipeline {
        name: Some("CI".into()),
        trigger: Some("push".into()),
        ..Pipeline::default()
    });
    event
}

#[test]
fn only_whole_builds_with_an_outcome_count() {
    use RunOutcome::{Failed, Passed};
    let cases = [
        (Kind::Github, "workflow_run", "passed", Some(Passed)),
        (Kind::Github, "workflow_run", "failed", Some(Failed)),
        (Kind::Github, "workflow_run", "running", None),
        (Kind::Github, "workflow_run", "canceled", None),
        (Kind::Github, "workflow_run", "skipped", None),
        (Kind::Github, "workflow_run", "waiting", None),
        (Kind::Github, "status", "errored", Some(Failed)),
        (Kind::Github, "workflow_job", "failed", None),
        (Kind::Github, "check_run", "failed", None),
        (Kind::Github, "check_suite", "failed", None),
        (Kind::Github, "page_build", "failed", None),
        (Kind::Gitlab, "pipeline", "failed", Some(Failed)),
        (Kind::Gitlab, "job", "failed", None),
        (Kind::Gitlab, "deployment", "failed", None),
        (Kind::Travis, "build", "errored", Some(Failed)),
        (Kind::Codeup, "flow_task", "passed", Some(Passed)),
        (Kind::Jira, "issue_updated", "failed", None),
    ];
    for (kind, name, status, outcome) in cases {
        let run = run_of("ci", &built(kind, name, status));
        assert_eq!(run.map(|run| run.outcome), outcome, "{name} {status}");
    }
}

#[test]
fn the_key_tells_branches_requests_and_schedules_apart() {
    let key = |change: &dyn Fn(&mut Event, &mut Pipeline)| {
        let mut event = built(Kind::Github, "workflow_run", "failed");
        let mut pipeline = event.pipeline.take().unwrap();
        change(&mut event, &mut pipeline);
        event.pipeline = Some(pipeline);
        run_of("ci", &event).map(|run| run.key)
    };
    let trigger = |word: &str| {
        let word = Some(word.to_owned());
        key(&|_, pipeline| pipeline.trigger = word.clone())
    };
    let cases = [
        (key(&|_, _| {}), Some("ci acme/shop branch:main CI")),
        (
            key(&|_, pipeline| pipeline.change_request = Some("#42".into())),
            Some("ci acme/shop request:#42 CI"),
        ),
        (
            trigger("pull_request"),
            Some("ci acme/shop request:main CI"),
        ),
        (
            key(&|_, pipeline| {
                pipeline.trigger = Some("pull_request".into());
                pipeline.fork = Some("mona/shop".into());
            }),
            Some("ci acme/shop request:mona/shop:main CI"),
        ),
        (
            trigger("schedule"),
            Some("ci acme/shop branch:main CI (schedule)"),
        ),
        (trigger("parent_pipeline"), None),
        (trigger("merge_group"), None),
        (
            key(&|event, _| event.tag = Some("v1".into())),
            Some("ci acme/shop tag:v1 CI"),
        ),
        (key(&|event, _| event.branch = None), None),
        (
            key(&|event, pipeline| {
                event.repo = None;
                pipeline.name = None;
            }),
            None,
        ),
        (
            key(&|_, pipeline| pipeline.name = Some("a\0b".into())),
            Some("ci acme/shop branch:main ab"),
        ),
    ];
    for (key, expected) in cases {
        assert_eq!(key.as_deref(), expected);
    }
    let long = key(&|_, pipeline| pipeline.name = Some("长".repeat(10_000)));
    assert_eq!(long.unwrap().chars().count(), 500);
}

#[test]
fn each_task_of_a_flow_is_a_pipeline_of_its_own() {
    let mut event = built(Kind::Codeup, "flow_task", "failed");
    event.job = Some(Job {
        name: "unit tests".into(),
        ..Job::default()
    });
    let run = run_of("codeup", &event).unwrap();
    assert_eq!(run.key, "codeup acme/shop branch:main CI unit tests");
}
