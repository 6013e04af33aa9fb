//! Looking for deliveries.
//!
//! Conditions for which there is an index (source, repository) decide which deliveries are walked through, by id; all others
//! are asked of each of them. A few that wait or are dead are looked at one by one instead, and so is whatever has an id.
//!
//! The transaction is [`super::session::Mode::Search`]: planned for the values at hand, along indexes.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::clock::Shift;
use super::columns::{clean, key};
use super::row::{self, DELIVERY, Row};
use super::session::{Result, Session};
use crate::store::record::{Delivery, DeliveryId, Shape};
use crate::store::search::{
    DeliveryFilter, DeliveryLine, Edge, FEW, Findings, Found, Outcome, Range, RowLine, Search,
    holding, words,
};

pub async fn deliveries(db: &Session, search: &Search) -> Result<Found> {
    let asked = Asked::of(&search.filter, db.shift);
    let found = match candidates(db, &search.filter).await? {
        Some(ids) => among(db, search, ids, asked).await?,
        None => through(db, search, asked).await?,
    };
    let (all, rest) = found.page(search);
    let mut rows = rows_of(db, &all).await?;
    let line = |delivery: Delivery| DeliveryLine {
        rows: rows.remove(&delivery.id).unwrap_or_default(),
        delivery,
    };
    Ok(Found {
        lines: all.into_iter().map(line).collect(),
        rest,
    })
}

type Value = Box<dyn ToSql + Sync + Send>;

/// What is asked of deliveries `d`: conditions that each start with ` AND `, and values that both count together.
#[derive(Default)]
struct Asked {
    /// By the index that they are walked through.
    walk: String,
    each: String,
    /// Those of `walk` come first.
    values: Vec<Value>,
    of_walk: usize,
}

impl Asked {
    fn of(filter: &DeliveryFilter, shift: Shift) -> Asked {
        let mut asked = Asked::default();
        if let Some(repo) = &filter.repo {
            let at = asked.value(clean(repo).into_owned());
            asked.walk = format!(" AND left(d.repo, 200) = left({at}, 200) AND d.repo = {at}");
        } else if let Some(source) = &filter.source {
            let at = asked.value(clean(source).into_owned());
            asked.walk = format!(" AND d.source = {at}");
        }
        asked.of_walk = asked.values.len();
        if let (Some(source), Some(_)) = (&filter.source, &filter.repo) {
            // The empty text keeps the index of sources out of it.
            asked.and("d.source || '' = ", clean(source).into_owned());
        }
        if let Some(kind) = filter.kind {
            asked.and("d.kind = ", kind.name());
        }
        if let Some(event) = &filter.event {
            asked.and("d.event = ", clean(event).into_owned());
        }
        if let Some(action) = &filter.action {
            asked.and("d.action = ", clean(action).into_owned());
        }
        if let Some(since) = filter.since {
            asked.and("d.received_at >= ", shift.inward(since));
        }
        if let Some(until) = filter.until {
            asked.and("d.received_at < ", shift.inward(until));
        }
        for word in words(filter.text.as_deref().unwrap_or_default()) {
            let at = asked.value(holding(&clean(word)));
            let holds =
                format!(r" AND (d.title ILIKE {at} ESCAPE '\' OR d.repo ILIKE {at} ESCAPE '\')");
            asked.each.push_str(&holds);
        }
        let untold = format!("{}%", Delivery::UNROUTED);
        match filter.outcome {
            Some(Outcome::Unrouted) => asked.and("d.ignored LIKE ", untold),
            Some(Outcome::Ignored) => asked.and("d.ignored NOT LIKE ", untold),
            _ => {}
        }
        asked.of_a_row(filter);
        asked
    }

    /// What is asked of one of the delivery's rows, each delivery for itself.
    fn of_a_row(&mut self, filter: &DeliveryFilter) {
        let of_outcome = match filter.outcome {
            Some(Outcome::Waiting) => " AND o.state = 'waiting'",
            Some(Outcome::Retrying) => " AND o.state = 'waiting' AND m.failures > 0",
            Some(Outcome::Posted) => " AND o.state = 'posted'",
            Some(Outcome::Digest) => " AND o.state = 'posted' AND m.shape <> 'single'",
            Some(Outcome::Dead) => " AND o.state = 'dead'",
            Some(Outcome::Discarded) => " AND o.state = 'discarded'",
            Some(Outcome::Unrouted | Outcome::Ignored) | None => "",
        };
        if of_outcome.is_empty() && filter.group.is_none() {
            return;
        }
        let of_group = match &filter.group {
            Some(group) => {
                let at = self.value(clean(group).into_owned());
                format!(" AND o.group_name = {at}")
            }
            None => String::new(),
        };
        let message = match of_outcome.contains("m.") {
            true => "JOIN message AS m ON m.id = o.message",
            false => "",
        };
        self.each.push_str(&format!(
            " AND (SELECT true FROM outbox AS o {message} WHERE o.delivery = d.id{of_outcome}{of_group} LIMIT 1)"
        ));
    }

    /// Keeps a value and says how SQL names it.
    fn value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        let at = self.value(value);
        self.each.push_str(&format!(" AND {condition}{at}"));
    }

    fn all(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values
            .iter()
            .map(|value| &**value as &(dyn ToSql + Sync))
            .collect()
    }
}

/// The only ones that can be meant, where these are few.
async fn candidates(db: &Session, filter: &DeliveryFilter) -> Result<Option<Vec<DeliveryId>>> {
    if let Some(key) = &filter.key {
        return with_key(db, key).await.map(Some);
    }
    // Not only to save work: the oldest dead letters are those that nobody finds by walking.
    let of_group = filter
        .group
        .as_ref()
        .map_or("", |_| " AND o.group_name = $1");
    let begun = |and: &str| {
        format!(
            "SELECT o.delivery FROM message AS m JOIN outbox AS o ON o.message = m.id
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
                "SELECT o.delivery FROM outbox AS o
                 WHERE o.state = 'waiting' AND o.message IS NULL{of_group}"
            ),
            begun(""),
        ],
        _ => return Ok(None),
    };
    let values: Vec<&(dyn ToSql + Sync)> = match &filter.group {
        Some(group) => vec![group],
        None => Vec::new(),
    };
    let mut ids = Vec::new();
    for sql in sources {
        let rows = db
            .query(&format!("{sql} LIMIT {}", FEW + 1), &values)
            .await?;
        let some: Vec<DeliveryId> = row::all(&rows, |row| row.get("delivery"))?;
        ids.extend(some);
        if ids.len() > FEW as usize {
            return Ok(None);
        }
    }
    Ok(Some(ids))
}

/// The vendor's id is indexed together with the source, so each source is asked.
async fn with_key(db: &Session, given: &str) -> Result<Vec<DeliveryId>> {
    let rows = db
        .query(
            "WITH RECURSIVE s (name) AS (
                 SELECT min(source) FROM delivery
                 UNION ALL
                 SELECT (SELECT min(source) FROM delivery WHERE source > s.name) FROM s WHERE s.name IS NOT NULL)
             SELECT d.id FROM s JOIN delivery AS d ON d.source = s.name WHERE d.vendor_key = $1",
            &[&key(given)],
        )
        .await?;
    let mut ids: Vec<DeliveryId> = row::all(&rows, |row| row.get("id"))?;
    ids.extend(Uuid::parse_str(given).ok().map(DeliveryId));
    Ok(ids)
}

async fn among(
    db: &Session,
    search: &Search,
    mut ids: Vec<DeliveryId>,
    mut asked: Asked,
) -> Result<Findings> {
    let range = search.range();
    ids.retain(|id| range.holds(*id));
    let at = asked.value(ids);
    let rows = db
        .query(
            &format!(
                "SELECT {DELIVERY} FROM delivery AS d WHERE d.id = ANY({at}){}{}
                 ORDER BY d.id {} LIMIT {}",
                asked.walk,
                asked.each,
                order(search),
                u64::from(search.limit) + 1
            ),
            &asked.all(),
        )
        .await?;
    Ok(Findings {
        all: row::all(&rows, row::delivery)?,
        edge: None,
    })
}

async fn through(db: &Session, search: &Search, mut asked: Asked) -> Result<Findings> {
    let range = search.range();
    let edge = match asked.each.is_empty() {
        // Each that is looked at is found.
        true => None,
        false => edge(db, search, range, &asked).await?,
    };
    let (above, below) = sides(range);
    let (lower, upper) = match (search.goes_up(), edge) {
        (false, Some(edge)) => ((">=", edge.from), ("<", below)),
        (true, Some(edge)) => ((">", above), ("<=", edge.from)),
        (_, None) => ((">", above), ("<", below)),
    };
    let (from, to) = (asked.value(lower.1), asked.value(upper.1));
    let rows = db
        .query(
            &format!(
                "SELECT {DELIVERY} FROM delivery AS d
                 WHERE d.id {} {from} AND d.id {} {to}{}{} ORDER BY d.id {} LIMIT {}",
                lower.0,
                upper.0,
                asked.walk,
                asked.each,
                order(search),
                u64::from(search.limit) + 1
            ),
            &asked.all(),
        )
        .await?;
    Ok(Findings {
        all: row::all(&rows, row::delivery)?,
        edge,
    })
}

/// The last one that this step may look at, if there are others behind it.
async fn edge(db: &Session, search: &Search, range: Range, asked: &Asked) -> Result<Option<Edge>> {
    let (above, below) = sides(range);
    let mut values = asked.all();
    values.truncate(asked.of_walk);
    values.extend([&above as &(dyn ToSql + Sync), &below]);
    let at = asked.of_walk;
    let rows = db
        .query(
            &format!(
                "SELECT d.id FROM delivery AS d WHERE d.id > ${} AND d.id < ${}{}
                 ORDER BY d.id {} LIMIT 2 OFFSET {}",
                at + 1,
                at + 2,
                asked.walk,
                order(search),
                search.look_at.max(1) - 1
            ),
            &values,
        )
        .await?;
    let ids: Vec<DeliveryId> = row::all(&rows, |row| row.get("id"))?;
    let [last, _] = ids[..] else {
        return Ok(None);
    };
    let row = db
        .query_one("SELECT received_at FROM delivery WHERE id = $1", &[&last])
        .await?;
    Ok(Some(Edge {
        from: last,
        received_at: row.time("received_at")?,
    }))
}

fn sides(range: Range) -> (DeliveryId, DeliveryId) {
    (
        range.above.unwrap_or(DeliveryId(Uuid::nil())),
        range.below.unwrap_or(DeliveryId(Uuid::max())),
    )
}

fn order(search: &Search) -> &'static str {
    match search.goes_up() {
        true => "ASC",
        false => "DESC",
    }
}

async fn rows_of(db: &Session, all: &[Delivery]) -> Result<HashMap<DeliveryId, Vec<RowLine>>> {
    let ids: Vec<DeliveryId> = all.iter().map(|delivery| delivery.id).collect();
    let rows = db
        .query(
            "SELECT o.delivery, o.id, o.group_name, o.state, o.due_at, o.settled_at, o.reason, m.shape,
                    coalesce(m.failures, 0) AS failures
             FROM outbox AS o LEFT JOIN message AS m ON m.id = o.message
             WHERE o.delivery = ANY($1) ORDER BY o.seq",
            &[&ids],
        )
        .await?;
    let mut lines: HashMap<DeliveryId, Vec<RowLine>> = HashMap::new();
    for row in &rows {
        let line = row_line(row)?;
        lines.entry(row.get("delivery")?).or_default().push(line);
    }
    Ok(lines)
}

fn row_line(row: &Row) -> Result<RowLine> {
    let shape: Option<&str> = row.get("shape")?;
    Ok(RowLine {
        id: row.get("id")?,
        group: row.get("group_name")?,
        state: row::state(row)?,
        shape: shape.and_then(Shape::from_name),
        failures: row.small("failures")?,
    })
}
