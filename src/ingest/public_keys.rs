//! Public keys that a vendor publishes at an address (Travis: `https://api.travis-ci.com/config`), fetched when they
//! are first needed and kept. A signature that does not match may mean that the vendor changed its key, so then they
//! are fetched again, but not more often than once in [`PAUSE`], or anybody could make us hammer the vendor.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::core::source;

const PAUSE: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(10);

pub struct PublicKeys {
    address: Url,
    client: reqwest::Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    key: Option<String>,
    asked_at: Option<Timestamp>,
}

impl PublicKeys {
    pub fn published_at(address: Url, client: reqwest::Client) -> PublicKeys {
        PublicKeys {
            address,
            client,
            state: Mutex::default(),
        }
    }

    pub fn address(&self) -> &Url {
        &self.address
    }

    /// The key as it was last fetched.
    pub fn known(&self) -> Option<String> {
        self.lock().key.clone()
    }

    /// Fetches the key again, unless that was tried a moment ago. Returns whether there is a key that was not known
    /// before.
    pub async fn refresh(&self, now: Timestamp) -> bool {
        {
            let mut state = self.lock();
            let recent = state
                .asked_at
                .is_some_and(|then| now.duration_since(then).unsigned_abs() < PAUSE);
            if recent {
                return false;
            }
            state.asked_at = Some(now);
        }
        match self.fetch().await {
            Ok(key) => {
                let mut state = self.lock();
                let is_new = state.key.as_ref() != Some(&key);
                state.key = Some(key);
                is_new
            }
            Err(error) => {
                tracing::warn!(address = %self.address, %error, "public key not fetched");
                false
            }
        }
    }

    async fn fetch(&self) -> anyhow::Result<String> {
        let answer = self
            .client
            .get(self.address.clone())
            .timeout(TIMEOUT)
            .send()
            .await?
            .error_for_status()?;
        let config: serde_json::Value = answer.json().await?;
        source::public_key_from_config(&config)
            .ok_or_else(|| anyhow::anyhow!("the answer holds no public key"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
