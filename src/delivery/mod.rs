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
mod told;
mod worker;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::bot::Bot;
use crate::clock::Clock;
use crate::core::compose::Composer;
use crate::core::quiet::QuietTimes;
use crate::core::route::Routes;
use crate::core::template::Language;
use crate::doorbell::Doorbell;
use crate::health::Health;
use crate::metrics::{BotMeters, GroupMeters, Metrics};
use crate::store::Store;
use crate::store::queue::WorkerId;
use crate::traces::Tracer;

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
    /// The revision of the config that changed its bots last: those that were set aside get a new chance then.
    pub bots_since: u64,
    pub meters: GroupMeters,
}

/// What messages are made with and posted by: all of it of one config. A worker takes one for each message.
pub struct Posting {
    /// By name.
    pub groups: HashMap<String, Arc<Group>>,
    pub routes: Arc<Routes>,
    pub composer: Arc<Composer>,
    /// All bots of all groups: an address-wide block lets those of one service rest.
    pub bots: Vec<Arc<dyn Bot>>,
    /// By the bots' ids.
    pub meters: HashMap<String, BotMeters>,
}

/// What all workers share.
pub struct Delivery {
    pub store: Arc<dyn Store>,
    /// This relay among those that share the store.
    pub worker: WorkerId,
    pub clock: Arc<dyn Clock>,
    pub doorbell: Arc<Doorbell>,
    pub warnings: Warnings,
    /// Swapped whole when the config changes.
    pub posting: ArcSwap<Posting>,
    pub metrics: Arc<Metrics>,
    pub health: Arc<Health>,
    /// Where traces are wanted.
    pub tracer: Option<Tracer>,
}
