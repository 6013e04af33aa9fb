//! Tells the workers that something new waits for their group.
//!
//! A ring is only a hint that saves waiting: what is to be done stands in the store, and workers look there anyway.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

/// One bell for each group that is, or was, configured.
#[derive(Debug, Default)]
pub struct Doorbell(ArcSwap<HashMap<String, Arc<Notify>>>);

impl Doorbell {
    /// Hangs up bells for those groups that have none. None is taken down: whoever still waits at it must hear when the
    /// group comes back.
    pub fn add_groups<'a>(&self, groups: impl IntoIterator<Item = &'a str>) {
        let mut bells = HashMap::clone(&self.0.load());
        for group in groups {
            bells.entry(group.to_owned()).or_default();
        }
        self.0.store(Arc::new(bells));
    }

    /// Wakes the group's worker, now or when it next waits.
    pub fn ring(&self, group: &str) {
        if let Some(bell) = self.0.load().get(group) {
            bell.notify_one();
        }
    }

    pub fn ring_all(&self) {
        for bell in self.0.load().values() {
            bell.notify_one();
        }
    }

    /// Waits for the next ring; forever for a group that was never configured.
    pub async fn wait(&self, group: &str) {
        let bell = self.0.load().get(group).cloned();
        match bell {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
