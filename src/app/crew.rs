//! The workers: one for each group of the config in force, whatever becomes of groups and workers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use crate::delivery::{Delivery, Worker};
use crate::health::Loop;
use crate::metrics::Part;

/// How long a group waits for another worker when its own has died, so that one which dies again and again leaves the
/// machine to the others.
const RELIEF: Duration = Duration::from_secs(5);

pub struct Crew {
    delivery: Arc<Delivery>,
    workers: JoinSet<()>,
    /// Whose worker each task is. A group is in here once: two workers of one relay would hold its lease together.
    groups: HashMap<Id, String>,
    /// Groups of the config that was last looked at for such as are gone.
    known: BTreeSet<String>,
    stop: watch::Receiver<bool>,
}

impl Crew {
    pub fn new(delivery: Arc<Delivery>, stop: watch::Receiver<bool>) -> Crew {
        Crew {
            delivery,
            workers: JoinSet::new(),
            groups: HashMap::new(),
            known: BTreeSet::new(),
            stop,
        }
    }

    /// Sees to the workers until it is told to stop, and then until the last of them has ended. `revision` tells when
    /// the config has changed.
    pub async fn run(mut self, mut revision: watch::Receiver<u64>) {
        // It waits for events, which may be days apart.
        let heart = self.delivery.health.watch(Loop::Crew, None);
        let mut stop = self.stop.clone();
        self.warn_of_orphans().await;
        while !*stop.borrow() {
            heart.beat();
            revision.mark_unchanged();
            self.hire();
            if self.some_group_is_gone() {
                self.warn_of_orphans().await;
            }
            tokio::select! {
                _ = revision.changed() => {}
                Some(ended) = self.workers.join_next_with_id() => self.ended(ended),
                _ = stop.changed() => {}
            }
        }
        while self.workers.join_next().await.is_some() {}
    }

    /// A worker for each group that has none. Those of groups that are gone end by themselves.
    fn hire(&mut self) {
        let posting = self.delivery.posting.load_full();
        for group in posting.groups.keys() {
            if !self.groups.values().any(|known| known == group) {
                self.start(group, Duration::ZERO);
            }
        }
    }

    fn start(&mut self, group: &str, pause: Duration) {
        let delivery = Arc::clone(&self.delivery);
        let (name, mut stop) = (group.to_owned(), self.stop.clone());
        let worker = async move {
            if !pause.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.changed() => return,
                }
            }
            if let Some(worker) = Worker::new(&name, delivery) {
                worker.run(stop).await;
            }
        };
        let id = self.workers.spawn(worker).id();
        self.groups.insert(id, group.to_owned());
    }

    /// A worker has ended: its group is gone, or has come back since, or the worker died.
    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        match ended {
            Ok((id, ())) => drop(self.groups.remove(&id)),
            Err(error) => {
                let Some(group) = self.groups.remove(&error.id()) else {
                    return;
                };
                tracing::error!(group, %error, "worker died; another one takes over");
                self.delivery.metrics.worker_died(&group);
                self.start(&group, RELIEF);
            }
        }
    }

    fn some_group_is_gone(&mut self) -> bool {
        let posting = self.delivery.posting.load_full();
        let now = posting.groups.keys().cloned().collect();
        let before = std::mem::replace(&mut self.known, now);
        !before.is_subset(&self.known)
    }

    /// Messages wait for groups that the config does not have: nobody would ever post them.
    async fn warn_of_orphans(&self) {
        match self.delivery.store.groups_waiting().await {
            Ok(waiting) => {
                let posting = self.delivery.posting.load_full();
                for group in waiting {
                    if !posting.groups.contains_key(&group) {
                        tracing::warn!(
                            group,
                            "messages wait for a group that the config does not have"
                        );
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "store failed");
                self.delivery.metrics.store_failed(Part::Delivery);
            }
        }
    }
}
