//! Several relays as processes of their own on one PostgreSQL database.

use std::process::Command;
use std::sync::Arc;

use hookbell::checked;
use hookbell::clock::SystemClock;
use hookbell::config::{self, StoreUrl};
use hookbell::sandbox::{self, Sandbox, SandboxBot};
use serde_json::json;
use tempfile::TempDir;

use crate::relay::{PATIENCE, free_port};
use crate::replica::{self, Replica};
use crate::store::postgres::Schema;
use crate::vendor::{self, Webhook};

/// A sandbox with one group, a database, and the config of relays that share both.
struct Site {
    sandbox: Sandbox,
    folder: TempDir,
    http: reqwest::Client,
    // Last, so that it is dropped when nothing uses it any more.
    _schema: Schema,
}

impl Site {
    /// `None` where no server is named.
    fn new() -> Option<Site> {
        let schema = Schema::create()?;
        let sandbox = Sandbox::new(Arc::<SystemClock>::default());
        sandbox.add_bot(SandboxBot {
            token: "team".into(),
            secret: None,
            keywords: Vec::new(),
            group: "team".into(),
        });
        let listener = free_port();
        let chat = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
             [store]\nurl = {{ env = \"DATABASE_URL\" }}\n{}\
             [groups.team]\nwebhook = \"http://{chat}/robot/send?access_token=team\"\n\
             [[routes]]\nname = \"everything\"\nto = [\"team\"]\n",
            vendor::sources(),
        );
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("hookbell.toml"), config).unwrap();
        Some(Site {
            sandbox,
            folder,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _schema: schema,
        })
    }

    fn serve(&self, role: &str) -> Replica {
        let mut command = Command::new(replica::program());
        command
            .args(["serve", "--role", role])
            .current_dir(self.folder.path())
            .env("HOOKBELL_CONFIG", "hookbell.toml")
            .env("DATABASE_URL", self._schema.url());
        Replica::start(&mut command).unwrap_or_else(|log| panic!("not ready:\n{log}"))
    }

    async fn post(&self, to: &Replica, number: usize) {
        let told = to.post(&self.http, &issue(number)).await;
        assert_eq!(told.map(|told| told.status), Some(202));
    }

    /// Waits until each of so many issues is in the group, and sees that none is in it twice.
    async fn told_once(&self, count: usize) {
        let all_told = async {
            loop {
                let known = self.sandbox.messages().len() as u64;
                if self.told()[..count].iter().all(|told| *told > 0) {
                    return;
                }
                self.sandbox.messages_after(known).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, all_told).await;
        let told = self.told();
        assert!(in_time.is_ok(), "{:?}", &told[..count]);
        assert!(told[..count].iter().all(|told| *told == 1), "{told:?}");
    }

    /// How often a post came again under its key.
    fn repeats(&self) -> u64 {
        self.sandbox.bots().iter().map(|bot| bot.repeats).sum()
    }

    /// How often each issue is in the group.
    fn told(&self) -> Vec<usize> {
        let messages = self.sandbox.messages();
        let texts: Vec<String> = messages.iter().map(|it| it.body.to_string()).collect();
        let told = |number| {
            let title = format!("Issue {number}.");
            texts.iter().filter(|text| text.contains(&title)).count()
        };
        (0..20).map(told).collect()
    }
}

fn issue(number: usize) -> Webhook {
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}."), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/acme/shop/issues/{number}")},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_takes_in_another_posts_once() {
    let Some(site) = Site::new() else { return };
    let ingest = site.serve("ingest");
    let deliver = site.serve("deliver");
    for number in 0..8 {
        site.post(&ingest, number).await;
    }
    site.told_once(8).await;
    assert_eq!(site.repeats(), 0);
    deliver.terminate();
    ingest.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_do_everything_post_each_message_once_and_one_goes_on_alone() {
    let Some(site) = Site::new() else { return };
    let (one, two) = (site.serve("all"), site.serve("all"));
    for number in 0..10 {
        site.post(if number % 2 == 0 { &one } else { &two }, number)
            .await;
    }
    site.told_once(10).await;
    assert_eq!(site.repeats(), 0);
    one.kill();
    for number in 10..14 {
        site.post(&two, number).await;
    }
    site.told_once(14).await;
    // The one that was killed may not have come to say that its last post was there.
    assert!(site.repeats() <= 1);
    two.terminate();
}

#[test]
fn the_config_on_the_page_works() {
    let page = include_str!("../../docs/replicas.md");
    let (_, example) = page.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hookbell.toml");
    std::fs::write(&path, example).unwrap();
    let environment = [
        ("DATABASE_URL", "postgres://relay:hush@db:5432/hookbell"),
        ("GITHUB_WEBHOOK_SECRET", "hush"),
        (
            "BACKEND_WEBHOOK",
            "https://oapi.dingtalk.com/robot/send?access_token=hush",
        ),
        ("BACKEND_SECRET", "SEChush"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    match checked::check(config::load(&[path], environment.into_iter())) {
        Ok((checked, warnings)) => {
            assert!(matches!(checked.config.store, StoreUrl::Postgres(_)));
            assert!(warnings.is_empty(), "{warnings:?}");
        }
        Err(problems) => panic!("{problems:?}"),
    }
}
