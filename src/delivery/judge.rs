//! What is to become of a message after a post: the one place where an answer turns into a decision.

use jiff::Timestamp;

use crate::bot::{Answer, Outcome, Refusal, Retry};
use crate::core::retry;
use crate::store::record::{Leased, Next, Rest};

/// What to do with the row, and with bots.
#[derive(Debug, PartialEq)]
pub struct Judgement {
    pub next: Next,
    pub rest: Option<BotRest>,
}

/// Which bots must rest, and until when.
#[derive(Debug, PartialEq)]
pub enum BotRest {
    This(Rest),
    All(Rest),
}

/// What the judgement rests on.
pub struct Case<'a> {
    pub row: &'a Leased,
    pub answer: &'a Answer,
    pub now: Timestamp,
    /// How many rests in a row this bot has had.
    pub rests: u32,
    /// Whether the group can also be reached through another bot.
    pub has_other_bot: bool,
    /// Random, in `0.0..1.0`.
    pub jitter: f64,
}

pub fn judge(case: &Case) -> Judgement {
    let row_only = |next| Judgement { next, rest: None };
    match case.answer.outcome {
        Outcome::Posted => row_only(Next::Posted),
        Outcome::Retry(Retry::Backoff) => {
            let age = case.now.duration_since(case.row.queued_at).unsigned_abs();
            if age >= retry::MAX_AGE {
                let hours = retry::MAX_AGE.as_secs() / 3600;
                let sentence = &case.answer.sentence;
                row_only(Next::Dead(format!(
                    "given up after {hours} hours: {sentence}"
                )))
            } else {
                row_only(again(case))
            }
        }
        Outcome::Retry(Retry::Times(times)) if case.row.failures >= times => {
            row_only(Next::Dead(case.answer.sentence.clone()))
        }
        Outcome::Retry(Retry::Times(_)) => row_only(again(case)),
        Outcome::Retry(Retry::RestBot) => Judgement {
            next: Next::Release,
            rest: Some(BotRest::This(rest(case, retry::rest(case.rests)))),
        },
        Outcome::Retry(Retry::RestAll(pause)) => Judgement {
            next: Next::Release,
            rest: Some(BotRest::All(rest(case, pause))),
        },
        Outcome::Refused(Refusal::Bot) if case.has_other_bot => Judgement {
            next: Next::Release,
            rest: Some(BotRest::This(rest(case, retry::LONGEST_REST))),
        },
        Outcome::Refused(Refusal::Bot | Refusal::Message) => {
            row_only(Next::Dead(case.answer.sentence.clone()))
        }
    }
}

fn again(case: &Case) -> Next {
    let pause = retry::pause(case.row.failures + 1, case.jitter);
    Next::RetryAt(later(case.now, pause))
}

fn rest(case: &Case, pause: std::time::Duration) -> Rest {
    Rest {
        until: later(case.now, pause),
        level: case.rests + 1,
    }
}

fn later(now: Timestamp, pause: std::time::Duration) -> Timestamp {
    now.saturating_add(pause)
        .expect("saturating addition of an unsigned duration has no error")
}
