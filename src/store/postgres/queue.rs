//! The queues: who works on a group, and what is told next in it.

use futures_util::future::try_join;
use jiff::Timestamp;

use super::row::{self, DELIVERY, OUTBOX, PAYLOAD, Row};
use super::session::{Result, Session, Values};
use crate::store::FARTHEST;
use crate::store::queue::{Ask, Begun, Head, HeadRow, Pick, Which, WorkerId};
use crate::store::record::Leased;

/// What makes a row of a table called `o` wait in the queue of group `$1`.
const IN_QUEUE: &str = "o.state = 'waiting' AND o.message IS NULL AND o.group_name = $1";

/// What makes a row or message due: its time has come, or was written by a clock that has been set back since.
const DUE: &str = "(due_at <= $2 OR due_at > $3)";

pub async fn lease(db: &Session, ask: &Ask, now: Timestamp) -> Result<Head> {
    let (now, far) = (db.shift.inward(now), db.shift.inward(farthest(now)));
    let lease = lease_of(db, &ask.group).await?;
    let is_ours = lease.worker == Some(ask.worker);
    if !is_ours && lease.until > now && lease.until <= far {
        let until = db.shift.outward(lease.until);
        return Ok(Head::Taken { until });
    }
    // Most looks find nothing. They change nothing either.
    if lease.is_empty && !(is_ours && lease.until > now) {
        return Ok(Head::Empty);
    }
    let Some(told_at) = take(db, ask, now, far).await? else {
        let lease = lease_of(db, &ask.group).await?;
        let until = db.shift.outward(lease.until);
        return Ok(Head::Taken { until });
    };
    let head = head(db, ask, (now, far), told_at).await?;
    if !matches!(head, Head::Begun(_) | Head::Row(_)) {
        release(db, &ask.group, ask.worker).await?;
    }
    Ok(head)
}

/// Who leased a group last and until when, and whether nothing at all waits for it.
struct Lease {
    worker: Option<WorkerId>,
    until: i64,
    is_empty: bool,
}

async fn lease_of(db: &Session, group: &str) -> Result<Lease> {
    let row = db
        .query_one(
            &format!(
                "SELECT c.worker, coalesce(c.leased_until, 0) AS leased_until,
                        NOT EXISTS (SELECT 1 FROM outbox AS o WHERE {IN_QUEUE})
                        AND NOT EXISTS (SELECT 1 FROM message WHERE state = 'begun' AND group_name = $1) AS is_empty
                 FROM (SELECT 1) AS always LEFT JOIN chat AS c ON c.group_name = $1"
            ),
            &[&group],
        )
        .await?;
    Ok(Lease {
        worker: row.get("worker")?,
        until: row.get("leased_until")?,
        is_empty: row.get("is_empty")?,
    })
}

/// Takes the group, unless somebody else has it, and says when it was last told something. Of several that try at
/// once, the first is let through; the others wait for its commit and see its lease.
async fn take(db: &Session, ask: &Ask, now: i64, far: i64) -> Result<Option<Option<Timestamp>>> {
    db.query_opt(
        "INSERT INTO chat AS c (group_name, worker, leased_until) VALUES ($1, $2, $3)
         ON CONFLICT (group_name) DO UPDATE SET worker = $2, leased_until = $3
             WHERE c.worker = $2 OR c.leased_until <= $4 OR c.leased_until > $5
         RETURNING told_at",
        &[
            &ask.group,
            &ask.worker,
            &db.shift.inward(ask.until),
            &now,
            &far,
        ],
    )
    .await?
    .map(|row| row.maybe_time("told_at"))
    .transpose()
}

pub async fn release(db: &Session, group: &str, worker: WorkerId) -> Result<bool> {
    let released = db
        .execute(
            "UPDATE chat SET leased_until = 0 WHERE group_name = $1 AND worker = $2",
            &[&group, &worker],
        )
        .await?;
    Ok(released > 0)
}

/// Whether the worker has the group. If so, nobody else can take it before the transaction ends.
pub async fn holds(db: &Session, group: &str, worker: WorkerId) -> Result<bool> {
    db.exists(
        "SELECT 1 FROM chat WHERE group_name = $1 AND worker = $2 FOR UPDATE",
        &[&group, &worker],
    )
    .await
}

/// What one lane of a queue has to offer.
enum Lane {
    Begun(Begun),
    Row(Box<Leased>),
    Later(Timestamp),
    Empty,
}

type Times = (i64, i64);

async fn head(db: &Session, ask: &Ask, times: Times, told_at: Option<Timestamp>) -> Result<Head> {
    let lanes: &[bool] = match ask.which {
        Which::Urgent => &[true],
        Which::All | Which::Unfolded => &[true, false],
    };
    let mut later: Option<Timestamp> = None;
    for urgent in lanes {
        match lane(db, ask, *urgent, times).await? {
            Lane::Begun(begun) => return Ok(Head::Begun(begun)),
            Lane::Row(row) => {
                let behind = count_behind(db, &row, times).await?;
                return Ok(Head::Row(Box::new(HeadRow {
                    row: *row,
                    behind,
                    told_at,
                })));
            }
            Lane::Later(time) => later = Some(later.map_or(time, |known| known.min(time))),
            Lane::Empty => {}
        }
    }
    Ok(later.map_or(Head::Empty, Head::Later))
}

async fn lane(db: &Session, ask: &Ask, urgent: bool, (now, far): Times) -> Result<Lane> {
    let group = ask.group.as_str();
    // Written out where it counts, for only then an index serves it.
    let which = match ask.which {
        Which::Unfolded => "AND NOT o.folds",
        Which::All | Which::Urgent => "",
    };
    let first = format!(
        "SELECT {OUTBOX}, {DELIVERY}, {PAYLOAD}
         FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
         WHERE {IN_QUEUE} AND {DUE} AND o.urgent = $4 {which} ORDER BY o.seq LIMIT 1"
    );
    let values: Values<'_> = &[&group, &now, &far, &urgent];
    let (begun, first) = try_join(begun(db, group, urgent), db.query_opt(&first, values)).await?;
    if let Some(row) = begun {
        let due_at: i64 = row.get("due_at")?;
        return Ok(if due_at <= now || due_at > far {
            Lane::Begun(read_begun(&row)?)
        } else {
            Lane::Later(row.time("due_at")?)
        });
    }
    if let Some(row) = first {
        return Ok(Lane::Row(Box::new(row::leased(&row)?)));
    }
    // Whatever waits here is held back, which is little.
    let next = db
        .query_one(
            &format!(
                "SELECT min(o.due_at) AS due_at FROM outbox AS o WHERE {IN_QUEUE} AND o.urgent = $2 {which}"
            ),
            &[&group, &urgent],
        )
        .await?
        .maybe_time("due_at")?;
    Ok(next.map_or(Lane::Empty, Lane::Later))
}

/// The oldest begun message of a lane.
async fn begun(db: &Session, group: &str, urgent: bool) -> Result<Option<Row>> {
    db.query_opt(
        "SELECT id, shape, urgent, bot, body, plain, failures, begun_at, due_at FROM message
         WHERE state = 'begun' AND group_name = $1 AND urgent = $2 ORDER BY begun_at LIMIT 1",
        &[&group, &urgent],
    )
    .await
}

fn read_begun(row: &Row) -> Result<Begun> {
    Ok(Begun {
        id: row.get("id")?,
        shape: row::shape(row)?,
        urgent: row.get("urgent")?,
        bot: row.get("bot")?,
        body: row.get("body")?,
        plain: row.get("plain")?,
        failures: row.small("failures")?,
        begun_at: row.time("begun_at")?,
    })
}

async fn count_behind(db: &Session, head: &Leased, (now, far): Times) -> Result<u32> {
    if head.outbox.urgent {
        return Ok(0);
    }
    db.query_one(
        &format!(
            "SELECT count(*) AS behind FROM (
                 SELECT 1 FROM outbox AS o
                 WHERE {IN_QUEUE} AND NOT o.urgent AND o.seq > $4 AND o.folds AND {DUE} LIMIT $5) AS foldable"
        ),
        &[
            &head.outbox.group,
            &now,
            &far,
            &head.place,
            &i64::from(HeadRow::MOST),
        ],
    )
    .await?
    .count("behind")
}

pub async fn behind(
    db: &Session,
    group: &str,
    pick: &Pick,
    after: i64,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Leased>> {
    let select = format!(
        "SELECT {OUTBOX}, {DELIVERY}, {PAYLOAD} FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
         WHERE {IN_QUEUE} AND NOT o.urgent"
    );
    let limit = i64::from(limit);
    let rows = match pick {
        Pick::Thread(thread) => {
            db.query(
                &format!(
                    "{select} AND o.seq > $2 AND left(o.thread, 200) = left($3, 200) AND o.thread = $3
                     ORDER BY o.seq LIMIT $4"
                ),
                &[&group, &after, &thread, &limit],
            )
            .await?
        }
        Pick::Foldable => {
            let (now, far) = (db.shift.inward(now), db.shift.inward(farthest(now)));
            db.query(
                &format!(
                    "{select} AND {DUE} AND o.seq > $4 AND o.folds ORDER BY o.seq LIMIT $5"
                ),
                &[&group, &now, &far, &after, &limit],
            )
            .await?
        }
    };
    row::all(&rows, row::leased)
}

pub async fn divert(
    db: &Session,
    group: &str,
    to: &str,
    reason: &str,
    limit: u32,
) -> Result<usize> {
    let moved = db
        .execute(
            &format!(
                "UPDATE outbox SET group_name = $2, via_group = coalesce(via_group, $1), via_reason = $3
                 WHERE id IN (SELECT o.id FROM outbox AS o WHERE {IN_QUEUE} ORDER BY o.urgent, o.seq LIMIT $4 FOR UPDATE)"
            ),
            &[&group, &to, &reason, &i64::from(limit)],
        )
        .await?;
    Ok(usize::try_from(moved).unwrap_or(usize::MAX))
}

/// Past this, a time was written by a clock that has been set back since.
pub fn farthest(now: Timestamp) -> Timestamp {
    now.saturating_add(FARTHEST).unwrap_or(Timestamp::MAX)
}
