//! How long to wait before the next try. Which failures are worth one is for the bot to say.

use std::time::Duration;

/// How long a message is worth telling: what could not be posted within a day becomes a dead letter.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause after the first failure, before jitter.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// No pause is longer, so that a message follows soon after the service is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// DingTalk counts by the minute, so a shorter rest changes nothing.
const FIRST_REST: Duration = Duration::from_secs(60);

/// DingTalk limits a bot that sent too fast for ten minutes (custom-robots-send-group-messages).
const LONGEST_REST: Duration = Duration::from_secs(10 * 60);

/// A message that is refused costs nothing but a call, and people mend things within minutes or not today.
const FIRST_ASIDE: Duration = Duration::from_secs(10 * 60);
const LONGEST_ASIDE: Duration = Duration::from_secs(60 * 60);

/// The pause after that many failures in a row (from 1): doubling, and shortened by up to a half, so that messages
/// which failed together do not come back together. `jitter` is random, in `0.0..1.0`; anything
/// else counts as none.
pub fn pause(failures: u32, jitter: f64) -> Duration {
    let full = doubled(FIRST_PAUSE, failures.saturating_sub(1), LONGEST_PAUSE);
    let jitter = if (0.0..1.0).contains(&jitter) {
        jitter
    } else {
        0.0
    };
    full.mul_f64(1.0 - jitter / 2.0)
}

/// How long a bot rests that was told it sends too fast, the `level`-th time in a row (from 0).
pub fn rest(level: u32) -> Duration {
    doubled(FIRST_REST, level, LONGEST_REST)
}

/// How long a bot is left alone that cannot post until somebody mends it, the `level`-th time in a row (from 0). Then
/// it is tried with a message: nothing else tells whether it works again.
pub fn aside(level: u32) -> Duration {
    doubled(FIRST_ASIDE, level, LONGEST_ASIDE)
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(times);
    first.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let cases = [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 4),
            (9, 256),
            (10, 300),
            (u32::MAX, 300),
        ];
        for (failures, seconds) in cases {
            let expected = Duration::from_secs(seconds);
            assert_eq!(pause(failures, 0.0), expected, "{failures} failures");
        }
    }

    #[test]
    fn jitter_takes_away_up_to_a_half() {
        let cases = [
            (0.0, 4000),
            (0.5, 3000),
            (0.9, 2200),
            (7.0, 4000),
            (f64::NAN, 4000),
        ];
        for (jitter, millis) in cases {
            let expected = Duration::from_millis(millis);
            assert_eq!(pause(3, jitter), expected, "jitter {jitter}");
        }
    }

    #[test]
    fn rests_double_up_to_ten_minutes() {
        let cases = [
            (0, 60),
            (1, 120),
            (2, 240),
            (3, 480),
            (4, 600),
            (u32::MAX, 600),
        ];
        for (level, seconds) in cases {
            assert_eq!(rest(level), Duration::from_secs(seconds), "level {level}");
        }
    }

    #[test]
    fn a_bot_that_is_set_aside_is_tried_again_after_ten_minutes_and_then_less_often() {
        for (level, minutes) in [(0, 10), (1, 20), (2, 40), (3, 60), (u32::MAX, 60)] {
            assert_eq!(
                aside(level),
                Duration::from_secs(minutes * 60),
                "level {level}"
            );
        }
    }
}
