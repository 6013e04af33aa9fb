//! `hookbell plan`: the real command beside a running relay, told by its store.

use std::fs;

use crate::process::{Site, issue};
use crate::vendor;
use serde_json::json;

/// A relay that has told of two issues and a push.
struct Planned {
    site: Site,
}

impl Planned {
    async fn new() -> Planned {
        let site = Site::new().await;
        let http = reqwest::Client::new();
        let relay = site.serve();
        for webhook in [issue(1), issue(2), push()] {
            assert!(relay.post(&http, webhook).await);
        }
        site.messages(3).await;
        relay.terminate();
        Planned { site }
    }

    /// Writes `new.toml`, which is the running config with `from` replaced by `to`, and plans it.
    fn plan(&self, from: &str, to: &str) -> String {
        self.write(from, to);
        self.site.run(&["plan", "--config", "new.toml"])
    }

    fn write(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.file("hookbell.toml")).unwrap();
        assert!(config.contains(from), "{config}");
        fs::write(self.file("new.toml"), config.replace(from, to)).unwrap();
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.site.folder.path().join(name)
    }
}

fn push() -> vendor::Webhook {
    let push = json!({
        "ref": "refs/heads/main", "after": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "commits": [{"id": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678", "message": "Keep the session",
                     "author": {"name": "Mona", "email": "mona@example.com"}}],
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    vendor::github("push", "push-1", &push)
}

const ROUTE: &str = "name = \"everything\"\nto = [\"backend\"]";

fn assert_has(told: &str, expected: &[&str]) {
    for words in expected {
        assert!(told.contains(words), "{words:?} is not in:\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_where_only_other_things_do() {
    let planned = Planned::new().await;
    let told = planned.plan("[admin]\n", "[admin]\ntoken = \"t\"\n");
    assert_has(
        &told,
        &["The newest 3 deliveries", "nothing would be told otherwise"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_wants_less_loses_messages_and_plan_says_why() {
    let planned = Planned::new().await;
    let told = planned.plan(ROUTE, &format!("{ROUTE}\nevent = \"push\""));
    assert_has(
        &told,
        &[
            "2 messages lost",
            "github issues opened: backend would no longer hear of it (2)",
            "its route `everything` wants event push, saw issues",
        ],
    );
    let told = planned.plan(ROUTE, &ROUTE.replace("everything", "all"));
    assert_has(&told, &["nothing would be told otherwise"]);
    let other = "name = \"merges\"\nevent = \"pull_request\"\nto = [\"backend\"]";
    let told = planned.plan(ROUTE, other);
    assert_has(
        &told,
        &[
            "3 messages lost",
            "the new config has no route `everything`",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_gains_messages_and_another_one_gets_them_instead() {
    let planned = Planned::new().await;
    let config = fs::read_to_string(planned.file("hookbell.toml")).unwrap();
    let group = config.split("[groups.backend]").nth(1).unwrap();
    let group = group.split("[[routes]]").next().unwrap();
    let group = format!("[groups.release]{}", group.replace("=backend", "=release"));
    let with_group = |routes: &str| format!("{group}[[routes]]\n{routes}");
    let pushes = "name = \"pushes\"\nevent = \"push\"\nto = [\"release\"]\n[[routes]]\n";
    let told = planned.plan("[[routes]]\n", &with_group(pushes));
    assert_has(
        &told,
        &[
            "1 message gained",
            "github push updated: release would hear of it, by the route `pushes` (1)",
            "Keep the session",
        ],
    );
    let final_pushes = format!("final = true\n{pushes}");
    let told = planned.plan("[[routes]]\n", &with_group(&final_pushes));
    assert_has(
        &told,
        &[
            "1 message sent elsewhere",
            "github push updated: would go to release instead of backend (1)",
        ],
    );
    let told = planned.plan("access_token=backend", "access_token=other");
    assert_has(
        &told,
        &["Every message to backend would go through other bots than now."],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_tried_and_its_words_are_compared() {
    let planned = Planned::new().await;
    let folder = planned.file("draft/en/github");
    fs::create_dir_all(&folder).unwrap();
    let template =
        "---\ntype: markdown\ntitle: \"{{title}}\"\n---\nIssue of {{actor.name}}: {{title}}\n";
    fs::write(folder.join("issues.opened.hbs"), template).unwrap();
    let told = planned.plan("[admin]", "[templates]\ndir = \"draft\"\n[admin]");
    assert_has(
        &told,
        &[
            "2 messages worded differently",
            "github issues opened: worded differently in backend (2)",
            "{+Issue+}",
        ],
    );
    assert!(!told.contains("push"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_in_another_way_is_a_change_too() {
    let planned = Planned::new().await;
    let told = planned.plan(ROUTE, &format!("{ROUTE}\ngather = \"30s\"\ndigest = false"));
    assert_has(
        &told,
        &[
            "3 messages told at another time or in another way",
            "gathered for 30s, never in a digest in backend",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_runs_beside_the_relay_and_reads_as_many_as_asked_for() {
    let planned = Planned::new().await;
    let relay = planned.site.serve();
    planned.write(ROUTE, &format!("{ROUTE}\nevent = \"star\""));
    let told = planned
        .site
        .run(&["plan", "--config", "new.toml", "--last", "1"]);
    assert_has(&told, &["The newest delivery,", "1 message lost"]);
    relay.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_with_problems_and_an_unreadable_store_are_told_apart() {
    let planned = Planned::new().await;
    planned.write("[\"backend\"]", "[\"bakend\"]");
    let refused = |words: &[&str]| {
        let output = planned.site.command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let told = refused(&["plan", "--config", "new.toml"]);
    assert_has(&told, &["new.toml:", "the new config has 1 problem"]);
    let told = refused(&["plan", "--config", "hookbell.toml"]);
    assert_has(&told, &["the new config is the running one"]);
    planned.write(ROUTE, ROUTE);
    fs::write(planned.file("broken.db"), "this is no database").unwrap();
    let output = planned
        .site
        .command(&["plan", "--config", "new.toml"])
        .env("HOOKBELL__STORE__URL", "sqlite:broken.db")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_has(&told, &["broken.db", "store.url"]);
}
