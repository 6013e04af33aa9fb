//! Configs with mistakes in them, and what is said about each.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A folder with config files in it.
struct Folder {
    dir: TempDir,
    files: Vec<PathBuf>,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let dir = TempDir::new().unwrap();
        let files = files.iter().map(|(name, text)| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        });
        let files = files.collect();
        Folder { dir, files }
    }

    fn load(&self, environment: &[(&str, &str)]) -> Loaded {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&self.files, environment)
    }

    /// Problems as `file:line key: what; remedy`, one a line.
    fn problems(&self, environment: &[(&str, &str)]) -> String {
        let loaded = self.load(environment);
        let lines = loaded.problems().iter().map(|problem| {
            let place = match &problem.place {
                Place::File { file, line, column } => {
                    let name = file.file_name().unwrap().to_string_lossy();
                    format!("{name}:{line}:{column}")
                }
                place => place.to_string(),
            };
            format!("{place} {}; {}", problem.what, problem.remedy)
                .replace(&format!("{}/", self.dir.path().display()), "")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn toml_problems(text: &str) -> String {
    Folder::with(&[("a.toml", text)]).problems(&[])
}

/// A config that works, to put one mistake into.
const GOOD: &str = r#"
[groups.ops]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=abc"
secret = "SECabc"

[[routes]]
to = "ops"
"#;

/// What is wrong with a good config to which `text` was added.
fn added(text: &str) -> String {
    toml_problems(&format!("{text}\n{GOOD}"))
}

#[test]
fn reports_all_mistakes_in_one_run_each_with_its_line() {
    let text = r#"
[server]
lisen = "0.0.0.0:80"
max_body = "many"

[admin]
listen = "0.0.0.0:8081"

[store]
retention = "a fortnight"

[templates]
language = "de"

[sources.github]
secret = { env = "NOT_SET" }

[sources.jira]

[sources.ci]
kind = "gitlab"
secret = "hunter2"

[groups.backend]
webhook = "https://oapi.dingtalk.com/robot/send"
secret = "SECabc"
rate_per_minute = 60
keywords = "build"

[people.alice]
mobile = 13800000000

[[routes]]
name = "builds"
to = ["backend", "bakend"]
mention = ["athor"]

[[routes]]
name = "builds"
source = "bitbucket"
"#;
    insta::assert_snapshot!(toml_problems(text), @r##"
    a.toml:3:1 `server.lisen` is not a setting; did you mean `listen`? Known keys are: listen, max_body
    a.toml:4:1 `server.max_body` cannot be "many"; write a size with its unit, such as "25MiB"
    a.toml:7:1 `admin.listen` can be reached from other machines, and there is no `admin.token`; set `token` under [admin], or listen on 127.0.0.1
    a.toml:10:1 `store.retention` cannot be "a fortnight"; write a duration with its unit, such as "14d" or "36h"
    a.toml:13:1 `templates.language` cannot be "de"; write `en` or `zh`
    a.toml:16:1 `sources.github.secret` wants the environment variable NOT_SET, which is not set; set NOT_SET where Hookbell is started, or change `sources.github.secret`
    a.toml:18:10 `sources.jira` has nothing to check senders with; set `secret`, `token`, `user` or `password`, or insecure = true to accept whatever anyone posts
    a.toml:22:1 GitLab has no `secret`; use `signing_secret` or `token`
    a.toml:25:1 `groups.backend.webhook` is not the address of a bot; copy it whole from DingTalk: https://oapi.dingtalk.com/robot/send?access_token=…
    a.toml:27:1 `groups.backend.rate_per_minute` is out of range; write a whole number from 1 to 20
    a.toml:28:1 `groups.backend.keywords` is a text; write a list of texts, such as ["build"]
    a.toml:31:1 `people.alice.mobile` is a number; write a text, such as "13800000000"
    a.toml:35:18 there is no group `bakend`; did you mean `backend`? known are: backend
    a.toml:36:12 `athor` is neither a role nor one of `people`; did you mean `author`? known are: author, actor, assignees, reviewers, committers, mentioned, all, alice
    a.toml:38:1 `routes[1]` goes nowhere; add to = ["GROUP"]; known are: backend
    a.toml:39:1 `routes[1]` and `routes[0]` are both called "builds"; give one of them another name
    a.toml:40:1 there is no source `bitbucket`; known are: ci, codeup, github, gitlab, jira, travis
    "##);
}

#[test]
fn a_good_config_has_no_problems() {
    assert_eq!(toml_problems(GOOD), "");
}

#[test]
fn an_empty_config_uses_the_defaults_and_is_warned_about() {
    let loaded = Folder::with(&[("a.toml", "")]).load(&[]);
    let (config, warnings) = loaded.finish().unwrap();
    assert_eq!(config.server.listen, SERVER_LISTEN);
    assert_eq!(config.server.max_body, MAX_BODY);
    assert_eq!(config.store, StoreUrl::Sqlite(PathBuf::from(STORE_PATH)));
    assert_eq!(config.templates.language, Language::En);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].what.contains("no routes"), "{}", warnings[0]);
}

#[test]
fn each_mistake_is_named_and_nothing_else() {
    let cases = [
        (
            "[store]\nurl = \"postgres://hookbell:hunter2@db/x\"",
            "2:1 PostgreSQL is not supported",
        ),
        (
            "[store]\nurl = \"sqlite:\"",
            "2:1 `store.url` names no database file",
        ),
        (
            "[store]\nretention = \"0s\"",
            "2:1 `store.retention` cannot be",
        ),
        (
            "[admin]\nlisten = \"127.0.0.1:8080\"",
            "2:1 `admin.listen` is the same",
        ),
        (
            "[templates]\ndir = \"/nowhere/at/all\"",
            "2:1 there is no folder",
        ),
        (
            "[sources.Web]\nkind = \"github\"\nsecret = \"x\"",
            "1:10 `Web` cannot be a name",
        ),
        (
            "[sources.web]\nsecret = \"x\"",
            "1:10 the source `web` has no `kind`",
        ),
        (
            "[sources.web]\nkind = \"gitea\"\nsecret = \"x\"",
            "2:1 `sources.web.kind` cannot be \"gitea\"",
        ),
        (
            "[sources.codeup]\ntoken = \"\"",
            "2:1 `sources.codeup.token` is empty",
        ),
        (
            "[sources.codeup]\ntoken = [\"x\", \"\"]",
            "2:15 `sources.codeup.token[1]` is empty",
        ),
        (
            "[sources.codeup]\ntoken = []",
            "2:1 `sources.codeup.token` is an empty list",
        ),
        (
            "[sources.gitlab]\nsigning_secret = \"hunter2\"",
            "2:1 `sources.gitlab.signing_secret` is not a signing token",
        ),
        (
            "[sources.jira]\nuser = \"hookbell\"",
            "2:1 `sources.jira` has a `user` and no `password`",
        ),
        (
            "[sources.travis]\npublic_key = \"hunter2\"",
            "2:1 `sources.travis.public_key` is not a public key",
        ),
        (
            "[sources.travis]\nconfig_url = \"http://example.com/config\"",
            "2:1 `sources.travis.config_url` is not an https address",
        ),
        ("[groups.two]", "1:9 `groups.two` has no bot"),
        (
            "[groups.two]\nsecret = \"SECx\"",
            "1:9 `groups.two` has no `webhook`",
        ),
        (
            "[groups.two.bots.one]\nwebhook = \"ftp://x?access_token=y\"",
            "2:1 `groups.two.bots.one.webhook` is not the address",
        ),
        (
            "[groups.two]\nwebhook = \"http://h/?access_token=x\"\nbots.one.webhook = \"http://h/?access_token=y\"",
            "2:1 `groups.two` has both",
        ),
        (
            "[groups.two]\nwebhook = \"http://h/?access_token=x\"\nkeywords = [\"\"]",
            "3:1 `groups.two.keywords` has an empty keyword",
        ),
        (
            "[people.all]\nuser_id = \"x\"",
            "1:9 a person cannot be called `all`",
        ),
        (
            "[people.bob]\ngithub = \"bob\"",
            "1:9 `people.bob` cannot be mentioned",
        ),
        (
            "[people.bob]\nmobile = \"852-12345678\"",
            "2:1 `people.bob.mobile` is not a mobile number",
        ),
        (
            "[people.bob]\nuser_id = \"b\"\ngithub = [\"x\", \"y\"]\n[people.carol]\nuser_id = \"c\"\ngithub = \"y\"",
            "6:1 `y` at github is both `bob` and `carol`",
        ),
        (
            "[serve]\nlisten = \"x\"",
            "1:2 `serve` is not a setting; did you mean `server`?",
        ),
        (
            "[sources.codeup]\ntoken = [\"x\", 3]",
            "2:1 `sources.codeup.token` has a part that does not belong",
        ),
        ("server = 3", "1:1 `server` is a number; write a table"),
    ];
    for (text, expected) in cases {
        let problems = added(text);
        let expected = format!("a.toml:{expected}");
        assert!(problems.starts_with(&expected), "{text}: {problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}

#[test]
fn a_setting_of_a_wrong_type_is_not_missed_as_well() {
    for text in [
        "[sources.github]\nsecret = 5",
        "[sources.github]\nsecrt = \"x\"",
        "[groups.two]\nwebhook = 5",
        "[people.bob]\nmobile = 13800000000",
        "[admin]\nlisten = \"0.0.0.0:1\"\ntoken = 5",
    ] {
        let problems = added(text);
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}

#[test]
fn each_kind_takes_only_its_own_credentials() {
    let cases = [
        ("github", "token", "`secret`"),
        ("gitlab", "secret", "`signing_secret` or `token`"),
        (
            "jira",
            "public_key",
            "`secret`, `token`, `user` or `password`",
        ),
        ("codeup", "secret", "`token`"),
        ("travis", "token", "`public_key` or `config_url`"),
    ];
    for (kind, key, own) in cases {
        let value = "-----BEGIN PUBLIC KEY-----";
        let problems = added(&format!("[sources.{kind}]\n{key} = \"{value}\""));
        assert!(
            problems.contains(&format!("has no `{key}`; use {own}")),
            "{problems}"
        );
    }
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
    let [github, jira, shop, travis] = config.sources.as_slice() else {
        panic!("{:?}", config.sources);
    };
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
    let text = "[server]\nmax_body = \"x\"\n[[routes]]\nto = [\"ops\"\nname = \"x\"\n";
    assert_eq!(
        toml_problems(text),
        "a.toml:2:1 `server.max_body` cannot be \"x\"; write a size with its unit, such as \"25MiB\"\n\
         a.toml:5:1 this is not TOML: missing comma between array elements, expected `,`; correct the syntax"
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
fn a_variable_with_one_underscore_too_few_is_pointed_out() {
    let folder = Folder::with(&[("a.toml", GOOD)]);
    let problems = folder.problems(&[("HOOKBELL_SERVER__LISTEN", "127.0.0.1:1")]);
    assert!(
        problems.contains("name it HOOKBELL__SERVER__LISTEN"),
        "{problems}"
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

/// A secret in every place that can hold one, each with a mistake in it or beside it.
const LEAKY: &str = r#"
[admin]
token = ["hunter2", 7]
[sources.github]
secrt = "hunter2"
[sources.gitlab]
secret = "hunter2"
signing_secret = "hunter2"
token = [
  "hunter2", "",
]
[sources.jira]
password = "hunter2"
tokens = { value = "hunter2" }
[sources.travis]
public_key = "hunter2"
[sources]
codeup = { token = "hunter2", tokn = "hunter2" }
[groups.one]
webhook = "https://example.com/hunter2"
secret = "hunter2"
weebhook = "hunter2"
[store]
url = "postgres://hookbell:hunter2@db/hookbell"
"#;

#[test]
fn secrets_are_never_shown() {
    let broken = format!("{LEAKY}[sources.web]\nsecret = \"hunter2\nx");
    let json = "{\"sources\": {\"github\": {\"secret\": \"hunter2\", \"kind\": \"x\", \"scret\": \"hunter2\"}}}";
    let yaml = "sources:\n  github:\n    scret: hunter2\n    secret: [hunter2, 2]\n";
    let files = [
        ("a.toml", LEAKY),
        ("a.toml", &broken),
        ("a.json", json),
        ("a.yaml", yaml),
    ];
    for (name, text) in files {
        let loaded =
            Folder::with(&[(name, text)]).load(&[("HOOKBELL__SOURCES__WEB__TOKEN", "hunter2")]);
        assert!(loaded.problems().len() > 2, "{:?}", loaded.problems());
        for problem in loaded.problems() {
            let shown = format!("{problem} {problem:?} {}", problem.render(false));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert!(!format!("{loaded:?}").contains("hunter2"));
    }
}

#[test]
fn a_problem_is_shown_with_its_line() {
    let folder = Folder::with(&[("a.toml", "[server]\nlisten = \"here\"\n")]);
    let loaded = folder.load(&[]);
    let problem = loaded
        .problems()
        .iter()
        .find(|problem| problem.key == "server.listen");
    let shown = problem.unwrap().render(false);
    let shown = shown.replace(&format!("{}/", folder.dir.path().display()), "");
    insta::assert_snapshot!(shown, @r#"
    error: `server.listen` cannot be "here"
     --> a.toml:2:1
      |
    2 | listen = "here"
      | ^^^^^^
      |
      = help: write an IP address and a port, such as "127.0.0.1:8080" or "0.0.0.0:8080"
    "#);
}

/// The variables that the starter names.
fn starter_variables() -> Vec<(String, String)> {
    let names = STARTER.split("env = \"").skip(1);
    let names = names.filter_map(|rest| rest.split('"').next());
    names
        .map(|name| {
            let value = match name {
                name if name.contains("WEBHOOK_SECRET") => "hunter2".to_owned(),
                name if name.contains("WEBHOOK") => {
                    format!("https://oapi.dingtalk.com/robot/send?access_token={name}")
                }
                "GITLAB_SIGNING_SECRET" => {
                    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()
                }
                "TRAVIS_PUBLIC_KEY" => {
                    "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----".to_owned()
                }
                _ => "SEC0123".to_owned(),
            };
            (name.to_owned(), value)
        })
        .collect()
}

fn starter_problems(text: &str) -> String {
    let folder = Folder::with(&[("hookbell.toml", text)]);
    let templates = folder.dir.path().display().to_string();
    let mut variables = starter_variables();
    variables.push(("HOOKBELL__TEMPLATES__DIR".to_owned(), templates));
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    folder.problems(&variables)
}

#[test]
fn the_starter_is_good_as_it_is_and_with_every_option_in_use() {
    assert_eq!(starter_problems(STARTER), "");
    let lines = STARTER.lines().map(|line| match line.strip_prefix('#') {
        Some(option) if option.starts_with(|c: char| !c.is_whitespace()) => option,
        _ => line,
    });
    let everything = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(starter_problems(&everything), "");
}

#[test]
fn the_starter_shows_every_setting() {
    fn visit(node: &serde_json::Value, missing: &mut Vec<String>) {
        let properties = node["properties"].as_object().into_iter().flatten();
        for (name, node) in properties {
            let is_written = STARTER.lines().any(|line| {
                let line = line.trim_start_matches('#');
                let key = line.split(['=', '#']).next().unwrap_or_default().trim();
                key == name
                    || line
                        .trim_matches(['[', ']'])
                        .split('.')
                        .any(|part| part == name)
            });
            if !is_written {
                missing.push(name.clone());
            }
            visit(node, missing);
            visit(&node["additionalProperties"], missing);
            visit(&node["items"], missing);
        }
    }
    let mut missing = Vec::new();
    visit(&schema(), &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}
