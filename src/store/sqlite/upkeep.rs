//! What a person or the passing of time does to what is stored.

use jiff::Timestamp;
use rusqlite::{Connection, Result, named_params, params};

use super::accept::{REVIVE, insert_outbox};
use super::row::{self, Micros};
use crate::store::record::{DeliveryId, Outbox, OutboxId};

pub fn retry_dead(connection: &Connection, ids: &[OutboxId], now: Timestamp) -> Result<usize> {
    let mut revive = connection.prepare_cached(&format!("{REVIVE} id = :id"))?;
    ids.iter()
        .map(|id| revive.execute(named_params! {":now": Micros(now), ":id": id}))
        .sum()
}

pub fn discard_dead(
    connection: &Connection,
    ids: &[OutboxId],
    reason: &str,
    now: Timestamp,
) -> Result<usize> {
    let mut discard = connection.prepare_cached(
        "UPDATE outbox SET state = 'discarded', settled_at = ?, reason = ? WHERE id = ? AND state = 'dead'",
    )?;
    ids.iter()
        .map(|id| discard.execute(params![Micros(now), reason, id]))
        .sum()
}

pub fn replay(
    connection: &Connection,
    id: DeliveryId,
    rows: &[Outbox],
    now: Timestamp,
) -> Result<bool> {
    let known = connection
        .prepare_cached("SELECT 1 FROM delivery WHERE id = ?")?
        .exists([id])?;
    if known {
        insert_outbox(connection, id, rows, now)?;
    }
    Ok(known)
}

/// Writes the schema's number over itself: a write to the file that changes nothing.
pub fn ready(connection: &Connection) -> Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}

/// Up to `limit` deliveries that were over before `before`, oldest first. Looking for them may take long where much is
/// old and waits; it is done apart from [`prune`], to hold nobody up.
pub fn finished(connection: &Connection, before: Timestamp, limit: u32) -> Result<Vec<DeliveryId>> {
    // By its id, which tells the time of receipt too: times have no index, and all that is younger would be looked at.
    // What a clock that was set back since gave an id of the future waits for that.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT d.id FROM delivery AS d WHERE d.id < :edge AND d.received_at < :before AND {FINISHED}
         ORDER BY d.id LIMIT :limit"
    ))?;
    let edge = DeliveryId::before_all_of(before);
    row::all(
        &mut statement,
        named_params! {":edge": edge, ":before": Micros(before), ":limit": limit},
        |row| row.get(0),
    )
}

/// What makes a delivery over: all of it was settled before `:before`, and nothing is dead.
const FINISHED: &str = "NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.delivery = d.id
    AND (o.state IN ('waiting', 'dead') OR o.settled_at >= :before))";

/// Pages that one step gives back to the disk.
const VACUUM_STEP: u32 = 1000;

/// Forgets those of `ids` that are still over, and what no delivery needs any more.
pub fn prune(connection: &Connection, ids: &[DeliveryId], before: Timestamp) -> Result<usize> {
    let before = Micros(before);
    let mut forget = connection.prepare_cached(&format!(
        "DELETE FROM delivery AS d WHERE d.id = :id AND {FINISHED}"
    ))?;
    let mut gone = 0;
    for id in ids {
        gone += forget.execute(named_params! {":id": id, ":before": before})?;
    }
    for forgettable in [
        "DELETE FROM message WHERE state <> 'begun' AND settled_at < ?
             AND NOT EXISTS (SELECT 1 FROM part WHERE message = message.id)",
        // Test messages have nothing to wait for.
        "DELETE FROM attempt WHERE message IS NULL AND started_at < ?",
        "DELETE FROM run WHERE seen_at < ?",
    ] {
        connection.prepare_cached(forgettable)?.execute([before])?;
    }
    Ok(gone)
}

/// Gives room that deliveries have left back to the disk, some of it at a time.
pub fn vacuum(connection: &Connection) -> Result<()> {
    let mut statement =
        connection.prepare_cached(&format!("PRAGMA incremental_vacuum({VACUUM_STEP})"))?;
    let mut freed = statement.query([])?;
    while freed.next()?.is_some() {}
    Ok(())
}

pub fn bytes(connection: &Connection) -> Result<u64> {
    let bytes: i64 = connection
        .prepare_cached(
            "SELECT (page_count - freelist_count) * page_size
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}
