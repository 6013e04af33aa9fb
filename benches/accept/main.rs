//! What accepting costs: `hookbell serve` beside a bare actix-web handler that reads the same bodies.
//!
//! `cargo bench --bench accept` measures both in one run, on the same machine and with the same client, and prints
//! tables in Markdown. Everything is done from outside, over the loopback: the relay is the release binary in a
//! process of its own, with its default settings and a store on the disk that the build is on. `docs/benchmarks.md`
//! says what is measured how, and what came out.

#![expect(clippy::print_stdout, reason = "the tables are the point")]

mod bare;
mod chat;
mod http;
mod load;
mod machine;
mod measure;
mod process;
mod push;
mod stats;

use std::time::Duration;

use clap::Parser;

use measure::Bench;

/// Measures accepting and delivering.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// How long each single measurement takes, in seconds
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How often the bare handler and the relay are measured in turn; medians are told
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Connections that each have one request under way
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests a second where latency is measured
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// Messages to idle groups, of which each is timed from accepted to posted
    #[arg(long, default_value_t = 120)]
    posts: usize,
    /// Also compare a store in which a group has many rows waiting with an empty one; takes some minutes
    #[arg(long)]
    full: bool,
    /// Rows that wait then
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// `store.url` of the relay, for another store than a new SQLite file. It should be empty; --full needs two
    #[arg(long, value_name = "URL")]
    store: Vec<String>,
    /// Which parts to measure; all if none is named
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Be the bare handler
    #[arg(long, hide = true)]
    bare: bool,
    /// Cargo says so to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    Throughput,
    Latency,
    Posted,
}

impl Options {
    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if options.bare {
        return bare::serve();
    }
    println!("{}\n", machine::describe()?);
    let bench = Bench::start(options.clone())?;
    bench.accepting()?;
    if options.full {
        bench.with_a_backlog()?;
    }
    Ok(())
}
