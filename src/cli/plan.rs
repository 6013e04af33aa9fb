//! `hookbell plan`: what a new config would change, told before it is in force.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::input::{self, DEFAULT_CONFIG};
use super::word_diff::changed_lines;
use super::{Failure, ask_store};
use crate::core::template::markdown::one_line;
use crate::operate::plan::{self, Change, Comparison, Effect};

/// Deliveries that are named for each change, besides the first.
const EXAMPLES: usize = 2;

#[derive(Debug, Args)]
pub struct PlanCommand {
    /// The new config file; may be repeated, later files win
    #[arg(long = "config", value_name = "NEW", required = true)]
    new: Vec<PathBuf>,
    /// The config file that is in force, whose store is read; may be repeated, later files win
    #[arg(long, value_name = "FILE", env = "HOOKBELL_CONFIG", default_value = DEFAULT_CONFIG)]
    running: Vec<PathBuf>,
    /// How many of the newest deliveries to run through both
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
}

impl PlanCommand {
    pub fn run(self) -> Result<(), Failure> {
        if self.new == self.running {
            return Err(Failure::problem(
                "the new config is the running one",
                "edit a copy and name it with `--config`, or name the old one with `--running`",
            ));
        }
        let running = input::check(&self.running, "the running config")?;
        let new = input::check(&self.new, "the new config")?;
        let comparison = ask_store(&running.config.store, async |store| {
            plan::compare(store.as_ref(), &running, &new, self.last).await
        })?;
        print(&comparison);
        Ok(())
    }
}

fn print(comparison: &Comparison) {
    for group in &comparison.other_bots {
        println!("Every message to {group} would go through other bots than now.\n");
    }
    let Some((from, to)) = comparison.span else {
        println!("There are no deliveries to try the new config with yet.");
        return;
    };
    println!(
        "The newest {}, from {} to {}:",
        deliveries(comparison.read as usize),
        from.strftime("%Y-%m-%d %H:%M:%SZ"),
        to.strftime("%Y-%m-%d %H:%M:%SZ"),
    );
    let bunches = bunches(comparison);
    if bunches.is_empty() {
        println!("  nothing would be told otherwise");
        return;
    }
    for (what, noun) in [
        (Sort::Gained, "gained"),
        (Sort::Lost, "lost"),
        (Sort::Moved, "sent elsewhere"),
        (Sort::Reworded, "worded differently"),
        (Sort::Handled, "told at another time or in another way"),
        (Sort::Unwritable, "that cannot be written any more"),
    ] {
        let found = bunches.iter().filter(|((sort, _), _)| *sort == what);
        let count: usize = found.map(|(_, changes)| changes.len()).sum();
        if count > 0 {
            println!("  {} {noun}", messages(count));
        }
    }
    for ((_, headline), members) in &bunches {
        print_bunch(headline, members);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Unwritable,
    Lost,
    Moved,
    Gained,
    Reworded,
    Handled,
}

/// Effects that are told together, under their headline.
type Key = (Sort, String);

fn bunches(comparison: &Comparison) -> BTreeMap<Key, Vec<(&Change, &Effect)>> {
    let mut bunches: BTreeMap<Key, Vec<(&Change, &Effect)>> = BTreeMap::new();
    for change in &comparison.changes {
        let parts = [&change.source, &change.event, &change.action];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let what = one_line(&parts.map(String::as_str).collect::<Vec<_>>().join(" "));
        for effect in &change.effects {
            let (sort, headline) = told(effect);
            let key = (sort, format!("{what}: {headline}"));
            bunches.entry(key).or_default().push((change, effect));
        }
    }
    bunches
}

fn told(effect: &Effect) -> (Sort, String) {
    match effect {
        Effect::Gained { group, route, .. } => (
            Sort::Gained,
            format!("{group} would hear of it, by the route `{route}`"),
        ),
        Effect::Lost { group, .. } => (Sort::Lost, format!("{group} would no longer hear of it")),
        Effect::Moved { from, to } => (
            Sort::Moved,
            format!(
                "would go to {} instead of {}",
                to.join(", "),
                from.join(", ")
            ),
        ),
        Effect::Reworded { group, .. } => {
            (Sort::Reworded, format!("worded differently in {group}"))
        }
        Effect::Handled { group, how } => (Sort::Handled, format!("{} in {group}", how.join(", "))),
        Effect::Unwritable { group, .. } => (
            Sort::Unwritable,
            format!("could not be written for {group}"),
        ),
    }
}

/// The headline, the newest with its words, and the names of a few others.
fn print_bunch(headline: &str, members: &[(&Change, &Effect)]) {
    println!("\n{headline} ({})", members.len());
    for (at, (change, effect)) in members.iter().take(1 + EXAMPLES).enumerate() {
        println!(
            "  {}  {}  {}",
            change.id,
            change.received_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            one_line(&change.title)
        );
        if at == 0 {
            for line in details(effect) {
                println!("      {line}");
            }
        }
    }
    let more = members.len().saturating_sub(1 + EXAMPLES);
    if more > 0 {
        println!("  and {more} more");
    }
}

fn details(effect: &Effect) -> Vec<String> {
    match effect {
        Effect::Reworded { before, after, .. } => changed_lines(before, after),
        Effect::Gained { words, .. } => words.lines().map(str::to_owned).collect(),
        Effect::Lost { why, .. } | Effect::Unwritable { why, .. } => vec![one_line(why)],
        Effect::Moved { .. } | Effect::Handled { .. } => Vec::new(),
    }
}

fn deliveries(count: usize) -> String {
    match count {
        1 => "delivery".to_owned(),
        count => format!("{count} deliveries"),
    }
}

fn messages(count: usize) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}
