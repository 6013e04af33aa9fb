//! The life of a delivery, step by step. It ends where it stopped.

use super::{after, bytes};
use crate::admin::frame::Moment;
use crate::admin::outcome::Mark;
use crate::admin::words::Words;
use crate::core::source::Evidence;
use crate::operate::explained::{Explained, Telling, Word};
use crate::store::search::Outcome;

pub struct Step {
    pub class: &'static str,
    pub symbol: &'static str,
    pub what: String,
    pub time: String,
    pub note: String,
}

impl Step {
    fn ok(what: &str, note: String) -> Step {
        Step {
            class: "ok",
            symbol: "m-ok",
            what: what.to_owned(),
            time: String::new(),
            note,
        }
    }
}

pub fn steps(explained: &Explained, words: &Words) -> Vec<Step> {
    let d = &words.delivery;
    let item = &explained.delivery;
    let received = Moment::exact(item.received_at);
    let mut steps = vec![
        Step {
            time: format!("{} {}", &received.whole[..10], received.short),
            ..Step::ok(d.received, (d.bytes_of)(&bytes(explained.size)))
        },
        sender(explained, words),
    ];
    if let Some(reason) = &explained.unreadable {
        steps.push(Step {
            class: "bad",
            symbol: "m-bad",
            ..Step::ok(d.unreadable, reason.clone())
        });
    }
    match explained.told.is_empty() {
        true => {
            let mark = Mark::of(item.outcome, words);
            let note = item.ignored.clone().unwrap_or_default();
            steps.push(Step {
                class: mark.class,
                symbol: mark.symbol,
                ..Step::ok(mark.word, note)
            });
        }
        false => {
            let is_match = |word: Word| matches!(word, Word::Matched | Word::Final);
            let matching = explained.routes.iter().filter(|it| is_match(it.verdict));
            let note = (d.matching)(matching.count(), explained.routes.len());
            steps.push(Step::ok(d.routed, note));
            steps.extend(explained.told.iter().map(|it| told(it, explained, words)));
        }
    }
    steps
}

fn sender(explained: &Explained, words: &Words) -> Step {
    let d = &words.delivery;
    let note = d.sender(explained.evidence.as_ref());
    match &explained.evidence {
        Some(Evidence::Shown(_)) => Step::ok(d.verified, note),
        Some(Evidence::Unchecked) => Step {
            class: "warn",
            symbol: "m-warn",
            ..Step::ok(d.not_verified, note)
        },
        None => Step::ok(d.verified, note),
    }
}

fn told(telling: &Telling, explained: &Explained, words: &Words) -> Step {
    let d = &words.delivery;
    let came = &telling.came_of_it;
    let mark = Mark::of(came.outcome, words);
    let what = match came.outcome {
        Outcome::Posted | Outcome::Digest => d.posted_to,
        Outcome::Dead => d.died_for,
        Outcome::Discarded => d.discarded_for,
        _ => d.waits_for,
    };
    let received = explained.delivery.received_at;
    let last = telling.messages.last();
    let attempts = telling.messages.iter().map(|it| it.attempts.len()).sum();
    let note = match (&came.reason, last.and_then(|it| it.attempts.last())) {
        (Some(reason), _) => reason.clone(),
        (None, Some(attempt)) => (d.attempt_number)(attempts, &attempt.bot),
        (None, None) => String::new(),
    };
    let events = last.map_or(0, |message| message.events);
    let note = match events {
        0 | 1 => note,
        events => format!("{note} · {}", (d.events_in)(events)),
    };
    Step {
        class: mark.class,
        symbol: mark.symbol,
        what: what(&came.group),
        time: came
            .settled_at
            .map(|at| after(received, at, words))
            .unwrap_or_default(),
        note,
    }
}
