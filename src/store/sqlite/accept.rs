//! Taking deliveries in, and telling those that were seen before.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{Json, Micros};
use crate::core::history::Repeat;
use crate::store::SAME_CONTENT;
use crate::store::record::{Accepted, DeliveryId, Gather, NewDelivery, Outbox};

/// `body` is the packed body of the request.
pub fn accept(connection: &Connection, new: &NewDelivery, body: &[u8]) -> Result<Accepted> {
    let mut new = Cow::Borrowed(new);
    let now = new.delivery.received_at;
    let Some(of) = earlier(connection, &new)? else {
        compare(connection, &mut new)?;
        insert_delivery(connection, &new, body)?;
        insert_outbox(connection, new.delivery.id, &new.outbox, now)?;
        return Ok(Accepted::New {
            ignored: new.delivery.ignored.clone(),
        });
    };
    if let Some(repeat) = repeat_of(connection, of)? {
        new.to_mut().remember(Some(repeat));
    }
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

/// Compares a run with the last one of its pipeline, and takes that one's place.
fn compare(connection: &Connection, new: &mut Cow<'_, NewDelivery>) -> Result<()> {
    let Some(key) = new.run.as_ref().map(|run| run.key.clone()) else {
        return Ok(());
    };
    let before = connection
        .prepare_cached("SELECT state FROM run WHERE key = ?")?
        .query_row([&key], |row| row.get(0))
        .optional()?
        .map(|Json(state)| state);
    let Some(state) = new.to_mut().compare(before) else {
        return Ok(());
    };
    connection
        .prepare_cached("INSERT OR REPLACE INTO run (key, state, seen_at) VALUES (?, ?, ?)")?
        .execute(params![key, Json(state), Micros(new.delivery.received_at)])
        .map(drop)
}

/// What was kept of the runs before an earlier delivery.
fn repeat_of(connection: &Connection, of: DeliveryId) -> Result<Option<Repeat>> {
    connection
        .prepare_cached("SELECT repeat FROM delivery WHERE id = ?")?
        .query_row([of], |row| row.get::<_, Option<Json<Repeat>>>(0))
        .map(|repeat| repeat.map(|Json(repeat)| repeat))
}

fn insert_delivery(connection: &Connection, new: &NewDelivery, body: &[u8]) -> Result<()> {
    let delivery = &new.delivery;
    connection
        .prepare_cached(
            "INSERT INTO delivery
             VALUES (:id, :source, :kind, :event, :action, :repo, :object, :title, :url, :received_at, :ignored,
                     :repeat, :vendor_key, :content_key, :headers, :body, :evidence)",
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
            ":repeat": delivery.repeat.as_ref().map(Json),
            ":vendor_key": new.vendor_key,
            ":content_key": new.content_key,
            ":headers": Json(&new.payload.headers),
            ":body": body,
            ":evidence": Json(&new.evidence),
        })
        .map(drop)
}

/// Puts rows at the end of their queues.
pub fn insert_outbox(
    connection: &Connection,
    delivery: DeliveryId,
    rows: &[Outbox],
    now: Timestamp,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (id, delivery, group_name, route, plan, urgent, folds, thread, window, state,
                             queued_at, due_at)
         VALUES (:id, :delivery, :group, :route, :plan, :urgent, :folds, :thread, :window, 'waiting', :now,
                 :due_at)",
    )?;
    for row in rows {
        let due_at = match &row.gather {
            Some(gather) => held_until(connection, &row.group, gather, now)?,
            None => now,
        };
        insert.execute(named_params! {
            ":id": row.id,
            ":delivery": delivery,
            ":group": row.group,
            ":route": row.route,
            ":plan": row.plan,
            ":urgent": row.urgent,
            ":folds": row.folds,
            ":thread": row.gather.as_ref().map(|gather| &gather.thread),
            ":window": row.gather.as_ref().map_or(0, |gather| gather.window.as_secs() as i64),
            ":now": Micros(now),
            ":due_at": Micros(due_at),
        })?;
    }
    Ok(())
}

/// Until when a row gathers: as long as the rows of its thread that wait already, or for a window of its own.
fn held_until(
    connection: &Connection,
    group: &str,
    gather: &Gather,
    now: Timestamp,
) -> Result<Timestamp> {
    let first: Option<Micros> = connection
        .prepare_cached(
            "SELECT min(due_at) FROM outbox
             WHERE state = 'waiting' AND message IS NULL AND group_name = ? AND thread = ?",
        )?
        .query_row(params![group, gather.thread], |row| row.get(0))?;
    let window = now.saturating_add(gather.window).unwrap_or(Timestamp::MAX);
    Ok(first.map_or(window, |Micros(first)| first.min(window)))
}

/// What makes a dead row as if new: its message too, for what that was made of has been mended since.
pub const REVIVE: &str = "UPDATE outbox SET state = 'waiting', message = NULL, queued_at = :now, due_at = :now, \
    settled_at = NULL, reason = NULL WHERE state = 'dead' AND ";

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
