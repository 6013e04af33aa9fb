//! What the group saw, held against what was accepted and against what the store says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hookbell::sandbox::{Accepted, Sandbox};
use hookbell::store::Store;
use hookbell::store::record::State;
use hookbell::store::search::{DeliveryFilter, Place, Search};

use super::load::Sent;

/// Fails if an accepted event is in no message, an event is in two, or a post was refused as too fast.
pub async fn check(sent: &Sent, sandbox: &Sandbox, store: &dyn Store) {
    let messages = sandbox.messages();
    let told = told(&messages);
    let by_store = told_by_store(store, &messages).await;
    let accepted = sent.values().filter(|accepted| **accepted).count();

    let twice: Vec<_> = told
        .iter()
        .filter(|(_, messages)| messages.len() > 1)
        .collect();
    let lost: Vec<_> = sent
        .iter()
        .filter(|(number, accepted)| **accepted && !by_store.contains_key(number))
        .collect();
    // A digest may count what it has no room to list.
    let unlisted: Vec<_> = by_store
        .iter()
        .filter(|(number, rows)| **rows == 1 && !told.contains_key(number))
        .collect();
    let bots = sandbox.bots();
    let repeats: u64 = bots.iter().map(|bot| bot.repeats).sum();
    let mut refused = BTreeMap::new();
    for (code, count) in bots.iter().flat_map(|bot| &bot.refused) {
        *refused.entry(*code).or_insert(0) += count;
    }
    let digests = by_store.values().filter(|rows| **rows > 1).count();
    println!(
        "{} events sent, {accepted} answered as accepted, {} in the store, {digests} of them told in digests; {} messages, {repeats} repeats that no group saw, refused by code: {refused:?}",
        sent.len(),
        by_store.len(),
        messages.len(),
    );
    assert!(lost.is_empty(), "accepted and lost: {lost:?}");
    assert!(twice.is_empty(), "told twice: {twice:?}");
    assert!(
        unlisted.is_empty(),
        "posted, but the group did not hear of it: {unlisted:?}"
    );
    assert_eq!(refused, BTreeMap::new(), "refused posts by code");
}

/// The numbers of the events that are told, each with the messages that hold its link.
fn told(messages: &[Accepted]) -> BTreeMap<u64, BTreeSet<u64>> {
    let mut told: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for message in messages {
        for number in linked(&message.body.to_string()) {
            told.entry(number).or_default().insert(message.number);
        }
    }
    told
}

fn linked(text: &str) -> impl Iterator<Item = u64> {
    text.split("/issues/").skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

/// The events that the store calls posted, each with the number of rows in its message. Fails if some other thing became
/// of one, or if its message is not in the group exactly once.
async fn told_by_store(store: &dyn Store, messages: &[Accepted]) -> BTreeMap<u64, u32> {
    let mut in_group: HashMap<&str, u32> = HashMap::new();
    for message in messages {
        let key = message.body["msgUuid"].as_str().unwrap();
        *in_group.entry(key).or_default() += 1;
    }
    let mut told = BTreeMap::new();
    let mut from = Place::Newest;
    loop {
        let search = Search::new(DeliveryFilter::default()).limit(500);
        let page = store.deliveries(search.from(from)).await.unwrap();
        for line in page.lines {
            let record = store.delivery(line.delivery.id).await.unwrap().unwrap();
            let number = linked(record.delivery.url.as_deref().unwrap_or_default()).next();
            let [row] = record.outbox.as_slice() else {
                panic!("one row was expected: {record:?}");
            };
            assert!(matches!(row.state, State::Posted { .. }), "{row:?}");
            // The last message is the one that tells it; earlier ones were dissolved.
            let message = row.messages.last().unwrap();
            let key = message.id.to_string();
            assert_eq!(in_group.get(key.as_str()), Some(&1), "{row:?}");
            told.insert(number.unwrap(), message.rows);
        }
        match page.rest {
            Some(rest) => from = Place::Before(rest.from),
            None => return told,
        }
    }
}
