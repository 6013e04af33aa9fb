//! Deliveries to put into a store, and the steps that most tests take.

use std::sync::LazyLock;
use std::time::Duration;

use hookbell::core::budget;
use hookbell::core::event::Kind;
use hookbell::core::source::Evidence;
use hookbell::store::Store;
use hookbell::store::queue::*;
use hookbell::store::record::*;
use jiff::Timestamp;
use uuid::Uuid;

/// So many seconds after the start of the test.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// A delivery with a vendor's id of its own, received at the start and wanted by no route.
pub fn delivery() -> NewDelivery {
    static IDS: LazyLock<DeliveryIds> = LazyLock::new(DeliveryIds::default);
    let id = IDS.next(at(0));
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
            repeat: None,
        },
        payload: Payload {
            headers: vec![("x-github-event".into(), "issues".into())],
            body: format!(r#"{{"id":"{}"}}"#, id.0).into(),
        },
        evidence: Evidence::Unchecked,
        vendor_key: Some(id.0.to_string()),
        content_key: id.0.simple().to_string(),
        run: None,
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
        folds: true,
        gather: None,
    }
}

pub fn urgent(group: &str) -> Outbox {
    Outbox {
        urgent: true,
        folds: false,
        ..row(group)
    }
}

/// A row that gathers with others of its thread for half a minute.
pub fn gathering(thread: &str) -> Outbox {
    Outbox {
        gather: Some(Gather {
            thread: thread.into(),
            window: Duration::from_secs(30),
        }),
        ..row("backend")
    }
}

/// Accepts a delivery with this row and returns the row's id.
pub async fn queue(store: &dyn Store, row: Outbox) -> OutboxId {
    queue_at(store, row, at(0)).await
}

pub async fn queue_at(store: &dyn Store, row: Outbox, now: Timestamp) -> OutboxId {
    let id = row.id;
    let mut new = delivery();
    new.delivery.received_at = now;
    new.outbox = vec![row];
    assert_eq!(
        store.accept(new).await.unwrap(),
        Accepted::New { ignored: None }
    );
    id
}

/// The worker that does everything where it does not matter who does it.
pub const WORKER: WorkerId = WorkerId(Uuid::from_u128(1));
pub const OTHER_WORKER: WorkerId = WorkerId(Uuid::from_u128(2));

/// Asks for `backend`, for five seconds.
pub fn ask(worker: WorkerId, now: Timestamp) -> Ask {
    Ask {
        group: "backend".into(),
        worker,
        until: now + Duration::from_secs(5),
        which: Which::All,
    }
}

/// What is next in `backend`.
pub async fn head(store: &dyn Store, now: Timestamp) -> Head {
    store.lease(ask(WORKER, now), now).await.unwrap()
}

/// The row of which the next message of `backend` is to be made.
pub async fn next_row(store: &dyn Store, now: Timestamp) -> HeadRow {
    match head(store, now).await {
        Head::Row(row) => *row,
        other => panic!("{other:?}"),
    }
}

pub async fn next_id(store: &dyn Store, now: Timestamp) -> OutboxId {
    next_row(store, now).await.row.outbox.id
}

/// The message of `backend` that is to be posted once more.
pub async fn begun(store: &dyn Store, now: Timestamp) -> Begun {
    match head(store, now).await {
        Head::Begun(begun) => begun,
        other => panic!("{other:?}"),
    }
}

/// An attempt through bot `one`: 20 a minute, ten seconds at most.
pub fn start(what: What, now: Timestamp) -> Start {
    Start {
        what,
        bot: "one".into(),
        body: "{}".into(),
        per_minute: 20,
        timeout: Duration::from_secs(10),
        budget: Budget::unlimited(budget::day(now)),
    }
}

/// A message of `backend` that tells one row.
pub fn single(row: &Outbox) -> What {
    What::New {
        id: MessageId::of(row.id),
        group: row.group.clone(),
        worker: WORKER,
        shape: Shape::Single,
        urgent: row.urgent,
        rows: vec![row.id],
    }
}

pub fn digest(id: MessageId, rows: Vec<OutboxId>) -> What {
    What::New {
        id,
        group: "backend".into(),
        worker: WORKER,
        shape: Shape::Digest,
        urgent: false,
        rows,
    }
}

pub fn again(id: MessageId) -> What {
    What::Again {
        id,
        group: "backend".into(),
        worker: WORKER,
    }
}

pub async fn begin(store: &dyn Store, start: Start, now: Timestamp) -> AttemptId {
    match store.begin(start, now).await.unwrap() {
        Slot::Granted(attempt) => attempt,
        refused => panic!("{refused:?}"),
    }
}

pub fn ended(next: Next) -> Finish {
    Finish {
        code: Some("0".into()),
        sentence: "it said so".into(),
        next,
    }
}

pub async fn finish(store: &dyn Store, attempt: AttemptId, next: Next, now: Timestamp) {
    store.finish(attempt, ended(next), now).await.unwrap();
}

/// Takes what is next in `backend`, makes an attempt and ends it like this. Returns the row's id, which is the message's
/// too.
pub async fn attempt(store: &dyn Store, next: Next, now: Timestamp) -> OutboxId {
    let (what, id) = match head(store, now).await {
        Head::Row(head) => (single(&head.row.outbox), head.row.outbox.id),
        Head::Begun(begun) => (again(begun.id), OutboxId(begun.id.0)),
        other => panic!("nothing is due: {other:?}"),
    };
    let attempt = begin(store, start(what, now), now).await;
    finish(store, attempt, next, now).await;
    id
}

pub async fn record(store: &dyn Store, id: DeliveryId) -> DeliveryRecord {
    store.delivery(id).await.unwrap().expect("a known delivery")
}
