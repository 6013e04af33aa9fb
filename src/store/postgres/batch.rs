//! Accepts in groups: whatever waits goes to the database as one statement and is answered after its commit.
//!
//! Under load one wait for the network and the disk serves many, and without load nobody waits for company. What
//! waits is bounded: senders behind that are told to come back.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::accept;
use super::bell::Ringer;
use super::session::{Mode, PATIENCE, Result, Sessions, within};
use crate::store::record::{Accepted, NewDelivery};
use crate::store::{Obstacle, StoreError};

/// Deliveries in one commit. More would make the first of them wait for long.
const BATCH: usize = 64;

/// Bytes of bodies in one commit, but for a single delivery that is larger.
const BATCH_BYTES: usize = 8 << 20;

/// Deliveries that may wait.
pub const QUEUE: usize = 8 * BATCH;

/// Where deliveries wait. Dropping it ends what was begun.
pub struct Acceptor(mpsc::Sender<Job>);

struct Job {
    new: NewDelivery,
    answer: oneshot::Sender<Result<Accepted>>,
}

impl Acceptor {
    /// The place to wait, and what takes in what waits there; it must be run.
    pub fn new(
        sessions: Arc<Sessions>,
        ringer: Ringer,
        queue: usize,
    ) -> (Acceptor, impl Future<Output = ()>) {
        let (sender, jobs) = mpsc::channel(queue);
        (Acceptor(sender), work(sessions, ringer, jobs))
    }

    pub async fn accept(&self, new: NewDelivery) -> Result<Accepted> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Job { new, answer }).map_err(|error| {
            StoreError::Unavailable(match error {
                mpsc::error::TrySendError::Full(_) => Obstacle::Overloaded,
                mpsc::error::TrySendError::Closed(_) => Obstacle::Closed,
            })
        })?;
        answered
            .await
            .unwrap_or(Err(StoreError::Unavailable(Obstacle::Closed)))
    }
}

async fn work(sessions: Arc<Sessions>, ringer: Ringer, mut jobs: mpsc::Receiver<Job>) {
    let mut waiting = Vec::new();
    while jobs.recv_many(&mut waiting, BATCH).await > 0 {
        while !waiting.is_empty() {
            let rest = waiting.split_off(first_batch(&waiting));
            let batch = std::mem::replace(&mut waiting, rest);
            let Err(error) = commit(&sessions, ringer, batch).await else {
                continue;
            };
            // Whoever waits behind need not find out for himself, after the same time again.
            while let Ok(job) = jobs.try_recv() {
                waiting.push(job);
            }
            for job in waiting.drain(..) {
                answer(job, Err(error.clone()));
            }
        }
    }
}

/// How many go together.
fn first_batch(jobs: &[Job]) -> usize {
    let mut bytes = 0;
    let fits = |job: &&Job| {
        bytes += job.new.payload.body.len();
        bytes <= BATCH_BYTES
    };
    jobs.iter().take_while(fits).count().max(1)
}

/// Answers all of a batch; an error says that the database is away.
async fn commit(sessions: &Sessions, ringer: Ringer, batch: Vec<Job>) -> Result<()> {
    let (news, answers): (Vec<NewDelivery>, Vec<_>) = batch
        .into_iter()
        .map(|Job { new, answer }| (new, answer))
        .unzip();
    let accepted = within(PATIENCE, async {
        let mut db = sessions.idle().await?;
        let accepted = accept::accept_new(&db, &news, ringer).await?;
        db.keep();
        Ok(accepted)
    })
    .await;
    let jobs = news.into_iter().zip(answers);
    let jobs = jobs.map(|(new, answer)| Job { new, answer });
    let mut accepted = match accepted {
        Ok(accepted) => accepted,
        Err(error @ StoreError::Unavailable(_)) => {
            for job in jobs {
                answer(job, Err(error.clone()));
            }
            return Err(error);
        }
        // One of them is not fit to be stored. Which, each will tell alone.
        Err(_) => Default::default(),
    };
    let mut others = Vec::new();
    for job in jobs {
        match accepted.remove(&job.new.delivery.id) {
            Some(ignored) => answer(job, Ok(Accepted::New { ignored })),
            None => others.push(job),
        }
    }
    for job in others {
        let accepted = alone(sessions, &job.new).await;
        answer(job, accepted);
    }
    Ok(())
}

async fn alone(sessions: &Sessions, new: &NewDelivery) -> Result<Accepted> {
    within(PATIENCE, async {
        let db = sessions.begin(Mode::Write).await?;
        let accepted = accept::accept(&db, new).await;
        db.end(accepted).await
    })
    .await
}

fn answer(job: Job, accepted: Result<Accepted>) {
    // A caller that has gone away does not mind.
    let _ = job.answer.send(accepted);
}
