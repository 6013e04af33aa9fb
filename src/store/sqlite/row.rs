//! Our types as columns, and rows as our types.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::core::event::Kind;
use crate::core::history::Repeat;
use crate::core::message::Via;
use crate::store::pack::unpack;
use crate::store::queue::{Rest, WorkerId};
use crate::store::record::{
    Attempt, AttemptId, Delivery, DeliveryId, Gather, Leased, MessageId, Outbox, OutboxId, Payload,
    Shape, State,
};

/// A point in time as microseconds. Cutting off the rest keeps the order: what is due at a time is found at that time.
#[derive(Clone, Copy)]
pub struct Micros(pub Timestamp);

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        Timestamp::from_microsecond(micros)
            .map(Micros)
            .map_err(FromSqlError::other)
    }
}

/// Declares how a newtype around a UUID is stored: as its 16 bytes.
macro_rules! uuid_column {
    ($name:ident) => {
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.as_bytes().as_slice().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Uuid::from_slice(value.as_blob()?)
                    .map($name)
                    .map_err(FromSqlError::other)
            }
        }
    };
}

uuid_column!(DeliveryId);
uuid_column!(OutboxId);
uuid_column!(MessageId);
uuid_column!(WorkerId);

impl ToSql for AttemptId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for AttemptId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(AttemptId)
    }
}

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Kind::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for Shape {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Shape {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Shape::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// A day, written as 2026-11-26, so that days sort as texts do.
pub struct Day(pub Date);

impl ToSql for Day {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for Day {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_str()?
            .parse()
            .map(Day)
            .map_err(FromSqlError::other)
    }
}

/// A value as JSON text.
pub struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Json)
            .map_err(FromSqlError::other)
    }
}

/// A body that was packed.
struct Packed(Vec<u8>);

impl FromSql for Packed {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        unpack(value.as_blob()?)
            .map(Packed)
            .map_err(FromSqlError::other)
    }
}

/// The columns that [`delivery`] reads, of a table called `d`.
pub const DELIVERY: &str = "d.id AS delivery_id, d.source, d.kind, d.event, d.action, d.repo, d.object, d.title, \
    d.url, d.received_at, d.ignored, d.repeat";

pub fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get("delivery_id")?,
        source: row.get("source")?,
        kind: row.get("kind")?,
        event: row.get("event")?,
        action: row.get("action")?,
        repo: row.get("repo")?,
        object: row.get("object")?,
        title: row.get("title")?,
        url: row.get("url")?,
        received_at: time(row, "received_at")?,
        ignored: row.get("ignored")?,
        repeat: row
            .get::<_, Option<Json<Repeat>>>("repeat")?
            .map(|Json(repeat)| repeat),
    })
}

/// The columns that [`payload`] reads, of a table called `d`.
pub const PAYLOAD: &str = "d.headers, d.body";

pub fn payload(row: &Row<'_>) -> rusqlite::Result<Payload> {
    let Json(headers) = row.get("headers")?;
    let Packed(body) = row.get("body")?;
    Ok(Payload {
        headers,
        body: body.into(),
    })
}

/// The columns that [`outbox`], [`state`] and the like read, of a table called `o`.
pub const OUTBOX: &str = "o.seq, o.id AS outbox_id, o.group_name, o.route, o.plan, o.urgent, o.folds, o.thread, \
    o.window, o.state, o.queued_at, o.due_at, o.settled_at, o.reason, o.via_group, o.via_reason";

pub fn outbox(row: &Row<'_>) -> rusqlite::Result<Outbox> {
    let thread: Option<String> = row.get("thread")?;
    let window: u32 = row.get("window")?;
    Ok(Outbox {
        id: row.get("outbox_id")?,
        group: row.get("group_name")?,
        route: row.get("route")?,
        plan: row.get("plan")?,
        urgent: row.get("urgent")?,
        folds: row.get("folds")?,
        gather: thread.map(|thread| Gather {
            thread,
            window: Duration::from_secs(window.into()),
        }),
    })
}

pub fn via(row: &Row<'_>) -> rusqlite::Result<Option<Via>> {
    let group: Option<String> = row.get("via_group")?;
    let reason: Option<String> = row.get("via_reason")?;
    Ok(group
        .zip(reason)
        .map(|(group, reason)| Via { group, reason }))
}

/// Of a row joined with its delivery.
pub fn leased(row: &Row<'_>) -> rusqlite::Result<Leased> {
    Ok(Leased {
        place: row.get("seq")?,
        outbox: outbox(row)?,
        delivery: delivery(row)?,
        payload: payload(row)?,
        queued_at: time(row, "queued_at")?,
        via: via(row)?,
    })
}

pub fn rest(row: &Row<'_>) -> rusqlite::Result<Rest> {
    Ok(Rest {
        until: time(row, "rest_until")?,
        level: row.get("rest_level")?,
        aside: row.get("aside")?,
    })
}

pub fn state(row: &Row<'_>) -> rusqlite::Result<State> {
    let word: String = row.get("state")?;
    if word == "waiting" {
        let due_at = time(row, "due_at")?;
        return Ok(State::Waiting { due_at });
    }
    let at = time(row, "settled_at")?;
    Ok(match word.as_str() {
        "posted" => State::Posted { at },
        "dead" => State::Dead {
            at,
            reason: row.get("reason")?,
        },
        // The table's CHECK leaves no other word than `discarded`.
        _ => State::Discarded {
            at,
            reason: row.get("reason")?,
        },
    })
}

pub fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        id: row.get("id")?,
        bot: row.get("bot")?,
        started_at: time(row, "started_at")?,
        finished_at: maybe_time(row, "finished_at")?,
        code: row.get("code")?,
        sentence: row.get("sentence")?,
    })
}

pub fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let Micros(time) = row.get(column)?;
    Ok(time)
}

pub fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let time: Option<Micros> = row.get(column)?;
    Ok(time.map(|Micros(time)| time))
}

/// All rows of a query, each read by `read`.
pub fn all<T>(
    statement: &mut Statement<'_>,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    statement.query_map(values, read)?.collect()
}
