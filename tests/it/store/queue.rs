//! The queues, the attempts and the bots' minutes.

use hookbell::store::Store;
use hookbell::store::record::*;

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
    assert_eq!(lease_id(&*store, at(1)).await, Some(id));
}

pub async fn a_leased_row_is_free_again_when_the_lease_expires(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    let behind = queue(&*store, row("backend")).await;
    assert_eq!(lease_id(&*store, at(0)).await, Some(id));
    drop(store);

    let store = database.open();
    assert_eq!(lease_id(&*store, at(29)).await, None);
    assert_eq!(store.next_due("backend").await.unwrap(), Some(at(30)));
    assert_eq!(attempt(&*store, Next::Posted, at(30)).await, id);
    assert_eq!(lease_id(&*store, at(31)).await, Some(behind));
}

pub async fn a_retry_keeps_its_place_and_its_words(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    queue(&*store, row("backend")).await;
    let leased = lease(&*store, at(1)).await.unwrap();
    assert_eq!((leased.failures, leased.wrote), (0, None));
    let mut start = start(Some(id));
    start.body = "the words".into();
    let attempt = begin(&*store, start, at(1)).await;
    let failed = finish(Next::RetryAt(at(9)));
    store.finish_attempt(attempt, failed, at(2)).await.unwrap();

    assert_eq!(lease_id(&*store, at(8)).await, None);
    assert_eq!(store.next_due("backend").await.unwrap(), Some(at(9)));
    let leased = lease(&*store, at(9)).await.unwrap();
    assert_eq!(leased.outbox.id, id);
    assert_eq!(leased.failures, 1);
    assert_eq!(leased.wrote.as_deref(), Some("the words"));
    assert_eq!(leased.queued_at, at(0));
}

pub async fn a_row_stays_with_the_bot_that_may_have_posted_it(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let bound_to = async |seconds| lease(&*store, at(seconds)).await.unwrap().bound_to;
    assert_eq!(bound_to(0).await, None);
    attempt(&*store, Next::Release, at(40)).await;
    assert_eq!(bound_to(41).await, None, "it surely is not in the group");
    attempt(&*store, Next::RetryAt(at(81)), at(80)).await;
    assert_eq!(
        bound_to(81).await.as_deref(),
        Some("one"),
        "it may be in the group"
    );
    attempt(&*store, Next::Release, at(120)).await;
    let still = bound_to(121).await;
    assert_eq!(
        still.as_deref(),
        Some("one"),
        "of the earlier attempt nothing new is known"
    );
    attempt(&*store, Next::Reassign, at(160)).await;
    assert_eq!(
        bound_to(161).await,
        None,
        "that bot cannot post it any more"
    );
}

pub async fn a_row_whose_attempt_was_cut_off_stays_with_its_bot(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    assert_eq!(lease_id(&*store, at(0)).await, Some(id));
    begin(&*store, start(Some(id)), at(1)).await;
    drop(store);

    let store = database.open();
    let bound_to = lease(&*store, at(60)).await.unwrap().bound_to;
    assert_eq!(bound_to.as_deref(), Some("one"));
}

pub async fn an_urgent_row_passes_one_in_a_retry_pause(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    attempt(&*store, Next::RetryAt(at(60)), at(1)).await;
    let urgent = queue(&*store, urgent("backend")).await;
    assert_eq!(attempt(&*store, Next::Posted, at(2)).await, urgent);
    assert_eq!(lease_id(&*store, at(3)).await, None);
}

pub async fn a_posted_row_is_never_leased_again(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    assert_eq!(attempt(&*store, Next::Posted, at(1)).await, id);
    drop(store);

    let store = database.open();
    assert_eq!(lease_id(&*store, at(1_000_000)).await, None);
    assert_eq!(store.next_due("backend").await.unwrap(), None);
}

pub async fn a_row_settled_by_somebody_else_gets_no_attempt(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    lease(&*store, at(0)).await.unwrap();
    let slow = begin(&*store, start(Some(id)), at(1)).await;
    // The lease expires, and another worker is faster.
    attempt(&*store, Next::Posted, at(40)).await;

    let slot = store.begin_attempt(start(Some(id)), at(41)).await.unwrap();
    assert_eq!(slot, Slot::Gone);
    let late = finish(Next::RetryAt(at(50)));
    store.finish_attempt(slow, late, at(42)).await.unwrap();
    assert_eq!(lease_id(&*store, at(100)).await, None);
}

pub async fn a_bot_gets_its_limit_and_then_waits_also_over_a_restart(database: &dyn Database) {
    let store = database.open();
    for second in 0..20 {
        let attempt = begin(&*store, start(None), at(second)).await;
        let posted = finish(Next::Posted);
        store
            .finish_attempt(attempt, posted, at(second))
            .await
            .unwrap();
    }
    drop(store);

    let store = database.open();
    let full = Slot::Full { until: at(62) };
    assert_eq!(slot(&*store, 20).await, full);
    assert_eq!(slot(&*store, 61).await, full);
    assert!(matches!(slot(&*store, 62).await, Slot::Granted(_)));
    assert_eq!(slot(&*store, 62).await, Slot::Full { until: at(63) });

    let other = Start {
        bot: "two".into(),
        ..start(None)
    };
    begin(&*store, other, at(62)).await;
}

async fn slot(store: &dyn Store, second: i64) -> Slot {
    store.begin_attempt(start(None), at(second)).await.unwrap()
}

pub async fn an_attempt_without_an_end_counts_from_its_timeout(database: &dyn Database) {
    let store = database.open();
    let single = || Start {
        per_minute: 1,
        ..start(None)
    };
    begin(&*store, single(), at(0)).await;
    drop(store);

    let store = database.open();
    let slot = store.begin_attempt(single(), at(71)).await.unwrap();
    assert_eq!(slot, Slot::Full { until: at(72) });
    begin(&*store, single(), at(72)).await;
}

pub async fn test_messages_count_against_the_limit(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    for _ in 0..20 {
        begin(&*store, start(None), at(0)).await;
    }
    let slot = store.begin_attempt(start(Some(id)), at(1)).await.unwrap();
    assert_eq!(slot, Slot::Full { until: at(72) });
}

/// Posts overlap, take up to their timeout, arrive at any moment in between, and some never get an answer.
pub async fn no_minute_at_the_service_holds_more_than_the_limit(database: &dyn Database) {
    const LIMIT: usize = 5;
    let store = database.open();
    let mut random = fastrand::Rng::with_seed(7);
    let mut arrivals = Vec::new();
    let mut open: Vec<(i64, AttemptId)> = Vec::new();
    let mut now = 0;
    while arrivals.len() < 60 {
        let (ended, still_open) = open.into_iter().partition(|(end, _)| *end <= now);
        open = still_open;
        for (end, attempt) in ended {
            let posted = finish(Next::Posted);
            store
                .finish_attempt(attempt, posted, at(end))
                .await
                .unwrap();
        }
        let limited = Start {
            per_minute: LIMIT as u32,
            ..start(None)
        };
        if let Slot::Granted(attempt) = store.begin_attempt(limited, at(now)).await.unwrap() {
            let end = now + random.i64(0..=10);
            arrivals.push(random.i64(now..=end));
            if random.u8(0..4) > 0 {
                open.push((end, attempt));
            }
        }
        now += random.i64(0..=3);
    }
    arrivals.sort_unstable();
    for window in arrivals.windows(LIMIT + 1) {
        assert!(window[LIMIT] - window[0] > 60, "{window:?}");
    }
}

pub async fn without_a_slot_the_row_is_free_for_an_urgent_one_to_pass(database: &dyn Database) {
    let store = database.open();
    for _ in 0..20 {
        begin(&*store, start(None), at(0)).await;
    }
    let id = queue(&*store, row("backend")).await;
    assert_eq!(lease_id(&*store, at(1)).await, Some(id));
    let slot = store.begin_attempt(start(Some(id)), at(1)).await.unwrap();
    assert_eq!(slot, Slot::Full { until: at(72) });

    assert_eq!(store.next_due("backend").await.unwrap(), Some(at(0)));
    let urgent = queue(&*store, urgent("backend")).await;
    assert_eq!(attempt(&*store, Next::Posted, at(72)).await, urgent);
    let leased = lease(&*store, at(73)).await.unwrap();
    assert_eq!((leased.outbox.id, leased.failures), (id, 0));
}

pub async fn a_resting_bot_gets_no_slot(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let rest = Rest {
        until: at(60),
        level: 2,
    };
    store.rest_bot("one", rest).await.unwrap();
    drop(store);

    let store = database.open();
    assert_eq!(slot(&*store, 59).await, Slot::Resting { until: at(60) });
    assert_eq!(store.rest_of("one").await.unwrap(), Some(rest));
    begin(&*store, start(None), at(60)).await;

    let released = attempt(&*store, Next::Release, at(61)).await;
    let leased = lease(&*store, at(61)).await.unwrap();
    assert_eq!((leased.outbox.id, leased.failures), (released, 0));
    store.reset_rest("one").await.unwrap();
    assert_eq!(store.rest_of("one").await.unwrap(), None);
}
