//! Looking for deliveries: what to look for, where, and what was found. Plain values; the rules are told at
//! [`super::Store::deliveries`].

use std::time::Duration;

use jiff::Timestamp;

use super::record::{Delivery, DeliveryId, OutboxId, Shape, State};
use crate::core::event::Kind;

/// Which deliveries are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub source: Option<String>,
    pub kind: Option<Kind>,
    pub event: Option<String>,
    pub action: Option<String>,
    pub repo: Option<String>,
    /// One of its rows is for this group. Together with `outcome`, a row of this group came to that.
    pub group: Option<String>,
    pub outcome: Option<Outcome>,
    /// Received then or later.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// The vendor's id of the request (`X-GitHub-Delivery`), or ours; all of it.
    pub key: Option<String>,
    /// Words of which each is part of the title or of the repository's name, in capitals or not.
    pub text: Option<String>,
}

/// What came of a delivery in one group, or why no group hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// To be posted; this holds those that are tried again, too.
    Waiting,
    /// An attempt failed, and there will be another.
    Retrying,
    /// In the group; this holds those that are told in a digest or a story, too.
    Posted,
    /// Told together with others.
    Digest,
    /// Waits for a person.
    Dead,
    /// Given up by a person.
    Discarded,
    /// No route wants it.
    Unrouted,
    /// Silent, for a reason that is kept with it.
    Ignored,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Waiting,
        Outcome::Retrying,
        Outcome::Posted,
        Outcome::Digest,
        Outcome::Dead,
        Outcome::Discarded,
        Outcome::Unrouted,
        Outcome::Ignored,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Outcome::Waiting => "waiting",
            Outcome::Retrying => "retrying",
            Outcome::Posted => "posted",
            Outcome::Digest => "digest",
            Outcome::Dead => "dead",
            Outcome::Discarded => "discarded",
            Outcome::Unrouted => "unrouted",
            Outcome::Ignored => "ignored",
        }
    }

    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// A page of a search.
#[derive(Debug, Clone)]
pub struct Search {
    pub filter: DeliveryFilter,
    pub from: Place,
    /// Deliveries on the page, at most.
    pub limit: u32,
    /// Deliveries to look at for it, at most.
    pub look_at: u32,
}

/// Where a page starts. Whichever way it goes, its lines stand newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// With the newest.
    Newest,
    /// With the next older one.
    Before(DeliveryId),
    /// With the next newer one, towards the newest.
    After(DeliveryId),
}

impl Search {
    /// The first page of 50.
    pub fn new(filter: DeliveryFilter) -> Search {
        Search {
            filter,
            from: Place::Newest,
            limit: 50,
            look_at: Search::STEP,
        }
    }

    /// How many deliveries one step looks at: a few hundredths of a second, so that whoever wants more can tell how far
    /// it is, and others get their turn.
    pub const STEP: u32 = 1_500;

    /// The same from there on.
    pub fn from(self, from: Place) -> Search {
        Search { from, ..self }
    }

    pub fn limit(self, limit: u32) -> Search {
        Search { limit, ..self }
    }

    /// The ids that the search is about, without the one at the place that it starts from.
    pub(super) fn range(&self) -> Range {
        let filter = &self.filter;
        let mut range = Range {
            above: filter.since.and_then(|since| {
                let earliest = since.saturating_sub(CLOCK).unwrap_or(Timestamp::MIN);
                DeliveryId::before_all_of(earliest)
            }),
            below: filter.until.and_then(|until| {
                let latest = until.saturating_add(CLOCK).unwrap_or(Timestamp::MAX);
                DeliveryId::before_all_of(latest)
            }),
        };
        match self.from {
            Place::Newest => {}
            Place::Before(id) => range.below = Some(range.below.map_or(id, |below| below.min(id))),
            Place::After(id) => range.above = Some(range.above.map_or(id, |above| above.max(id))),
        }
        range
    }

    pub(super) fn goes_up(&self) -> bool {
        matches!(self.from, Place::After(_))
    }
}

/// How far a delivery's id may be off its time of receipt: they are told by two clocks where the database has one, and
/// either may have been wrong for a while. Times are compared as they are; this only bounds where to look.
const CLOCK: Duration = Duration::from_secs(60 * 60);

/// Ids between these two, without them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub above: Option<DeliveryId>,
    pub below: Option<DeliveryId>,
}

impl Range {
    pub fn holds(self, id: DeliveryId) -> bool {
        self.above.is_none_or(|above| id > above) && self.below.is_none_or(|below| id < below)
    }
}

/// What a search came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub lines: Vec<DeliveryLine>,
    /// Where it goes on; `None` when everything was looked at.
    pub rest: Option<Edge>,
}

/// The last delivery that was looked at, whether it is among those that were found or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub from: DeliveryId,
    pub received_at: Timestamp,
}

/// What a store found, in the order of the search; one more than it wants if there is one.
pub(super) struct Findings {
    pub all: Vec<Delivery>,
    /// The last one that was looked at, where there are others behind it.
    pub edge: Option<Edge>,
}

impl Findings {
    /// The page to show, newest first, and from where the search goes on.
    pub fn page(self, search: &Search) -> (Vec<Delivery>, Option<Edge>) {
        let Findings { mut all, edge } = self;
        let limit = search.limit as usize;
        let rest = match all.len() > limit {
            true => {
                all.truncate(limit);
                all.last().map(|last| Edge {
                    from: last.id,
                    received_at: last.received_at,
                })
            }
            false => edge,
        };
        if search.goes_up() {
            all.reverse();
        }
        (all, rest)
    }
}

/// A delivery in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLine {
    pub delivery: Delivery,
    /// In the order in which they were queued.
    pub rows: Vec<RowLine>,
}

/// What came of a delivery in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLine {
    pub id: OutboxId,
    pub group: String,
    pub state: State,
    /// Of the message that tells it, while there is one.
    pub shape: Option<Shape>,
    /// How often that message was put off.
    pub failures: u32,
}

impl RowLine {
    /// The narrowest word for it.
    pub fn outcome(&self) -> Outcome {
        match &self.state {
            State::Waiting { .. } if self.failures > 0 => Outcome::Retrying,
            State::Waiting { .. } => Outcome::Waiting,
            State::Posted { .. } => match self.shape {
                None | Some(Shape::Single) => Outcome::Posted,
                Some(Shape::Digest | Shape::Story) => Outcome::Digest,
            },
            State::Dead { .. } => Outcome::Dead,
            State::Discarded { .. } => Outcome::Discarded,
        }
    }
}

impl DeliveryLine {
    /// The one word for all of it: what needs a person before what still happens, before what is over.
    pub fn outcome(&self) -> Outcome {
        const ORDER: [Outcome; 6] = [
            Outcome::Dead,
            Outcome::Retrying,
            Outcome::Waiting,
            Outcome::Posted,
            Outcome::Digest,
            Outcome::Discarded,
        ];
        let outcomes: Vec<Outcome> = self.rows.iter().map(RowLine::outcome).collect();
        ORDER
            .into_iter()
            .find(|outcome| outcomes.contains(outcome))
            .unwrap_or_else(|| self.delivery.untold())
    }
}

impl Delivery {
    /// Why nobody is told, in one word: where there are no rows.
    fn untold(&self) -> Outcome {
        match &self.ignored {
            Some(why) if !why.starts_with(Delivery::UNROUTED) => Outcome::Ignored,
            _ => Outcome::Unrouted,
        }
    }
}

/// The words of a text that is looked for: not more than a few, for each is looked for in each title.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    const MOST: usize = 8;
    text.split_whitespace().take(MOST)
}

/// A pattern for `LIKE … ESCAPE '\'` that matches whatever holds this word.
pub(super) fn holding(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for char in word.chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    pattern
}

/// So few that all of them are looked at one by one. Where more wait or are dead, they are not far to find.
pub(super) const FEW: u32 = 1_000;

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::store::record::DeliveryIds;

    #[test]
    fn a_search_in_a_time_looks_where_clocks_may_have_put_it() {
        let noon: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let search = Search::new(DeliveryFilter {
            since: Some(noon),
            until: Some(noon + Duration::from_secs(60)),
            ..DeliveryFilter::default()
        });
        let made_at =
            |minutes: i64| DeliveryIds::default().next(noon + SignedDuration::from_mins(minutes));
        let range = search.range();
        assert!(range.holds(made_at(-59)) && range.holds(made_at(60)));
        assert!(!range.holds(made_at(-61)) && !range.holds(made_at(62)));
        let page = search.from(Place::Before(made_at(0))).range();
        assert!(page.holds(made_at(-59)) && !page.holds(made_at(1)));
    }

    #[test]
    fn a_word_is_looked_for_as_it_is() {
        assert_eq!(holding(r"50%_\"), r"%50\%\_\\%");
    }
}
