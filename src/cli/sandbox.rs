//! `hookbell sandbox`

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use clap::Args;

use super::{COMMAND_LOG, Failure, block_on, serve, start_logging};
use crate::clock::SystemClock;
use crate::core::secret::Secret;
use crate::sandbox::{self, Sandbox, SandboxBot};

/// The bot that is there from the start. Its secret is no secret.
const TOKEN: &str = "sandbox";
pub const SECRET: &str = "SECsandbox";

#[derive(Debug, Args)]
pub struct SandboxCommand {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

impl SandboxCommand {
    pub fn run(self) -> Result<(), Failure> {
        start_logging(COMMAND_LOG, "");
        let listener = TcpListener::bind(self.listen).map_err(|error| {
            Failure::problem(
                format!("{} cannot be listened on: {error}", self.listen),
                "stop what listens there, or choose another address with --listen",
            )
        })?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let sandbox = Sandbox::open(Arc::new(SystemClock::new()));
        sandbox.add_bot(signed_bot("sandbox"));
        // At once: whoever waits for the address may close the pipe when he has it.
        print!(
            "The group chat: http://{address}/\n\n\
             A bot that wants its posts signed:\n  webhook = \"{}\"\n  secret  = \"{SECRET}\"\n\
             Any other access_token is a bot without security settings, in a group of that name.\n",
            webhook(address)
        );
        std::io::stdout().flush().map_err(Failure::internal)?;
        block_on(async {
            let stop = serve::stop_signal().map_err(Failure::internal)?;
            let server = sandbox::serve(listener, sandbox).map_err(Failure::internal)?;
            let handle = server.handle();
            let running = tokio::spawn(server);
            stop.await;
            handle.stop(true).await;
            running
                .await
                .map_err(Failure::internal)?
                .map_err(Failure::internal)
        })
    }
}

/// The bot whose address and secret are printed, in that group.
pub fn signed_bot(group: &str) -> SandboxBot {
    SandboxBot {
        token: TOKEN.to_owned(),
        secret: Some(Secret::new(SECRET)),
        keywords: Vec::new(),
        group: group.to_owned(),
    }
}

pub fn webhook(address: SocketAddr) -> String {
    format!("http://{address}/robot/send?access_token={TOKEN}")
}
