//! Small charts, as paths that a browser draws without script: each has a sentence that says the same.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::admin::frame::short_time;
use crate::admin::words::{Words, number};
use crate::operate::budget::BudgetState;

/// Bars over time, in a box of 240 by 31.
pub struct Spark {
    pub path: String,
    pub label: String,
    pub sum: String,
}

const HEIGHT: f64 = 30.0;

impl Spark {
    /// `label` gets the sum and the largest of the counts.
    pub fn of(counts: &[u32], label: impl Fn(&str, &str) -> String) -> Spark {
        let most = counts.iter().copied().max().unwrap_or(0);
        let sum = counts.iter().map(|count| u64::from(*count)).sum();
        let sum = number(sum);
        let mut path = String::new();
        for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            // What is not nothing can be seen.
            let height = (f64::from(*count) / f64::from(most) * HEIGHT).max(1.0);
            let _ = write!(path, "M{} 30v-{height:.1}h4v{height:.1}z", at * 5);
        }
        Spark {
            path,
            label: label(&sum, &number(most.into())),
            sum,
        }
    }
}

/// What stands under the bars: the hour at each quarter of the day, and now.
pub fn axis(since: Timestamp, words: &Words) -> Vec<String> {
    let quarter = |part: i64| {
        let time = since.saturating_add(SignedDuration::from_hours(6 * part));
        let time = short_time(time.unwrap_or(since));
        time.rsplit_once(' ')
            .map_or(time.clone(), |(_, time)| time.to_owned())
    };
    let mut labels: Vec<String> = (0..4).map(quarter).collect();
    labels.push(words.overview.now.to_owned());
    labels
}

/// A month's posts as a line that climbs towards its limit, in a box of 300 by 120.
pub struct BudgetChart {
    pub line: String,
    pub area: String,
    /// To the end of the month, if it goes on like this.
    pub guess: String,
    /// The limit, and the percentages at which less is posted: where each is drawn, what it is, and how far down its label
    /// stands in pixels.
    pub marks: Vec<Mark>,
    pub label: String,
    pub first: String,
    pub last: String,
}

pub struct Mark {
    pub y: String,
    pub is_limit: bool,
    pub text: String,
    pub label_y: String,
}

/// Where nothing is used, and where everything is.
const BOTTOM: f64 = 120.0;
const TOP: f64 = 10.0;
const WIDTH: f64 = 300.0;
/// Pixels for each unit of height, as the style has it.
const PIXELS: f64 = 1.25;

impl BudgetChart {
    pub fn of(budget: &BudgetState, label: String) -> BudgetChart {
        let month = f64::from(budget.today.days_in_month());
        let x = |days: f64| days / month * WIDTH;
        let y = |posts: f64| {
            let part = posts / f64::from(budget.monthly.max(1));
            (BOTTOM - part * (BOTTOM - TOP)).max(0.0)
        };
        let mut line = format!("M0 {BOTTOM}");
        let (mut posts, mut days) = (0.0, 0.0);
        for count in &budget.days {
            posts += f64::from(*count);
            days += 1.0;
            let _ = write!(line, "L{:.1} {:.1}", x(days), y(posts));
        }
        // No monthly count is beyond what a double holds exactly.
        let expected = budget.expected as f64;
        let mark = |posts: f64, is_limit: bool, text: String| Mark {
            y: format!("{:.1}", y(posts)),
            is_limit,
            text,
            label_y: format!("{:.0}", y(posts) * PIXELS + 4.0),
        };
        let monthly = f64::from(budget.monthly);
        let mut marks = vec![mark(monthly, true, number(budget.monthly.into()))];
        for percent in budget.warn_at.iter().rev() {
            let posts = monthly * f64::from(*percent) / 100.0;
            marks.push(mark(posts, false, format!("{percent} %")));
        }
        BudgetChart {
            area: format!("{line}V{BOTTOM}z"),
            guess: format!("M{:.1} {:.1}L{WIDTH} {:.1}", x(days), y(posts), y(expected)),
            line,
            marks,
            label,
            first: budget.today.first_of_month().strftime("%m-%d").to_string(),
            last: budget.today.last_of_month().strftime("%m-%d").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::operate::budget::BudgetStage;

    #[test]
    fn the_highest_bar_fills_the_height_and_the_lowest_can_be_seen() {
        let spark = Spark::of(&[0, 1000, 1], |sum, most| format!("{sum}, at most {most}"));
        assert_eq!(spark.path, "M5 30v-30.0h4v30.0zM10 30v-1.0h4v1.0z");
        assert_eq!(spark.label, "1,001, at most 1,000");
        assert_eq!(Spark::of(&[0; 48], |_, _| String::new()).path, "");
    }

    #[test]
    fn a_month_climbs_to_its_limit_day_by_day() {
        let chart = BudgetChart::of(
            &BudgetState {
                organization: "acme".into(),
                monthly: 100,
                used: 100,
                warn_at: vec![70],
                stage: BudgetStage::Spent,
                reached: Some(100),
                expected: 1000,
                ends_on: None,
                today: Date::constant(2026, 11, 3),
                renewed_at: Timestamp::UNIX_EPOCH,
                days: vec![50, 0, 50],
            },
            String::new(),
        );
        assert_eq!(chart.line, "M0 120L10.0 65.0L20.0 65.0L30.0 10.0");
        assert_eq!(chart.guess, "M30.0 10.0L300 0.0", "it stays inside");
        assert_eq!(
            (chart.marks[0].y.as_str(), chart.marks[1].y.as_str()),
            ("10.0", "43.0")
        );
    }
}
