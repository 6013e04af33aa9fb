//! One group's worker: what it does next, and with which bot. How it posts is in `post`.

mod post;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use self::post::Sending;
use super::account::Ledger;
use super::seats::{Choice, Seats};
use super::telling::{Circumstances, Telling, telling};
use super::told::{self, Told};
use super::write::{Writer, Written};
use super::{Delivery, Group, Posting};
use crate::bot::{Body, Bot};
use crate::core::budget;
use crate::health::{Heart, Loop};
use crate::metrics::Part;
use crate::store::queue::{Ask, Begun, Head, HeadRow, Rest, Slot, Start, What, Which};
use crate::store::record::{AttemptId, OutboxId};
use crate::store::{StoreError, WINDOW};

/// How long a group stays ours without a word. While a post runs, the store prolongs it to the post's timeout. Short,
/// because that long a group waits for another relay when its own has died.
const LEASE: Duration = Duration::from_secs(5);
/// How often a worker that waits looks for rows that came without a ring: from the command line, or another process.
const POLL: Duration = Duration::from_secs(5);
/// How long a worker that waits for its time lets rings gather before it looks: in a flood there is one for each event.
const GATHER_RINGS: Duration = Duration::from_millis(50);
/// Pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long a round of a worker may take at most: a post, and the store slow at each step.
const SILENCE: Duration = Duration::from_secs(90);
/// Rows moved to the fallback group in one step.
const DIVERT_STEP: u32 = 500;

pub struct Worker {
    /// Of one config, like `posting`; both change between two messages and never under one.
    group: Arc<Group>,
    posting: Arc<Posting>,
    delivery: Arc<Delivery>,
    /// The group's `bots_since` when its bots were last given a new chance.
    welcomed: Option<u64>,
    /// How often the clock had been set forward when we last looked.
    leaps: u64,
    ledger: Ledger,
    heart: Heart,
    /// Messages that were begun here and are not settled.
    begun: told::Begun,
}

/// What a worker does next.
enum Step {
    Again,
    /// An attempt was made, and the next one may follow.
    Posted,
    /// Nothing can be done before that time, unless something new comes.
    Wait(Timestamp),
    /// Nothing waits at all.
    Idle,
}

impl Worker {
    /// `None` where the config in force has no such group.
    pub fn new(group: &str, delivery: Arc<Delivery>) -> Option<Worker> {
        let posting = delivery.posting.load_full();
        Some(Worker {
            group: Arc::clone(posting.groups.get(group)?),
            posting,
            leaps: delivery.clock.leaps(),
            heart: delivery
                .health
                .watch(Loop::Worker(group.to_owned()), Some(SILENCE)),
            delivery,
            welcomed: None,
            ledger: Ledger::default(),
            begun: told::Begun::default(),
        })
    }

    /// Works until `stop` turns true, or the group is no longer in the config. A post that has begun is finished first,
    /// so nothing is left half done.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() && self.take_up() {
            self.welcome_back().await;
            let step = self.step().await.unwrap_or_else(|error| {
                self.store_failed(&error);
                Step::Wait(after(self.delivery.clock.now(), STORE_PAUSE))
            });
            self.heart.beat();
            let bell = self.delivery.doorbell.wait(&self.group.name);
            match step {
                Step::Again | Step::Posted => {}
                Step::Wait(time) => tokio::select! {
                    () = self.delivery.clock.sleep_until(time) => {}
                    () = tokio::time::sleep(POLL) => {}
                    () = bell => tokio::time::sleep(GATHER_RINGS).await,
                    _ = stop.changed() => {}
                },
                Step::Idle => tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = bell => {}
                    _ = stop.changed() => {}
                },
            }
        }
        let released = self
            .delivery
            .store
            .release(&self.group.name, self.delivery.worker);
        if let Err(error) = released.await {
            tracing::warn!(group = self.group.name, %error, "group not released");
        }
    }

    /// Takes up the config in force; `false` if it no longer has the group.
    fn take_up(&mut self) -> bool {
        let posting = self.delivery.posting.load_full();
        if Arc::ptr_eq(&posting, &self.posting) {
            return true;
        }
        let Some(group) = posting.groups.get(&self.group.name) else {
            return false;
        };
        self.group = Arc::clone(group);
        self.posting = posting;
        // Another organisation may pay from now on.
        self.ledger = Ledger::default();
        true
    }

    /// Bots that were set aside get a new chance when the relay starts and when they change: somebody has mended them.
    async fn welcome_back(&mut self) {
        if self.welcomed == Some(self.group.bots_since) {
            return;
        }
        match self.end_asides().await {
            Ok(()) => self.welcomed = Some(self.group.bots_since),
            Err(error) => self.store_failed(&error),
        }
    }

    fn store_failed(&self, error: &StoreError) {
        tracing::error!(group = self.group.name, %error, "store failed");
        self.delivery.metrics.store_failed(Part::Delivery);
    }

    async fn end_asides(&self) -> Result<(), StoreError> {
        let now = self.delivery.clock.now();
        for load in self.delivery.store.load(self.bot_ids(), now).await? {
            if load.rest.is_some_and(|rest| rest.aside.is_some()) {
                self.delivery.store.reset_rest(&load.bot).await?;
            }
        }
        Ok(())
    }

    fn bot_ids(&self) -> Vec<String> {
        let ids = self.group.bots.iter().map(|bot| bot.id().to_owned());
        ids.collect()
    }

    /// Takes the head of the queue as far as it goes now.
    async fn step(&mut self) -> Result<Step, StoreError> {
        let now = self.delivery.clock.now();
        self.rest_after_leap(now).await?;
        let mut ledger = std::mem::take(&mut self.ledger);
        let counted = self.count(&mut ledger, now).await;
        self.ledger = ledger;
        counted?;
        if self.ledger.is_spent(&self.group.account, now) {
            return Ok(Step::Wait(budget::month_end(now)));
        }
        let quiet_until = self.group.quiet.ends(now);
        let which = match quiet_until {
            Some(_) => Which::Urgent,
            None => Which::All,
        };
        let step = self.step_with(which, now).await?;
        if matches!(step, Step::Posted) {
            self.ledger.add(now);
        }
        Ok(match (step, quiet_until) {
            (Step::Idle, Some(until)) => Step::Wait(until),
            (Step::Wait(time), Some(until)) => Step::Wait(time.min(until)),
            (step, _) => step,
        })
    }

    async fn step_with(&mut self, which: Which, now: Timestamp) -> Result<Step, StoreError> {
        match self.lease(which, now).await? {
            Head::Begun(begun) => self.post_again(begun, now).await,
            Head::Row(head) if which == Which::All && head.row.outbox.folds => {
                match self.tell(*head, now).await? {
                    // What is never folded does not wait with the others.
                    Step::Wait(until) => self.tell_unfolded(until, now).await,
                    step => Ok(step),
                }
            }
            Head::Row(head) => self.tell(*head, now).await,
            Head::Taken { until } | Head::Later(until) => Ok(Step::Wait(until)),
            Head::Empty => Ok(Step::Idle),
        }
    }

    /// The first row that is told alone in any case, while those that may be folded wait until then.
    async fn tell_unfolded(
        &mut self,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Step, StoreError> {
        let step = match self.lease(Which::Unfolded, now).await? {
            Head::Row(head) => self.tell(*head, now).await?,
            Head::Begun(begun) => self.post_again(begun, now).await?,
            Head::Taken { until } | Head::Later(until) => Step::Wait(until),
            Head::Empty => return Ok(Step::Wait(until)),
        };
        Ok(match step {
            Step::Wait(time) => Step::Wait(time.min(until)),
            step => step,
        })
    }

    async fn lease(&self, which: Which, now: Timestamp) -> Result<Head, StoreError> {
        let ask = Ask {
            group: self.group.name.clone(),
            worker: self.delivery.worker,
            until: after(now, LEASE),
            which,
        };
        self.delivery.store.lease(ask, now).await
    }

    /// After somebody set the clock forward, posts of the last minute look older than they are: nobody posts until they
    /// surely are a minute old.
    async fn rest_after_leap(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let leaps = self.delivery.clock.leaps();
        if leaps == self.leaps {
            return Ok(());
        }
        for load in self.delivery.store.load(self.bot_ids(), now).await? {
            let known = load.rest.filter(|rest| rest.until > now);
            let until = after(now, WINDOW);
            if known.as_ref().is_none_or(|rest| rest.until < until) {
                let rest = Rest {
                    until,
                    level: known.as_ref().map_or(0, |rest| rest.level),
                    aside: known.and_then(|rest| rest.aside),
                };
                self.let_rest(&load.bot, rest, now).await?;
            }
        }
        self.leaps = leaps;
        Ok(())
    }

    async fn seats(&self, now: Timestamp) -> Result<Seats<'_>, StoreError> {
        let loads = self.delivery.store.load(self.bot_ids(), now).await?;
        let reserves = self.group.has_urgent_routes;
        Ok(Seats::new(&self.group.bots, loads, reserves, now))
    }

    async fn tell(&mut self, head: HeadRow, now: Timestamp) -> Result<Step, StoreError> {
        let urgent = head.row.outbox.urgent;
        let seats = self.seats(now).await?;
        let bot = match seats.choose(urgent) {
            Choice::Bot(bot) => bot,
            Choice::Later(until) => return Ok(Step::Wait(until)),
            Choice::NoneWorks { until, reason } => return self.give_away(until, &reason).await,
        };
        let circumstances = Circumstances {
            now,
            free: seats.free_for_singles(),
            came_in_quiet: self.group.quiet.is_quiet(head.row.queued_at),
            pace: self.ledger.pace(&self.group.account, now),
        };
        let writer = Writer {
            composer: &self.posting.composer,
            routes: &self.posting.routes,
            store: self.delivery.store.as_ref(),
            language: self.group.language,
            now,
        };
        let written = match telling(&head, circumstances) {
            Telling::Later(until) => return Ok(Step::Wait(until)),
            Telling::Single => writer.single(&head.row),
            Telling::Story(thread) => writer.story(&head, thread).await?,
            Telling::Digest(occasion) => {
                let room = bot.limits().room;
                writer.digest(&head, occasion, room).await?
            }
        };
        let Written {
            id,
            shape,
            message,
            rows,
            deliveries,
        } = match written {
            Ok(written) => written,
            Err((row, reason)) => {
                self.bury(row, reason, now).await?;
                return Ok(Step::Again);
            }
        };
        let body = bot.write(&message, &id.to_string());
        let what = What::New {
            id,
            group: self.group.name.clone(),
            worker: self.delivery.worker,
            shape,
            urgent,
            rows,
        };
        let per_minute = seats.per_minute(bot.as_ref(), urgent);
        let start = self.start(what, bot, &body, per_minute, now);
        let slot = self.delivery.store.begin(start, now).await?;
        let tracer = self.delivery.tracer.as_ref();
        let told = Told::new(shape, head.row.queued_at, &deliveries, tracer);
        self.with(slot, bot, now, |attempt| Sending {
            attempt,
            id,
            bot,
            body,
            begun_at: now,
            failures: 0,
            plain: false,
            told: self.begun.remember(id, told),
        })
        .await
    }

    async fn post_again(&self, begun: Begun, now: Timestamp) -> Result<Step, StoreError> {
        let seats = self.seats(now).await?;
        let bot = match seats.again(&begun.bot, begun.urgent) {
            Choice::Bot(bot) => bot,
            Choice::Later(until) | Choice::NoneWorks { until, .. } => {
                return Ok(Step::Wait(until));
            }
        };
        let what = What::Again {
            id: begun.id,
            group: self.group.name.clone(),
            worker: self.delivery.worker,
        };
        let body = Body(begun.body);
        let per_minute = bot.limits().per_minute;
        let start = self.start(what, bot, &body, per_minute, now);
        let slot = self.delivery.store.begin(start, now).await?;
        self.with(slot, bot, now, |attempt| Sending {
            attempt,
            id: begun.id,
            bot,
            body,
            begun_at: begun.begun_at,
            failures: begun.failures,
            plain: begun.plain,
            told: self.begun.recall(begun.id, begun.shape, begun.begun_at),
        })
        .await
    }

    fn start(
        &self,
        what: What,
        bot: &Arc<dyn Bot>,
        body: &Body,
        per_minute: u32,
        now: Timestamp,
    ) -> Start {
        Start {
            what,
            bot: bot.id().to_owned(),
            body: body.0.clone(),
            per_minute,
            timeout: bot.limits().timeout,
            budget: self.group.account.budget(bot.id(), now),
        }
    }

    /// Posts if the store gave leave.
    async fn with<'a>(
        &self,
        slot: Slot,
        bot: &Arc<dyn Bot>,
        now: Timestamp,
        sending: impl FnOnce(AttemptId) -> Sending<'a>,
    ) -> Result<Step, StoreError> {
        match slot {
            Slot::Granted(attempt) => {
                self.post(sending(attempt)).await?;
                Ok(Step::Posted)
            }
            Slot::Full { until } | Slot::Resting { until } => Ok(Step::Wait(until)),
            Slot::Spent => self.spent(bot, now).await,
            Slot::Gone => Ok(Step::Again),
        }
    }

    /// The month's posts are used up: the organisation's, and everybody waits, or the bot's, and others go on.
    async fn spent(&self, bot: &Arc<dyn Bot>, now: Timestamp) -> Result<Step, StoreError> {
        let mut ledger = Ledger::default();
        self.count(&mut ledger, now).await?;
        if ledger.is_spent(&self.group.account, now) {
            return Ok(Step::Wait(budget::month_end(now)));
        }
        let rest = Rest {
            until: budget::month_end(now),
            level: 0,
            aside: Some("The bot's posts of this month are used up: raise its `monthly`, or wait for next month.".into()),
        };
        self.let_rest(bot.id(), rest, now).await?;
        Ok(Step::Again)
    }

    async fn count(&self, ledger: &mut Ledger, now: Timestamp) -> Result<(), StoreError> {
        let store = self.delivery.store.as_ref();
        ledger
            .refresh(&self.group.account, store, &self.delivery.warnings, now)
            .await
    }

    /// The group's rows to its fallback group, if it has one; else they wait for its bots.
    async fn give_away(&self, until: Timestamp, reason: &str) -> Result<Step, StoreError> {
        let Some(fallback) = &self.group.fallback else {
            return Ok(Step::Wait(until));
        };
        let moved = self
            .delivery
            .store
            .divert(&self.group.name, fallback, reason, DIVERT_STEP)
            .await?;
        tracing::warn!(
            group = self.group.name,
            fallback,
            rows = moved,
            reason,
            "no bot works; told in the fallback group"
        );
        self.delivery.doorbell.ring(fallback);
        Ok(Step::Again)
    }

    async fn bury(&self, row: OutboxId, reason: String, now: Timestamp) -> Result<(), StoreError> {
        tracing::error!(outbox.id = %row, group = self.group.name, reason, "dead letter");
        self.delivery.store.bury(vec![row], reason, now).await
    }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause)
        .expect("saturating addition of an unsigned duration has no error")
}
