//! Figures over time, and what groups were told.

use hookbell::store::Store;
use hookbell::store::figures::*;
use hookbell::store::queue::*;
use hookbell::store::record::*;

use super::Database;
use super::sample::*;

/// Takes in a delivery of a source, received so many seconds after the start.
async fn arrive(store: &dyn Store, source: &str, seconds: i64) {
    let mut new = delivery();
    new.delivery.id = DeliveryIds::default().next(at(seconds));
    new.delivery.source = source.into();
    new.delivery.received_at = at(seconds);
    store.accept(new).await.unwrap();
}

pub async fn arrivals_are_counted_by_source_and_time(database: &dyn Database) {
    let store = database.open();
    for (source, seconds) in [
        ("github", 0),
        ("github", 59),
        ("github", 60),
        ("gitlab", 10),
        ("github", 200),
    ] {
        arrive(&*store, source, seconds).await;
    }
    let times = vec![at(0), at(60), at(120), at(180)];
    let arrivals = store.arrivals("github", times.clone()).await.unwrap();
    assert_eq!(arrivals.counts, [2, 1, 0]);
    assert_eq!(arrivals.last, Some(at(200)));
    assert_eq!(
        store.arrivals("gitlab", times).await.unwrap().counts,
        [1, 0, 0]
    );
    let nothing = store.arrivals("jira", vec![at(0), at(60)]).await.unwrap();
    assert_eq!((nothing.counts, nothing.last), (vec![0], None));
    assert!(
        store
            .arrivals("github", vec![at(0)])
            .await
            .unwrap()
            .counts
            .is_empty()
    );
}

pub async fn posts_are_counted_by_group_and_time(database: &dyn Database) {
    let store = database.open();
    for seconds in [0, 30, 70] {
        queue_at(&*store, row("backend"), at(seconds)).await;
        attempt(&*store, Next::Posted, at(seconds)).await;
    }
    queue_at(&*store, row("backend"), at(80)).await;
    attempt(&*store, Next::Dead("no".into()), at(80)).await;
    let times = vec![at(0), at(60), at(120)];
    assert_eq!(store.posts("backend", times.clone()).await.unwrap(), [2, 1]);
    assert_eq!(store.posts("ops", times).await.unwrap(), [0, 0]);
}

pub async fn a_chat_is_read_page_by_page_without_gap(database: &dyn Database) {
    let store = database.open();
    let mut posted = Vec::new();
    // Two at one moment: the place tells them apart all the same.
    for seconds in [0, 10, 10, 20, 30] {
        let row = queue_at(&*store, row("backend"), at(seconds)).await;
        assert_eq!(attempt(&*store, Next::Posted, at(seconds)).await, row);
        posted.push(MessageId::of(row));
    }
    queue_at(&*store, row("backend"), at(40)).await;
    attempt(&*store, Next::Dead("no".into()), at(40)).await;
    let mut read = Vec::new();
    let mut before = None;
    loop {
        let page = store.chat("backend", before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.place);
        read.extend(page.iter().map(|message| message.place));
    }
    assert!(read.is_sorted_by_key(|place| std::cmp::Reverse((place.posted_at, place.id))));
    let mut ids: Vec<MessageId> = read.iter().map(|place| place.id).collect();
    ids.sort();
    posted.sort();
    assert_eq!(ids, posted, "what died is not in the group");
    assert!(store.chat("ops", None, 10).await.unwrap().is_empty());
}

pub async fn a_digest_in_a_chat_tells_how_much_and_of_what(database: &dyn Database) {
    let store = database.open();
    let mut rows = Vec::new();
    for seconds in 0..3 {
        rows.push(queue_at(&*store, row("backend"), at(seconds)).await);
    }
    head(&*store, at(5)).await;
    let what = digest(MessageId::generate(), rows);
    let attempt = begin(&*store, start(what, at(5)), at(5)).await;
    finish(&*store, attempt, Next::Posted, at(6)).await;
    let chat = store.chat("backend", None, 10).await.unwrap();
    let [message] = chat.as_slice() else {
        panic!("{chat:?}");
    };
    assert_eq!((message.shape, message.rows), (Shape::Digest, 3));
    assert_eq!(message.place.posted_at, at(6));
    assert_eq!(message.body, "{}");
    assert_eq!(message.delivery.as_ref().unwrap().received_at, at(0));
}

pub async fn plans_are_counted_among_the_newest_rows(database: &dyn Database) {
    let store = database.open();
    let plan = |plan: &str| Outbox {
        plan: plan.into(),
        ..row("backend")
    };
    for (seconds, name) in [(0, "a"), (1, "b"), (2, "a"), (3, "b"), (4, "b")] {
        queue_at(&*store, plan(name), at(seconds)).await;
    }
    let mut plans = store.plans(4).await.unwrap();
    plans.counts.sort_by(|a, b| a.plan.cmp(&b.plan));
    let count = |plan: &str, rows, last| PlanCount {
        plan: plan.into(),
        rows,
        last: at(last),
    };
    assert_eq!(plans.counts, [count("a", 1, 2), count("b", 3, 4)]);
    assert_eq!(plans.since, Some(at(1)));
}
