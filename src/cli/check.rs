//! `hookbell check`

use clap::Args;

use super::Failure;
use super::input::ConfigFiles;

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigFiles,
}

impl Check {
    pub fn run(self) -> Result<(), Failure> {
        let checked = self.config.check()?;
        let config = &checked.config;
        println!(
            "The config is good: {}, {}, {}, {}.",
            count(config.sources.len(), "source"),
            count(config.groups.len(), "group"),
            count(config.routes.len(), "route"),
            count(config.people.len(), "person"),
        );
        Ok(())
    }
}

fn count(number: usize, noun: &str) -> String {
    match (number, noun) {
        (1, noun) => format!("1 {noun}"),
        (number, "person") => format!("{number} people"),
        (number, noun) => format!("{number} {noun}s"),
    }
}
