//! Metrics for Prometheus.
//!
//! What happens is counted here where it happens, in counters that are made once for each source, group and bot of a
//! config, so that counting costs an atomic addition. What stands in the store is read when somebody asks
//! (`operate/gauges.rs`). `catalogue` has the names.

pub mod catalogue;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::catalogue::{Instrument, Kind};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Value = Gauge<f64, AtomicU64>;
type Histograms = Family<Labels, Histogram, Bounds>;

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    accepted: Counters,
    duplicates: Counters,
    ignored: Counters,
    refused: Counters,
    accept_seconds: Histograms,
    attempts: Counters,
    messages: Counters,
    told_seconds: Histograms,
    answer_seconds: Histograms,
    rests: Counters,
    worker_deaths: Counters,
    store_failures: Counters,
    /// Parts of traces that could not be exported.
    pub spans_lost: Counter,
}

/// What is counted of one source.
#[derive(Debug, Clone)]
pub struct SourceMeters {
    pub accepted: Counter,
    pub duplicates: Counter,
    pub ignored: Counter,
    accept_seconds: Histogram,
}

/// What is counted of one group.
#[derive(Debug, Clone)]
pub struct GroupMeters {
    group: String,
    messages: Counters,
    told_seconds: Histogram,
    answer_seconds: Histogram,
}

/// What is counted of one bot.
#[derive(Debug, Clone)]
pub struct BotMeters {
    posted: Counter,
    retry: Counter,
    put_off: Counter,
    plain: Counter,
    dead: Counter,
    rests: Counter,
    asides: Counter,
}

/// What became of the message of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Posted,
    Retry,
    PutOff,
    Plain,
    Dead,
}

impl Outcome {
    /// As the label says it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Posted => "posted",
            Outcome::Retry => "retry",
            Outcome::PutOff => "put_off",
            Outcome::Plain => "plain",
            Outcome::Dead => "dead",
        }
    }
}

/// Who asked the store when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Ingest,
    Delivery,
    Upkeep,
}

/// A value that is read when somebody asks.
#[derive(Debug, Clone)]
pub struct Sample {
    pub of: &'static Instrument,
    /// In the order of its labels.
    pub labels: Vec<String>,
    pub value: f64,
}

/// Makes a histogram with these bounds.
#[derive(Debug, Clone)]
struct Bounds(&'static [f64]);

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::default();
        let counters = |of: &Instrument, registry: &mut Registry| {
            let family = Counters::default();
            registry.register(format!("hookbell_{}", of.name), of.help, family.clone());
            family
        };
        let histograms = |of: &Instrument, registry: &mut Registry| {
            let bounds = match of.kind {
                Kind::Histogram(bounds) => bounds,
                Kind::Counter | Kind::Gauge => &[],
            };
            let family = Histograms::new_with_constructor(Bounds(bounds));
            registry.register(format!("hookbell_{}", of.name), of.help, family.clone());
            family
        };
        let spans_lost = Counter::default();
        let of = &catalogue::SPANS_LOST;
        registry.register(format!("hookbell_{}", of.name), of.help, spans_lost.clone());
        let all = &mut registry;
        Metrics {
            accepted: counters(&catalogue::ACCEPTED, all),
            duplicates: counters(&catalogue::DUPLICATES, all),
            ignored: counters(&catalogue::IGNORED, all),
            refused: counters(&catalogue::REFUSED, all),
            accept_seconds: histograms(&catalogue::ACCEPT_SECONDS, all),
            attempts: counters(&catalogue::ATTEMPTS, all),
            messages: counters(&catalogue::MESSAGES, all),
            told_seconds: histograms(&catalogue::TOLD_SECONDS, all),
            answer_seconds: histograms(&catalogue::ANSWER_SECONDS, all),
            rests: counters(&catalogue::RESTS, all),
            worker_deaths: counters(&catalogue::WORKER_DEATHS, all),
            store_failures: counters(&catalogue::STORE_FAILURES, all),
            spans_lost,
            registry,
        }
    }
}

impl Metrics {
    pub fn of_source(&self, source: &str) -> SourceMeters {
        let labels = labels(&catalogue::ACCEPTED, [source]);
        SourceMeters {
            accepted: self.accepted.get_or_create_owned(&labels),
            duplicates: self.duplicates.get_or_create_owned(&labels),
            ignored: self.ignored.get_or_create_owned(&labels),
            accept_seconds: self.accept_seconds.get_or_create_owned(&labels),
        }
    }

    pub fn of_group(&self, group: &str) -> GroupMeters {
        let labels = labels(&catalogue::TOLD_SECONDS, [group]);
        // From the start, so that the first death is an increase.
        self.worker_deaths.get_or_create_owned(&labels);
        GroupMeters {
            group: group.to_owned(),
            messages: self.messages.clone(),
            told_seconds: self.told_seconds.get_or_create_owned(&labels),
            answer_seconds: self.answer_seconds.get_or_create_owned(&labels),
        }
    }

    pub fn of_bot(&self, group: &str, bot: &str) -> BotMeters {
        let attempts = |outcome: Outcome| {
            let labels = labels(&catalogue::ATTEMPTS, [group, bot, outcome.name()]);
            self.attempts.get_or_create_owned(&labels)
        };
        let rests = |kind| {
            let labels = labels(&catalogue::RESTS, [group, bot, kind]);
            self.rests.get_or_create_owned(&labels)
        };
        BotMeters {
            posted: attempts(Outcome::Posted),
            retry: attempts(Outcome::Retry),
            put_off: attempts(Outcome::PutOff),
            plain: attempts(Outcome::Plain),
            dead: attempts(Outcome::Dead),
            rests: rests("rest"),
            asides: rests("aside"),
        }
    }

    /// `source` must be one of the config, or empty.
    pub fn refused(&self, source: &str, reason: &str) {
        let labels = labels(&catalogue::REFUSED, [source, reason]);
        self.refused.get_or_create_owned(&labels).inc();
    }

    pub fn worker_died(&self, group: &str) {
        let labels = labels(&catalogue::WORKER_DEATHS, [group]);
        self.worker_deaths.get_or_create_owned(&labels).inc();
    }

    pub fn store_failed(&self, part: Part) {
        let part = match part {
            Part::Ingest => "ingest",
            Part::Delivery => "delivery",
            Part::Upkeep => "upkeep",
        };
        let labels = labels(&catalogue::STORE_FAILURES, [part]);
        self.store_failures.get_or_create_owned(&labels).inc();
    }

    /// All that was counted, and `samples`, as Prometheus reads it.
    pub fn text(&self, samples: &[Sample]) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &registry_of(samples))?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl SourceMeters {
    pub fn answered_after(&self, time: Duration) {
        self.accept_seconds.observe(time.as_secs_f64());
    }
}

impl GroupMeters {
    pub fn posted(&self, shape: &'static str, after: Duration) {
        let labels = labels(&catalogue::MESSAGES, [&self.group, shape]);
        self.messages.get_or_create_owned(&labels).inc();
        self.told_seconds.observe(after.as_secs_f64());
    }

    pub fn answered_after(&self, time: Duration) {
        self.answer_seconds.observe(time.as_secs_f64());
    }
}

impl BotMeters {
    pub fn attempt(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Posted => &self.posted,
            Outcome::Retry => &self.retry,
            Outcome::PutOff => &self.put_off,
            Outcome::Plain => &self.plain,
            Outcome::Dead => &self.dead,
        };
        counter.inc();
    }

    pub fn rest(&self, aside: bool) {
        let counter = if aside { &self.asides } else { &self.rests };
        counter.inc();
    }
}

fn registry_of(samples: &[Sample]) -> Registry {
    let mut registry = Registry::default();
    for of in catalogue::ALL {
        let mut of_this = samples.iter().filter(|sample| sample.of == of).peekable();
        if of_this.peek().is_none() {
            continue;
        }
        let name = format!("hookbell_{}", of.name);
        if of.labels.is_empty() {
            let gauge = Value::default();
            gauge.set(of_this.next().map_or(0.0, |sample| sample.value));
            registry.register(name, of.help, gauge);
            continue;
        }
        let gauges = Family::<Labels, Value>::default();
        let counters = Counters::default();
        for sample in of_this {
            let labels = labels(of, sample.labels.iter().map(String::as_str));
            match of.kind {
                // Counts since the start, far below what a float can hold.
                Kind::Counter => {
                    counters
                        .get_or_create_owned(&labels)
                        .inc_by(sample.value as u64);
                }
                Kind::Gauge | Kind::Histogram(_) => {
                    gauges.get_or_create_owned(&labels).set(sample.value);
                }
            }
        }
        match of.kind {
            Kind::Counter => registry.register(name, of.help, counters),
            Kind::Gauge | Kind::Histogram(_) => registry.register(name, of.help, gauges),
        }
    }
    registry
}

fn labels<'a>(of: &Instrument, values: impl IntoIterator<Item = &'a str>) -> Labels {
    let values = values.into_iter().map(str::to_owned);
    of.labels.iter().copied().zip(values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_what_was_counted_and_what_was_read_and_ends() {
        let metrics = Metrics::default();
        let github = metrics.of_source("github");
        github.accepted.inc();
        github.answered_after(Duration::from_millis(3));
        metrics.refused("", "unknown_source");
        let sample = |of, labels: &[&str], value| Sample {
            of,
            labels: labels.iter().map(|label| label.to_string()).collect(),
            value,
        };
        let samples = [
            sample(&catalogue::QUEUE, &["backend"], 7.0),
            sample(&catalogue::RELOADS, &["applied"], 2.0),
        ];
        let text = metrics.text(&samples).unwrap();
        for line in [
            "# TYPE hookbell_deliveries_accepted counter",
            "hookbell_deliveries_accepted_total{source=\"github\"} 1",
            "hookbell_deliveries_refused_total{source=\"\",reason=\"unknown_source\"} 1",
            "hookbell_accept_seconds_bucket{le=\"0.005\",source=\"github\"} 1",
            "hookbell_queue_events{group=\"backend\"} 7.0",
            "hookbell_reloads_total{outcome=\"applied\"} 2",
        ] {
            assert!(
                text.lines().any(|known| known == line),
                "{line} in:\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn names_and_labels_are_such_as_prometheus_wants() {
        let mut seen = std::collections::BTreeSet::new();
        for of in catalogue::ALL {
            assert!(seen.insert(of.name), "{} twice", of.name);
            let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(is_word(of.name) && of.labels.iter().all(|label| is_word(label)));
            assert!(!of.help.ends_with('.'), "{}: one is added", of.name);
            let seconds = of.name.ends_with("_seconds");
            assert_eq!(
                matches!(of.kind, Kind::Histogram(_)),
                seconds && of.kind != Kind::Gauge
            );
        }
    }
}
