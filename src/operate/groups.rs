//! Groups: how busy their bots are, and what waits for them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::bots::BotState;
use super::{Operator, Problem};
use crate::config::GroupSettings;
use crate::store::StoreError;

/// A group, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupState {
    pub name: String,
    pub bots: Vec<BotState>,
    /// Events that it has still to be told.
    pub waiting: u32,
    /// Since when the oldest of these waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
}

impl GroupState {
    /// Whether every bot is set aside, so that nothing gets through.
    pub fn is_mute(&self) -> bool {
        self.bots.iter().all(|bot| bot.aside.is_some())
    }
}

impl Operator {
    /// All groups of the config, in its order.
    pub async fn groups(&self) -> Result<Vec<GroupState>, StoreError> {
        let in_force = self.current.load();
        let mut groups = Vec::new();
        for group in &in_force.checked.config.groups {
            groups.push(self.group_state(group).await?);
        }
        Ok(groups)
    }

    pub(super) async fn group_state(
        &self,
        group: &GroupSettings,
    ) -> Result<GroupState, StoreError> {
        let waiting = self.store.waiting(&group.name).await?;
        Ok(GroupState {
            name: group.name.clone(),
            bots: self.bot_states(group).await?,
            waiting: waiting.count,
            waiting_since: waiting.oldest,
        })
    }
}

/// The group of that name.
pub fn find<'a>(groups: &'a [GroupSettings], name: &str) -> Result<&'a GroupSettings, Problem> {
    groups
        .iter()
        .find(|group| group.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
            Problem::unknown(
                format!("the config has no group `{name}`"),
                format!("its groups are {}", names.join(", ")),
            )
        })
}
