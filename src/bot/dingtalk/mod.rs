//! DingTalk's custom bot (自定义机器人): a webhook address with a token in it, for one bot in one group.
//!
//! `sign` builds the address, `wire` and `cut` the body, `answer` tells what an answer means, `client` posts,
//! `preview` draws a posted body as text, `plain` takes its links out, and `examine` looks at a bot without posting. Messages that arrive from a group, and
//! DingTalk's other kinds of bots, are not in here.

mod answer;
mod client;
mod cut;
mod examine;
pub mod lint;
mod plain;
mod preview;
mod sign;
mod wire;

pub use client::{CustomBot, Reach, Settings, http_client};
pub use examine::{Probe, oddities, probe};
pub use preview::as_text;
pub use sign::{Webhook, WebhookError};
pub use wire::{body, room};
