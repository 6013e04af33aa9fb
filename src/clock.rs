//! The time of day and waiting for it: the system's, or one that a test turns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

/// Where the running parts get the time from.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Waits until `now` has reached `time`.
    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let left = time.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(left))
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
