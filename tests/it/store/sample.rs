//! Deliveries to put into a store, and the steps that most tests take.

use std::time::Duration;

use hookbell::core::event::Kind;
use hookbell::store::Store;
use hookbell::store::record::*;
use jiff::Timestamp;
use uuid::Uuid;

/// So many seconds after the start of the test.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// A delivery with a vendor's id of its own, received at the start and wanted by no route.
pub fn delivery() -> NewDelivery {
    let id = DeliveryId(Uuid::now_v7());
    NewDelivery {
        delivery: Delivery {
            id,
            source: "github".into(),
            kind: Kind::Github,
            event: "issues".into(),
            action: "opened".into(),
            repo: Some("acme/shop".into()),
            object: Some("github:acme/shop:issue:42".into()),
            title: "mona opened #42".into(),
            url: Some("https://example.com/acme/shop/issues/42".into()),
            received_at: at(0),
            ignored: None,
        },
        payload: Payload {
            headers: vec![("x-github-event".into(), "issues".into())],
            body: format!(r#"{{"id":"{}"}}"#, id.0).into(),
        },
        vendor_key: Some(id.0.to_string()),
        content_key: id.0.simple().to_string(),
        outbox: Vec::new(),
    }
}

/// A delivery that one route wants in the group `backend`.
pub fn routed() -> NewDelivery {
    NewDelivery {
        outbox: vec![row("backend")],
        ..delivery()
    }
}

pub fn row(group: &str) -> Outbox {
    Outbox {
        id: OutboxId(Uuid::now_v7()),
        group: group.into(),
        route: "everything".into(),
        plan: r#"{"mention":["author"]}"#.into(),
        urgent: false,
    }
}

pub fn urgent(group: &str) -> Outbox {
    Outbox {
        urgent: true,
        ..row(group)
    }
}

/// Accepts a delivery with this row and returns the row's id.
pub async fn queue(store: &dyn Store, row: Outbox) -> OutboxId {
    let id = row.id;
    let new = NewDelivery {
        outbox: vec![row],
        ..delivery()
    };
    assert_eq!(store.accept(new).await.unwrap(), Accepted::New);
    id
}

/// The row that is next in `backend`, leased for half a minute.
pub async fn lease(store: &dyn Store, now: Timestamp) -> Option<Leased> {
    let until = now + Duration::from_secs(30);
    store.lease("backend", now, until).await.unwrap()
}

pub async fn lease_id(store: &dyn Store, now: Timestamp) -> Option<OutboxId> {
    lease(store, now).await.map(|leased| leased.outbox.id)
}

/// An attempt through bot `one`: 20 a minute, ten seconds at most.
pub fn start(outbox: Option<OutboxId>) -> Start {
    Start {
        outbox,
        bot: "one".into(),
        body: "{}".into(),
        per_minute: 20,
        timeout: Duration::from_secs(10),
    }
}

pub async fn begin(store: &dyn Store, start: Start, now: Timestamp) -> AttemptId {
    match store.begin_attempt(start, now).await.unwrap() {
        Slot::Granted(attempt) => attempt,
        refused => panic!("{refused:?}"),
    }
}

pub fn finish(next: Next) -> Finish {
    Finish {
        code: Some("0".into()),
        sentence: "it said so".into(),
        next,
    }
}

/// Leases the next row of `backend`, makes an attempt and ends it like this.
pub async fn attempt(store: &dyn Store, next: Next, now: Timestamp) -> OutboxId {
    let id = lease_id(store, now).await.expect("a row that is due");
    let attempt = begin(store, start(Some(id)), now).await;
    store
        .finish_attempt(attempt, finish(next), now)
        .await
        .unwrap();
    id
}

pub async fn record(store: &dyn Store, id: DeliveryId) -> DeliveryRecord {
    store.delivery(id).await.unwrap().expect("a known delivery")
}
