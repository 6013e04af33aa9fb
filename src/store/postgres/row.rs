//! Our types as columns, and rows as our types.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::clock::Shift;
use super::session::{Failure, Result};
use crate::core::event::Kind;
use crate::core::message::Via;
use crate::store::StoreError;
use crate::store::pack::unpack;
use crate::store::queue::{Rest, WorkerId};
use crate::store::record::{
    Attempt, AttemptId, Delivery, DeliveryId, Gather, Leased, MessageId, Outbox, OutboxId, Payload,
    Shape, State,
};

/// Declares how a newtype is stored: as what it is around.
macro_rules! column {
    ($name:ident($inner:ty)) => {
        impl ToSql for $name {
            fn to_sql(
                &self,
                ty: &Type,
                out: &mut BytesMut,
            ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
                self.0.to_sql(ty, out)
            }

            fn accepts(ty: &Type) -> bool {
                <$inner as ToSql>::accepts(ty)
            }

            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(
                ty: &Type,
                raw: &'a [u8],
            ) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
                <$inner>::from_sql(ty, raw).map($name)
            }

            fn accepts(ty: &Type) -> bool {
                <$inner as FromSql>::accepts(ty)
            }
        }
    };
}

column!(DeliveryId(Uuid));
column!(OutboxId(Uuid));
column!(MessageId(Uuid));
column!(WorkerId(Uuid));
column!(AttemptId(i64));

/// A row of an answer, read by the caller's clock.
pub struct Row {
    row: tokio_postgres::Row,
    shift: Shift,
}

impl Row {
    pub fn new(row: tokio_postgres::Row, shift: Shift) -> Row {
        Row { row, shift }
    }

    pub fn get<'a, T: FromSql<'a>>(&'a self, column: &str) -> Result<T> {
        self.row
            .try_get(column)
            .map_err(|error| StoreError::Corrupt(Arc::new(Failure(error))))
    }

    pub fn time(&self, column: &str) -> Result<Timestamp> {
        Ok(self.shift.outward(self.get(column)?))
    }

    pub fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>> {
        let time: Option<i64> = self.get(column)?;
        Ok(time.map(|time| self.shift.outward(time)))
    }

    /// A number that is never negative.
    pub fn count(&self, column: &str) -> Result<u32> {
        let count: i64 = self.get(column)?;
        Ok(count.clamp(0, u32::MAX.into()).try_into().unwrap_or(0))
    }

    /// The same of a narrow column.
    pub fn small(&self, column: &str) -> Result<u32> {
        let count: i32 = self.get(column)?;
        Ok(count.try_into().unwrap_or(0))
    }

    /// A text that `read` understands.
    pub fn word<T>(&self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let word: &str = self.get(column)?;
        read(word).ok_or_else(|| unreadable(column, word))
    }
}

/// What a column should not hold.
#[derive(Debug, thiserror::Error)]
#[error("{column} holds `{word}`")]
struct Unreadable {
    column: String,
    word: String,
}

fn unreadable(column: &str, word: &str) -> StoreError {
    StoreError::Corrupt(Arc::new(Unreadable {
        column: column.to_owned(),
        word: word.to_owned(),
    }))
}

/// A number for a narrow column.
pub fn small(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub fn day(row: &Row) -> Result<Date> {
    row.word("day", |word| word.parse().ok())
}

/// A value as JSON text.
pub fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(Arc::new(error)))
}

/// The value of a JSON text.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(Arc::new(error)))
}

/// The columns that [`delivery`] reads, of a table called `d`.
pub const DELIVERY: &str = "d.id AS delivery_id, d.source, d.kind, d.event, d.action, d.repo, d.object, d.title, \
    d.url, d.received_at, d.ignored, d.repeat";

pub fn delivery(row: &Row) -> Result<Delivery> {
    let repeat: Option<&str> = row.get("repeat")?;
    Ok(Delivery {
        id: row.get("delivery_id")?,
        source: row.get("source")?,
        kind: row.word("kind", Kind::from_name)?,
        event: row.get("event")?,
        action: row.get("action")?,
        repo: row.get("repo")?,
        object: row.get("object")?,
        title: row.get("title")?,
        url: row.get("url")?,
        received_at: row.time("received_at")?,
        ignored: row.get("ignored")?,
        repeat: repeat.map(from_json).transpose()?,
    })
}

/// The columns that [`payload`] reads, of a table called `d`.
pub const PAYLOAD: &str = "d.headers, d.body";

pub fn payload(row: &Row) -> Result<Payload> {
    let body = unpack(row.get("body")?).map_err(|error| StoreError::Corrupt(Arc::new(error)))?;
    Ok(Payload {
        headers: from_json(row.get("headers")?)?,
        body: body.into(),
    })
}

/// The columns that [`outbox`], [`state`] and the like read, of a table called `o`.
pub const OUTBOX: &str = "o.seq, o.id AS outbox_id, o.group_name, o.route, o.plan, o.urgent, o.folds, o.thread, \
    o.\"window\", o.state, o.queued_at, o.due_at, o.settled_at, o.reason, o.via_group, o.via_reason";

pub fn outbox(row: &Row) -> Result<Outbox> {
    let thread: Option<String> = row.get("thread")?;
    let window = Duration::from_secs(row.small("window")?.into());
    Ok(Outbox {
        id: row.get("outbox_id")?,
        group: row.get("group_name")?,
        route: row.get("route")?,
        plan: row.get("plan")?,
        urgent: row.get("urgent")?,
        folds: row.get("folds")?,
        gather: thread.map(|thread| Gather { thread, window }),
    })
}

pub fn via(row: &Row) -> Result<Option<Via>> {
    let group: Option<String> = row.get("via_group")?;
    let reason: Option<String> = row.get("via_reason")?;
    Ok(group
        .zip(reason)
        .map(|(group, reason)| Via { group, reason }))
}

/// Of a row joined with its delivery.
pub fn leased(row: &Row) -> Result<Leased> {
    Ok(Leased {
        place: row.get("seq")?,
        outbox: outbox(row)?,
        delivery: delivery(row)?,
        payload: payload(row)?,
        queued_at: row.time("queued_at")?,
        via: via(row)?,
    })
}

pub fn rest(row: &Row) -> Result<Rest> {
    Ok(Rest {
        until: row.time("rest_until")?,
        level: row.small("rest_level")?,
        aside: row.get("aside")?,
    })
}

pub fn shape(row: &Row) -> Result<Shape> {
    row.word("shape", Shape::from_name)
}

pub fn state(row: &Row) -> Result<State> {
    let word: &str = row.get("state")?;
    if word == "waiting" {
        let due_at = row.time("due_at")?;
        return Ok(State::Waiting { due_at });
    }
    let at = row.time("settled_at")?;
    Ok(match word {
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

pub fn attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        id: row.get("id")?,
        bot: row.get("bot")?,
        started_at: row.time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
        code: row.get("code")?,
        sentence: row.get("sentence")?,
    })
}

/// All rows of an answer, each read by `read`.
pub fn all<T>(rows: &[Row], read: impl FnMut(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}
