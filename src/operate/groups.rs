//! Groups: how busy their bots are, what waits for them, what they were told, and a test message.

use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bots::{BotState, bots};
use super::test_message::{self, Sent};
use super::{AT_ONCE, Operator, Problem};
use crate::bot::Outcome;
use crate::config::{Config, GroupSettings};
use crate::core::budget;
use crate::core::message::Message;
use crate::store::StoreError;
use crate::store::figures::{ChatMessage, ChatPlace};
use crate::store::queue::Budget;
use crate::store::record::MessageId;

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
    /// Until when only urgent messages are posted, in a quiet time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
}

impl GroupState {
    /// Whether every bot is set aside, so that nothing gets through.
    pub fn is_mute(&self) -> bool {
        self.bots.iter().all(|bot| bot.aside.is_some())
    }
}

/// A group with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupDetail {
    pub state: GroupState,
    /// Its own, or that of the templates.
    #[schema(value_type = String)]
    pub language: &'static str,
    /// Of its bots together.
    pub keywords: Vec<String>,
    pub has_quiet_times: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Names of the routes that lead there, in their order.
    pub routes: Vec<String>,
}

/// A part of what a group was told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Chat {
    /// The oldest first.
    pub messages: Vec<Told>,
    /// What `before` to ask for, for what came before these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
}

/// A message that is in a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Told {
    pub id: Uuid,
    pub posted_at: Timestamp,
    /// `single`, `digest` or `story`.
    #[schema(value_type = String)]
    pub shape: &'static str,
    /// How many events it tells.
    pub events: u32,
    /// The delivery of the first of these, while that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<ToldOf>,
    /// As it was posted.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// The delivery that a message tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToldOf {
    pub id: Uuid,
    pub source: String,
    pub event: String,
}

/// What came of a test message, for one bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestAnswer {
    pub bot: String,
    pub posted: bool,
    /// DingTalk's code, if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it means, and what to do.
    pub sentence: String,
}

impl Operator {
    /// All groups of the config, in its order.
    pub async fn groups(&self) -> Result<Vec<GroupState>, StoreError> {
        let in_force = self.current.load();
        let groups = &in_force.checked.config.groups;
        let states = groups.iter().map(|group| self.group_state(group));
        stream::iter(states).buffered(AT_ONCE).try_collect().await
    }

    pub async fn group(&self, name: &str) -> Result<GroupDetail, Problem> {
        let in_force = self.current.load();
        let checked = &in_force.checked;
        let group = find(&checked.config.groups, name)?;
        let mut keywords: Vec<String> = Vec::new();
        for keyword in group.bots.iter().flat_map(|bot| &bot.keywords) {
            if !keywords.contains(keyword) {
                keywords.push(keyword.clone());
            }
        }
        let specs = checked.routes.iter().map(|route| route.spec());
        let routes = specs.filter(|spec| spec.to.contains(&group.name));
        Ok(GroupDetail {
            state: self.group_state(group).await?,
            language: group.language.unwrap_or(checked.composer.language).name(),
            keywords,
            has_quiet_times: !group.quiet.is_empty(),
            fallback: group.fallback.clone(),
            organization: group.organization.clone(),
            routes: routes.map(|spec| spec.name.clone()).collect(),
        })
    }

    async fn group_state(&self, group: &GroupSettings) -> Result<GroupState, StoreError> {
        let waiting = self.store.waiting(&group.name);
        let (waiting, bots) = try_join(waiting, self.bot_states(group)).await?;
        Ok(GroupState {
            name: group.name.clone(),
            bots,
            waiting: waiting.count,
            waiting_since: waiting.oldest,
            quiet_until: group.quiet.ends(self.clock.now()),
        })
    }

    /// The newest messages of a group, or those before a place that an earlier part told.
    pub async fn chat(
        &self,
        group: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Chat, Problem> {
        let in_force = self.current.load();
        let group = find(&in_force.checked.config.groups, group)?;
        let before = before.map(read_place).transpose()?;
        // One more tells whether there are older ones.
        let mut found = self
            .store
            .chat(&group.name, before, limit.saturating_add(1))
            .await?;
        let has_older = found.len() > limit as usize;
        found.truncate(limit as usize);
        let oldest = found.last().filter(|_| has_older);
        let older = oldest.map(|message| write_place(message.place));
        found.reverse();
        Ok(Chat {
            messages: found.into_iter().map(Told::from).collect(),
            older,
        })
    }

    /// Posts a message through every bot of a group. It counts against their limits like any other.
    pub async fn send(&self, group: &str, message: &Message) -> Result<Vec<TestAnswer>, Problem> {
        let in_force = self.current.load();
        let config = &in_force.checked.config;
        let group = find(&config.groups, group)?;
        let bots = bots(group, &self.http, &self.clock)
            .map_err(|error| Problem::unfit(format!("{error:#}"), "mend the bot's webhook"))?;
        let mut answers = Vec::new();
        for (settings, bot) in group.bots.iter().zip(bots) {
            let budget = Budget {
                of_bot: settings.monthly,
                ..budget_of(config, group, self.clock.now())
            };
            let (store, clock) = (self.store.as_ref(), self.clock.as_ref());
            let sent = test_message::post(bot.as_ref(), budget, store, clock, message).await?;
            answers.push(answer(&settings.name, sent));
        }
        Ok(answers)
    }
}

/// What a group's posts are counted under.
fn budget_of(config: &Config, group: &GroupSettings, now: Timestamp) -> Budget {
    let name = group.organization.as_deref();
    let organization = config
        .organizations
        .iter()
        .find(|organization| Some(organization.name.as_str()) == name);
    Budget {
        organization: name.unwrap_or_default().to_owned(),
        of_organization: organization.map(|organization| organization.allowance.monthly),
        ..Budget::unlimited(budget::day(now))
    }
}

fn answer(bot: &str, sent: Sent) -> TestAnswer {
    let not_sent = |sentence: String| TestAnswer {
        bot: bot.to_owned(),
        posted: false,
        code: None,
        sentence,
    };
    match sent {
        Sent::Answered(answer) => TestAnswer {
            bot: bot.to_owned(),
            posted: answer.outcome == Outcome::Posted,
            code: answer.code,
            sentence: answer.sentence,
        },
        Sent::NotBefore(until) => not_sent(format!(
            "This bot has posted all it may for now: try again after {until}."
        )),
        Sent::Spent => not_sent(
            "The posts of this month are used up: raise `monthly` in the config if the organisation's plan allows more."
                .to_owned(),
        ),
    }
}

impl From<ChatMessage> for Told {
    fn from(message: ChatMessage) -> Told {
        Told {
            id: message.place.id.0,
            posted_at: message.place.posted_at,
            shape: message.shape.name(),
            events: message.rows,
            delivery: message.delivery.map(|delivery| ToldOf {
                id: delivery.id.0,
                source: delivery.source,
                event: delivery.event,
            }),
            // What is no JSON was not posted by us.
            body: serde_json::from_str(&message.body).unwrap_or_default(),
        }
    }
}

/// `1790000000123456-0198…`: for an address.
fn write_place(place: ChatPlace) -> String {
    format!(
        "{}-{}",
        place.posted_at.as_microsecond(),
        place.id.0.simple()
    )
}

fn read_place(text: &str) -> Result<ChatPlace, Problem> {
    let read = || {
        let (time, id) = text.split_once('-')?;
        Some(ChatPlace {
            posted_at: Timestamp::from_microsecond(time.parse().ok()?).ok()?,
            id: MessageId(Uuid::parse_str(id).ok()?),
        })
    };
    read().ok_or_else(|| {
        Problem::unfit(
            format!("`{text}` is no place in a chat"),
            "take it from a page or an answer as it is",
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_chat_comes_back_from_an_address() {
        let place = ChatPlace {
            posted_at: Timestamp::from_microsecond(1_790_000_000_123_456).unwrap(),
            id: MessageId(Uuid::from_u128(7)),
        };
        assert_eq!(read_place(&write_place(place)).unwrap(), place);
        for rubbish in ["", "1", "1-", "x-00000000000000000000000000000007"] {
            assert!(read_place(rubbish).is_err(), "{rubbish}");
        }
    }
}
