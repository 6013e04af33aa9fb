//! Messages, their attempts, and the bots' minutes and months.

use hookbell::core::budget;
use hookbell::store::Store;
use hookbell::store::queue::*;
use hookbell::store::record::*;

use super::Database;
use super::sample::*;

pub async fn a_retry_keeps_its_place_and_its_words(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    queue(&*store, row("backend")).await;
    let row = next_row(&*store, at(1)).await.row.outbox;
    let mut start = start(single(&row), at(1));
    start.body = "the words".into();
    let attempt = begin(&*store, start, at(1)).await;
    finish(&*store, attempt, Next::RetryAt(at(9)), at(2)).await;

    assert_eq!(head(&*store, at(8)).await, Head::Later(at(9)));
    let message = begun(&*store, at(9)).await;
    assert_eq!(message.id, MessageId::of(row.id));
    assert_eq!(message.body, "the words");
    assert_eq!((message.failures, message.begun_at), (1, at(1)));
}

pub async fn a_message_that_surely_was_not_posted_is_dissolved(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    let is_new = async |second| matches!(head(&*store, at(second)).await, Head::Row(_));
    attempt(&*store, Next::Release, at(1)).await;
    assert!(is_new(2).await, "it surely is not in the group");
    attempt(&*store, Next::RetryAt(at(3)), at(2)).await;
    attempt(&*store, Next::Release, at(4)).await;
    let message = begun(&*store, at(5)).await;
    assert_eq!(
        message.bot, "one",
        "of the first attempt nothing new is known"
    );
    attempt(&*store, Next::Reassign, at(6)).await;
    assert!(is_new(7).await, "that bot cannot post it any more");
    assert_eq!(next_id(&*store, at(7)).await, id);
}

pub async fn a_message_whose_attempt_was_cut_off_is_due_at_its_timeout(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    let row = next_row(&*store, at(0)).await.row.outbox;
    begin(&*store, start(single(&row), at(1)), at(1)).await;
    drop(store);

    let store = database.open();
    assert_eq!(head(&*store, at(10)).await, Head::Later(at(11)));
    let message = begun(&*store, at(11)).await;
    assert_eq!((message.bot.as_str(), message.failures), ("one", 0));
}

pub async fn an_urgent_row_passes_a_message_in_a_retry_pause(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    attempt(&*store, Next::RetryAt(at(60)), at(1)).await;
    let urgent = queue(&*store, urgent("backend")).await;
    assert_eq!(attempt(&*store, Next::Posted, at(2)).await, urgent);
    assert_eq!(head(&*store, at(3)).await, Head::Later(at(60)));
}

pub async fn a_digest_settles_all_its_rows(database: &dyn Database) {
    let store = database.open();
    let mut rows = Vec::new();
    let mut deliveries = Vec::new();
    for _ in 0..3 {
        let new = routed();
        rows.push(new.outbox[0].id);
        deliveries.push(new.delivery.id);
        store.accept(new).await.unwrap();
    }
    next_row(&*store, at(1)).await;
    let id = MessageId::generate();
    let told = begin(&*store, start(digest(id, rows[..2].to_vec()), at(1)), at(1)).await;
    assert_eq!(store.waiting("backend").await.unwrap().count, 3);
    finish(&*store, told, Next::Posted, at(1)).await;
    assert_eq!(next_id(&*store, at(2)).await, rows[2]);

    for delivery in &deliveries[..2] {
        let found = record(&*store, *delivery).await;
        let row = &found.outbox[0];
        assert_eq!(row.state, State::Posted { at: at(1) });
        let [message] = row.messages.as_slice() else {
            panic!("{row:?}");
        };
        assert_eq!(
            (message.id, message.shape, message.rows),
            (id, Shape::Digest, 2)
        );
        assert_eq!(message.attempts.len(), 1);
    }
}

pub async fn rows_of_a_dissolved_digest_wait_in_their_places(database: &dyn Database) {
    let store = database.open();
    let first = queue(&*store, row("backend")).await;
    let second = queue(&*store, row("backend")).await;
    next_row(&*store, at(1)).await;
    let what = digest(MessageId::generate(), vec![first, second]);
    let told = begin(&*store, start(what, at(1)), at(1)).await;
    finish(&*store, told, Next::Release, at(2)).await;
    for (second, id) in [(3, first), (4, second)] {
        assert_eq!(attempt(&*store, Next::Posted, at(second)).await, id);
    }
}

pub async fn the_plain_form_takes_the_place_of_a_refused_body(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    attempt(&*store, Next::Instead("plain".into()), at(1)).await;
    let message = begun(&*store, at(1)).await;
    assert_eq!((message.body.as_str(), message.plain), ("plain", true));
    assert_eq!(message.failures, 0);
}

pub async fn a_posted_row_is_never_given_again(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    assert_eq!(attempt(&*store, Next::Posted, at(1)).await, id);
    drop(store);

    let store = database.open();
    assert_eq!(head(&*store, at(1_000_000)).await, Head::Empty);
}

pub async fn a_message_settled_by_somebody_else_gets_no_attempt(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    let row = next_row(&*store, at(0)).await.row.outbox;
    let slow = begin(&*store, start(single(&row), at(1)), at(1)).await;
    // Its end does not come, and the message is posted once more.
    assert_eq!(attempt(&*store, Next::Posted, at(40)).await, id);

    for what in [single(&row), again(MessageId::of(id))] {
        let slot = store.begin(start(what, at(41)), at(41)).await.unwrap();
        assert_eq!(slot, Slot::Gone);
    }
    finish(&*store, slow, Next::RetryAt(at(50)), at(42)).await;
    assert_eq!(head(&*store, at(100)).await, Head::Empty);
}

pub async fn a_bot_gets_its_limit_and_then_waits_also_over_a_restart(database: &dyn Database) {
    let store = database.open();
    for second in 0..20 {
        let attempt = begin(&*store, start(What::Test, at(second)), at(second)).await;
        finish(&*store, attempt, Next::Posted, at(second)).await;
    }
    drop(store);

    let store = database.open();
    let full = Slot::Full { until: at(62) };
    assert_eq!(slot(&*store, 20).await, full);
    assert_eq!(slot(&*store, 61).await, full);
    let load = store.load(vec!["one".into(), "two".into()], at(61)).await;
    let counted: Vec<usize> = load
        .unwrap()
        .iter()
        .map(|load| load.counted.len())
        .collect();
    assert_eq!(counted, [20, 0]);
    assert!(matches!(slot(&*store, 62).await, Slot::Granted(_)));
    assert_eq!(slot(&*store, 62).await, Slot::Full { until: at(63) });

    let other = Start {
        bot: "two".into(),
        ..start(What::Test, at(62))
    };
    begin(&*store, other, at(62)).await;
}

async fn slot(store: &dyn Store, second: i64) -> Slot {
    let test = start(What::Test, at(second));
    store.begin(test, at(second)).await.unwrap()
}

pub async fn an_attempt_without_an_end_counts_from_its_timeout(database: &dyn Database) {
    let store = database.open();
    let single = || Start {
        per_minute: 1,
        ..start(What::Test, at(0))
    };
    begin(&*store, single(), at(0)).await;
    drop(store);

    let store = database.open();
    let slot = store.begin(single(), at(71)).await.unwrap();
    assert_eq!(slot, Slot::Full { until: at(72) });
    begin(&*store, single(), at(72)).await;
}

pub async fn test_messages_count_against_the_limit(database: &dyn Database) {
    let store = database.open();
    let id = queue(&*store, row("backend")).await;
    for _ in 0..20 {
        begin(&*store, start(What::Test, at(0)), at(0)).await;
    }
    let row = next_row(&*store, at(1)).await.row.outbox;
    let slot = store
        .begin(start(single(&row), at(1)), at(1))
        .await
        .unwrap();
    assert_eq!(slot, Slot::Full { until: at(72) });
    assert_eq!(next_id(&*store, at(1)).await, id, "it waits as before");
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
            finish(&*store, attempt, Next::Posted, at(end)).await;
        }
        let limited = Start {
            per_minute: LIMIT as u32,
            ..start(What::Test, at(now))
        };
        if let Slot::Granted(attempt) = store.begin(limited, at(now)).await.unwrap() {
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

pub async fn a_resting_bot_gets_no_slot(database: &dyn Database) {
    let store = database.open();
    let rest = Rest {
        until: at(60),
        level: 2,
        aside: Some("it was removed".into()),
    };
    store.rest_bot("one", rest.clone(), at(0)).await.unwrap();
    drop(store);

    let store = database.open();
    let known = async || {
        let loads = store.load(vec!["one".into()], at(59)).await.unwrap();
        loads.into_iter().next().unwrap().rest
    };
    assert_eq!(slot(&*store, 59).await, Slot::Resting { until: at(60) });
    assert_eq!(known().await, Some(rest));
    assert!(matches!(slot(&*store, 60).await, Slot::Granted(_)));
    store.reset_rest("one").await.unwrap();
    assert_eq!(known().await, None);
}

pub async fn posts_are_counted_by_day_and_the_month_ends_with_its_budget(database: &dyn Database) {
    let store = database.open();
    let day = budget::day(at(0));
    let month = day.first_of_month();
    let limited = |bot: &str, of_organization, of_bot| Start {
        bot: bot.into(),
        budget: Budget {
            organization: "acme".into(),
            of_organization,
            of_bot,
            ..Budget::unlimited(day)
        },
        ..start(What::Test, at(0))
    };
    let slot = async |start: Start| store.begin(start, at(0)).await.unwrap();
    begin(&*store, limited("one", Some(3), Some(2)), at(0)).await;
    begin(&*store, limited("one", Some(3), Some(2)), at(0)).await;
    assert_eq!(slot(limited("one", Some(3), Some(2))).await, Slot::Spent);
    begin(&*store, limited("two", Some(3), None), at(0)).await;
    assert_eq!(slot(limited("two", Some(3), None)).await, Slot::Spent);

    let usage = store.usage(month).await.unwrap();
    let posts: Vec<_> = usage
        .iter()
        .map(|usage| (usage.bot.as_str(), usage.posts))
        .collect();
    assert_eq!(posts, [("one", 2), ("two", 1)]);
    assert_eq!(
        (usage[0].day, usage[0].organization.as_str()),
        (day, "acme")
    );

    let mut next_month = limited("one", Some(3), Some(2));
    next_month.budget.month = month.last_of_month().tomorrow().unwrap();
    next_month.budget.day = next_month.budget.month;
    begin(&*store, next_month, at(0)).await;
}
