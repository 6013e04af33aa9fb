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
            next: Next::Reassign,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::core::event::Kind;
    use crate::store::record::{Delivery, DeliveryId, Outbox, OutboxId, Payload};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    /// A row that has waited for `age` and failed that often.
    fn row(age: Duration, failures: u32) -> Leased {
        let queued_at = now() - age;
        Leased {
            outbox: Outbox {
                id: OutboxId::generate(),
                group: "backend".into(),
                route: "everything".into(),
                plan: String::new(),
                urgent: false,
            },
            delivery: Delivery {
                id: DeliveryId::generate(),
                source: "github".into(),
                kind: Kind::Github,
                event: "push".into(),
                action: String::new(),
                repo: None,
                object: None,
                title: String::new(),
                url: None,
                received_at: queued_at,
                ignored: None,
            },
            payload: Payload {
                headers: Vec::new(),
                body: Bytes::new(),
            },
            queued_at,
            failures,
            bound_to: None,
            wrote: None,
        }
    }

    fn judged(outcome: Outcome, row: &Leased, rests: u32, has_other_bot: bool) -> Judgement {
        let answer = Answer {
            outcome,
            code: None,
            sentence: "why".into(),
        };
        judge(&Case {
            row,
            answer: &answer,
            now: now(),
            rests,
            has_other_bot,
            jitter: 0.0,
        })
    }

    #[test]
    fn a_failure_that_may_pass_is_tried_again_with_doubling_pauses_for_a_day() {
        let again = |failures| {
            judged(
                Outcome::Retry(Retry::Backoff),
                &row(HOUR, failures),
                0,
                false,
            )
            .next
        };
        assert_eq!(again(0), Next::RetryAt(now() + Duration::from_secs(1)));
        assert_eq!(again(3), Next::RetryAt(now() + Duration::from_secs(8)));
        let old = row(24 * HOUR, 300);
        let given_up = judged(Outcome::Retry(Retry::Backoff), &old, 0, false).next;
        assert_eq!(given_up, Next::Dead("given up after 24 hours: why".into()));
    }

    #[test]
    fn a_counted_retry_ends_with_its_count() {
        let outcome = Outcome::Retry(Retry::Times(1));
        let first = judged(outcome, &row(HOUR, 0), 0, false).next;
        assert!(matches!(first, Next::RetryAt(_)));
        let second = judged(outcome, &row(HOUR, 1), 0, false).next;
        assert_eq!(second, Next::Dead("why".into()));
    }

    #[test]
    fn a_bot_that_is_too_fast_rests_longer_each_time_and_the_message_is_not_to_blame() {
        let rested = |rests| {
            let judgement = judged(Outcome::Retry(Retry::RestBot), &row(HOUR, 0), rests, false);
            assert_eq!(judgement.next, Next::Release);
            judgement.rest
        };
        let rest = |seconds, level| {
            let until = now() + Duration::from_secs(seconds);
            Some(BotRest::This(Rest { until, level }))
        };
        assert_eq!(rested(0), rest(60, 1));
        assert_eq!(rested(1), rest(120, 2));
        assert_eq!(rested(9), rest(600, 10));
    }

    #[test]
    fn an_address_block_lets_all_bots_rest() {
        let pause = 5 * Duration::from_secs(60);
        let judgement = judged(
            Outcome::Retry(Retry::RestAll(pause)),
            &row(HOUR, 0),
            0,
            false,
        );
        assert_eq!(judgement.next, Next::Release);
        let until = now() + pause;
        assert_eq!(judgement.rest, Some(BotRest::All(Rest { until, level: 1 })));
    }

    #[test]
    fn a_broken_bot_leaves_the_message_to_another_where_there_is_one() {
        let broken = Outcome::Refused(Refusal::Bot);
        let alone = judged(broken, &row(HOUR, 0), 0, false);
        assert_eq!((alone.next, alone.rest), (Next::Dead("why".into()), None));
        let with_other = judged(broken, &row(HOUR, 0), 0, true);
        assert_eq!(with_other.next, Next::Reassign);
        assert!(with_other.rest.is_some());
    }
}
