//! Messages: begun, posted again, and settled; and whether a bot may post.
//!
//! Of the rows that several replicas may want at once, each is locked before it is looked at: the group's, then the
//! message's and its rows, then the bot's and the organisation's counts, always in this order.

use futures_util::future::{try_join, try_join3};
use jiff::Timestamp;
use jiff::civil::Date;

use super::queue::{farthest, holds};
use super::row::{self, Row, small};
use super::session::{Result, Session, Values};
use crate::store::WINDOW;
use crate::store::queue::{Budget, Finish, Load, Next, Rest, Slot, Start, Usage, What, WorkerId};
use crate::store::record::{AttemptId, MessageId, OutboxId, Shape};

pub async fn begin(db: &Session, start: Start, now: Timestamp) -> Result<Slot> {
    if !waits(db, &start.what).await? {
        return Ok(Slot::Gone);
    }
    lock_counts(db, &start).await?;
    if let Some(refused) = refusal(db, &start, now).await? {
        return Ok(refused);
    }
    let ends_at = now.saturating_add(start.timeout).unwrap_or(Timestamp::MAX);
    let (now, ends_at) = (db.shift.inward(now), db.shift.inward(ends_at));
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
            try_join3(
                insert(db, *id, group, *shape, *urgent, &start, (now, ends_at)),
                put_into(db, *id, rows),
                hold(db, group, *worker, ends_at, (!urgent).then_some(now)),
            )
            .await?;
            (Some(*id), true)
        }
        What::Again { id, group, worker } => {
            let bot: String = db
                .query_one("SELECT bot FROM message WHERE id = $1", &[id])
                .await?
                .get("bot")?;
            db.execute(
                "UPDATE message SET bot = $1, body = $2, due_at = $3 WHERE id = $4",
                &[&start.bot, &start.body, &ends_at, id],
            )
            .await?;
            hold(db, group, *worker, ends_at, None).await?;
            (Some(*id), bot != start.bot)
        }
    };
    let values: Values<'_> = &[&message, &start.bot, &binds, &now, &ends_at];
    let attempt = db.query_one(
        "INSERT INTO attempt (message, bot, binds, started_at, ends_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        values,
    );
    let ((), attempt) = try_join(count(db, &start.budget, &start.bot), attempt).await?;
    Ok(Slot::Granted(attempt.get("id")?))
}

/// Whether what is to be posted still waits for it, and its group is in the hands of the worker that asks.
async fn waits(db: &Session, what: &What) -> Result<bool> {
    match what {
        What::Test => Ok(true),
        What::New {
            group,
            worker,
            rows,
            ..
        } => {
            if !holds(db, group, *worker).await? {
                return Ok(false);
            }
            // By their ids alone, so that no plan goes through the queue for them.
            let found = db
                .query(
                    "SELECT group_name = $2 AND state = 'waiting' AND message IS NULL AS waits FROM outbox
                     WHERE id = ANY($1) ORDER BY id FOR UPDATE",
                    &[rows, group],
                )
                .await?;
            let waits: Vec<bool> = row::all(&found, |row| row.get("waits"))?;
            Ok(waits.len() == rows.len() && !waits.contains(&false))
        }
        What::Again { id, group, worker } => {
            let begun = "SELECT 1 FROM message WHERE id = $1 AND state = 'begun' FOR UPDATE";
            Ok(holds(db, group, *worker).await? && db.exists(begun, &[id]).await?)
        }
    }
}

/// Has the bot's and the organisation's posts counted by one transaction at a time. Two that count at once would each
/// find room for one more.
async fn lock_counts(db: &Session, start: &Start) -> Result<()> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || $1, $2))::text";
    db.execute(lock, &[&start.bot, &1_i64]).await?;
    if start.budget.of_organization.is_some() {
        db.execute(lock, &[&start.budget.organization, &2_i64])
            .await?;
    }
    Ok(())
}

/// Why the bot may not post now, if so.
async fn refusal(db: &Session, start: &Start, now: Timestamp) -> Result<Option<Slot>> {
    if let Some(Rest { until, .. }) = rest_of(db, &start.bot, now).await?
        && until > now
    {
        return Ok(Some(Slot::Resting { until }));
    }
    forget_the_future(db, &start.bot, now).await?;
    // The attempt that has to leave the window before another may come in.
    let counted = counted(db, &start.bot, now).await?;
    if let Some(blocking) = counted.get(start.per_minute.saturating_sub(1) as usize) {
        let until = blocking.saturating_add(WINDOW).unwrap_or(Timestamp::MAX);
        return Ok(Some(Slot::Full { until }));
    }
    let is_spent = is_spent(db, &start.budget, &start.bot).await?;
    Ok(is_spent.then_some(Slot::Spent))
}

/// The ends of the attempts that count against a bot's minute, newest first, but for those far in the future, which
/// [`forget_the_future`] is to bring back.
async fn counted(db: &Session, bot: &str, now: Timestamp) -> Result<Vec<Timestamp>> {
    let since = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let rows = db
        .query(
            "SELECT ends_at FROM attempt WHERE bot = $1 AND ends_at > $2 AND ends_at <= $3 ORDER BY ends_at DESC",
            &[&bot, &db.shift.inward(since), &db.shift.inward(farthest(now))],
        )
        .await?;
    row::all(&rows, |row| row.time("ends_at"))
}

/// An attempt far in the future was made before the clock was set back. It may have been a moment ago, so it ends now.
async fn forget_the_future(db: &Session, bot: &str, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE attempt SET ends_at = $1 WHERE bot = $2 AND ends_at > $3",
        &[&db.shift.inward(now), &bot, &db.shift.inward(farthest(now))],
    )
    .await
    .map(drop)
}

async fn is_spent(db: &Session, budget: &Budget, bot: &str) -> Result<bool> {
    let month = budget.month.to_string();
    if let Some(limit) = budget.of_bot {
        let posts = db
            .query_one(
                "SELECT coalesce(sum(posts), 0)::bigint AS posts FROM usage WHERE bot = $1 AND day >= $2",
                &[&bot, &month],
            )
            .await?;
        if posts.count("posts")? >= limit {
            return Ok(true);
        }
    }
    let Some(limit) = budget.of_organization else {
        return Ok(false);
    };
    let posts = db
        .query_one(
            "SELECT coalesce(sum(posts), 0)::bigint AS posts FROM usage WHERE organization = $1 AND day >= $2",
            &[&budget.organization, &month],
        )
        .await?;
    Ok(posts.count("posts")? >= limit)
}

async fn count(db: &Session, budget: &Budget, bot: &str) -> Result<()> {
    db.execute(
        "INSERT INTO usage AS u (day, organization, bot, posts) VALUES ($1, $2, $3, 1)
         ON CONFLICT (day, organization, bot) DO UPDATE SET posts = u.posts + 1",
        &[&budget.day.to_string(), &budget.organization, &bot],
    )
    .await
    .map(drop)
}

/// A single message that died and is told again comes back under its old id.
async fn insert(
    db: &Session,
    id: MessageId,
    group: &str,
    shape: Shape,
    urgent: bool,
    start: &Start,
    (now, ends_at): (i64, i64),
) -> Result<()> {
    db.execute(
        "INSERT INTO message (id, group_name, shape, urgent, state, bot, body, begun_at, due_at)
         VALUES ($1, $2, $3, $4, 'begun', $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET group_name = $2, shape = $3, urgent = $4, state = 'begun', bot = $5,
             body = $6, plain = false, failures = 0, begun_at = $7, due_at = $8, settled_at = NULL",
        &[
            &id,
            &group,
            &shape.name(),
            &urgent,
            &start.bot,
            &start.body,
            &now,
            &ends_at,
        ],
    )
    .await
    .map(drop)
}

async fn put_into(db: &Session, message: MessageId, rows: &[OutboxId]) -> Result<()> {
    let values: Values<'_> = &[&rows, &message];
    let link =
        "INSERT INTO part (outbox, message) SELECT n.id, $2 FROM unnest($1::uuid[]) AS n (id)
         ON CONFLICT DO NOTHING";
    let mark = "UPDATE outbox SET message = $2 WHERE id = ANY($1)";
    try_join(db.execute(link, values), db.execute(mark, values))
        .await
        .map(drop)
}

/// Keeps the group in the worker's hands at least until then.
async fn hold(
    db: &Session,
    group: &str,
    worker: WorkerId,
    until: i64,
    told_at: Option<i64>,
) -> Result<()> {
    db.execute(
        "UPDATE chat SET leased_until = greatest(leased_until, $1), told_at = coalesce($2, told_at)
         WHERE group_name = $3 AND worker = $4",
        &[&until, &told_at, &group, &worker],
    )
    .await
    .map(drop)
}

pub async fn finish(
    db: &Session,
    attempt: AttemptId,
    finish: Finish,
    now: Timestamp,
) -> Result<()> {
    let now = db.shift.inward(now);
    let ended = db
        .query_opt(
            "UPDATE attempt SET finished_at = $1, ends_at = $1, code = $2, sentence = $3
             WHERE id = $4 RETURNING message, binds",
            &[&now, &finish.code, &finish.sentence, &attempt],
        )
        .await?;
    let Some(ended) = ended else {
        return Ok(());
    };
    let Some(id): Option<MessageId> = ended.get("message")? else {
        return Ok(());
    };
    let binds: bool = ended.get("binds")?;
    match finish.next {
        Next::Posted => settle(db, id, "posted", now, None).await,
        Next::Dead(reason) => settle(db, id, "dead", now, Some(reason)).await,
        Next::RetryAt(time) => put_off(db, id, db.shift.inward(time), 1).await,
        Next::Release if binds => dissolve(db, id, now).await,
        // Of an earlier attempt, whose end is not known, this one's says nothing.
        Next::Release => put_off(db, id, now, 0).await,
        Next::Reassign => dissolve(db, id, now).await,
        Next::Instead(body) => db
            .execute(
                "UPDATE message SET body = $1, plain = true, due_at = $2 WHERE id = $3 AND state = 'begun'",
                &[&body, &now, &id],
            )
            .await
            .map(drop),
    }
}

async fn settle(
    db: &Session,
    id: MessageId,
    state: &str,
    now: i64,
    reason: Option<String>,
) -> Result<()> {
    let settled = db
        .execute(
            "UPDATE message SET state = $1, settled_at = $2 WHERE id = $3 AND state = 'begun'",
            &[&state, &now, &id],
        )
        .await?;
    if settled > 0 {
        db.execute(
            "UPDATE outbox SET state = $1, settled_at = $2, reason = $3 WHERE message = $4",
            &[&state, &now, &reason, &id],
        )
        .await?;
    }
    Ok(())
}

async fn put_off(db: &Session, id: MessageId, due_at: i64, failures: i32) -> Result<()> {
    db.execute(
        "UPDATE message SET due_at = $1, failures = failures + $2 WHERE id = $3 AND state = 'begun'",
        &[&due_at, &failures, &id],
    )
    .await
    .map(drop)
}

async fn dissolve(db: &Session, id: MessageId, now: i64) -> Result<()> {
    let dissolved = db
        .execute(
            "UPDATE message SET state = 'dissolved', settled_at = $1 WHERE id = $2 AND state = 'begun'",
            &[&now, &id],
        )
        .await?;
    if dissolved > 0 {
        db.execute(
            "UPDATE outbox SET message = NULL WHERE message = $1",
            &[&id],
        )
        .await?;
    }
    Ok(())
}

pub async fn bury(db: &Session, rows: &[OutboxId], reason: &str, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE outbox SET state = 'dead', settled_at = $1, reason = $2
         WHERE id = ANY($3) AND state = 'waiting' AND message IS NULL",
        &[&db.shift.inward(now), &reason, &rows],
    )
    .await
    .map(drop)
}

pub async fn load(db: &Session, bots: Vec<String>, now: Timestamp) -> Result<Vec<Load>> {
    let mut loads = Vec::with_capacity(bots.len());
    for bot in bots {
        loads.push(Load {
            counted: counted(db, &bot, now).await?,
            rest: rest_of(db, &bot, now).await?,
            bot,
        });
    }
    Ok(loads)
}

pub async fn rest_bot(db: &Session, bot: &str, rest: &Rest, now: Timestamp) -> Result<()> {
    db.execute(
        "INSERT INTO bot (id, rest_from, rest_until, rest_level, aside) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET rest_from = $2, rest_until = $3, rest_level = $4, aside = $5",
        &[
            &bot,
            &db.shift.inward(now),
            &db.shift.inward(rest.until),
            &small(rest.level),
            &rest.aside,
        ],
    )
    .await
    .map(drop)
}

/// A rest that begins far in the future was written before the clock was set back; it counts as over.
async fn rest_of(db: &Session, bot: &str, now: Timestamp) -> Result<Option<Rest>> {
    db.query_opt(
        "SELECT CASE WHEN rest_from > $1 THEN $2 ELSE rest_until END AS rest_until, rest_level, aside
         FROM bot WHERE id = $3",
        &[
            &db.shift.inward(farthest(now)),
            &db.shift.inward(now),
            &bot,
        ],
    )
    .await?
    .map(|row| row::rest(&row))
    .transpose()
}

pub async fn reset_rest(db: &Session, bot: &str) -> Result<()> {
    db.execute("DELETE FROM bot WHERE id = $1", &[&bot])
        .await
        .map(drop)
}

pub async fn usage(db: &Session, since: Date) -> Result<Vec<Usage>> {
    let rows = db
        .query(
            "SELECT day, organization, bot, posts FROM usage WHERE day >= $1 ORDER BY day, organization, bot",
            &[&since.to_string()],
        )
        .await?;
    row::all(&rows, |row: &Row| {
        Ok(Usage {
            day: row::day(row)?,
            organization: row.get("organization")?,
            bot: row.get("bot")?,
            posts: row.small("posts")?,
        })
    })
}
