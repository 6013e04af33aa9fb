//! `hookbell serve` as a process of its own, whose log is read for as long as it runs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::relay::PATIENCE;
use crate::vendor::Webhook;

/// A running relay. Killed when it is dropped.
pub struct Replica {
    child: Child,
    /// `http://127.0.0.1:…`
    pub address: String,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

/// What a relay answered to a webhook.
#[derive(Debug, Clone)]
pub struct Told {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: String,
}

/// The program under test: the one that cargo built beside the tests, or the one that the environment names.
pub fn program() -> String {
    std::env::var("HOOKBELL_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_hookbell").to_owned())
}

impl Replica {
    /// Starts it and waits until it is ready; its log if it ends before that.
    pub fn start(command: &mut Command) -> Result<Replica, String> {
        Starting::new(command).ready()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// `kill -9`
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap()
    }

    /// Posts a webhook as its vendor does; `None` if there was no answer.
    pub async fn post(&self, http: &reqwest::Client, webhook: &Webhook) -> Option<Told> {
        post(http, &self.address, webhook).await
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.end();
    }
}

/// A relay of which nobody knows yet whether it will be ready.
pub struct Starting {
    replica: Replica,
    address: mpsc::Receiver<String>,
}

impl Starting {
    pub fn new(command: &mut Command) -> Starting {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, address) = mpsc::channel();
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in lines.map_while(Result::ok) {
                    if let Some((_, fields)) = line.split_once(" ready ") {
                        let server = fields
                            .split_whitespace()
                            .find_map(|field| field.strip_prefix("server="));
                        // A starter that has given up does not mind.
                        let _ = found.send(format!("http://{}", server.unwrap_or_default()));
                    }
                    log.lock().unwrap().push(line);
                }
            }
        });
        let replica = Replica {
            child,
            address: String::new(),
            log,
            reader: Some(reader),
        };
        Starting { replica, address }
    }

    /// `kill -9`, ready or not.
    pub fn kill(self) {
        self.replica.kill();
    }

    pub fn ready(self) -> Result<Replica, String> {
        let mut replica = self.replica;
        match self.address.recv_timeout(PATIENCE) {
            Ok(address) => {
                replica.address = address;
                Ok(replica)
            }
            Err(_) => {
                replica.end();
                Err(replica.log())
            }
        }
    }
}

/// Posts a webhook to the relay at `address`; `None` if there was no answer.
pub async fn post(http: &reqwest::Client, address: &str, webhook: &Webhook) -> Option<Told> {
    let mut request = http
        .post(format!("{address}/hooks/{}", webhook.source))
        .body(webhook.body.clone());
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = answer.text().await.ok()?;
    Some(Told {
        status,
        retry_after,
        body,
    })
}
