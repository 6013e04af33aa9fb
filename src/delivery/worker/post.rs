//! One attempt: the post, and what its answer means for the message and for bots.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{STORE_PAUSE, Worker};
use crate::bot::{Answer, Body, Bot};
use crate::delivery::judge::{BotRest, Case, judge};
use crate::delivery::told::{Attempted, Told};
use crate::metrics::Outcome;
use crate::store::StoreError;
use crate::store::queue::{Finish, Next, Rest};
use crate::store::record::{AttemptId, MessageId};

/// How often the end of an attempt is told to a store that fails. After that the message is posted once more under the
/// same key, when its lease has expired.
const FINISH_TRIES: u32 = 30;

/// A message on its way.
pub(super) struct Sending<'a> {
    pub attempt: AttemptId,
    pub id: MessageId,
    pub bot: &'a Arc<dyn Bot>,
    pub body: Body,
    pub begun_at: Timestamp,
    pub failures: u32,
    /// Whether the body is the plain form already.
    pub plain: bool,
    pub told: Arc<Told>,
}

impl Worker {
    pub(super) async fn post(&self, sending: Sending<'_>) -> Result<(), StoreError> {
        let (asked, from) = (Instant::now(), self.delivery.clock.now());
        let answer = sending.bot.post(&sending.body).await;
        self.group.meters.answered_after(asked.elapsed());
        let now = self.delivery.clock.now();
        for _ in 1..FINISH_TRIES {
            match self.record(&sending, &answer, from, now).await {
                Ok(()) => return Ok(()),
                Err(error) => self.store_failed(&error),
            }
            self.heart.beat();
            tokio::time::sleep(STORE_PAUSE).await;
        }
        self.record(&sending, &answer, from, now).await
    }

    /// What the answer to a post that was made at `from` means for the message and for bots.
    async fn record(
        &self,
        sending: &Sending<'_>,
        answer: &Answer,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (store, bot) = (&self.delivery.store, sending.bot);
        let loads = store.load(vec![bot.id().to_owned()], now).await?;
        let last_rest = loads.into_iter().find_map(|load| load.rest);
        let judgement = judge(Case {
            answer,
            now,
            begun_at: sending.begun_at,
            failures: sending.failures,
            plain: self.plain(sending),
            rests: last_rest.as_ref().map_or(0, |rest| rest.level),
            jitter: fastrand::f64(),
        });
        self.log(sending, answer, &judgement.next);
        let outcome = outcome(&judgement.next);
        match judgement.rest {
            Some(BotRest::This(rest)) => self.let_rest(bot.id(), rest, now).await?,
            Some(BotRest::All(rest)) => {
                let bots = self.posting.bots.iter();
                for other in bots.filter(|other| other.service() == bot.service()) {
                    self.let_rest(other.id(), rest.clone(), now).await?;
                }
            }
            None if judgement.next == Next::Posted && last_rest.is_some() => {
                store.reset_rest(bot.id()).await?;
            }
            None => {}
        }
        let finish = Finish {
            code: answer.code.clone(),
            sentence: answer.sentence.clone(),
            next: judgement.next,
        };
        store.finish(sending.attempt, finish, now).await?;
        self.count_attempt(sending, outcome, now);
        let attempt = Attempted {
            message: sending.id,
            group: &self.group.name,
            bot: bot.id(),
            code: answer.code.as_deref(),
            sentence: &answer.sentence,
            outcome,
            from,
            to: now,
        };
        sending.told.trace(self.delivery.tracer.as_ref(), &attempt);
        self.begun.settle(sending.id, outcome);
        Ok(())
    }

    fn count_attempt(&self, sending: &Sending<'_>, outcome: Outcome, now: Timestamp) {
        if let Some(meters) = self.posting.meters.get(sending.bot.id()) {
            meters.attempt(outcome);
        }
        if outcome == Outcome::Posted {
            let waited = now.duration_since(sending.told.waits_since);
            let waited = Duration::try_from(waited).unwrap_or_default();
            let shape = sending.told.shape.name();
            self.group.meters.posted(shape, waited);
        }
    }

    /// The plain form of what was posted, if it is to be tried still. It is another message to the service, so that it
    /// is not taken for a repeat of the refused one.
    fn plain(&self, sending: &Sending<'_>) -> Option<String> {
        if sending.plain {
            return None;
        }
        let plain = sending
            .bot
            .plain(&sending.body, &format!("{}-plain", sending.id));
        plain.map(|body| body.0)
    }

    pub(super) async fn let_rest(
        &self,
        bot: &str,
        rest: Rest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let group = self.group.name.as_str();
        match &rest.aside {
            Some(reason) => {
                tracing::error!(group, bot, reason, again = %rest.until, "bot set aside");
            }
            None => tracing::warn!(group, bot, until = %rest.until, "bot rests"),
        }
        if let Some(meters) = self.posting.meters.get(bot) {
            meters.rest(rest.aside.is_some());
        }
        self.delivery.store.rest_bot(bot, rest, now).await
    }

    fn log(&self, sending: &Sending<'_>, answer: &Answer, next: &Next) {
        let (id, group) = (sending.id, self.group.name.as_str());
        let (code, sentence) = (answer.code.as_deref(), answer.sentence.as_str());
        match next {
            Next::Posted => tracing::info!(message.id = %id, group, "message posted"),
            Next::RetryAt(time) => {
                tracing::warn!(message.id = %id, group, code, sentence, again = %time, "post failed");
            }
            Next::Release | Next::Reassign => {
                tracing::warn!(message.id = %id, group, code, sentence, "post put off");
            }
            Next::Instead(_) => {
                tracing::warn!(message.id = %id, group, code, sentence, "post refused; tried in plain form");
            }
            Next::Dead(_) => {
                tracing::error!(message.id = %id, group, code, sentence, "dead letter");
            }
        }
    }
}

fn outcome(next: &Next) -> Outcome {
    match next {
        Next::Posted => Outcome::Posted,
        Next::RetryAt(_) => Outcome::Retry,
        Next::Release | Next::Reassign => Outcome::PutOff,
        Next::Instead(_) => Outcome::Plain,
        Next::Dead(_) => Outcome::Dead,
    }
}
