//! The only place that builds the parts and hands them to each other.

mod server;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web;
use jiff::Timestamp;

use crate::bot::Bot;
use crate::checked::Checked;
use crate::clock::Clock;
use crate::config::{Config, GroupSettings, SourceSettings, StoreUrl};
use crate::core::route::{Route, Routes};
use crate::current::Current;
use crate::delivery::{Account, Delivery, Group, Warnings};
use crate::doorbell::Doorbell;
use crate::ingest::{Ingest, PublicKeys, Room, SourceEntry};
use crate::operate::Operator;
use crate::operate::bots::bots;
use crate::store::Store;
use crate::store::postgres::{self, Postgres};
use crate::store::queue::WorkerId;
use crate::store::record::DeliveryIds;
use crate::store::sqlite::Sqlite;

pub use self::server::{Listeners, Retention, Role, listen};

/// A relay that is ready to run.
pub struct App {
    ingest: web::Data<Ingest>,
    delivery: Arc<Delivery>,
    groups: Vec<Group>,
    operator: Operator,
}

impl App {
    /// Builds the relay from a config that was checked; its requests go out through `http`. Opens the store and nothing
    /// else.
    pub fn build(
        checked: Checked,
        clock: Arc<dyn Clock>,
        http: reqwest::Client,
    ) -> anyhow::Result<App> {
        let current = Arc::new(Current::new(checked, clock.now()));
        let in_force = current.load();
        let Checked {
            config,
            routes,
            composer,
        } = &in_force.checked;
        let store = open_store(&config.store)?;
        let groups = groups(config, routes, &http, &clock)?;
        let doorbell = Arc::new(Doorbell::for_groups(
            groups.iter().map(|group| group.name.as_str()),
        ));
        let bots = groups
            .iter()
            .flat_map(|group| group.bots.iter().cloned())
            .collect();
        let operator = Operator {
            store: Arc::clone(&store),
            current: Arc::clone(&current),
            clock: Arc::clone(&clock),
            doorbell: Arc::clone(&doorbell),
            http: http.clone(),
        };
        let ingest = ingest(config, Arc::clone(routes), &store, &clock, &doorbell, http);
        let delivery = Delivery {
            store,
            worker: WorkerId::generate(),
            clock,
            doorbell,
            composer: Arc::clone(composer),
            warnings: Warnings::default(),
            bots,
        };
        Ok(App {
            ingest: web::Data::new(ingest),
            delivery: Arc::new(delivery),
            groups,
            operator,
        })
    }

    /// The config in force.
    pub fn current(&self) -> &Arc<Current> {
        &self.operator.current
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.delivery.store
    }
}

/// Opens the store that the config names.
pub fn open_store(url: &StoreUrl) -> anyhow::Result<Arc<dyn Store>> {
    match url {
        StoreUrl::Sqlite(path) => Ok(Arc::new(Sqlite::open(path)?)),
        StoreUrl::Postgres(url) => {
            let address =
                postgres::Address::parse(url.expose()).map_err(postgres::OpenError::from)?;
            let clock = Arc::new(Timestamp::now);
            Ok(Arc::new(Postgres::open(&address, Some(clock))?))
        }
    }
}

fn groups(
    config: &Config,
    routes: &Routes,
    http: &reqwest::Client,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Group>> {
    config
        .groups
        .iter()
        .map(|group| {
            let bots = bots(group, http, clock)?;
            Ok(Group {
                name: group.name.clone(),
                language: group.language,
                quiet: group.quiet.clone(),
                account: account(config, group, &bots),
                bots,
                fallback: group.fallback.clone(),
                has_urgent_routes: routes
                    .iter()
                    .map(Route::spec)
                    .any(|route| route.urgent && route.to.contains(&group.name)),
            })
        })
        .collect()
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

fn ingest(
    config: &Config,
    routes: Arc<Routes>,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    doorbell: &Arc<Doorbell>,
    http: reqwest::Client,
) -> Ingest {
    let entry = |source: &SourceSettings| SourceEntry {
        kind: source.kind,
        credentials: source.credentials.clone(),
        published_keys: source
            .config_url
            .clone()
            .map(|address| PublicKeys::published_at(address, http.clone())),
    };
    let sources: HashMap<String, SourceEntry> = config
        .sources
        .iter()
        .map(|source| (source.name.clone(), entry(source)))
        .collect();
    Ingest {
        sources,
        routes,
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        doorbell: Arc::clone(doorbell),
        ids: DeliveryIds::default(),
        room: Room::for_bodies_up_to(config.server.max_body),
    }
}
