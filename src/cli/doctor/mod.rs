//! `hookbell doctor`: looks at everything that a relay needs, and says what is wrong and what to do.

mod bots;
mod clock;
mod finding;
mod store;

use std::sync::Arc;

use clap::Args;

use self::finding::{Finding, Level};
use super::input::ConfigFiles;
use super::{Failure, block_on};
use crate::app;
use crate::bot::dingtalk::{self, Reach};
use crate::checked::Checked;
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    config: ConfigFiles,
    /// Post one harmless message through each bot; without it nothing is posted
    #[arg(long)]
    send: bool,
}

impl Doctor {
    pub fn run(self) -> Result<(), Failure> {
        let checked = self.config.check()?;
        let findings = block_on(self.examine(&checked))?;
        for finding in &findings {
            println!("{finding}");
        }
        let wrong = findings
            .iter()
            .filter(|finding| finding.level == Level::Wrong)
            .count();
        println!();
        match wrong {
            0 => {
                println!(
                    "{}",
                    if self.send {
                        "All of it works."
                    } else {
                        "Nothing is wrong as far as can be told without posting (--send)."
                    }
                );
                Ok(())
            }
            1 => Err(Failure::problem("1 thing is wrong", "see ✗ above")),
            n => Err(Failure::problem(
                format!("{n} things are wrong"),
                "see ✗ above",
            )),
        }
    }

    async fn examine(&self, checked: &Checked) -> Result<Vec<Finding>, Failure> {
        let config = &checked.config;
        let mut findings = vec![Finding::good("config", "it is good")];
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = match app::open_store(&config.store) {
            Ok(store) => {
                findings.extend(store::examine(store.as_ref(), config, clock.now()).await);
                Some(store)
            }
            Err(error) => {
                findings.push(Finding::wrong(
                    "store",
                    format!("{error:#}"),
                    "mend `store.url`, or what it names",
                ));
                None
            }
        };
        let http = dingtalk::http_client(Reach::Anywhere).map_err(Failure::internal)?;
        let bots = bots::all(config, &http, &clock).map_err(Failure::internal)?;
        let hosts = clock::hosts(&bots, &http, clock.as_ref()).await;
        findings.extend(clock::examine(&hosts));
        let store = store.as_deref();
        findings.extend(bots::examine(&bots, &hosts, store, clock.now()).await);
        if let (true, Some(store)) = (self.send, store) {
            findings.extend(bots::send(&bots, store, clock.as_ref(), &hosts).await);
        }
        Ok(findings)
    }
}
