//! Settings that shape delivery: quiet times, fallback, budget, gathering, and the size of the store.

use std::time::Duration;

use super::{Folder, GOOD, added};
use crate::config::*;
use crate::core::budget::Allowance;

const BOT: &str = "webhook = \"https://oapi.dingtalk.com/robot/send?access_token=";

/// A good config to which `text` was added, with what is doubtful about it.
fn good(text: &str) -> (Config, Vec<String>) {
    let loaded = Folder::with(&[("a.toml", &format!("{text}\n{GOOD}"))]).load(&[]);
    let (config, warnings) = loaded.finish().unwrap();
    let warnings = warnings.into_iter().map(|warning| warning.what);
    (config, warnings.collect())
}

#[test]
fn nothing_is_quiet_counted_or_gathered_unless_it_is_said() {
    let (config, _) = good("");
    let group = &config.groups[0];
    assert!(
        !group
            .quiet
            .is_quiet("2026-03-02T23:00:00Z".parse().unwrap())
    );
    assert_eq!((&group.fallback, &group.organization), (&None, &None));
    assert_eq!(group.bots[0].monthly, None);
    assert_eq!(config.max_size, None);
    let spec = &config.routes[0].spec;
    assert_eq!((spec.gather, spec.digest), (None, true));
}

#[test]
fn settings_of_delivery_are_understood() {
    let (config, warnings) = good(&format!(
        r#"
[store]
max_size = "2GiB"
[groups.night]
{BOT}1"
quiet = ["22:00-08:00 Asia/Shanghai", "Sat,Sun 00:00-24:00 Asia/Shanghai"]
fallback = "ops"
monthly = 500
[groups.two]
monthly = 100
bots.a.{BOT}2"
bots.b.{BOT}3"
bots.b.monthly = 50
[[routes]]
name = "pull requests"
to = "night"
gather = "30s"
digest = false
"#
    ));
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(config.max_size, Some(2 << 30));
    let [night, _, two] = config.groups.as_slice() else {
        panic!("{:?}", config.groups);
    };
    assert!(
        night
            .quiet
            .is_quiet("2026-03-07T04:00:00Z".parse().unwrap())
    );
    assert_eq!(night.fallback.as_deref(), Some("ops"));
    let monthly = |group: &GroupSettings| group.bots.iter().map(|bot| bot.monthly).collect();
    let (one, several): (Vec<_>, Vec<_>) = (monthly(night), monthly(two));
    assert_eq!((one, several), (vec![Some(500)], vec![Some(100), Some(50)]));
    let spec = &config.routes[0].spec;
    assert_eq!(
        (spec.gather, spec.digest),
        (Some(Duration::from_secs(30)), false)
    );
}

#[test]
fn the_only_organization_has_every_group_and_with_several_each_says_its_own() {
    let (config, _) = good("[organizations.acme]\nmonthly = 3000");
    let acme = &config.organizations[0];
    let allowance = Allowance {
        monthly: 3000,
        warn_at: vec![70, 90],
    };
    assert_eq!((acme.name.as_str(), &acme.allowance), ("acme", &allowance));
    assert_eq!(config.groups[0].organization.as_deref(), Some("acme"));

    let two = format!(
        "organizations.acme.monthly = 1\n[organizations.other]\nmonthly = 2\nwarn_at = [50]\n\
         [groups.two]\norganization = \"other\"\n{BOT}2\""
    );
    let (config, warnings) = good(&two);
    assert_eq!(config.organizations[1].allowance.warn_at, [50]);
    let groups = config.groups.iter();
    let groups: Vec<_> = groups.map(|group| group.organization.as_deref()).collect();
    assert_eq!(groups, [None, Some("other")]);
    assert_eq!(
        warnings,
        ["`groups.ops` belongs to no organization, so its messages count in no month's limit"]
    );
}

#[test]
fn the_address_of_a_database_is_kept_as_it_is_and_shown_nowhere() {
    let address = "postgres://hookbell:hunter2@one:5432,two:5433/hookbell?sslmode=verify-full";
    let written = format!("[store]\nurl = \"{address}\"\n{GOOD}");
    let named = format!("[store]\nurl = {{ env = \"DATABASE_URL\" }}\n{GOOD}");
    for text in [written, named] {
        let loaded = Folder::with(&[("a.toml", &text)]).load(&[("DATABASE_URL", address)]);
        let (config, _) = loaded.finish().unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let StoreUrl::Postgres(url) = config.store else {
            panic!("{:?}", config.store);
        };
        assert_eq!(url.expose(), address);
    }
}

#[test]
fn a_wrong_address_of_a_database_is_reported_without_it() {
    let cases = [
        (
            "postgres:hunter2@db/x",
            "is not the address of a PostgreSQL database",
        ),
        (
            "postgres://me:hunter2@db:port/x",
            "is not the address of a PostgreSQL database",
        ),
        (
            "postgres://me:hunter2#1@db/x",
            "is not the address of a PostgreSQL database",
        ),
        ("postgresql://me:hunter2@db", "names no database"),
        (
            "mysql://me:hunter2@db/x",
            "is neither SQLite nor PostgreSQL",
        ),
        (
            "postgers:me:hunter2@db/x",
            "is neither SQLite nor PostgreSQL",
        ),
        (
            "host=db password=hunter2",
            "is neither SQLite nor PostgreSQL",
        ),
    ];
    for (url, expected) in cases {
        let text = format!("[store]\nurl = \"{url}\"\n{GOOD}");
        let loaded = Folder::with(&[("a.toml", &text)]).load(&[]);
        let [problem] = loaded.problems() else {
            panic!("{url}: {:?}", loaded.problems());
        };
        assert_eq!(problem.what, format!("`store.url` {expected}"), "{url}");
        let shown = format!("{problem} {problem:?} {}", problem.render(false));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn each_mistake_in_the_settings_of_delivery_is_named_and_nothing_else() {
    let two = |more: &str| format!("[groups.two]\n{BOT}2\"\n{more}");
    let route = |more: &str| format!("[[routes]]\nname = \"x\"\nto = \"ops\"\n{more}");
    let cases = [
        (
            "[store]\nmax_size = \"1MB\"".to_owned(),
            "2:1 `store.max_size` cannot be \"1MB\"",
        ),
        (
            two("quiet = \"22:00-08:00\""),
            "3:1 \"22:00-08:00\" has no time zone",
        ),
        (
            two("quiet = [\"12:00-13:00 UTC\", \"22:00-08:00 Asia/Beijing\"]"),
            "3:29 there is no time zone \"Asia/Beijing\"",
        ),
        (
            two("quiet = \"0:00-24:00 UTC\""),
            "3:1 `groups.two` is always quiet",
        ),
        (
            two("fallback = \"opps\""),
            "3:1 there is no group `opps`; did you mean `ops`?",
        ),
        (
            two("fallback = \"two\""),
            "3:1 `groups.two` is its own fallback; name another group; known are: ops",
        ),
        (
            format!(
                "{}\n[groups.ring]\n{BOT}3\"\nfallback = \"two\"",
                two("fallback = \"ring\"")
            ),
            "6:1 fallbacks go in a circle: ring -> two -> ring",
        ),
        (
            two("organization = \"acme\""),
            "3:1 there is no organization `acme`; add [organizations.acme]",
        ),
        (
            format!(
                "{}\n[organizations.acme]\nmonthly = 1",
                two("organization = \"akme\"")
            ),
            "3:1 there is no organization `akme`; did you mean `acme`?",
        ),
        (
            "[organizations.acme]".to_owned(),
            "1:16 `organizations.acme` has no `monthly`",
        ),
        (
            "[organizations.Acme]\nmonthly = 1".to_owned(),
            "1:16 `Acme` cannot be a name",
        ),
        (
            "[organizations.acme]\nmonthly = 0".to_owned(),
            "2:1 `organizations.acme.monthly` is out of range",
        ),
        (
            "[organizations.acme]\nmonthly = 1\nwarn_at = [90, 70]".to_owned(),
            "3:1 `organizations.acme.warn_at` is not a list of ascending percentages",
        ),
        (
            "[organizations.acme]\nmonthly = 1\nwarn_at = 70".to_owned(),
            "3:1 `organizations.acme.warn_at` is a number; write a list of whole numbers, such as [70, 90]",
        ),
        (
            route("gather = \"15min\""),
            "4:1 `routes[0].gather` cannot be \"15min\"; write a time from \"1s\" to \"10min\"",
        ),
        (
            route("gather = \"10s\"\nurgent = true"),
            "4:1 `routes[0]` is urgent and gathers",
        ),
        (
            route("digest = true\nurgent = true"),
            "4:1 `routes[0]` is urgent, and urgent messages are in no digest",
        ),
    ];
    for (text, expected) in cases {
        let problems = added(&text);
        let expected = format!("a.toml:{expected}");
        assert!(problems.starts_with(&expected), "{text}: {problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}

#[test]
fn the_environment_may_set_numbers_in_lists() {
    let text = format!("[organizations.acme]\nmonthly = 3000\n{GOOD}");
    let variable = ("HOOKBELL__ORGANIZATIONS__ACME__WARN_AT", "50, 80");
    let loaded = Folder::with(&[("a.toml", &text)]).load(&[variable]);
    let (config, _) = loaded.finish().unwrap();
    assert_eq!(config.organizations[0].allowance.warn_at, [50, 80]);
}
