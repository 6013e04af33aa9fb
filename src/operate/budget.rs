//! The month's budget of each organisation: what is used, and what becomes of it.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::core::budget::{self, Allowance, PostsByDay, Stage};
use crate::store::StoreError;

/// How an organisation's month stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BudgetState {
    pub organization: String,
    /// Posts that it has in a month.
    pub monthly: u32,
    pub used: u32,
    /// Percentages at which less is posted.
    pub warn_at: Vec<u8>,
    pub stage: BudgetStage,
    /// The highest of these that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<u8>,
    /// Posts that the whole month would take at the rate of the last week.
    pub expected: u64,
    /// The day on which the last one is used, if the month is not over before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<Date>,
    /// Today, by the calendar that is billed by.
    pub today: Date,
    /// When posts are to be had again.
    pub renewed_at: Timestamp,
    /// Posts of each day of this month, from the first to today.
    pub days: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetStage {
    Free,
    /// What is not urgent is told in digests.
    Warned,
    /// Nothing is posted before the month ends.
    Spent,
}

impl Operator {
    /// Of each organisation of the config, in its order.
    pub async fn budgets(&self) -> Result<Vec<BudgetState>, StoreError> {
        let now = self.clock.now();
        let today = budget::day(now);
        // A week tells the rate, also across the start of a month.
        let week_ago = today.saturating_sub(Span::new().days(7));
        let usage = self
            .store
            .usage(week_ago.min(today.first_of_month()))
            .await?;
        let in_force = self.current.load();
        let organizations = in_force.checked.config.organizations.iter();
        let budgets = organizations.map(|organization| {
            let mut posts = PostsByDay::new();
            for usage in usage
                .iter()
                .filter(|it| it.organization == organization.name)
            {
                *posts.entry(usage.day).or_default() += usage.posts;
            }
            state(&organization.name, &organization.allowance, &posts, now)
        });
        Ok(budgets.collect())
    }
}

fn state(name: &str, allowance: &Allowance, posts: &PostsByDay, now: Timestamp) -> BudgetState {
    let today = budget::day(now);
    let used = budget::used(posts, now);
    let forecast = allowance.forecast(posts, now);
    let (stage, reached) = match allowance.stage(used) {
        Stage::Free => (BudgetStage::Free, None),
        Stage::Warned(percent) => (BudgetStage::Warned, Some(percent)),
        Stage::Spent => (BudgetStage::Spent, Some(100)),
    };
    let days = today.first_of_month().series(Span::new().days(1));
    let days = days.take_while(|day| *day <= today);
    BudgetState {
        organization: name.to_owned(),
        monthly: allowance.monthly,
        used,
        warn_at: allowance.warn_at.clone(),
        stage,
        reached,
        expected: forecast.expected,
        ends_on: forecast.ends_on,
        today,
        renewed_at: budget::month_end(now),
        days: days
            .map(|day| posts.get(&day).copied().unwrap_or(0))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_told_day_by_day_up_to_today() {
        let now: Timestamp = "2026-11-04T12:00:00Z".parse().unwrap();
        let allowance = Allowance {
            monthly: 100,
            warn_at: vec![70, 90],
        };
        let day = |day| Date::constant(2026, 11, day);
        let posts = PostsByDay::from([
            (Date::constant(2026, 10, 31), 9),
            (day(1), 20),
            (day(3), 50),
            (day(4), 5),
        ]);
        let state = state("acme", &allowance, &posts, now);
        assert_eq!(state.days, [20, 0, 50, 5]);
        assert_eq!(
            (state.used, state.stage, state.reached),
            (75, BudgetStage::Warned, Some(70))
        );
        assert!(state.expected > 100 && state.ends_on.is_some());
    }
}
