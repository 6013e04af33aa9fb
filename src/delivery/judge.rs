//! What is to become of a message after a post: the one place where an answer turns into a decision.

use std::time::Duration;

use jiff::Timestamp;

use crate::bot::{Answer, Outcome, Refusal, Retry};
use crate::core::retry;
use crate::store::queue::{Next, Rest};

/// What to do with the message, and with bots.
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
    pub answer: &'a Answer,
    pub now: Timestamp,
    /// When the message was tried for the first time.
    pub begun_at: Timestamp,
    /// How often it was put off since.
    pub failures: u32,
    /// The plain form of its body, where there is one and it was not tried.
    pub plain: Option<String>,
    /// How many rests in a row the bot has had since its last post.
    pub rests: u32,
    /// Random, in `0.0..1.0`.
    pub jitter: f64,
}

pub fn judge(case: Case) -> Judgement {
    let sentence = &case.answer.sentence;
    match case.answer.outcome {
        Outcome::Posted => of_message(Next::Posted),
        Outcome::Retry(Retry::Backoff) => {
            let age = case.now.duration_since(case.begun_at).unsigned_abs();
            if age < retry::MAX_AGE {
                return of_message(again(&case));
            }
            let hours = retry::MAX_AGE.as_secs() / 3600;
            of_message(Next::Dead(format!(
                "given up after {hours} hours: {sentence}"
            )))
        }
        Outcome::Retry(Retry::Times(times)) if case.failures >= times => {
            of_message(Next::Dead(sentence.clone()))
        }
        Outcome::Retry(Retry::Times(_)) => of_message(again(&case)),
        Outcome::Retry(Retry::Resign) if case.failures == 0 => of_message(again(&case)),
        Outcome::Retry(Retry::RestBot) => Judgement {
            next: Next::Release,
            rest: Some(BotRest::This(rest(&case, retry::rest))),
        },
        Outcome::Retry(Retry::RestAll(pause)) => Judgement {
            next: Next::Release,
            rest: Some(BotRest::All(rest(&case, |_| pause))),
        },
        Outcome::Retry(Retry::Resign) | Outcome::Refused(Refusal::Bot) => Judgement {
            next: Next::Reassign,
            rest: Some(BotRest::This(Rest {
                aside: Some(sentence.clone()),
                ..rest(&case, retry::aside)
            })),
        },
        Outcome::Refused(Refusal::Content) => match case.plain {
            Some(plain) => of_message(Next::Instead(plain)),
            None => of_message(Next::Dead(sentence.clone())),
        },
        Outcome::Refused(Refusal::Message) => of_message(Next::Dead(sentence.clone())),
    }
}

fn of_message(next: Next) -> Judgement {
    Judgement { next, rest: None }
}

fn again(case: &Case) -> Next {
    let pause = retry::pause(case.failures + 1, case.jitter);
    Next::RetryAt(later(case.now, pause))
}

fn rest(case: &Case, pause: impl FnOnce(u32) -> Duration) -> Rest {
    Rest {
        until: later(case.now, pause(case.rests)),
        level: case.rests + 1,
        aside: None,
    }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause)
        .expect("saturating addition of an unsigned duration has no error")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    /// What becomes of a message that was begun an hour ago.
    fn judged(outcome: Outcome, change: impl FnOnce(&mut Case)) -> Judgement {
        let answer = Answer {
            outcome,
            code: None,
            sentence: "why".into(),
        };
        let mut case = Case {
            answer: &answer,
            now: now(),
            begun_at: now() - HOUR,
            failures: 0,
            plain: None,
            rests: 0,
            jitter: 0.0,
        };
        change(&mut case);
        judge(case)
    }

    #[test]
    fn a_failure_that_may_pass_is_tried_again_with_doubling_pauses_for_a_day() {
        let backoff = Outcome::Retry(Retry::Backoff);
        let again = |failures| judged(backoff, |case| case.failures = failures).next;
        assert_eq!(again(0), Next::RetryAt(now() + Duration::from_secs(1)));
        assert_eq!(again(3), Next::RetryAt(now() + Duration::from_secs(8)));
        let given_up = judged(backoff, |case| case.begun_at = now() - 24 * HOUR).next;
        assert_eq!(given_up, Next::Dead("given up after 24 hours: why".into()));
    }

    #[test]
    fn a_counted_retry_ends_with_its_count() {
        let outcome = Outcome::Retry(Retry::Times(1));
        let first = judged(outcome, |_| {}).next;
        assert!(matches!(first, Next::RetryAt(_)));
        let second = judged(outcome, |case| case.failures = 1).next;
        assert_eq!(second, Next::Dead("why".into()));
    }

    #[test]
    fn a_bot_that_is_too_fast_rests_longer_each_time_and_the_message_is_not_to_blame() {
        let rested = |rests| {
            let judgement = judged(Outcome::Retry(Retry::RestBot), |case| {
                case.rests = rests;
                case.failures = 7;
            });
            assert_eq!(judgement.next, Next::Release);
            judgement.rest
        };
        let rest = |seconds, level| {
            Some(BotRest::This(Rest {
                until: now() + Duration::from_secs(seconds),
                level,
                aside: None,
            }))
        };
        assert_eq!(rested(0), rest(60, 1));
        assert_eq!(rested(1), rest(120, 2));
        assert_eq!(rested(9), rest(600, 10));
    }

    #[test]
    fn an_address_block_lets_all_bots_rest() {
        let pause = Duration::from_secs(5 * 60);
        let judgement = judged(Outcome::Retry(Retry::RestAll(pause)), |_| {});
        assert_eq!(judgement.next, Next::Release);
        let rest = Rest {
            until: now() + pause,
            level: 1,
            aside: None,
        };
        assert_eq!(judgement.rest, Some(BotRest::All(rest)));
    }

    fn aside() -> Option<BotRest> {
        Some(BotRest::This(Rest {
            until: now() + Duration::from_secs(600),
            level: 1,
            aside: Some("why".into()),
        }))
    }

    #[test]
    fn a_broken_bot_is_set_aside_and_its_message_is_not_lost() {
        let judgement = judged(Outcome::Refused(Refusal::Bot), |_| {});
        assert_eq!((judgement.next, judgement.rest), (Next::Reassign, aside()));
    }

    #[test]
    fn a_stale_signature_is_renewed_once_and_then_the_bot_is_set_aside() {
        let first = judged(Outcome::Retry(Retry::Resign), |_| {});
        assert!(matches!(first.next, Next::RetryAt(_)) && first.rest.is_none());
        let second = judged(Outcome::Retry(Retry::Resign), |case| case.failures = 1);
        assert_eq!((second.next, second.rest), (Next::Reassign, aside()));
    }

    #[test]
    fn what_the_content_check_refuses_is_tried_in_its_plain_form() {
        let refused = Outcome::Refused(Refusal::Content);
        let first = judged(refused, |case| case.plain = Some("plain".into())).next;
        assert_eq!(first, Next::Instead("plain".into()));
        let second = judged(refused, |_| {}).next;
        assert_eq!(second, Next::Dead("why".into()));
    }
}
