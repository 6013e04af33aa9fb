//! The config in force: everything that was checked together, swapped whole.
//!
//! Who works with it takes one [`Current::load`] at the start of a piece of work (a request, a message, a page) and keeps
//! that to its end, so that nothing is made of two configs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::checked::Checked;

/// A config that is, or was, in force.
pub struct InForce {
    pub checked: Checked,
    pub since: Timestamp,
    /// Counts the configs since the program's start, from 1.
    pub revision: u64,
}

/// Where the config in force is found.
pub struct Current(ArcSwap<InForce>);

impl Current {
    pub fn new(checked: Checked, now: Timestamp) -> Current {
        Current(ArcSwap::from_pointee(InForce {
            checked,
            since: now,
            revision: 1,
        }))
    }

    pub fn load(&self) -> Arc<InForce> {
        self.0.load_full()
    }
}
