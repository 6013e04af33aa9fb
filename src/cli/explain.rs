//! `hookbell explain`

use clap::Args;

use super::Failure;
use super::input::{ConfigFiles, Webhook};
use crate::core::event::Event;
use crate::core::route::{Route, Verdict};

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
        let sources = &checked.config.sources;
        let Some(source) = sources.iter().find(|source| source.name == self.source) else {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            return Err(Failure::problem(
                format!("the config has no source `{}`", self.source),
                format!("its sources are {}", names.join(", ")),
            ));
        };
        let parsed = self.webhook.parse(source.kind)?;
        println!("{}", summary(&parsed.event));
        if let Some(quiet) = &parsed.event.quiet {
            println!("Silent by default: {}.", quiet.reason);
        }
        let verdicts = checked
            .routes
            .verdicts(&source.name, &parsed.event, &parsed.payload);
        println!();
        let mut matched = 0;
        for (route, verdict) in &verdicts {
            matched += usize::from(*verdict == Verdict::Matched);
            println!("{}", told(route, verdict));
        }
        println!();
        match matched {
            0 => println!(
                "No route wants it: it is kept and shown as unrouted, and no group hears of it."
            ),
            1 => println!("One route matches."),
            n => println!("{n} routes match."),
        }
        let unrouted = checked.routes.unrouted(&source.name, &parsed.event);
        if !unrouted.is_empty() {
            println!("Sent but wanted by no route: {}.", unrouted.join(", "));
        }
        Ok(())
    }
}

/// The event in one line.
fn summary(event: &Event) -> String {
    let parts = [
        Some(format!("{} {}", event.source.name(), event.event)),
        Some(event.action.clone()),
        event
            .status
            .as_ref()
            .map(|status| format!("status {status}")),
        event
            .repo
            .as_ref()
            .map(|repo| format!("repo {}", repo.name)),
        event
            .branch
            .as_ref()
            .map(|branch| format!("branch {branch}")),
        event.tag.as_ref().map(|tag| format!("tag {tag}")),
        event
            .actor
            .as_ref()
            .map(|actor| format!("actor {}", actor.name)),
        (!event.labels.is_empty()).then(|| format!("labels {}", event.labels.join(", "))),
    ];
    parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn told(route: &Route, verdict: &Verdict) -> String {
    let spec = route.spec();
    match verdict {
        Verdict::Matched => {
            let end = if spec.is_final { " (final)" } else { "" };
            format!("✓ {}: goes to {}{end}", spec.name, spec.to.join(", "))
        }
        Verdict::Cut(by) => format!(
            "– {}: not asked, because `{by}` matched and is final",
            spec.name
        ),
        Verdict::Missed(misses) => {
            let mut text = format!("✗ {}:", spec.name);
            for miss in misses {
                text.push_str(&format!(
                    "\n    {} wants {}, saw {}",
                    miss.condition, miss.wanted, miss.saw
                ));
            }
            text
        }
    }
}
