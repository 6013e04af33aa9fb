//! `hookbell send`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::input::ConfigFiles;
use super::{Failure, block_on};
use crate::app;
use crate::bot::dingtalk::{self, Reach};
use crate::bot::{Answer, Bot, Outcome};
use crate::clock::{Clock, SystemClock};
use crate::core::message::{Content, Mentions, Message};
use crate::operate::bots::bots;
use crate::store::Store;
use crate::store::queue::{Budget, Finish, Next, Slot, Start, What};
use crate::store::record::MessageId;

#[derive(Debug, Args)]
pub struct Send {
    #[command(flatten)]
    config: ConfigFiles,
    /// Group to post to
    #[arg(long, value_name = "NAME")]
    group: String,
    #[command(flatten)]
    words: Words,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Words {
    /// Post this as plain text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Post this Markdown file; its first line becomes the title
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl Send {
    pub fn run(self) -> Result<(), Failure> {
        let checked = self.config.check()?;
        let groups = &checked.config.groups;
        let Some(group) = groups.iter().find(|group| group.name == self.group) else {
            let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
            return Err(Failure::problem(
                format!("the config has no group `{}`", self.group),
                format!("its groups are {}", names.join(", ")),
            ));
        };
        let message = self.words.message()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let http = dingtalk::http_client(Reach::Anywhere).map_err(Failure::internal)?;
        let bots = bots(group, &http, &clock).map_err(Failure::internal)?;
        let account = app::account(&checked.config, group, &bots);
        let store = app::open_store(&checked.config.store)
            .map_err(|error| Failure::problem(format!("{error:#}"), "mend `store.url`"))?;
        block_on(async {
            let mut refused = None;
            for bot in &bots {
                let budget = account.budget(bot.id(), clock.now());
                let answer = post(
                    bot.as_ref(),
                    budget,
                    store.as_ref(),
                    clock.as_ref(),
                    &message,
                )
                .await?;
                if answer.outcome == Outcome::Posted {
                    println!("Posted to {}.", self.group);
                } else {
                    let code = answer.code.unwrap_or_else(|| "no code".into());
                    refused = Some(Failure::problem(
                        format!("DingTalk did not post it ({code})"),
                        answer.sentence,
                    ));
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }
}

impl Words {
    fn message(&self) -> Result<Message, Failure> {
        let mentions = Mentions::default();
        if let Some(text) = &self.text {
            return Ok(Message {
                title: text.lines().next().unwrap_or_default().to_owned(),
                content: Content::Text { body: text.clone() },
                mentions,
            });
        }
        let path = self.markdown.clone().unwrap_or_default();
        let body = std::fs::read_to_string(&path).map_err(|error| {
            Failure::problem(
                format!("{}: {error}", path.display()),
                "name a Markdown file that can be read",
            )
        })?;
        let title = body.lines().find(|line| !line.trim().is_empty());
        Ok(Message {
            title: title
                .unwrap_or_default()
                .trim_start_matches(['#', ' '])
                .to_owned(),
            content: Content::Markdown { body },
            mentions,
        })
    }
}

/// Posts once. A test message counts against the bot's limit like any other, so it goes through the store too.
async fn post(
    bot: &dyn Bot,
    budget: Budget,
    store: &dyn Store,
    clock: &dyn Clock,
    message: &Message,
) -> Result<Answer, Failure> {
    let body = bot.write(message, &MessageId::generate().to_string());
    let limits = bot.limits();
    let start = Start {
        what: What::Test,
        bot: bot.id().to_owned(),
        body: body.0.clone(),
        per_minute: limits.per_minute,
        timeout: limits.timeout,
        budget,
    };
    let slot = store
        .begin(start, clock.now())
        .await
        .map_err(Failure::internal)?;
    let attempt = match slot {
        Slot::Granted(attempt) => attempt,
        Slot::Full { until } | Slot::Resting { until } => {
            return Err(Failure::problem(
                "this bot has posted all it may for now",
                format!("try again after {until}"),
            ));
        }
        Slot::Spent => {
            return Err(Failure::problem(
                "the posts of this month are used up",
                "raise `monthly` in the config if the organisation's plan allows more",
            ));
        }
        Slot::Gone => return Err(Failure::internal("a test message waits in no queue")),
    };
    let answer = bot.post(&body).await;
    let finish = Finish {
        code: answer.code.clone(),
        sentence: answer.sentence.clone(),
        next: Next::Release,
    };
    store
        .finish(attempt, finish, clock.now())
        .await
        .map_err(Failure::internal)?;
    Ok(answer)
}
