//! A relay for tests: the real server on a free port, SQLite in a folder of its own, and a sandbox in place of DingTalk.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hookbell::app::{App, ConfigSource, Listeners, Reloading, Role};
use hookbell::bot::dingtalk::{Reach, http_client};
use hookbell::clock::{Clock, LeapingClock};
use hookbell::core::secret::Secret;
use hookbell::current::{Current, Reload};
use hookbell::sandbox::{self, Accepted, Sandbox, SandboxBot};
use hookbell::store::Store;
use hookbell::store::search::{DeliveryFilter, DeliveryLine, Search};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::vendor::{self, Webhook};

/// Longest wait for something that must come. A test that needs it all has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Sources of all kinds with the credentials of [`vendor`], a group with one signed bot, and a route for everything.
pub const EVERYTHING: &str = r#"
[[routes]]
name = "everything"
to = ["backend"]
"#;

pub struct TestRelay {
    pub sandbox: Sandbox,
    pub clock: Arc<LeapingClock>,
    pub store: Arc<dyn Store>,
    pub current: Arc<Current>,
    address: String,
    /// Where its page is.
    pub admin: String,
    http: reqwest::Client,
    folder: TempDir,
    webhook: String,
    /// What the relay takes for the time of day, and its way out.
    parts: Parts,
    stop: Option<oneshot::Sender<()>>,
    relay: Option<JoinHandle<anyhow::Result<()>>>,
}

/// What a test may put into a relay in place of the usual.
#[derive(Clone)]
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub http: reqwest::Client,
    /// Whether it watches its files.
    pub reloads: bool,
}

/// What the relay answered.
pub struct Answer {
    pub status: u16,
    pub retry_after: bool,
    pub body: Value,
}

impl TestRelay {
    /// Starts a relay with these routes. `CHAT` in them stands for the sandbox's address up to the token.
    pub async fn start(routes: &str) -> TestRelay {
        TestRelay::start_as(Role::All, routes).await
    }

    /// Starts a relay that does only its part of the work.
    pub async fn start_as(role: Role, routes: &str) -> TestRelay {
        TestRelay::start_with(role, routes, |_| {}).await
    }

    /// Starts a relay of which some parts are changed. The sandbox keeps the usual clock.
    pub async fn start_with(
        role: Role,
        routes: &str,
        change: impl FnOnce(&mut Parts),
    ) -> TestRelay {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let clock = Arc::new(LeapingClock::starting_at(now));
        let sandbox = Sandbox::new(Arc::clone(&clock) as Arc<dyn Clock>);
        sandbox.add_bot(SandboxBot {
            token: "backend".into(),
            secret: Some(Secret::new("SECbackend")),
            keywords: Vec::new(),
            group: "backend".into(),
        });
        let listener = free_port();
        let webhook = format!(
            "http://{}/robot/send?access_token=backend",
            listener.local_addr().unwrap()
        );
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        let folder = TempDir::new().unwrap();
        let mut parts = Parts {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            http: http_client(Reach::ThisMachine).unwrap(),
            reloads: false,
        };
        change(&mut parts);
        write_config(folder.path(), &webhook, routes);
        let running = run(role, folder.path(), parts.clone());
        TestRelay {
            sandbox,
            clock,
            store: running.store,
            current: running.current,
            address: running.address,
            admin: running.admin,
            http: reqwest::Client::new(),
            folder,
            webhook,
            parts,
            stop: Some(running.stop),
            relay: Some(running.task),
        }
    }

    /// Starts a relay that reloads its config when a file changes.
    pub async fn start_reloading(routes: &str) -> TestRelay {
        TestRelay::start_with(Role::All, routes, |parts| parts.reloads = true).await
    }

    /// Stops the relay in good order and starts it anew on the same store, perhaps with other routes.
    pub async fn restart(&mut self, routes: &str) {
        self.restart_as(Role::All, routes).await;
    }

    pub async fn restart_as(&mut self, role: Role, routes: &str) {
        self.stop().await;
        write_config(self.folder.path(), &self.webhook, routes);
        let running = run(role, self.folder.path(), self.parts.clone());
        self.address = running.address;
        self.admin = running.admin;
        self.store = running.store;
        self.current = running.current;
        self.stop = Some(running.stop);
        self.relay = Some(running.task);
    }

    /// Does something to the files and waits until that has led to a reload, good or bad.
    pub async fn reload(&self, change: impl FnOnce(&TestRelay)) -> Arc<Reload> {
        let count = || {
            let reloads = self.current.reloads();
            reloads.applied + reloads.refused
        };
        let before = count();
        change(self);
        let reloaded = async {
            while count() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reloaded)
            .await
            .expect("no reload");
        self.current.last_reload().unwrap()
    }

    /// Writes its config anew, with these routes.
    pub fn rewrite(&self, routes: &str) {
        write_config(self.folder.path(), &self.webhook, routes);
    }

    /// Where its config is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends a webhook as its vendor does.
    pub async fn post(&self, webhook: &Webhook) -> Answer {
        let mut request = self
            .http
            .post(format!(
                "{}/hooks/{}{}",
                self.address, webhook.source, webhook.query
            ))
            .body(webhook.body.clone());
        for (name, value) in &webhook.headers {
            request = request.header(name, value);
        }
        answered(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        answered(self.http.get(format!("{}{path}", self.address))).await
    }

    /// Waits until the group has `count` messages, and gives them.
    pub async fn messages(&self, count: usize) -> Vec<Accepted> {
        if count > 0 {
            let last = count as u64 - 1;
            tokio::time::timeout(PATIENCE, self.sandbox.messages_after(last))
                .await
                .unwrap_or_else(|_| {
                    panic!("only {} of {count} messages", self.sandbox.messages().len())
                });
        }
        let messages = self.sandbox.messages();
        assert_eq!(messages.len(), count, "messages in the group");
        messages
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The relay's database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("hookbell.db")
    }

    pub async fn deliveries(&self) -> Vec<DeliveryLine> {
        let search = Search::new(DeliveryFilter::default()).limit(1000);
        self.store.deliveries(search).await.unwrap().lines
    }

    /// Waits until nothing waits for the group `backend` any more, whether posted or dead.
    pub async fn settled(&self) {
        self.settled_in("backend").await;
    }

    pub async fn settled_in(&self, group: &str) {
        let settled = async {
            while self.store.waiting(group).await.unwrap().count > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, settled)
            .await
            .expect("messages still wait");
    }

    /// Ends the relay. Fails if it did not end well, or if something is left that nobody will post.
    pub async fn finish(mut self) {
        self.settled().await;
        self.stop().await;
    }

    async fn stop(&mut self) {
        self.stop
            .take()
            .unwrap()
            .send(())
            .expect("the relay has ended by itself");
        let relay = self.relay.take().unwrap();
        tokio::time::timeout(PATIENCE, relay)
            .await
            .expect("the relay does not end")
            .unwrap()
            .unwrap();
    }
}

/// `CHAT` in the routes stands for the sandbox's address up to the token, `FOLDER` for the config's folder.
fn write_config(folder: &Path, webhook: &str, routes: &str) {
    let database = folder.join("hookbell.db");
    let base = format!(
        "[server]\nmax_body = \"1MiB\"\n[store]\nurl = 'sqlite:{}'\n{}\n[groups.backend]\nwebhook = \"{webhook}\"\nsecret = \"SECbackend\"\n",
        database.display(),
        vendor::sources(),
    );
    let routes = routes
        .replace("CHAT", webhook.trim_end_matches("backend"))
        .replace("FOLDER", &folder.display().to_string());
    std::fs::write(folder.join("hookbell.toml"), base + &routes).unwrap();
}

struct Running {
    address: String,
    admin: String,
    store: Arc<dyn Store>,
    current: Arc<Current>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

fn run(role: Role, folder: &Path, parts: Parts) -> Running {
    let source = ConfigSource {
        files: vec![folder.join("hookbell.toml")],
        environment: Vec::new(),
    };
    let (verdict, watched) = source.read();
    let (checked, _) = verdict.unwrap_or_else(|problems| {
        let told: Vec<String> = problems
            .iter()
            .map(|problem| problem.render(false))
            .collect();
        panic!("{}", told.join("\n"))
    });
    let app = App::build(checked, parts.clock, parts.http).unwrap();
    let store = Arc::clone(app.store());
    let current = Arc::clone(app.current());
    let public = free_port();
    let address = format!("http://{}", public.local_addr().unwrap());
    let private = free_port();
    let admin = format!("http://{}", private.local_addr().unwrap());
    let listeners = Listeners {
        public: Some(public),
        admin: private,
    };
    let (stop, stopped) = oneshot::channel();
    let reloading = parts.reloads.then(|| Reloading::of(watched).unwrap());
    let task = tokio::spawn(app.run(role, listeners, reloading, async move {
        let _ = stopped.await;
    }));
    Running {
        address,
        admin,
        store,
        current,
        stop,
        task,
    }
}

/// Posts JSON as to DingTalk, and gives the answer.
pub async fn post_json(url: &str, body: &Value) -> Value {
    let request = reqwest::Client::new().post(url).json(body);
    answered(request).await.body
}

pub fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    Answer {
        status: answer.status().as_u16(),
        retry_after: answer.headers().contains_key("retry-after"),
        body: answer.json().await.unwrap_or(Value::Null),
    }
}
