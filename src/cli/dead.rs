//! `hookbell dead`: what could not be posted and waits for a person.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::input::ConfigFiles;
use super::{Failure, operate};
use crate::operate::dead::{Cause, Chosen, Letter};
use crate::store::record::DeadFilter;

#[derive(Debug, Subcommand)]
pub enum Dead {
    /// Newest dead letters first
    List {
        #[command(flatten)]
        config: ConfigFiles,
        /// How many to list
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Only what is older than the one with this id
        #[arg(long, value_name = "ID")]
        before: Option<Uuid>,
        /// Only those of this group
        #[arg(long)]
        group: Option<String>,
    },
    /// What they died of, and how many of each
    Causes {
        #[command(flatten)]
        config: ConfigFiles,
    },
    /// Put dead letters back into the queue, to be written with today's templates
    Retry {
        #[command(flatten)]
        config: ConfigFiles,
        #[command(flatten)]
        which: Which,
    },
    /// Give dead letters up for good
    Discard {
        #[command(flatten)]
        config: ConfigFiles,
        /// Why, for whoever looks later
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
}

/// Some by their ids, or all of a cause.
#[derive(Debug, Args)]
pub struct Which {
    #[arg(required_unless_present = "cause", conflicts_with = "cause")]
    ids: Vec<Uuid>,
    /// All letters of this cause, as `hookbell dead causes` prints it
    #[arg(long, requires = "group")]
    cause: Option<String>,
    /// The group of the cause
    #[arg(long, requires = "cause")]
    group: Option<String>,
}

impl Which {
    /// The letters, and how many were asked for where that is known.
    fn chosen(self) -> (Chosen, Option<usize>) {
        match (self.cause, self.group) {
            (Some(reason), Some(group)) => (Chosen::Cause { group, reason }, None),
            _ => {
                let wanted = self.ids.len();
                (Chosen::These(self.ids), Some(wanted))
            }
        }
    }
}

impl Dead {
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Dead::List {
                config,
                limit,
                before,
                group,
            } => {
                let filter = DeadFilter {
                    group,
                    reason: None,
                };
                let letters = operate(config.check()?, async |operator| {
                    Ok(operator.dead_letters(filter, before, limit).await?)
                })?;
                if letters.is_empty() {
                    println!("No dead letters.");
                }
                for letter in &letters {
                    println!("{}", line(letter));
                }
                Ok(())
            }
            Dead::Causes { config } => {
                let causes = operate(config.check()?, async |operator| {
                    Ok(operator.dead_causes().await?)
                })?;
                if causes.is_empty() {
                    println!("No dead letters.");
                }
                for Cause {
                    group,
                    reason,
                    count,
                    last,
                    ..
                } in &causes
                {
                    let last = last.strftime("%Y-%m-%d %H:%M:%SZ");
                    println!("{count:>6}  {last}  {group}\n    {reason}");
                }
                Ok(())
            }
            Dead::Retry { config, which } => {
                let (chosen, wanted) = which.chosen();
                let done = operate(config.check()?, async |operator| {
                    Ok(operator.retry_dead(chosen).await?)
                })?;
                changed(done, wanted, "put back into the queue")
            }
            Dead::Discard {
                config,
                reason,
                which,
            } => {
                let (chosen, wanted) = which.chosen();
                let done = operate(config.check()?, async |operator| {
                    operator.discard_dead(chosen, &reason).await
                })?;
                changed(done, wanted, "discarded")
            }
        }
    }
}

fn changed(done: usize, wanted: Option<usize>, what: &str) -> Result<(), Failure> {
    let wanted = wanted.unwrap_or(done);
    println!("{done} of {wanted} {what}.");
    if done == wanted && done > 0 {
        return Ok(());
    }
    Err(Failure::problem(
        match wanted - done {
            0 => "there are no such dead letters".to_owned(),
            missing => format!("{missing} are no dead letters"),
        },
        "list them with `hookbell dead list`",
    ))
}

fn line(letter: &Letter) -> String {
    format!(
        "{}  {}  {}  {}  {}\n    {}",
        letter.id,
        letter.died_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        letter.group,
        letter.event,
        letter.title,
        letter.reason,
    )
}
