//! Points in time in the dozen styles that vendors write them.

use jiff::{Timestamp, civil, fmt::strtime, tz::TimeZone};

/// Styles besides RFC 3339, each with where it was seen.
const WITH_OFFSET: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S%.f%z", // Jira entities: 2026-03-04T10:11:12.345+0800
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z", // GitLab deployments and servers outside UTC: 2019-06-13 16:36:52 +0200
    "%Y-%m-%d %H:%M:%S%.f %z",
];

/// Styles that are in UTC, said or unsaid.
const IN_UTC: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S UTC", // GitLab: 2015-05-17 18:08:09 UTC
    "%Y-%m-%d %H:%M:%S",     // GitHub apps: no zone at all
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
];

/// Reads a date with or without time; a date alone is its midnight in UTC. `None` for anything else.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    for style in WITH_OFFSET {
        if let Ok(time) = strtime::parse(style, text).and_then(|parsed| parsed.to_timestamp()) {
            return Some(time);
        }
    }
    for style in IN_UTC {
        if let Ok(time) = civil::DateTime::strptime(style, text) {
            return in_utc(time);
        }
    }
    let date: civil::Date = text.parse().ok()?;
    in_utc(date.to_datetime(civil::Time::midnight()))
}

/// Seconds or milliseconds since the epoch: Jira sends milliseconds, GitHub's push seconds. Numbers of more than
/// eleven digits are milliseconds.
pub fn from_epoch(number: i64) -> Option<Timestamp> {
    if number.abs() >= 100_000_000_000 {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

fn in_utc(time: civil::DateTime) -> Option<Timestamp> {
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_style_that_vendors_were_seen_to_send() {
        let styles = [
            ("2013-12-03T17:15:43Z", "2013-12-03T17:15:43Z"),
            ("2013-12-03T17:15:43.000Z", "2013-12-03T17:15:43Z"),
            ("2011-12-12T14:27:31+02:00", "2011-12-12T12:27:31Z"),
            ("2019-05-15T15:20:18.000-04:00", "2019-05-15T19:20:18Z"),
            ("2015-05-17 18:08:09 UTC", "2015-05-17T18:08:09Z"),
            ("2019-06-13 16:36:52 +0200", "2019-06-13T14:36:52Z"),
            ("2020-01-02 03:04:05", "2020-01-02T03:04:05Z"),
            ("2026-03-04T10:11:12.345+0800", "2026-03-04T02:11:12.345Z"),
            ("2024-01-26", "2024-01-26T00:00:00Z"),
        ];
        for (text, expected) in styles {
            assert_eq!(
                parse(text).map(|time| time.to_string()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in ["", "yesterday", "2020-13-40", "T21: 00:25"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn epoch_numbers_are_seconds_or_milliseconds_by_their_size() {
        let expected = "2023-11-14T22:13:20Z";
        assert_eq!(from_epoch(1_700_000_000).unwrap().to_string(), expected);
        assert_eq!(from_epoch(1_700_000_000_000).unwrap().to_string(), expected);
    }
}
