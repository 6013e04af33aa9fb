//! Which of a group's bots posts next, and how much they may post together.

use std::sync::Arc;

use jiff::Timestamp;

use crate::bot::Bot;
use crate::store::WINDOW;
use crate::store::queue::Load;

/// Percent of a bot's minute that are kept for urgent messages. A burst of whole digests takes the rest within seconds,
/// and what is urgent in it may be many.
const URGENT_PERCENT: u32 = 40;
/// Percent of it that are filled with messages of one event each, where a burst may bring urgent ones any moment; then
/// what has company is told in digests. Otherwise the first second of a burst takes what the next ones need.
const SINGLES_PERCENT: u32 = 33;

/// A group's bots and how busy they are, at one moment.
pub struct Seats<'a> {
    seats: Vec<Seat<'a>>,
    /// Whether a part of the minute is kept for urgent messages.
    reserves: bool,
    now: Timestamp,
}

struct Seat<'a> {
    bot: &'a Arc<dyn Bot>,
    load: Load,
}

/// Who posts.
pub enum Choice<'a> {
    Bot(&'a Arc<dyn Bot>),
    /// Nobody before that time.
    Later(Timestamp),
    /// No bot of the group works. They are tried again after `until`.
    NoneWorks {
        until: Timestamp,
        reason: String,
    },
}

impl<'a> Seats<'a> {
    /// `loads` are those of `bots`, in the same order. Some bot must be there.
    pub fn new(
        bots: &'a [Arc<dyn Bot>],
        loads: Vec<Load>,
        reserves: bool,
        now: Timestamp,
    ) -> Seats<'a> {
        let seats = bots
            .iter()
            .zip(loads)
            .map(|(bot, load)| Seat { bot, load })
            .collect();
        Seats {
            seats,
            reserves,
            now,
        }
    }

    /// Posts that a bot may make in a minute: all of its limit only for what is urgent.
    pub fn per_minute(&self, bot: &dyn Bot, urgent: bool) -> u32 {
        let limit = bot.limits().per_minute;
        let reserve = if self.reserves && !urgent {
            share(limit, URGENT_PERCENT)
        } else {
            0
        };
        limit.saturating_sub(reserve).max(1)
    }

    /// How many events that are not urgent the group may be told one by one now.
    pub fn free_for_singles(&self) -> u32 {
        let up_to = |seat: &Seat| {
            let limit = seat.bot.limits().per_minute;
            match self.reserves {
                true => share(limit, SINGLES_PERCENT),
                false => limit,
            }
        };
        let free = |seat| self.free_below(seat, up_to(seat));
        self.seats.iter().map(free).sum()
    }

    fn free_of(&self, seat: &Seat, urgent: bool) -> u32 {
        self.free_below(seat, self.per_minute(seat.bot.as_ref(), urgent))
    }

    fn free_below(&self, seat: &Seat, limit: u32) -> u32 {
        if seat.rests_until().is_some_and(|until| until > self.now) {
            return 0;
        }
        let counted = u32::try_from(seat.load.counted.len()).unwrap_or(u32::MAX);
        limit.saturating_sub(counted)
    }

    /// The bot that has most room. One that was set aside and whose rest is over goes before all others, with a message
    /// that is not urgent: only a post can tell whether it works again.
    pub fn choose(&self, urgent: bool) -> Choice<'a> {
        let free = self
            .seats
            .iter()
            .rev()
            .filter(|seat| self.free_of(seat, urgent) > 0)
            .max_by_key(|seat| (seat.is_aside() != urgent, self.free_of(seat, urgent)));
        if let Some(seat) = free {
            return Choice::Bot(seat.bot);
        }
        if let Some((until, reason)) = self.none_works() {
            return Choice::NoneWorks { until, reason };
        }
        let free_at = |seat: &Seat| self.free_at(seat, urgent);
        let first = self.seats.iter().map(free_at).min();
        Choice::Later(first.unwrap_or(self.now))
    }

    /// The same bot again, for nobody else may post a message that it may have posted. Another one where it is no longer
    /// there.
    pub fn again(&self, id: &str, urgent: bool) -> Choice<'a> {
        let Some(seat) = self.seats.iter().find(|seat| seat.bot.id() == id) else {
            return self.choose(urgent);
        };
        if self.free_of(seat, true) > 0 {
            Choice::Bot(seat.bot)
        } else {
            Choice::Later(self.free_at(seat, true))
        }
    }

    /// Until when, and why, if every bot is set aside.
    fn none_works(&self) -> Option<(Timestamp, String)> {
        let asides: Option<Vec<_>> = self
            .seats
            .iter()
            .map(|seat| {
                let rest = seat.load.rest.as_ref()?;
                Some((rest.until, rest.aside.clone()?))
            })
            .collect();
        asides?.into_iter().min()
    }

    /// When a bot without room has some.
    fn free_at(&self, seat: &Seat, urgent: bool) -> Timestamp {
        let per_minute = self.per_minute(seat.bot.as_ref(), urgent) as usize;
        let rested = seat.rests_until().unwrap_or(self.now);
        let Some(blocking) = seat.load.counted.get(per_minute - 1) else {
            return rested.max(self.now);
        };
        blocking
            .saturating_add(WINDOW)
            .unwrap_or(Timestamp::MAX)
            .max(rested)
    }
}

fn share(limit: u32, percent: u32) -> u32 {
    limit.saturating_mul(percent).div_ceil(100)
}

impl Seat<'_> {
    fn rests_until(&self) -> Option<Timestamp> {
        self.load.rest.as_ref().map(|rest| rest.until)
    }

    fn is_aside(&self) -> bool {
        let rest = self.load.rest.as_ref();
        rest.is_some_and(|rest| rest.aside.is_some())
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::time::Duration;

    use super::*;
    use crate::bot::{Answer, Body, Limits};
    use crate::core::message::Message;
    use crate::store::queue::Rest;

    struct Silent(&'static str);

    impl Bot for Silent {
        fn id(&self) -> &str {
            self.0
        }

        fn service(&self) -> &str {
            "nowhere"
        }

        fn limits(&self) -> Limits {
            Limits {
                per_minute: 20,
                timeout: Duration::from_secs(10),
                room: 0,
            }
        }

        fn write(&self, _: &Message, _: &str) -> Body {
            Body(String::new())
        }

        fn plain(&self, _: &Body, _: &str) -> Option<Body> {
            None
        }

        fn post<'a>(&'a self, _: &'a Body) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
            unreachable!("nothing is posted here")
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    /// A bot that has posted so many messages by now, the oldest a minute ago.
    fn busy(posts: usize) -> Load {
        Load {
            bot: String::new(),
            counted: (0..posts).map(|post| at(-(post as i64))).collect(),
            rest: None,
        }
    }

    fn resting(until: i64, aside: Option<&str>) -> Load {
        Load {
            rest: Some(Rest {
                until: at(until),
                level: 1,
                aside: aside.map(str::to_owned),
            }),
            ..busy(0)
        }
    }

    /// What is chosen among bots `a`, `b`, … with these loads, as a word.
    fn chosen(loads: Vec<Load>, reserves: bool, urgent: bool) -> String {
        let names = ["a", "b", "c"];
        let bots: Vec<Arc<dyn Bot>> = names[..loads.len()]
            .iter()
            .map(|name| Arc::new(Silent(name)) as Arc<dyn Bot>)
            .collect();
        let seats = Seats::new(&bots, loads, reserves, at(0));
        match seats.choose(urgent) {
            Choice::Bot(bot) => bot.id().to_owned(),
            Choice::Later(until) => format!("later {}", until.as_second() - at(0).as_second()),
            Choice::NoneWorks { until, reason } => {
                format!("{reason} until {}", until.as_second() - at(0).as_second())
            }
        }
    }

    #[test]
    fn the_least_loaded_bot_posts() {
        assert_eq!(chosen(vec![busy(3), busy(1), busy(2)], false, false), "b");
        assert_eq!(chosen(vec![busy(3), resting(60, None)], false, false), "a");
    }

    #[test]
    fn when_all_minutes_are_full_the_first_that_ends_is_waited_for() {
        // The oldest of 20 posts ended 19 seconds ago, and counts for 62.
        assert_eq!(chosen(vec![busy(20)], false, false), "later 43");
        assert_eq!(
            chosen(vec![busy(20), resting(7, None)], false, false),
            "later 7"
        );
    }

    #[test]
    fn where_something_urgent_may_come_a_burst_is_told_one_by_one_for_a_third_of_the_minute_only() {
        let free = |posts, reserves| {
            let bots = [Arc::new(Silent("a")) as Arc<dyn Bot>];
            Seats::new(&bots, vec![busy(posts)], reserves, at(0)).free_for_singles()
        };
        assert_eq!((free(0, true), free(5, true), free(7, true)), (7, 2, 0));
        assert_eq!((free(0, false), free(19, false)), (20, 1));
    }

    #[test]
    fn a_part_of_the_minute_is_kept_for_what_is_urgent() {
        assert_eq!(chosen(vec![busy(11)], true, false), "a");
        assert_eq!(chosen(vec![busy(12)], true, false), "later 51");
        assert_eq!(chosen(vec![busy(12)], true, true), "a");
        assert_eq!(chosen(vec![busy(12)], false, false), "a");
    }

    #[test]
    fn a_bot_set_aside_is_left_alone_and_then_tried_with_what_is_not_urgent() {
        let aside = |until| resting(until, Some("removed"));
        assert_eq!(chosen(vec![aside(60), busy(19)], false, false), "b");
        assert_eq!(chosen(vec![aside(-1), busy(0)], false, false), "a");
        assert_eq!(chosen(vec![aside(-1), busy(0)], false, true), "b");
        assert_eq!(
            chosen(vec![aside(60), aside(30)], false, true),
            "removed until 30"
        );
        assert_eq!(
            chosen(vec![aside(60), resting(30, None)], false, true),
            "later 30"
        );
    }
}
