//! How the head of a queue is told: alone, as a story with what happened to the same thing, in a digest, or later.

use std::time::Duration;

use jiff::Timestamp;

use crate::core::fold::Occasion;
use crate::store::queue::HeadRow;

/// While more comes than can be told one by one, a digest that is not full waits so long for company.
const DIGEST_PAUSE: Duration = Duration::from_secs(3);
/// And a full one so long after the last message: recording a thousand events as told holds up what is being accepted.
const FULL_DIGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telling {
    Single,
    /// With the other rows of its thread.
    Story(String),
    /// With as many of the rows behind it as one message holds.
    Digest(Occasion),
    Later(Timestamp),
}

/// What it depends on besides the queue.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    pub now: Timestamp,
    /// Events that the group may be told one by one now.
    pub free: u32,
    /// Whether the row came in the group's quiet time.
    pub came_in_quiet: bool,
    /// How long the group waits between messages, where little is left of the month's budget.
    pub pace: Option<Duration>,
}

pub fn telling(head: &HeadRow, circumstances: Circumstances) -> Telling {
    let row = &head.row.outbox;
    let has_company = head.behind > 0;
    if !row.folds {
        return alone(head);
    }
    if let Some(pace) = circumstances.pace {
        match waits(head, pace, circumstances.now) {
            Some(until) => Telling::Later(until),
            None if has_company => Telling::Digest(Occasion::Budget),
            None => alone(head),
        }
    } else if has_company && circumstances.came_in_quiet {
        Telling::Digest(Occasion::Quiet)
    } else if head.behind >= circumstances.free && has_company {
        let pause = match head.behind < HeadRow::MOST {
            true => DIGEST_PAUSE,
            false => FULL_DIGEST_PAUSE,
        };
        match waits(head, pause, circumstances.now) {
            Some(until) => Telling::Later(until),
            None => Telling::Digest(Occasion::Backlog),
        }
    } else {
        alone(head)
    }
}

fn alone(head: &HeadRow) -> Telling {
    match &head.row.outbox.gather {
        Some(gather) => Telling::Story(gather.thread.clone()),
        None => Telling::Single,
    }
}

/// Until when a pause after the group's last message lasts, if it does.
fn waits(head: &HeadRow, pause: Duration, now: Timestamp) -> Option<Timestamp> {
    let until = head.told_at?.saturating_add(pause).ok()?;
    // A last message in the future was told before the clock was set back.
    (until > now && head.told_at? <= now).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Kind;
    use crate::store::record::{Delivery, DeliveryId, Gather, Leased, Outbox, OutboxId, Payload};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn head(behind: u32) -> HeadRow {
        HeadRow {
            row: Leased {
                place: 1,
                outbox: Outbox {
                    id: OutboxId::generate(),
                    group: "backend".into(),
                    route: "everything".into(),
                    plan: String::new(),
                    urgent: false,
                    folds: true,
                    gather: None,
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
                    received_at: at(0),
                    ignored: None,
                    repeat: None,
                },
                payload: Payload::default(),
                queued_at: at(0),
                via: None,
            },
            behind,
            told_at: None,
        }
    }

    fn normal(free: u32) -> Circumstances {
        Circumstances {
            now: at(0),
            free,
            came_in_quiet: false,
            pace: None,
        }
    }

    const BACKLOG: Telling = Telling::Digest(Occasion::Backlog);

    #[test]
    fn what_fits_into_the_minute_is_told_one_by_one_and_more_is_folded() {
        assert_eq!(telling(&head(0), normal(1)), Telling::Single);
        assert_eq!(telling(&head(19), normal(20)), Telling::Single);
        assert_eq!(telling(&head(20), normal(20)), BACKLOG);
    }

    #[test]
    fn digests_of_a_flood_follow_each_other_with_a_pause_and_full_ones_with_a_short_one() {
        let mut flood = head(50);
        flood.told_at = Some(at(-1));
        assert_eq!(telling(&flood, normal(20)), Telling::Later(at(2)));
        flood.behind = HeadRow::MOST;
        flood.told_at = Some(at(0));
        assert_eq!(telling(&flood, normal(20)), Telling::Later(at(2)));
        flood.told_at = Some(at(-2));
        assert_eq!(telling(&flood, normal(20)), BACKLOG);
        flood.behind = 50;
        flood.told_at = Some(at(3600));
        assert_eq!(
            telling(&flood, normal(20)),
            BACKLOG,
            "the clock was set back"
        );
    }

    #[test]
    fn what_must_not_be_folded_is_told_alone_whatever_waits() {
        let mut urgent = head(50);
        urgent.row.outbox.folds = false;
        let spare = Circumstances {
            pace: Some(Duration::from_secs(900)),
            ..normal(1)
        };
        assert_eq!(telling(&urgent, spare), Telling::Single);
    }

    #[test]
    fn a_thread_is_told_as_a_story_unless_there_is_too_much() {
        let mut gathered = head(0);
        let thread = "github:acme/shop:pull_request:42".to_owned();
        gathered.row.outbox.gather = Some(Gather {
            thread: thread.clone(),
            window: Duration::from_secs(30),
        });
        assert_eq!(telling(&gathered, normal(20)), Telling::Story(thread));
        gathered.behind = 50;
        assert_eq!(telling(&gathered, normal(20)), BACKLOG);
    }

    #[test]
    fn after_a_quiet_time_everything_is_one_digest() {
        let morning = Circumstances {
            came_in_quiet: true,
            ..normal(20)
        };
        assert_eq!(telling(&head(1), morning), Telling::Digest(Occasion::Quiet));
        assert_eq!(telling(&head(0), morning), Telling::Single);
    }

    #[test]
    fn with_little_left_of_the_month_digests_come_at_its_pace() {
        let spare = Circumstances {
            pace: Some(Duration::from_secs(900)),
            ..normal(20)
        };
        let mut waiting = head(3);
        let budget = Telling::Digest(Occasion::Budget);
        assert_eq!(telling(&waiting, spare), budget);
        waiting.told_at = Some(at(-600));
        assert_eq!(telling(&waiting, spare), Telling::Later(at(300)));
        waiting.told_at = Some(at(-900));
        assert_eq!(telling(&waiting, spare), budget);
    }
}
