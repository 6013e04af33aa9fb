//! What came of something, as a mark: shape, word, then colour.

use super::words::Words;
use crate::store::search::Outcome;

pub struct Mark {
    pub class: &'static str,
    pub symbol: &'static str,
    pub word: &'static str,
}

impl Mark {
    pub fn of(outcome: Outcome, words: &Words) -> Mark {
        let (class, symbol) = match outcome {
            Outcome::Waiting => ("wait", "m-wait"),
            Outcome::Retrying => ("wait", "m-again"),
            Outcome::Posted => ("ok", "m-ok"),
            Outcome::Digest => ("wait", "m-fold"),
            Outcome::Dead => ("bad", "m-bad"),
            Outcome::Discarded | Outcome::Ignored => ("off", "m-mute"),
            Outcome::Unrouted => ("off", "m-off"),
        };
        Mark {
            class,
            symbol,
            word: words.outcomes.of(outcome),
        }
    }
}
