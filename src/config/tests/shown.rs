//! How problems are shown, and what is never shown.

use super::Folder;

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
url = "postgres://hookbell:hunter2@db"
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
