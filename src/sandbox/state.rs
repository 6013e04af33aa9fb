//! What the sandbox knows: bots, what they posted, and what was ordered.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::orders::{Order, Trouble};
use super::rules::{self, Verdict};
use crate::clock::Clock;
use crate::core::json::Lookup;
use crate::core::secret::Secret;

/// DingTalk's limit per bot: 20 messages a minute, then up to ten minutes of refusals
/// (custom-robots-send-group-messages). The sandbox takes the strict readings: any 60 seconds, and all ten minutes.
pub(super) const PER_MINUTE: usize = 20;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
const CLOSED: SignedDuration = SignedDuration::from_mins(10);

/// Messages that are kept, of all groups together, unless somebody wants more.
const KEPT: usize = 10_000;

/// A stand-in for DingTalk. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    /// The number of the newest message, for those who wait for the next.
    newest: watch::Sender<u64>,
}

/// A bot and the group it is in.
#[derive(Debug, Clone)]
pub struct SandboxBot {
    pub token: String,
    /// Posts must be signed with it, if there is one.
    pub secret: Option<Secret>,
    /// One of them must be in every message, if there are any.
    pub keywords: Vec<String>,
    pub group: String,
}

/// A message that is in a group.
#[derive(Debug, Clone, Serialize)]
pub struct Accepted {
    /// Counts from 1 through all groups.
    pub number: u64,
    pub time: Timestamp,
    pub group: String,
    pub token: String,
    pub msgtype: String,
    /// Of the whole body.
    pub bytes: usize,
    /// How many more posts came with the same `msgUuid`.
    pub repeats: u32,
    pub body: Value,
}

struct State {
    /// Whether a token that nobody added gets a bot and a group on first use.
    open: bool,
    bots: BTreeMap<String, Bot>,
    messages: VecDeque<Accepted>,
    /// How many messages are kept.
    kept: usize,
    orders: Vec<Order>,
}

struct Bot {
    settings: SandboxBot,
    /// When it posted lately.
    posted: VecDeque<Timestamp>,
    closed_until: Option<Timestamp>,
    /// `msgUuid`s with the number of their message.
    keys: HashMap<String, u64>,
    accepted: u64,
    repeats: u64,
    /// By code.
    refused: BTreeMap<i64, u64>,
    last_refusal: Option<Verdict>,
}

/// How a bot stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotStatus {
    pub token: String,
    pub group: String,
    pub signed: bool,
    pub keywords: Vec<String>,
    /// Messages of the last 60 seconds.
    pub used: usize,
    pub closed_until: Option<Timestamp>,
    /// Messages that are in the group by this bot.
    pub accepted: u64,
    /// Posts that came again under the `msgUuid` of a message that is there.
    pub repeats: u64,
    /// How often it answered with each code other than 0.
    pub refused: BTreeMap<i64, u64>,
    pub last_refusal: Option<Verdict>,
}

impl BotStatus {
    /// With whatever code.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }
}

impl Sandbox {
    /// With no bots: every token is unknown until its bot is added.
    pub fn new(clock: Arc<dyn Clock>) -> Sandbox {
        Sandbox {
            state: Arc::new(Mutex::new(State {
                open: false,
                bots: BTreeMap::new(),
                messages: VecDeque::new(),
                kept: KEPT,
                orders: Vec::new(),
            })),
            clock,
            newest: watch::Sender::new(0),
        }
    }

    /// Any token works: on first use it gets a bot without security settings, in a group of the same name.
    pub fn open(clock: Arc<dyn Clock>) -> Sandbox {
        let sandbox = Sandbox::new(clock);
        sandbox.lock().open = true;
        sandbox
    }

    /// Keeps that many messages instead of 10,000. Repeats are known for as long as their message is kept.
    pub fn keeping(self, messages: usize) -> Sandbox {
        self.lock().kept = messages;
        self
    }

    /// Adds a bot, or gives the one with this token other settings.
    pub fn add_bot(&self, bot: SandboxBot) {
        let mut state = self.lock();
        match state.bots.get_mut(&bot.token) {
            Some(known) => known.settings = bot,
            None => {
                state.bots.insert(bot.token.clone(), Bot::new(bot));
            }
        }
    }

    pub fn order(&self, order: Order) {
        self.lock().orders.push(order);
    }

    /// From now on everything goes well.
    pub fn clear_orders(&self) {
        self.lock().orders.clear();
    }

    /// Everything that was accepted, oldest first.
    pub fn messages(&self) -> Vec<Accepted> {
        self.messages_since(0)
    }

    /// What was accepted after the message with this number.
    pub fn messages_since(&self, number: u64) -> Vec<Accepted> {
        let state = self.lock();
        let known = state
            .messages
            .partition_point(|message| message.number <= number);
        state.messages.range(known..).cloned().collect()
    }

    /// Waits until there are messages with a greater number, and gives them.
    pub async fn messages_after(&self, number: u64) -> Vec<Accepted> {
        let mut newest = self.newest.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = newest.wait_for(|newest| *newest > number).await;
        self.messages_since(number)
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Uses up one request of the first order that concerns this bot.
    pub(super) fn next_trouble(&self, token: &str, body: &[u8]) -> Option<Trouble> {
        let mut state = self.lock();
        let order = state
            .orders
            .iter_mut()
            .find(|order| order.concerns(token, body))?;
        order.times -= 1;
        let trouble = order.trouble.clone();
        state.orders.retain(|order| order.times > 0);
        Some(trouble)
    }

    /// The bot's answer to a post, after which an accepted message is in its group.
    pub(super) fn post(
        &self,
        token: &str,
        query: &str,
        content_type: &str,
        body: &[u8],
    ) -> Verdict {
        let now = self.clock.now();
        let mut state = self.lock();
        state.welcome(token);
        let State { bots, messages, .. } = &mut *state;
        let Some(bot) = bots.get_mut(token) else {
            return Verdict::new(300005, "token is not exist");
        };
        match bot.check(query, content_type, body, now) {
            Err(refused) => {
                bot.refuse(&refused);
                return refused;
            }
            Ok(Checked::Repeat(number)) => {
                bot.repeats += 1;
                if let Some(message) = messages.iter_mut().find(|message| message.number == number)
                {
                    message.repeats += 1;
                }
            }
            Ok(Checked::New(message)) => {
                let number = messages.back().map_or(1, |last| last.number + 1);
                bot.posted.push_back(now);
                bot.accepted += 1;
                if let Some(key) = message.text("msgUuid") {
                    bot.keys.insert(key, number);
                }
                messages.push_back(Accepted {
                    number,
                    time: now,
                    group: bot.settings.group.clone(),
                    token: token.to_owned(),
                    msgtype: message.text("msgtype").unwrap_or_default(),
                    bytes: body.len(),
                    repeats: 0,
                    body: message,
                });
                state.forget_oldest();
                self.newest.send_replace(number);
            }
        }
        Verdict::ok()
    }

    /// Counts a refusal that did not come from the rules but from an order.
    pub(super) fn note_refusal(&self, token: &str, verdict: &Verdict) {
        let mut state = self.lock();
        state.welcome(token);
        if let Some(bot) = state.bots.get_mut(token) {
            bot.refuse(verdict);
        }
    }

    /// The bots in the order of their groups.
    pub fn bots(&self) -> Vec<BotStatus> {
        let now = self.clock.now();
        let state = self.lock();
        let mut bots: Vec<BotStatus> = state.bots.values().map(|bot| bot.status(now)).collect();
        bots.sort_by(|a, b| a.group.cmp(&b.group));
        bots
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl SandboxBot {
    /// A bot without security settings, in a group of the same name.
    fn named(token: &str) -> SandboxBot {
        SandboxBot {
            token: token.to_owned(),
            secret: None,
            keywords: Vec::new(),
            group: token.to_owned(),
        }
    }
}

impl State {
    /// In an open sandbox whoever comes has a bot.
    fn welcome(&mut self, token: &str) {
        if self.open && !self.bots.contains_key(token) {
            let bot = Bot::new(SandboxBot::named(token));
            self.bots.insert(token.to_owned(), bot);
        }
    }

    fn forget_oldest(&mut self) {
        if self.messages.len() <= self.kept {
            return;
        }
        let Some(oldest) = self.messages.pop_front() else {
            return;
        };
        if let Some(bot) = self.bots.get_mut(&oldest.token)
            && let Some(key) = oldest.body.text("msgUuid")
        {
            bot.keys.remove(&key);
        }
    }
}

enum Checked {
    New(Value),
    /// Of the message with this number.
    Repeat(u64),
}

impl Bot {
    fn new(settings: SandboxBot) -> Bot {
        Bot {
            settings,
            posted: VecDeque::new(),
            closed_until: None,
            keys: HashMap::new(),
            accepted: 0,
            repeats: 0,
            refused: BTreeMap::new(),
            last_refusal: None,
        }
    }

    fn check(
        &mut self,
        query: &str,
        content_type: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Checked, Verdict> {
        let message = rules::read(content_type, body)?;
        if let Some(secret) = &self.settings.secret {
            rules::check_signature(query, secret, now)?;
        }
        rules::check_keywords(&message, &self.settings.keywords)?;
        if self.is_closed(now) {
            return Err(Verdict::too_fast());
        }
        if let Some(number) = message.text("msgUuid").and_then(|key| self.keys.get(&key)) {
            return Ok(Checked::Repeat(*number));
        }
        if self.used(now) >= PER_MINUTE {
            self.closed_until = Some(now + CLOSED);
            return Err(Verdict::too_fast());
        }
        self.posted
            .retain(|time| now.duration_since(*time) < WINDOW);
        Ok(Checked::New(message))
    }

    fn is_closed(&self, now: Timestamp) -> bool {
        self.closed_until.is_some_and(|until| now < until)
    }

    fn used(&self, now: Timestamp) -> usize {
        let lately = |time: &&Timestamp| now.duration_since(**time) < WINDOW;
        self.posted.iter().filter(lately).count()
    }

    fn refuse(&mut self, verdict: &Verdict) {
        *self.refused.entry(verdict.errcode).or_default() += 1;
        self.last_refusal = Some(verdict.clone());
    }

    fn status(&self, now: Timestamp) -> BotStatus {
        BotStatus {
            token: self.settings.token.clone(),
            group: self.settings.group.clone(),
            signed: self.settings.secret.is_some(),
            keywords: self.settings.keywords.clone(),
            used: self.used(now),
            closed_until: self.closed_until.filter(|_| self.is_closed(now)),
            accepted: self.accepted,
            repeats: self.repeats,
            refused: self.refused.clone(),
            last_refusal: self.last_refusal.clone(),
        }
    }
}
