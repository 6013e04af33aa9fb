//! The first span of a delivery's trace: the webhook.

use jiff::Timestamp;

use super::Ingest;
use crate::core::event::Event;
use crate::core::source::RawRequest;
use crate::store::StoreError;
use crate::store::record::{Accepted, DeliveryId};
use crate::traces::{Kind, Link, Span};

/// When a request came, where traces are wanted.
pub struct Began {
    at: Timestamp,
    link: Option<Link>,
}

impl Ingest {
    pub(super) fn began(&self, request: &RawRequest) -> Option<Began> {
        self.tracer.as_ref().map(|_| Began {
            at: self.clock.now(),
            link: request.header("traceparent").and_then(Link::of_header),
        })
    }

    /// A request is in the store under `id`, or that of the same delivery before it; or the store failed.
    pub(super) fn ended(
        &self,
        began: Option<Began>,
        id: DeliveryId,
        (source, event): (&str, &Event),
        accepted: &Result<Accepted, StoreError>,
    ) {
        let (Some(tracer), Some(began)) = (&self.tracer, began) else {
            return;
        };
        let (id, kind, outcome) = match accepted {
            Ok(Accepted::New { ignored: None }) => (id, Kind::First, "accepted"),
            Ok(Accepted::New { ignored: Some(_) }) => (id, Kind::First, "ignored"),
            Ok(Accepted::Duplicate { of }) => (*of, Kind::Again, "duplicate"),
            Ok(Accepted::Retaken { of }) => (*of, Kind::Again, "retaken"),
            Err(_) => (id, Kind::First, "failed"),
        };
        if !tracer.wants(id.0) {
            return;
        }
        tracer.record(Span {
            delivery: id.0,
            kind,
            name: "take webhook",
            from: began.at,
            to: self.clock.now(),
            attributes: vec![
                ("delivery.id", id.to_string()),
                ("source", source.to_owned()),
                ("event.kind", event.event.clone()),
                ("event.action", event.action.clone()),
                ("outcome", outcome.to_owned()),
            ],
            error: accepted.as_ref().err().map(StoreError::to_string),
            link: began.link,
        });
    }
}
