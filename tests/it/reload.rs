//! A config that changes while the relay runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookbell::app::Role;
use hookbell::clock::SystemClock;
use hookbell::config::Place;
use hookbell::core::secret::Secret;
use hookbell::current::Outcome;
use hookbell::sandbox::{Accepted, Order, SandboxBot, Trouble};
use serde_json::json;
use tempfile::TempDir;

use crate::relay::{EVERYTHING, PATIENCE, TestRelay};
use crate::replica::{self, Replica};
use crate::vendor::{self, Webhook};

/// Routes for everything, with a folder of templates.
const WITH_TEMPLATES: &str = r#"
[templates]
dir = "FOLDER/templates"
[[routes]]
name = "everything"
to = ["backend"]
"#;

fn push(number: usize) -> Webhook {
    let body = json!({
        "ref": "refs/heads/main", "after": format!("{number:040x}"),
        "commits": [{"id": format!("{number:040x}"), "message": "Keep the session", "author": {"name": "Mona"}}],
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "mona"}
    });
    vendor::github("push", &format!("push-{number}"), &body)
}

/// Has pushes worded like this.
fn write_template(folder: &Path, words: &str) {
    let templates = folder.join("templates/en/github");
    fs::create_dir_all(&templates).unwrap();
    let text = format!("---\ntitle: push\n---\n{words}\n");
    fs::write(templates.join("push.hbs"), text).unwrap();
}

async fn start_with_template(words: &str) -> TestRelay {
    let start = TestRelay::start_with(Role::All, EVERYTHING, |parts| parts.reloads = true);
    let relay = start.await;
    write_template(relay.folder(), words);
    let reload = relay.reload(|relay| relay.rewrite(WITH_TEMPLATES)).await;
    assert!(is_applied(&reload.outcome), "{reload:?}");
    relay
}

fn is_applied(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Applied { .. })
}

/// A bot of the sandbox's, in a group of its name.
fn add_bot(relay: &TestRelay, name: &str) {
    relay.sandbox.add_bot(SandboxBot {
        token: name.into(),
        secret: None::<Secret>,
        keywords: Vec::new(),
        group: name.into(),
    });
}

fn words(message: &Accepted) -> String {
    message.body.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_template_words_the_next_message() {
    let relay = start_with_template("It was before.").await;
    assert_eq!(relay.post(&push(1)).await.status, 202);
    assert!(words(&relay.messages(1).await[0]).contains("It was before."));
    relay
        .reload(|relay| write_template(relay.folder(), "It is after."))
        .await;
    assert_eq!(relay.post(&push(2)).await.status, 202);
    assert!(words(&relay.messages(2).await[1]).contains("It is after."));
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_route_counts_for_the_next_request() {
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    let answer = relay.post(&push(1)).await;
    assert_eq!(answer.body["routes"], json!(["everything"]));
    let reload = relay
        .reload(|relay| {
            relay.rewrite("[[routes]]\nname = \"issues\"\nevent = \"issues\"\nto = [\"backend\"]\n")
        })
        .await;
    assert_eq!(reload.revision, 2);
    let answer = relay.post(&push(2)).await;
    assert_eq!((answer.status, &answer.body["routes"]), (200, &json!(null)));
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_file_is_rotated_without_a_restart() {
    let from_file = format!(
        "[sources.other]\nkind = \"github\"\nsecret = {{ file = \"secret\" }}\n{EVERYTHING}"
    );
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    fs::write(relay.folder().join("secret"), "an older one\n").unwrap();
    relay.reload(|relay| relay.rewrite(&from_file)).await;
    let mut webhook = push(1);
    webhook.source = "other".into();
    assert_eq!(relay.post(&webhook).await.status, 401);
    let secret = "It's a Secret to Everybody";
    relay
        .reload(|relay| fs::write(relay.folder().join("secret"), secret).unwrap())
        .await;
    assert_eq!(relay.post(&webhook).await.status, 202);
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_comes_goes_and_comes_back_and_what_waits_for_it_is_not_lost() {
    let of_two = "[groups.other]\nwebhook = \"CHATother\"\n\
        [[routes]]\nname = \"both\"\nto = [\"backend\", \"other\"]\n";
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    add_bot(&relay, "other");
    relay.reload(|relay| relay.rewrite(of_two)).await;
    assert_eq!(relay.post(&push(1)).await.status, 202);
    relay.messages(2).await;
    relay.settled_in("other").await;

    // It goes while its bot does not work, so something waits for it.
    relay
        .sandbox
        .order(Order::next(u32::MAX, Trouble::Removed).of("other"));
    assert_eq!(relay.post(&push(2)).await.status, 202);
    relay.reload(|relay| relay.rewrite(EVERYTHING)).await;
    relay.sandbox.clear_orders();
    let waiting = relay.store.waiting("other").await.unwrap();
    assert_eq!(waiting.count, 1);

    relay.reload(|relay| relay.rewrite(of_two)).await;
    relay.settled_in("other").await;
    let told = relay.sandbox.messages();
    let told: Vec<&str> = told.iter().map(|message| message.group.as_str()).collect();
    assert_eq!(told.iter().filter(|group| **group == "other").count(), 2);
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_next_message_goes_through_its_new_bot() {
    let with_bot = |bot: &str| {
        format!(
            "[groups.team]\nwebhook = \"CHAT{bot}\"\n[[routes]]\nname = \"all\"\nto = [\"team\"]\n"
        )
    };
    let relay = TestRelay::start_reloading(&with_bot("one")).await;
    add_bot(&relay, "one");
    add_bot(&relay, "two");
    assert_eq!(relay.post(&push(1)).await.status, 202);
    relay.messages(1).await;
    relay.reload(|relay| relay.rewrite(&with_bot("two"))).await;
    assert_eq!(relay.post(&push(2)).await.status, 202);
    let messages = relay.messages(2).await;
    assert_eq!((&*messages[0].group, &*messages[1].group), ("one", "two"));
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_set_aside_is_tried_again_when_it_was_mended() {
    let with_keyword = |keyword: &str| {
        format!(
            "[groups.team]\nwebhook = \"CHATteam\"\nkeywords = [\"{keyword}\"]\n\
             [[routes]]\nname = \"all\"\nto = [\"team\"]\n"
        )
    };
    // By this clock it would otherwise be tried again long after the test has given up.
    let relay = TestRelay::start_with(Role::All, &with_keyword("wrong"), |parts| {
        parts.reloads = true;
        parts.clock = Arc::<SystemClock>::default();
    })
    .await;
    relay.sandbox.add_bot(SandboxBot {
        token: "team".into(),
        secret: None,
        keywords: vec!["right".into()],
        group: "team".into(),
    });
    assert_eq!(relay.post(&push(1)).await.status, 202);
    let refused = async {
        while relay.sandbox.bots().iter().all(|bot| bot.refusals() == 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("it is never refused");
    relay
        .reload(|relay| relay.rewrite(&with_keyword("right")))
        .await;
    relay.messages(1).await;
    relay.settled_in("team").await;
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_edit_changes_nothing_and_is_told_with_its_place() {
    let relay = start_with_template("It was good.").await;
    let reload = relay
        .reload(|relay| write_template(relay.folder(), "{{#if title}}"))
        .await;
    let Outcome::Refused { problems } = &reload.outcome else {
        panic!("{reload:?}");
    };
    let Place::File { file, line, .. } = &problems[0].place else {
        panic!("{problems:?}");
    };
    assert!(file.ends_with("en/github/push.hbs"), "{file:?}");
    assert!(*line >= 4, "line {line}");
    assert_eq!(reload.revision, 2, "the one before stays");

    let reload =
        relay.reload(|relay| relay.rewrite("[[routes]]\nname = \"x\"\nto = [\"nowhere\"]\n"));
    assert!(!is_applied(&reload.await.outcome));
    let empty = relay.reload(|relay| fs::write(relay.folder().join("hookbell.toml"), "").unwrap());
    assert!(!is_applied(&empty.await.outcome));

    assert_eq!(relay.post(&push(1)).await.status, 202);
    assert!(words(&relay.messages(1).await[0]).contains("It was good."));
    write_template(relay.folder(), "It is mended.");
    let reload = relay.reload(|relay| relay.rewrite(WITH_TEMPLATES)).await;
    assert!(is_applied(&reload.outcome), "{reload:?}");
    assert_eq!(relay.post(&push(2)).await.status, 202);
    assert!(words(&relay.messages(2).await[1]).contains("It is mended."));
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_restart_is_told_and_the_rest_is_applied() {
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    let reload = relay
        .reload(|relay| {
            let file = relay.folder().join("hookbell.toml");
            let text = fs::read_to_string(&file).unwrap();
            let text = text
                .replace("[server]", "[server]\nlisten = \"127.0.0.1:7777\"")
                .replace("hookbell.db", "other.db")
                .replace("\"everything\"", "\"renamed\"");
            fs::write(file, text).unwrap();
        })
        .await;
    let Outcome::Applied { needs_restart, .. } = &reload.outcome else {
        panic!("{reload:?}");
    };
    assert_eq!(needs_restart, &["server.listen", "store.url"]);
    let answer = relay.post(&push(1)).await;
    assert_eq!(answer.body["routes"], json!(["renamed"]));
    let in_force = relay.current.load();
    assert_eq!(in_force.checked.config.server.listen.port(), 8080);
    relay.messages(1).await;
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mounted_config_map_is_read_again_when_its_link_is_swapped() {
    let relay = TestRelay::start_reloading(EVERYTHING).await;
    let mount = relay.folder().join("templates");
    let publish = |version: &str, words: &str| {
        let data = mount.join(format!("..{version}/en/github"));
        fs::create_dir_all(&data).unwrap();
        let text = format!("---\ntitle: push\n---\n{words}\n");
        fs::write(data.join("push.hbs"), text).unwrap();
        symlink(format!("..{version}"), mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    };
    fs::create_dir(&mount).unwrap();
    publish("2026_11_26_1", "The first.");
    symlink("..data/en", mount.join("en")).unwrap();
    relay.reload(|relay| relay.rewrite(WITH_TEMPLATES)).await;
    assert_eq!(relay.post(&push(1)).await.status, 202);
    assert!(words(&relay.messages(1).await[0]).contains("The first."));

    let reload = relay.reload(|_| {
        publish("2026_11_26_2", "The second.");
        fs::remove_dir_all(mount.join("..2026_11_26_1")).unwrap();
    });
    assert!(is_applied(&reload.await.outcome));
    assert_eq!(relay.post(&push(2)).await.status, 202);
    assert!(words(&relay.messages(2).await[1]).contains("The second."));
    relay.finish().await;
}

/// In a process of its own: the signal is for all relays in one.
#[test]
fn sighup_reloads_also_what_has_not_changed() {
    let folder = TempDir::new().unwrap();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [groups.backend]\nwebhook = \"http://127.0.0.1:9/?access_token=x\"\n{}{EVERYTHING}",
        vendor::sources()
    );
    fs::write(folder.path().join("hookbell.toml"), config).unwrap();
    let mut serve = Command::new(replica::program());
    serve
        .args(["serve", "--config", "hookbell.toml"])
        .current_dir(folder.path());
    let relay = Replica::start(&mut serve).unwrap_or_else(|log| panic!("not ready:\n{log}"));
    let sent = Command::new("kill")
        .args(["-HUP", &relay.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let began = Instant::now();
    while !relay.log().contains("config reloaded") {
        assert!(began.elapsed() < PATIENCE, "{}", relay.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(relay.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_worded_as_the_routes_say_when_it_is_told() {
    let route = |template: &str| {
        format!(
            "[templates]\ndir = \"FOLDER/templates\"\n\
             [[routes]]\nname = \"all\"\nto = [\"backend\"]\ntemplate = \"{template}\"\n"
        )
    };
    let mut relay = TestRelay::start_as(Role::Ingest, EVERYTHING).await;
    let folder = relay.folder().join("templates/en");
    fs::create_dir_all(&folder).unwrap();
    for name in ["old", "new"] {
        let text = format!("---\ntitle: push\n---\nBy the {name} one.\n");
        fs::write(folder.join(format!("{name}.hbs")), text).unwrap();
    }
    relay.restart_as(Role::Ingest, &route("old")).await;
    assert_eq!(relay.post(&push(1)).await.status, 202);
    // The template that was meant then is no longer there.
    fs::remove_file(folder.join("old.hbs")).unwrap();
    relay.restart(&route("new")).await;
    assert!(words(&relay.messages(1).await[0]).contains("By the new one."));
    relay.finish().await;
}
