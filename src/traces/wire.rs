//! Spans as OTLP's JSON encoding writes them (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): ids are hex,
//! numbers of 64 bits are texts.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Kind, Span};

/// A request to `/v1/traces`.
pub fn request(service: &str, instance: Uuid, spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        attribute("service.name", service),
        attribute("service.version", version),
        attribute("service.instance.id", &instance.to_string()),
    ];
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{
            "scope": { "name": "hookbell", "version": version },
            "spans": spans.iter().map(span).collect::<Vec<Value>>(),
        }],
    }] })
}

fn span(span: &Span) -> Value {
    const SERVER: u8 = 2;
    const CLIENT: u8 = 3;
    const FAILED: u8 = 2;
    let first = first_span(span.delivery);
    let attributes = span.attributes.iter();
    let attributes = attributes.filter(|(_, value)| !value.is_empty());
    let mut written = json!({
        "traceId": span.delivery.simple().to_string(),
        "spanId": match span.kind {
            Kind::First => first.clone(),
            Kind::Again | Kind::Post => format!("{:016x}", fastrand::u64(1..)),
        },
        "name": span.name,
        "kind": match span.kind {
            Kind::First | Kind::Again => SERVER,
            Kind::Post => CLIENT,
        },
        "startTimeUnixNano": span.from.as_nanosecond().to_string(),
        "endTimeUnixNano": span.to.as_nanosecond().to_string(),
        "attributes": attributes.map(|(key, value)| attribute(key, value)).collect::<Vec<Value>>(),
    });
    if span.kind != Kind::First {
        written["parentSpanId"] = first.into();
    }
    if let Some(error) = &span.error {
        written["status"] = json!({ "code": FAILED, "message": error });
    }
    if let Some(link) = &span.link {
        written["links"] = json!([{ "traceId": link.trace, "spanId": link.span }]);
    }
    written
}

/// The id of a trace's first span. A UUID's second half is random and begins with a bit that is set, so it is never zero.
fn first_span(delivery: Uuid) -> String {
    delivery.simple().to_string()[16..].to_owned()
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
