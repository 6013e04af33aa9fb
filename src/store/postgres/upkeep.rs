//! What a person or the passing of time does to what is stored.

use jiff::Timestamp;

use super::accept::{REVIVE, insert_outbox};
use super::bell;
use super::row;
use super::session::{Result, Session};
use crate::store::record::{DeliveryId, Outbox, OutboxId};

pub async fn retry_dead(db: &Session, ids: &[OutboxId], now: Timestamp) -> Result<usize> {
    let rows = db
        .query(
            &format!("{REVIVE} id = ANY($2) RETURNING group_name"),
            &[&db.shift.inward(now), &ids],
        )
        .await?;
    let groups: Vec<String> = row::all(&rows, |row| row.get("group_name"))?;
    bell::ring(db, groups.iter().map(String::as_str)).await?;
    Ok(groups.len())
}

pub async fn discard_dead(
    db: &Session,
    ids: &[OutboxId],
    reason: &str,
    now: Timestamp,
) -> Result<usize> {
    let discarded = db
        .execute(
            "UPDATE outbox SET state = 'discarded', settled_at = $1, reason = $2
             WHERE id = ANY($3) AND state = 'dead'",
            &[&db.shift.inward(now), &reason, &ids],
        )
        .await?;
    Ok(usize::try_from(discarded).unwrap_or(usize::MAX))
}

pub async fn replay(db: &Session, id: DeliveryId, rows: &[Outbox], now: Timestamp) -> Result<bool> {
    // From here on nobody forgets it.
    let known = db
        .exists("SELECT 1 FROM delivery WHERE id = $1 FOR KEY SHARE", &[&id])
        .await?;
    if known {
        insert_outbox(db, id, rows, now).await?;
        bell::ring(db, rows.iter().map(|row| row.group.as_str())).await?;
    }
    Ok(known)
}

/// Writes the schema's number over itself: a write that changes nothing.
pub async fn ready(db: &Session) -> Result<()> {
    db.execute("UPDATE hookbell_schema SET version = version", &[])
        .await
        .map(drop)
}

/// Up to `limit` deliveries that were over before `before`, oldest first. Looking for them may take long where much is
/// old and waits; it is done apart from [`prune`], to hold nobody up.
pub async fn finished(db: &Session, before: Timestamp, limit: u32) -> Result<Vec<DeliveryId>> {
    let rows = db
        .query(
            &format!(
                "SELECT d.id FROM delivery AS d WHERE d.received_at < $1 AND {FINISHED}
                 ORDER BY d.received_at LIMIT $2"
            ),
            &[&db.shift.inward(before), &i64::from(limit)],
        )
        .await?;
    row::all(&rows, |row| row.get("id"))
}

/// What makes a delivery over: all of it was settled before `$1`, and nothing is dead.
const FINISHED: &str = "NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.delivery = d.id
    AND (o.state IN ('waiting', 'dead') OR o.settled_at >= $1))";

/// Forgets those of `ids` that are still over, and what no delivery needs any more. Those that another replica forgets
/// or takes up again just now are left to it.
pub async fn prune(db: &Session, ids: &[DeliveryId], before: Timestamp) -> Result<usize> {
    let before = db.shift.inward(before);
    let rows = db
        .query(
            "SELECT id FROM delivery WHERE id = ANY($1) FOR UPDATE SKIP LOCKED",
            &[&ids],
        )
        .await?;
    let ids: Vec<DeliveryId> = row::all(&rows, |row| row.get("id"))?;
    let gone = db
        .execute(
            &format!("DELETE FROM delivery AS d WHERE d.id = ANY($2) AND {FINISHED}"),
            &[&before, &ids],
        )
        .await?;
    for forgettable in [
        "DELETE FROM message WHERE state <> 'begun' AND settled_at < $1
             AND NOT EXISTS (SELECT 1 FROM part WHERE message = message.id)",
        // Test messages have nothing to wait for.
        "DELETE FROM attempt WHERE message IS NULL AND started_at < $1",
        "DELETE FROM run WHERE seen_at < $1",
    ] {
        db.execute(forgettable, &[&before]).await?;
    }
    Ok(usize::try_from(gone).unwrap_or(usize::MAX))
}

/// What is written down at each delivery, and not what the files take: PostgreSQL keeps the room that deliveries leave
/// for others and does not give it back.
pub async fn bytes(db: &Session) -> Result<u64> {
    let size: i64 = db
        .query_one(
            "SELECT coalesce(sum(size), 0)::bigint AS size FROM delivery",
            &[],
        )
        .await?
        .get("size")?;
    Ok(size.unsigned_abs())
}
