//! What several commands are given: config files, a payload, headers.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::app::{ConfigSource, Verdict, Watched};
use crate::checked::{self, Checked};
use crate::config::{self, Problem, Severity};
use crate::core::event::Kind;
use crate::core::source::{self, Parsed, RawRequest};

pub const DEFAULT_CONFIG: &str = "config/hookbell.toml";

/// Which config files to read.
#[derive(Debug, Args)]
pub struct ConfigFiles {
    /// Config file; may be repeated, later files win
    #[arg(long = "config", value_name = "FILE", env = "HOOKBELL_CONFIG", default_value = DEFAULT_CONFIG)]
    pub files: Vec<PathBuf>,
}

impl ConfigFiles {
    /// The checked config, with routes and templates compiled. Problems and warnings go to standard error.
    pub fn check(&self) -> Result<Checked, Failure> {
        check(&self.files, "the config")
    }

    /// The same, for whoever wants to know when the config changes.
    pub fn check_watched(&self) -> Result<(Checked, Watched), Failure> {
        let source = ConfigSource {
            files: self.files.clone(),
            environment: config::environment().collect(),
        };
        let (verdict, watched) = source.read();
        Ok((told(verdict, "the config")?, watched))
    }
}

/// Checks config files, which are called `whose` if something is wrong with them.
pub fn check(files: &[PathBuf], whose: &str) -> Result<Checked, Failure> {
    told(
        checked::check(config::load(files, config::environment())),
        whose,
    )
}

fn told(verdict: Verdict, whose: &str) -> Result<Checked, Failure> {
    match verdict {
        Ok((checked, warnings)) => {
            print(&warnings);
            Ok(checked)
        }
        Err(problems) => {
            print(&problems);
            let errors = problems
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            let noun = if errors == 1 { "problem" } else { "problems" };
            Err(Failure::problem(
                format!("{whose} has {errors} {noun}"),
                "mend what is told above",
            ))
        }
    }
}

fn print(problems: &[Problem]) {
    let styled = std::io::stderr().is_terminal();
    for problem in problems {
        eprintln!("{}\n", problem.render(styled));
    }
}

/// A webhook as given on the command line.
#[derive(Debug, Args)]
pub struct Webhook {
    /// Header of the webhook, such as 'X-GitHub-Event: push'; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,
    /// File with the body as the vendor posts it; `-` is standard input
    payload: PathBuf,
}

impl Webhook {
    /// Reads the body and understands it as that vendor's.
    pub fn parse(&self, kind: Kind) -> Result<Parsed, Failure> {
        let request = RawRequest {
            headers: self.headers.clone(),
            query: Vec::new(),
            body: read(&self.payload)?.into(),
        };
        source::of(kind).parse(&request).map_err(|error| {
            let place = self.payload.display();
            Failure::problem(
                format!("{place}: {error}"),
                format!("give the body of a webhook as {} sends it", kind.title()),
            )
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut body).map(|_| body)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| {
        Failure::problem(
            format!("{}: {error}", path.display()),
            "name a file that can be read, or `-` for standard input",
        )
    })
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or(
        "a header is a name and a value with a colon between, such as 'X-GitHub-Event: push'",
    )?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

/// The vendor of a `--source KIND`.
pub fn parse_kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        format!("known kinds are {}", names.join(", "))
    })
}
