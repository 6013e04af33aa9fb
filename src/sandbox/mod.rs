//! The sandbox: a stand-in for DingTalk that keeps DingTalk's rules and shows the group chat on a page.
//!
//! It answers at `/robot/send?access_token=…` like the real service does, refuses what that refuses, and can be
//! ordered to be busy, slow or broken for the next requests. Nothing is stored and nobody logs in: it is for tests,
//! the demo and writing templates, not for a network with strangers in it.

mod http;
mod orders;
mod page;
mod rules;
mod state;

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};

pub use orders::{Order, Trouble};
pub use rules::Verdict;
pub use state::{Accepted, BotStatus, Sandbox, SandboxBot};

/// Serves a sandbox on a bound listener: the server runs while it is awaited, and its handle stops it. Fails where
/// the listener cannot be used.
pub fn serve(listener: TcpListener, sandbox: Sandbox) -> std::io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(|config| sandbox.configure(config)))
        .workers(1)
        .disable_signals()
        // Pages hold a connection open for as long as they are looked at.
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
    Ok(server)
}
