//! DingTalk's custom bot (自定义机器人): a webhook address with a token in it, for one bot in one group.
//!
//! `sign` builds the address, `wire` and `cut` the body, `answer` tells what an answer means, `client` posts, and
//! not in here.

mod answer;
mod client;
mod cut;
mod sign;
mod wire;

pub use client::{CustomBot, Settings, http_client};
pub use sign::{Webhook, WebhookError, signature};
pub use wire::{MAX_BYTES, body};

pub fn as_text(body: &serde_json::Value) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}
