//! Taking deliveries in, and telling those that were seen before.
//!
//! Those that are new are taken in many at a time ([`accept_new`]). Whatever is left by that was seen before, or is not
//! fit to be stored; each of it is looked at alone ([`accept`]).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use futures_util::future::{join, join4, join5};
use jiff::Timestamp;

use super::bell::{self, RING, Ringer};
use super::columns::{Columns, Queued, SAME, insert_sql, key, outbox_sql};
use super::row;
use super::runs::{KNOWN, REMEMBER, RUNS, Runs, compare_all, vendor_keys};
use super::session::{Result, Session};
use crate::core::history::Repeat;
use crate::store::record::{Accepted, DeliveryId, NewDelivery, Outbox};
use crate::store::{Obstacle, StoreError};

/// What became of those that were taken in: why nobody is told, if so.
pub type New = HashMap<DeliveryId, Option<String>>;

/// Takes in those that were not seen before, and says which these are. There is one wait for the network in it, and
/// one for the disk; where a pipeline's runs are compared, two for the network.
pub async fn accept_new(db: &Session, news: &[NewDelivery], ringer: Ringer) -> Result<New> {
    let news = firsts(news);
    let mut locks: Vec<String> = news.iter().flat_map(|new| batch_locks(new)).collect();
    locks.sort_unstable();
    let compares = news.iter().any(|new| new.run.is_some());
    let (news, runs) = if compares {
        db.prepare(&[LOCK, KNOWN, RUNS]).await?;
        let keys = |new: &Cow<'_, NewDelivery>| new.run.as_ref().map(|run| key(&run.key));
        let runs: Vec<String> = news.iter().filter_map(keys).collect();
        let (sources, vendor_keys) = vendor_keys(&news);
        // What is sent at once is done one after the other, without a wait in between.
        let (begun, locked, known, states) = join4(
            db.batch("BEGIN"),
            db.execute(LOCK, &[&locks]),
            db.query(KNOWN, &[&sources, &vendor_keys]),
            db.query(RUNS, &[&runs]),
        )
        .await;
        begun?;
        locked?;
        compare_all(news, &known?, &states?)?
    } else {
        (news, Runs::default())
    };

    let columns = Columns::of(&news, db.shift)?;
    let groups = news.iter().flat_map(|new| &new.outbox);
    let words = bell::words(Some(ringer), groups.map(|row| row.group.as_str()));
    // Only a hint, and after the commit.
    let ring = async {
        if !words.is_empty() {
            let _ = db.execute(RING, &[&words]).await;
        }
    };
    let sql = insert_sql();
    let values = columns.values();
    let insert = db.query(&sql, &values);
    db.prepare(&[&sql, LOCK, REMEMBER, RING]).await?;
    let rows = if compares {
        let (keys, states, seen_at) = runs.columns(&news, db.shift)?;
        let (rows, remembered, committed, ()) = join4(
            insert,
            db.execute(REMEMBER, &[&keys, &states, &seen_at]),
            db.batch("COMMIT"),
            ring,
        )
        .await;
        let rows = rows?;
        remembered?;
        committed?;
        rows
    } else if !locks.is_empty() {
        let (begun, locked, rows, committed, ()) = join5(
            db.batch("BEGIN"),
            db.execute(LOCK, &[&locks]),
            insert,
            db.batch("COMMIT"),
            ring,
        )
        .await;
        begun?;
        locked?;
        let rows = rows?;
        committed?;
        rows
    } else {
        // A statement alone is a transaction.
        let (rows, ()) = join(insert, ring).await;
        rows?
    };
    let mut ignored: New = news
        .iter()
        .map(|new| (new.delivery.id, new.delivery.ignored.clone()))
        .collect();
    let ids: Vec<DeliveryId> = row::all(&rows, |row| row.get("id"))?;
    Ok(ids
        .into_iter()
        .filter_map(|id| ignored.remove_entry(&id))
        .collect())
}

/// Those that do not repeat one before them: a statement does not see what it inserts itself.
fn firsts(news: &[NewDelivery]) -> Vec<Cow<'_, NewDelivery>> {
    let mut seen = HashSet::new();
    let is_first = |new: &&NewDelivery| seen.insert(lock_key(new));
    news.iter().filter(is_first).map(Cow::Borrowed).collect()
}

/// Waits until nobody else looks for deliveries or runs of these keys, in an order that all follow.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || n.key, 3))::text
    FROM unnest($1::text[]) WITH ORDINALITY AS n (key, place) ORDER BY n.place";

/// The key by which repetitions of a delivery are known.
fn lock_key(new: &NewDelivery) -> String {
    let source = &new.delivery.source;
    match &new.vendor_key {
        Some(vendor_key) => format!("vendor {source} {}", key(vendor_key)),
        None => format!("content {source} {}", new.content_key),
    }
}

fn run_lock(new: &NewDelivery) -> Option<String> {
    new.run.as_ref().map(|run| format!("run {}", key(&run.key)))
}

/// What is locked while many are taken in. An index sees to vendors' keys.
fn batch_locks(new: &NewDelivery) -> impl Iterator<Item = String> {
    let content = new.vendor_key.is_none().then(|| lock_key(new));
    content.into_iter().chain(run_lock(new))
}

/// Takes in one delivery, in a transaction.
pub async fn accept(db: &Session, new: &NewDelivery) -> Result<Accepted> {
    let now = new.delivery.received_at;
    let mut locks: Vec<String> = std::iter::once(lock_key(new))
        .chain(run_lock(new))
        .collect();
    locks.sort_unstable();
    db.execute(LOCK, &[&locks]).await?;
    let Some(of) = earlier(db, new).await? else {
        let runs = new.run.iter().map(|run| key(&run.key)).collect::<Vec<_>>();
        let states = db.query(RUNS, &[&runs]).await?;
        let (news, runs) = compare_all(vec![Cow::Borrowed(new)], &[], &states)?;
        let columns = Columns::of(&news, db.shift)?;
        let rows = db.query(&insert_sql(), &columns.values()).await?;
        if rows.is_empty() {
            // Another replica took it in just now. When it is sent again, that is seen.
            return Err(StoreError::Unavailable(Obstacle::Undone));
        }
        let (keys, states, seen_at) = runs.columns(&news, db.shift)?;
        db.execute(REMEMBER, &[&keys, &states, &seen_at]).await?;
        let rows = news.iter().flat_map(|new| &new.outbox);
        bell::ring(db, rows.map(|row| row.group.as_str())).await?;
        let ignored = news.iter().find_map(|new| new.delivery.ignored.clone());
        return Ok(Accepted::New { ignored });
    };
    let mut new = new.clone();
    new.remember(repeat_of(db, of).await?);
    if revive_dead(db, of, now).await? || adopt(db, of, &new.outbox, now).await? {
        Ok(Accepted::Retaken { of })
    } else {
        Ok(Accepted::Duplicate { of })
    }
}

/// The delivery that `new` repeats.
async fn earlier(db: &Session, new: &NewDelivery) -> Result<Option<DeliveryId>> {
    let source = &new.delivery.source;
    let found = if let Some(vendor_key) = &new.vendor_key {
        db.query_opt(
            "SELECT id FROM delivery WHERE source = $1 AND vendor_key = $2 FOR KEY SHARE",
            &[source, &key(vendor_key)],
        )
        .await?
    } else {
        // Both ways, because the clock may have been set back since.
        let now = db.shift.inward(new.delivery.received_at);
        db.query_opt(
            &format!(
                "SELECT id FROM delivery
                 WHERE source = $1 AND content_key = $2 AND vendor_key IS NULL
                   AND received_at BETWEEN $3::bigint - {SAME} AND $3::bigint + {SAME}
                 ORDER BY received_at DESC LIMIT 1 FOR KEY SHARE"
            ),
            &[source, &new.content_key, &now],
        )
        .await?
    };
    found.map(|row| row.get("id")).transpose()
}

/// What was kept of the runs before an earlier delivery.
async fn repeat_of(db: &Session, of: DeliveryId) -> Result<Option<Repeat>> {
    let row = db
        .query_one("SELECT repeat FROM delivery WHERE id = $1", &[&of])
        .await?;
    let repeat: Option<&str> = row.get("repeat")?;
    repeat.map(row::from_json).transpose()
}

/// Puts rows at the end of their queues.
pub async fn insert_outbox(
    db: &Session,
    delivery: DeliveryId,
    rows: &[Outbox],
    now: Timestamp,
) -> Result<()> {
    let mut queued = Queued::default();
    for row in rows {
        queued.push(delivery, row, now, db.shift);
    }
    db.execute(&outbox_sql(1, ""), &queued.values())
        .await
        .map(drop)
}

/// What makes a dead row as if new: its message too, for what that was made of has been mended since.
pub const REVIVE: &str = "UPDATE outbox SET state = 'waiting', message = NULL, queued_at = $1, due_at = $1, \
    settled_at = NULL, reason = NULL WHERE state = 'dead' AND ";

async fn revive_dead(db: &Session, of: DeliveryId, now: Timestamp) -> Result<bool> {
    let rows = db
        .query(
            &format!("{REVIVE} delivery = $2 RETURNING group_name"),
            &[&db.shift.inward(now), &of],
        )
        .await?;
    let groups: Vec<String> = row::all(&rows, |row| row.get("group_name"))?;
    bell::ring(db, groups.iter().map(String::as_str)).await?;
    Ok(!groups.is_empty())
}

/// Gives the rows to the earlier delivery, if that has none.
async fn adopt(db: &Session, of: DeliveryId, rows: &[Outbox], now: Timestamp) -> Result<bool> {
    let has_rows = "SELECT 1 FROM outbox WHERE delivery = $1 LIMIT 1";
    if rows.is_empty() || db.exists(has_rows, &[&of]).await? {
        return Ok(false);
    }
    insert_outbox(db, of, rows, now).await?;
    bell::ring(db, rows.iter().map(|row| row.group.as_str())).await?;
    db.execute("UPDATE delivery SET ignored = NULL WHERE id = $1", &[&of])
        .await?;
    Ok(true)
}
