//! Dead letters, replays, lists and retention.

use hookbell::store::Store;
use hookbell::store::queue::*;
use hookbell::store::record::*;

use super::Database;
use super::sample::*;

async fn die(store: &dyn Store, reason: &str, second: i64) -> OutboxId {
    attempt(store, Next::Dead(reason.into()), at(second)).await
}

pub async fn dead_letters_wait_for_a_person_with_their_reason(database: &dyn Database) {
    let store = database.open();
    let new = routed();
    store.accept(new.clone()).await.unwrap();
    let id = die(&*store, "the bot is gone", 1).await;
    assert_eq!(head(&*store, at(100)).await, Head::Empty);

    let of = |group: &str| DeadFilter {
        group: Some(group.into()),
        reason: None,
    };
    let dead = store.dead(of("backend"), None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].outbox.id, id);
    assert_eq!(dead[0].delivery, new.delivery);
    assert_eq!(dead[0].reason, "the bot is gone");
    assert_eq!(dead[0].died_at, at(1));
    assert_eq!(dead[0].attempts, 1);
    assert!(store.dead(of("ops"), None, 10).await.unwrap().is_empty());

    let found = record(&*store, new.delivery.id).await;
    let attempts = &found.outbox[0].messages[0].attempts;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].bot, "one");
    assert_eq!(attempts[0].finished_at, Some(at(1)));
    assert_eq!(attempts[0].sentence.as_deref(), Some("it said so"));
}

pub async fn a_retried_dead_letter_is_as_new_under_its_old_id(database: &dyn Database) {
    let store = database.open();
    queue(&*store, row("backend")).await;
    attempt(&*store, Next::RetryAt(at(5)), at(1)).await;
    let id = die(&*store, "too old", 5).await;
    assert_eq!(store.retry_dead(vec![id], at(90)).await.unwrap(), 1);
    assert_eq!(store.retry_dead(vec![id], at(90)).await.unwrap(), 0);

    let row = next_row(&*store, at(90)).await.row;
    assert_eq!(row.outbox.id, id);
    assert_eq!(row.queued_at, at(90));
    let again = start(single(&row.outbox), at(90));
    begin(&*store, again, at(90)).await;
    let message = begun(&*store, at(200)).await;
    assert_eq!((message.id, message.failures), (MessageId::of(id), 0));
    assert_eq!(message.begun_at, at(90));
}

pub async fn a_discarded_dead_letter_is_settled(database: &dyn Database) {
    let store = database.open();
    let new = routed();
    store.accept(new.clone()).await.unwrap();
    let id = die(&*store, "too old", 1).await;
    let discard = || store.discard_dead(vec![id], "not needed".into(), at(2));
    assert_eq!(discard().await.unwrap(), 1);
    assert_eq!(discard().await.unwrap(), 0);

    assert!(
        store
            .dead(DeadFilter::default(), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let found = record(&*store, new.delivery.id).await;
    let discarded = State::Discarded {
        at: at(2),
        reason: "not needed".into(),
    };
    assert_eq!(found.outbox[0].state, discarded);
}

pub async fn a_replay_adds_rows(database: &dyn Database) {
    let store = database.open();
    let new = routed();
    store.accept(new.clone()).await.unwrap();
    attempt(&*store, Next::Posted, at(1)).await;
    let again = row("backend");
    let id = new.delivery.id;
    assert!(store.replay(id, vec![again.clone()], at(9)).await.unwrap());
    assert_eq!(next_id(&*store, at(9)).await, again.id);
    assert_eq!(record(&*store, id).await.outbox.len(), 2);

    let unknown = delivery().delivery.id;
    assert!(
        !store
            .replay(unknown, vec![row("backend")], at(9))
            .await
            .unwrap()
    );
}

pub async fn pages_follow_each_other_without_gap(database: &dyn Database) {
    let store = database.open();
    let mut ids = Vec::new();
    for second in 0..5 {
        let new = routed();
        ids.push(new.delivery.id);
        store.accept(new).await.unwrap();
        die(&*store, "gone", second).await;
    }
    ids.reverse();

    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = store.received(before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.delivery.id);
        for received in page {
            let record = record(&*store, received.delivery.id).await;
            assert_eq!(received.payload, record.payload);
            listed.push(received.delivery.id);
        }
    }
    assert_eq!(listed, ids);

    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = store.dead(DeadFilter::default(), before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.outbox.id);
        listed.extend(page.iter().map(|letter| letter.delivery.id));
    }
    assert_eq!(listed, ids);
}

pub async fn dead_letters_are_told_by_what_they_died_of(database: &dyn Database) {
    let store = database.open();
    let long = "the template `x` fails ".repeat(20);
    let reasons = ["gone", "gone", &format!("{long}1"), &format!("{long}2")];
    for (second, reason) in (1..).zip(reasons) {
        store.accept(routed()).await.unwrap();
        die(&*store, reason, second).await;
    }
    let causes = store.dead_causes().await.unwrap();
    let told: Vec<_> = causes
        .iter()
        .map(|cause| (cause.count, cause.first, cause.last))
        .collect();
    assert_eq!(told, [(2, at(3), at(4)), (2, at(1), at(2))]);
    assert_eq!(causes[0].reason.chars().count(), DeadCause::BEGINNING);

    for cause in causes {
        let filter = DeadFilter {
            group: Some(cause.group),
            reason: Some(cause.reason.clone()),
        };
        let letters = store.dead(filter, None, 10).await.unwrap();
        assert_eq!(letters.len(), 2);
        for letter in letters {
            assert!(letter.reason.starts_with(&cause.reason));
        }
    }
}

pub async fn tells_what_waits(database: &dyn Database) {
    let store = database.open();
    assert!(store.groups_waiting().await.unwrap().is_empty());
    queue(&*store, row("backend")).await;
    queue(&*store, row("backend")).await;
    queue(&*store, row("ops")).await;
    attempt(&*store, Next::Posted, at(1)).await;

    assert_eq!(store.groups_waiting().await.unwrap(), ["backend", "ops"]);
    let waiting = store.waiting("backend").await.unwrap();
    assert_eq!((waiting.count, waiting.oldest), (1, Some(at(0))));
    let nothing = store.waiting("release").await.unwrap();
    assert_eq!((nothing.count, nothing.oldest), (0, None));
}

pub async fn retention_spares_what_waits_or_is_dead(database: &dyn Database) {
    let store = database.open();
    let [posted, dead, waiting] = [(); 3].map(|()| routed());
    for new in [&posted, &dead, &waiting] {
        store.accept(new.clone()).await.unwrap();
    }
    attempt(&*store, Next::Posted, at(1)).await;
    die(&*store, "gone", 2).await;
    let unrouted = delivery();
    store.accept(unrouted.clone()).await.unwrap();
    let mut recent = delivery();
    recent.delivery.received_at = at(1000);
    store.accept(recent.clone()).await.unwrap();

    assert_eq!(store.prune(at(1000), 1).await.unwrap(), 1);
    assert_eq!(store.prune(at(1000), 10).await.unwrap(), 1);
    assert_eq!(store.prune(at(1000), 10).await.unwrap(), 0);
    for (new, kept) in [
        (posted, false),
        (unrouted, false),
        (dead, true),
        (waiting, true),
        (recent, true),
    ] {
        let found = store.delivery(new.delivery.id).await.unwrap();
        assert_eq!(found.is_some(), kept);
    }
}

pub async fn retention_counts_from_the_post_and_not_from_the_receipt(database: &dyn Database) {
    let store = database.open();
    let old = routed();
    store.accept(old.clone()).await.unwrap();
    attempt(&*store, Next::Posted, at(1000)).await;
    assert_eq!(
        store.prune(at(1000), 10).await.unwrap(),
        0,
        "its attempt still counts"
    );
    assert_eq!(store.prune(at(1001), 10).await.unwrap(), 1);
}

pub async fn is_ready(database: &dyn Database) {
    database.open().ready().await.unwrap();
}

pub async fn what_is_forgotten_gives_its_room_back(database: &dyn Database) {
    let store = database.open();
    for _ in 0..20 {
        let mut large = delivery();
        large.payload.body = fastrand::Rng::with_seed(7)
            .choose_multiple(0..=255_u8, 200)
            .repeat(500)
            .into();
        store.accept(large).await.unwrap();
    }
    let full = store.bytes().await.unwrap();
    assert_eq!(store.prune(at(1000), 100).await.unwrap(), 20);
    assert!(store.bytes().await.unwrap() < full);
}
