//! The bots of the config, ready to post, and how busy they are.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::bot::Bot;
use crate::bot::dingtalk::{CustomBot, Settings, Webhook};
use crate::checked::Checked;
use crate::clock::Clock;
use crate::config::{BotSettings, GroupSettings};
use crate::store::StoreError;
use crate::store::queue::Load;

/// The bots of one group.
pub fn bots(
    group: &GroupSettings,
    http: &reqwest::Client,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Bot>>> {
    group
        .bots
        .iter()
        .map(|bot| {
            let settings = Settings {
                webhook: Webhook::parse(bot.webhook.expose())?,
                secret: bot.secret.clone(),
                keywords: bot.keywords.clone(),
                per_minute: bot.rate_per_minute,
            };
            let bot: Arc<dyn Bot> =
                Arc::new(CustomBot::new(settings, http.clone(), Arc::clone(clock)));
            Ok(bot)
        })
        .collect()
}

/// How busy a bot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BotState {
    pub name: String,
    /// Posts that count against its minute.
    pub used: u32,
    /// Posts that it may make in a minute.
    pub per_minute: u32,
    /// When the first of these stops to count, where the minute is full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_until: Option<Timestamp>,
    /// Until when it rests, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<Timestamp>,
    /// What is wrong with it, where it was set aside until somebody mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aside: Option<String>,
}

impl BotState {
    /// When it may post again, if not now.
    pub fn free_at(&self) -> Option<Timestamp> {
        self.full_until.max(self.rests_until)
    }
}

impl Operator {
    /// The bots of a group, in the config's order.
    pub async fn bot_states(&self, group: &GroupSettings) -> Result<Vec<BotState>, StoreError> {
        let ids = group.bots.iter().map(id).collect();
        let now = self.clock.now();
        let loads = self.store.load(ids, now).await?;
        let bots = group.bots.iter().zip(loads);
        Ok(bots.map(|(bot, load)| state(bot, load, now)).collect())
    }
}

/// The name of a group's bot that the store knows by this id; the id where the group no longer has it.
pub(super) fn name_of(bot: &str, group: &str, checked: &Checked) -> String {
    let groups = checked.config.groups.iter();
    let bots = groups
        .filter(|settings| settings.name == group)
        .flat_map(|group| &group.bots);
    let found = bots.into_iter().find(|settings| id(settings) == bot);
    found.map_or_else(|| bot.to_owned(), |settings| settings.name.clone())
}

/// The id under which the store knows a bot.
fn id(bot: &BotSettings) -> String {
    // The config was checked, so this is an address.
    Webhook::parse(bot.webhook.expose())
        .map(|webhook| webhook.bot_id())
        .unwrap_or_default()
}

fn state(bot: &BotSettings, load: Load, now: Timestamp) -> BotState {
    let used = u32::try_from(load.counted.len()).unwrap_or(u32::MAX);
    let blocking = load
        .counted
        .get(bot.rate_per_minute.saturating_sub(1) as usize);
    let until = load.rest.as_ref().map(|rest| rest.until);
    BotState {
        name: bot.name.clone(),
        used,
        per_minute: bot.rate_per_minute,
        full_until: blocking.and_then(|ended| ended.saturating_add(crate::store::WINDOW).ok()),
        rests_until: until.filter(|until| *until > now),
        aside: load.rest.and_then(|rest| rest.aside),
    }
}
