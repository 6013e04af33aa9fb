//! Delivery: posts what waits in the outbox, in order, within the bots' limits, until it is in the group or a person
//! must help.
//!
//! Each group has one [`Worker`] in each relay, and of those that share a store one holds the group at a time. It takes
//! the head of its queue, decides how it is told, writes the message, asks the store for a bot's leave to post, posts,
//! and records what came of it. All that must survive a crash stands in the store before the step that depends on it:
//! the words before the post, the attempt before the request.

mod account;
mod judge;
mod seats;
mod telling;
mod worker;
mod write;

use std::sync::Arc;

use crate::bot::Bot;
use crate::clock::Clock;
use crate::core::compose::Composer;
use crate::core::quiet::QuietTimes;
use crate::core::template::Language;
use crate::doorbell::Doorbell;
use crate::store::Store;
use crate::store::queue::WorkerId;

pub use self::account::{Account, Warnings};
pub use self::worker::Worker;

/// A chat group and the bots that reach it.
pub struct Group {
    pub name: String,
    pub language: Option<Language>,
    /// At least one.
    pub bots: Vec<Arc<dyn Bot>>,
    /// When only what is urgent is told.
    pub quiet: QuietTimes,
    pub account: Account,
    /// The group that hears of what this one's bots cannot tell.
    pub fallback: Option<String>,
    /// Whether any route sends it urgent messages, so that some of its bots' minute is kept for them.
    pub has_urgent_routes: bool,
}

/// What all workers share.
pub struct Delivery {
    pub store: Arc<dyn Store>,
    /// This relay among those that share the store.
    pub worker: WorkerId,
    pub clock: Arc<dyn Clock>,
    pub doorbell: Arc<Doorbell>,
    pub composer: Arc<Composer>,
    pub warnings: Warnings,
    /// All bots of all groups: an address-wide block lets those of one service rest.
    pub bots: Vec<Arc<dyn Bot>>,
}
