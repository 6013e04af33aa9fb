//! The relay as a process: started, stopped, killed, and looked into from outside.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;

use hookbell::clock::SystemClock;
use hookbell::core::secret::Secret;
use hookbell::sandbox::{self, Order, Sandbox, SandboxBot, Trouble};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::relay::{PATIENCE, free_port, post_json};
use crate::vendor;

/// A sandbox with a group, and a folder with the config of a relay that posts there.
pub struct Site {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

impl Site {
    pub async fn new() -> Site {
        let sandbox = Sandbox::new(Arc::new(SystemClock::new()));
        sandbox.add_bot(SandboxBot {
            token: "backend".into(),
            secret: Some(Secret::new("SECbackend")),
            keywords: Vec::new(),
            group: "backend".into(),
        });
        let listener = free_port();
        let chat = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        let folder = TempDir::new().unwrap();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{}\n\
             [groups.backend]\nwebhook = \"http://{chat}/robot/send?access_token=backend\"\nsecret = \"SECbackend\"\n\
             [[routes]]\nname = \"everything\"\nto = [\"backend\"]\n",
            vendor::sources()
        );
        std::fs::write(folder.path().join("hookbell.toml"), config).unwrap();
        Site { sandbox, folder }
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookbell"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("HOOKBELL_CONFIG", "hookbell.toml");
        command
    }

    pub fn serve(&self) -> Process {
        Process::start(&mut self.command(&["serve"]))
    }

    pub fn serve_as(&self, role: &str) -> Process {
        Process::start(&mut self.command(&["serve", "--role", role]))
    }

    /// Standard output of a command that succeeds.
    pub fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until the group has at least `count` messages.
    pub async fn messages(&self, count: u64) {
        tokio::time::timeout(PATIENCE, self.sandbox.messages_after(count - 1))
            .await
            .unwrap_or_else(|_| panic!("only {} messages", self.sandbox.messages().len()));
    }
}

/// `hookbell serve`, running.
pub struct Process {
    child: Child,
    pub address: String,
    admin: String,
    _log: Lines<BufReader<ChildStderr>>,
}

impl Process {
    /// Starts it and waits until its log says that it is ready, and where.
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = log
            .by_ref()
            .map(|line| line.unwrap())
            .find(|line| line.contains("ready"))
            .expect("the relay ended before it was ready");
        let address = ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix("server="))
            .unwrap_or_default();
        let admin = ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix("admin="));
        Process {
            child,
            address: format!("http://{address}"),
            admin: admin.unwrap().to_owned(),
            _log: log,
        }
    }

    /// Posts a webhook to its source; whether it was accepted.
    pub async fn post(&self, http: &reqwest::Client, webhook: vendor::Webhook) -> bool {
        let mut request = http
            .post(format!("{}/hooks/{}", self.address, webhook.source))
            .body(webhook.body);
        for (name, value) in &webhook.headers {
            request = request.header(name, value);
        }
        request
            .send()
            .await
            .is_ok_and(|answer| answer.status().as_u16() == 202)
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        self.child.wait().unwrap()
    }

    /// `kill -9`
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    /// A test that fails must not leave it running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn issue(number: usize) -> vendor::Webhook {
    let body: Value = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}."), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_nothing_accepted_is_lost_and_nothing_is_posted_twice() {
    let site = Site::new().await;
    let http = reqwest::Client::new();
    let mut accepted = Vec::new();
    for round in 0..4 {
        let relay = site.serve();
        // Killed right after the last answer, while messages are being posted.
        for number in round * 4..round * 4 + 4 {
            if relay.post(&http, issue(number)).await {
                accepted.push(number);
            }
        }
        relay.kill();
    }
    assert!(accepted.len() >= 12, "{accepted:?}");
    let relay = site.serve();
    site.messages(accepted.len() as u64).await;
    let messages = site.sandbox.messages();
    for number in accepted {
        let title = format!("Issue {number}.");
        let told = messages
            .iter()
            .filter(|message| message.body.to_string().contains(&title));
        assert_eq!(told.count(), 1, "{title}");
    }
    relay.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_what_is_in_flight_and_ends_well() {
    let site = Site::new().await;
    let http = reqwest::Client::new();
    site.sandbox
        .order(Order::next(1, Trouble::Slow { seconds: 1 }));
    let relay = site.serve();
    assert!(relay.post(&http, issue(1)).await);
    let ended = relay.terminate();
    assert!(ended.success(), "{ended}");
    // Either it was in flight and finished, or it had not begun and waits in the store.
    let relay = site.serve();
    site.messages(1).await;
    relay.terminate();
    assert_eq!(site.sandbox.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_may_take_in_and_another_post() {
    let site = Site::new().await;
    let http = reqwest::Client::new();
    let ingest = site.serve_as("ingest");
    assert!(ingest.post(&http, issue(1)).await);
    ingest.terminate();
    assert!(site.sandbox.messages().is_empty(), "ingest posts nothing");
    let deliver = site.serve_as("deliver");
    site.messages(1).await;
    assert!(
        !deliver.post(&http, issue(2)).await,
        "deliver takes nothing in"
    );
    deliver.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_finds_a_dead_letter_and_posts_it_after_all() {
    let site = Site::new().await;
    let http = reqwest::Client::new();
    let too_long = Trouble::Http { status: 413 };
    site.sandbox.order(Order::next(1, too_long));
    let relay = site.serve();
    assert!(relay.post(&http, issue(1)).await);
    assert!(relay.post(&http, issue(2)).await);
    site.messages(1).await;

    let listed = site.run(&["deliveries", "list"]);
    assert!(listed.contains("github issues opened"), "{listed}");
    let dead = site.run(&["dead", "list"]);
    let id = dead.split_whitespace().next().unwrap();
    site.run(&["dead", "retry", id]);
    site.messages(2).await;
    assert_eq!(site.run(&["dead", "list"]), "No dead letters.\n");

    let delivery = listed.split_whitespace().next().unwrap();
    let shown = site.run(&["deliveries", "show", delivery]);
    assert!(shown.contains("posted "), "{shown}");
    site.run(&["deliveries", "replay", delivery]);
    site.messages(3).await;
    let mut health = site.command(&["health"]);
    let told = health.env("HOOKBELL__ADMIN__LISTEN", &relay.admin).output();
    assert_eq!(told.unwrap().stdout, b"ready\n");
    relay.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_lists_whom_the_config_does_not_know_until_it_does() {
    let site = Site::new().await;
    let told = site.run(&["people"]);
    assert_eq!(told, "There are no deliveries to look into yet.\n");
    let relay = site.serve();
    let push = json!({
        "ref": "refs/heads/main", "after": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "commits": [{"id": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678", "message": "Keep the session",
                     "author": {"name": "韩梅梅", "email": "hmm@example.com"}}],
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "dependabot[bot]", "type": "Bot"}
    });
    let http = reqwest::Client::new();
    for webhook in [issue(1), issue(2), vendor::github("push", "push-1", &push)] {
        assert!(relay.post(&http, webhook).await);
    }
    site.messages(3).await;
    relay.terminate();

    let told = site.run(&["people"]);
    assert!(
        told.starts_with(
            "Seen in the newest 3 deliveries, and in no `people` entry:\n\n\
             github\n    \
             2×  mona     github = \"mona\"\n    \
             1×  韩梅梅   email = \"hmm@example.com\"   (only known from commits)\n"
        ),
        "{told}"
    );
    let told = site.run(&["people", "--limit", "1"]);
    assert!(!told.contains("mona"), "only the newest: {told}");

    let file = site.folder.path().join("hookbell.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let entry =
        "[people.mona]\ngithub = \"mona\"\nemail = \"hmm@example.com\"\nmobile = \"13800000000\"\n";
    std::fs::write(&file, config + entry).unwrap();
    let told = site.run(&["people"]);
    assert_eq!(
        told,
        "The config knows everybody seen in the newest 3 deliveries.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn send_posts_a_test_message_or_says_in_plain_words_why_not() {
    let site = Site::new().await;
    let told = site.run(&[
        "send",
        "--group",
        "backend",
        "--text",
        "Hookbell says hello",
    ]);
    assert!(told.contains("Posted to backend"), "{told}");
    assert_eq!(site.sandbox.messages()[0].msgtype, "text");
    site.sandbox.order(Order::next(1, Trouble::Disbanded));
    let output = site
        .command(&["send", "--group", "backend", "--text", "again"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("400013") && !told.contains("access_token"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_command_answers_like_dingtalk() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hookbell"))
        .args(["sandbox", "--listen", "127.0.0.1:0"])
        .current_dir(Path::new("/"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .find_map(|line| {
            line.unwrap()
                .trim()
                .strip_prefix("webhook = ")
                .map(str::to_owned)
        })
        .unwrap();
    let webhook = line.trim_matches('"');
    let text = json!({"msgtype": "text", "text": {"content": "hello"}});
    let unsigned = post_json(webhook, &text).await;
    assert_eq!(unsigned["errcode"], 310000);
    let other = webhook.replace("access_token=sandbox", "access_token=other");
    let open = post_json(&other, &text).await;
    assert_eq!(open["errcode"], 0);
    child.kill().unwrap();
    child.wait().unwrap();
}
