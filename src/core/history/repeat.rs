//! What messages tell of the runs before. `docs/templates.md` is made from the comments of these types.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of the runs before, where the relay remembers them. Routes do not see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Against the run before. `pipeline.trend` says the same, whatever the payload says.
    pub trend: Option<Trend>,
    /// Failures in a row: up to this run if it failed, before it if it passed.
    pub failures: u64,
    /// The first of these failures.
    pub since: Option<Since>,
    /// Seconds from the first failure to this run.
    pub lasted: u64,
    /// In a time of many changes: `started` is told, then everything is hushed until it is `over`.
    pub flapping: Option<Flapping>,
    /// How often the outcome changed among the last `runs` runs.
    pub changes: u64,
    /// How many runs `changes` looks back on, this one included.
    pub runs: u64,
}

impl Repeat {
    /// Why nobody is told of this run, except by urgent routes. Told behind "ignored: ".
    pub fn hushed(&self) -> Option<&'static str> {
        (self.flapping == Some(Flapping::Hushed))
            .then_some("it is flapping, which was told; the next is told when it is steady again")
    }
}

/// A run against the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    Broken,
    StillFailing,
    Fixed,
}

impl Trend {
    /// The word of `pipeline.trend`.
    pub fn name(self) -> &'static str {
        match self {
            Trend::Broken => "broken",
            Trend::StillFailing => "still_failing",
            Trend::Fixed => "fixed",
        }
    }
}

/// Where a run stands in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flapping {
    /// From this run on it is flapping; its message tells so.
    Started,
    /// It was told.
    Hushed,
    /// It ended with this run.
    Over,
}

/// The first of several failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    pub reference: Option<String>,
    pub url: Option<String>,
    pub at: Timestamp,
}
