//! What a worker remembers of its messages until they are settled: since when their events wait, for the metrics, and
//! which deliveries they tell, for the traces. Nothing depends on it; a restart forgets it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::metrics::Outcome;
use crate::store::record::{DeliveryId, MessageId, Shape};
use crate::traces::{Kind, Span, Tracer};

/// Messages that are remembered. More than a few are begun at once only where another relay settles them.
const MOST: usize = 32;
/// Deliveries of one message that are traced.
const MOST_TRACED: usize = 100;

/// What a message tells.
#[derive(Debug, Clone)]
pub struct Told {
    pub shape: Shape,
    /// Since when its oldest event waits, as far as is known.
    pub waits_since: Timestamp,
    /// Empty where nobody wants traces, or nobody knows any more.
    traced: Vec<DeliveryId>,
}

/// Messages that were begun and are not settled.
#[derive(Debug, Default)]
pub struct Begun(Mutex<HashMap<MessageId, Arc<Told>>>);

/// One attempt, as far as a trace tells it.
pub struct Attempted<'a> {
    pub message: MessageId,
    pub group: &'a str,
    pub bot: &'a str,
    pub code: Option<&'a str>,
    pub sentence: &'a str,
    pub outcome: Outcome,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Told {
    pub fn new(
        shape: Shape,
        waits_since: Timestamp,
        deliveries: &[DeliveryId],
        tracer: Option<&Tracer>,
    ) -> Told {
        let wanted = |id: &&DeliveryId| tracer.is_some_and(|tracer| tracer.wants(id.0));
        let traced = deliveries.iter().filter(wanted).take(MOST_TRACED);
        Told {
            shape,
            waits_since,
            traced: traced.copied().collect(),
        }
    }

    /// Adds the attempt to the trace of each delivery.
    pub fn trace(&self, tracer: Option<&Tracer>, attempt: &Attempted<'_>) {
        let Some(tracer) = tracer else { return };
        for delivery in &self.traced {
            let code = attempt.code.unwrap_or_default();
            tracer.record(Span {
                delivery: delivery.0,
                kind: Kind::Post,
                name: "post message",
                from: attempt.from,
                to: attempt.to,
                attributes: vec![
                    ("delivery.id", delivery.to_string()),
                    ("message.id", attempt.message.to_string()),
                    ("message.shape", self.shape.name().to_owned()),
                    ("group", attempt.group.to_owned()),
                    ("bot", attempt.bot.to_owned()),
                    ("code", code.to_owned()),
                    ("outcome", attempt.outcome.name().to_owned()),
                ],
                error: (attempt.outcome != Outcome::Posted).then(|| attempt.sentence.to_owned()),
                link: None,
            });
        }
    }
}

impl Begun {
    pub fn remember(&self, id: MessageId, told: Told) -> Arc<Told> {
        let told = Arc::new(told);
        let mut messages = self.lock();
        if messages.len() >= MOST {
            messages.clear();
        }
        messages.insert(id, Arc::clone(&told));
        told
    }

    /// What is known of a message that is to be posted once more.
    pub fn recall(&self, id: MessageId, shape: Shape, begun_at: Timestamp) -> Arc<Told> {
        let known = self.lock().get(&id).cloned();
        known.unwrap_or_else(|| Arc::new(Told::new(shape, begun_at, &[], None)))
    }

    /// The message is settled, unless it goes on.
    pub fn settle(&self, id: MessageId, outcome: Outcome) {
        match outcome {
            Outcome::Retry | Outcome::Plain => {}
            Outcome::Posted | Outcome::PutOff | Outcome::Dead => drop(self.lock().remove(&id)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<MessageId, Arc<Told>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
