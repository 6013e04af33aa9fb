//! Looking into the store. Nothing in here writes.

use tokio_postgres::types::ToSql;

use super::row::{self, DELIVERY, OUTBOX, PAYLOAD, Row};
use super::session::{Result, Session};
use crate::store::record::{
    DeadCause, DeadFilter, DeadLetter, DeliveryId, DeliveryRecord, MessageId, MessageRecord,
    OutboxId, OutboxRecord, Received, Waiting,
};

/// Where a list without a page before it starts.
const AFTER_ALL: DeliveryId = DeliveryId(uuid::Uuid::max());

pub async fn delivery(db: &Session, id: DeliveryId) -> Result<Option<DeliveryRecord>> {
    let found = db
        .query_opt(
            &format!(
                "SELECT {DELIVERY}, {PAYLOAD}, d.vendor_key, d.evidence FROM delivery AS d WHERE d.id = $1"
            ),
            &[&id],
        )
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let evidence: Option<&str> = row.get("evidence")?;
    Ok(Some(DeliveryRecord {
        delivery: row::delivery(&row)?,
        payload: row::payload(&row)?,
        evidence: evidence.map(row::from_json).transpose()?,
        vendor_key: row.get("vendor_key")?,
        outbox: outbox_of(db, id).await?,
    }))
}

pub async fn received(
    db: &Session,
    before: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<Received>> {
    let rows = db
        .query(
            &format!("SELECT {DELIVERY}, {PAYLOAD} FROM delivery AS d WHERE d.id < $1 ORDER BY d.id DESC LIMIT $2"),
            &[&before.unwrap_or(AFTER_ALL), &i64::from(limit)],
        )
        .await?;
    row::all(&rows, |row| {
        Ok(Received {
            delivery: row::delivery(row)?,
            payload: row::payload(row)?,
        })
    })
}

async fn outbox_of(db: &Session, id: DeliveryId) -> Result<Vec<OutboxRecord>> {
    let rows = db
        .query(
            &format!("SELECT {OUTBOX} FROM outbox AS o WHERE o.delivery = $1 ORDER BY o.seq"),
            &[&id],
        )
        .await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        let outbox = row::outbox(row)?;
        records.push(OutboxRecord {
            state: row::state(row)?,
            queued_at: row.time("queued_at")?,
            via: row::via(row)?,
            messages: messages_of(db, outbox.id).await?,
            outbox,
        });
    }
    Ok(records)
}

async fn messages_of(db: &Session, id: OutboxId) -> Result<Vec<MessageRecord>> {
    let rows = db
        .query(
            "SELECT m.id, m.shape, m.failures, m.body,
                    (SELECT count(*) FROM part WHERE message = m.id) AS rows
             FROM part AS p JOIN message AS m ON m.id = p.message WHERE p.outbox = $1 ORDER BY m.begun_at",
            &[&id],
        )
        .await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: MessageId = row.get("id")?;
        let attempts = db
            .query(
                "SELECT * FROM attempt WHERE message = $1 ORDER BY id",
                &[&id],
            )
            .await?;
        records.push(MessageRecord {
            id,
            shape: row::shape(row)?,
            rows: row.count("rows")?,
            failures: row.small("failures")?,
            body: row.get("body")?,
            attempts: row::all(&attempts, row::attempt)?,
        });
    }
    Ok(records)
}

pub async fn dead(
    db: &Session,
    filter: &DeadFilter,
    before: Option<OutboxId>,
    limit: u32,
) -> Result<Vec<DeadLetter>> {
    let limit = i64::from(limit);
    let mut conditions = String::new();
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&limit];
    if let Some(group) = &filter.group {
        values.push(group);
        conditions.push_str(&format!(" AND o.group_name = ${}", values.len()));
    }
    if let Some(reason) = &filter.reason {
        values.push(reason);
        conditions.push_str(&format!(" AND {CAUSE} = ${}", values.len()));
    }
    if let Some(before) = &before {
        values.push(before);
        let at = values.len();
        conditions.push_str(&format!(
            " AND o.seq < (SELECT seq FROM outbox WHERE id = ${at})"
        ));
    }
    let rows = db
        .query(
            &format!(
                "SELECT {OUTBOX}, {DELIVERY},
                        (SELECT count(*) FROM part AS p JOIN attempt AS a ON a.message = p.message
                         WHERE p.outbox = o.id) AS attempts
                 FROM (SELECT o.* FROM outbox AS o WHERE o.state = 'dead'{conditions}
                       ORDER BY o.seq DESC LIMIT $1) AS o
                 JOIN delivery AS d ON d.id = o.delivery ORDER BY o.seq DESC"
            ),
            &values,
        )
        .await?;
    row::all(&rows, |row| {
        Ok(DeadLetter {
            outbox: row::outbox(row)?,
            delivery: row::delivery(row)?,
            died_at: row.time("settled_at")?,
            reason: row.get("reason")?,
            attempts: row.count("attempts")?,
        })
    })
}

/// The beginning of a dead row's reason, as the index `outbox_dead_of_cause` holds it.
const CAUSE: &str = "left(o.reason, 200)";

pub async fn dead_causes(db: &Session) -> Result<Vec<DeadCause>> {
    let rows = db
        .query(
            &format!(
                "SELECT o.group_name, {CAUSE} AS cause, count(*) AS count, min(o.settled_at) AS first,
                        max(o.settled_at) AS last
                 FROM outbox AS o WHERE o.state = 'dead' GROUP BY o.group_name, {CAUSE} ORDER BY last DESC"
            ),
            &[],
        )
        .await?;
    row::all(&rows, |row| {
        Ok(DeadCause {
            group: row.get("group_name")?,
            reason: row.get("cause")?,
            count: row.count("count")?,
            first: row.time("first")?,
            last: row.time("last")?,
        })
    })
}

/// In two parts, those in the queue and those in a message that is being posted, because each has an index.
const WAITING: &str =
    "SELECT group_name, queued_at FROM outbox WHERE state = 'waiting' AND message IS NULL
    UNION ALL
    SELECT o.group_name, o.queued_at FROM message AS m JOIN outbox AS o ON o.message = m.id
    WHERE m.state = 'begun' AND o.state = 'waiting'";

pub async fn waiting(db: &Session, group: &str) -> Result<Waiting> {
    let row = db
        .query_one(
            &format!(
                "SELECT count(*) AS count, min(queued_at) AS oldest FROM ({WAITING}) AS w WHERE group_name = $1"
            ),
            &[&group],
        )
        .await?;
    Ok(Waiting {
        count: row.count("count")?,
        oldest: row.maybe_time("oldest")?,
    })
}

/// From one group's first row in the index to the next one's, which is quick however much waits.
pub async fn groups_waiting(db: &Session) -> Result<Vec<String>> {
    let rows = db
        .query(
            "WITH RECURSIVE queued AS (
                 (SELECT group_name FROM outbox WHERE state = 'waiting' AND message IS NULL ORDER BY group_name LIMIT 1)
                 UNION ALL
                 SELECT (SELECT o.group_name FROM outbox AS o
                         WHERE o.state = 'waiting' AND o.message IS NULL AND o.group_name > q.group_name
                         ORDER BY o.group_name LIMIT 1)
                 FROM queued AS q WHERE q.group_name IS NOT NULL)
             SELECT group_name FROM queued WHERE group_name IS NOT NULL
             UNION SELECT group_name FROM message WHERE state = 'begun'",
            &[],
        )
        .await?;
    let mut groups: Vec<String> = row::all(&rows, |row: &Row| row.get("group_name"))?;
    groups.sort_unstable();
    Ok(groups)
}
