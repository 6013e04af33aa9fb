use super::*;

fn quiet(texts: &[&str]) -> QuietTimes {
    let mut times = QuietTimes::default();
    for text in texts {
        times.add(QuietTime::parse(text).unwrap());
    }
    times
}

/// A time as people say it: `2026-03-02 23:00 Asia/Shanghai`.
fn at(text: &str) -> Timestamp {
    let (date, zone) = text.rsplit_once(' ').unwrap();
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let date: jiff::civil::DateTime = date.parse().unwrap();
    date.to_zoned(zone).unwrap().timestamp()
}

#[test]
fn quiet_times_hold_from_their_first_minute_to_before_their_last() {
    // 2026-03-02 is a Monday.
    let night = ["22:00-08:00 Asia/Shanghai"];
    let weekend = ["Sat,Sun 00:00-24:00 Asia/Shanghai"];
    let after_work = ["Mon-Fri 19:00-09:00 Asia/Shanghai"];
    let lunch = ["12:00-13:30 Asia/Shanghai"];
    let over_the_week = ["Sat-Mon 9:00-10:00 Asia/Shanghai"];
    let cases: [(&[&str], &str, Option<&str>); 19] = [
        (&night, "2026-03-02 21:59", None),
        (&night, "2026-03-02 22:00", Some("2026-03-03 08:00")),
        (&night, "2026-03-03 00:00", Some("2026-03-03 08:00")),
        (&night, "2026-03-03 07:59", Some("2026-03-03 08:00")),
        (&night, "2026-03-03 08:00", None),
        (&weekend, "2026-03-06 23:59", None),
        (&weekend, "2026-03-07 00:00", Some("2026-03-09 00:00")),
        (&weekend, "2026-03-08 12:00", Some("2026-03-09 00:00")),
        (&weekend, "2026-03-09 00:00", None),
        // The night of Friday is quiet until Saturday morning, that of Sunday is not.
        (&after_work, "2026-03-07 08:00", Some("2026-03-07 09:00")),
        (&after_work, "2026-03-07 20:00", None),
        (&after_work, "2026-03-09 08:00", None),
        (&after_work, "2026-03-09 19:00", Some("2026-03-10 09:00")),
        (&lunch, "2026-03-02 12:00", Some("2026-03-02 13:30")),
        (&lunch, "2026-03-02 13:30", None),
        (&over_the_week, "2026-03-08 09:30", Some("2026-03-08 10:00")),
        (&over_the_week, "2026-03-09 09:30", Some("2026-03-09 10:00")),
        (&over_the_week, "2026-03-10 09:30", None),
        (&[], "2026-03-02 23:00", None),
    ];
    for (texts, now, end) in cases {
        let times = quiet(texts);
        let in_china = |text: &str| at(&format!("{text} Asia/Shanghai"));
        assert_eq!(
            times.ends(in_china(now)),
            end.map(in_china),
            "{texts:?} {now}"
        );
        assert_eq!(
            times.is_quiet(in_china(now)),
            end.is_some(),
            "{texts:?} {now}"
        );
    }
}

#[test]
fn quiet_times_that_touch_or_overlap_end_together() {
    let times = quiet(&[
        "22:00-08:00 Asia/Shanghai",
        "Sat,Sun 00:00-24:00 Asia/Shanghai",
        "Mon 08:00-09:00 Asia/Shanghai",
        // 08:30 to 10:00 in Shanghai.
        "Mon 00:30-02:00 UTC",
    ]);
    assert_eq!(
        times.ends(at("2026-03-06 23:00 Asia/Shanghai")),
        Some(at("2026-03-09 10:00 Asia/Shanghai"))
    );
}

#[test]
fn a_change_of_the_clock_moves_only_what_the_clock_says() {
    let night = quiet(&["22:00-08:00 Europe/Berlin"]);
    let early = quiet(&["01:30-02:30 Europe/Berlin"]);
    // Put forward on 2026-03-29, 02:00 to 03:00, and back on 2026-10-25, 03:00 to 02:00.
    let cases = [
        (&night, "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"),
        (&night, "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"),
        // An hour long on either day, though 02:30 is missing on one and stands twice in the other.
        (&early, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
        (&early, "2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z"),
    ];
    for (times, begin, end) in cases {
        let (begin, end): (Timestamp, Timestamp) = (begin.parse().unwrap(), end.parse().unwrap());
        assert_eq!(times.ends(begin), Some(end));
        assert!(
            !times.is_quiet(begin - SignedDuration::from_secs(1)),
            "{begin}"
        );
        assert!(!times.is_quiet(end), "{end}");
    }
}

#[test]
fn times_that_leave_nothing_are_told_from_those_that_do() {
    let always: [&[&str]; 3] = [
        &["00:00-24:00 Asia/Shanghai"],
        &["08:00-20:00 Asia/Shanghai", "20:00-08:00 Asia/Shanghai"],
        &["Mon-Fri 00:00-24:00 UTC", "Sat,Sun 00:00-24:00 UTC"],
    ];
    for texts in always {
        let times = quiet(texts);
        assert!(times.never_end(), "{texts:?}");
        assert_eq!(times.ends(at("2026-03-02 12:00 UTC")), None, "{texts:?}");
    }
    let sometimes: [&[&str]; 3] = [
        &[],
        &["08:00-20:00 UTC", "20:00-07:59 UTC"],
        &["Mon-Sat 00:00-24:00 UTC", "Sun 00:00-23:59 UTC"],
    ];
    for texts in sometimes {
        assert!(!quiet(texts).never_end(), "{texts:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let cases = [
        ("", "\"\" is no quiet time"),
        ("at night", "\"at night\" is no quiet time"),
        ("22:00-08:00", "\"22:00-08:00\" has no time zone"),
        ("Sat 22:00-08:00", "\"Sat 22:00-08:00\" has no time zone"),
        ("22-8 UTC", "\"22-8 UTC\" is no quiet time"),
        ("22:00 UTC", "\"22:00\" is no time of day"),
        ("22:00-25:00 UTC", "\"22:00-25:00\" is no time of day"),
        ("24:00-08:00 UTC", "\"24:00-08:00\" is no time of day"),
        ("22:0-08:00 UTC", "\"22:0-08:00\" is no time of day"),
        ("08:00-08:00 UTC", "\"08:00-08:00\" is empty"),
        ("Sat,Son 22:00-08:00 UTC", "there is no day \"Son\""),
        (
            "22:00-08:00 Asia/Beijing",
            "there is no time zone \"Asia/Beijing\"",
        ),
        (
            "22:00-08:00 UTC Sat",
            "\"22:00-08:00 UTC Sat\" is no quiet time",
        ),
    ];
    for (text, what) in cases {
        assert_eq!(QuietTimes::parse(text).unwrap_err().what, what);
    }
}
