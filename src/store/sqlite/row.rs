//! Our types as columns, and rows as our types.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};
use uuid::Uuid;

use crate::core::event::Kind;
use crate::store::record::{
    Attempt, AttemptId, Delivery, DeliveryId, Outbox, OutboxId, Payload, State,
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

/// Headers as JSON text.
pub struct Headers(pub Vec<(String, String)>);

impl ToSql for Headers {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl FromSql for Headers {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Headers)
            .map_err(FromSqlError::other)
    }
}

/// The columns that [`delivery`] reads, of a table called `d`.
pub const DELIVERY: &str = "d.id AS delivery_id, d.source, d.kind, d.event, d.action, d.repo, d.object, d.title, \
    d.url, d.received_at, d.ignored";

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
    })
}

/// The columns that [`payload`] reads, of a table called `d`.
pub const PAYLOAD: &str = "d.headers, d.body";

pub fn payload(row: &Row<'_>) -> rusqlite::Result<Payload> {
    let Headers(headers) = row.get("headers")?;
    let body: Vec<u8> = row.get("body")?;
    Ok(Payload {
        headers,
        body: body.into(),
    })
}

/// The columns that [`outbox`], [`state`] and the like read, of a table called `o`.
pub const OUTBOX: &str = "o.id AS outbox_id, o.group_name, o.route, o.plan, o.urgent, \
    o.state, o.queued_at, o.due_at, o.failures, o.settled_at, o.reason, o.bound_to, o.wrote";

pub fn outbox(row: &Row<'_>) -> rusqlite::Result<Outbox> {
    Ok(Outbox {
        id: row.get("outbox_id")?,
        group: row.get("group_name")?,
        route: row.get("route")?,
        plan: row.get("plan")?,
        urgent: row.get("urgent")?,
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
        finished_at: row
            .get::<_, Option<Micros>>("finished_at")?
            .map(|Micros(time)| time),
        code: row.get("code")?,
        sentence: row.get("sentence")?,
    })
}

pub fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let Micros(time) = row.get(column)?;
    Ok(time)
}

/// All rows of a query, each read by `read`.
pub fn all<T>(
    statement: &mut Statement<'_>,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    statement.query_map(values, read)?.collect()
}
