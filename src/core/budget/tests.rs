use jiff::civil::date;

use super::*;

fn allowance(monthly: u32) -> Allowance {
    Allowance {
        monthly,
        warn_at: WARN_AT.to_vec(),
    }
}

/// A time in China: `2026-11-20T12:00`.
fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

/// As many posts on each day of November 2026 from the first to the last given one.
fn november(days: std::ops::RangeInclusive<i8>, posts: u32) -> PostsByDay {
    days.map(|day| (date(2026, 11, day), posts)).collect()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

#[test]
fn a_day_and_a_month_are_those_of_china() {
    let table = [
        ("2026-11-30T15:59:59Z", date(2026, 11, 30)),
        ("2026-11-30T16:00:00Z", date(2026, 12, 1)),
    ];
    for (now, expected) in table {
        assert_eq!(day(now.parse().unwrap()), expected, "{now}");
    }
    assert_eq!(month_end(at("2026-11-30T23:59")), at("2026-12-01T00:00"));
    assert_eq!(month_end(at("2026-12-01T00:00")), at("2027-01-01T00:00"));
    assert_eq!(month_end(at("2028-02-01T00:00")), at("2028-03-01T00:00"));
}

#[test]
fn posts_of_other_months_are_not_used_up_in_this_one() {
    let mut posts = november(1..=3, 10);
    posts.insert(date(2026, 10, 31), 500);
    posts.insert(date(2026, 12, 1), 500);
    assert_eq!(used(&posts, at("2026-11-03T12:00")), 30);
    assert_eq!(used(&posts, at("2026-11-02T12:00")), 20);
}

#[test]
fn a_stage_begins_when_its_percentage_is_reached() {
    let table = [
        (0, Stage::Free),
        (2099, Stage::Free),
        (2100, Stage::Warned(70)),
        (2699, Stage::Warned(70)),
        (2700, Stage::Warned(90)),
        (2999, Stage::Warned(90)),
        (3000, Stage::Spent),
        (u32::MAX, Stage::Spent),
    ];
    for (used, expected) in table {
        assert_eq!(allowance(3000).stage(used), expected, "{used}");
    }
    let silent = Allowance {
        monthly: 3,
        warn_at: Vec::new(),
    };
    assert_eq!(
        [2, 3].map(|used| silent.stage(used)),
        [Stage::Free, Stage::Spent]
    );
    assert!(Stage::Free < Stage::Warned(70) && Stage::Warned(90) < Stage::Spent);
}

#[test]
fn the_forecast_goes_on_like_the_last_week() {
    let mut busier = november(1..=13, 10);
    busier.extend(november(14..=20, 200));
    let mut last_month: PostsByDay = (25..=31).map(|day| (date(2026, 10, day), 160)).collect();
    let only_last_month = last_month.clone();
    last_month.insert(date(2026, 11, 1), 0);
    let table = [
        // What is counted, now, and what is expected of 3,000.
        (november(1..=20, 50), "2026-11-21T00:00", 1500, None),
        (november(1..=20, 100), "2026-11-21T00:00", 3000, None),
        (november(1..=20, 130), "2026-11-21T00:00", 3900, Some(24)),
        (busier, "2026-11-21T00:00", 3530, Some(28)),
        // The first days of a month look back into the one before.
        (last_month, "2026-11-01T00:00", 4800, Some(19)),
        (only_last_month, "2026-11-01T00:00", 4800, Some(19)),
        // Counting began lately; the first hours are no rate.
        (november(19..=20, 100), "2026-11-21T00:00", 1200, None),
        (november(20..=20, 40), "2026-11-20T00:10", 480, None),
        (PostsByDay::new(), "2026-11-20T12:00", 0, None),
        (november(1..=20, 150), "2026-11-20T23:00", 4514, Some(20)),
    ];
    for (posts, now, expected, ends_on) in table {
        let forecast = allowance(3000).forecast(&posts, at(now));
        let ends_on = ends_on.map(|day| date(2026, 11, day));
        assert_eq!(forecast, Forecast { expected, ends_on }, "{posts:?} {now}");
    }
}

#[test]
fn digests_are_paced_to_leave_half_of_the_rest_for_urgent_messages() {
    let table = [
        // Posts used, groups, now, and the minutes from one digest to the next.
        (2099, 5, "2026-11-21T00:00", None),
        // Ten days are 14,400 minutes; 450 digests of five groups.
        (2100, 5, "2026-11-21T00:00", Some(160)),
        (2100, 1, "2026-11-21T00:00", Some(32)),
        (2400, 1, "2026-11-21T00:00", Some(48)),
        // The least at each stage.
        (2100, 1, "2026-11-30T12:00", Some(15)),
        (2700, 1, "2026-11-30T12:00", Some(60)),
        // The most, early in the month and with nothing left.
        (2700, 50, "2026-11-02T00:00", Some(720)),
        (2999, 5, "2026-11-21T00:00", Some(720)),
        (3000, 5, "2026-11-21T00:00", Some(720)),
    ];
    for (used, groups, now, expected) in table {
        let pace = allowance(3000).pace(used, groups, at(now));
        assert_eq!(pace, expected.map(minutes), "{used} {groups} {now}");
    }
}

#[test]
fn with_more_or_fewer_percentages_the_pace_slows_in_even_steps() {
    let table = [
        (vec![50, 70, 90], 50, 15),
        (vec![50, 70, 90], 70, 37),
        (vec![50, 70, 90], 90, 60),
        (vec![80], 95, 15),
    ];
    for (warn_at, percent, expected) in table {
        let allowance = Allowance {
            monthly: 1_000_000,
            warn_at,
        };
        let pace = allowance.pace(percent * 10_000, 1, at("2026-11-21T00:00"));
        assert_eq!(
            pace.map(|pace| pace.as_secs() / 60),
            Some(expected),
            "{percent}"
        );
    }
}

#[test]
fn what_digests_leave_for_each_remaining_day_never_gets_less() {
    let allowance = allowance(3000);
    let end = at("2026-12-01T00:00");
    for groups in [1, 3, 10] {
        let mut now = at("2026-11-16T00:00");
        let mut used = 2100;
        let a_day = |used: u32, now| f64::from(3000 - used) / end.duration_since(now).as_secs_f64();
        let at_first = a_day(used, now);
        while now < end {
            assert!(
                a_day(used, now) >= at_first,
                "{groups} groups, {now}: {used}"
            );
            let pace = allowance.pace(used, groups, now).unwrap();
            used += groups as u32;
            now += SignedDuration::try_from(pace).unwrap();
        }
        assert!(used < 3000, "{groups} groups: {used}");
    }
}

#[test]
fn the_sentence_says_where_the_month_goes() {
    let then = "2026-11-21T00:00";
    let table = [
        (
            november(1..=20, 130),
            then,
            "2,600 of 3,000 posts of this month are used; at this rate they end on the 24th",
        ),
        (
            november(1..=20, 50),
            then,
            "1,000 of 3,000 posts of this month are used; at this rate the whole month takes 1,500",
        ),
        (
            november(1..=20, 149),
            "2026-11-20T23:00",
            "2,980 of 3,000 posts of this month are used; at this rate they end on the 21st",
        ),
        (
            november(1..=20, 149),
            "2026-11-20T20:00",
            "2,980 of 3,000 posts of this month are used; at this rate they end today",
        ),
        (
            november(1..=20, 150),
            then,
            "all 3,000 posts of this month are used; none is made before 1 December",
        ),
    ];
    for (posts, now, expected) in table {
        assert_eq!(allowance(3000).sentence(&posts, at(now)), expected);
    }
    let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30]
        .map(ordinal)
        .join(" ");
    assert_eq!(
        ordinals,
        "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th"
    );
    let numbers = [0, 999, 1000, 1_234_567].map(thousands).join(" ");
    assert_eq!(numbers, "0 999 1,000 1,234,567");
}
