//! What metrics tell of the config in force and of what stands in the store: read when somebody asks, and as much of it as
//! the config has groups, bots and organisations.

use std::collections::BTreeMap;

use super::Operator;
use crate::current::Outcome;
use crate::metrics::{Sample, catalogue};
use crate::store::StoreError;

impl Operator {
    pub fn gauges_of_config(&self) -> Vec<Sample> {
        let in_force = self.current.load();
        let reloads = self.current.reloads();
        let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused { .. });
        let last = self.current.last_reload();
        let last_is_good = last.is_none_or(|reload| !is_refused(&reload.outcome));
        let since = in_force.since.as_second() as f64;
        let version = env!("CARGO_PKG_VERSION");
        vec![
            sample(&catalogue::RELOADS, &["applied"], reloads.applied as f64),
            sample(&catalogue::RELOADS, &["refused"], reloads.refused as f64),
            sample(&catalogue::RELOAD_OK, &[], flag(last_is_good)),
            sample(&catalogue::CONFIG_SINCE, &[], since),
            sample(&catalogue::CONFIG_REVISION, &[], in_force.revision as f64),
            sample(&catalogue::BUILD, &[version], 1.0),
        ]
    }

    pub async fn gauges_of_store(&self) -> Result<Vec<Sample>, StoreError> {
        let now = self.clock.now();
        let mut samples = Vec::new();
        let mut add = |of, labels: &[&str], value: f64| samples.push(sample(of, labels, value));
        let mut dead: BTreeMap<String, u64> = BTreeMap::new();
        for group in self.groups().await? {
            let age = group.waiting_since.map_or(0.0, |since| {
                now.duration_since(since).as_secs_f64().max(0.0)
            });
            add(&catalogue::QUEUE, &[&group.name], f64::from(group.waiting));
            add(&catalogue::QUEUE_AGE, &[&group.name], age);
            for bot in &group.bots {
                let labels = [group.name.as_str(), bot.name.as_str()];
                add(&catalogue::WINDOW_USED, &labels, f64::from(bot.used));
                add(&catalogue::WINDOW_LIMIT, &labels, f64::from(bot.per_minute));
                add(
                    &catalogue::RESTING,
                    &labels,
                    flag(bot.rests_until.is_some()),
                );
                add(&catalogue::ASIDE, &labels, flag(bot.aside.is_some()));
            }
            dead.insert(group.name, 0);
        }
        for cause in self.store.dead_causes().await? {
            *dead.entry(cause.group).or_default() += u64::from(cause.count);
        }
        for (group, count) in &dead {
            add(&catalogue::DEAD, &[group], *count as f64);
        }
        for budget in self.budgets().await? {
            let of = [budget.organization.as_str()];
            add(&catalogue::BUDGET_USED, &of, f64::from(budget.used));
            add(&catalogue::BUDGET_LIMIT, &of, f64::from(budget.monthly));
        }
        let bytes = self.store.bytes().await?;
        add(&catalogue::STORE_BYTES, &[], bytes as f64);
        Ok(samples)
    }
}

fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

fn sample(of: &'static catalogue::Instrument, labels: &[&str], value: f64) -> Sample {
    Sample {
        of,
        labels: labels.iter().map(|label| label.to_string()).collect(),
        value,
    }
}
