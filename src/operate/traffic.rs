//! What came in and went out over the last day, in half hours.
//!
//! A half hour that is over does not change any more, so each is counted once and then remembered: a look at a busy relay
//! costs the count of what is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AT_ONCE, Operator};
use crate::config::{GroupSettings, SourceSettings};
use crate::store::StoreError;

/// Seconds of one bar.
const HALF_HOUR: i64 = 30 * 60;
/// Bars of a day.
const BARS: i64 = 48;
/// How long after its end something may still be added to a half hour: what was accepted or posted in it is committed, and
/// no replica's clock is farther off.
const SETTLING: i64 = 2 * 60;

/// What came from each source and was posted to each group, in the last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Traffic {
    /// When the first bar begins; each is half an hour, and the last one has only begun.
    pub since: Timestamp,
    pub sources: Vec<SourceTraffic>,
    pub groups: Vec<GroupTraffic>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceTraffic {
    pub source: String,
    /// The vendor.
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// Where the vendor posts to, at `server.listen`.
    pub path: String,
    /// Deliveries in each half hour.
    pub accepted: Vec<u32>,
    /// When the last one came, if any is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupTraffic {
    pub group: String,
    /// Messages in each half hour.
    pub posted: Vec<u32>,
}

/// Half hours that are over, by what was counted in them.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<Counted, BTreeMap<i64, u32>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Source(String),
    Group(String),
}

impl Operator {
    pub async fn traffic(&self) -> Result<Traffic, StoreError> {
        let now = self.clock.now();
        let in_force = self.current.load();
        let config = &in_force.checked.config;
        let sources = config.sources.iter().map(|it| self.source_traffic(it, now));
        let groups = config.groups.iter().map(|it| self.group_traffic(it, now));
        let (sources, groups) = try_join(
            stream::iter(sources).buffered(AT_ONCE).try_collect(),
            stream::iter(groups).buffered(AT_ONCE).try_collect(),
        )
        .await?;
        Ok(Traffic {
            since: start_of(first_bar(now)),
            sources,
            groups,
        })
    }

    async fn source_traffic(
        &self,
        source: &SourceSettings,
        now: Timestamp,
    ) -> Result<SourceTraffic, StoreError> {
        let what = Counted::Source(source.name.clone());
        let times = self.remembered.missing(&what, now);
        let arrivals = self.store.arrivals(&source.name, times.clone()).await?;
        Ok(SourceTraffic {
            source: source.name.clone(),
            kind: source.kind.name(),
            path: format!("/hooks/{}", source.name),
            accepted: self.remembered.add(what, &times, &arrivals.counts, now),
            last: arrivals.last,
        })
    }

    async fn group_traffic(
        &self,
        group: &GroupSettings,
        now: Timestamp,
    ) -> Result<GroupTraffic, StoreError> {
        let what = Counted::Group(group.name.clone());
        let times = self.remembered.missing(&what, now);
        let counts = self.store.posts(&group.name, times.clone()).await?;
        Ok(GroupTraffic {
            group: group.name.clone(),
            posted: self.remembered.add(what, &times, &counts, now),
        })
    }
}

impl Remembered {
    /// The bounds of the half hours that have to be counted, from the first that is not remembered to the one that has
    /// begun.
    fn missing(&self, what: &Counted, now: Timestamp) -> Vec<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(what);
        let is_known = |bar: &i64| known.is_some_and(|known| known.contains_key(bar));
        let first = (first_bar(now)..).find(|bar| !is_known(bar));
        let first = first.unwrap_or_default().min(bar_of(now));
        (first..=bar_of(now) + 1).map(start_of).collect()
    }

    /// Adds what was counted between these bounds, and gives the whole day.
    fn add(&self, what: Counted, times: &[Timestamp], counts: &[u32], now: Timestamp) -> Vec<u32> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(what).or_default();
        let fresh: BTreeMap<i64, u32> = times
            .iter()
            .map(|time| bar_of(*time))
            .zip(counts.iter().copied())
            .collect();
        let is_over = |bar: i64| (bar + 1) * HALF_HOUR + SETTLING <= now.as_second();
        known.extend(fresh.iter().filter(|(bar, _)| is_over(**bar)));
        let first = first_bar(now);
        *known = known.split_off(&first);
        (first..=bar_of(now))
            .map(|bar| fresh.get(&bar).or(known.get(&bar)).copied().unwrap_or(0))
            .collect()
    }
}

fn bar_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(HALF_HOUR)
}

fn first_bar(now: Timestamp) -> i64 {
    bar_of(now) - BARS + 1
}

fn start_of(bar: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH
        .saturating_add(SignedDuration::from_secs(bar.saturating_mul(HALF_HOUR)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 / HALF_HOUR * HALF_HOUR + second).unwrap()
    }

    fn what() -> Counted {
        Counted::Source("github".into())
    }

    /// Counts what is missing at `now`, with so many in each half hour; tells how many half hours that was.
    fn look(remembered: &Remembered, each: u32, now: Timestamp) -> (usize, Vec<u32>) {
        let times = remembered.missing(&what(), now);
        let counts = vec![each; times.len() - 1];
        (counts.len(), remembered.add(what(), &times, &counts, now))
    }

    #[test]
    fn the_first_look_counts_a_day_and_the_next_ones_what_is_new() {
        let remembered = Remembered::default();
        let (counted, day) = look(&remembered, 1, at(600));
        assert_eq!((counted, day.len(), day.iter().sum::<u32>()), (48, 48, 48));
        let (counted, day) = look(&remembered, 5, at(700));
        assert_eq!((counted, day.iter().sum::<u32>()), (1, 47 + 5));
    }

    #[test]
    fn a_half_hour_is_counted_again_until_nothing_can_be_added_to_it() {
        let remembered = Remembered::default();
        look(&remembered, 1, at(600));
        let (counted, day) = look(&remembered, 5, at(HALF_HOUR + 60));
        assert_eq!((counted, day.iter().sum::<u32>()), (2, 46 + 5 + 5));
        let (counted, _) = look(&remembered, 5, at(HALF_HOUR + 60 + SETTLING));
        assert_eq!(counted, 2, "now it is remembered");
        let (counted, _) = look(&remembered, 5, at(HALF_HOUR + 61 + SETTLING));
        assert_eq!(counted, 1);
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let remembered = Remembered::default();
        look(&remembered, 1, at(0));
        let (counted, day) = look(&remembered, 2, at(10 * 86_400));
        assert_eq!((counted, day), (48, vec![2; 48]));
        assert!(remembered.0.lock().unwrap()[&what()].len() < 48);
    }

    #[test]
    fn a_clock_set_back_does_no_harm() {
        let remembered = Remembered::default();
        look(&remembered, 1, at(10 * 86_400));
        assert_eq!(look(&remembered, 2, at(0)).1, vec![2; 48]);
    }
}
