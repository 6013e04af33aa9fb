//! Bots: the ways a message gets into a group.
//!
//! A kind of bot is a folder here: how it writes a message, what it allows, and what its answers mean. The delivery
//! part knows only what is in this file, so DingTalk's other bots or other chat systems are one more folder.

pub mod dingtalk;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::core::message::Message;

/// One bot in one group.
pub trait Bot: Send + Sync {
    /// Stable and not secret: the same for two configured bots that share one credential, and so share its limits.
    fn id(&self) -> &str;

    /// The service that it posts to, by its host: what [`Retry::RestAll`] covers.
    fn service(&self) -> &str;

    fn limits(&self) -> Limits;

    /// The body that is posted for `message`. `key` makes a repeated post recognizable where the service supports
    /// that. Bodies over the service's limit are cut, never refused.
    fn write(&self, message: &Message, key: &str) -> Body;

    /// `body` without links and pictures, under another `key`: for a message whose content the service refused. Calls
    /// the same people. `None` where nothing can be taken out.
    fn plain(&self, body: &Body, key: &str) -> Option<Body>;

    /// Posts a body once.
    fn post<'a>(&'a self, body: &'a Body) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;
}

/// What may be posted through one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Posts in any window of one minute.
    pub per_minute: u32,
    /// Upper bound for one post, from start to answer.
    pub timeout: Duration,
    /// The largest message, as [`Message::size`] counts, of which [`Bot::write`] surely cuts nothing.
    pub room: usize,
}

/// A message as one kind of bot writes it, ready to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(pub String);

/// What came of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    /// The service's own code, where it gave one: `0`, `310000`, `HTTP 504`.
    pub code: Option<String>,
    /// One plain sentence for the owner of the bot: what happened and what to do. Holds no secret.
    pub sentence: String,
}

/// What is to be done after a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the group.
    Posted,
    /// Not now; the same body may go through later.
    Retry(Retry),
    /// Never as it is; a person must change something.
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Unreachable, overloaded, timed out: again with growing pauses for as long as the message is worth telling.
    /// It may have been posted: the key is what keeps it from appearing twice.
    Backoff,
    /// Again with growing pauses, but only this many more times.
    Times(u32),
    /// Once more, for the signature has a new time then; if that fails too, [`Refusal::Bot`].
    Resign,
    /// This bot sent too fast; it must rest, and the post does not count as a failure.
    RestBot,
    /// The service refuses everything that leaves from our address; all its bots must rest this long.
    RestAll(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bot is gone, disabled or wrongly configured: no message will get through it until somebody acts.
    Bot,
    /// The service does not want this message; others may pass.
    Message,
    /// The service finds words, a link or a picture in it improper; its plain form may pass.
    Content,
}
