//! The queues: who works on a group, and what is told next in it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{self, DELIVERY, Micros, OUTBOX, PAYLOAD};
use crate::store::FARTHEST;
use crate::store::queue::{Ask, Begun, Head, HeadRow, Pick, Which, WorkerId};
use crate::store::record::Leased;

/// What makes a row wait in its queue, of a table called `o`.
const IN_QUEUE: &str = "o.state = 'waiting' AND o.message IS NULL AND o.group_name = :group";

/// What makes a row or message due: its time has come, or was written by a clock that has been set back since.
const DUE: &str = "(due_at <= :now OR due_at > :farthest)";

pub fn lease(connection: &Connection, ask: &Ask, now: Timestamp) -> Result<Head> {
    let (holder, until) = lease_of(connection, &ask.group)?;
    let is_ours = holder == Some(ask.worker);
    if !is_ours && until > now && until <= farthest(now) {
        return Ok(Head::Taken { until });
    }
    let head = head(connection, ask, now)?;
    if matches!(head, Head::Begun(_) | Head::Row(_)) {
        take(connection, ask)?;
    } else if is_ours && until > now {
        release(connection, &ask.group, ask.worker)?;
    }
    Ok(head)
}

/// Who leased a group last, and until when; long ago where nobody ever did.
fn lease_of(connection: &Connection, group: &str) -> Result<(Option<WorkerId>, Timestamp)> {
    let lease = connection
        .prepare_cached("SELECT worker, leased_until FROM chat WHERE group_name = ?")?
        .query_row([group], |row| {
            Ok((row.get(0)?, row::time(row, "leased_until")?))
        })
        .optional()?;
    Ok(lease.unwrap_or((None, Timestamp::MIN)))
}

fn take(connection: &Connection, ask: &Ask) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO chat (group_name, worker, leased_until) VALUES (?1, ?2, ?3)
             ON CONFLICT (group_name) DO UPDATE SET worker = ?2, leased_until = ?3",
        )?
        .execute(params![ask.group, ask.worker, Micros(ask.until)])
        .map(drop)
}

pub fn release(connection: &Connection, group: &str, worker: WorkerId) -> Result<()> {
    connection
        .prepare_cached("UPDATE chat SET leased_until = 0 WHERE group_name = ? AND worker = ?")?
        .execute(params![group, worker])
        .map(drop)
}

pub fn holds(connection: &Connection, group: &str, worker: WorkerId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM chat WHERE group_name = ? AND worker = ?")?
        .exists(params![group, worker])
}

/// What one lane of a queue has to offer.
enum Lane {
    Begun(Begun),
    Row(Box<Leased>),
    Later(Timestamp),
    Empty,
}

fn head(connection: &Connection, ask: &Ask, now: Timestamp) -> Result<Head> {
    let lanes: &[bool] = match ask.which {
        Which::Urgent => &[true],
        Which::All | Which::Unfolded => &[true, false],
    };
    let mut later: Option<Timestamp> = None;
    for urgent in lanes {
        match lane(connection, ask, *urgent, now)? {
            Lane::Begun(begun) => return Ok(Head::Begun(begun)),
            Lane::Row(row) => {
                let head = head_row(connection, *row, now)?;
                return Ok(Head::Row(Box::new(head)));
            }
            Lane::Later(time) => later = Some(later.map_or(time, |known| known.min(time))),
            Lane::Empty => {}
        }
    }
    Ok(later.map_or(Head::Empty, Head::Later))
}

fn lane(connection: &Connection, ask: &Ask, urgent: bool, now: Timestamp) -> Result<Lane> {
    let group = &ask.group;
    // Written out where it counts, for only then an index serves it.
    let which = match ask.which {
        Which::Unfolded => "AND o.folds = 0",
        Which::All | Which::Urgent => "",
    };
    if let Some((begun, due_at)) = begun(connection, group, urgent)? {
        return Ok(if due_at <= now || due_at > farthest(now) {
            Lane::Begun(begun)
        } else {
            Lane::Later(due_at)
        });
    }
    let first = connection
        .prepare_cached(&format!(
            "SELECT {OUTBOX}, {DELIVERY}, {PAYLOAD}
             FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
             WHERE {IN_QUEUE} AND o.urgent = :urgent {which} AND {DUE}
             ORDER BY o.seq LIMIT 1"
        ))?
        .query_row(
            named_params! {
                ":group": group,
                ":urgent": urgent,
                ":now": Micros(now),
                ":farthest": Micros(farthest(now)),
            },
            row::leased,
        )
        .optional()?;
    if let Some(row) = first {
        return Ok(Lane::Row(Box::new(row)));
    }
    let next: Option<Micros> = connection
        .prepare_cached(&format!(
            "SELECT min(o.due_at) FROM outbox AS o WHERE {IN_QUEUE} AND o.urgent = :urgent {which}"
        ))?
        .query_row(named_params! {":group": group, ":urgent": urgent}, |row| {
            row.get(0)
        })?;
    Ok(next.map_or(Lane::Empty, |Micros(time)| Lane::Later(time)))
}

/// The oldest begun message of a lane, and when it is due.
fn begun(connection: &Connection, group: &str, urgent: bool) -> Result<Option<(Begun, Timestamp)>> {
    connection
        .prepare_cached(
            "SELECT id, shape, urgent, bot, body, plain, failures, begun_at, due_at FROM message
             WHERE state = 'begun' AND group_name = ? AND urgent = ? ORDER BY begun_at LIMIT 1",
        )?
        .query_row(params![group, urgent], |row| {
            let begun = Begun {
                id: row.get("id")?,
                shape: row.get("shape")?,
                urgent: row.get("urgent")?,
                bot: row.get("bot")?,
                body: row.get("body")?,
                plain: row.get("plain")?,
                failures: row.get("failures")?,
                begun_at: row::time(row, "begun_at")?,
            };
            Ok((begun, row::time(row, "due_at")?))
        })
        .optional()
}

fn head_row(connection: &Connection, head: Leased, now: Timestamp) -> Result<HeadRow> {
    let group = &head.outbox.group;
    let behind = if head.outbox.urgent {
        0
    } else {
        connection
            .prepare_cached(&format!(
                "SELECT count(*) FROM (
                     SELECT 1 FROM outbox AS o
                     WHERE {IN_QUEUE} AND o.urgent = 0 AND o.seq > :after AND o.folds = 1 AND {DUE}
                     LIMIT :most)"
            ))?
            .query_row(
                named_params! {
                    ":group": group,
                    ":after": head.place,
                    ":now": Micros(now),
                    ":farthest": Micros(farthest(now)),
                    ":most": HeadRow::MOST,
                },
                |row| row.get(0),
            )?
    };
    let told_at = connection
        .prepare_cached("SELECT told_at FROM chat WHERE group_name = ?")?
        .query_row([group], |row| row::maybe_time(row, "told_at"))
        .optional()?
        .flatten();
    Ok(HeadRow {
        row: head,
        behind,
        told_at,
    })
}

pub fn behind(
    connection: &Connection,
    group: &str,
    pick: &Pick,
    after: i64,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Leased>> {
    let select = format!(
        "SELECT {OUTBOX}, {DELIVERY}, {PAYLOAD} FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery
         WHERE {IN_QUEUE} AND o.urgent = 0 AND o.seq > :after"
    );
    match pick {
        Pick::Thread(thread) => {
            let mut statement = connection.prepare_cached(&format!(
                "{select} AND o.thread = :thread ORDER BY o.seq LIMIT :limit"
            ))?;
            let values = named_params! {
                ":group": group,
                ":after": after,
                ":limit": limit,
                ":thread": thread,
            };
            row::all(&mut statement, values, row::leased)
        }
        Pick::Foldable => {
            let mut statement = connection.prepare_cached(&format!(
                "{select} AND o.folds = 1 AND {DUE} ORDER BY o.seq LIMIT :limit"
            ))?;
            let values = named_params! {
                ":group": group,
                ":after": after,
                ":limit": limit,
                ":now": Micros(now),
                ":farthest": Micros(farthest(now)),
            };
            row::all(&mut statement, values, row::leased)
        }
    }
}

pub fn divert(
    connection: &Connection,
    group: &str,
    to: &str,
    reason: &str,
    limit: u32,
) -> Result<usize> {
    connection
        .prepare_cached(&format!(
            "UPDATE outbox SET group_name = :to, via_group = coalesce(via_group, :group), via_reason = :reason
             WHERE seq IN (SELECT o.seq FROM outbox AS o WHERE {IN_QUEUE} ORDER BY o.seq LIMIT :limit)"
        ))?
        .execute(named_params! {
            ":group": group,
            ":to": to,
            ":reason": reason,
            ":limit": limit,
        })
}

/// Past this, a time was written by a clock that has been set back since.
pub fn farthest(now: Timestamp) -> Timestamp {
    now.saturating_add(FARTHEST).unwrap_or(Timestamp::MAX)
}
