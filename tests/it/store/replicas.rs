//! Several replicas on one PostgreSQL database.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use hookbell::store::postgres::{Address, LocalClock, OpenError, Postgres};
use hookbell::store::queue::*;
use hookbell::store::record::*;
use hookbell::store::{Obstacle, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::postgres::Schema;
use super::sample::*;
use crate::relay::PATIENCE;

/// Two on one database, whose times are the test's own.
fn two() -> Option<(Schema, [Arc<dyn Store>; 2])> {
    let schema = Schema::create()?;
    let replicas = [(); 2].map(|()| schema.replica(None));
    Some((schema, replicas))
}

#[tokio::test]
async fn together_they_keep_to_a_bots_limit() {
    let Some((_schema, replicas)) = two() else {
        return;
    };
    let asked = (0..60).map(|number| replicas[number % 2].begin(start(What::Test, at(0)), at(0)));
    let slots = join_all(asked).await;
    let granted = slots
        .iter()
        .filter(|slot| matches!(slot, Ok(Slot::Granted(_))));
    assert_eq!(granted.count(), 20);
    let full = slots
        .iter()
        .filter(|slot| matches!(slot, Ok(Slot::Full { .. })));
    assert_eq!(full.count(), 40);
}

#[tokio::test]
async fn together_they_keep_to_an_organizations_month() {
    let Some((_schema, replicas)) = two() else {
        return;
    };
    let asked = (0..30).map(|number| {
        let mut start = start(What::Test, at(0));
        start.bot = format!("bot {}", number % 3);
        start.budget.organization = "acme".into();
        start.budget.of_organization = Some(7);
        replicas[number % 2].begin(start, at(0))
    });
    let slots = join_all(asked).await;
    let granted = slots
        .iter()
        .filter(|slot| matches!(slot, Ok(Slot::Granted(_))));
    assert_eq!(granted.count(), 7);
}

#[tokio::test]
async fn of_those_that_ask_at_once_one_gets_the_group() {
    let Some((_schema, [one, two])) = two() else {
        return;
    };
    queue(&*one, row("backend")).await;
    let asked = (0..20).map(|number| {
        let replica = if number % 2 == 0 { &one } else { &two };
        replica.lease(ask(WorkerId::generate(), at(1)), at(1))
    });
    let heads = join_all(asked).await;
    let rows = heads.iter().filter(|head| matches!(head, Ok(Head::Row(_))));
    assert_eq!(rows.count(), 1);
    let taken = Head::Taken { until: at(6) };
    let others = heads
        .iter()
        .filter(|head| head.as_ref().is_ok_and(|head| *head == taken));
    assert_eq!(others.count(), 19);
}

#[tokio::test]
async fn a_replica_that_hangs_is_relieved_and_finds_the_group_gone() {
    let Some((_schema, [hanging, other])) = two() else {
        return;
    };
    let row = row("backend");
    queue(&*hanging, row.clone()).await;
    assert_eq!(next_id(&*hanging, at(0)).await, row.id);
    let relieved = other.lease(ask(OTHER_WORKER, at(5)), at(5)).await.unwrap();
    assert!(matches!(relieved, Head::Row(_)), "{relieved:?}");

    let late = start(single(&row), at(6));
    assert_eq!(hanging.begin(late, at(6)).await.unwrap(), Slot::Gone);
}

/// One worker of several, until nothing waits: posts the head of the queue, and gives the group up after each.
async fn work(store: &dyn Store, worker: WorkerId, now: Timestamp, posted: &Mutex<Vec<OutboxId>>) {
    loop {
        let row = match store.lease(ask(worker, now), now).await.unwrap() {
            Head::Row(head) => head.row.outbox,
            Head::Empty => return,
            _ => {
                tokio::task::yield_now().await;
                continue;
            }
        };
        let What::New {
            id,
            group,
            shape,
            urgent,
            rows,
            ..
        } = single(&row)
        else {
            unreachable!()
        };
        let what = What::New {
            id,
            group,
            worker,
            shape,
            urgent,
            rows,
        };
        let start = Start {
            per_minute: 1000,
            ..start(what, now)
        };
        let Slot::Granted(attempt) = store.begin(start, now).await.unwrap() else {
            continue;
        };
        posted.lock().unwrap().push(row.id);
        finish(store, attempt, Next::Posted, now).await;
        store.release("backend", worker).await.unwrap();
    }
}

#[tokio::test]
async fn working_in_turns_they_keep_the_order_and_post_each_row_once() {
    let Some((_schema, [one, two])) = two() else {
        return;
    };
    let mut queued = Vec::new();
    for number in 0..40 {
        let replica = if number % 2 == 0 { &one } else { &two };
        queued.push(queue(&**replica, row("backend")).await);
    }
    let posted = Mutex::new(Vec::new());
    let (a, b) = (WorkerId::generate(), WorkerId::generate());
    tokio::join!(
        work(&*one, a, at(1), &posted),
        work(&*two, b, at(1), &posted)
    );
    assert_eq!(posted.into_inner().unwrap(), queued);
}

#[tokio::test]
async fn equal_deliveries_at_both_are_taken_in_once() {
    let Some((_schema, replicas)) = two() else {
        return;
    };
    for vendor_key in [Some("same".to_owned()), None] {
        let news = (0..16).map(|number| {
            let new = NewDelivery {
                vendor_key: vendor_key.clone(),
                content_key: "same".into(),
                ..routed()
            };
            replicas[number % 2].accept(new)
        });
        let accepted = join_all(news).await;
        let new = accepted
            .iter()
            .filter(|accepted| matches!(accepted, Ok(Accepted::New { .. })));
        assert_eq!(new.count(), 1, "{vendor_key:?}");
    }
    assert_eq!(replicas[0].waiting("backend").await.unwrap().count, 2);
}

#[tokio::test]
async fn a_row_taken_in_by_one_rings_at_the_others() {
    let Some((_schema, [one, two])) = two() else {
        return;
    };
    let (heard, mut rings) = mpsc::unbounded_channel();
    two.on_arrival(Arc::new(move |group| {
        let _ = heard.send(group.map(str::to_owned));
    }));
    let mut next = async || tokio::time::timeout(PATIENCE, rings.recv()).await.unwrap();
    assert_eq!(
        next().await,
        Some(None),
        "what came before it listened was not heard"
    );
    // Not its own.
    queue(&*two, row("ops")).await;
    queue(&*one, row("backend")).await;
    assert_eq!(next().await, Some(Some("backend".to_owned())));

    let id = attempt(&*one, Next::Dead("gone".into()), at(1)).await;
    one.retry_dead(vec![id], at(2)).await.unwrap();
    assert_eq!(next().await, Some(Some("backend".to_owned())));
}

#[tokio::test]
async fn started_together_they_migrate_once() {
    let Some(schema) = Schema::create() else {
        return;
    };
    let opened: Vec<_> = std::thread::scope(|scope| {
        let open = || Postgres::open(&schema.address(), None).map(drop);
        let started = [(); 8].map(|()| scope.spawn(open));
        started.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for opened in opened {
        opened.unwrap();
    }
    queue(&*schema.replica(None), row("backend")).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let Some(schema) = Schema::create() else {
        return;
    };
    drop(schema.replica(None));
    schema.administer("UPDATE hookbell_schema SET version = 99");
    let error = Postgres::open(&schema.address(), None)
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }));
    let error = error.to_string();
    assert!(
        error.contains("newer Hookbell (its schema is 99"),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_at_once_and_without_the_password() {
    let address = Address::parse("postgres://relay:hush@127.0.0.1:9/hookbell").unwrap();
    let error = Postgres::open(&address, None).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Connect { .. }));
    let error = error.to_string();
    assert!(error.contains("127.0.0.1:9/hookbell"), "{error}");
    assert!(!error.contains("hush"), "{error}");
}

/// A clock that is wrong by so many seconds.
fn off_by(seconds: i64) -> Option<LocalClock> {
    let off = SignedDuration::from_secs(seconds);
    Some(Arc::new(move || Timestamp::now() + off))
}

#[tokio::test]
async fn each_sees_the_times_of_the_other_by_its_own_clock() {
    let Some(schema) = Schema::create() else {
        return;
    };
    let hour = 3600;
    let right = schema.replica(off_by(0));
    let ahead = schema.replica(off_by(hour));
    let mut new = routed();
    new.delivery.received_at = Timestamp::now() + SignedDuration::from_secs(hour);
    let id = new.delivery.id;
    ahead.accept(new.clone()).await.unwrap();
    let seen = |found: DeliveryRecord| found.delivery.received_at;
    let by_ahead = seen(record(&*ahead, id).await);
    let by_right = seen(record(&*right, id).await);
    let between = by_ahead.duration_since(by_right).as_secs();
    assert!((hour - 60..hour + 60).contains(&between), "{between}");

    // A lease of the one whose clock is ahead is neither over for the other, nor much longer.
    let now = Timestamp::now() + SignedDuration::from_secs(hour);
    let lease = Ask {
        until: now + Duration::from_secs(300),
        ..ask(WORKER, now)
    };
    let head = ahead.lease(lease, now).await.unwrap();
    assert!(matches!(head, Head::Row(_)), "{head:?}");
    let now = Timestamp::now();
    let head = right.lease(ask(OTHER_WORKER, now), now).await.unwrap();
    let Head::Taken { until } = head else {
        panic!("{head:?}")
    };
    let left = until.duration_since(now).as_secs();
    assert!((240..360).contains(&left), "{left}");
}

#[tokio::test]
async fn one_that_cannot_be_stored_takes_no_other_with_it() {
    let Some((_schema, [store, _])) = two() else {
        return;
    };
    let known = row("backend");
    queue(&*store, known.clone()).await;
    let mut news: Vec<NewDelivery> = (0..10).map(|_| routed()).collect();
    news[4].outbox = vec![known];
    let accepted = join_all(news.iter().map(|new| store.accept(new.clone()))).await;
    for (number, accepted) in accepted.iter().enumerate() {
        if number == 4 {
            assert!(
                matches!(accepted, Err(StoreError::Internal(_))),
                "{accepted:?}"
            );
        } else {
            assert!(accepted.is_ok(), "{accepted:?}");
        }
    }
    assert_eq!(store.delivery(news[4].delivery.id).await.unwrap(), None);
    assert_eq!(store.waiting("backend").await.unwrap().count, 10);
}

#[tokio::test]
async fn what_the_database_cannot_hold_is_stored_as_well_as_it_can_be() {
    let Some((_schema, [store, _])) = two() else {
        return;
    };
    let mut new = routed();
    new.delivery.title = "nothing\0 at all".into();
    new.delivery.repo = Some("long/".repeat(2000));
    new.vendor_key = Some("long ".repeat(2000));
    let id = new.delivery.id;
    store.accept(new.clone()).await.unwrap();
    let found = record(&*store, id).await.delivery;
    assert_eq!(found.title, "nothing\u{fffd} at all");
    assert_eq!(found.repo, new.delivery.repo);
    let again = store.accept(new).await.unwrap();
    assert_eq!(again, Accepted::Duplicate { of: id });
}

#[tokio::test]
async fn connections_that_are_lost_are_made_anew() {
    let Some((schema, [store, _])) = two() else {
        return;
    };
    queue(&*store, row("backend")).await;
    next_row(&*store, at(0)).await;
    schema.end_connections();
    let accepted = tokio::time::timeout(PATIENCE, async {
        loop {
            match store.accept(routed()).await {
                Ok(accepted) => return accepted,
                Err(StoreError::Unavailable(Obstacle::Database(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    assert_eq!(accepted.await.unwrap(), Accepted::New { ignored: None });
    store.ready().await.unwrap();
}

#[tokio::test]
async fn connections_are_encrypted_and_the_server_is_verified_where_that_is_asked_for() {
    let Some(schema) = Schema::create() else {
        return;
    };
    let open = |mode: &str| {
        let url = format!("{}&sslmode={mode}", schema.url());
        Postgres::open(&Address::parse(&url).unwrap(), None).map(drop)
    };
    match open("require") {
        Err(error) if error.to_string().contains("does not support TLS") => return,
        opened => opened.unwrap(),
    }
    // A server of tests has a certificate that nobody signed.
    let error = open("verify-full").unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn groups_are_listed_once_each_however_much_waits() {
    let Some((_schema, [store, _])) = two() else {
        return;
    };
    for _ in 0..3 {
        for group in ["b", "a", "c"] {
            queue(&*store, row(group)).await;
        }
    }
    let groups: BTreeSet<String> = ["a", "b", "c"].map(str::to_owned).into();
    let listed = store.groups_waiting().await.unwrap();
    assert_eq!(listed, Vec::from_iter(groups));
}
