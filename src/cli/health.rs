//! `hookbell health`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use super::input::ConfigFiles;
use super::{Failure, block_on};
use crate::bot::dingtalk::{self, Reach};

const TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct Health {
    #[command(flatten)]
    config: ConfigFiles,
}

impl Health {
    /// Asks the relay that runs with this config whether it is ready: the health check of containers without a shell.
    pub fn run(self) -> Result<(), Failure> {
        let listen = reachable(self.config.check()?.config.admin.listen);
        let address = format!("http://{listen}/readyz");
        let http = dingtalk::http_client(Reach::ThisMachine).map_err(Failure::internal)?;
        let status = block_on(async {
            let answer = http.get(&address).timeout(TIMEOUT).send().await;
            answer.map(|answer| answer.status()).map_err(|error| {
                Failure::problem(
                    format!("no answer from {address}: {}", error.without_url()),
                    "start it with `hookbell serve`, with the same config",
                )
            })
        })?;
        if status.is_success() {
            println!("ready");
            Ok(())
        } else {
            Err(Failure::problem(
                format!("{address} answers {status}"),
                "look into the relay's log",
            ))
        }
    }
}

/// An address that stands for all of this machine's is reached through the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port())
    } else {
        listen
    }
}
