//! One group's worker.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::judge::{BotRest, Case, judge};
use super::{Delivery, Group};
use crate::bot::{Answer, Body, Bot};
use crate::core::fold::Part;
use crate::core::route::Plan;
use crate::core::source::{self, RawRequest};
use crate::store::StoreError;
use crate::store::record::{AttemptId, Finish, Leased, Next, Rest, Slot, Start};

/// How long a row stays ours without a word. Longer than a post may take, so that nobody takes a row over amid one; and
/// short, because after a crash the row waits that long.
const LEASE: Duration = Duration::from_secs(15);
/// How often an idle worker looks for rows that came without a ring: from the command line, or another process.
const POLL: Duration = Duration::from_secs(5);
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

pub struct Worker {
    group: Group,
    delivery: Arc<Delivery>,
    /// Bots that may not post before that time, as the store said.
    busy_until: HashMap<String, Timestamp>,
}

/// What a worker does next.
enum Step {
    Again,
    /// Nothing can be done before that time, unless something new comes.
    Wait(Timestamp),
    /// Nothing waits at all.
    Idle,
}

impl Worker {
    pub fn new(group: Group, delivery: Arc<Delivery>) -> Worker {
        Worker {
            group,
            delivery,
            busy_until: HashMap::new(),
        }
    }

    /// Works until `stop` turns true. A post that has begun is finished first, so nothing is left half done.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let step = self.step().await.unwrap_or_else(|error| {
                tracing::error!(group = self.group.name, %error, "store failed");
                Step::Wait(after(self.delivery.clock.now(), STORE_PAUSE))
            });
            let bell = self.delivery.doorbell.wait(&self.group.name);
            match step {
                Step::Again => {}
                Step::Wait(time) => tokio::select! {
                    () = self.delivery.clock.sleep_until(time) => {}
                    () = bell => {}
                    _ = stop.changed() => {}
                },
                Step::Idle => tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = bell => {}
                    _ = stop.changed() => {}
                },
            }
        }
    }

    /// Takes one row as far as it goes now.
    async fn step(&mut self) -> Result<Step, StoreError> {
        let now = self.delivery.clock.now();
        let bot = match self.free_bot(now) {
            Ok(bot) => bot,
            Err(until) => return Ok(Step::Wait(until)),
        };
        let store = &self.delivery.store;
        let Some(row) = store
            .lease(&self.group.name, now, after(now, LEASE))
            .await?
        else {
            return Ok(match store.next_due(&self.group.name).await? {
                Some(due) => Step::Wait(due.max(after(now, Duration::from_millis(50)))),
                None => Step::Idle,
            });
        };
        let bot = self.bound_bot(&row).unwrap_or(bot);
        let body = match self.body(&row, bot.as_ref()) {
            Ok(body) => body,
            Err(reason) => {
                tracing::error!(outbox.id = %row.outbox.id, group = self.group.name, reason, "dead letter");
                store.bury(row.outbox.id, reason, now).await?;
                return Ok(Step::Again);
            }
        };
        let limits = bot.limits();
        let start = Start {
            outbox: Some(row.outbox.id),
            bot: bot.id().to_owned(),
            body: body.0.clone(),
            per_minute: limits.per_minute,
            timeout: limits.timeout,
        };
        match store.begin_attempt(start, now).await? {
            Slot::Granted(attempt) => self.post(attempt, &row, bot.as_ref(), &body).await?,
            Slot::Full { until } | Slot::Resting { until } => {
                self.busy_until.insert(bot.id().to_owned(), until);
                if row.bound_to.is_some() {
                    return Ok(Step::Wait(until));
                }
            }
            Slot::Gone => {}
        }
        Ok(Step::Again)
    }

    /// The first bot that may post now; otherwise when one may.
    fn free_bot(&self, now: Timestamp) -> Result<Arc<dyn Bot>, Timestamp> {
        let busy_until = |bot: &Arc<dyn Bot>| self.busy_until.get(bot.id()).copied();
        let free = |bot: &&Arc<dyn Bot>| busy_until(bot).is_none_or(|until| until <= now);
        match self.group.bots.iter().find(free) {
            Some(bot) => Ok(Arc::clone(bot)),
            None => Err(self
                .group
                .bots
                .iter()
                .filter_map(busy_until)
                .min()
                .unwrap_or(now)),
        }
    }

    /// The bot that may have posted the row already: only it can do so again without the group seeing it twice.
    fn bound_bot(&self, row: &Leased) -> Option<Arc<dyn Bot>> {
        let id = row.bound_to.as_deref()?;
        let mut bots = self.group.bots.iter();
        bots.find(|bot| bot.id() == id).cloned()
    }

    /// The words of the first attempt, or else those of today's template.
    fn body(&self, row: &Leased, bot: &dyn Bot) -> Result<Body, String> {
        if let Some(wrote) = &row.wrote {
            return Ok(Body(wrote.clone()));
        }
        let request = RawRequest {
            headers: row.payload.headers.clone(),
            query: Vec::new(),
            body: row.payload.body.clone(),
        };
        let parsed = source::of(row.delivery.kind)
            .parse(&request)
            .map_err(|error| error.to_string())?;
        let plan: Plan =
            serde_json::from_str(&row.outbox.plan).map_err(|error| error.to_string())?;
        let part = Part {
            parsed: &parsed,
            plan: &plan,
            received_at: row.delivery.received_at,
            via: None,
        };
        let message = self
            .delivery
            .composer
            .compose(&part, self.group.language)
            .map_err(|error| error.to_string())?;
        Ok(bot.write(&message, &row.outbox.id.to_string()))
    }

    async fn post(
        &mut self,
        attempt: AttemptId,
        row: &Leased,
        bot: &dyn Bot,
        body: &Body,
    ) -> Result<(), StoreError> {
        let answer = bot.post(body).await;
        let now = self.delivery.clock.now();
        let last_rest = self.delivery.store.rest_of(bot.id()).await?;
        let judgement = judge(&Case {
            row,
            answer: &answer,
            now,
            rests: last_rest.map_or(0, |rest| rest.level),
            has_other_bot: self.group.bots.len() > 1,
            jitter: fastrand::f64(),
        });
        self.log(row, &answer, &judgement.next);
        match judgement.rest {
            Some(BotRest::This(rest)) => self.let_rest(bot.id(), rest).await?,
            Some(BotRest::All(rest)) => {
                let bots = self.delivery.bots.iter();
                for other in bots.filter(|other| other.service() == bot.service()) {
                    self.let_rest(other.id(), rest).await?;
                }
            }
            None if judgement.next == Next::Posted && last_rest.is_some() => {
                self.delivery.store.reset_rest(bot.id()).await?;
            }
            None => {}
        }
        let finish = Finish {
            code: answer.code,
            sentence: answer.sentence,
            next: judgement.next,
        };
        self.delivery
            .store
            .finish_attempt(attempt, finish, now)
            .await
    }

    async fn let_rest(&self, bot: &str, rest: Rest) -> Result<(), StoreError> {
        tracing::warn!(group = self.group.name, bot, until = %rest.until, "bot rests");
        self.delivery.store.rest_bot(bot, rest).await
    }

    fn log(&self, row: &Leased, answer: &Answer, next: &Next) {
        let (id, group) = (row.outbox.id, self.group.name.as_str());
        let (code, sentence) = (answer.code.as_deref(), answer.sentence.as_str());
        match next {
            Next::Posted => {
                tracing::info!(outbox.id = %id, delivery.id = %row.delivery.id, group, "message posted")
            }
            Next::RetryAt(time) => {
                tracing::warn!(outbox.id = %id, group, code, sentence, again = %time, "post failed");
            }
            Next::Release => tracing::warn!(outbox.id = %id, group, code, sentence, "post put off"),
            Next::Reassign => {
                tracing::error!(outbox.id = %id, group, code, sentence, "bot out of order; another one posts")
            }
            Next::Dead(_) => tracing::error!(outbox.id = %id, group, code, sentence, "dead letter"),
        }
    }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause)
        .expect("saturating addition of an unsigned duration has no error")
}
