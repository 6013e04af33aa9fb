//! Sends spans to a collector, in batches, beside everything else.

use std::fmt;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::sync::{mpsc, watch};
use url::Url;
use uuid::Uuid;

use super::{Span, wire};

/// Spans in one request.
const MOST: usize = 512;
/// How long the first span of a batch waits for others.
const COMPANY: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a batch is sent, and the pause between where the collector names none.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Where spans go, and which.
#[derive(Clone)]
pub struct Settings {
    /// The whole address: `http://127.0.0.1:4318/v1/traces`.
    pub address: Url,
    /// What the collector wants to see. May be secret.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What this relay is called there.
    pub service: String,
    /// Of a hundred deliveries, how many are traced.
    pub sample_percent: u8,
}

/// Headers are secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address.as_str())
            .finish_non_exhaustive()
    }
}

pub struct Exporter {
    settings: Settings,
    headers: HeaderMap,
    http: reqwest::Client,
    queue: mpsc::Receiver<Span>,
    lost: Counter,
    /// This process among those of one name.
    instance: Uuid,
    /// Whether the last batch got through: what goes wrong is told once and not each second.
    works: bool,
}

impl Exporter {
    pub(super) fn new(
        settings: Settings,
        http: reqwest::Client,
        queue: mpsc::Receiver<Span>,
        lost: Counter,
    ) -> Exporter {
        Exporter {
            headers: settings.headers.iter().cloned().collect(),
            settings,
            http,
            queue,
            lost,
            instance: Uuid::new_v4(),
            works: true,
        }
    }

    /// Sends what comes until `stop` turns true, and then what is left, once.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(MOST);
        while !*stop.borrow() {
            tokio::select! {
                Some(span) = self.queue.recv() => batch.push(span),
                _ = stop.changed() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(COMPANY) => {}
                _ = stop.changed() => {}
            }
            self.fill(&mut batch);
            let tries = if *stop.borrow() { 1 } else { TRIES };
            self.send(&batch, tries).await;
            batch.clear();
        }
        self.queue.close();
        loop {
            self.fill(&mut batch);
            if batch.is_empty() {
                return;
            }
            self.send(&batch, 1).await;
            batch.clear();
        }
    }

    /// Adds what is there already.
    fn fill(&mut self, batch: &mut Vec<Span>) {
        while batch.len() < MOST
            && let Ok(span) = self.queue.try_recv()
        {
            batch.push(span);
        }
    }

    async fn send(&mut self, batch: &[Span], tries: u32) {
        let body = wire::request(&self.settings.service, self.instance, batch).to_string();
        for left in (0..tries).rev() {
            match self.post(&body).await {
                Ok(()) => {
                    if !self.works {
                        tracing::info!("traces are exported again");
                    }
                    self.works = true;
                    return;
                }
                Err(Failure {
                    again: Some(pause), ..
                }) if left > 0 => {
                    tokio::time::sleep(pause).await;
                }
                Err(failure) => {
                    self.lost.inc_by(batch.len() as u64);
                    if self.works {
                        tracing::warn!(error = failure.why, "traces not exported");
                    }
                    self.works = false;
                    return;
                }
            }
        }
    }

    async fn post(&self, body: &str) -> Result<(), Failure> {
        let answer = self
            .http
            .post(self.settings.address.clone())
            .headers(self.headers.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .timeout(TIMEOUT)
            .body(body.to_owned())
            .send()
            .await
            .map_err(|error| Failure {
                why: error.without_url().to_string(),
                again: Some(PAUSE),
            })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        // Those that the specification lets a client try again.
        let passes = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        );
        let named = answer.headers().get(RETRY_AFTER);
        let named = named.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let pause = named.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE);
        Err(Failure {
            why: format!("the collector answers {status}"),
            again: passes.then_some(pause),
        })
    }
}

/// Why a batch did not get through.
struct Failure {
    why: String,
    /// The pause before another try, where one may help.
    again: Option<Duration>,
}
