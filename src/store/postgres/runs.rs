//! What is remembered of pipelines' runs, for those that come after them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::clock::Shift;
use super::columns::key;
use super::row::{self, Row};
use super::session::Result;
use crate::core::history;
use crate::store::record::NewDelivery;

/// Which of these vendors' keys there are already.
pub const KNOWN: &str = "SELECT d.source, d.vendor_key FROM delivery AS d
    JOIN unnest($1::text[], $2::text[]) AS n (source, vendor_key) USING (source, vendor_key)";

pub fn vendor_keys<'a>(news: &'a [Cow<'_, NewDelivery>]) -> (Vec<&'a str>, Vec<String>) {
    news.iter()
        .filter_map(|new| Some((&*new.delivery.source, key(new.vendor_key.as_deref()?))))
        .unzip()
}

/// What is known of these pipelines.
pub const RUNS: &str = "SELECT key, state FROM run WHERE key = ANY($1::text[])";

pub const REMEMBER: &str = "INSERT INTO run (key, state, seen_at)
    SELECT n.* FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (key, state, seen_at)
    ON CONFLICT (key) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at";

/// The last runs of pipelines.
#[derive(Default)]
pub struct Runs(HashMap<String, history::State>);

impl Runs {
    pub fn columns(
        &self,
        news: &[Cow<'_, NewDelivery>],
        shift: Shift,
    ) -> Result<(Vec<&str>, Vec<String>, Vec<i64>)> {
        let seen_at: HashMap<String, i64> = news
            .iter()
            .filter_map(|new| {
                let run = new.run.as_ref()?;
                Some((key(&run.key), shift.inward(new.delivery.received_at)))
            })
            .collect();
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for (key, state) in &self.0 {
            let Some(seen_at) = seen_at.get(key) else {
                continue;
            };
            columns.0.push(key.as_str());
            columns.1.push(row::json(state)?);
            columns.2.push(*seen_at);
        }
        Ok(columns)
    }
}

/// Compares runs with the last ones of their pipelines, and takes those ones' places. Deliveries that are known already
/// are left out.
pub fn compare_all<'a>(
    news: Vec<Cow<'a, NewDelivery>>,
    known: &[Row],
    states: &[Row],
) -> Result<(Vec<Cow<'a, NewDelivery>>, Runs)> {
    let known = row::all(known, |row| {
        Ok((row.get("source")?, row.get("vendor_key")?))
    })?;
    let known: HashSet<(String, String)> = known.into_iter().collect();
    let mut runs = Runs::default();
    for row in states {
        let state = row::from_json(row.get("state")?)?;
        runs.0.insert(row.get("key")?, state);
    }
    let mut compared = Vec::with_capacity(news.len());
    for mut new in news {
        let vendor_key = new.vendor_key.as_deref().map(key);
        let is_known =
            vendor_key.is_some_and(|key| known.contains(&(new.delivery.source.clone(), key)));
        if is_known {
            continue;
        }
        if let Some(run) = new.run.as_ref().map(|run| key(&run.key)) {
            let before = runs.0.remove(&run);
            if let Some(state) = new.to_mut().compare(before) {
                runs.0.insert(run, state);
            }
        }
        compared.push(new);
    }
    Ok((compared, runs))
}
