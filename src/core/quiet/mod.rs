//! Quiet times: when a group is told only what is urgent.
//!
//! `22:00-08:00 Asia/Shanghai` is every night, `Fri 22:00-24:00 Asia/Shanghai` and `Mon-Fri 19:00-09:00 Europe/Berlin`
//! are those of some days, where the day is the one on which the time begins. The time zone has no default: that of
//! the machine would be UTC in most containers, and nobody would see it until the first message at night.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

/// A group's quiet times together; none by default.
#[derive(Debug, Clone, Default)]
pub struct QuietTimes(Vec<QuietTime>);

/// One quiet time, of every day or of some days of the week.
#[derive(Debug, Clone)]
pub struct QuietTime {
    days: Days,
    begin: Time,
    end: Time,
    /// Ends on the day after the one on which it begins.
    is_over_midnight: bool,
    zone: TimeZone,
}

/// Days of the week, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days([bool; 7]);

/// Why a text is no quiet time, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct QuietError {
    pub what: String,
    pub remedy: &'static str,
}

const SHAPE: &str = "write days (if not all), a time of day and a time zone, such as \
    \"22:00-08:00 Asia/Shanghai\" or \"Sat,Sun 00:00-24:00 Asia/Shanghai\"";
const NAMED_DAYS: &str =
    "write Mon, Tue, Wed, Thu, Fri, Sat or Sun, a list such as Sat,Sun or a range such as Mon-Fri";
const CLOCK: &str = "write hours and minutes from 00:00 to 24:00, such as 22:00-08:00";
const EMPTY: &str = "write 00:00-24:00 for a whole day";
const ZONE: &str = "write a name of the IANA time zone database, such as Asia/Shanghai (all of China), Europe/Berlin or UTC";

/// Quiet times repeat every week, and a change of the clock moves them once. What touches for longer never ends.
const LONGEST: SignedDuration = SignedDuration::from_hours(15 * 24);

impl QuietTimes {
    /// Reads one quiet time.
    pub fn parse(text: &str) -> Result<QuietTimes, QuietError> {
        QuietTime::parse(text).map(|time| QuietTimes(vec![time]))
    }

    pub fn add(&mut self, time: QuietTime) {
        self.0.push(time);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.0.iter().any(|time| time.ends(now).is_some())
    }

    /// When the quiet time that it is now ends, and no other one has begun until then. `None` when it is not quiet, and
    /// when it always is.
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let last = now.checked_add(LONGEST).ok()?;
        let mut end = None;
        let mut at = now;
        while let Some(later) = self.0.iter().filter_map(|time| time.ends(at)).max() {
            if later > last {
                return None;
            }
            end = Some(later);
            at = later;
        }
        end
    }

    /// Whether they leave no time at all.
    pub fn never_end(&self) -> bool {
        let some_day = Timestamp::UNIX_EPOCH;
        self.is_quiet(some_day) && self.ends(some_day).is_none()
    }
}

impl QuietTime {
    pub fn parse(text: &str) -> Result<QuietTime, QuietError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, clock, zone) = match words.as_slice() {
            [clock, zone] if is_clock(clock) => (None, clock, zone),
            [days, clock, zone] if is_clock(clock) => (Some(days), clock, zone),
            [.., last] if is_clock(last) => {
                return Err(error(format!("{text:?} has no time zone"), SHAPE));
            }
            _ => return Err(error(format!("{text:?} is no quiet time"), SHAPE)),
        };
        let days = days.map_or(Ok(Days::ALL), |days| Days::parse(days))?;
        let (begin, end) = span(clock)?;
        // Not from the machine's own files, so that a config means the same everywhere.
        let zone = TimeZoneDatabase::bundled()
            .get(zone)
            .map_err(|_| error(format!("there is no time zone {zone:?}"), ZONE))?;
        Ok(QuietTime {
            days,
            begin,
            end,
            is_over_midnight: end <= begin,
            zone,
        })
    }

    /// When this one ends; `None` when it is not this quiet time now.
    fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        [today.yesterday().ok(), Some(today)]
            .into_iter()
            .flatten()
            .filter_map(|date| self.on(date))
            .filter(|(begin, end)| (*begin..*end).contains(&now))
            .map(|(_, end)| end)
            .max()
    }

    /// From when to when it is quiet by what begins on that date. Where the clock is put forward over one of the two
    /// times, it counts as it would without the change; where it is put back, the first of the two counts.
    fn on(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.has(date.weekday()) {
            return None;
        }
        let at = |date: Date, time: Time| {
            let zoned = date.to_datetime(time).to_zoned(self.zone.clone());
            zoned.ok().map(|zoned| zoned.timestamp())
        };
        let last = match self.is_over_midnight {
            true => date.tomorrow().ok()?,
            false => date,
        };
        Some((at(date, self.begin)?, at(last, self.end)?))
    }
}

impl Days {
    const ALL: Days = Days([true; 7]);

    fn parse(text: &str) -> Result<Days, QuietError> {
        let mut days = Days([false; 7]);
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first)?, day(last)?);
            // A range may go over the end of the week: Sat-Mon.
            for step in 0..=(last + 7 - first) % 7 {
                days.0[(first + step) % 7] = true;
            }
        }
        Ok(days)
    }

    fn has(self, day: Weekday) -> bool {
        self.0[day.to_monday_zero_offset() as usize]
    }
}

/// The number of a day from its name, Monday being 0.
fn day(name: &str) -> Result<usize, QuietError> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    NAMES
        .iter()
        .position(|known| name.eq_ignore_ascii_case(known))
        .ok_or_else(|| error(format!("there is no day {name:?}"), NAMED_DAYS))
}

fn is_clock(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(':')
}

/// The two times of `22:00-08:00`; 24:00 is the midnight at the end of a day.
fn span(text: &str) -> Result<(Time, Time), QuietError> {
    let wrong = || error(format!("{text:?} is no time of day"), CLOCK);
    let (begin, end) = text.split_once('-').ok_or_else(wrong)?;
    if begin == end {
        return Err(error(format!("{text:?} is empty"), EMPTY));
    }
    let begin = time(begin).ok_or_else(wrong)?;
    let end = match end {
        "24:00" => Time::midnight(),
        end => time(end).ok_or_else(wrong)?,
    };
    Ok((begin, end))
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_number = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    Time::new(number(hour, 1..=2)?, number(minute, 2..=2)?, 0, 0).ok()
}

fn error(what: String, remedy: &'static str) -> QuietError {
    QuietError { what, remedy }
}

#[cfg(test)]
mod tests;
