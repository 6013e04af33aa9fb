//! Forgetting what was kept long enough.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::SHORTEST_RETENTION;
use crate::current::Current;
use crate::health::{Health, Loop};
use crate::metrics::{Metrics, Part};
use crate::store::{Store, StoreError};

/// How often finished deliveries past their retention are cleaned up, and how many in one step.
const EVERY: Duration = Duration::from_secs(10 * 60);
const STEP: u32 = 500;
/// How long a round may take, pause and all.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// Forgets old deliveries, as the config in force says.
pub struct Upkeep {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub current: Arc<Current>,
    pub metrics: Arc<Metrics>,
    pub health: Arc<Health>,
}

/// Whether there is more to forget.
enum Left {
    More,
    Nothing,
}

impl Upkeep {
    /// Goes in small steps so that accepting is not held up, until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let heart = self.health.watch(Loop::Upkeep, Some(SILENCE));
        while !*stop.borrow() {
            heart.beat();
            match self.step().await {
                Ok(Left::More) => {}
                ended => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "old deliveries not cleaned up");
                        self.metrics.store_failed(Part::Upkeep);
                    }
                    tokio::select! {
                        () = tokio::time::sleep(EVERY) => {}
                        _ = stop.changed() => {}
                    }
                }
            }
        }
    }

    async fn step(&self) -> Result<Left, StoreError> {
        let config = Arc::clone(&self.current.load().checked.config);
        let now = self.clock.now();
        let ago = |age| now.saturating_sub(age).unwrap_or(Timestamp::MIN);
        let mut gone = self.store.prune(ago(config.retention), STEP).await?;
        if gone == 0
            && let Some(size) = config.max_size
            && self.store.bytes().await? > size
        {
            gone = self.store.prune(ago(SHORTEST_RETENTION), STEP).await?;
        }
        Ok(if gone > 0 { Left::More } else { Left::Nothing })
    }
}
