//! `hookbell explain`

use clap::Args;

use super::Failure;
use super::input::{ConfigFiles, Webhook};
use crate::operate::trial::{RouteVerdict, Trial, Word, find_source};

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    config: ConfigFiles,
    /// Name of the source in the config
    #[arg(long, value_name = "NAME")]
    source: String,
    #[command(flatten)]
    webhook: Webhook,
}

impl Explain {
    pub fn run(self) -> Result<(), Failure> {
        let checked = self.config.check()?;
        let source = find_source(&checked.config.sources, &self.source)?;
        let parsed = self.webhook.parse(source.kind)?;
        let trial = Trial::of(&checked, &source.name, &parsed);
        println!("{}", trial.event);
        if let Some(quiet) = &trial.quiet {
            println!("Silent by default: {quiet}.");
        }
        println!();
        for verdict in &trial.verdicts {
            println!("{}", told(verdict));
        }
        println!();
        match trial.matched() {
            0 => println!(
                "No route wants it: it is kept and shown as unrouted, and no group hears of it."
            ),
            1 => println!("One route matches."),
            n => println!("{n} routes match."),
        }
        if !trial.unrouted.is_empty() {
            println!(
                "Sent but wanted by no route: {}.",
                trial.unrouted.join(", ")
            );
        }
        Ok(())
    }
}

fn told(of: &RouteVerdict) -> String {
    let name = &of.route;
    match of.verdict {
        Word::Matched => {
            let end = if of.is_final { " (final)" } else { "" };
            format!("✓ {name}: goes to {}{end}", of.to.join(", "))
        }
        Word::Cut => {
            let by = of.cut_by.as_deref().unwrap_or_default();
            format!("– {name}: not asked, because `{by}` matched and is final")
        }
        Word::Missed => {
            let mut text = format!("✗ {name}:");
            for miss in &of.misses {
                text.push_str(&format!(
                    "\n    {} wants {}, saw {}",
                    miss.condition, miss.wanted, miss.saw
                ));
            }
            text
        }
    }
}
