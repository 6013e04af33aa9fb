//! Figures and chats, for whoever looks at a relay. All of it is read from an index.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use super::row::{self, DELIVERY, Micros};
use crate::store::figures::{Arrivals, ChatMessage, ChatPlace, PlanCount, Plans};
use crate::store::record::{DeliveryId, MessageId};

pub fn arrivals(connection: &Connection, source: &str, times: &[Timestamp]) -> Result<Arrivals> {
    let mut count = connection
        .prepare_cached("SELECT count(*) FROM delivery WHERE source = ? AND id >= ? AND id < ?")?;
    let counts = times.windows(2).map(|pair| {
        let [from, to] = [pair[0], pair[1]].map(DeliveryId::before_all_of);
        count.query_row(params![source, from, to], |row| row.get(0))
    });
    let counts = counts.collect::<Result<_>>()?;
    let last = connection
        .prepare_cached(
            "SELECT received_at FROM delivery WHERE source = ? ORDER BY id DESC LIMIT 1",
        )?
        .query_row([source], |row| row::time(row, "received_at"))
        .optional()?;
    Ok(Arrivals { counts, last })
}

pub fn posts(connection: &Connection, group: &str, times: &[Timestamp]) -> Result<Vec<u32>> {
    let mut count = connection.prepare_cached(
        "SELECT count(*) FROM message
         WHERE state = 'posted' AND group_name = ? AND settled_at >= ? AND settled_at < ?",
    )?;
    let counts = times.windows(2).map(|pair| {
        let values = params![group, Micros(pair[0]), Micros(pair[1])];
        count.query_row(values, |row| row.get(0))
    });
    counts.collect()
}

pub fn chat(
    connection: &Connection,
    group: &str,
    before: Option<ChatPlace>,
    limit: u32,
) -> Result<Vec<ChatMessage>> {
    let page = before.map_or("", |_| "AND (m.settled_at, m.id) < (:time, :id)");
    // Of all its rows, the first is the one with the oldest id.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT m.id, m.shape, m.body, m.settled_at, (SELECT count(*) FROM part WHERE message = m.id) AS rows,
                (SELECT o.delivery FROM part AS p JOIN outbox AS o ON o.id = p.outbox WHERE p.message = m.id
                 ORDER BY p.outbox LIMIT 1) AS delivery
         FROM message AS m WHERE m.state = 'posted' AND m.group_name = :group {page}
         ORDER BY m.settled_at DESC, m.id DESC LIMIT :limit"
    ))?;
    let mut of = connection.prepare_cached(&format!(
        "SELECT {DELIVERY} FROM delivery AS d WHERE d.id = ?"
    ))?;
    let mut values = named_params! {":group": group, ":limit": limit}.to_vec();
    let place = before.map(|place| (Micros(place.posted_at), place.id));
    if let Some((time, id)) = &place {
        values.push((":time", time));
        values.push((":id", id));
    }
    row::all(&mut statement, values.as_slice(), |row| {
        let delivery: Option<DeliveryId> = row.get("delivery")?;
        let delivery = delivery.map(|id| of.query_row([id], row::delivery).optional());
        Ok(ChatMessage {
            place: ChatPlace {
                posted_at: row::time(row, "settled_at")?,
                id: row.get::<_, MessageId>("id")?,
            },
            shape: row.get("shape")?,
            body: row.get("body")?,
            rows: row.get("rows")?,
            delivery: delivery.transpose()?.flatten(),
        })
    })
}

pub fn plans(connection: &Connection, newest: u32) -> Result<Plans> {
    let mut statement = connection.prepare_cached(
        "SELECT plan, count(*) AS rows, min(delivery) AS first, max(delivery) AS last
         FROM (SELECT plan, delivery FROM outbox ORDER BY delivery DESC, seq DESC LIMIT ?) GROUP BY plan",
    )?;
    let mut received_at =
        connection.prepare_cached("SELECT received_at FROM delivery WHERE id = ?")?;
    let mut since: Option<Timestamp> = None;
    let mut time =
        |id: DeliveryId| received_at.query_row([id], |row| row::time(row, "received_at"));
    let counts = row::all(&mut statement, [newest], |row| {
        let first = time(row.get("first")?)?;
        since = Some(since.map_or(first, |since| since.min(first)));
        Ok(PlanCount {
            plan: row.get("plan")?,
            rows: row.get("rows")?,
            last: time(row.get("last")?)?,
        })
    })?;
    Ok(Plans { counts, since })
}
