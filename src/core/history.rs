//! What became of the runs before this one: "still failing, 4th time since #812", "fixed after 3 failures".
//!
//! The store keeps one [`State`] for each key of a [`Run`] (source, repository, branch, pipeline) and calls [`advance`]
//! when it accepts a delivery. What comes out is kept with the delivery, so that a retry or a replay says the same
//! words whatever has happened since.
//!
//! Flapping: the outcome changed [`CHANGES`] times within the last [`RUNS`] runs and a day. That is told once, with a
//! failure, for many groups hear of nothing else; then the key is hushed until [`STEADY`] runs in a row end alike, which
//! is told again. After a day it is judged afresh, so that nothing is hushed on Monday for what was told on Friday.

mod repeat;
mod run;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::repeat::{Flapping, Repeat, Since, Trend};
pub use self::run::{Run, RunOutcome, run_of};

/// So many changes of outcome are flapping,
const CHANGES: usize = 4;
/// among so many runs
const RUNS: usize = 8;
/// within this time.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// So many runs in a row that end alike are steady.
const STEADY: usize = 3;

/// What is remembered of one key. Versions read each other's, so a new field needs a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    last: Run,
    last_at: Timestamp,
    /// What was told with the last run.
    told: Option<Repeat>,
    /// While the last run failed.
    failing: Option<Failing>,
    /// The last runs, oldest first, at most [`RUNS`].
    recent: Vec<Seen>,
    /// When it was told that it is flapping.
    flapping: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Failing {
    failures: u64,
    since: Since,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    outcome: RunOutcome,
    at: Timestamp,
}

/// The state after `run`, and what its message has to tell beyond its outcome. The same run once more is told as the
/// first time and not counted; an older one that comes late leaves the state as it is.
pub fn advance(before: Option<State>, run: &Run, now: Timestamp) -> (State, Option<Repeat>) {
    // A vendor's clock may be ahead of ours, which must not make later runs look old.
    let at = run.at.unwrap_or(now).min(now);
    let Some(before) = before else {
        return (State::first(run, at), None);
    };
    if before.last.is_told_again_by(run) {
        let told = before.told.clone();
        return (before, told);
    }
    if before.is_ahead_of(run, at) {
        let told = before.late(at);
        return (before, told);
    }
    before.then(run, at)
}

impl State {
    fn first(run: &Run, at: Timestamp) -> State {
        State {
            last: run.clone(),
            last_at: at,
            told: None,
            failing: Failing::with(None, run, at),
            recent: vec![Seen::of(run, at)],
            flapping: None,
        }
    }

    /// Whether `run` is older than the last one. Numbers decide where both have one, since an older run may take longer.
    /// A smaller number a day later is a numbering that began anew, as with a project that was set up again.
    fn is_ahead_of(&self, run: &Run, at: Timestamp) -> bool {
        match (self.last.number(), run.number()) {
            (Some(last), Some(number)) if number < last => at.duration_since(self.last_at) < DAY,
            (Some(last), Some(number)) if number > last => false,
            _ => at < self.last_at,
        }
    }

    /// What an older run that comes late has to tell.
    fn late(&self, at: Timestamp) -> Option<Repeat> {
        self.flapping_at(at).map(|_| Repeat {
            flapping: Some(Flapping::Hushed),
            changes: count(changes(&self.recent, at)),
            runs: count(self.recent.len()),
            ..Repeat::default()
        })
    }

    fn flapping_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.flapping.filter(|told| at.duration_since(*told) < DAY)
    }

    fn then(self, run: &Run, at: Timestamp) -> (State, Option<Repeat>) {
        let mut recent = self.recent.clone();
        recent.push(Seen::of(run, at));
        recent.drain(..recent.len().saturating_sub(RUNS));
        let same = |seen: &&Seen| seen.outcome == run.outcome;
        let alike = recent.iter().rev().take_while(same).count();
        let failed = run.outcome == RunOutcome::Failed;

        let (flapping, told) = match self.flapping_at(at) {
            Some(_) if alike >= STEADY => {
                // Changes of before must not make the next one look like flapping.
                recent.drain(..recent.len() - alike);
                (None, Some(Flapping::Over))
            }
            Some(since) => (Some(since), Some(Flapping::Hushed)),
            None if failed && alike < STEADY && changes(&recent, at) >= CHANGES => {
                (Some(at), Some(Flapping::Started))
            }
            None => (None, None),
        };
        let trend = self.trend_to(run);
        let failing = Failing::with(self.failing.as_ref(), run, at);
        let told = (trend.is_some() || told.is_some()).then(|| {
            let failing = failing.as_ref().or(self.failing.as_ref());
            Repeat {
                trend,
                failures: failing.map_or(0, |failing| failing.failures),
                since: failing.map(|failing| failing.since.clone()),
                lasted: failing.map_or(0, |failing| failing.lasted(at)),
                flapping: told,
                changes: count(changes(&recent, at)),
                runs: count(recent.len()),
            }
        });
        let state = State {
            last: run.clone(),
            last_at: at,
            told: told.clone(),
            failing,
            recent,
            flapping,
        };
        (state, told)
    }

    fn trend_to(&self, run: &Run) -> Option<Trend> {
        use RunOutcome::{Failed, Passed};
        match (self.last.outcome, run.outcome) {
            (Failed, Failed) => Some(Trend::StillFailing),
            (Failed, Passed) => Some(Trend::Fixed),
            // The same run tried once more: nothing that is new since then has broken it.
            (Passed, Failed) if run.is_again(&self.last) => None,
            (Passed, Failed) => Some(Trend::Broken),
            (Passed, Passed) => None,
        }
    }
}

impl Failing {
    fn with(before: Option<&Failing>, run: &Run, at: Timestamp) -> Option<Failing> {
        if run.outcome == RunOutcome::Passed {
            return None;
        }
        Some(match before {
            Some(failing) => Failing {
                failures: failing.failures.saturating_add(1),
                since: failing.since.clone(),
            },
            None => Failing {
                failures: 1,
                since: Since {
                    reference: run.reference.clone(),
                    url: run.url.clone(),
                    at,
                },
            },
        })
    }

    fn lasted(&self, at: Timestamp) -> u64 {
        let seconds = at.duration_since(self.since.at).as_secs();
        u64::try_from(seconds).unwrap_or_default()
    }
}

impl Seen {
    fn of(run: &Run, at: Timestamp) -> Seen {
        Seen {
            outcome: run.outcome,
            at,
        }
    }
}

/// How often the outcome changed within the day before `at`.
fn changes(recent: &[Seen], at: Timestamp) -> usize {
    let is_change =
        |pair: &&[Seen]| pair[0].outcome != pair[1].outcome && at.duration_since(pair[1].at) < DAY;
    recent.windows(2).filter(is_change).count()
}

/// Never more than [`RUNS`].
fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
