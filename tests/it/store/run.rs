//! Runs of pipelines: each is compared with the last one of its key. What is told of them is `core::history`'s matter.

use futures_util::future::join_all;
use hookbell::core::history::{Flapping, Repeat, Run, RunOutcome, Trend};
use hookbell::store::Store;
use hookbell::store::queue::Pick;
use hookbell::store::record::*;

use super::Database;
use super::sample::*;

/// A delivery that tells of a run of this pipeline, received and ended so many seconds after the start.
fn ended_at(pipeline: &str, outcome: RunOutcome, seconds: i64) -> NewDelivery {
    let mut new = routed();
    new.delivery.received_at = at(seconds);
    new.run = Some(Run {
        key: format!("github acme/shop branch:main {pipeline}"),
        outcome,
        reference: Some(format!("#{}", seconds + 1)),
        url: None,
        at: Some(at(seconds)),
    });
    new
}

fn failed(seconds: i64) -> NewDelivery {
    ended_at("CI", RunOutcome::Failed, seconds)
}

fn passed(seconds: i64) -> NewDelivery {
    ended_at("CI", RunOutcome::Passed, seconds)
}

/// Accepts it and gives what is kept with it.
async fn kept(store: &dyn Store, new: NewDelivery) -> Option<Repeat> {
    let id = new.delivery.id;
    store.accept(new).await.unwrap();
    record(store, id).await.delivery.repeat
}

fn trend(repeat: Option<Repeat>) -> Option<(Trend, u64)> {
    let repeat = repeat?;
    Some((repeat.trend?, repeat.failures))
}

pub async fn a_run_is_compared_with_the_last_of_its_pipeline_also_over_a_restart(
    database: &dyn Database,
) {
    let store = database.open();
    assert_eq!(kept(&*store, failed(0)).await, None);
    let other = ended_at("nightly", RunOutcome::Passed, 1);
    assert_eq!(kept(&*store, other).await, None);
    let second = failed(2);
    let id = second.delivery.id;
    let told = kept(&*store, second).await;
    assert_eq!(trend(told.clone()), Some((Trend::StillFailing, 2)));
    drop(store);

    let store = database.open();
    assert_eq!(record(&*store, id).await.delivery.repeat, told);
    let third = kept(&*store, passed(3)).await;
    assert_eq!(trend(third), Some((Trend::Fixed, 2)));
    // The queue tells the same.
    let waiting = next_row(&*store, at(3)).await;
    assert_eq!(waiting.row.delivery.repeat, None, "of the first");
    let rest = store.behind("backend", Pick::Foldable, waiting.row.place, 10, at(3));
    let rest = rest.await.unwrap();
    assert_eq!(rest[1].delivery.repeat, told);
}

pub async fn a_repetition_of_a_delivery_is_no_run(database: &dyn Database) {
    let store = database.open();
    store.accept(failed(0)).await.unwrap();
    let second = failed(1);
    store.accept(second.clone()).await.unwrap();
    let mut again = second.clone();
    again.delivery.id = DeliveryId::generate();
    again.run = failed(2).run;
    again.outbox = vec![row("backend")];
    let of = second.delivery.id;
    assert_eq!(
        store.accept(again).await.unwrap(),
        Accepted::Duplicate { of }
    );
    let third = kept(&*store, failed(3)).await;
    assert_eq!(trend(third), Some((Trend::StillFailing, 3)));
}

pub async fn runs_at_once_are_all_counted(database: &dyn Database) {
    let store = database.open();
    let news = (0..16).map(|number| {
        let mut new = failed(0);
        let run = new.run.as_mut().unwrap();
        run.reference = None;
        run.url = Some(format!("https://ci.example.com/{number}"));
        new
    });
    for accepted in join_all(news.map(|new| store.accept(new))).await {
        assert_eq!(accepted.unwrap(), Accepted::New { ignored: None });
    }
    let last = kept(&*store, passed(1)).await;
    assert_eq!(trend(last), Some((Trend::Fixed, 16)));
}

/// The next run of a pipeline that flaps.
async fn flapping(store: &dyn Store, now: i64) -> NewDelivery {
    for seconds in 0..5 {
        let outcome = if seconds % 2 == 0 { failed } else { passed };
        let accepted = store.accept(outcome(now + seconds)).await.unwrap();
        assert_eq!(accepted, Accepted::New { ignored: None });
    }
    passed(now + 5)
}

pub async fn while_a_pipeline_flaps_only_urgent_rows_are_made(database: &dyn Database) {
    let store = database.open();
    let next = flapping(&*store, 0).await;
    let id = next.delivery.id;
    let Ok(Accepted::New { ignored: Some(why) }) = store.accept(next).await else {
        panic!("it is told");
    };
    let found = record(&*store, id).await;
    assert_eq!(found.outbox, []);
    assert_eq!(found.delivery.ignored, Some(why));
    let repeat = found.delivery.repeat.unwrap();
    assert_eq!(repeat.flapping, Some(Flapping::Hushed));

    let mut next = failed(6);
    let alarm = urgent("backend");
    next.outbox = vec![row("backend"), alarm.clone()];
    let id = next.delivery.id;
    let accepted = store.accept(next).await.unwrap();
    assert_eq!(accepted, Accepted::New { ignored: None });
    let found = record(&*store, id).await;
    let rows: Vec<&Outbox> = found.outbox.iter().map(|row| &row.outbox).collect();
    assert_eq!(rows, [&alarm]);
}

pub async fn a_repetition_of_what_was_hushed_stays_hushed(database: &dyn Database) {
    let store = database.open();
    let next = flapping(&*store, 0).await;
    store.accept(next.clone()).await.unwrap();
    let mut again = next.clone();
    again.delivery.id = DeliveryId::generate();
    let of = next.delivery.id;
    assert_eq!(
        store.accept(again).await.unwrap(),
        Accepted::Duplicate { of }
    );
    assert_eq!(record(&*store, of).await.outbox, []);
}

pub async fn a_run_that_no_route_wants_counts_and_keeps_its_reason(database: &dyn Database) {
    let store = database.open();
    let nightly = |seconds| ended_at("nightly", RunOutcome::Failed, seconds);
    let mut first = nightly(0);
    first.outbox.clear();
    first.delivery.ignored = Some("no route wants it".into());
    store.accept(first).await.unwrap();
    let second = kept(&*store, nightly(1)).await;
    assert_eq!(trend(second), Some((Trend::StillFailing, 2)));

    let mut next = flapping(&*store, 10).await;
    next.outbox.clear();
    next.delivery.ignored = Some("no route wants it".into());
    let id = next.delivery.id;
    store.accept(next).await.unwrap();
    let ignored = record(&*store, id).await.delivery.ignored;
    assert_eq!(ignored.as_deref(), Some("no route wants it"));
}
