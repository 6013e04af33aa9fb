//! The queues: their order, who works on them, and what is held back.

use hookbell::store::Store;
use hookbell::store::queue::*;
use hookbell::store::record::*;
use hookbell::store::search::*;

use super::Database;
use super::sample::*;

pub async fn urgent_rows_go_first_and_the_others_in_order(database: &dyn Database) {
    let store = database.open();
    let first = queue(&*store, row("backend")).await;
    let second = queue(&*store, row("backend")).await;
    let urgent = queue(&*store, urgent("backend")).await;
    let mut posted = Vec::new();
    for second in 1..=3 {
        posted.push(attempt(&*store, Next::Posted, at(second)).await);
    }
    assert_eq!(posted, [urgent, first, second]);
}

pub async fn groups_do_not_wait_for_each_other(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("ops")).await;
    let id = queue(&*store, row("backend")).await;
    assert_eq!(next_id(&*store, at(1)).await, id);
}

pub async fn one_worker_at_a_time_has_a_group(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    assert_eq!(next_id(&*store, at(0)).await, id);
    let other = |second| store.lease(ask(OTHER_WORKER, at(second)), at(second));
    let taken = Head::Taken { until: at(5) };
    assert_eq!(other(4).await.unwrap(), taken);
    assert_eq!(next_id(&*store, at(4)).await, id, "it may go on itself");
    assert!(matches!(other(9).await.unwrap(), Head::Row(_)));
    // Who was too slow finds the group in other hands.
    let row = record_of(&*store, id).await;
    let late = store
        .begin(start(single(&row), at(9)), at(9))
        .await
        .unwrap();
    assert_eq!(late, Slot::Gone);
}

async fn record_of(store: &dyn Store, id: OutboxId) -> Outbox {
    let everything = Search::new(DeliveryFilter::default());
    for line in store.deliveries(everything).await.unwrap().lines {
        for row in record(store, line.delivery.id).await.outbox {
            if row.outbox.id == id {
                return row.outbox;
            }
        }
    }
    panic!("no row {id}");
}

pub async fn a_group_is_free_when_nothing_is_due_or_it_is_given_up(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    attempt(&*store, Next::Posted, at(0)).await;
    assert_eq!(head(&*store, at(1)).await, Head::Empty);
    let id = queue(&*store, row("backend")).await;
    let other = store.lease(ask(OTHER_WORKER, at(1)), at(1)).await.unwrap();
    assert!(matches!(other, Head::Row(_)));

    store.release("backend", WORKER).await.unwrap();
    assert!(matches!(head(&*store, at(2)).await, Head::Taken { .. }));
    store.release("backend", OTHER_WORKER).await.unwrap();
    assert_eq!(next_id(&*store, at(2)).await, id);
}

pub async fn a_group_stays_taken_while_a_post_may_run(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let row = next_row(&*store, at(0)).await.row.outbox;
    begin(&*store, start(single(&row), at(1)), at(1)).await;
    drop(store);

    let store = database.open();
    let other = |second| store.lease(ask(OTHER_WORKER, at(second)), at(second));
    assert_eq!(other(10).await.unwrap(), Head::Taken { until: at(11) });
    assert!(matches!(other(11).await.unwrap(), Head::Begun(_)));
}

pub async fn in_quiet_times_only_what_is_urgent_is_given(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let quiet = |second| {
        let urgent = Ask {
            which: Which::Urgent,
            ..ask(WORKER, at(second))
        };
        store.lease(urgent, at(second))
    };
    assert_eq!(quiet(1).await.unwrap(), Head::Empty);
    let id = queue(&*store, urgent("backend")).await;
    let Head::Row(head) = quiet(2).await.unwrap() else {
        panic!("nothing urgent");
    };
    assert_eq!(head.row.outbox.id, id);
}

pub async fn what_is_never_folded_can_be_asked_for_alone(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let unfolded = |second| {
        let alone = Ask {
            which: Which::Unfolded,
            ..ask(WORKER, at(second))
        };
        store.lease(alone, at(second))
    };
    assert_eq!(unfolded(1).await.unwrap(), Head::Empty);
    let alone = Outbox {
        folds: false,
        ..row("backend")
    };
    let id = queue(&*store, alone).await;
    let Head::Row(head) = unfolded(2).await.unwrap() else {
        panic!("nothing that is told alone");
    };
    assert_eq!(head.row.outbox.id, id);
}

pub async fn the_head_row_tells_how_much_is_behind_it(database: &dyn Database) {
    let store = database.open();
    for _ in 0..5 {
        queue(&*store, row("backend")).await;
    }
    queue(&*store, gathering("not due")).await;
    let alone = Outbox {
        folds: false,
        ..row("backend")
    };
    queue(&*store, alone).await;
    let first = next_row(&*store, at(1)).await;
    assert_eq!((first.behind, first.told_at), (4, None));

    let mut pages = Vec::new();
    let mut after = first.row.place;
    loop {
        let rows = store
            .behind("backend", Pick::Foldable, after, 3, at(1))
            .await;
        let rows = rows.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.place;
        pages.push(rows.len());
    }
    assert_eq!(pages, [3, 1]);

    attempt(&*store, Next::Posted, at(2)).await;
    let second = next_row(&*store, at(3)).await;
    assert_eq!((second.behind, second.told_at), (3, Some(at(2))));
}

pub async fn rows_are_moved_to_another_group_and_tell_whence(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("release")).await;
    queue(&*store, row("release")).await;
    let moved = store
        .divert("release", "backend", "its bot is gone", 1)
        .await;
    assert_eq!(moved.unwrap(), 1);
    let row = next_row(&*store, at(1)).await.row;
    assert_eq!((row.outbox.id, row.outbox.group.as_str()), (id, "backend"));
    let via = row.via.unwrap();
    assert_eq!(
        (via.group.as_str(), via.reason.as_str()),
        ("release", "its bot is gone")
    );
    assert_eq!(store.waiting("release").await.unwrap().count, 1);
}

pub async fn a_time_far_ahead_was_written_by_a_clock_set_back_since(database: &dyn Database) {
    let store = database.open();
    let hour = 3600;
    queue_at(&*store, row("backend"), at(hour)).await;
    attempt(&*store, Next::RetryAt(at(hour + 60)), at(hour)).await;
    queue_at(&*store, gathering("a thread"), at(hour)).await;
    let rest = Rest {
        until: at(hour + 600),
        level: 1,
        aside: None,
    };
    store.rest_bot("one", rest, at(hour)).await.unwrap();

    // An hour back: the lease, the pauses and the rest are not waited for. The minute is.
    let other = store.lease(ask(OTHER_WORKER, at(0)), at(0)).await.unwrap();
    assert!(matches!(other, Head::Begun(_)), "{other:?}");
    let load = store.load(vec!["one".into()], at(0)).await.unwrap();
    assert!(load[0].counted.is_empty(), "{load:?}");
    let test = || Start {
        per_minute: 1,
        ..start(What::Test, at(0))
    };
    let slot = store.begin(test(), at(0)).await.unwrap();
    assert_eq!(slot, Slot::Full { until: at(62) });
    begin(&*store, test(), at(62)).await;
}
