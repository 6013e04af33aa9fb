//! Looking into the store. Nothing in here writes.

use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{self, DELIVERY, Json, Micros, OUTBOX, PAYLOAD};
use crate::core::source::Evidence;
use crate::store::record::{
    DeadCause, DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, MessageId, MessageRecord,
    OutboxId, OutboxRecord, Received, Waiting,
};

/// Where a list without a page before it starts.
const AFTER_ALL: DeliveryId = DeliveryId(uuid::Uuid::max());

pub fn delivery(connection: &Connection, id: DeliveryId) -> Result<Option<DeliveryRecord>> {
    connection
        .prepare_cached(&format!(
            "SELECT {DELIVERY}, {PAYLOAD}, d.vendor_key, d.evidence FROM delivery AS d WHERE d.id = ?"
        ))?
        .query_row([id], |row| {
            let evidence: Option<Json<Evidence>> = row.get("evidence")?;
            Ok(DeliveryRecord {
                delivery: row::delivery(row)?,
                payload: row::payload(row)?,
                evidence: evidence.map(|Json(evidence)| evidence),
                vendor_key: row.get("vendor_key")?,
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
    filter: &DeadFilter,
    before: Option<OutboxId>,
    limit: u32,
) -> Result<Vec<DeadLetter>> {
    let mut conditions = String::new();
    let mut values = named_params! {":limit": limit}.to_vec();
    if let Some(group) = &filter.group {
        conditions.push_str(" AND o.group_name = :group");
        values.push((":group", group));
    }
    if let Some(reason) = &filter.reason {
        conditions.push_str(&format!(" AND {CAUSE} = :reason"));
        values.push((":reason", reason));
    }
    if let Some(before) = &before {
        conditions.push_str(" AND o.seq < (SELECT seq FROM outbox WHERE id = :before)");
        values.push((":before", before));
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OUTBOX}, {DELIVERY},
                (SELECT count(*) FROM part AS p JOIN attempt AS a ON a.message = p.message
                 WHERE p.outbox = o.id) AS attempts
         FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
         WHERE o.state = 'dead'{conditions} ORDER BY o.seq DESC LIMIT :limit"
    ))?;
    row::all(&mut statement, values.as_slice(), |row| {
        Ok(DeadLetter {
            outbox: row::outbox(row)?,
            delivery: row::delivery(row)?,
            died_at: row::time(row, "settled_at")?,
            reason: row.get("reason")?,
            attempts: row.get("attempts")?,
        })
    })
}

/// The beginning of a dead row's reason, as the index `outbox_dead_of_cause` holds it.
const CAUSE: &str = "substr(o.reason, 1, 200)";

pub fn dead_causes(connection: &Connection) -> Result<Vec<DeadCause>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT o.group_name, {CAUSE} AS cause, count(*) AS count, min(o.settled_at) AS first,
                max(o.settled_at) AS last
         FROM outbox AS o INDEXED BY outbox_dead_of_cause WHERE o.state = 'dead'
         GROUP BY o.group_name, {CAUSE} ORDER BY last DESC"
    ))?;
    row::all(&mut statement, [], |row| {
        Ok(DeadCause {
            group: row.get("group_name")?,
            reason: row.get("cause")?,
            count: row.get("count")?,
            first: row::time(row, "first")?,
            last: row::time(row, "last")?,
        })
    })
}

/// In two parts, those in the queue and those in a message that is being posted, because each has an index.
const WAITING: &str = "SELECT queued_at FROM outbox
        WHERE state = 'waiting' AND message IS NULL AND group_name = :group
    UNION ALL
    SELECT o.queued_at FROM message AS m JOIN outbox AS o ON o.message = m.id
        WHERE m.state = 'begun' AND m.group_name = :group AND o.state = 'waiting'";

pub fn waiting(connection: &Connection, group: &str) -> Result<Waiting> {
    connection
        .prepare_cached(&format!("SELECT count(*), min(queued_at) FROM ({WAITING})"))?
        .query_row(named_params! {":group": group}, |row| {
            Ok(Waiting {
                count: row.get(0)?,
                oldest: row.get::<_, Option<Micros>>(1)?.map(|Micros(time)| time),
            })
        })
}

/// From one group's first row in the index to the next one's, which is quick however much waits.
pub fn groups_waiting(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE queued (group_name) AS (
             SELECT min(group_name) FROM outbox WHERE state = 'waiting' AND message IS NULL
             UNION ALL
             SELECT (SELECT min(o.group_name) FROM outbox AS o
                     WHERE o.state = 'waiting' AND o.message IS NULL AND o.group_name > q.group_name)
             FROM queued AS q WHERE q.group_name IS NOT NULL)
         SELECT group_name FROM queued WHERE group_name IS NOT NULL
         UNION SELECT group_name FROM message WHERE state = 'begun' ORDER BY group_name",
    )?;
    row::all(&mut statement, [], |row| row.get(0))
}
