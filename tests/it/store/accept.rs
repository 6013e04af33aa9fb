//! Taking in, and telling what was seen before.

use futures_util::future::join_all;
use hookbell::store::queue::*;
use hookbell::store::record::*;
use uuid::Uuid;

use super::Database;
use super::sample::*;

pub async fn keeps_all_of_a_delivery_over_a_restart(database: &dyn Database) {
    let new = NewDelivery {
        outbox: vec![row("backend"), urgent("ops")],
        ..delivery()
    };
    let accepted = database.open().accept(new.clone()).await;
    assert_eq!(accepted.unwrap(), Accepted::New { ignored: None });

    let found = record(&*database.open(), new.delivery.id).await;
    assert_eq!(found.delivery, new.delivery);
    assert_eq!(found.payload, new.payload);
    let rows: Vec<Outbox> = found.outbox.iter().map(|row| row.outbox.clone()).collect();
    assert_eq!(rows, new.outbox);
    for row in found.outbox {
        assert_eq!(row.state, State::Waiting { due_at: at(0) });
    }
}

pub async fn recognizes_the_vendors_id_at_any_time(database: &dyn Database) {
    let store = database.open();
    let first = routed();
    store.accept(first.clone()).await.unwrap();

    let mut again = routed();
    again.vendor_key = first.vendor_key;
    again.delivery.received_at = at(7 * 24 * 3600);
    let of = first.delivery.id;
    assert_eq!(
        store.accept(again.clone()).await.unwrap(),
        Accepted::Duplicate { of }
    );
    assert_eq!(store.delivery(again.delivery.id).await.unwrap(), None);
    assert_eq!(record(&*store, of).await.outbox.len(), 1);
}

pub async fn recognizes_equal_content_for_ten_minutes(database: &dyn Database) {
    let store = database.open();
    let first = NewDelivery {
        vendor_key: None,
        ..routed()
    };
    store.accept(first.clone()).await.unwrap();

    let of = first.delivery.id;
    let cases = [
        (600, Accepted::Duplicate { of }),
        // The clock was set back.
        (-600, Accepted::Duplicate { of }),
        (601, Accepted::New { ignored: None }),
    ];
    for (seconds, expected) in cases {
        let mut again = first.clone();
        again.delivery.id = DeliveryId(Uuid::now_v7());
        again.delivery.received_at = at(seconds);
        again.outbox = vec![row("backend")];
        assert_eq!(store.accept(again).await.unwrap(), expected, "{seconds}");
    }
}

pub async fn tells_sources_apart(database: &dyn Database) {
    let store = database.open();
    for vendor_key in [Some("1".to_owned()), None] {
        for source in ["github", "github-internal"] {
            let mut new = delivery();
            new.delivery.source = source.into();
            new.vendor_key = vendor_key.clone();
            new.content_key = "same".into();
            assert_eq!(
                store.accept(new).await.unwrap(),
                Accepted::New { ignored: None }
            );
        }
    }
}

pub async fn a_redelivery_of_one_that_failed_is_sent_again(database: &dyn Database) {
    let store = database.open();
    let mut first = delivery();
    first.outbox = vec![row("backend"), row("backend")];
    store.accept(first.clone()).await.unwrap();
    attempt(&*store, Next::Posted, at(1)).await;
    let dead = attempt(&*store, Next::Dead("bot removed".into()), at(2)).await;

    let mut again = first.clone();
    again.delivery.id = DeliveryId(Uuid::now_v7());
    again.delivery.received_at = at(100);
    let of = first.delivery.id;
    assert_eq!(
        store.accept(again.clone()).await.unwrap(),
        Accepted::Retaken { of }
    );
    assert_eq!(attempt(&*store, Next::Posted, at(101)).await, dead);
    assert_eq!(head(&*store, at(200)).await, Head::Empty);
    assert_eq!(
        store.accept(again).await.unwrap(),
        Accepted::Duplicate { of }
    );
}

pub async fn a_redelivery_of_one_that_no_route_wanted_is_routed_now(database: &dyn Database) {
    let store = database.open();
    let mut first = delivery();
    first.delivery.ignored = Some("no route wants it".into());
    store.accept(first.clone()).await.unwrap();
    let of = first.delivery.id;
    assert_eq!(
        store.accept(first.clone()).await.unwrap(),
        Accepted::Duplicate { of }
    );

    let again = NewDelivery {
        vendor_key: first.vendor_key,
        ..routed()
    };
    assert_eq!(
        store.accept(again.clone()).await.unwrap(),
        Accepted::Retaken { of }
    );
    let found = record(&*store, of).await;
    assert_eq!(found.delivery.ignored, None);
    assert_eq!(found.outbox[0].outbox, again.outbox[0]);
}

pub async fn concurrent_deliveries_are_all_durable(database: &dyn Database) {
    let store = database.open();
    let news: Vec<NewDelivery> = (0..64).map(|_| routed()).collect();
    let ids: Vec<DeliveryId> = news.iter().map(|new| new.delivery.id).collect();
    for accepted in join_all(news.into_iter().map(|new| store.accept(new))).await {
        assert_eq!(accepted.unwrap(), Accepted::New { ignored: None });
    }
    drop(store);

    let store = database.open();
    for id in ids {
        assert_eq!(record(&*store, id).await.outbox.len(), 1);
    }
}

pub async fn of_equal_deliveries_at_once_one_is_new(database: &dyn Database) {
    let store = database.open();
    let news = (0..16).map(|_| NewDelivery {
        vendor_key: Some("same".into()),
        ..routed()
    });
    let accepted = join_all(news.map(|new| store.accept(new))).await;
    let new = accepted
        .iter()
        .filter(|accepted| matches!(accepted, Ok(Accepted::New { ignored: None })));
    assert_eq!(new.count(), 1);
    assert_eq!(store.waiting("backend").await.unwrap().count, 1);
}

pub async fn rows_of_a_thread_are_held_back_until_the_window_of_the_first_ends(
    database: &dyn Database,
) {
    let store = database.open();
    let first = queue_at(&*store, gathering("pull request 42"), at(0)).await;
    let second = queue_at(&*store, gathering("pull request 42"), at(20)).await;
    let other = queue_at(&*store, gathering("pull request 7"), at(20)).await;
    assert_eq!(head(&*store, at(29)).await, Head::Later(at(30)));

    let head_row = next_row(&*store, at(30)).await;
    assert_eq!(head_row.row.outbox.id, first);
    let pick = Pick::Thread("pull request 42".into());
    let place = head_row.row.place;
    let behind = store.behind("backend", pick, place, 10, at(30)).await;
    let ids: Vec<OutboxId> = behind.unwrap().iter().map(|row| row.outbox.id).collect();
    assert_eq!(ids, [second]);

    let what = digest(MessageId::generate(), vec![first, second]);
    let told = begin(&*store, start(what, at(30)), at(30)).await;
    finish(&*store, told, Next::Posted, at(30)).await;
    assert_eq!(head(&*store, at(49)).await, Head::Later(at(50)));
    assert_eq!(next_id(&*store, at(50)).await, other);
}
