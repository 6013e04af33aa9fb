//! Looking for deliveries.
//!
//! Conditions for which there is an index (source, repository) decide which deliveries are walked through, by id; all others
//! are asked of each of them. A few that wait or are dead are looked at one by one instead, and so is whatever has an id.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result, params_from_iter};
use uuid::Uuid;

use super::row::{self, DELIVERY, Micros};
use crate::store::record::{Delivery, DeliveryId};
use crate::store::search::{
    DeliveryFilter, DeliveryLine, Edge, FEW, Findings, Found, Outcome, Range, RowLine, Search,
    holding, words,
};

pub fn deliveries(connection: &Connection, search: &Search) -> Result<Found> {
    let asked = Asked::of(&search.filter);
    let found = match candidates(connection, &search.filter)? {
        Some(ids) => among(connection, search, ids, asked)?,
        None => through(connection, search, asked)?,
    };
    let (all, rest) = found.page(search);
    let line = |delivery: Delivery| {
        Ok(DeliveryLine {
            rows: rows_of(connection, delivery.id)?,
            delivery,
        })
    };
    Ok(Found {
        lines: all.into_iter().map(line).collect::<Result<_>>()?,
        rest,
    })
}

/// Conditions with their values, each starting with ` AND `.
#[derive(Default)]
struct Clause {
    sql: String,
    values: Vec<Value>,
}

impl Clause {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    fn extend(&mut self, other: Clause) {
        self.sql.push_str(&other.sql);
        self.values.extend(other.values);
    }
}

/// What is asked of deliveries `d`.
struct Asked {
    /// By the index that they are walked through.
    walk: Clause,
    each: Clause,
}

impl Asked {
    fn of(filter: &DeliveryFilter) -> Asked {
        let (mut walk, mut each) = (Clause::default(), Clause::default());
        if let Some(repo) = &filter.repo {
            walk.and("d.repo = ?", [text(repo)]);
        }
        match (&filter.source, &filter.repo) {
            // The plus keeps the index of sources out of it.
            (Some(source), Some(_)) => each.and("+d.source = ?", [text(source)]),
            (Some(source), None) => walk.and("d.source = ?", [text(source)]),
            (None, _) => {}
        }
        if let Some(kind) = filter.kind {
            each.and("d.kind = ?", [text(kind.name())]);
        }
        if let Some(event) = &filter.event {
            each.and("d.event = ?", [text(event)]);
        }
        if let Some(action) = &filter.action {
            each.and("d.action = ?", [text(action)]);
        }
        if let Some(since) = filter.since {
            each.and("d.received_at >= ?", [micros(since)]);
        }
        if let Some(until) = filter.until {
            each.and("d.received_at < ?", [micros(until)]);
        }
        for word in words(filter.text.as_deref().unwrap_or_default()) {
            let pattern = text(&holding(word));
            each.and(
                r"(d.title LIKE ? ESCAPE '\' OR d.repo LIKE ? ESCAPE '\')",
                [pattern.clone(), pattern],
            );
        }
        let untold = || text(&format!("{}%", Delivery::UNROUTED));
        match filter.outcome {
            Some(Outcome::Unrouted) => each.and("d.ignored LIKE ?", [untold()]),
            Some(Outcome::Ignored) => each.and("d.ignored NOT LIKE ?", [untold()]),
            _ => {}
        }
        if let Some(row) = of_a_row(filter) {
            each.extend(row);
        }
        Asked { walk, each }
    }
}

/// What is asked of one of the delivery's rows. The pluses leave only the index by delivery.
fn of_a_row(filter: &DeliveryFilter) -> Option<Clause> {
    let of_outcome = match filter.outcome {
        Some(Outcome::Waiting) => " AND +o.state = 'waiting'",
        Some(Outcome::Retrying) => " AND +o.state = 'waiting' AND m.failures > 0",
        Some(Outcome::Posted) => " AND +o.state = 'posted'",
        Some(Outcome::Digest) => " AND +o.state = 'posted' AND m.shape <> 'single'",
        Some(Outcome::Dead) => " AND +o.state = 'dead'",
        Some(Outcome::Discarded) => " AND +o.state = 'discarded'",
        Some(Outcome::Unrouted | Outcome::Ignored) | None => "",
    };
    let of_group = filter.group.as_ref().map(|_| " AND +o.group_name = ?");
    if of_outcome.is_empty() && of_group.is_none() {
        return None;
    }
    let message = match of_outcome.contains("m.") {
        true => "CROSS JOIN message AS m ON m.id = o.message",
        false => "",
    };
    let mut clause = Clause::default();
    clause.and(
        &format!(
            "EXISTS (SELECT 1 FROM outbox AS o {message} WHERE o.delivery = d.id{of_outcome}{})",
            of_group.unwrap_or_default()
        ),
        filter.group.as_deref().map(text),
    );
    Some(clause)
}

/// The only ones that can be meant, where these are few.
fn candidates(connection: &Connection, filter: &DeliveryFilter) -> Result<Option<Vec<DeliveryId>>> {
    if let Some(key) = &filter.key {
        return with_key(connection, key).map(Some);
    }
    // Not only to save work: the oldest dead letters are those that nobody finds by walking.
    let of_group = filter
        .group
        .as_ref()
        .map_or("", |_| " AND o.group_name = ?");
    let begun = |and: &str| {
        format!(
            "SELECT o.delivery FROM message AS m INDEXED BY message_begun
             CROSS JOIN outbox AS o ON o.message = m.id
             WHERE m.state = 'begun' AND o.state = 'waiting'{and}{of_group}"
        )
    };
    let sources = match filter.outcome {
        Some(Outcome::Dead) => vec![format!(
            "SELECT o.delivery FROM outbox AS o WHERE o.state = 'dead'{of_group}"
        )],
        Some(Outcome::Retrying) => vec![begun(" AND m.failures > 0")],
        Some(Outcome::Waiting) => vec![
            format!(
                "SELECT o.delivery FROM outbox AS o INDEXED BY outbox_queue
                 WHERE o.state = 'waiting' AND o.message IS NULL{of_group}"
            ),
            begun(""),
        ],
        _ => return Ok(None),
    };
    let mut ids = Vec::new();
    for sql in sources {
        let values = filter.group.iter().map(|group| text(group));
        let values = values.chain([Value::Integer(i64::from(FEW) + 1)]);
        let mut statement = connection.prepare_cached(&format!("{sql} LIMIT ?"))?;
        let some: Vec<DeliveryId> =
            row::all(&mut statement, params_from_iter(values), |row| row.get(0))?;
        ids.extend(some);
        if ids.len() > FEW as usize {
            return Ok(None);
        }
    }
    Ok(Some(ids))
}

/// The vendor's id is indexed together with the source, so each source is asked.
fn with_key(connection: &Connection, key: &str) -> Result<Vec<DeliveryId>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE s (name) AS (
             SELECT min(source) FROM delivery
             UNION ALL
             SELECT (SELECT min(source) FROM delivery WHERE source > s.name) FROM s WHERE s.name IS NOT NULL)
         SELECT d.id FROM s CROSS JOIN delivery AS d ON d.source = s.name WHERE d.vendor_key = ?",
    )?;
    let mut ids: Vec<DeliveryId> = row::all(&mut statement, [key], |row| row.get(0))?;
    ids.extend(Uuid::parse_str(key).ok().map(DeliveryId));
    Ok(ids)
}

fn among(
    connection: &Connection,
    search: &Search,
    mut ids: Vec<DeliveryId>,
    asked: Asked,
) -> Result<Findings> {
    let range = search.range();
    ids.retain(|id| range.holds(*id));
    ids.sort_unstable();
    ids.dedup();
    if !search.goes_up() {
        ids.reverse();
    }
    let Asked { mut walk, each } = asked;
    walk.extend(each);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {DELIVERY} FROM delivery AS d WHERE d.id = ?{}",
        walk.sql
    ))?;
    let mut all = Vec::new();
    for id in ids {
        let values = std::iter::once(blob(id)).chain(walk.values.iter().cloned());
        let found = statement
            .query_row(params_from_iter(values), row::delivery)
            .optional()?;
        all.extend(found);
        if all.len() > search.limit as usize {
            break;
        }
    }
    Ok(Findings { all, edge: None })
}

fn through(connection: &Connection, search: &Search, asked: Asked) -> Result<Findings> {
    let range = search.range();
    let Asked { walk, each } = asked;
    let edge = match each.sql.is_empty() {
        // Each that is looked at is found.
        true => None,
        false => edge(connection, search, range, &walk)?,
    };
    let (lower, upper, order) = match (search.goes_up(), edge) {
        (false, Some(edge)) => (at_least(edge.from), below(range), "DESC"),
        (false, None) => (above(range), below(range), "DESC"),
        (true, Some(edge)) => (above(range), at_most(edge.from), "ASC"),
        (true, None) => (above(range), below(range), "ASC"),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {DELIVERY} FROM delivery AS d WHERE d.id {} ? AND d.id {} ?{}{}
         ORDER BY d.id {order} LIMIT ?",
        lower.0, upper.0, walk.sql, each.sql
    ))?;
    let values = [blob(lower.1), blob(upper.1)]
        .into_iter()
        .chain(walk.values)
        .chain(each.values)
        .chain([Value::Integer(i64::from(search.limit) + 1)]);
    Ok(Findings {
        all: row::all(&mut statement, params_from_iter(values), row::delivery)?,
        edge,
    })
}

/// The last one that this step may look at, if there are others behind it.
fn edge(
    connection: &Connection,
    search: &Search,
    range: Range,
    walk: &Clause,
) -> Result<Option<Edge>> {
    let order = match search.goes_up() {
        true => "ASC",
        false => "DESC",
    };
    // Of the index alone; only the last one is then read.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT d.id FROM delivery AS d WHERE d.id > ? AND d.id < ?{}
         ORDER BY d.id {order} LIMIT 2 OFFSET ?",
        walk.sql
    ))?;
    let values = [blob(above(range).1), blob(below(range).1)]
        .into_iter()
        .chain(walk.values.iter().cloned())
        .chain([Value::Integer(i64::from(search.look_at.max(1)) - 1)]);
    let ids: Vec<DeliveryId> =
        row::all(&mut statement, params_from_iter(values), |row| row.get(0))?;
    let [last, _] = ids[..] else {
        return Ok(None);
    };
    let Micros(received_at) = connection
        .prepare_cached("SELECT received_at FROM delivery WHERE id = ?")?
        .query_row([last], |row| row.get(0))?;
    Ok(Some(Edge {
        from: last,
        received_at,
    }))
}

/// A side of what is walked through: how ids compare with which.
type Side = (&'static str, DeliveryId);

fn above(range: Range) -> Side {
    (">", range.above.unwrap_or(DeliveryId(Uuid::nil())))
}

fn below(range: Range) -> Side {
    ("<", range.below.unwrap_or(DeliveryId(Uuid::max())))
}

fn at_least(id: DeliveryId) -> Side {
    (">=", id)
}

fn at_most(id: DeliveryId) -> Side {
    ("<=", id)
}

fn rows_of(connection: &Connection, id: DeliveryId) -> Result<Vec<RowLine>> {
    let mut statement = connection.prepare_cached(
        "SELECT o.id, o.group_name, o.state, o.due_at, o.settled_at, o.reason, m.shape,
                coalesce(m.failures, 0) AS failures
         FROM outbox AS o LEFT JOIN message AS m ON m.id = o.message WHERE o.delivery = ? ORDER BY o.seq",
    )?;
    row::all(&mut statement, [id], |row| {
        Ok(RowLine {
            id: row.get("id")?,
            group: row.get("group_name")?,
            state: row::state(row)?,
            shape: row.get("shape")?,
            failures: row.get("failures")?,
        })
    })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn blob(id: DeliveryId) -> Value {
    Value::Blob(id.0.as_bytes().to_vec())
}

fn micros(time: Timestamp) -> Value {
    Value::Integer(time.as_microsecond())
}
