//! Several files and the environment, in three formats, whole and broken.

use std::path::PathBuf;

use super::{Folder, GOOD, toml_problems};
use crate::config::load;

#[test]
fn yaml_and_json_have_positions_too() {
    let yaml = "server:\n  listen: here\ngroups:\n  ops:\n    webhook: https://h/?access_token=x\nroutes:\n  - to: [ops, dev]\n    mention:\n      - all\n      - nobody\n";
    let problems = Folder::with(&[("a.yaml", yaml)]).problems(&[]);
    assert!(
        problems.contains("a.yaml:2:3 `server.listen`"),
        "{problems}"
    );
    assert!(
        problems.contains("a.yaml:7:15 there is no group `dev`"),
        "{problems}"
    );
    assert!(problems.contains("a.yaml:10:9 `nobody`"), "{problems}");
    let json = "{\n\t\"server\": {\n\t\t\"listen\": \"here\"\n\t},\n\t\"routes\": [\n\t\t{ \"to\": [] }\n\t]\n}\n";
    let problems = Folder::with(&[("a.json", json)]).problems(&[]);
    assert!(
        problems.contains("a.json:3:3 `server.listen`"),
        "{problems}"
    );
    assert!(problems.contains("a.json:6:"), "{problems}");
}

#[test]
fn keys_that_stand_twice_are_reported_and_the_rest_is_checked() {
    let text = "[server]\nlisten = \"0.0.0.0:1\"\nlisten = \"0.0.0.0:2\"\nmax_body = \"x\"\n";
    let problems = toml_problems(text);
    assert!(
        problems.contains("a.toml:3:1 this is set twice"),
        "{problems}"
    );
    assert!(
        problems.contains("a.toml:4:1 `server.max_body`"),
        "{problems}"
    );
    let yaml = "server:\n  listen: a\n  listen: b\n";
    let problems = Folder::with(&[("a.yml", yaml)]).problems(&[]);
    assert!(
        problems.starts_with("a.yml:3:3 `server.listen` is set twice"),
        "{problems}"
    );
}

#[test]
fn a_syntax_error_has_its_place_and_does_not_hide_what_stands_before() {
    let text = "[server]\nmax_body = \"x\"\n[server]\n[[routes]]\nto = [\"ops\"\nname = \"x\"\n";
    assert_eq!(
        toml_problems(text),
        "a.toml:2:1 `server.max_body` cannot be \"x\"; write a size with its unit, such as \"25MiB\"\n\
         a.toml:3:2 this is set twice in the same file; remove one of the two\n\
         a.toml:6:1 this is not TOML: missing comma between array elements, expected `,`; correct the syntax"
    );
    let cases = [
        ("a.json", "{\n  \"server\": {,}\n}", "a.json:2:14"),
        ("a.yaml", "server:\n  - a\n b: c\n", "a.yaml:3:"),
    ];
    for (name, text, expected) in cases {
        let problems = Folder::with(&[(name, text)]).problems(&[]);
        assert!(problems.starts_with(expected), "{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}

#[test]
fn files_that_cannot_be_read_are_reported_with_what_to_do() {
    let loaded = load(
        &[PathBuf::from("/nowhere/hookbell.toml")],
        std::iter::empty(),
    );
    let problem = &loaded.problems()[0];
    assert!(problem.remedy.contains("hookbell init"), "{problem}");
    assert_eq!(loaded.problems().len(), 1);
    let problems = Folder::with(&[("a.ini", "x")]).problems(&[]);
    assert!(problems.contains("name it .toml"), "{problems}");
}

#[test]
fn later_files_and_then_the_environment_win() {
    let first = format!("[server]\nlisten = \"127.0.0.1:1\"\nmax_body = \"1KiB\"\n{GOOD}");
    let second = "server:\n  listen: 127.0.0.1:2\ntemplates:\n  language: zh\n";
    let folder = Folder::with(&[("a.toml", &first), ("b.yaml", second)]);
    let (config, _) = folder.load(&[]).finish().unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.max_body, 1024);
    let environment = [
        ("HOOKBELL__SERVER__LISTEN", "127.0.0.1:3"),
        ("HOOKBELL__GROUPS__OPS__KEYWORDS", "a, b"),
        ("HOOKBELL__GROUPS__OPS__RATE_PER_MINUTE", "7"),
        ("HOOKBELL__SOURCES__GITHUB__INSECURE", "true"),
        ("HOOKBELL_CONFIG", "ignored"),
    ];
    let (config, warnings) = folder.load(&environment).finish().unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.groups[0].bots[0].keywords, ["a", "b"]);
    assert_eq!(config.groups[0].bots[0].rate_per_minute, 7);
    assert!(config.sources[0].credentials.insecure);
}

#[test]
fn a_problem_names_the_layer_that_made_the_setting() {
    let first = format!("[server]\nlisten = \"here\"\n{GOOD}");
    let folder = Folder::with(&[
        ("a.toml", &first),
        ("b.toml", "\n[server]\nlisten = \"there\""),
    ]);
    assert!(folder.problems(&[]).starts_with("b.toml:3:1 "));
    let problems = folder.problems(&[
        ("HOOKBELL__SERVER__LISTEN", "x"),
        ("HOOKBELL__SERVR__LISTEN", "x"),
    ]);
    let expected = "environment variable HOOKBELL__SERVER__LISTEN `server.listen` cannot be \"x\"";
    assert!(problems.contains(expected), "{problems}");
    assert!(
        problems.contains("`servr` is not a setting; did you mean `server`?"),
        "{problems}"
    );
}

#[test]
fn a_later_layer_may_keep_a_secret_elsewhere() {
    let first = format!("[sources.github]\nsecret = {{ file = \"gone\" }}\n{GOOD}");
    let folder = Folder::with(&[
        ("a.toml", &first),
        ("b.toml", "sources.github.secret.env = \"S\""),
    ]);
    assert_eq!(folder.problems(&[("S", "x")]), "");
    assert_eq!(
        folder.problems(&[("HOOKBELL__SOURCES__GITHUB__SECRET", "x")]),
        ""
    );
}

#[test]
fn a_variable_reaches_names_with_dashes() {
    let text = format!("{GOOD}[groups.my-group]\nsecret = \"SECx\"\n");
    let folder = Folder::with(&[("a.toml", &text)]);
    let webhook = "https://oapi.dingtalk.com/robot/send?access_token=x";
    let problems = folder.problems(&[("HOOKBELL__GROUPS__MY_GROUP__WEBHOOK", webhook)]);
    assert_eq!(problems, "");
}

#[test]
fn a_variable_with_one_underscore_too_few_is_pointed_out() {
    let folder = Folder::with(&[("a.toml", GOOD)]);
    let problems = folder.problems(&[("HOOKBELL_SERVER__LISTEN", "127.0.0.1:1")]);
    assert!(
        problems.contains("name it HOOKBELL__SERVER__LISTEN"),
        "{problems}"
    );
}
