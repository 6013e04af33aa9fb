//! Ingest: takes webhooks in, and answers only when they are safe in the store.
//!
//! A request is verified, read and routed, and then stored with one outbox row for each group that is to hear of it.
//! What is delivered and when is not known here.

mod address;
mod answer;
mod http;
mod public_keys;
mod room;
mod trace;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::core::event::{Event, Kind};
use crate::core::history;
use crate::core::route::{Decision, Plan, Routes};
use crate::core::source::{self, Credentials, Evidence, Parsed, RawRequest, Verified, VerifyError};
use crate::doorbell::Doorbell;
use crate::metrics::{Metrics, Part, SourceMeters};
use crate::store::Store;
use crate::store::record::{Accepted, Delivery, DeliveryIds, NewDelivery, Outbox, Payload};
use crate::traces::Tracer;

pub use self::answer::{Receipt, Refusal};
pub use self::http::configure;
pub use self::public_keys::PublicKeys;
pub use self::room::Room;

/// A configured source.
pub struct SourceEntry {
    pub kind: Kind,
    pub credentials: Credentials,
    /// Where further public keys come from.
    pub published_keys: Option<Arc<PublicKeys>>,
    pub meters: SourceMeters,
    /// Where requests may come from; empty means anywhere.
    pub allow: Vec<IpNet>,
}

/// Who may come in and where that leads: all of it of one config. A request takes one for as long as it lasts.
pub struct Door {
    pub sources: HashMap<String, SourceEntry>,
    pub routes: Arc<Routes>,
    /// For the bodies of requests under way.
    pub room: Room,
    /// Who is believed about where a request came from.
    pub trusted_proxies: Vec<IpNet>,
}

/// Everything needed to take a webhook in.
pub struct Ingest {
    /// Swapped whole when the config changes.
    pub door: ArcSwap<Door>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub doorbell: Arc<Doorbell>,
    pub ids: DeliveryIds,
    pub metrics: Arc<Metrics>,
    /// Where traces are wanted.
    pub tracer: Option<Tracer>,
}

impl Door {
    fn source(&self, name: &str) -> Result<&SourceEntry, Refusal> {
        self.sources
            .get(name)
            .ok_or_else(|| Refusal::UnknownSource(name.to_owned()))
    }
}

impl Ingest {
    /// Counts what became of a request for the source called `name`, which took that long.
    fn count(&self, door: &Door, name: &str, taken: &Result<Receipt, Refusal>, time: Duration) {
        let meters = door.sources.get(name).map(|entry| &entry.meters);
        if let Some(meters) = meters {
            meters.answered_after(time);
        }
        match (taken, meters) {
            (Ok(Receipt::Accepted { .. }), Some(meters)) => {
                meters.accepted.inc();
            }
            (Ok(Receipt::Duplicate { .. }), Some(meters)) => {
                meters.duplicates.inc();
            }
            (Ok(Receipt::Ignored { .. }), Some(meters)) => {
                meters.ignored.inc();
            }
            // A name that is not in the config is anybody's, and there is no end to those.
            (Err(refusal), meters) => {
                let source = meters.map_or("", |_| name);
                self.metrics.refused(source, refusal.reason());
                if matches!(refusal, Refusal::Unavailable(_)) {
                    self.metrics.store_failed(Part::Ingest);
                }
            }
            (Ok(_), None) => {}
        }
    }

    /// Takes one request for the source called `name`. When this returns a receipt, the delivery is durable.
    pub async fn take(
        &self,
        door: &Door,
        name: &str,
        request: RawRequest,
    ) -> Result<Receipt, Refusal> {
        let began = self.began(&request);
        let entry = door.source(name)?;
        if !has_known_media_type(entry.kind, &request) {
            return Err(Refusal::MediaType);
        }
        let request = self.verified(entry, request).await?;
        let evidence = request.evidence().clone();
        let parsed = source::of(entry.kind).parse(request.get())?;
        let Decision { routes, plans } = door.routes.decide(name, &parsed.event, &parsed.payload);
        let groups: Vec<String> = plans.iter().map(|plan| plan.group.clone()).collect();
        let new = self.delivery(
            name,
            entry.kind,
            (request.into_inner(), evidence),
            &parsed,
            plans,
        );
        let id = new.delivery.id;
        let accepted = self.store.accept(new).await;
        self.ended(began, id, (name, &parsed.event), &accepted);
        let accepted = accepted?;
        match &accepted {
            Accepted::New { .. } => groups.iter().for_each(|group| self.doorbell.ring(group)),
            // What waits again may be for groups that today's routes no longer name.
            Accepted::Retaken { .. } => self.doorbell.ring_all(),
            Accepted::Duplicate { .. } => {}
        }
        tracing::info!(
            delivery.id = %id, source = name, event.kind = parsed.event.event,
            event.action = parsed.event.action, ?accepted, ?groups, "delivery stored"
        );
        Ok(match accepted {
            Accepted::New { ignored: Some(why) } => Receipt::Ignored { id, why },
            Accepted::New { ignored: None } => Receipt::Accepted { id, routes },
            Accepted::Duplicate { of } => Receipt::Duplicate { id: of },
            Accepted::Retaken { of } => Receipt::Accepted { id: of, routes },
        })
    }

    /// Verifies the sender. A mismatch under a published key is checked once more with the key as it is now.
    async fn verified(
        &self,
        entry: &SourceEntry,
        request: RawRequest,
    ) -> Result<Verified<RawRequest>, Refusal> {
        let now = self.clock.now();
        let Some(published) = &entry.published_keys else {
            return source::verify(entry.kind, request, &entry.credentials, now)
                .map_err(|(_, error)| Refusal::Unverified(error));
        };
        let credentials = with_key(&entry.credentials, published.known());
        match source::verify(entry.kind, request, &credentials, now) {
            Ok(verified) => Ok(verified),
            Err((request, VerifyError::Mismatch(_) | VerifyError::Unconfigured))
                if published.refresh(now).await =>
            {
                let credentials = with_key(&entry.credentials, published.known());
                source::verify(entry.kind, request, &credentials, now)
                    .map_err(|(_, error)| Refusal::Unverified(error))
            }
            Err((_, VerifyError::Unconfigured)) => Err(Refusal::NoPublicKey),
            Err((_, error)) => Err(Refusal::Unverified(error)),
        }
    }

    fn delivery(
        &self,
        name: &str,
        kind: Kind,
        (request, evidence): (RawRequest, Evidence),
        parsed: &Parsed,
        plans: Vec<Plan>,
    ) -> NewDelivery {
        let event = &parsed.event;
        let now = self.clock.now();
        let ignored = plans.is_empty().then(|| why_ignored(event));
        NewDelivery {
            delivery: Delivery {
                id: self.ids.next(now),
                source: name.to_owned(),
                kind,
                event: event.event.clone(),
                action: event.action.clone(),
                repo: event.repo.as_ref().map(|repo| repo.name.clone()),
                object: event.object.clone(),
                title: event.headline(),
                url: event.url.clone(),
                received_at: now,
                ignored,
                repeat: None,
            },
            evidence,
            vendor_key: parsed.delivery_key.clone(),
            content_key: match parsed.delivery_key {
                Some(_) => String::new(),
                None => content_key(event, &request),
            },
            run: history::run_of(name, event),
            payload: Payload {
                headers: kept_headers(kind, &request),
                body: request.body,
            },
            outbox: plans
                .into_iter()
                .map(|plan| Outbox::of(plan, event))
                .collect(),
        }
    }
}

fn with_key(credentials: &Credentials, key: Option<String>) -> Credentials {
    let mut credentials = credentials.clone();
    credentials.public_keys.extend(key);
    credentials
}

/// JSON and forms are what the vendors send; a body of another type is somebody's mistake in the webhook's settings.
fn has_known_media_type(kind: Kind, request: &RawRequest) -> bool {
    let Some(media_type) = request.header("content-type") else {
        return true;
    };
    let media_type = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type == "application/json"
        || media_type.ends_with("+json")
        || media_type == "application/x-www-form-urlencoded"
        || source::of(kind).takes_any_content_type()
}

fn why_ignored(event: &Event) -> String {
    match &event.quiet {
        Some(quiet) => quiet.reason.clone(),
        None => {
            let action = match event.action.as_str() {
                "" => String::new(),
                action => format!(" ({action})"),
            };
            format!(
                "{} {} {}{action}",
                Delivery::UNROUTED,
                event.source.name(),
                event.event
            )
        }
    }
}

/// Only headers that tell something and hold no secret.
fn kept_headers(kind: Kind, request: &RawRequest) -> Vec<(String, String)> {
    let kept = source::of(kind).kept_headers();
    request
        .headers
        .iter()
        .filter(|(name, _)| {
            name == "content-type" || name == "user-agent" || kept.contains(&name.as_str())
        })
        .cloned()
        .collect()
}

/// Recognizes a repeat where the vendor sends no delivery id.
fn content_key(event: &Event, request: &RawRequest) -> String {
    let mut hash = Sha256::new();
    hash.update(event.event.as_bytes());
    hash.update([0]);
    hash.update(&request.body);
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
    }
    hex
}
