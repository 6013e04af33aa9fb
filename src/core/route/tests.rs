use serde_json::{Value, json};

use super::*;
use crate::core::event::{Connected, Kind, Person, Pipeline, Repo};

fn pipeline(status: &str, duration: u64) -> Event {
    let mut event = Event::new(Kind::Gitlab, "pipeline", status);
    event.status = Some(status.into());
    event.repo = Some(Repo::named("acme/shop", None));
    event.branch = Some("main".into());
    event.actor = Some(Person::with_login("mona"));
    event.pipeline = Some(Pipeline {
        duration: Some(duration),
        ..Pipeline::default()
    });
    event
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

fn route(name: &str, change: impl FnOnce(&mut RouteSpec)) -> Route {
    let mut spec = RouteSpec {
        name: name.into(),
        to: words(&["backend"]),
        ..RouteSpec::default()
    };
    change(&mut spec);
    Route::compile(spec).unwrap()
}

fn verdict(route: Route, event: &Event) -> Verdict {
    let payload = json!({"object_attributes": {"source": "push"}}).into();
    let routes = Routes::new(vec![route]);
    let verdict = routes.verdicts("gitlab", event, &payload).remove(0).1;
    let decided = !routes.decide("gitlab", event, &payload).routes.is_empty();
    assert_eq!(
        verdict == Verdict::Matched,
        decided,
        "what is explained is what is done"
    );
    verdict
}

#[test]
fn the_route_of_the_example_config_matches_a_failed_pipeline_on_main() {
    let failed_builds = |spec: &mut RouteSpec| {
        spec.source = words(&["gitlab"]);
        spec.event = words(&["pipeline", "job"]);
        spec.action = words(&["*"]);
        spec.repo = words(&["acme/**"]);
        spec.branch = words(&["main", "release/*"]);
        spec.status = words(&["failed"]);
        spec.actor = words(&["!*[bot]"]);
        spec.when = Some("event.pipeline.duration > 600".into());
    };
    let matched = verdict(route("a", failed_builds), &pipeline("failed", 900));
    assert_eq!(matched, Verdict::Matched);
    let Verdict::Missed(misses) = verdict(route("a", failed_builds), &pipeline("failed", 60))
    else {
        panic!("a short pipeline must not match");
    };
    assert_eq!(
        (misses[0].condition, misses[0].saw.as_str()),
        ("when", "false")
    );
}

#[test]
fn each_failed_condition_says_what_it_wanted_and_saw() {
    let route = route("a", |spec| {
        spec.branch = words(&["release/*"]);
        spec.label = words(&["bug"]);
    });
    let Verdict::Missed(misses) = verdict(route, &pipeline("failed", 1)) else {
        panic!("must not match");
    };
    let told: Vec<_> = misses
        .iter()
        .map(|miss| (miss.condition, miss.wanted.as_str(), miss.saw.as_str()))
        .collect();
    assert_eq!(
        told,
        [("branch", "release/*", "main"), ("label", "bug", "nothing")]
    );
}

#[test]
fn a_field_that_is_not_there_makes_when_false() {
    for text in [
        "event.job.duration > 1",
        "payload.nothing.at.all == 'x'",
        "event.title.contains('x')",
    ] {
        let route = route("a", |spec| spec.when = Some(text.into()));
        let verdict = verdict(route, &pipeline("failed", 1));
        assert!(matches!(verdict, Verdict::Missed(_)), "{text}: {verdict:?}");
    }
}

#[test]
fn when_sees_the_vendors_payload() {
    let route = route("a", |spec| {
        spec.when = Some("payload.object_attributes.source == 'push'".into());
    });
    assert_eq!(verdict(route, &pipeline("failed", 1)), Verdict::Matched);
}

#[test]
fn a_wrong_condition_is_found_when_it_is_compiled() {
    for text in ["event.", "evnt.status == 'x'", "shout(event.title)"] {
        let spec = RouteSpec {
            when: Some(text.into()),
            ..RouteSpec::default()
        };
        let errors = Route::compile(spec).unwrap_err();
        assert_eq!(errors[0].key, "when", "{text}");
    }
}

#[test]
fn what_is_silent_by_default_goes_only_to_a_route_that_names_it() {
    let mut event = pipeline("running", 1);
    event.hush_action("the pipeline is not over");
    let named = route("named", |spec| {
        spec.event = words(&["pipeline"]);
        spec.action = words(&["running"]);
    });
    assert_eq!(verdict(named, &event), Verdict::Matched);
    let by_status = route("by status", |spec| {
        spec.event = words(&["pipeline"]);
        spec.status = words(&["running"]);
    });
    assert_eq!(verdict(by_status, &event), Verdict::Matched);
    let event_alone = route("event alone", |spec| spec.event = words(&["pipeline"]));
    assert!(matches!(verdict(event_alone, &event), Verdict::Missed(_)));
    for pattern in ["*", "pipe*"] {
        let wild = route("wild", |spec| {
            spec.event = words(&[pattern]);
            spec.action = words(&["running"]);
        });
        let Verdict::Missed(misses) = verdict(wild, &event) else {
            panic!("`{pattern}` does not name the event");
        };
        assert_eq!(misses[0].saw, "silent by default: the pipeline is not over");
    }
}

#[test]
fn routes_to_one_group_become_one_message() {
    let routes = Routes::new(vec![
        route("first", |spec| spec.mention = words(&["author"])),
        route("second", |spec| {
            spec.to = words(&["backend", "release"]);
            spec.mention = words(&["author", "all"]);
            spec.urgent = true;
        }),
    ]);
    let Decision { routes, plans } =
        routes.decide("gitlab", &pipeline("failed", 1), &Value::Null.into());
    assert_eq!(routes, ["first", "second"]);
    let told: Vec<_> = plans
        .iter()
        .map(|plan| (plan.group.as_str(), plan.route.as_str(), plan.urgent))
        .collect();
    assert_eq!(
        told,
        [("backend", "first", true), ("release", "second", true)]
    );
    assert_eq!(plans[0].mention, ["author", "all"]);
}

#[test]
fn no_route_after_a_final_one_sees_the_event() {
    let routes = Routes::new(vec![
        route("first", |spec| spec.is_final = true),
        route("second", |spec| spec.to = words(&["release"])),
    ]);
    let event = pipeline("failed", 1);
    assert_eq!(
        routes
            .decide("gitlab", &event, &Value::Null.into())
            .plans
            .len(),
        1
    );
    let verdicts = routes.verdicts("gitlab", &event, &Value::Null.into());
    assert_eq!(verdicts[1].1, Verdict::Cut("first".into()));
}

#[test]
fn an_event_that_is_silent_as_a_whole_needs_only_its_name() {
    let mut event = Event::new(Kind::Github, "star", "created");
    event.hush_event("stars are counted on the repository's page");
    let named = route("stars", |spec| spec.event = words(&["star"]));
    assert_eq!(verdict(named, &event), Verdict::Matched);
}

#[test]
fn what_is_silent_for_a_reason_of_its_own_needs_that_word() {
    let mut event = Event::new(Kind::Jira, "comment_created", "created");
    event.hush_as("restricted", "the comment is not public");
    let created = route("comments", |spec| {
        spec.event = words(&["comment_created"]);
        spec.action = words(&["created"]);
    });
    assert!(matches!(verdict(created, &event), Verdict::Missed(_)));
    let restricted = route("all comments", |spec| {
        spec.event = words(&["comment_created"]);
        spec.action = words(&["restricted", "created"]);
    });
    assert_eq!(verdict(restricted, &event), Verdict::Matched);
}

fn ping(repo: Option<&str>, events: &[&str]) -> Event {
    let mut event = Event::new(Kind::Github, "ping", "");
    event.hush_event("a test of the webhook");
    event.repo = repo.map(|name| Repo::named(name, None));
    event.connected = Some(Connected {
        events: words(events),
        ..Connected::default()
    });
    event
}

#[test]
fn a_ping_tells_which_of_its_events_no_route_could_want() {
    let routes = || {
        Routes::new(vec![
            route("hooks", |spec| spec.event = words(&["ping"])),
            route("failures", |spec| {
                spec.event = words(&["workflow_*"]);
                spec.status = words(&["failed"]);
            }),
            route("web", |spec| {
                spec.event = words(&["!star"]);
                spec.repo = words(&["acme/web"]);
            }),
            route("other vendor", |spec| spec.source = words(&["gitlab"])),
        ])
    };
    let events = ["push", "workflow_run", "star"];
    let table: [(Option<&str>, &[&str], &[&str]); 6] = [
        (Some("acme/shop"), &events, &["push", "star"]),
        (Some("acme/web"), &events, &["star"]),
        // An organization's hook, and an App's: any repository may send.
        (Some("acme"), &events, &["star"]),
        (None, &events, &["star"]),
        (Some("acme/shop"), &["*"], &[]),
        (Some("acme/shop"), &[], &[]),
    ];
    for (repo, events, expected) in table {
        let event = ping(repo, events);
        let Decision { plans, .. } = routes().decide("github", &event, &Value::Null.into());
        assert_eq!(plans.len(), 1);
        assert_eq!(plans[0].unrouted, expected, "{repo:?} {events:?}");
    }
}

#[test]
fn a_route_for_everything_leaves_no_event_unrouted() {
    let routes = Routes::new(vec![route("everything", |_| {})]);
    let event = ping(Some("acme/shop"), &["push", "star"]);
    assert!(routes.unrouted("github", &event).is_empty());
}

#[test]
fn a_group_that_several_routes_lead_to_hears_of_the_event_as_any_of_them_asks() {
    let (short, long) = (Duration::from_secs(5), Duration::from_secs(30));
    // urgent, gather and digest of each route, and of the plan.
    let table = [
        (
            vec![(false, None, true), (false, None, true)],
            (false, None, true),
        ),
        (
            vec![(false, None, true), (false, None, false)],
            (false, None, false),
        ),
        (
            vec![(false, None, true), (false, Some(long), true)],
            (false, Some(long), true),
        ),
        (
            vec![(false, Some(short), true), (false, Some(long), true)],
            (false, Some(short), true),
        ),
        (
            vec![(false, Some(long), true), (true, None, true)],
            (true, None, true),
        ),
        (
            vec![(true, None, true), (false, Some(long), false)],
            (true, None, false),
        ),
    ];
    for (routes, expected) in table {
        let routes = routes.into_iter().enumerate();
        let routes = routes.map(|(at, (urgent, gather, digest))| {
            route(&format!("route {at}"), |spec| {
                (spec.urgent, spec.gather, spec.digest) = (urgent, gather, digest);
            })
        });
        let routes = Routes::new(routes.collect());
        let decision = routes.decide("gitlab", &pipeline("failed", 1), &Value::Null.into());
        let [plan] = decision.plans.as_slice() else {
            panic!("{:?}", decision.plans);
        };
        assert_eq!((plan.urgent, plan.gather, plan.digest), expected);
    }
}

#[test]
fn a_plan_of_an_earlier_version_is_still_read() {
    let plan = Plan {
        group: "backend".into(),
        ..Plan::default()
    };
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("unrouted"), "{text}");
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    let text = r#"{"group":"backend","route":"","template":null,"language":null,"mention":[],"urgent":false}"#;
    assert_eq!(serde_json::from_str::<Plan>(text).unwrap(), plan);
}
