//! What came in and went out, as figures over time, and what a group was told. Plain values; the rules are told at
//! [`super::Store`].

use jiff::Timestamp;

use super::record::{Delivery, MessageId, Shape};

/// What came from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    /// Deliveries between each two of the times that were asked for.
    pub counts: Vec<u32>,
    /// When the last one came, if any is kept.
    pub last: Option<Timestamp>,
}

/// Where a message stands in a group's chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatPlace {
    pub posted_at: Timestamp,
    pub id: MessageId,
}

/// A message that is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    pub place: ChatPlace,
    pub shape: Shape,
    /// As it was posted.
    pub body: String,
    /// How many rows it tells, of those that are kept.
    pub rows: u32,
    /// That of the first of these.
    pub delivery: Option<Delivery>,
}

/// How often rows were made in the same way, among the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCount {
    /// As in [`super::record::Outbox::plan`].
    pub plan: String,
    pub rows: u32,
    /// When the last of their deliveries came.
    pub last: Timestamp,
}

/// How the newest rows were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    pub counts: Vec<PlanCount>,
    /// When the oldest delivery came of which a row was counted.
    pub since: Option<Timestamp>,
}
