//! Figures and chats, for whoever looks at a relay. All of it is read from an index.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::row::{self, DELIVERY};
use super::session::{Result, Session};
use crate::store::figures::{Arrivals, ChatMessage, ChatPlace, PlanCount, Plans};
use crate::store::record::{DeliveryId, MessageId};

pub async fn arrivals(db: &Session, source: &str, times: &[Timestamp]) -> Result<Arrivals> {
    let bounds: Vec<Option<DeliveryId>> = times
        .iter()
        .copied()
        .map(DeliveryId::before_all_of)
        .collect();
    let (from, to) = pairs(&bounds);
    let rows = db
        .query(
            "SELECT (SELECT count(*) FROM delivery WHERE source = $1 AND id >= n.from_id AND id < n.to_id) AS count
             FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS n (from_id, to_id, place) ORDER BY n.place",
            &[&source, &from, &to],
        )
        .await?;
    // As a range, or PostgreSQL might look through all ids for a source that has none.
    let last = db
        .query_opt(
            "SELECT received_at FROM delivery WHERE source >= $1 AND source <= $1
             ORDER BY source DESC, id DESC LIMIT 1",
            &[&source],
        )
        .await?;
    Ok(Arrivals {
        counts: row::all(&rows, |row| row.count("count"))?,
        last: last.map(|row| row.time("received_at")).transpose()?,
    })
}

pub async fn posts(db: &Session, group: &str, times: &[Timestamp]) -> Result<Vec<u32>> {
    let bounds: Vec<i64> = times.iter().map(|time| db.shift.inward(*time)).collect();
    let (from, to) = pairs(&bounds);
    let rows = db
        .query(
            "SELECT (SELECT count(*) FROM message WHERE state = 'posted' AND group_name = $1
                     AND settled_at >= n.from_time AND settled_at < n.to_time) AS count
             FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS n (from_time, to_time, place)
             ORDER BY n.place",
            &[&group, &from, &to],
        )
        .await?;
    row::all(&rows, |row| row.count("count"))
}

/// Where each stretch between two bounds begins, and where it ends.
fn pairs<T: Clone>(bounds: &[T]) -> (Vec<T>, Vec<T>) {
    let from = bounds.split_last().map_or(&[][..], |(_, rest)| rest);
    let to = bounds.split_first().map_or(&[][..], |(_, rest)| rest);
    (from.to_vec(), to.to_vec())
}

pub async fn chat(
    db: &Session,
    group: &str,
    before: Option<ChatPlace>,
    limit: u32,
) -> Result<Vec<ChatMessage>> {
    let limit = i64::from(limit);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&group, &limit];
    let place = before.map(|place| (db.shift.inward(place.posted_at), place.id));
    let mut page = "";
    if let Some((time, id)) = &place {
        values.extend([time as &(dyn ToSql + Sync), id]);
        page = "AND (m.settled_at, m.id) < ($3, $4)";
    }
    // Of all its rows, the first is the one with the oldest id.
    let rows = db
        .query(
            &format!(
                "SELECT m.id, m.shape, m.body, m.settled_at, p.rows, o.delivery
                 FROM message AS m
                 CROSS JOIN LATERAL (SELECT count(*) AS rows, min(outbox::text)::uuid AS first
                                     FROM part WHERE message = m.id) AS p
                 LEFT JOIN outbox AS o ON o.id = p.first
                 WHERE m.state = 'posted' AND m.group_name = $1 {page}
                 ORDER BY m.settled_at DESC, m.id DESC LIMIT $2"
            ),
            &values,
        )
        .await?;
    let ids: Vec<Option<DeliveryId>> = row::all(&rows, |row| row.get("delivery"))?;
    let known = db
        .query(
            &format!("SELECT {DELIVERY} FROM delivery AS d WHERE d.id = ANY($1)"),
            &[&ids],
        )
        .await?;
    let known: HashMap<DeliveryId, _> = row::all(&known, row::delivery)?
        .into_iter()
        .map(|delivery| (delivery.id, delivery))
        .collect();
    row::all(&rows, |row| {
        let delivery: Option<DeliveryId> = row.get("delivery")?;
        Ok(ChatMessage {
            place: ChatPlace {
                posted_at: row.time("settled_at")?,
                id: row.get::<MessageId>("id")?,
            },
            shape: row::shape(row)?,
            body: row.get("body")?,
            rows: row.count("rows")?,
            delivery: delivery.and_then(|id| known.get(&id).cloned()),
        })
    })
}

pub async fn plans(db: &Session, newest: u32) -> Result<Plans> {
    // Only the deliveries at both ends of each are looked up.
    let rows = db
        .query(
            "SELECT n.plan, n.rows, first.received_at AS first, last.received_at AS last
             FROM (SELECT plan, count(*) AS rows, min(delivery::text)::uuid AS first_id,
                          max(delivery::text)::uuid AS last_id
                   FROM (SELECT plan, delivery FROM outbox ORDER BY delivery DESC, seq DESC LIMIT $1) AS newest
                   GROUP BY plan) AS n
             CROSS JOIN LATERAL (SELECT received_at FROM delivery WHERE id = n.first_id LIMIT 1) AS first
             CROSS JOIN LATERAL (SELECT received_at FROM delivery WHERE id = n.last_id LIMIT 1) AS last",
            &[&i64::from(newest)],
        )
        .await?;
    let firsts: Vec<Timestamp> = row::all(&rows, |row| row.time("first"))?;
    let counts = row::all(&rows, |row| {
        Ok(PlanCount {
            plan: row.get("plan")?,
            rows: row.count("rows")?,
            last: row.time("last")?,
        })
    })?;
    Ok(Plans {
        counts,
        since: firsts.into_iter().min(),
    })
}
