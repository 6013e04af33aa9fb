//! `hookbell serve`

use std::net::TcpListener;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::input::ConfigFiles;
use super::{Failure, block_on, start_logging};
use crate::app::{self, App};
use crate::clock::SystemClock;

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigFiles,
}

impl Serve {
    pub fn run(self) -> Result<(), Failure> {
        start_logging("info,actix_server=warn");
        let checked = self.config.check()?;
        let retention = checked.config.retention;
        let listeners = app::listen(&checked.config).map_err(|error| {
            Failure::problem(
                format!("{error:#}"),
                "stop what listens there, or choose another address",
            )
        })?;
        for source in &checked.config.sources {
            if source.credentials.insecure {
                tracing::warn!(
                    source = source.name,
                    "this source believes everybody (insecure = true)"
                );
            }
        }
        let app = App::build(checked, Arc::new(SystemClock)).map_err(|error| {
            Failure::problem(
                format!("{error:#}"),
                "mend what is told above and start again",
            )
        })?;
        block_on(async {
            let address = |listener: &TcpListener| listener.local_addr().map_err(Failure::internal);
            tracing::info!(
                server = %address(&listeners.public)?, admin = %address(&listeners.admin)?, "ready"
            );
            let stop = stop_signal().map_err(Failure::internal)?;
            app.run(listeners, retention, stop)
                .await
                .map_err(Failure::internal)
        })
    }
}

/// Resolves on SIGTERM (what orchestrators send) or SIGINT (Ctrl-C).
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
