//! Good configs and what they are understood as.

use std::path::Path;

use super::{Folder, GOOD, added};
use crate::config::*;

#[test]
fn an_empty_config_uses_the_defaults_and_is_warned_about() {
    let loaded = Folder::with(&[("a.toml", "")]).load(&[]);
    let (config, warnings) = loaded.finish().unwrap();
    assert_eq!(config.server.listen, SERVER_LISTEN);
    assert_eq!(config.server.max_body, MAX_BODY);
    let StoreUrl::Sqlite(path) = config.store else {
        panic!("{:?}", config.store);
    };
    assert_eq!(path, Path::new(STORE_PATH));
    assert_eq!(config.templates.language, Language::En);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].what.contains("no routes"), "{}", warnings[0]);
}

#[test]
fn sources_are_read_with_their_credentials() {
    let text = r#"
[sources.shop]
kind = "gitlab"
signing_secret = ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", { env = "NEXT" }]
[sources.jira]
user = "hookbell"
password = { file = "jira.txt" }
[sources.travis]
config_url = "https://api.travis-ci.com/config"
[sources.github]
insecure = true
[sources.codeup]
token = ["one"]
"#;
    let folder = Folder::with(&[
        ("a.toml", &format!("{text}{GOOD}")),
        ("jira.txt", "pass\r\n"),
    ]);
    let environment = [("NEXT".to_owned(), "whsec_AQID".to_owned())];
    let (config, problems) = load(&folder.files[..1], environment.into_iter())
        .finish()
        .unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let [codeup, github, jira, shop, travis] = config.sources.as_slice() else {
        panic!("{:?}", config.sources);
    };
    assert_eq!(codeup.credentials.tokens[0].expose(), "one");
    assert!(github.credentials.insecure);
    assert_eq!(jira.credentials.passwords[0].expose(), "pass");
    assert_eq!(shop.credentials.signing_secrets[1].expose(), "whsec_AQID");
    assert!(travis.config_url.is_some());
}

#[test]
fn bots_take_what_they_do_not_set_from_their_group() {
    let text = r#"
[groups.release]
keywords = ["release"]
rate_per_minute = 10
[groups.release.bots.one]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=1"
[groups.release.bots.two]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=2"
keywords = ["ship"]
rate_per_minute = 5
"#;
    let loaded = Folder::with(&[("a.toml", &format!("{text}{GOOD}"))]).load(&[]);
    let (config, _) = loaded.finish().unwrap();
    let [ops, release] = config.groups.as_slice() else {
        panic!("{:?}", config.groups);
    };
    assert_eq!(
        (ops.bots[0].name.as_str(), ops.bots[0].rate_per_minute),
        ("bot", 20)
    );
    let bots = release.bots.iter();
    let bots: Vec<_> = bots
        .map(|bot| {
            (
                bot.name.as_str(),
                bot.keywords[0].as_str(),
                bot.rate_per_minute,
            )
        })
        .collect();
    assert_eq!(bots, [("one", "release", 10), ("two", "ship", 5)]);
}

#[test]
fn doubtful_settings_are_warned_about_and_pass() {
    let text = r#"
[groups.two]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=abc"
secret = "abc"
"#;
    let loaded = Folder::with(&[("a.toml", &format!("{text}{GOOD}"))]).load(&[]);
    let (_, warnings) = loaded.finish().unwrap();
    let warnings: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.what.as_str())
        .collect();
    assert_eq!(
        warnings,
        [
            "`groups.two` and `groups.ops` have the same webhook",
            "`groups.two.secret` does not begin with SEC, as DingTalk's signing secrets do",
        ]
    );
}

#[test]
fn other_parts_add_problems_at_a_place_and_keep_the_config_from_being_used() {
    let mut loaded = Folder::with(&[("a.toml", GOOD)]).load(&[]);
    let key = format!("{}.when", loaded.draft().routes[0].key);
    loaded.error(&key, "this condition cannot be read", "close the bracket");
    let problems = loaded.finish().unwrap_err();
    assert!(
        matches!(problems[0].place, Place::File { line: 6, .. }),
        "{}",
        problems[0]
    );
}

#[test]
fn networks_are_addresses_or_ranges_and_anything_else_is_told() {
    let text = "[server]\ntrusted_proxies = [\"10.1.2.3/8\", \"::1\"]\n\
                [sources.github]\nsecret = \"s\"\nallow = [\"192.0.2.7\"]\n";
    let folder = Folder::with(&[("a.toml", &format!("{text}{GOOD}"))]);
    let (config, _) = folder.load(&[]).finish().unwrap();
    let shown = |networks: &[ipnet::IpNet]| {
        let networks = networks.iter().map(ToString::to_string);
        networks.collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&config.server.trusted_proxies),
        ["10.0.0.0/8", "::1/128"]
    );
    assert_eq!(shown(&config.sources[0].allow), ["192.0.2.7/32"]);
    let wrong = "[sources.github]\nsecret = \"s\"\nallow = [\"192.0.2.7\", \"github.com\"]";
    assert_eq!(
        added(wrong),
        "a.toml:3:23 \"github.com\" is neither an address nor a network; write an IP address, or a network such as \
         \"10.0.0.0/8\""
    );
}
