//! Looking into the store. Nothing in here writes.

use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{self, DELIVERY, Micros, OUTBOX, PAYLOAD};
use crate::store::record::{
    DeadLetter, DeliveryFilter, DeliveryId, DeliveryLine, DeliveryRecord, MessageId, MessageRecord,
    OutboxId, OutboxRecord, Received, Waiting,
};

/// Where a list without a page before it starts.
const AFTER_ALL: DeliveryId = DeliveryId(uuid::Uuid::max());

pub fn deliveries(
    connection: &Connection,
    filter: &DeliveryFilter,
    before: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<DeliveryLine>> {
    // Only the conditions that apply are written, so that SQLite picks the index that fits them.
    let mut conditions = String::from("d.id < :before");
    for (wanted, condition) in [
        (&filter.source, " AND d.source = :source"),
        (&filter.repo, " AND d.repo = :repo"),
    ] {
        if wanted.is_some() {
            conditions.push_str(condition);
        }
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {DELIVERY}, {} FROM delivery AS d WHERE {conditions} ORDER BY d.id DESC LIMIT :limit",
        ["waiting", "posted", "dead", "discarded"]
            .map(|state| format!(
                "(SELECT count(*) FROM outbox AS o WHERE o.delivery = d.id AND o.state = '{state}') AS {state}"
            ))
            .join(", ")
    ))?;
    let before = before.unwrap_or(AFTER_ALL);
    let mut values = named_params! {":before": before, ":limit": limit}.to_vec();
    for (name, wanted) in [(":source", &filter.source), (":repo", &filter.repo)] {
        if let Some(wanted) = wanted {
            values.push((name, wanted));
        }
    }
    row::all(&mut statement, values.as_slice(), |row| {
        Ok(DeliveryLine {
            delivery: row::delivery(row)?,
            waiting: row.get("waiting")?,
            posted: row.get("posted")?,
            dead: row.get("dead")?,
            discarded: row.get("discarded")?,
        })
    })
}

pub fn delivery(connection: &Connection, id: DeliveryId) -> Result<Option<DeliveryRecord>> {
    connection
        .prepare_cached(&format!(
            "SELECT {DELIVERY}, {PAYLOAD} FROM delivery AS d WHERE d.id = ?"
        ))?
        .query_row([id], |row| {
            Ok(DeliveryRecord {
                delivery: row::delivery(row)?,
                payload: row::payload(row)?,
                outbox: outbox_of(connection, id)?,
            })
        })
        .optional()
}

pub fn received(
    connection: &Connection,
    before: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<Received>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {DELIVERY}, {PAYLOAD} FROM delivery AS d WHERE d.id < ? ORDER BY d.id DESC LIMIT ?"
    ))?;
    row::all(
        &mut statement,
        params![before.unwrap_or(AFTER_ALL), limit],
        |row| {
            Ok(Received {
                delivery: row::delivery(row)?,
                payload: row::payload(row)?,
            })
        },
    )
}

fn outbox_of(connection: &Connection, id: DeliveryId) -> Result<Vec<OutboxRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OUTBOX} FROM outbox AS o WHERE o.delivery = ? ORDER BY o.seq"
    ))?;
    row::all(&mut statement, [id], |row| {
        let outbox = row::outbox(row)?;
        Ok(OutboxRecord {
            state: row::state(row)?,
            queued_at: row::time(row, "queued_at")?,
            via: row::via(row)?,
            messages: messages_of(connection, outbox.id)?,
            outbox,
        })
    })
}

fn messages_of(connection: &Connection, id: OutboxId) -> Result<Vec<MessageRecord>> {
    let mut attempts =
        connection.prepare_cached("SELECT * FROM attempt WHERE message = ? ORDER BY id")?;
    let mut statement = connection.prepare_cached(
        "SELECT m.id, m.shape, m.failures, m.body,
                (SELECT count(*) FROM part WHERE message = m.id) AS rows
         FROM part AS p JOIN message AS m ON m.id = p.message WHERE p.outbox = ? ORDER BY m.begun_at",
    )?;
    row::all(&mut statement, [id], |row| {
        let id: MessageId = row.get("id")?;
        Ok(MessageRecord {
            id,
            shape: row.get("shape")?,
            rows: row.get("rows")?,
            failures: row.get("failures")?,
            body: row.get("body")?,
            attempts: row::all(&mut attempts, [id], row::attempt)?,
        })
    })
}

pub fn dead(
    connection: &Connection,
    group: Option<&str>,
    before: Option<OutboxId>,
    limit: u32,
) -> Result<Vec<DeadLetter>> {
    let of_group = group.map_or("", |_| "AND o.group_name = :group");
    let page = before.map_or(
        "",
        |_| "AND o.seq < (SELECT seq FROM outbox WHERE id = :before)",
    );
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OUTBOX}, {DELIVERY} FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
         WHERE o.state = 'dead' {of_group} {page} ORDER BY o.seq DESC LIMIT :limit"
    ))?;
    let mut values = named_params! {":limit": limit}.to_vec();
    if let Some(group) = &group {
        values.push((":group", group));
    }
    if let Some(before) = &before {
        values.push((":before", before));
    }
    row::all(&mut statement, values.as_slice(), |row| {
        Ok(DeadLetter {
            outbox: row::outbox(row)?,
            delivery: row::delivery(row)?,
            died_at: row::time(row, "settled_at")?,
            reason: row.get("reason")?,
        })
    })
}

pub fn waiting(connection: &Connection, group: &str) -> Result<Waiting> {
    connection
        .prepare_cached(
            "SELECT count(*), min(queued_at) FROM outbox WHERE state = 'waiting' AND group_name = ?",
        )?
        .query_row(params![group], |row| {
            Ok(Waiting {
                count: row.get(0)?,
                oldest: row.get::<_, Option<Micros>>(1)?.map(|Micros(time)| time),
            })
        })
}

pub fn groups_waiting(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT group_name FROM outbox WHERE state = 'waiting' ORDER BY group_name",
    )?;
    row::all(&mut statement, [], |row| row.get(0))
}
