//! The command `hookbell`.

use std::process::ExitCode;

use clap::Parser;
use hookbell::cli::Cli;

/// Webhooks are many small allocations on several threads; and memory goes back to the system after a burst.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}
