//! Tells the workers that something new waits for their group.
//!
//! A ring is only a hint that saves waiting: what is to be done stands in the store, and workers look there anyway.

use std::collections::HashMap;

use tokio::sync::Notify;

/// One bell for each configured group.
#[derive(Debug, Default)]
pub struct Doorbell(HashMap<String, Notify>);

impl Doorbell {
    pub fn for_groups<'a>(groups: impl IntoIterator<Item = &'a str>) -> Doorbell {
        Doorbell(
            groups
                .into_iter()
                .map(|group| (group.to_owned(), Notify::new()))
                .collect(),
        )
    }

    /// Wakes the group's worker, now or when it next waits.
    pub fn ring(&self, group: &str) {
        if let Some(bell) = self.0.get(group) {
            bell.notify_one();
        }
    }

    pub fn ring_all(&self) {
        self.0.values().for_each(Notify::notify_one);
    }

    /// Waits for the next ring; forever for a group that is not configured.
    pub async fn wait(&self, group: &str) {
        match self.0.get(group) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
