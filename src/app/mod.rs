//! The only place that builds the parts and hands them to each other, at the start and whenever the config changes.

mod assemble;
mod crew;
mod reload;
mod server;
mod upkeep;

use std::sync::Arc;

use actix_web::web;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::watch;

use self::assemble::Assembler;
use crate::bot::dingtalk::{self, Reach};
use crate::checked::Checked;
use crate::clock::{Clock, SystemClock};
use crate::config::{OtlpSettings, Problem, StoreUrl};
use crate::core::secret::Secret;
use crate::current::{Current, InForce, Outcome};
use crate::delivery::{Delivery, Warnings};
use crate::doorbell::Doorbell;
use crate::health::Health;
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::operate::Operator;
use crate::store::Store;
use crate::store::postgres::{self, Postgres};
use crate::store::queue::WorkerId;
use crate::store::record::DeliveryIds;
use crate::store::sqlite::Sqlite;
use crate::traces::{self, Exporter, Tracer};

pub use self::assemble::account;
pub use self::reload::{ConfigSource, Reloading, Verdict, Watched};
pub use self::server::{Listeners, Role, listen};

/// A relay that is ready to run.
pub struct App {
    ingest: web::Data<Ingest>,
    delivery: Arc<Delivery>,
    operator: Operator,
    assembler: Assembler,
    health: Arc<Health>,
    /// Sends what the tracers of ingest and delivery take.
    exporter: Option<Exporter>,
    /// Tells the revision in force to whom it makes work.
    revision: watch::Sender<u64>,
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
        let config = &in_force.checked.config;
        let store = open_store(&config.store)?;
        let doorbell = Arc::<Doorbell>::default();
        doorbell.add_groups(config.groups.iter().map(|group| group.name.as_str()));
        let operator = Operator {
            store: Arc::clone(&store),
            current: Arc::clone(&current),
            clock: Arc::clone(&clock),
            doorbell: Arc::clone(&doorbell),
            http: http.clone(),
            remembered: Arc::default(),
        };
        let metrics = Arc::<Metrics>::default();
        let health = Arc::<Health>::default();
        let (tracer, exporter) = match &config.otlp {
            Some(settings) => {
                let (tracer, exporter) = traces_to(settings, &http, &metrics)?;
                (Some(tracer), Some(exporter))
            }
            None => (None, None),
        };
        let assembler = Assembler {
            clock: Arc::clone(&clock),
            http,
            metrics: Arc::clone(&metrics),
        };
        let door = assembler.door(&in_force.checked, None);
        let posting = assembler.posting(&in_force, None)?;
        let ingest = Ingest {
            door: ArcSwap::from_pointee(door),
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            doorbell: Arc::clone(&doorbell),
            ids: DeliveryIds::default(),
            metrics: Arc::clone(&metrics),
            tracer: tracer.clone(),
        };
        let delivery = Delivery {
            store,
            worker: WorkerId::generate(),
            clock,
            doorbell,
            warnings: Warnings::default(),
            posting: ArcSwap::from_pointee(posting),
            metrics,
            health: Arc::clone(&health),
            tracer,
        };
        Ok(App {
            ingest: web::Data::new(ingest),
            delivery: Arc::new(delivery),
            operator,
            assembler,
            health,
            exporter,
            revision: watch::Sender::new(in_force.revision),
        })
    }

    /// The config in force.
    pub fn current(&self) -> &Arc<Current> {
        &self.operator.current
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.delivery.store
    }

    /// Puts another config in force, from the next request and the next message on. What cannot change while the relay
    /// runs stays as it is, and its keys are told. Nothing changes where this fails.
    fn put_in_force(
        &self,
        mut checked: Checked,
        warnings: Vec<Problem>,
    ) -> anyhow::Result<Vec<&'static str>> {
        let before = self.current().load();
        let running = &before.checked.config;
        let needs_restart = reload::keep_fixed(Arc::make_mut(&mut checked.config), running);
        let next = Arc::new(InForce {
            checked,
            since: self.delivery.clock.now(),
            revision: before.revision + 1,
        });
        let door = self
            .assembler
            .door(&next.checked, Some(&self.ingest.door.load()));
        let posted_with = self.delivery.posting.load_full();
        let posting = self
            .assembler
            .posting(&next, Some((running, &posted_with)))
            .context("the bots cannot be made")?;

        let groups = &next.checked.config.groups;
        let doorbell = &self.delivery.doorbell;
        doorbell.add_groups(groups.iter().map(|group| group.name.as_str()));
        // Delivery first: whatever comes in through the new door finds its group.
        self.delivery.posting.store(Arc::new(posting));
        self.ingest.door.store(Arc::new(door));
        let revision = next.revision;
        let outcome = Outcome::Applied {
            warnings,
            needs_restart: needs_restart.clone(),
        };
        self.current().swap(next, outcome);
        self.revision.send_replace(revision);
        // Quiet times and bots may have changed, and workers of groups that are gone are to end.
        doorbell.ring_all();
        Ok(needs_restart)
    }
}

/// The two ends of what the config wants traced.
fn traces_to(
    otlp: &OtlpSettings,
    http: &reqwest::Client,
    metrics: &Metrics,
) -> anyhow::Result<(Tracer, Exporter)> {
    let header = |(name, value): &(String, Secret)| {
        let mut value = HeaderValue::from_str(value.expose())?;
        value.set_sensitive(true);
        Ok((HeaderName::from_bytes(name.as_bytes())?, value))
    };
    let settings = traces::Settings {
        address: otlp.address.clone(),
        headers: otlp
            .headers
            .iter()
            .map(header)
            .collect::<anyhow::Result<_>>()?,
        service: otlp.service.clone(),
        sample_percent: otlp.sample_percent,
    };
    Ok(Tracer::new(
        settings,
        http.clone(),
        metrics.spans_lost.clone(),
    ))
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

/// Looks into the store of a config from outside the relay, as commands do. Opens it.
pub fn operator(checked: Checked) -> anyhow::Result<Operator> {
    let store = open_store(&checked.config.store)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Ok(Operator {
        store,
        current: Arc::new(Current::new(checked, clock.now())),
        clock,
        doorbell: Arc::default(),
        http: dingtalk::http_client(Reach::Anywhere)?,
        remembered: Arc::default(),
    })
}
