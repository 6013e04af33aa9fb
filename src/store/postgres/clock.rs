//! The clocks of the replicas beside the one of the database.
//!
//! Times come into the store by the caller's clock. Were they written as they come, a replica whose clock is wrong by a
//! minute would take groups from others that still work on them, or post into a minute that is full. So the offset is
//! measured, and times are written by the database's clock and read by the caller's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the caller has its times from.
pub type LocalClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long a measured offset is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// When the local clock differs by so much from one that never leaps, it was set.
const LEAP: Duration = Duration::from_millis(500);

/// Differences below this, and below what the network may have added, are not told from none. To follow them would make
/// times that one replica writes run backwards by as much.
const NOISE: Duration = Duration::from_millis(5);

/// A bot's window has two seconds to spare; with more than that, something is wrong with the machine.
const WORTH_A_WARNING: Duration = Duration::from_secs(2);

/// How far the database's clock is ahead, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shift(i64);

impl Shift {
    /// A caller's time as the database has it.
    pub fn inward(self, time: Timestamp) -> i64 {
        time.as_microsecond().saturating_add(self.0)
    }

    /// A time of the database's as the caller has it.
    pub fn outward(self, micros: i64) -> Timestamp {
        let micros = micros.saturating_sub(self.0);
        let end = if micros < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Timestamp::from_microsecond(micros).unwrap_or(end)
    }
}

/// The offset as last measured.
pub struct Offset {
    local: Option<LocalClock>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    shift: Shift,
    /// When it was measured, by a clock that never leaps and by the local one.
    measured: Option<(Instant, Timestamp)>,
}

/// One look at the database's clock.
pub struct Sample {
    pub sent: (Instant, Timestamp),
    pub answered: Instant,
    pub theirs: i64,
}

impl Offset {
    /// Without a local clock, times are written as they come.
    pub fn new(local: Option<LocalClock>) -> Offset {
        Offset {
            local,
            last: Mutex::default(),
        }
    }

    /// The offset; or the clock to measure it by, because it was not or the clock was set since.
    pub fn current(&self) -> Result<Shift, &LocalClock> {
        let Some(local) = &self.local else {
            return Ok(Shift::default());
        };
        let last = self.lock();
        match last.measured {
            Some((at, time)) if at.elapsed() < GOOD_FOR && !has_leapt(at, time, local()) => {
                Ok(last.shift)
            }
            _ => Err(local),
        }
    }

    /// Takes the sample with the shortest way, for its time is the surest.
    pub fn learn(&self, samples: &[Sample]) -> Shift {
        let mut last = self.lock();
        let Some(best) = samples.iter().min_by_key(|sample| sample.round_trip()) else {
            return last.shift;
        };
        last.measured = Some(best.sent);
        let way = best.round_trip() / 2;
        let ours = best.sent.1.as_microsecond() + micros(way);
        let shift = best.theirs - ours;
        let is_news = (shift - last.shift.0).abs() > micros(way + NOISE);
        if is_news {
            last.shift = Shift(shift);
            if shift.abs() > micros(WORTH_A_WARNING) {
                tracing::warn!(
                    offset_ms = shift / 1000,
                    "the database's clock is not this machine's (positive: it is ahead); times are translated, but set \
                     them right"
                );
            }
        }
        last.shift
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sample {
    fn round_trip(&self) -> Duration {
        self.answered.duration_since(self.sent.0)
    }
}

fn has_leapt(at: Instant, time: Timestamp, now: Timestamp) -> bool {
    let expected = time.saturating_add(at.elapsed()).unwrap_or(Timestamp::MAX);
    now.duration_since(expected).unsigned_abs() > LEAP
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    /// A look that took so long, and found the database ahead by so much.
    fn sample(sent: Instant, way: Duration, ahead: Duration) -> Sample {
        Sample {
            sent: (sent, at(0)),
            answered: sent + way,
            theirs: at(0).as_microsecond() + micros(way / 2 + ahead),
        }
    }

    #[test]
    fn times_go_in_by_one_clock_and_come_out_by_the_other() {
        let offset = Offset::new(Some(Arc::new(|| at(0))));
        let sample = sample(
            Instant::now(),
            Duration::from_millis(2),
            Duration::from_secs(90),
        );
        let shift = offset.learn(&[sample]);
        assert_eq!(shift.inward(at(0)), at(90).as_microsecond());
        assert_eq!(shift.outward(at(90).as_microsecond()), at(0));
        assert_eq!(shift.outward(i64::MAX), Timestamp::MAX);
        assert_eq!(shift.outward(i64::MIN), Timestamp::MIN);
        assert_eq!(offset.current().ok(), Some(shift));
    }

    #[test]
    fn what_the_network_may_have_added_is_no_offset() {
        let offset = Offset::new(Some(Arc::new(|| at(0))));
        let now = Instant::now();
        let slow = sample(now, Duration::from_secs(2), Duration::from_millis(900));
        assert_eq!(offset.learn(&[slow]), Shift::default());
        let slow = sample(now, Duration::from_secs(2), Duration::from_millis(900));
        let fast = sample(now, Duration::from_millis(1), Duration::from_millis(800));
        assert_eq!(offset.learn(&[slow, fast]), Shift(800_000));
    }

    #[test]
    fn a_clock_that_was_set_is_measured_anew() {
        let time = Arc::new(Mutex::new(at(0)));
        let local = Arc::clone(&time);
        let offset = Offset::new(Some(Arc::new(move || *local.lock().unwrap())));
        assert!(offset.current().is_err());
        offset.learn(&[sample(Instant::now(), Duration::ZERO, Duration::ZERO)]);
        assert!(offset.current().is_ok());
        *time.lock().unwrap() = at(3600);
        assert!(offset.current().is_err());
    }

    #[test]
    fn without_a_clock_times_stay_as_they_are() {
        assert_eq!(Offset::new(None).current().ok(), Some(Shift::default()));
    }
}
