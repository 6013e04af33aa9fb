//! What the relay stands on gives way: the disk, the database, the clock. Nothing accepted is lost, senders are told to come
//! back, the log says what is wrong, and all goes on by itself afterwards.

mod clock;
mod disk;
mod lock;
mod postgres;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hookbell::clock::SystemClock;
use hookbell::sandbox::{self, Sandbox, SandboxBot};
use serde_json::json;
use tempfile::TempDir;

use crate::relay::{PATIENCE, free_port};
use crate::replica::{self, Replica, Told};
use crate::vendor::{self, Webhook};

/// A sandbox with one group, and the config of a relay that posts there.
struct Site {
    sandbox: Sandbox,
    folder: TempDir,
    http: reqwest::Client,
}

impl Site {
    fn new(store_url: &str) -> Site {
        let sandbox = Sandbox::new(Arc::<SystemClock>::default());
        for token in ["one", "two", "three"] {
            sandbox.add_bot(SandboxBot {
                token: token.into(),
                secret: None,
                keywords: Vec::new(),
                group: "team".into(),
            });
        }
        let listener = free_port();
        let chat = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        let bots = ["one", "two", "three"].map(|token| {
            format!(
                "[groups.team.bots.{token}]\nwebhook = \"http://{chat}/robot/send?access_token={token}\"\n"
            )
        });
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = '{store_url}'\n\
             {}{}[[routes]]\nname = \"everything\"\nto = [\"team\"]\n",
            vendor::sources(),
            bots.concat(),
        );
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("hookbell.toml"), config).unwrap();
        Site {
            sandbox,
            folder,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn on_sqlite(database: &Path) -> Site {
        Site::new(&format!("sqlite:{}", database.display()))
    }

    /// `program serve` with what this site configures.
    fn serve_by(&self, mut command: Command) -> Command {
        command
            .arg("serve")
            .current_dir(self.folder.path())
            .env("HOOKBELL_CONFIG", "hookbell.toml");
        command
    }

    fn serve(&self) -> Replica {
        let mut command = self.serve_by(Command::new(replica::program()));
        Replica::start(&mut command).unwrap_or_else(|log| panic!("not ready:\n{log}"))
    }

    async fn post(&self, relay: &Replica, number: usize) -> Told {
        let told = relay.post(&self.http, &issue(number)).await;
        told.unwrap_or_else(|| panic!("no answer:\n{}", relay.log()))
    }

    async fn is_ready(&self, relay: &Replica) -> bool {
        let address = format!("{}/readyz", relay.address);
        let answer = self.http.get(address).send().await.unwrap();
        answer.status().is_success()
    }

    /// Posts `number` until it is accepted.
    async fn post_until_accepted(&self, relay: &Replica, number: usize) {
        eventually("the relay accepts again", async || {
            self.post(relay, number).await.status == 202
        })
        .await;
    }

    /// Waits until all these events are in the group, and fails if one of them is told twice.
    async fn all_told(&self, numbers: &[usize]) {
        let count = |number: &usize| {
            let link = format!("/issues/{number}\"");
            let ends = [link, format!("/issues/{number})")];
            let messages = self.sandbox.messages().into_iter();
            messages
                .filter(|message| {
                    let text = message.body.to_string();
                    ends.iter().any(|end| text.contains(end))
                })
                .count()
        };
        eventually("every accepted event is in the group", async || {
            numbers.iter().all(|number| count(number) > 0)
        })
        .await;
        for number in numbers {
            assert_eq!(count(number), 1, "event {number} in messages");
        }
    }
}

/// A refusal that makes the vendor, or a person, send it again.
fn assert_come_back(told: &Told) {
    assert_eq!(told.status, 503, "{told:?}");
    assert!(told.retry_after.is_some(), "{told:?}");
    assert!(told.body.contains("send it again"), "{told:?}");
}

/// Looks again and again until it holds.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(3 * PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

fn issue(number: usize) -> Webhook {
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}"), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "padding": "x".repeat(8_000),
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

/// A small disk of its own in memory. Unmounted when dropped.
struct Disk {
    at: TempDir,
}

impl Disk {
    /// `None` where this user may not mount.
    fn mount(megabytes: u32) -> Option<Disk> {
        let at = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(at.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Disk { at });
        }
        assert!(
            std::env::var_os("HOOKBELL_CI").is_none(),
            "cannot mount a small disk"
        );
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    fn remount(&self, how: &str) {
        let remounted = Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(self.at.path())
            .status();
        assert!(remounted.unwrap().success());
    }

    /// Takes all room that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.path("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.at.path())
            .status();
    }
}
