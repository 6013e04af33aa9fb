//! The time of day and waiting for it: the system's, or one that a test turns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Where the running parts get the time from.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Waits until `now` has reached `time`.
    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// How often somebody has set the clock forward so far. What happened less than a minute ago may look older since.
    fn leaps(&self) -> u64 {
        0
    }
}

/// The system's clock. It watches whether somebody sets it.
#[derive(Debug)]
pub struct SystemClock(Mutex<Watch>);

impl SystemClock {
    pub fn new() -> SystemClock {
        let watch = Watch {
            wall: Timestamp::now(),
            steady: Instant::now(),
            leaps: 0,
        };
        SystemClock(Mutex::new(watch))
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        self.watch().see(now, Instant::now());
        now
    }

    /// A clock that is set back meanwhile does not prolong the wait.
    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let left = time.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(left))
    }

    fn leaps(&self) -> u64 {
        self.now();
        self.watch().leaps
    }
}

/// Compares the time of day with a clock that nobody sets.
#[derive(Debug)]
struct Watch {
    wall: Timestamp,
    steady: Instant,
    leaps: u64,
}

impl Watch {
    /// How far the two may drift apart between two looks before it counts as set. Time servers correct in smaller steps.
    const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

    fn see(&mut self, wall: Timestamp, steady: Instant) {
        let passed = steady.saturating_duration_since(self.steady);
        let expected = self.wall.saturating_add(passed).unwrap_or(Timestamp::MAX);
        let set_by = wall.duration_since(expected);
        if set_by > Watch::TOLERANCE {
            self.leaps += 1;
        }
        if set_by.abs() > Watch::TOLERANCE {
            tracing::warn!(seconds = set_by.as_secs(), "clock was set");
        }
        self.wall = wall;
        self.steady = steady;
    }
}

/// A clock for simulations: it stands still until somebody waits, and then it is that late at once. So a test sees
/// hours of retries and rate limits in milliseconds, in the right order.
#[derive(Debug)]
pub struct LeapingClock(Mutex<Timestamp>);

impl LeapingClock {
    pub fn starting_at(time: Timestamp) -> LeapingClock {
        LeapingClock(Mutex::new(time))
    }

    pub fn advance(&self, by: Duration) {
        let mut now = self.lock();
        *now = now
            .saturating_add(by)
            .expect("a duration of unsigned seconds");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }

    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            {
                let mut now = self.lock();
                *now = (*now).max(time);
            }
            tokio::task::yield_now().await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many leaps are seen when the time of day moves by `wall` seconds while `steady` pass.
    fn leaps(wall: i64, steady: u64) -> u64 {
        let start = Instant::now();
        let mut watch = Watch {
            wall: Timestamp::UNIX_EPOCH,
            steady: start,
            leaps: 0,
        };
        let now = Timestamp::from_second(wall).unwrap();
        watch.see(now, start + Duration::from_secs(steady));
        watch.leaps
    }

    #[test]
    fn a_clock_that_is_set_forward_is_noticed_and_one_that_runs_is_not() {
        assert_eq!(leaps(10, 10), 0, "it runs");
        assert_eq!(leaps(3601, 1), 1, "an hour ahead");
        assert_eq!(leaps(-3600, 1), 0, "an hour back");
        assert_eq!(leaps(11, 10), 0, "a time server corrects it");
    }
}
