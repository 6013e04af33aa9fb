//! The config in force: everything that was checked together, swapped whole.
//!
//! Who works with it takes one [`Current::load`] at the start of a piece of work (a request, a message, a page) and keeps
//! that to its end, so that nothing is made of two configs. Here is also what came of the last try to change it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use crate::checked::Checked;
use crate::config::Problem;

/// A config that is, or was, in force.
pub struct InForce {
    pub checked: Checked,
    pub since: Timestamp,
    /// Counts the configs since the program's start, from 1.
    pub revision: u64,
}

/// Where the config in force is found.
pub struct Current {
    in_force: ArcSwap<InForce>,
    last_reload: ArcSwapOption<Reload>,
    applied: AtomicU64,
    refused: AtomicU64,
}

/// A try to put a changed config in force.
#[derive(Debug)]
pub struct Reload {
    pub at: Timestamp,
    /// Of the config that is in force since, or still.
    pub revision: u64,
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    Applied {
        warnings: Vec<Problem>,
        /// Keys of settings that were changed and stay as they were until the next start.
        needs_restart: Vec<&'static str>,
    },
    /// It was wrong, and the config before it stays in force.
    Refused { problems: Vec<Problem> },
}

/// How many reloads there were since the program's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reloads {
    pub applied: u64,
    pub refused: u64,
}

impl Current {
    pub fn new(checked: Checked, now: Timestamp) -> Current {
        Current {
            in_force: ArcSwap::from_pointee(InForce {
                checked,
                since: now,
                revision: 1,
            }),
            last_reload: ArcSwapOption::empty(),
            applied: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub fn load(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Puts the next config in force. Only one at a time may do so: the reloading task.
    pub fn swap(&self, next: Arc<InForce>, outcome: Outcome) {
        self.told(&next, next.since, outcome);
        self.applied.fetch_add(1, Ordering::Relaxed);
        self.in_force.store(next);
    }

    /// Remembers that a changed config was wrong.
    pub fn refuse(&self, problems: Vec<Problem>, now: Timestamp) {
        self.told(&self.load(), now, Outcome::Refused { problems });
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The last try to change the config since the program's start.
    pub fn last_reload(&self) -> Option<Arc<Reload>> {
        self.last_reload.load_full()
    }

    pub fn reloads(&self) -> Reloads {
        Reloads {
            applied: self.applied.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn told(&self, in_force: &InForce, at: Timestamp, outcome: Outcome) {
        self.last_reload.store(Some(Arc::new(Reload {
            at,
            revision: in_force.revision,
            outcome,
        })));
    }
}
