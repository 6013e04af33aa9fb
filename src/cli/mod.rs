//! The command line: one file for each command, and here what they share.

#![expect(
    clippy::print_stdout,
    reason = "answers of commands go to standard output"
)]

mod check;
mod completions;
mod dead;
mod deliveries;
mod demo;
mod doctor;
mod explain;
mod failure;
mod health;
mod init;
mod input;
mod man;
mod people;
mod plan;
mod render;
mod sandbox;
mod send;
mod serve;
mod templates;
mod word_diff;

use std::sync::Arc;

use std::io::{IsTerminal, Write};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::checked::Checked;
use crate::config::{LogFormat, LogLevel, LogSettings, StoreUrl};
use crate::operate::{Operator, Problem};
use crate::store::{Store, StoreError};

pub use self::failure::Failure;

/// A webhook relay: GitHub, GitLab, Jira, Codeup and Travis CI in, signed DingTalk messages out.
#[derive(Debug, Parser)]
#[command(name = "hookbell", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole thing at work, with no config, account or network
    Demo(demo::Demo),
    /// Run the relay
    Serve(serve::Serve),
    /// Validate config, secrets, routes and templates
    Check(check::Check),
    /// Print the message that a payload becomes
    Render(render::Render),
    /// Tell which routes match a payload, and why each other one does not
    Explain(explain::Explain),
    /// Post a test message to a group
    Send(send::Send),
    /// List deliveries, look into one, or post some again
    #[command(subcommand)]
    Deliveries(deliveries::Deliveries),
    /// List, retry or discard what could not be posted
    #[command(subcommand)]
    Dead(dead::Dead),
    /// List vendors' users that were seen in deliveries and that no `people` entry covers
    People(people::PeopleCommand),
    /// Tell what a new config and its templates would change for the deliveries in the store
    Plan(plan::PlanCommand),
    /// Check config, store, clock and each bot, and tell what to do
    Doctor(doctor::Doctor),
    /// Ask the running relay whether it is ready
    Health(health::Health),
    /// Run a stand-in for DingTalk, with its rules and a page that shows the chat
    Sandbox(sandbox::SandboxCommand),
    /// Write a commented starter config
    Init(init::Init),
    /// Work with the built-in templates
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Print the JSON Schema of the config file, for editors
    Schema,
    /// Print what a shell needs to complete hookbell's words
    Completions(completions::Completions),
    /// Print the manual page, or write those of all commands
    Man(man::Man),
}

impl Cli {
    pub fn run(self) -> Result<(), Failure> {
        if !matches!(self.command, Command::Serve(_)) {
            // `hookbell deliveries list | head` ends quietly, as others do. A relay goes on without whoever read its log.
            sigpipe::reset();
        }
        match self.command {
            Command::Demo(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Render(command) => command.run(),
            Command::Explain(command) => command.run(),
            Command::Send(command) => command.run(),
            Command::Deliveries(command) => command.run(),
            Command::Dead(command) => command.run(),
            Command::People(command) => command.run(),
            Command::Plan(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Health(command) => command.run(),
            Command::Sandbox(command) => command.run(),
            Command::Init(command) => command.run(),
            Command::Templates(command) => command.run(),
            Command::Schema => schema(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}

fn schema() -> Result<(), Failure> {
    let schema =
        serde_json::to_string_pretty(&crate::config::schema()).map_err(Failure::internal)?;
    println!("{schema}");
    Ok(())
}

/// Prints bytes as they are.
fn print_all(bytes: &[u8]) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(bytes)
        .map_err(Failure::internal)
}

/// Opens the store that a config names and asks it something.
fn ask_store<T>(
    url: &StoreUrl,
    question: impl AsyncFnOnce(Arc<dyn Store>) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    let store = app::open_store(url)
        .map_err(|error| Failure::problem(format!("{error:#}"), "mend `store.url`"))?;
    block_on(async {
        question(store)
            .await
            .map_err(|error| Failure::problem(error, "try again in a moment"))
    })
}

/// Has an operator look into the store of a config, or act on it.
fn operate<T>(
    checked: Checked,
    task: impl AsyncFnOnce(Operator) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let operator = app::operator(checked)
        .map_err(|error| Failure::problem(format!("{error:#}"), "mend `store.url`"))?;
    block_on(async { task(operator).await.map_err(Failure::from) })
}

/// Runs an async command to its end.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::internal)?
        .block_on(future)
}

/// What commands log that are not a relay: what goes wrong.
const COMMAND_LOG: LogSettings = LogSettings {
    format: LogFormat::Text,
    level: LogLevel::Warn,
};

/// Logs to standard error. `RUST_LOG` chooses how much, or else `settings` do; what `quiet` names is too much in any case.
fn start_logging(settings: LogSettings, quiet: &str) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{}{quiet}", settings.level.name())));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = match settings.format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
    };
}
