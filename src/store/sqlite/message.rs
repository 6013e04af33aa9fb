//! Messages: begun, posted again, and settled; and whether a bot may post.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::queue::{farthest, holds};
use super::row::{self, Day, Micros};
use crate::store::WINDOW;
use crate::store::queue::{Budget, Finish, Load, Next, Rest, Slot, Start, Usage, What, WorkerId};
use crate::store::record::{AttemptId, MessageId, OutboxId, Shape};

pub fn begin(connection: &Connection, start: Start, now: Timestamp) -> Result<Slot> {
    if !waits(connection, &start.what)? {
        return Ok(Slot::Gone);
    }
    if let Some(refused) = refusal(connection, &start, now)? {
        return Ok(refused);
    }
    let ends_at = now.saturating_add(start.timeout).unwrap_or(Timestamp::MAX);
    let (message, binds) = match &start.what {
        What::Test => (None, false),
        What::New {
            id,
            group,
            worker,
            shape,
            urgent,
            rows,
        } => {
            let times = (now, ends_at);
            insert(connection, *id, group, *shape, *urgent, &start, times)?;
            put_into(connection, *id, rows)?;
            hold(
                connection,
                group,
                *worker,
                ends_at,
                (!urgent).then_some(now),
            )?;
            (Some(*id), true)
        }
        What::Again { id, group, worker } => {
            let binds = bot_of(connection, *id)? != start.bot;
            connection
                .prepare_cached("UPDATE message SET bot = ?, body = ?, due_at = ? WHERE id = ?")?
                .execute(params![start.bot, start.body, Micros(ends_at), id])?;
            hold(connection, group, *worker, ends_at, None)?;
            (Some(*id), binds)
        }
    };
    count(connection, &start.budget, &start.bot)?;
    connection
        .prepare_cached(
            "INSERT INTO attempt (message, bot, binds, started_at, ends_at) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            message,
            start.bot,
            binds,
            Micros(now),
            Micros(ends_at)
        ])?;
    Ok(Slot::Granted(AttemptId(connection.last_insert_rowid())))
}

/// Whether what is to be posted still waits for it, and its group is in the hands of the worker that asks.
fn waits(connection: &Connection, what: &What) -> Result<bool> {
    match what {
        What::Test => Ok(true),
        What::New {
            group,
            worker,
            rows,
            ..
        } => {
            let mut waits = connection.prepare_cached(
                "SELECT 1 FROM outbox WHERE id = ? AND group_name = ? AND state = 'waiting' AND message IS NULL",
            )?;
            for row in rows {
                if !waits.exists(params![row, group])? {
                    return Ok(false);
                }
            }
            holds(connection, group, *worker)
        }
        What::Again { id, group, worker } => {
            let begun = connection
                .prepare_cached("SELECT 1 FROM message WHERE id = ? AND state = 'begun'")?
                .exists([id])?;
            Ok(begun && holds(connection, group, *worker)?)
        }
    }
}

/// Why the bot may not post now, if so.
fn refusal(connection: &Connection, start: &Start, now: Timestamp) -> Result<Option<Slot>> {
    if let Some(Rest { until, .. }) = rest_of(connection, &start.bot, now)?
        && until > now
    {
        return Ok(Some(Slot::Resting { until }));
    }
    forget_the_future(connection, &start.bot, now)?;
    // The attempt that has to leave the window before another may come in.
    let counted = counted(connection, &start.bot, now)?;
    if let Some(blocking) = counted.get(start.per_minute.saturating_sub(1) as usize) {
        let until = blocking.saturating_add(WINDOW).unwrap_or(Timestamp::MAX);
        return Ok(Some(Slot::Full { until }));
    }
    Ok(is_spent(connection, &start.budget, &start.bot)?.then_some(Slot::Spent))
}

/// The ends of the attempts that count against a bot's minute, newest first, but for those far in the future, which
/// [`forget_the_future`] is to bring back.
fn counted(connection: &Connection, bot: &str, now: Timestamp) -> Result<Vec<Timestamp>> {
    let since = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let mut statement = connection.prepare_cached(
        "SELECT ends_at FROM attempt WHERE bot = ? AND ends_at > ? AND ends_at <= ? ORDER BY ends_at DESC",
    )?;
    let values = params![bot, Micros(since), Micros(farthest(now))];
    row::all(&mut statement, values, |row| row::time(row, "ends_at"))
}

/// An attempt far in the future was made before the clock was set back. It may have been a moment ago, so it ends now.
fn forget_the_future(connection: &Connection, bot: &str, now: Timestamp) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE attempt SET ends_at = :now WHERE bot = :bot AND ends_at > :farthest",
        )?
        .execute(named_params! {
            ":now": Micros(now),
            ":bot": bot,
            ":farthest": Micros(farthest(now)),
        })
        .map(drop)
}

fn is_spent(connection: &Connection, budget: &Budget, bot: &str) -> Result<bool> {
    let month = Day(budget.month);
    if let Some(limit) = budget.of_bot {
        let posts: u32 = connection
            .prepare_cached("SELECT coalesce(sum(posts), 0) FROM usage WHERE bot = ? AND day >= ?")?
            .query_row(params![bot, month], |row| row.get(0))?;
        if posts >= limit {
            return Ok(true);
        }
    }
    let Some(limit) = budget.of_organization else {
        return Ok(false);
    };
    let posts: u32 = connection
        .prepare_cached(
            "SELECT coalesce(sum(posts), 0) FROM usage WHERE organization = ? AND day >= ?",
        )?
        .query_row(params![budget.organization, month], |row| row.get(0))?;
    Ok(posts >= limit)
}

fn count(connection: &Connection, budget: &Budget, bot: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO usage (day, organization, bot, posts) VALUES (?, ?, ?, 1)
             ON CONFLICT (day, organization, bot) DO UPDATE SET posts = posts + 1",
        )?
        .execute(params![Day(budget.day), budget.organization, bot])
        .map(drop)
}

/// A single message that died and is told again comes back under its old id.
fn insert(
    connection: &Connection,
    id: MessageId,
    group: &str,
    shape: Shape,
    urgent: bool,
    start: &Start,
    (now, ends_at): (Timestamp, Timestamp),
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO message (id, group_name, shape, urgent, state, bot, body, begun_at, due_at)
             VALUES (:id, :group, :shape, :urgent, 'begun', :bot, :body, :now, :due_at)
             ON CONFLICT (id) DO UPDATE SET group_name = :group, shape = :shape, urgent = :urgent,
                 state = 'begun', bot = :bot, body = :body, plain = 0, failures = 0, begun_at = :now,
                 due_at = :due_at, settled_at = NULL",
        )?
        .execute(named_params! {
            ":id": id,
            ":group": group,
            ":shape": shape,
            ":urgent": urgent,
            ":bot": start.bot,
            ":body": start.body,
            ":now": Micros(now),
            ":due_at": Micros(ends_at),
        })
        .map(drop)
}

fn put_into(connection: &Connection, message: MessageId, rows: &[OutboxId]) -> Result<()> {
    let mut link =
        connection.prepare_cached("INSERT OR IGNORE INTO part (outbox, message) VALUES (?, ?)")?;
    let mut mark = connection.prepare_cached("UPDATE outbox SET message = ? WHERE id = ?")?;
    for row in rows {
        link.execute(params![row, message])?;
        mark.execute(params![message, row])?;
    }
    Ok(())
}

/// Keeps the group in the worker's hands at least until then.
fn hold(
    connection: &Connection,
    group: &str,
    worker: WorkerId,
    until: Timestamp,
    told_at: Option<Timestamp>,
) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE chat SET leased_until = max(leased_until, ?), told_at = coalesce(?, told_at)
             WHERE group_name = ? AND worker = ?",
        )?
        .execute(params![Micros(until), told_at.map(Micros), group, worker])
        .map(drop)
}

fn bot_of(connection: &Connection, id: MessageId) -> Result<String> {
    connection
        .prepare_cached("SELECT bot FROM message WHERE id = ?")?
        .query_row([id], |row| row.get(0))
}

pub fn finish(
    connection: &Connection,
    attempt: AttemptId,
    finish: Finish,
    now: Timestamp,
) -> Result<()> {
    let now = Micros(now);
    let ended: Option<(Option<MessageId>, bool)> = connection
        .prepare_cached(
            "UPDATE attempt SET finished_at = :now, ends_at = :now, code = :code, sentence = :sentence
             WHERE id = :attempt RETURNING message, binds",
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
        Next::RetryAt(time) => put_off(connection, id, Micros(time), 1),
        Next::Release if binds => dissolve(connection, id, now),
        // Of an earlier attempt, whose end is not known, this one's says nothing.
        Next::Release => put_off(connection, id, now, 0),
        Next::Reassign => dissolve(connection, id, now),
        Next::Instead(body) => connection
            .prepare_cached(
                "UPDATE message SET body = ?, plain = 1, due_at = ? WHERE id = ? AND state = 'begun'",
            )?
            .execute(params![body, now, id])
            .map(drop),
    }
}

fn settle(
    connection: &Connection,
    id: MessageId,
    state: &str,
    now: Micros,
    reason: Option<String>,
) -> Result<()> {
    let settled = connection
        .prepare_cached(
            "UPDATE message SET state = ?, settled_at = ? WHERE id = ? AND state = 'begun'",
        )?
        .execute(params![state, now, id])?;
    if settled > 0 {
        connection
            .prepare_cached(
                "UPDATE outbox SET state = ?, settled_at = ?, reason = ? WHERE message = ?",
            )?
            .execute(params![state, now, reason, id])?;
    }
    Ok(())
}

fn put_off(connection: &Connection, id: MessageId, due_at: Micros, failures: u32) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE message SET due_at = ?, failures = failures + ? WHERE id = ? AND state = 'begun'",
        )?
        .execute(params![due_at, failures, id])
        .map(drop)
}

fn dissolve(connection: &Connection, id: MessageId, now: Micros) -> Result<()> {
    let dissolved = connection
        .prepare_cached(
            "UPDATE message SET state = 'dissolved', settled_at = ? WHERE id = ? AND state = 'begun'",
        )?
        .execute(params![now, id])?;
    if dissolved > 0 {
        connection
            .prepare_cached("UPDATE outbox SET message = NULL WHERE message = ?")?
            .execute([id])?;
    }
    Ok(())
}

pub fn bury(
    connection: &Connection,
    rows: &[OutboxId],
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let mut bury = connection.prepare_cached(
        "UPDATE outbox SET state = 'dead', settled_at = ?, reason = ?
         WHERE id = ? AND state = 'waiting' AND message IS NULL",
    )?;
    for row in rows {
        bury.execute(params![Micros(now), reason, row])?;
    }
    Ok(())
}

pub fn load(connection: &Connection, bots: Vec<String>, now: Timestamp) -> Result<Vec<Load>> {
    bots.into_iter()
        .map(|bot| {
            Ok(Load {
                counted: counted(connection, &bot, now)?,
                rest: rest_of(connection, &bot, now)?,
                bot,
            })
        })
        .collect()
}

pub fn rest_bot(connection: &Connection, bot: &str, rest: &Rest, now: Timestamp) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO bot (id, rest_from, rest_until, rest_level, aside) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            bot,
            Micros(now),
            Micros(rest.until),
            rest.level,
            rest.aside
        ])
        .map(drop)
}

/// A rest that begins far in the future was written before the clock was set back; it counts as over.
fn rest_of(connection: &Connection, bot: &str, now: Timestamp) -> Result<Option<Rest>> {
    connection
        .prepare_cached(
            "SELECT iif(rest_from > :farthest, :now, rest_until) AS rest_until, rest_level, aside
             FROM bot WHERE id = :bot",
        )?
        .query_row(
            named_params! {
                ":bot": bot,
                ":now": Micros(now),
                ":farthest": Micros(farthest(now)),
            },
            row::rest,
        )
        .optional()
}

pub fn reset_rest(connection: &Connection, bot: &str) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM bot WHERE id = ?")?
        .execute([bot])
        .map(drop)
}

pub fn usage(connection: &Connection, since: Day) -> Result<Vec<Usage>> {
    let mut statement = connection.prepare_cached(
        "SELECT day, organization, bot, posts FROM usage WHERE day >= ? ORDER BY day, organization, bot",
    )?;
    row::all(&mut statement, [since], |row| {
        let Day(day) = row.get("day")?;
        Ok(Usage {
            day,
            organization: row.get("organization")?,
            bot: row.get("bot")?,
            posts: row.get("posts")?,
        })
    })
}
