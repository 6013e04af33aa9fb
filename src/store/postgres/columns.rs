//! Deliveries and outbox rows column by column, so that one statement takes in as many as there are.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio_postgres::types::ToSql;

use super::clock::Shift;
use super::row;
use super::session::Result;
use crate::store::SAME_CONTENT;
use crate::store::record::{DeliveryId, NewDelivery, Outbox, OutboxId};

/// Columns of as many deliveries as wanted, and the queueing of their rows, in one statement.
pub fn insert_sql() -> String {
    format!(
        "WITH accepted AS (
             INSERT INTO delivery (id, source, kind, event, action, repo, object, title, url, received_at, ignored,
                                   repeat, vendor_key, content_key, size, headers, body, evidence)
             SELECT n.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
                     $15::integer[], $16::text[], $17::bytea[], $18::text[])
                 AS n (id, source, kind, event, action, repo, object, title, url, received_at, ignored, repeat,
                       vendor_key, content_key, size, headers, body, evidence)
             WHERE n.vendor_key IS NOT NULL OR NOT EXISTS (
                 SELECT 1 FROM delivery AS d
                 WHERE d.source = n.source AND d.content_key = n.content_key AND d.vendor_key IS NULL
                   AND d.received_at BETWEEN n.received_at - {SAME} AND n.received_at + {SAME})
             -- Replicas that get the same ones at once wait for each other in the same order.
             ORDER BY n.source, n.vendor_key
             ON CONFLICT DO NOTHING RETURNING id),
         queued AS ({})
         SELECT id FROM accepted",
        outbox_sql(19, "JOIN accepted AS a ON a.id = n.delivery")
    )
}

/// [`SAME_CONTENT`] in microseconds.
pub const SAME: u128 = SAME_CONTENT.as_micros();

/// Puts rows, whose columns are the values from this one on, at the end of their queues. Those that gather are held
/// back as long as the rows of their thread that wait already.
pub fn outbox_sql(first: usize, join: &str) -> String {
    let types = [
        "uuid", "uuid", "text", "text", "text", "boolean", "boolean", "text", "integer", "bigint",
        "bigint",
    ];
    let columns: Vec<String> = (first..)
        .zip(types)
        .map(|(at, kind)| format!("${at}::{kind}[]"))
        .collect();
    format!(
        "INSERT INTO outbox (id, delivery, group_name, route, plan, urgent, folds, thread, \"window\", state, queued_at,
                             due_at)
         SELECT n.id, n.delivery, n.group_name, n.route, n.plan, n.urgent, n.folds, n.thread, n.span, 'waiting',
                n.queued_at,
                CASE WHEN n.thread IS NULL THEN n.due_at ELSE
                    least(n.due_at, (SELECT min(o.due_at) FROM outbox AS o
                                     WHERE o.state = 'waiting' AND o.message IS NULL AND o.group_name = n.group_name
                                       AND left(o.thread, 200) = left(n.thread, 200) AND o.thread = n.thread)) END
         FROM unnest({}) WITH ORDINALITY
             AS n (id, delivery, group_name, route, plan, urgent, folds, thread, span, queued_at, due_at, place)
         {join} ORDER BY n.place",
        columns.join(", ")
    )
}

/// Values of a statement.
type Values<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// Deliveries, column by column.
#[derive(Default)]
pub struct Columns<'a> {
    id: Vec<DeliveryId>,
    source: Vec<&'a str>,
    kind: Vec<&'a str>,
    event: Vec<Cow<'a, str>>,
    action: Vec<Cow<'a, str>>,
    repo: Vec<Option<Cow<'a, str>>>,
    object: Vec<Option<Cow<'a, str>>>,
    title: Vec<Cow<'a, str>>,
    url: Vec<Option<Cow<'a, str>>>,
    received_at: Vec<i64>,
    ignored: Vec<Option<Cow<'a, str>>>,
    repeat: Vec<Option<String>>,
    vendor_key: Vec<Option<String>>,
    content_key: Vec<&'a str>,
    size: Vec<i32>,
    headers: Vec<String>,
    body: Vec<&'a [u8]>,
    evidence: Vec<String>,
    queued: Queued<'a>,
}

/// What a delivery takes beside its texts, and each of its rows with message and attempt: measured with all indexes.
const DELIVERY_SIZE: usize = 600;
const ROW_SIZE: usize = 2_000;

impl<'a> Columns<'a> {
    pub fn of(news: &'a [Cow<'_, NewDelivery>], shift: Shift) -> Result<Columns<'a>> {
        let mut columns = Columns::default();
        for new in news {
            let delivery = &new.delivery;
            let headers = row::json(&new.payload.headers)?;
            let body = &new.payload.body[..];
            let rows: usize = new.outbox.iter().map(|row| row.plan.len() + ROW_SIZE).sum();
            let size = DELIVERY_SIZE + headers.len() + body.len() + rows;
            columns.id.push(delivery.id);
            columns.source.push(&delivery.source);
            columns.kind.push(delivery.kind.name());
            columns.event.push(clean(&delivery.event));
            columns.action.push(clean(&delivery.action));
            columns.repo.push(delivery.repo.as_deref().map(clean));
            columns.object.push(delivery.object.as_deref().map(clean));
            columns.title.push(clean(&delivery.title));
            columns.url.push(delivery.url.as_deref().map(clean));
            columns.received_at.push(shift.inward(delivery.received_at));
            columns.ignored.push(delivery.ignored.as_deref().map(clean));
            let repeat = delivery.repeat.as_ref().map(row::json);
            columns.repeat.push(repeat.transpose()?);
            columns.vendor_key.push(new.vendor_key.as_deref().map(key));
            columns.content_key.push(&new.content_key);
            columns.size.push(i32::try_from(size).unwrap_or(i32::MAX));
            columns.headers.push(headers);
            columns.body.push(body);
            columns.evidence.push(row::json(&new.evidence)?);
            for row in &new.outbox {
                let now = delivery.received_at;
                columns.queued.push(delivery.id, row, now, shift);
            }
        }
        Ok(columns)
    }

    pub fn values(&self) -> Values<'_> {
        let mut values: Values<'_> = vec![
            &self.id,
            &self.source,
            &self.kind,
            &self.event,
            &self.action,
            &self.repo,
            &self.object,
            &self.title,
            &self.url,
            &self.received_at,
            &self.ignored,
            &self.repeat,
            &self.vendor_key,
            &self.content_key,
            &self.size,
            &self.headers,
            &self.body,
            &self.evidence,
        ];
        values.extend(self.queued.values());
        values
    }
}

/// Outbox rows, column by column.
#[derive(Default)]
pub struct Queued<'a> {
    id: Vec<OutboxId>,
    delivery: Vec<DeliveryId>,
    group: Vec<&'a str>,
    route: Vec<&'a str>,
    plan: Vec<Cow<'a, str>>,
    urgent: Vec<bool>,
    folds: Vec<bool>,
    thread: Vec<Option<Cow<'a, str>>>,
    window: Vec<i32>,
    queued_at: Vec<i64>,
    due_at: Vec<i64>,
}

impl<'a> Queued<'a> {
    pub fn push(&mut self, delivery: DeliveryId, row: &'a Outbox, now: Timestamp, shift: Shift) {
        let window = row.gather.as_ref().map_or(Duration::ZERO, |it| it.window);
        let due_at = now.saturating_add(window).unwrap_or(Timestamp::MAX);
        self.id.push(row.id);
        self.delivery.push(delivery);
        self.group.push(&row.group);
        self.route.push(&row.route);
        self.plan.push(clean(&row.plan));
        self.urgent.push(row.urgent);
        self.folds.push(row.folds);
        self.thread
            .push(row.gather.as_ref().map(|gather| clean(&gather.thread)));
        self.window
            .push(i32::try_from(window.as_secs()).unwrap_or(i32::MAX));
        self.queued_at.push(shift.inward(now));
        self.due_at.push(shift.inward(due_at));
    }

    pub fn values(&self) -> Values<'_> {
        vec![
            &self.id,
            &self.delivery,
            &self.group,
            &self.route,
            &self.plan,
            &self.urgent,
            &self.folds,
            &self.thread,
            &self.window,
            &self.queued_at,
            &self.due_at,
        ]
    }
}

/// The text without U+0000, which PostgreSQL's texts cannot hold.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A key that fits into an index, whose entries have to fit into a page.
pub fn key(key: &str) -> String {
    if key.len() <= 200 {
        return clean(key).into_owned();
    }
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
