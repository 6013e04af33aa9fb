//! Traces over OTLP, as an option: one for each delivery, from the webhook to the posts that tell it.
//!
//! A delivery's id is its trace's id, and the id of the trace's first span is half of it. So nothing has to be kept between
//! the two ends, which may be days and processes apart, and whoever knows the one finds the other. Spans are made where
//! they end, and only where traces are wanted; `export` sends them, and never keeps anybody waiting.
//!
//! Two kinds of span need neither OpenTelemetry's registry of providers nor its second HTTP client and thread.

mod export;
mod wire;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use self::export::{Exporter, Settings};

/// Spans that wait to be sent. Beyond it they are lost, and counted.
const ROOM: usize = 4096;

/// Takes spans.
#[derive(Debug, Clone)]
pub struct Tracer {
    spans: mpsc::Sender<Span>,
    sample_percent: u8,
    lost: Counter,
}

/// Something that took time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub delivery: Uuid,
    pub kind: Kind,
    pub name: &'static str,
    pub from: Timestamp,
    pub to: Timestamp,
    pub attributes: Vec<(&'static str, String)>,
    /// What went wrong, if something did.
    pub error: Option<String>,
    /// The span of somebody else's trace that led to this one.
    pub link: Option<Link>,
}

/// Where a span stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The webhook that began it.
    First,
    /// Another webhook of the same delivery.
    Again,
    /// A post to a chat service.
    Post,
}

/// A span as W3C's `traceparent` header names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub trace: String,
    pub span: String,
}

impl Tracer {
    /// The two ends: what takes spans and what sends them. `lost` counts those that could not be sent.
    pub fn new(settings: Settings, http: reqwest::Client, lost: Counter) -> (Tracer, Exporter) {
        let (spans, queue) = mpsc::channel(ROOM);
        let tracer = Tracer {
            spans,
            sample_percent: settings.sample_percent,
            lost: lost.clone(),
        };
        (tracer, Exporter::new(settings, http, queue, lost))
    }

    /// Whether a delivery is traced: the same at both ends.
    pub fn wants(&self, delivery: Uuid) -> bool {
        let [.., a, b, c, d] = *delivery.as_bytes();
        // The last bytes of a UUID are random.
        let share = (u64::from(u32::from_be_bytes([a, b, c, d])) * 100) >> 32;
        share < u64::from(self.sample_percent)
    }

    pub fn record(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.lost.inc();
        }
    }
}

impl Link {
    /// Reads a `traceparent` header.
    pub fn of_header(text: &str) -> Option<Link> {
        let mut parts = text.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length| {
            text.len() == length
                && text.bytes().all(|byte| byte.is_ascii_hexdigit())
                && text.bytes().any(|byte| byte != b'0')
        };
        let is_known = version.len() == 2 && version != "ff";
        (is_known && is_hex(trace, 32) && is_hex(span, 16)).then(|| Link {
            trace: trace.to_ascii_lowercase(),
            span: span.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_and_anything_else_is_none() {
        let link = Link::of_header("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let link = link.unwrap();
        assert_eq!(link.trace, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(link.span, "b7ad6b7169203331");
        for wrong in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c8031é-b7ad6b7169203331-01",
        ] {
            assert_eq!(Link::of_header(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn about_as_many_deliveries_are_traced_as_were_asked_for() {
        let tracer = |sample_percent| Tracer {
            spans: mpsc::channel(1).0,
            sample_percent,
            lost: Counter::default(),
        };
        let ids: Vec<Uuid> = (0..2000).map(|_| Uuid::now_v7()).collect();
        let traced = |percent| ids.iter().filter(|id| tracer(percent).wants(**id)).count();
        assert_eq!((traced(0), traced(100)), (0, 2000));
        let quarter = traced(25);
        assert!((300..700).contains(&quarter), "{quarter}");
    }
}
