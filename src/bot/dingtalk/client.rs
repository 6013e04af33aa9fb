//! Posting through a custom bot.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::sign::Webhook;
use super::{answer, plain, wire};
use crate::bot::{Answer, Body, Bot, Limits};
use crate::clock::Clock;
use crate::core::message::Message;
use crate::core::secret::Secret;

/// DingTalk gives up on its own slow calls after about 3 s (developerpedia, on retrying); the rest is the way there
/// and back.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers are small; whatever is longer is none of DingTalk's.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What the owner of a bot says about it.
#[derive(Debug, Clone)]
pub struct Settings {
    pub webhook: Webhook,
    /// The `SEC…` that DingTalk shows when signing is chosen among the bot's security settings.
    pub secret: Option<Secret>,
    /// The bot's keyword setting; empty where it has none.
    pub keywords: Vec<String>,
    /// Posts in any window of one minute; DingTalk allows 20.
    pub per_minute: u32,
}

/// One custom bot in one group.
pub struct CustomBot {
    id: String,
    settings: Settings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// Where a client's requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Through the proxies that the environment names (`HTTPS_PROXY` and the like), if any.
    Anywhere,
    /// Never through a proxy, which could not reach this machine's loopback address.
    ThisMachine,
}

/// The client that all bots share. Fails only where the system has no usable TLS.
pub fn http_client(reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("hookbell/", env!("CARGO_PKG_VERSION")))
        // A redirect would carry the token to another host.
        .redirect(reqwest::redirect::Policy::none());
    match reach {
        Reach::Anywhere => client.build(),
        Reach::ThisMachine => client.no_proxy().build(),
    }
}

impl CustomBot {
    /// The clock gives the time that is signed.
    pub fn new(settings: Settings, http: reqwest::Client, clock: Arc<dyn Clock>) -> CustomBot {
        CustomBot {
            id: settings.webhook.bot_id(),
            settings,
            http,
            clock,
        }
    }

    async fn post_once(&self, body: &Body) -> Result<Answer, reqwest::Error> {
        let Settings {
            webhook, secret, ..
        } = &self.settings;
        let mut response = self
            .http
            .post(webhook.address(secret.as_ref(), self.clock.now()))
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .timeout(TIMEOUT)
            .body(body.0.clone())
            .send()
            .await?;
        let status = response.status().as_u16();
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok(answer::of_response(status, &String::from_utf8_lossy(&text)))
    }
}

impl Bot for CustomBot {
    fn id(&self) -> &str {
        &self.id
    }

    fn service(&self) -> &str {
        self.settings.webhook.host()
    }

    fn limits(&self) -> Limits {
        Limits {
            per_minute: self.settings.per_minute,
            timeout: TIMEOUT,
            room: wire::room(&self.settings.keywords),
        }
    }

    fn write(&self, message: &Message, key: &str) -> Body {
        Body(wire::body(message, key, &self.settings.keywords))
    }

    fn plain(&self, body: &Body, key: &str) -> Option<Body> {
        plain::plain(&body.0, key, &self.settings.keywords).map(Body)
    }

    fn post<'a>(&'a self, body: &'a Body) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move {
            let webhook = &self.settings.webhook;
            let mut answer = match self.post_once(body).await {
                Ok(answer) => answer,
                Err(error) => answer::of_failure(&error, webhook.host()),
            };
            // An unknown code's sentence quotes the answer, and a proxy may write the address into it.
            answer.sentence = webhook.redact(&answer.sentence);
            answer
        })
    }
}

impl fmt::Debug for CustomBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomBot")
            .field("id", &self.id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::bot::{Outcome, Retry};
    use crate::clock::SystemClock;

    fn bot(webhook: &str) -> CustomBot {
        let settings = Settings {
            webhook: Webhook::parse(webhook).unwrap(),
            secret: Some(Secret::new("SEC-hidden")),
            keywords: Vec::new(),
            per_minute: 20,
        };
        CustomBot::new(
            settings,
            http_client(Reach::ThisMachine).unwrap(),
            Arc::new(SystemClock::new()),
        )
    }

    #[tokio::test]
    async fn an_unreachable_host_is_tried_again_and_the_sentence_holds_no_secret() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let bot = bot(&format!(
            "http://127.0.0.1:{port}/robot/send?access_token=token-hidden"
        ));
        let answer = bot.post(&Body("{}".into())).await;
        assert_eq!(answer.outcome, Outcome::Retry(Retry::Backoff));
        assert_eq!(
            answer.sentence,
            "127.0.0.1 cannot be reached: look at this server's network and firewall."
        );
    }

    #[tokio::test]
    async fn a_server_that_does_not_speak_tls_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        let bot = bot(&format!(
            "https://127.0.0.1:{port}/?access_token=token-hidden"
        ));
        let answer = bot.post(&Body("{}".into())).await;
        assert!(
            answer
                .sentence
                .starts_with("No safe connection to 127.0.0.1"),
            "{}",
            answer.sentence
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let text = format!(
            "{:?}",
            bot("https://example.com/?access_token=token-hidden")
        );
        assert!(!text.contains("hidden"), "{text}");
    }
}
