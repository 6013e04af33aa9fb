//! What needs a person: everything that does not mend itself, the gravest first.

use futures_util::future::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use super::budget::{BudgetStage, BudgetState};
use super::groups::GroupState;
use crate::config::Severity;
use crate::current::Outcome;
use crate::store::StoreError;

/// Something that a person should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Need {
    /// No bot of the group works, so nothing gets through.
    MuteGroup {
        group: String,
        /// What is wrong with its first bot.
        reason: String,
        waiting: u32,
        /// The group that is told instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        fallback: Option<String>,
    },
    /// The month's posts are used up; nothing is posted before it ends.
    SpentBudget {
        organization: String,
        monthly: u32,
        renewed_at: Timestamp,
    },
    /// A changed config was wrong; the one before it stays in force.
    RefusedConfig {
        at: Timestamp,
        /// Since when the one in force is that.
        running_since: Timestamp,
        problems: Vec<ConfigProblem>,
    },
    DeadLetters {
        count: u32,
        /// Their groups, the one with most first.
        groups: Vec<String>,
        since: Timestamp,
    },
    /// A bot was set aside; the group's other bots go on.
    AsideBot {
        group: String,
        bot: String,
        reason: String,
    },
    /// Messages wait for a group that the config does not have: nobody will ever post them.
    Orphans {
        group: String,
        count: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// The config was changed in what only a start can change.
    NeedsRestart { at: Timestamp, keys: Vec<String> },
    /// The month's posts end before the month does.
    LowBudget {
        organization: String,
        used: u32,
        monthly: u32,
        ends_on: Date,
    },
}

/// What is wrong with a config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigProblem {
    /// File, line and column, or the variable.
    pub place: String,
    pub what: String,
    pub remedy: String,
}

impl Operator {
    /// Everything that needs a person.
    pub async fn needs(&self) -> Result<Vec<Need>, StoreError> {
        let (groups, budgets) = try_join(self.groups(), self.budgets()).await?;
        self.needs_of(&groups, &budgets).await
    }

    /// The same for whoever knows how it stands with all groups and budgets.
    pub async fn needs_of(
        &self,
        groups: &[GroupState],
        budgets: &[BudgetState],
    ) -> Result<Vec<Need>, StoreError> {
        let mut needs: Vec<Need> = groups.iter().filter_map(|group| self.mute(group)).collect();
        needs.extend(budgets.iter().filter_map(spent));
        needs.extend(self.refused_config());
        needs.extend(self.needs_of_dead_letters().await?);
        needs.extend(groups.iter().flat_map(aside));
        needs.extend(self.orphans(groups).await?);
        needs.extend(self.needs_restart());
        needs.extend(budgets.iter().filter_map(low));
        Ok(needs)
    }

    fn mute(&self, group: &GroupState) -> Option<Need> {
        let reason = group.bots.first()?.aside.clone()?;
        let in_force = self.current.load();
        let groups = &in_force.checked.config.groups;
        let settings = groups.iter().find(|known| known.name == group.name);
        group.is_mute().then(|| Need::MuteGroup {
            group: group.name.clone(),
            reason,
            waiting: group.waiting,
            fallback: settings.and_then(|settings| settings.fallback.clone()),
        })
    }

    fn refused_config(&self) -> Option<Need> {
        let last = self.current.last_reload()?;
        let Outcome::Refused { problems } = &last.outcome else {
            return None;
        };
        let errors = problems.iter().filter(|it| it.severity == Severity::Error);
        let errors = errors.map(|problem| ConfigProblem {
            place: problem.place.to_string(),
            what: problem.what.clone(),
            remedy: problem.remedy.clone(),
        });
        Some(Need::RefusedConfig {
            at: last.at,
            running_since: self.current.load().since,
            problems: errors.collect(),
        })
    }

    fn needs_restart(&self) -> Option<Need> {
        let last = self.current.last_reload()?;
        let Outcome::Applied { needs_restart, .. } = &last.outcome else {
            return None;
        };
        (!needs_restart.is_empty()).then(|| Need::NeedsRestart {
            at: last.at,
            keys: needs_restart.iter().map(|key| (*key).to_owned()).collect(),
        })
    }

    async fn needs_of_dead_letters(&self) -> Result<Option<Need>, StoreError> {
        let causes = self.store.dead_causes().await?;
        let Some(since) = causes.iter().map(|cause| cause.first).min() else {
            return Ok(None);
        };
        let mut groups: Vec<(u32, String)> = Vec::new();
        for cause in &causes {
            match groups.iter_mut().find(|(_, group)| *group == cause.group) {
                Some((count, _)) => *count += cause.count,
                None => groups.push((cause.count, cause.group.clone())),
            }
        }
        groups.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(Some(Need::DeadLetters {
            count: groups.iter().map(|(count, _)| count).sum(),
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            since,
        }))
    }

    async fn orphans(&self, known: &[GroupState]) -> Result<Vec<Need>, StoreError> {
        let mut orphans = Vec::new();
        for group in self.store.groups_waiting().await? {
            if known.iter().any(|known| known.name == group) {
                continue;
            }
            let waiting = self.store.waiting(&group).await?;
            orphans.push(Need::Orphans {
                group,
                count: waiting.count,
                since: waiting.oldest,
            });
        }
        Ok(orphans)
    }
}

/// The bots that were set aside, of a group of which others work.
fn aside(group: &GroupState) -> Vec<Need> {
    if group.is_mute() {
        return Vec::new();
    }
    let need = |bot: &super::bots::BotState| {
        Some(Need::AsideBot {
            group: group.name.clone(),
            bot: bot.name.clone(),
            reason: bot.aside.clone()?,
        })
    };
    group.bots.iter().filter_map(need).collect()
}

fn spent(budget: &BudgetState) -> Option<Need> {
    (budget.stage == BudgetStage::Spent).then(|| Need::SpentBudget {
        organization: budget.organization.clone(),
        monthly: budget.monthly,
        renewed_at: budget.renewed_at,
    })
}

fn low(budget: &BudgetState) -> Option<Need> {
    let ends_on = budget.ends_on?;
    (budget.stage == BudgetStage::Warned).then(|| Need::LowBudget {
        organization: budget.organization.clone(),
        used: budget.used,
        monthly: budget.monthly,
        ends_on,
    })
}
