//! What ingest and delivery work with, made of a config that was checked.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bot::Bot;
use crate::checked::Checked;
use crate::clock::Clock;
use crate::config::{Config, GroupSettings, SourceSettings};
use crate::core::route::Route;
use crate::current::InForce;
use crate::delivery::{Account, Group, Posting};
use crate::ingest::{Door, PublicKeys, Room, SourceEntry};
use crate::metrics::Metrics;
use crate::operate::bots::bots;

/// What the parts need besides the config.
pub struct Assembler {
    pub clock: Arc<dyn Clock>,
    /// All requests of ours go out through it.
    pub http: reqwest::Client,
    pub metrics: Arc<Metrics>,
}

impl Assembler {
    /// What stays the same is kept from the door `before`: fetched keys, and the room that requests under way take.
    pub fn door(&self, checked: &Checked, before: Option<&Door>) -> Door {
        let config = &checked.config;
        let max_body = config.server.max_body;
        let room = before.map(|door| &door.room);
        let room = room.filter(|room| room.max_body() == max_body).cloned();
        let entry = |source: &SourceSettings| {
            let entry_before = before.and_then(|door| door.sources.get(&source.name));
            SourceEntry {
                kind: source.kind,
                credentials: source.credentials.clone(),
                published_keys: self.published_keys(source, entry_before),
                meters: self.metrics.of_source(&source.name),
                allow: source.allow.clone(),
            }
        };
        Door {
            sources: config
                .sources
                .iter()
                .map(|source| (source.name.clone(), entry(source)))
                .collect(),
            routes: Arc::clone(&checked.routes),
            room: room.unwrap_or_else(|| Room::for_bodies_up_to(max_body)),
            trusted_proxies: config.server.trusted_proxies.clone(),
        }
    }

    fn published_keys(
        &self,
        source: &SourceSettings,
        before: Option<&SourceEntry>,
    ) -> Option<Arc<PublicKeys>> {
        let address = source.config_url.as_ref()?;
        let fetched = before.and_then(|entry| entry.published_keys.as_ref());
        let same = fetched.filter(|keys| keys.address() == address).cloned();
        Some(same.unwrap_or_else(|| {
            Arc::new(PublicKeys::published_at(address.clone(), self.http.clone()))
        }))
    }

    /// `before` is what was posted with until now, and the config that it was made of.
    pub fn posting(
        &self,
        next: &InForce,
        before: Option<(&Config, &Posting)>,
    ) -> anyhow::Result<Posting> {
        let checked = &next.checked;
        let config = &checked.config;
        let mut groups = HashMap::new();
        let mut all_bots = Vec::new();
        let mut meters = HashMap::new();
        for group in &config.groups {
            let bots = bots(group, &self.http, &self.clock)?;
            all_bots.extend(bots.iter().cloned());
            for (settings, bot) in group.bots.iter().zip(&bots) {
                let of_bot = self.metrics.of_bot(&group.name, &settings.name);
                meters.insert(bot.id().to_owned(), of_bot);
            }
            let made = Group {
                name: group.name.clone(),
                language: group.language,
                quiet: group.quiet.clone(),
                account: account(config, group, &bots),
                bots,
                fallback: group.fallback.clone(),
                has_urgent_routes: checked
                    .routes
                    .iter()
                    .map(Route::spec)
                    .any(|route| route.urgent && route.to.contains(&group.name)),
                bots_since: unchanged_since(group, before).unwrap_or(next.revision),
                meters: self.metrics.of_group(&group.name),
            };
            groups.insert(group.name.clone(), Arc::new(made));
        }
        Ok(Posting {
            groups,
            routes: Arc::clone(&checked.routes),
            composer: Arc::clone(&checked.composer),
            bots: all_bots,
            meters,
        })
    }
}

/// Since which revision a group has had the bots that it has now, if it had them before.
fn unchanged_since(group: &GroupSettings, before: Option<(&Config, &Posting)>) -> Option<u64> {
    let (config, posting) = before?;
    let known = config.groups.iter().find(|known| known.name == group.name);
    let is_same = known.is_some_and(|known| known.bots == group.bots);
    let posted_with = posting.groups.get(&group.name)?;
    is_same.then_some(posted_with.bots_since)
}

/// Who pays for a group's posts.
pub fn account(config: &Config, group: &GroupSettings, bots: &[Arc<dyn Bot>]) -> Account {
    let name = group.organization.as_deref();
    let organization = config
        .organizations
        .iter()
        .find(|organization| Some(organization.name.as_str()) == name);
    let settings = group.bots.iter().zip(bots);
    Account {
        organization: name.unwrap_or_default().to_owned(),
        allowance: organization.map(|organization| organization.allowance.clone()),
        groups: config
            .groups
            .iter()
            .filter(|group| group.organization.as_deref() == name)
            .count(),
        bots: settings
            .filter_map(|(settings, bot)| Some((bot.id().to_owned(), settings.monthly?)))
            .collect(),
    }
}
