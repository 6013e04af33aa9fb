//! Mistakes, and what is said about each.

use super::{GOOD, added, toml_problems};

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
    a.toml:3:1 `server.lisen` is not a setting; did you mean `listen`? Known are: listen, max_body, trusted_proxies
    a.toml:4:1 `server.max_body` cannot be "many"; write a size with its unit, such as "25MiB"
    a.toml:7:1 `admin.listen` can be reached from other machines, and there is no `admin.token`; set `token` under [admin], or listen on 127.0.0.1
    a.toml:10:1 `store.retention` cannot be "a fortnight"; write an hour or more with its unit, such as "14d" or "36h"
    a.toml:13:1 `templates.language` cannot be "de"; write `en` or `zh`
    a.toml:16:1 `sources.github.secret` wants the environment variable NOT_SET, which is not set; set NOT_SET where Hookbell is started, or change `sources.github.secret`
    a.toml:18:10 `sources.jira` has nothing to check senders with; set `secret`, `token`, `user` or `password`, or insecure = true to accept whatever anyone posts
    a.toml:22:1 GitLab has no `secret`; use `signing_secret` or `token`
    a.toml:25:1 `groups.backend.webhook` is not the address of a bot; copy it whole from DingTalk: https://oapi.dingtalk.com/robot/send?access_token=…
    a.toml:27:1 `groups.backend.rate_per_minute` is out of range; write a whole number from 1 to 20
    a.toml:28:1 `groups.backend.keywords` is a text; write a list of texts, such as ["build"]
    a.toml:31:1 `people.alice.mobile` is a number; write a text, such as "13800000000"
    a.toml:35:18 there is no group `bakend`; did you mean `backend`? Known are: backend
    a.toml:36:12 `athor` is neither a role nor one of `people`; did you mean `author`? Known are: author, actor, assignees, reviewers, committers, mentioned, all, alice
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
fn each_mistake_is_named_and_nothing_else() {
    let cases = [
        (
            "[store]\nurl = \"sqlite:\"",
            "2:1 `store.url` names no database file",
        ),
        (
            "[store]\nretention = \"59m\"",
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
