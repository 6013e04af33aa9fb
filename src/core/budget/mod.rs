//! The month's posts: how many an organisation has, how many are used, and how to make the rest last.
//!
//! DingTalk counts the messages of custom bots by organisation and month
//! (dingtalk-application-development-platform-billing-model) and does not say in which time zone a month begins, whether
//! a refused post counts, or what it answers when all are used. So China's months are assumed, as DingTalk is at home
//! there, and every attempt that may have been a post is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Posts that an organisation has in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    pub monthly: u32,
    /// Percentages at which less is posted, ascending, each of 1 to 99.
    pub warn_at: Vec<u8>,
}

/// Default of [`Allowance::warn_at`].
pub const WARN_AT: [u8; 2] = [70, 90];

/// Posts by the [`day`] on which they were made. Days without any may be missing; the first one that is there is taken
/// for the one on which counting began.
pub type PostsByDay = BTreeMap<Date, u32>;

/// How far a month's posts are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Free,
    /// The highest of [`Allowance::warn_at`] that is reached.
    Warned(u8),
    /// Nothing is posted before the month ends.
    Spent,
}

/// What becomes of a month if it goes on like the last week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// Posts that the whole month would take.
    pub expected: u64,
    /// The day on which the last post is used, if the month is not over before.
    pub ends_on: Option<Date>,
}

/// A week tells working days and weekends in their proportion.
const LOOKING_BACK: i64 = 7;

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Between digests at the first of the percentages: long enough to save something, short enough to be news.
const SHORTEST_PACE: Duration = Duration::from_secs(15 * 60);

/// The least at the last percentage.
const SLOW_PACE: Duration = Duration::from_secs(60 * 60);

/// A group hears of what happened twice a day, whatever is left.
const LONGEST_PACE: Duration = Duration::from_secs(12 * 60 * 60);

/// The part of what is left that digests may use; the rest is for urgent messages.
const FOR_DIGESTS: f64 = 0.5;

/// The day that a post is counted on.
pub fn day(now: Timestamp) -> Date {
    now.to_zoned(china()).date()
}

/// When the month of `now` ends and posts are to be had again.
pub fn month_end(now: Timestamp) -> Timestamp {
    let next = day(now).last_of_month().tomorrow().ok();
    next.and_then(midnight).unwrap_or(Timestamp::MAX)
}

/// Posts of the month of `now`.
pub fn used(posts: &PostsByDay, now: Timestamp) -> u32 {
    let today = day(now);
    let month = today.first_of_month()..=today;
    posts
        .range(month)
        .fold(0, |sum, (_, posts)| sum.saturating_add(*posts))
}

impl Allowance {
    pub fn stage(&self, used: u32) -> Stage {
        if used >= self.monthly {
            return Stage::Spent;
        }
        match self.reached(used).last() {
            Some(percent) => Stage::Warned(*percent),
            None => Stage::Free,
        }
    }

    /// What the rate of the last seven days, or of as many as are counted, makes of the month.
    pub fn forecast(&self, posts: &PostsByDay, now: Timestamp) -> Forecast {
        let today = day(now);
        let used = used(posts, now);
        let rate = rate(posts, now);
        let left = month_end(now).duration_since(now).as_secs_f64() / A_DAY.as_secs_f64();
        let unused = f64::from(self.monthly.saturating_sub(used));
        let ends_on = match rate * left > unused {
            _ if used >= self.monthly => Some(today),
            true => {
                let until = A_DAY.as_secs_f64() * unused / rate;
                let until = SignedDuration::try_from_secs_f64(until).ok();
                until.and_then(|until| now.checked_add(until).ok()).map(day)
            }
            false => None,
        };
        Forecast {
            expected: u64::from(used) + (rate * left).round() as u64,
            ends_on,
        }
    }

    /// How long one of `groups` groups waits from one digest to the next, so that at this pace the digests of all of
    /// them use half of what is left until the month ends. `None` before the first percentage: then nothing is held.
    pub fn pace(&self, used: u32, groups: usize, now: Timestamp) -> Option<Duration> {
        let least = match self.stage(used) {
            Stage::Free => return None,
            Stage::Spent => return Some(LONGEST_PACE),
            Stage::Warned(_) => self.least_pace(used),
        };
        let left = month_end(now).duration_since(now).as_secs_f64();
        let digests = f64::from(self.monthly - used) * FOR_DIGESTS;
        let pace = Duration::try_from_secs_f64(left * groups.max(1) as f64 / digests);
        Some(pace.unwrap_or(LONGEST_PACE).clamp(least, LONGEST_PACE))
    }

    /// One sentence for the log and the page.
    pub fn sentence(&self, posts: &PostsByDay, now: Timestamp) -> String {
        let used = used(posts, now);
        let limit = thousands(self.monthly.into());
        if used >= self.monthly {
            let next = month_end(now).to_zoned(china()).strftime("%-d %B");
            return format!("all {limit} posts of this month are used; none is made before {next}");
        }
        let Forecast { expected, ends_on } = self.forecast(posts, now);
        let outlook = match ends_on {
            Some(date) if date == day(now) => "they end today".to_owned(),
            Some(date) => format!("they end on the {}", ordinal(date.day())),
            None => format!("the whole month takes {}", thousands(expected)),
        };
        let used = thousands(used.into());
        format!("{used} of {limit} posts of this month are used; at this rate {outlook}")
    }

    /// The percentages that are reached.
    fn reached(&self, used: u32) -> &[u8] {
        let is_reached =
            |percent: &u8| u64::from(used) * 100 >= u64::from(self.monthly) * u64::from(*percent);
        &self.warn_at[..self.warn_at.partition_point(is_reached)]
    }

    /// From the shortest pace at the first percentage in even steps to the slow one at the last.
    fn least_pace(&self, used: u32) -> Duration {
        let steps = u32::try_from(self.warn_at.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let taken = u32::try_from(self.reached(used).len().saturating_sub(1)).unwrap_or(u32::MAX);
        SHORTEST_PACE + (SLOW_PACE - SHORTEST_PACE) * taken / steps.max(1)
    }
}

/// Posts a day, lately. Less than a day is taken for one: a burst after midnight says nothing about the month.
fn rate(posts: &PostsByDay, now: Timestamp) -> f64 {
    let today = day(now);
    let a_week_ago = today.saturating_sub(SignedDuration::from_hours(24 * LOOKING_BACK));
    let Some(first) = posts.keys().next().map(|first| a_week_ago.max(*first)) else {
        return 0.0;
    };
    if first > today {
        return 0.0;
    }
    let sum: f64 = posts
        .range(first..=today)
        .map(|(_, posts)| f64::from(*posts))
        .sum();
    let passed = midnight(first).map_or(A_DAY, |first| now.duration_since(first));
    sum * A_DAY.as_secs_f64() / passed.max(A_DAY).as_secs_f64()
}

/// China has no summer time.
fn china() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

fn midnight(date: Date) -> Option<Timestamp> {
    let zoned = date.to_zoned(china()).ok()?;
    Some(zoned.timestamp())
}

/// `12,345`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `24th`
fn ordinal(day: i8) -> String {
    let ending = match (day / 10, day % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

#[cfg(test)]
mod tests;
