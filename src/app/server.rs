//! Running the relay: listeners, workers, and an end in good order.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as HttpApp, HttpServer};
use anyhow::Context as _;
use clap::ValueEnum;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::App;
use crate::admin::Admin;
use crate::config::{Config, SHORTEST_RETENTION};
use crate::delivery::Worker;
use crate::ingest;
use crate::store::StoreError;

/// How long requests and posts in flight may take to end. A post ends by itself after ten seconds.
const GRACE: Duration = Duration::from_secs(15);
/// How often finished deliveries past their retention are cleaned up, and how many in one step.
const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
const PRUNE_STEP: u32 = 500;

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
    /// stays in the store for the next start.
    pub async fn run(
        self,
        role: Role,
        listeners: Listeners,
        retention: Retention,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let public = listeners.public.map(|listener| self.public(listener));
        let public = public.transpose()?;
        let admin = self.admin(listeners.admin)?;
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        if role != Role::Ingest {
            self.hear_other_replicas();
            self.warn_of_orphans().await;
            for group in self.groups {
                let worker = Worker::new(group, Arc::clone(&self.delivery));
                tasks.spawn(worker.run(stopped.clone()));
            }
            tasks.spawn(prune(self.delivery, retention, stopped));
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
        let ingest = self.ingest.clone();
        let server = HttpServer::new(move || {
            HttpApp::new().configure(|config| ingest::configure(config, ingest.clone()))
        });
        Ok(server
            .listen(listener)?
            .disable_signals()
            .shutdown_timeout(GRACE.as_secs())
            .run())
    }

    fn admin(&self, listener: TcpListener) -> std::io::Result<Server> {
        let ingest = self.ingest.clone();
        let is_local = listener.local_addr()?.ip().is_loopback();
        let admin = Admin::new(self.operator.clone(), is_local);
        let server = HttpServer::new(move || {
            HttpApp::new()
                .configure(|config| ingest::configure_health(config, ingest.clone()))
                .configure(|config| admin.configure(config))
        });
        Ok(server
            .workers(1)
            .listen(listener)?
            .disable_signals()
            .shutdown_timeout(1)
            .run())
    }

    /// Messages wait for groups that the config no longer has: nobody would ever post them.
    async fn warn_of_orphans(&self) {
        match self.delivery.store.groups_waiting().await {
            Ok(waiting) => {
                for group in waiting {
                    if !self.groups.iter().any(|known| known.name == group) {
                        tracing::warn!(
                            group,
                            "messages wait for a group that the config does not have"
                        );
                    }
                }
            }
            Err(error) => tracing::error!(%error, "store failed"),
        }
    }
}

/// How long finished deliveries are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    pub age: Duration,
    /// Bytes of the store up to which they are kept, oldest going first.
    pub size: Option<u64>,
}

impl Retention {
    pub fn of(config: &Config) -> Retention {
        Retention {
            age: config.retention,
            size: config.max_size,
        }
    }
}

/// Forgets old deliveries, in small steps so that accepting is not held up.
async fn prune(
    delivery: Arc<crate::delivery::Delivery>,
    retention: Retention,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        match prune_step(&delivery, retention).await {
            Ok(Left::More) => {}
            ended => {
                if let Err(error) = ended {
                    tracing::error!(%error, "old deliveries not cleaned up");
                }
                tokio::select! {
                    () = tokio::time::sleep(PRUNE_EVERY) => {}
                    _ = stop.changed() => return,
                }
            }
        }
    }
}

/// Whether there is more to forget.
enum Left {
    More,
    Nothing,
}

async fn prune_step(
    delivery: &crate::delivery::Delivery,
    retention: Retention,
) -> Result<Left, StoreError> {
    let store = &delivery.store;
    let now = delivery.clock.now();
    let ago = |age| now.saturating_sub(age).unwrap_or(jiff::Timestamp::MIN);
    let mut gone = store.prune(ago(retention.age), PRUNE_STEP).await?;
    if gone == 0
        && let Some(size) = retention.size
        && store.bytes().await? > size
    {
        gone = store.prune(ago(SHORTEST_RETENTION), PRUNE_STEP).await?;
    }
    Ok(if gone > 0 { Left::More } else { Left::Nothing })
}
