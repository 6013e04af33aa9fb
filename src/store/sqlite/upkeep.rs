//! What a person or the passing of time does to what is stored.

use jiff::Timestamp;
use rusqlite::{Connection, Result, named_params, params};

use super::accept::{REVIVE, insert_outbox};
use super::row::Micros;
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

pub fn prune(connection: &Connection, before: Timestamp, limit: u32) -> Result<usize> {
    // Test messages belong to no delivery; they have nothing to wait for.
    connection
        .prepare_cached("DELETE FROM attempt WHERE outbox IS NULL AND started_at < ?")?
        .execute([Micros(before)])?;
    connection
        .prepare_cached(
            "DELETE FROM delivery WHERE id IN (
                 SELECT d.id FROM delivery AS d
                 WHERE d.received_at < :before AND NOT EXISTS (
                     SELECT 1 FROM outbox AS o WHERE o.delivery = d.id
                     AND (o.state IN ('waiting', 'dead') OR o.settled_at >= :before))
                 ORDER BY d.received_at LIMIT :limit)",
        )?
        .execute(named_params! {":before": Micros(before), ":limit": limit})
}
