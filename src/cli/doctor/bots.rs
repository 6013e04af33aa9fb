//! Each bot: whether its settings look whole, whether its host can be reached, whether it rests, and, if asked for,
//! whether a message goes through.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::clock::{self, Hosts};
use super::finding::{Finding, Level};
use crate::app;
use crate::bot::dingtalk::{self, Probe, Webhook};
use crate::bot::{Answer, Bot, Outcome, Retry};
use crate::clock::Clock;
use crate::config::{BotSettings, Config, GroupSettings};
use crate::core::message::{Content, Mentions, Message};
use crate::core::template::Language;
use crate::operate;
use crate::operate::test_message::{self, Sent};
use crate::store::Store;
use crate::store::queue::{Budget, Load};

/// A bot of the config.
pub struct Listed<'a> {
    /// `bot backend`, `bot release/one`
    about: String,
    pub webhook: Webhook,
    group: &'a GroupSettings,
    settings: &'a BotSettings,
    bot: Arc<dyn Bot>,
    budget: Budget,
    language: Language,
}

pub fn all<'a>(
    config: &'a Config,
    http: &reqwest::Client,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Listed<'a>>> {
    let mut listed = Vec::new();
    for group in &config.groups {
        let bots = operate::bots::bots(group, http, clock)?;
        let account = app::account(config, group, &bots);
        for (settings, bot) in group.bots.iter().zip(&bots) {
            listed.push(Listed {
                about: match group.bots.len() {
                    1 => format!("bot {}", group.name),
                    _ => format!("bot {}/{}", group.name, settings.name),
                },
                webhook: Webhook::parse(settings.webhook.expose())?,
                group,
                settings,
                bot: Arc::clone(bot),
                budget: account.budget(bot.id(), clock.now()),
                language: group.language.unwrap_or(config.templates.language),
            });
        }
    }
    Ok(listed)
}

/// Looks at every bot without posting.
pub async fn examine(
    bots: &[Listed<'_>],
    hosts: &Hosts,
    store: Option<&dyn Store>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let loads = loads(bots, store, now).await;
    for bot in bots {
        let own = bot.remarks(&mut seen, loads.get(bot.bot.id()), hosts, now);
        if own.is_empty() {
            let signed = match bot.settings.secret {
                Some(_) => "signed",
                None => "not signed",
            };
            findings.push(Finding::good(
                &bot.about,
                format!(
                    "{signed}, {} can be reached, {} of {} this minute",
                    bot.webhook.host(),
                    loads.get(bot.bot.id()).map_or(0, |load| load.counted.len()),
                    bot.settings.rate_per_minute,
                ),
            ));
        }
        findings.extend(own);
    }
    findings
}

async fn loads(
    bots: &[Listed<'_>],
    store: Option<&dyn Store>,
    now: Timestamp,
) -> BTreeMap<String, Load> {
    let ids = bots.iter().map(|bot| bot.bot.id().to_owned()).collect();
    let Some(store) = store else {
        return BTreeMap::new();
    };
    // A store that cannot be read was told of before.
    let loads = store.load(ids, now).await.unwrap_or_default();
    let by_id = loads.into_iter().map(|load| (load.bot.clone(), load));
    by_id.collect()
}

impl<'a> Listed<'a> {
    /// What is to be told of a bot besides that it is there.
    fn remarks<'b>(
        &'b self,
        seen: &mut BTreeMap<&'b str, &'b str>,
        load: Option<&Load>,
        hosts: &Hosts,
        now: Timestamp,
    ) -> Vec<Finding> {
        let about = &self.about;
        let mut findings: Vec<Finding> =
            dingtalk::oddities(&self.webhook, self.settings.secret.as_ref())
                .iter()
                .map(|odd| Finding::told(Level::Look, about, odd))
                .collect();
        let id = self.bot.id();
        match seen.get(id) {
            Some(other) => findings.push(Finding::look(
                about,
                format!("it is the same as {other}, and shares its 20 messages a minute"),
                "if they are two groups, copy this one's own webhook",
            )),
            None => {
                seen.insert(id, about);
            }
        }
        let probe = hosts.get(self.webhook.host()).map(|host| &host.probe);
        if let Some(Probe::Unreachable(why)) = probe {
            findings.push(Finding::told(Level::Wrong, about, why));
        }
        findings.extend(load.and_then(|load| self.rest(load, now)));
        findings
    }

    fn rest(&self, load: &Load, now: Timestamp) -> Option<Finding> {
        let rest = load.rest.as_ref().filter(|rest| rest.until > now)?;
        let until = rest.until.strftime("%Y-%m-%d %H:%M:%SZ");
        Some(match &rest.aside {
            Some(why) => {
                let told = Finding::told(Level::Wrong, &self.about, why);
                told.and(format!("it is set aside and tried again at {until}"))
            }
            None => Finding::look(
                &self.about,
                format!("it rests until {until}, because DingTalk said that it was too fast"),
                "see whether something else posts through the same bot; otherwise only wait",
            ),
        })
    }

    fn message(&self) -> Message {
        let body = match self.language {
            Language::En => {
                "Hookbell was asked whether this bot works. It does; there is nothing to do."
            }
            Language::Zh => "有人让 Hookbell 检查这个机器人是否正常。一切正常，无需处理。",
        };
        Message {
            title: body.to_owned(),
            content: Content::Text {
                body: body.to_owned(),
            },
            mentions: Mentions::default(),
        }
    }
}

/// Posts one harmless message through each bot.
pub async fn send(
    bots: &[Listed<'_>],
    store: &dyn Store,
    clock: &dyn Clock,
    hosts: &Hosts,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for bot in bots {
        let about = format!("message through {}", bot.about);
        let message = bot.message();
        let sent = test_message::post(bot.bot.as_ref(), bot.budget.clone(), store, clock, &message);
        findings.push(match sent.await {
            Ok(Sent::Answered(answer)) => answered(about, &answer, bot, hosts),
            Ok(Sent::NotBefore(until)) => Finding::look(
                about,
                "none was sent, because the bot has posted all it may for now, or rests",
                format!("try again after {}", until.strftime("%Y-%m-%d %H:%M:%SZ")),
            ),
            Ok(Sent::Spent) => Finding::look(
                about,
                "none was sent, because the posts of this month are used up",
                "raise `monthly` in the config if the organisation's plan allows more",
            ),
            Err(error) => Finding::wrong(about, error.to_string(), "mend the store first"),
        });
    }
    findings
}

fn answered(about: String, answer: &Answer, bot: &Listed<'_>, hosts: &Hosts) -> Finding {
    if answer.outcome == Outcome::Posted {
        return Finding::good(about, format!("posted to {}", bot.group.name));
    }
    let code = answer.code.as_deref().unwrap_or("no answer");
    let told = Finding::told(Level::Wrong, about, &answer.sentence).with_code(code);
    let host = hosts.get(bot.webhook.host());
    match clock::difference(host) {
        Some(apart) if answer.outcome == Outcome::Retry(Retry::Resign) => {
            told.and(format!("{apart} {}", bot.webhook.host()))
        }
        _ => told,
    }
}
