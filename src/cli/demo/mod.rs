//! `hookbell demo`: the whole path, from five vendors' webhooks to a chat, on this machine alone.
//!
//! Nothing in here is a short cut: a relay and a sandbox listen on the loopback address, the webhooks are sent over
//! HTTP with each vendor's real authentication, and the messages are posted signed.

mod webhooks;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use self::webhooks::Webhook;
use super::{COMMAND_LOG, Failure, block_on, sandbox as sandbox_command, serve, start_logging};
use crate::app::{App, Listeners, Role};
use crate::bot::dingtalk::{self, Reach};
use crate::checked;
use crate::clock::SystemClock;
use crate::config;
use crate::sandbox::{self, Accepted, Sandbox};

/// Where it listens if nothing else does; otherwise wherever there is room.
const RELAY_PORT: u16 = 8080;
const SANDBOX_PORT: u16 = 8090;
const ADMIN_PORT: u16 = 8081;
const GROUP: &str = "demo";
/// Longest wait for a message that was accepted.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub struct Demo {
    /// Send the five webhooks, print the messages, and end
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub fn run(self) -> Result<(), Failure> {
        start_logging(COMMAND_LOG, "");
        let folder = DemoFolder::create()?;
        block_on(self.play(&folder))
    }

    async fn play(self, folder: &DemoFolder) -> Result<(), Failure> {
        let sandbox_listener = listen(SANDBOX_PORT)?;
        let relay_listener = listen(RELAY_PORT)?;
        let admin_listener = listen(ADMIN_PORT)?;
        let relay = relay_listener.local_addr().map_err(Failure::internal)?;
        let admin = admin_listener.local_addr().map_err(Failure::internal)?;
        let listeners = Listeners {
            public: Some(relay_listener),
            admin: admin_listener,
        };
        let chat = sandbox_listener.local_addr().map_err(Failure::internal)?;

        let sandbox = Sandbox::new(Arc::new(SystemClock::new()));
        sandbox.add_bot(sandbox_command::signed_bot(GROUP));
        let server =
            sandbox::serve(sandbox_listener, sandbox.clone()).map_err(Failure::internal)?;
        let sandbox_handle = server.handle();
        let sandbox_task = tokio::spawn(server);

        let config = folder.write_config(chat)?;
        let (checked, _) = checked::check(config::load(&[config], std::iter::empty()))
            .map_err(|problems| Failure::internal(&problems[0]))?;
        let http = dingtalk::http_client(Reach::ThisMachine).map_err(Failure::internal)?;
        let app = App::build(checked, Arc::new(SystemClock::new()), http.clone())
            .map_err(Failure::internal)?;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let relay_task = tokio::spawn(app.run(Role::All, listeners, None, async move {
            // A sender that is gone means the same as one that sent.
            let _ = ended.await;
        }));

        let shown = show(&http, relay, &sandbox).await;
        if shown.is_ok() {
            println!("The group chat is at http://{chat}/");
            println!("Why each message is there, and how to word it otherwise: http://{admin}/");
            println!();
            print!("{}", webhooks::how_to_post(relay));
        }
        if shown.is_ok() && !self.once {
            println!();
            println!("Serving until Ctrl-C.");
            serve::stop_signal().map_err(Failure::internal)?.await;
        }
        // The relay may have ended by itself, which its task tells.
        let _ = end.send(());
        relay_task
            .await
            .map_err(Failure::internal)?
            .map_err(Failure::internal)?;
        sandbox_handle.stop(true).await;
        sandbox_task
            .await
            .map_err(Failure::internal)?
            .map_err(Failure::internal)?;
        shown
    }
}

/// Sends the five webhooks one after the other, and prints what arrives in the group.
async fn show(http: &reqwest::Client, relay: SocketAddr, sandbox: &Sandbox) -> Result<(), Failure> {
    let webhooks = webhooks::all();
    for (number, webhook) in (1..).zip(&webhooks) {
        let answer = post(http, relay, webhook).await?;
        let message = arrived(sandbox, number).await?;
        println!("── {number} of {} · {}", webhooks.len(), webhook.what);
        println!("   POST /hooks/{} answered {answer}", webhook.source);
        println!(
            "   posted signed to group {}, {} bytes of {}\n",
            message.group, message.bytes, message.msgtype
        );
        println!("{}\n", dingtalk::as_text(&message.body).trim_end());
    }
    println!(
        "── {} messages of {} sources are in the group.\n",
        webhooks.len(),
        webhooks.len()
    );
    Ok(())
}

async fn post(
    http: &reqwest::Client,
    relay: SocketAddr,
    webhook: &Webhook,
) -> Result<String, Failure> {
    let mut request = http
        .post(format!("http://{relay}/hooks/{}", webhook.source))
        .body(webhook.body.clone());
    for (name, value) in &webhook.headers {
        request = request.header(*name, value);
    }
    let answer = request.send().await.map_err(Failure::internal)?;
    let status = answer.status();
    let body: Value = answer.json().await.map_err(Failure::internal)?;
    if status != reqwest::StatusCode::ACCEPTED {
        return Err(Failure::internal(format!(
            "the relay answered {status}: {body}"
        )));
    }
    Ok(format!("{status} {body}"))
}

/// The message with that number, as soon as it is in the group.
async fn arrived(sandbox: &Sandbox, number: u64) -> Result<Accepted, Failure> {
    let messages = tokio::time::timeout(PATIENCE, sandbox.messages_after(number - 1))
        .await
        .map_err(|_| {
            Failure::internal("the message did not reach the group; the log above tells why")
        })?;
    messages
        .into_iter()
        .find(|message| message.number == number)
        .ok_or_else(|| Failure::internal("the sandbox has lost a message"))
}

fn listen(port: u16) -> Result<TcpListener, Failure> {
    let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    at(port).or_else(|_| at(0)).map_err(Failure::internal)
}

/// A folder of its own for the demo's config and database, removed at the end.
struct DemoFolder(PathBuf);

impl DemoFolder {
    fn create() -> Result<DemoFolder, Failure> {
        let path = std::env::temp_dir().join(format!("hookbell-demo-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).map_err(|error| {
            Failure::problem(
                format!("{} cannot be made: {error}", path.display()),
                "set TMPDIR to a folder that this user may write to",
            )
        })?;
        Ok(DemoFolder(path))
    }

    /// Writes the config that a user would write for the same.
    fn write_config(&self, chat: SocketAddr) -> Result<PathBuf, Failure> {
        let path = self.0.join("hookbell.toml");
        std::fs::create_dir(self.0.join("templates")).map_err(Failure::internal)?;
        let text = webhooks::config(&sandbox_command::webhook(chat), &self.0);
        std::fs::write(&path, text).map_err(Failure::internal)?;
        Ok(path)
    }
}

impl Drop for DemoFolder {
    fn drop(&mut self) {
        // Nothing depends on it, and temporary folders are cleaned up by the system too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
