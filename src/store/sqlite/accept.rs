//! Taking deliveries in, and telling those that were seen before.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{Headers, Micros};
use crate::store::SAME_CONTENT;
use crate::store::record::{Accepted, DeliveryId, NewDelivery, Outbox};

pub fn accept(connection: &Connection, new: NewDelivery) -> Result<Accepted> {
    let now = new.delivery.received_at;
    let Some(of) = earlier(connection, &new)? else {
        let id = new.delivery.id;
        let rows = insert_delivery(connection, new)?;
        insert_outbox(connection, id, &rows, now)?;
        return Ok(Accepted::New);
    };
    if revive_dead(connection, of, now)? || adopt(connection, of, &new.outbox, now)? {
        Ok(Accepted::Retaken { of })
    } else {
        Ok(Accepted::Duplicate { of })
    }
}

/// The delivery that `new` repeats.
fn earlier(connection: &Connection, new: &NewDelivery) -> Result<Option<DeliveryId>> {
    let source = &new.delivery.source;
    if let Some(key) = &new.vendor_key {
        return connection
            .prepare_cached("SELECT id FROM delivery WHERE source = ? AND vendor_key = ?")?
            .query_row(params![source, key], |row| row.get(0))
            .optional();
    }
    // Both ways, because the clock may have been set back since.
    let now = new.delivery.received_at;
    let from = now.saturating_sub(SAME_CONTENT).unwrap_or(Timestamp::MIN);
    let to = now.saturating_add(SAME_CONTENT).unwrap_or(Timestamp::MAX);
    connection
        .prepare_cached(
            "SELECT id FROM delivery
             WHERE source = ? AND content_key = ? AND vendor_key IS NULL AND received_at BETWEEN ? AND ?
             ORDER BY received_at DESC LIMIT 1",
        )?
        .query_row(
            params![source, new.content_key, Micros(from), Micros(to)],
            |row| row.get(0),
        )
        .optional()
}

fn insert_delivery(connection: &Connection, new: NewDelivery) -> Result<Vec<Outbox>> {
    let NewDelivery {
        delivery,
        payload,
        vendor_key,
        content_key,
        outbox,
    } = new;
    connection
        .prepare_cached(
            "INSERT INTO delivery
             VALUES (:id, :source, :kind, :event, :action, :repo, :object, :title, :url, :received_at, :ignored,
                     :vendor_key, :content_key, :headers, :body)",
        )?
        .execute(named_params! {
            ":id": delivery.id,
            ":source": delivery.source,
            ":kind": delivery.kind,
            ":event": delivery.event,
            ":action": delivery.action,
            ":repo": delivery.repo,
            ":object": delivery.object,
            ":title": delivery.title,
            ":url": delivery.url,
            ":received_at": Micros(delivery.received_at),
            ":ignored": delivery.ignored,
            ":vendor_key": vendor_key,
            ":content_key": content_key,
            ":headers": Headers(payload.headers),
            ":body": &payload.body[..],
        })?;
    Ok(outbox)
}

/// Puts rows at the end of their queues.
pub fn insert_outbox(
    connection: &Connection,
    delivery: DeliveryId,
    rows: &[Outbox],
    now: Timestamp,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (id, delivery, group_name, route, plan, urgent, state, queued_at,
                             due_at)
         VALUES (:id, :delivery, :group, :route, :plan, :urgent, 'waiting', :now, :now)",
    )?;
    for row in rows {
        insert.execute(named_params! {
            ":id": row.id,
            ":delivery": delivery,
            ":group": row.group,
            ":route": row.route,
            ":plan": row.plan,
            ":urgent": row.urgent,
            ":now": Micros(now),
        })?;
    }
    Ok(())
}

/// What makes a dead row as if new: its words too, for what they were made of has been mended since.
pub const REVIVE: &str = "UPDATE outbox SET state = 'waiting', queued_at = :now, due_at = :now, leased_until = 0, \
    failures = 0, settled_at = NULL, reason = NULL, bound_to = NULL, wrote = NULL WHERE state = 'dead' AND ";

fn revive_dead(connection: &Connection, of: DeliveryId, now: Timestamp) -> Result<bool> {
    let revived = connection
        .prepare_cached(&format!("{REVIVE} delivery = :of"))?
        .execute(named_params! {":now": Micros(now), ":of": of})?;
    Ok(revived > 0)
}

/// Gives the rows to the earlier delivery, if that has none.
fn adopt(connection: &Connection, of: DeliveryId, rows: &[Outbox], now: Timestamp) -> Result<bool> {
    if rows.is_empty() || has_rows(connection, of)? {
        return Ok(false);
    }
    insert_outbox(connection, of, rows, now)?;
    connection
        .prepare_cached("UPDATE delivery SET ignored = NULL WHERE id = ?")?
        .execute([of])?;
    Ok(true)
}

fn has_rows(connection: &Connection, of: DeliveryId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM outbox WHERE delivery = ?")?
        .exists([of])
}
