//! Several events in one message: a digest of what waits for a group, and the story of one thing.
//!
//! A digest takes whatever comes and tells the newest state of each thing in a line, under its repository; what does
//! not fit is for the next one. A story tells what happened to one thing, in order. Which events are folded, and when,
//! is not decided here.

mod digest;
mod line;
mod standing;
mod story;

use jiff::Timestamp;

pub use self::digest::{DigestBuilder, DigestError, Occasion};
use super::message::Via;
use super::route::Plan;
use super::source::Parsed;

/// One event for one group.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub parsed: &'a Parsed,
    pub plan: &'a Plan,
    /// When it came. "2 h ago" is told from there, so that a later retry says the same words.
    pub received_at: Timestamp,
    /// Set where it was meant for another group.
    pub via: Option<&'a Via>,
}
