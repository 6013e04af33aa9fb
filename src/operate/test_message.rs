//! A message that belongs to no delivery, posted once. It counts against the bot's limits like any other, so it goes
//! through the store too.

use jiff::Timestamp;

use crate::bot::{Answer, Bot};
use crate::clock::Clock;
use crate::core::message::Message;
use crate::store::queue::{Budget, Finish, Next, Slot, Start, What};
use crate::store::record::MessageId;
use crate::store::{Store, StoreError};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// DingTalk's answer, whatever it is.
    Answered(Answer),
    /// The bot has posted all it may, or rests; nothing was sent.
    NotBefore(Timestamp),
    /// The month's posts are used up; nothing was sent.
    Spent,
}

pub async fn post(
    bot: &dyn Bot,
    budget: Budget,
    store: &dyn Store,
    clock: &dyn Clock,
    message: &Message,
) -> Result<Sent, StoreError> {
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
    let attempt = match store.begin(start, clock.now()).await? {
        Slot::Granted(attempt) => attempt,
        Slot::Full { until } | Slot::Resting { until } => return Ok(Sent::NotBefore(until)),
        Slot::Spent => return Ok(Sent::Spent),
        Slot::Gone => {
            let fault: Box<dyn std::error::Error + Send + Sync> =
                "a test message was not taken".into();
            return Err(StoreError::Internal(fault.into()));
        }
    };
    let answer = bot.post(&body).await;
    let finish = Finish {
        code: answer.code.clone(),
        sentence: answer.sentence.clone(),
        next: Next::Release,
    };
    store.finish(attempt, finish, clock.now()).await?;
    Ok(Sent::Answered(answer))
}
