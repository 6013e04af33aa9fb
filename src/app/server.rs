//! Running the relay: listeners, workers, and an end in good order.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use actix_web::{App as HttpApp, HttpServer};
use anyhow::Context as _;
use clap::ValueEnum;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::App;
use super::crew::Crew;
use super::reload::{Reloader, Reloading};
use super::upkeep::Upkeep;
use crate::admin::{Admin, Vitals};
use crate::config::Config;
use crate::health::{self, Checks};
use crate::ingest;

/// How long requests and posts in flight may take to end. A post ends by itself after ten seconds.
const GRACE: Duration = Duration::from_secs(15);

/// How long the last traces may take, when all else has ended.
const LAST_EXPORT: Duration = Duration::from_secs(5);

/// Which part of the work a process does. Processes with different roles share the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Both.
    All,
    /// Takes webhooks in and posts nothing.
    Ingest,
    /// Posts what others took in. On PostgreSQL they ring; on SQLite it looks every few seconds.
    Deliver,
}

/// Bound sockets; tests bind port 0.
pub struct Listeners {
    /// For webhooks, where they are taken in.
    pub public: Option<TcpListener>,
    /// For health checks, the page and its API.
    pub admin: TcpListener,
}

/// Binds the addresses of the config that the role needs.
pub fn listen(config: &Config, role: Role) -> anyhow::Result<Listeners> {
    let bind = |key: &str, address| {
        TcpListener::bind(address)
            .with_context(|| format!("{key} = \"{address}\" cannot be listened on"))
    };
    Ok(Listeners {
        public: match role {
            Role::All | Role::Ingest => Some(bind("server.listen", config.server.listen)?),
            Role::Deliver => None,
        },
        admin: bind("admin.listen", config.admin.listen)?,
    })
}

impl App {
    /// Serves until `stop` resolves. Then no new webhook is taken, what is in flight is finished, and what still waits
    /// stays in the store for the next start. With `reloading`, the config is reloaded when it changes.
    pub async fn run(
        mut self,
        role: Role,
        listeners: Listeners,
        reloading: Option<Reloading>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let public = listeners.public.map(|listener| self.public(listener));
        let public = public.transpose()?;
        let admin = self.admin(listeners.admin)?;
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (all_told, stop_export) = watch::channel(false);
        let export = self.exporter.take();
        let export = export.map(|exporter| tokio::spawn(exporter.run(stop_export)));
        if role != Role::Ingest {
            self.hear_other_replicas();
            let crew = Crew::new(Arc::clone(&self.delivery), stopped.clone());
            tasks.spawn(crew.run(self.revision.subscribe()));
            let upkeep = Upkeep {
                store: Arc::clone(self.store()),
                clock: Arc::clone(&self.delivery.clock),
                current: Arc::clone(self.current()),
                metrics: Arc::clone(&self.delivery.metrics),
                health: Arc::clone(&self.health),
            };
            tasks.spawn(upkeep.run(stopped.clone()));
        }
        if let Some(reloading) = reloading {
            let reloader = Reloader::new(Arc::new(self), reloading);
            tasks.spawn(reloader.run(stopped));
        }

        let mut servers = JoinSet::new();
        let handles: Vec<ServerHandle> =
            public.iter().chain([&admin]).map(Server::handle).collect();
        for server in public.into_iter().chain([admin]) {
            servers.spawn(server);
        }
        stop.await;
        tracing::info!("stopping");
        for handle in handles {
            handle.stop(true).await;
        }
        while let Some(ended) = servers.join_next().await {
            ended??;
        }
        // A receiver that is gone has stopped already.
        let _ = stopping.send(true);
        if tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            tracing::warn!(
                "some posts did not end in time; they are tried again after the next start"
            );
        }
        // What the last posts tell is sent too.
        let _ = all_told.send(true);
        if let Some(export) = export
            && tokio::time::timeout(LAST_EXPORT, export).await.is_err()
        {
            tracing::warn!("the last traces were not exported in time");
        }
        tracing::info!("stopped");
        Ok(())
    }

    /// Wakes the workers when another process takes something in for their groups.
    fn hear_other_replicas(&self) {
        let doorbell = Arc::clone(&self.delivery.doorbell);
        self.store().on_arrival(Arc::new(move |group| match group {
            Some(group) => doorbell.ring(group),
            None => doorbell.ring_all(),
        }));
    }

    fn public(&self, listener: TcpListener) -> std::io::Result<Server> {
        let (ingest, checks) = (self.ingest.clone(), self.checks(false));
        let server = HttpServer::new(move || {
            HttpApp::new()
                .configure(|config| ingest::configure(config, ingest.clone()))
                .configure(|config| health::configure(config, checks.clone()))
        });
        Ok(server
            .listen(listener)?
            .disable_signals()
            .shutdown_timeout(GRACE.as_secs())
            .run())
    }

    fn admin(&self, listener: TcpListener) -> std::io::Result<Server> {
        let checks = self.checks(true);
        let is_local = listener.local_addr()?.ip().is_loopback();
        let admin = Admin::new(self.operator.clone(), self.vitals(), is_local);
        let server = HttpServer::new(move || {
            HttpApp::new()
                .configure(|config| health::configure(config, checks.clone()))
                .configure(|config| admin.configure(config))
        });
        Ok(server
            .workers(1)
            .listen(listener)?
            .disable_signals()
            .shutdown_timeout(1)
            .run())
    }

    fn checks(&self, names: bool) -> Data<Checks> {
        Data::new(Checks {
            store: Arc::clone(self.store()),
            health: Arc::clone(&self.health),
            names,
        })
    }

    fn vitals(&self) -> Vitals {
        Vitals {
            metrics: Arc::clone(&self.delivery.metrics),
            health: Arc::clone(&self.health),
        }
    }
}
