//! Webhooks as the five vendors send them, with their real authentication.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use hookbell::core::event::Kind;
use hookbell::core::source::auth::hmac_sha256;
use serde_json::Value;

use crate::travis_signer;

const SECRET: &str = "It's a Secret to Everybody";
const TOKEN: &str = "a token between us";
const SIGNING_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The `[sources.…]` tables that accept what is sent here.
pub fn sources() -> String {
    format!(
        "[sources.github]\nsecret = \"{SECRET}\"\n\
         [sources.gitlab]\ntoken = \"{TOKEN}\"\n\
         [sources.gitlab-signed]\nkind = \"gitlab\"\nsigning_secret = \"{SIGNING_SECRET}\"\n\
         [sources.jira]\nsecret = \"{SECRET}\"\n\
         [sources.jira-server]\nkind = \"jira\"\ntoken = \"{TOKEN}\"\n\
         [sources.codeup]\ntoken = \"{TOKEN}\"\n\
         [sources.travis]\npublic_key = '''\n{}'''\n",
        travis_signer::PUBLIC_KEY
    )
}

/// A request to `/hooks/{source}{query}`.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub source: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Webhook {
    fn new(source: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Webhook {
        Webhook {
            source: source.into(),
            query: String::new(),
            headers: Vec::new(),
            body: body.into(),
        }
        .with("content-type", content_type)
    }

    pub fn with(mut self, name: &str, value: &str) -> Webhook {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Webhook {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// The same request with another value in that header.
    pub fn changed(self, name: &str, value: &str) -> Webhook {
        self.without(name).with(name, value)
    }
}

pub fn github(event: &str, delivery: &str, body: &Value) -> Webhook {
    let body = body.to_string();
    Webhook::new("github", "application/json", body.clone())
        .with("x-github-event", event)
        .with("x-github-delivery", delivery)
        .with("x-hub-signature-256", &hub_signature(body.as_bytes()))
}

pub fn gitlab(event: &str, body: &Value) -> Webhook {
    Webhook::new("gitlab", "application/json", body.to_string())
        .with("x-gitlab-event", event)
        .with("x-gitlab-token", TOKEN)
}

/// Signed at `seconds` since the epoch.
pub fn gitlab_signed(seconds: i64, body: &Value) -> Webhook {
    let body = body.to_string();
    let (id, time) = ("f5e5f430-f57b-4e6e-9fac-d9128cd7232f", seconds.to_string());
    let key = STANDARD.decode(&SIGNING_SECRET["whsec_".len()..]).unwrap();
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()];
    let code = hmac_sha256(&key, &parts).finalize().into_bytes();
    Webhook::new("gitlab-signed", "application/json", body)
        .with("webhook-id", id)
        .with("webhook-timestamp", &time)
        .with(
            "webhook-signature",
            &format!("v1,{}", STANDARD.encode(code)),
        )
}

pub fn jira(body: &Value) -> Webhook {
    let body = body.to_string();
    Webhook::new("jira", "application/json", body.clone())
        .with("x-hub-signature", &hub_signature(body.as_bytes()))
}

pub fn jira_server(body: &Value) -> Webhook {
    let mut webhook = Webhook::new("jira-server", "application/json", body.to_string());
    let token: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
    webhook.query = format!("?user_id=mona&token={token}");
    webhook
}

pub fn codeup(event: &str, body: &Value) -> Webhook {
    Webhook::new("codeup", "application/json", body.to_string())
        .with("x-codeup-event", event)
        .with("x-codeup-token", TOKEN)
}

pub fn travis(body: &Value) -> Webhook {
    travis_text(&body.to_string())
}

fn travis_text(payload: &str) -> Webhook {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", payload)
        .finish();
    Webhook::new("travis", "application/x-www-form-urlencoded", form)
        .with("signature", &travis_signer::sign(payload.as_bytes()))
}

/// Any body of that vendor, signed, with the headers that tell its event.
pub fn signed(kind: Kind, headers: &[(String, String)], body: &[u8]) -> Webhook {
    let webhook = match kind {
        Kind::Travis => travis_text(&String::from_utf8_lossy(body)),
        Kind::Github => Webhook::new("github", "application/json", body)
            .with("x-hub-signature-256", &hub_signature(body)),
        Kind::Jira => Webhook::new("jira", "application/json", body)
            .with("x-hub-signature", &hub_signature(body)),
        Kind::Gitlab => {
            Webhook::new("gitlab", "application/json", body).with("x-gitlab-token", TOKEN)
        }
        Kind::Codeup => {
            Webhook::new("codeup", "application/json", body).with("x-codeup-token", TOKEN)
        }
    };
    headers
        .iter()
        .filter(|(name, _)| name != "content-type")
        .fold(webhook, |webhook, (name, value)| webhook.with(name, value))
}

fn hub_signature(body: &[u8]) -> String {
    let code = hmac_sha256(SECRET.as_bytes(), &[body])
        .finalize()
        .into_bytes();
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}
