//! Looking for deliveries.

use hookbell::core::event::Kind;
use hookbell::core::source::Evidence;
use hookbell::store::Store;
use hookbell::store::queue::*;
use hookbell::store::record::*;
use hookbell::store::search::*;

use super::Database;
use super::sample::*;

/// Everything that is found, page by page of this size, and how many pages it took.
async fn pages(store: &dyn Store, filter: &DeliveryFilter, limit: u32, look_at: u32) -> Pages {
    let mut search = Search::new(filter.clone()).limit(limit);
    search.look_at = look_at;
    let mut pages = Pages::default();
    loop {
        let found = store.deliveries(search.clone()).await.unwrap();
        assert!(found.lines.len() <= limit as usize);
        pages.count += 1;
        pages
            .ids
            .extend(found.lines.iter().map(|line| line.delivery.id));
        let Some(rest) = found.rest else {
            return pages;
        };
        let edge = record(store, rest.from).await.delivery;
        assert_eq!(rest.received_at, edge.received_at);
        search = search.from(Place::Before(rest.from));
    }
}

#[derive(Default)]
struct Pages {
    ids: Vec<DeliveryId>,
    count: usize,
}

async fn found(store: &dyn Store, filter: DeliveryFilter) -> Vec<DeliveryId> {
    let whole = pages(store, &filter, 100, Search::STEP).await.ids;
    // However small the steps are, the same comes out.
    assert_eq!(pages(store, &filter, 1, 1).await.ids, whole, "{filter:?}");
    assert_eq!(pages(store, &filter, 2, 3).await.ids, whole, "{filter:?}");
    whole
}

/// Takes it in, changed like this.
async fn accept(store: &dyn Store, change: impl FnOnce(&mut NewDelivery)) -> DeliveryId {
    let mut new = delivery();
    change(&mut new);
    store.accept(new.clone()).await.unwrap();
    new.delivery.id
}

pub async fn pages_follow_each_other_without_gap_both_ways(database: &dyn Database) {
    let store = database.open();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accept(&*store, |_| {}).await);
    }
    let everything = Search::new(DeliveryFilter::default()).limit(2);

    let mut up = Vec::new();
    let mut from = Place::After(ids[0]);
    loop {
        let page = store.deliveries(everything.clone().from(from)).await;
        let page = page.unwrap();
        let lines = page.lines.iter().rev();
        up.extend(lines.map(|line| line.delivery.id));
        let Some(rest) = page.rest else { break };
        from = Place::After(rest.from);
    }
    assert_eq!(up, ids[1..]);

    ids.reverse();
    let down = pages(&*store, &DeliveryFilter::default(), 2, 1).await;
    assert_eq!((down.ids, down.count), (ids, 3));
}

pub async fn each_condition_leaves_out_what_it_does_not_fit(database: &dyn Database) {
    let store = database.open();
    let push = accept(&*store, |new| {
        new.delivery.event = "push".into();
        new.delivery.action = String::new();
        new.outbox = vec![row("backend"), row("ops")];
    })
    .await;
    let issue = accept(&*store, |new| new.outbox = vec![row("ops")]).await;
    let pipeline = accept(&*store, |new| {
        new.delivery.source = "gitlab".into();
        new.delivery.kind = Kind::Gitlab;
        new.delivery.event = "pipeline".into();
        new.delivery.repo = None;
    })
    .await;

    type Condition = fn(&mut DeliveryFilter);
    let cases: [(Condition, &[DeliveryId]); 9] = [
        (|f| f.source = Some("github".into()), &[issue, push]),
        (|f| f.source = Some("jira".into()), &[]),
        (|f| f.kind = Some(Kind::Gitlab), &[pipeline]),
        (|f| f.event = Some("issues".into()), &[issue]),
        (|f| f.action = Some("opened".into()), &[pipeline, issue]),
        (|f| f.repo = Some("acme/shop".into()), &[issue, push]),
        (|f| f.group = Some("backend".into()), &[push]),
        (|f| f.group = Some("ops".into()), &[issue, push]),
        (
            |f| {
                f.source = Some("gitlab".into());
                f.repo = Some("acme/shop".into());
            },
            &[],
        ),
    ];
    for (condition, expected) in cases {
        let mut filter = DeliveryFilter::default();
        condition(&mut filter);
        assert_eq!(found(&*store, filter.clone()).await, expected, "{filter:?}");
    }
}

pub async fn an_outcome_is_looked_for_in_the_group_that_is_asked_for(database: &dyn Database) {
    let store = database.open();
    let group = |name: &'static str| move |new: &mut NewDelivery| new.outbox = vec![row(name)];
    let posted = accept(&*store, group("backend")).await;
    attempt(&*store, Next::Posted, at(1)).await;
    let dead = accept(&*store, group("backend")).await;
    attempt(&*store, Next::Dead("gone".into()), at(2)).await;
    let discarded = accept(&*store, group("backend")).await;
    let row_of_it = attempt(&*store, Next::Dead("gone".into()), at(3)).await;
    store
        .discard_dead(vec![row_of_it], "so be it".into(), at(4))
        .await
        .unwrap();
    let [first, second] = [(); 2].map(|()| row("backend"));
    let rows = vec![first.id, second.id];
    let one = accept(&*store, |new| new.outbox = vec![first]).await;
    let other = accept(&*store, |new| new.outbox = vec![second]).await;
    assert_eq!(next_id(&*store, at(5)).await, rows[0]);
    let message = digest(MessageId::generate(), rows);
    let told = begin(&*store, start(message, at(5)), at(5)).await;
    finish(&*store, told, Next::Posted, at(5)).await;
    let retrying = accept(&*store, group("backend")).await;
    attempt(&*store, Next::RetryAt(at(99)), at(6)).await;
    let waiting = accept(&*store, |new| new.outbox = vec![row("backend"), row("ops")]).await;
    let ignored =
        |why: &'static str| move |new: &mut NewDelivery| new.delivery.ignored = Some(why.into());
    let unrouted = accept(&*store, ignored("no route wants github star")).await;
    let silent = accept(&*store, ignored("labels are silent by default")).await;

    let cases: [(Outcome, &[DeliveryId]); 8] = [
        (Outcome::Waiting, &[waiting, retrying]),
        (Outcome::Retrying, &[retrying]),
        (Outcome::Posted, &[other, one, posted]),
        (Outcome::Digest, &[other, one]),
        (Outcome::Dead, &[dead]),
        (Outcome::Discarded, &[discarded]),
        (Outcome::Unrouted, &[unrouted]),
        (Outcome::Ignored, &[silent]),
    ];
    for (outcome, expected) in cases {
        let filter = DeliveryFilter {
            outcome: Some(outcome),
            ..DeliveryFilter::default()
        };
        assert_eq!(found(&*store, filter).await, expected, "{outcome:?}");
        let in_ops = DeliveryFilter {
            outcome: Some(outcome),
            group: Some("ops".into()),
            ..DeliveryFilter::default()
        };
        let expected: &[DeliveryId] = match outcome {
            Outcome::Waiting => &[waiting],
            _ => &[],
        };
        assert_eq!(found(&*store, in_ops).await, expected, "{outcome:?} in ops");
    }
    let all = Search::new(DeliveryFilter::default());
    let lines = store.deliveries(all).await.unwrap().lines;
    let outcomes: Vec<Outcome> = lines.iter().map(DeliveryLine::outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Ignored,
            Outcome::Unrouted,
            Outcome::Waiting,
            Outcome::Retrying,
            Outcome::Digest,
            Outcome::Digest,
            Outcome::Discarded,
            Outcome::Dead,
            Outcome::Posted,
        ]
    );
    assert_eq!(lines[3].rows[0].failures, 1);
}

pub async fn words_are_found_in_titles_and_repositories_whatever_their_case(
    database: &dyn Database,
) {
    let store = database.open();
    let titled =
        |title: &'static str| move |new: &mut NewDelivery| new.delivery.title = title.into();
    let percent = accept(&*store, titled("Give 50% off, a\\b_c")).await;
    let chinese = accept(&*store, titled("修改密码后保持会话")).await;
    let cases: [(&str, &[DeliveryId]); 8] = [
        ("give", &[percent]),
        ("OFF give", &[percent]),
        ("0% off,", &[percent]),
        ("5%off", &[]),
        ("a\\b_c", &[percent]),
        ("a_b", &[]),
        ("密码", &[chinese]),
        ("Shop", &[chinese, percent]),
    ];
    for (text, expected) in cases {
        let filter = DeliveryFilter {
            text: Some(text.into()),
            ..DeliveryFilter::default()
        };
        assert_eq!(found(&*store, filter).await, expected, "{text}");
    }
}

pub async fn the_vendors_id_finds_its_delivery_and_ours_too(database: &dyn Database) {
    let store = database.open();
    let with_key = |source: &'static str, key: Option<String>| {
        move |new: &mut NewDelivery| {
            new.delivery.source = source.into();
            new.vendor_key = key;
        }
    };
    let long = "k".repeat(300);
    let github = accept(&*store, with_key("github", Some("abc".into()))).await;
    let second = accept(&*store, with_key("mirror", Some("abc".into()))).await;
    let lengthy = accept(&*store, with_key("gitlab", Some(long.clone()))).await;
    let nameless = accept(&*store, with_key("codeup", None)).await;
    let ours = nameless.to_string();
    let cases: [(&str, &[DeliveryId]); 4] = [
        ("abc", &[second, github]),
        ("ab", &[]),
        (&long, &[lengthy]),
        (&ours, &[nameless]),
    ];
    for (key, expected) in cases {
        let filter = DeliveryFilter {
            key: Some(key.into()),
            ..DeliveryFilter::default()
        };
        assert_eq!(found(&*store, filter.clone()).await, expected, "{key}");
        let elsewhere = DeliveryFilter {
            repo: Some("acme/other".into()),
            ..filter
        };
        assert_eq!(found(&*store, elsewhere).await, []);
    }
}

pub async fn a_time_is_looked_for_by_the_time_of_receipt(database: &dyn Database) {
    let store = database.open();
    let ids = DeliveryIds::default();
    let mut made = Vec::new();
    for minute in 0..5 {
        let received_at = at(minute * 60);
        let id = accept(&*store, |new| {
            // The clock that ids are made by may be a little off.
            new.delivery.id = ids.next(at(minute * 60 + 20));
            new.delivery.received_at = received_at;
        })
        .await;
        made.push(id);
    }
    let cases = [
        (Some(60), None, &made[1..]),
        (Some(61), None, &made[2..]),
        (None, Some(120), &made[..2]),
        (Some(60), Some(180), &made[1..3]),
        (Some(7200), None, &made[..0]),
    ];
    for (since, until, expected) in cases {
        let filter = DeliveryFilter {
            since: since.map(at),
            until: until.map(at),
            ..DeliveryFilter::default()
        };
        let mut expected = expected.to_vec();
        expected.reverse();
        assert_eq!(found(&*store, filter.clone()).await, expected, "{filter:?}");
    }
}

pub async fn a_long_search_tells_how_far_it_is_and_goes_on(database: &dyn Database) {
    let store = database.open();
    let rare = accept(&*store, |new| new.delivery.event = "star".into()).await;
    for _ in 0..9 {
        accept(&*store, |_| {}).await;
    }
    let filter = DeliveryFilter {
        event: Some("star".into()),
        ..DeliveryFilter::default()
    };
    let searched = pages(&*store, &filter, 50, 3).await;
    assert_eq!((searched.ids, searched.count), (vec![rare], 4));
    // What an index leaves out is not looked at.
    let elsewhere = accept(&*store, |new| new.delivery.source = "gitlab".into()).await;
    let filter = DeliveryFilter {
        source: Some("gitlab".into()),
        event: Some("issues".into()),
        ..DeliveryFilter::default()
    };
    let searched = pages(&*store, &filter, 50, 3).await;
    assert_eq!((searched.ids, searched.count), (vec![elsewhere], 1));
}

pub async fn tells_how_a_sender_was_known(database: &dyn Database) {
    let store = database.open();
    let text = r#"{"sender":"shown","by":"X-Hub-Signature-256","proof":"secret","place":1,"of":2}"#;
    let evidence: Evidence = serde_json::from_str(text).unwrap();
    let id = accept(&*store, |new| new.evidence = evidence.clone()).await;
    let kept = record(&*store, id).await;
    assert_eq!(kept.evidence, Some(evidence));
    assert_eq!(kept.vendor_key, Some(id.to_string()));
}
