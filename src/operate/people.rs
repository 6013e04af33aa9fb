//! Vendors' users who were seen in deliveries and whom the config does not know.

use serde::Serialize;
use utoipa::ToSchema;

use super::Operator;
use crate::core::source::{self, RawRequest};
use crate::core::strangers::{self, Strangers};
use crate::store::StoreError;
use crate::store::record::Received;

/// Deliveries that are in memory at a time; one may be as large as `server.max_body`.
const PAGE: u32 = 50;

/// Whom the config does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unmapped {
    /// How many of the newest deliveries were read.
    pub read: u32,
    /// By vendor, in each the one seen most often first.
    pub strangers: Vec<Stranger>,
}

/// Somebody whom no `people` entry covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stranger {
    /// The vendor.
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// What they were called where they were seen first.
    pub name: String,
    /// The line that would cover them, as the config file spells it.
    pub setting: String,
    /// Whether only an address is known, from commits.
    pub only_from_commits: bool,
    /// Deliveries in which they have a role.
    pub events: u64,
}

impl Operator {
    /// Looks through the newest `limit` deliveries.
    pub async fn people(&self, limit: u32) -> Result<Unmapped, StoreError> {
        let in_force = self.current.load();
        let mut strangers = Strangers::to(&in_force.checked.composer.people);
        let (mut read, mut before) = (0, None);
        while read < limit {
            let page = self.store.received(before, PAGE.min(limit - read)).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.delivery.id);
            for received in page {
                read += 1;
                see(&mut strangers, received);
            }
        }
        Ok(Unmapped {
            read,
            strangers: strangers.listed().into_iter().map(Stranger::from).collect(),
        })
    }
}

fn see(strangers: &mut Strangers<'_>, received: Received) {
    let request = RawRequest {
        headers: received.payload.headers,
        query: Vec::new(),
        body: received.payload.body,
    };
    // It was read when it was accepted; if today's version cannot, it has nobody to tell of.
    if let Ok(parsed) = source::of(received.delivery.kind).parse(&request) {
        strangers.see(&parsed.event);
    }
}

impl From<strangers::Stranger> for Stranger {
    fn from(stranger: strangers::Stranger) -> Stranger {
        let identity = &stranger.identity;
        let value = toml::Value::String(identity.value.clone());
        Stranger {
            kind: stranger.kind.name(),
            setting: format!("{} = {value}", identity.key),
            only_from_commits: identity.is_email(),
            events: stranger.events,
            name: stranger.name,
        }
    }
}
