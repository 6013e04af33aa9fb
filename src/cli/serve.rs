//! `hookbell serve`

use std::net::TcpListener;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::input::ConfigFiles;
use super::{Failure, block_on, start_logging};
use crate::app::{self, App, Reloading, Role};
use crate::bot::dingtalk::{self, Reach};
use crate::clock::SystemClock;

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigFiles,
    /// What this process does; several may share one store
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
}

impl Serve {
    pub fn run(self) -> Result<(), Failure> {
        let (checked, watched) = self.config.check_watched()?;
        start_logging(checked.config.log, ",actix_server=warn");
        let listeners = app::listen(&checked.config, self.role).map_err(|error| {
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
        let http = dingtalk::http_client(Reach::Anywhere).map_err(Failure::internal)?;
        let app = App::build(checked, Arc::new(SystemClock::new()), http).map_err(|error| {
            Failure::problem(
                format!("{error:#}"),
                "mend what is told above and start again",
            )
        })?;
        block_on(async {
            // Whoever sees that it is ready may send signals.
            let stop = stop_signal().map_err(Failure::internal)?;
            let reloading = Reloading::of(watched).map_err(Failure::internal)?;
            let address = |listener: &TcpListener| listener.local_addr().map_err(Failure::internal);
            let server = listeners.public.as_ref().map(address).transpose()?;
            tracing::info!(
                server = server.map(tracing::field::display),
                admin = %address(&listeners.admin)?, role = ?self.role, "ready"
            );
            app.run(self.role, listeners, Some(reloading), stop)
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
