//! The queues: what is posted next, when, and whether the bot may.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{self, DELIVERY, Micros, OUTBOX, PAYLOAD};
use crate::store::WINDOW;
use crate::store::record::{AttemptId, Finish, Leased, Next, OutboxId, Rest, Slot, Start};

pub fn lease(
    connection: &Connection,
    group: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Leased>> {
    let Some((seq, free_at)) = head(connection, group)? else {
        return Ok(None);
    };
    if free_at > now {
        return Ok(None);
    }
    connection
        .prepare_cached("UPDATE outbox SET leased_until = ? WHERE seq = ?")?
        .execute(params![Micros(until), seq])?;
    connection
        .prepare_cached(&format!(
            "SELECT {OUTBOX}, {DELIVERY}, {PAYLOAD}
             FROM outbox AS o JOIN delivery AS d ON d.id = o.delivery WHERE o.seq = ?"
        ))?
        .query_row([seq], |row| {
            Ok(Some(Leased {
                outbox: row::outbox(row)?,
                delivery: row::delivery(row)?,
                payload: row::payload(row)?,
                queued_at: row::time(row, "queued_at")?,
                failures: row.get("failures")?,
                bound_to: row.get("bound_to")?,
                wrote: row.get("wrote")?,
            }))
        })
}

pub fn next_due(connection: &Connection, group: &str) -> Result<Option<Timestamp>> {
    Ok(head(connection, group)?.map(|(_, free_at)| free_at))
}

/// The head of a group's queue, and when its pause and its lease are over.
fn head(connection: &Connection, group: &str) -> Result<Option<(i64, Timestamp)>> {
    connection
        .prepare_cached(
            "SELECT seq, max(due_at, leased_until) AS free_at FROM outbox
             WHERE state = 'waiting' AND group_name = ? ORDER BY urgent DESC, seq LIMIT 1",
        )?
        .query_row([group], |row| Ok((row.get(0)?, row::time(row, "free_at")?)))
        .optional()
}

pub fn begin_attempt(connection: &Connection, start: Start, now: Timestamp) -> Result<Slot> {
    if let Some(id) = start.outbox
        && !waits(connection, id)?
    {
        return Ok(Slot::Gone);
    }
    if let Some(refused) = refusal(connection, &start, now)? {
        if let Some(id) = start.outbox {
            connection
                .prepare_cached("UPDATE outbox SET leased_until = 0 WHERE id = ?")?
                .execute([id])?;
        }
        return Ok(refused);
    }
    let ends_at = now.saturating_add(start.timeout).unwrap_or(Timestamp::MAX);
    let binds = match start.outbox {
        Some(id) => bound_to(connection, id)?.as_ref() != Some(&start.bot),
        None => false,
    };
    if let Some(id) = start.outbox {
        connection
            .prepare_cached(
                "UPDATE outbox SET wrote = ?, bound_to = ?, leased_until = max(leased_until, ?)
                 WHERE id = ?",
            )?
            .execute(params![start.body, start.bot, Micros(ends_at), id])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO attempt (outbox, bot, binds, started_at, ends_at) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            start.outbox,
            start.bot,
            binds,
            Micros(now),
            Micros(ends_at)
        ])?;
    Ok(Slot::Granted(AttemptId(connection.last_insert_rowid())))
}

fn bound_to(connection: &Connection, id: OutboxId) -> Result<Option<String>> {
    connection
        .prepare_cached("SELECT bound_to FROM outbox WHERE id = ?")?
        .query_row([id], |row| row.get(0))
}

fn waits(connection: &Connection, id: OutboxId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM outbox WHERE id = ? AND state = 'waiting'")?
        .exists([id])
}

/// Why the bot may not post now, if so.
fn refusal(connection: &Connection, start: &Start, now: Timestamp) -> Result<Option<Slot>> {
    if let Some(Rest { until, .. }) = rest_of(connection, &start.bot)?
        && until > now
    {
        return Ok(Some(Slot::Resting { until }));
    }
    // The attempt that has to leave the window before another may come in.
    let since = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let blocking = connection
        .prepare_cached(
            "SELECT ends_at FROM attempt WHERE bot = ? AND ends_at > ? ORDER BY ends_at DESC LIMIT 1 OFFSET ?",
        )?
        .query_row(
            params![start.bot, Micros(since), start.per_minute.saturating_sub(1)],
            |row| row::time(row, "ends_at"),
        )
        .optional()?;
    Ok(blocking.map(|ends_at| Slot::Full {
        until: ends_at.saturating_add(WINDOW).unwrap_or(Timestamp::MAX),
    }))
}

pub fn finish_attempt(
    connection: &Connection,
    attempt: AttemptId,
    finish: Finish,
    now: Timestamp,
) -> Result<()> {
    let now = Micros(now);
    let ended: Option<(Option<OutboxId>, bool)> = connection
        .prepare_cached(
            "UPDATE attempt SET finished_at = :now, ends_at = :now, code = :code, sentence = :sentence
             WHERE id = :attempt RETURNING outbox, binds",
        )?
        .query_row(
            named_params! {
                ":now": now,
                ":code": finish.code,
                ":sentence": finish.sentence,
                ":attempt": attempt,
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((Some(id), binds)) = ended else {
        return Ok(());
    };
    match finish.next {
        Next::Posted => settle(connection, id, "posted", now, None),
        Next::Dead(reason) => settle(connection, id, "dead", now, Some(reason)),
        Next::RetryAt(time) => retry(connection, id, Micros(time)),
        // Of an earlier attempt, whose end is not known, this one's says nothing.
        Next::Release => release(connection, id, now, binds),
        Next::Reassign => release(connection, id, now, true),
    }
}

pub fn bury(connection: &Connection, id: OutboxId, reason: String, now: Timestamp) -> Result<()> {
    settle(connection, id, "dead", Micros(now), Some(reason))
}

fn settle(
    connection: &Connection,
    id: OutboxId,
    state: &str,
    now: Micros,
    reason: Option<String>,
) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = ?, settled_at = ?, reason = ? WHERE id = ? AND state = 'waiting'",
        )?
        .execute(params![state, now, reason, id])
        .map(drop)
}

fn retry(connection: &Connection, id: OutboxId, due_at: Micros) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE outbox SET leased_until = 0, due_at = ?, failures = failures + 1
             WHERE id = ? AND state = 'waiting'",
        )?
        .execute(params![due_at, id])
        .map(drop)
}

fn release(connection: &Connection, id: OutboxId, now: Micros, unbind: bool) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE outbox SET leased_until = 0, due_at = ?, bound_to = iif(?, NULL, bound_to)
             WHERE id = ? AND state = 'waiting'",
        )?
        .execute(params![now, unbind, id])
        .map(drop)
}

pub fn rest_bot(connection: &Connection, bot: &str, rest: Rest) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO bot (id, rest_until, rest_level) VALUES (?, ?, ?)")?
        .execute(params![bot, Micros(rest.until), rest.level])
        .map(drop)
}

pub fn rest_of(connection: &Connection, bot: &str) -> Result<Option<Rest>> {
    connection
        .prepare_cached("SELECT rest_until, rest_level FROM bot WHERE id = ?")?
        .query_row([bot], |row| {
            Ok(Rest {
                until: row::time(row, "rest_until")?,
                level: row.get("rest_level")?,
            })
        })
        .optional()
}

pub fn reset_rest(connection: &Connection, bot: &str) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM bot WHERE id = ?")?
        .execute([bot])
        .map(drop)
}
