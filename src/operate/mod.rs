//! What a person asks of a relay and its store: one file for each subject. The page, the JSON API and the command line
//! all ask here, so that they say the same.

pub mod afresh;
pub mod bots;
pub mod budget;
pub mod dead;
pub mod deliveries;
pub mod explained;
pub mod fixture;
mod gauges;
pub mod groups;
pub mod needs;
pub mod people;
pub mod plan;
pub mod playground;
pub mod routes;
pub mod test_message;
pub mod traffic;
pub mod trial;

use std::sync::Arc;

use crate::clock::Clock;
use crate::current::Current;
use crate::doorbell::Doorbell;
use crate::store::{Store, StoreError};

/// Questions that a store is asked at once for one answer: a database elsewhere answers several in the time of one, and
/// others want theirs too.
const AT_ONCE: usize = 4;

/// Looks into a relay and acts on it. What it does is in the files of this folder.
#[derive(Clone)]
pub struct Operator {
    pub store: Arc<dyn Store>,
    pub current: Arc<Current>,
    pub clock: Arc<dyn Clock>,
    /// Wakes this process's workers when something was put into their queues. Nobody hears it on the command line; a
    /// relay that shares the store looks there by itself.
    pub doorbell: Arc<Doorbell>,
    /// For what bots post.
    pub http: reqwest::Client,
    /// Figures of the past that were counted already.
    pub remembered: Arc<traffic::Remembered>,
}

/// Why an answer cannot be given. The texts are for the person who asked, and hold no secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Problem {
    /// It asks for something that is not there.
    #[error("{what}")]
    Unknown { what: String, remedy: String },
    /// What was given does not do.
    #[error("{what}")]
    Unfit { what: String, remedy: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem {
    pub fn unknown(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem::Unknown {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    pub fn unfit(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem::Unfit {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        match self {
            Problem::Unknown { remedy, .. } | Problem::Unfit { remedy, .. } => remedy,
            Problem::Store(_) => "try again in a moment; the relay's log has more",
        }
    }
}
