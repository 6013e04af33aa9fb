//! The command line, driven as a user drives it: the real binary, files in a folder, exit codes.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const MERGED: &str = r#"{
    "action": "closed", "number": 42,
    "pull_request": {"number": 42, "title": "Keep the session", "merged": true, "user": {"login": "mona"},
        "html_url": "https://github.com/acme/shop/pull/42", "merged_by": {"login": "bob"},
        "head": {"ref": "fix/session"}, "base": {"ref": "main"}},
    "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
    "sender": {"login": "bob"}
}"#;

const CONFIG: &str = r#"
[sources.github]
secret = "s"

[groups.backend]
webhook = "https://oapi.dingtalk.com/robot/send?access_token=t"
secret = "SECx"
language = "zh"
keywords = ["build"]

[people.alice]
github = "mona"
mobile = "13800000000"

[[routes]]
name = "failures"
status = "failed"
to = ["backend"]

[[routes]]
name = "merges"
event = "pull_request"
action = "merged"
to = ["backend"]
mention = ["author"]
"#;

fn hookbell(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("hookbell").unwrap();
    command.current_dir(folder).env_remove("HOOKBELL_CONFIG");
    command
}

/// A folder with a payload and a config.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("merged.json"), MERGED).unwrap();
    fs::write(folder.path().join("hookbell.toml"), CONFIG).unwrap();
    folder
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// Standard error of a command that ends with that code.
fn stderr(command: &mut Command, code: i32) -> String {
    String::from_utf8(command.assert().code(code).get_output().stderr.clone()).unwrap()
}

const RENDER: [&str; 5] = [
    "render",
    "--source",
    "github",
    "--header",
    "X-GitHub-Event: pull_request",
];

#[test]
fn render_prints_the_json_that_would_be_posted() {
    let folder = folder();
    let text = stdout(hookbell(folder.path()).args(RENDER).arg("merged.json"));
    let body: Value = serde_json::from_str(&text).unwrap();
    assert!(body["msgtype"].is_string());
    assert!(text.contains("Keep the session"));
}

#[test]
fn render_reads_standard_input_and_prints_a_preview() {
    let folder = folder();
    let mut command = hookbell(folder.path());
    let text = stdout(
        command
            .args(RENDER)
            .args(["--format", "text", "-"])
            .write_stdin(MERGED),
    );
    assert!(
        text.contains("Keep the session") && !text.contains("msgtype"),
        "{text}"
    );
}

#[test]
fn render_with_a_config_follows_its_route_group_and_people() {
    let folder = folder();
    let mut command = hookbell(folder.path());
    let text = stdout(
        command
            .args(RENDER)
            .args(["--config", "hookbell.toml", "merged.json"]),
    );
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["at"]["atMobiles"][0], "13800000000");
    assert!(
        text.contains("合并") || text.contains("合入"),
        "the group's language: {text}"
    );
    assert!(text.contains("build"), "the bot's keyword: {text}");
}

#[test]
fn render_tells_why_an_event_is_silent_by_default() {
    let folder = folder();
    fs::write(
        folder.path().join("star.json"),
        r#"{"action": "created", "starred_at": "2026-11-22T09:00:00Z"}"#,
    )
    .unwrap();
    let mut command = hookbell(folder.path());
    command.args([
        "render",
        "--source",
        "github",
        "--header",
        "X-GitHub-Event: star",
        "star.json",
    ]);
    assert!(stderr(&mut command, 3).starts_with("ignored: "));
}

#[test]
fn render_refuses_what_is_no_payload_and_wrong_usage_with_different_codes() {
    let folder = folder();
    fs::write(folder.path().join("bad.json"), "{").unwrap();
    let told = stderr(hookbell(folder.path()).args(RENDER).arg("bad.json"), 1);
    assert!(
        told.contains("bad.json") && told.contains("help: "),
        "{told}"
    );
    let told = stderr(hookbell(folder.path()).args(RENDER).arg("nothing.json"), 1);
    assert!(told.contains("nothing.json"), "{told}");
    stderr(
        hookbell(folder.path()).args(["render", "--source", "gitee", "merged.json"]),
        2,
    );
    stderr(hookbell(folder.path()).arg("rendre"), 2);
}

#[test]
fn explain_tells_for_each_route_what_it_wanted_and_saw() {
    let folder = folder();
    let mut command = hookbell(folder.path());
    command.args(["explain", "--config", "hookbell.toml", "--source", "github"]);
    command.args(["--header", "X-GitHub-Event: pull_request", "merged.json"]);
    let text = stdout(&mut command);
    assert!(
        text.contains("✗ failures:\n    status wants failed, saw merged"),
        "{text}"
    );
    assert!(text.contains("✓ merges: goes to backend"), "{text}");
}

#[test]
fn a_ping_tells_what_no_route_wants_in_explain_and_in_its_message() {
    let folder = folder();
    let hooks =
        "[[routes]]\nname = \"hooks\"\nevent = \"ping\"\nrepo = \"acme/*\"\nto = [\"backend\"]\n";
    // `failures` of the other config has no `event` and could want anything.
    let config = CONFIG.replace("status = \"failed\"", "event = \"workflow_run\"") + hooks;
    fs::write(folder.path().join("hookbell.toml"), config).unwrap();
    let ping = r#"{"zen": "Design for failure.", "hook": {"events": ["pull_request", "star", "fork"]},
        "repository": {"full_name": "acme/shop"}}"#;
    fs::write(folder.path().join("ping.json"), ping).unwrap();
    let given = ["--config", "hookbell.toml", "--source", "github"];
    let payload = ["--header", "X-GitHub-Event: ping", "ping.json"];
    let run = |command: &str| {
        let mut hookbell = hookbell(folder.path());
        stdout(hookbell.arg(command).args(given).args(payload))
    };
    let told = run("explain");
    assert!(
        told.contains("Sent but wanted by no route: star, fork."),
        "{told}"
    );
    let told = run("render");
    assert!(told.contains("没有路由需要：star、fork。"), "{told}");
}

#[test]
fn check_accepts_a_good_config() {
    let folder = folder();
    let text = stdout(hookbell(folder.path()).args(["check", "--config", "hookbell.toml"]));
    assert_eq!(
        text,
        "The config is good: 1 source, 1 group, 2 routes, 1 person.\n"
    );
}

#[test]
fn check_reports_ten_mistakes_in_one_run_each_with_its_line() {
    let config = r#"[server]
lisen = "127.0.0.1:8080"
max_body = "much"
[store]
retention = 14
[sources.github]
secret = { env = "NOT_SET_ANYWHERE" }
[sources.gitlab]
[groups.backend]
webhook = "https://oapi.dingtalk.com/robot/send"
language = "de"
rate_per_minute = 30
[[routes]]
to = ["bakend"]
when = "event."
template = "no-such-template"
"#;
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bad.toml"), config).unwrap();
    let told = stderr(
        hookbell(folder.path()).args(["check", "--config", "bad.toml"]),
        1,
    );
    for line in [2, 3, 5, 7, 8, 10, 11, 12, 14, 15, 16] {
        assert!(
            told.contains(&format!("bad.toml:{line}:")),
            "line {line} in:\n{told}"
        );
    }
    assert!(told.contains("the config has 11 problems"), "{told}");
    assert!(
        told.contains("`listen`") && told.contains("`backend`"),
        "suggestions in:\n{told}"
    );
}

#[test]
fn check_tells_file_and_line_of_a_broken_template() {
    let folder = folder();
    let templates = folder.path().join("templates/en/github");
    fs::create_dir_all(&templates).unwrap();
    fs::write(
        templates.join("push.hbs"),
        "---\ntitle: x\n---\n{{titel}}\n",
    )
    .unwrap();
    let told = stderr(
        hookbell(folder.path()).args(["check", "--config", "hookbell.toml"]),
        1,
    );
    assert!(told.contains("templates/en/github/push.hbs:4"), "{told}");
    assert!(told.contains("title"), "{told}");
}

#[test]
fn init_writes_a_config_that_passes_the_check_and_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    stdout(hookbell(folder.path()).arg("init"));
    let mut check = hookbell(folder.path());
    check
        .arg("check")
        .env("GITHUB_WEBHOOK_SECRET", "s")
        .env("BACKEND_SECRET", "SECx");
    check.env(
        "BACKEND_WEBHOOK",
        "https://oapi.dingtalk.com/robot/send?access_token=t",
    );
    stdout(&mut check);
    let told = stderr(hookbell(folder.path()).arg("init"), 1);
    assert!(told.contains("exists already"), "{told}");
}

#[test]
fn an_exported_template_that_was_edited_is_used() {
    let folder = folder();
    stdout(hookbell(folder.path()).args(["templates", "export", "templates"]));
    let file: PathBuf = folder
        .path()
        .join("templates/zh/github/pull_request.closed.hbs");
    fs::write(&file, "---\ntitle: \"{{title}} 完成\"\n---\n{{title}}\n").unwrap();
    let mut command = hookbell(folder.path());
    let text = stdout(
        command
            .args(RENDER)
            .args(["--config", "hookbell.toml", "merged.json"]),
    );
    assert!(text.contains("Keep the session 完成"), "{text}");
}

#[test]
fn schema_is_a_json_schema_with_the_documented_tables() {
    let text = stdout(hookbell(Path::new(".")).arg("schema"));
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(schema["$schema"].is_string());
    for table in [
        "server",
        "admin",
        "store",
        "templates",
        "sources",
        "groups",
        "people",
        "routes",
    ] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
}

#[test]
fn the_demo_shows_one_message_of_each_source() {
    let text = stdout(
        hookbell(Path::new("."))
            .args(["demo", "--once"])
            // A proxy that cannot reach this machine must not be in the way.
            .env("HTTP_PROXY", "http://127.0.0.1:9"),
    );
    for source in ["GitHub", "GitLab", "Jira", "Codeup", "Travis CI"] {
        assert!(
            text.contains(&format!("of 5 · {source}: ")),
            "{source} in:\n{text}"
        );
    }
    assert!(
        text.contains("5 messages of 5 sources are in the group"),
        "{text}"
    );
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let help = stdout(hookbell(Path::new(".")).arg("--help"));
    let listed = help.split("Commands:").nth(1).unwrap();
    let listed = listed.split("Options:").next().unwrap();
    let commands: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect();
    assert!(commands.contains(&"doctor"), "{commands:?}");
    let page = stdout(hookbell(Path::new(".")).arg("man"));
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(hookbell(Path::new(".")).args(["completions", shell]));
        for command in &commands {
            assert!(script.contains(command), "{command} for {shell}");
            assert!(
                page.contains(&format!("hookbell\\-{command}(1)")),
                "{command}"
            );
        }
    }
    let folder = TempDir::new().unwrap();
    stdout(hookbell(folder.path()).args(["man", "."]));
    let page = fs::read_to_string(folder.path().join("hookbell-plan.1")).unwrap();
    assert!(page.contains("\\-\\-running"), "{page}");
    let told = stderr(hookbell(folder.path()).args(["man", "nowhere"]), 1);
    assert!(told.contains("nowhere"), "{told}");
}

#[test]
fn check_warns_of_what_dingtalk_does_not_draw_in_a_template() {
    let folder = folder();
    let templates = folder.path().join("templates/en/github");
    fs::create_dir_all(&templates).unwrap();
    let text = "---\ntitle: x\n---\n{{title}}\n\n| a | b |\n";
    fs::write(templates.join("push.hbs"), text).unwrap();
    let told = stderr(
        hookbell(folder.path()).args(["check", "--config", "hookbell.toml"]),
        0,
    );
    assert!(told.contains("templates/en/github/push.hbs:6"), "{told}");
    assert!(told.contains("A table row"), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = std::process::Command::new(assert_cmd::cargo::cargo_bin("hookbell"))
        .arg("schema")
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
