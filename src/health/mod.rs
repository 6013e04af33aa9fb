//! Whether the loops go on that everything depends on: a worker for each group, the crew that sees to them, the clean-up.
//!
//! Each loop holds a [`Heart`] and beats it once a round. One that has died, or has not beaten for too long, makes the
//! relay not ready; one that is silent for much longer hangs and will not come back, so then the relay is not alive
//! either, and whoever watches it starts it anew. Time is that of a clock that nobody sets.

mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use self::http::{Checks, configure};

/// A loop that is silent for so many times its usual silence hangs.
const HANGS_AFTER: u32 = 3;

/// Which loop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loop {
    /// Posts what waits for this group.
    Worker(String),
    /// Sees to it that each group has its worker.
    Crew,
    /// Forgets old deliveries.
    Upkeep,
}

impl Loop {
    /// Its kind, and the group that it works for.
    pub fn labels(&self) -> (&'static str, &str) {
        match self {
            Loop::Worker(group) => ("worker", group),
            Loop::Crew => ("crew", ""),
            Loop::Upkeep => ("upkeep", ""),
        }
    }
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loop::Worker(group) => write!(f, "the worker of the group `{group}`"),
            Loop::Crew => f.write_str("what keeps the workers going"),
            Loop::Upkeep => f.write_str("the clean-up of old deliveries"),
        }
    }
}

/// All loops that are to go on.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<Loop, Pulse>>);

#[derive(Debug, Clone, Copy)]
struct Pulse {
    last: Instant,
    /// How long it may be silent; for ever if it only waits for events.
    silence: Option<Duration>,
    /// It died, and none of its kind has beaten since.
    dead: bool,
}

/// How a loop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Beats,
    /// For too long already.
    Silent,
    /// It will not come back.
    Hangs,
    Dead,
}

/// A loop's hold on life. Dropped while its thread panics, the loop has died; otherwise it has ended in good order.
#[derive(Debug)]
pub struct Heart {
    of: Loop,
    health: Arc<Health>,
}

impl Health {
    /// From now on this loop is to go on, and to beat before each `silence` is over. Where one of its kind has died, that
    /// is held against it until its first beat.
    pub fn watch(self: &Arc<Health>, of: Loop, silence: Option<Duration>) -> Heart {
        let mut loops = self.lock();
        let dead = loops.get(&of).is_some_and(|pulse| pulse.dead);
        let pulse = Pulse {
            last: Instant::now(),
            silence,
            dead,
        };
        loops.insert(of.clone(), pulse);
        Heart {
            of,
            health: Arc::clone(self),
        }
    }

    /// How each loop is, and for how long it has been silent.
    pub fn states(&self, now: Instant) -> Vec<(Loop, State, Duration)> {
        let loops = self.lock();
        let state = |(of, pulse): (&Loop, &Pulse)| {
            let silent = now.saturating_duration_since(pulse.last);
            (of.clone(), pulse.state(silent), silent)
        };
        loops.iter().map(state).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Loop, Pulse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pulse {
    fn state(&self, silent: Duration) -> State {
        match self.silence {
            _ if self.dead => State::Dead,
            Some(most) if silent > most * HANGS_AFTER => State::Hangs,
            Some(most) if silent > most => State::Silent,
            _ => State::Beats,
        }
    }
}

impl Heart {
    pub fn beat(&self) {
        if let Some(pulse) = self.health.lock().get_mut(&self.of) {
            pulse.last = Instant::now();
            pulse.dead = false;
        }
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        let mut loops = self.health.lock();
        if !std::thread::panicking() {
            loops.remove(&self.of);
        } else if let Some(pulse) = loops.get_mut(&self.of) {
            pulse.dead = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn state_after(health: &Health, time: Duration) -> Vec<State> {
        let states = health.states(Instant::now() + time);
        states.into_iter().map(|(_, state, _)| state).collect()
    }

    #[test]
    fn a_loop_that_does_not_beat_is_silent_and_then_hangs() {
        let health = Arc::<Health>::default();
        let _worker = health.watch(Loop::Worker("backend".into()), Some(MINUTE));
        let _crew = health.watch(Loop::Crew, None);
        assert_eq!(state_after(&health, MINUTE / 2), [State::Beats; 2]);
        assert_eq!(
            state_after(&health, 2 * MINUTE),
            [State::Silent, State::Beats]
        );
        assert_eq!(
            state_after(&health, 4 * MINUTE),
            [State::Hangs, State::Beats]
        );
    }

    #[test]
    fn one_that_ends_is_not_missed_and_one_that_dies_is_until_another_one_beats() {
        let health = Arc::<Health>::default();
        drop(health.watch(Loop::Upkeep, Some(MINUTE)));
        assert_eq!(state_after(&health, Duration::ZERO), []);
        let heart = health.watch(Loop::Upkeep, Some(MINUTE));
        let died = std::thread::spawn(move || {
            let _heart = heart;
            panic!("on purpose");
        });
        assert!(died.join().is_err());
        assert_eq!(state_after(&health, Duration::ZERO), [State::Dead]);
        let heart = health.watch(Loop::Upkeep, Some(MINUTE));
        assert_eq!(state_after(&health, Duration::ZERO), [State::Dead]);
        heart.beat();
        assert_eq!(state_after(&health, Duration::ZERO), [State::Beats]);
    }
}
