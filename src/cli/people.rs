//! `hookbell people`: vendors' users who were seen in deliveries and whom the config does not know, each with the
//! line that would make it know them.

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::input::ConfigFiles;
use super::{Failure, operate};
use crate::core::template::markdown::one_line;
use crate::operate::people::{Stranger, Unmapped};

#[derive(Debug, Args)]
pub struct PeopleCommand {
    #[command(flatten)]
    config: ConfigFiles,
    /// How many of the newest deliveries to read
    #[arg(long, default_value_t = 1000)]
    limit: u32,
}

impl PeopleCommand {
    pub fn run(self) -> Result<(), Failure> {
        let found = operate(self.config.check()?, async |operator| {
            Ok(operator.people(self.limit).await?)
        })?;
        print(&found);
        Ok(())
    }
}

fn print(Unmapped { read, strangers }: &Unmapped) {
    if *read == 0 {
        println!("There are no deliveries to look into yet.");
        return;
    }
    let deliveries = if *read == 1 { "delivery" } else { "deliveries" };
    if strangers.is_empty() {
        println!("The config knows everybody seen in the newest {read} {deliveries}.");
        return;
    }
    println!("Seen in the newest {read} {deliveries}, and in no `people` entry:");
    for of_vendor in strangers.chunk_by(|a, b| a.kind == b.kind) {
        println!("\n{}", of_vendor[0].kind);
        let widest = of_vendor.iter().map(|stranger| shown(stranger).width());
        let width = widest.max().unwrap_or_default();
        for stranger in of_vendor {
            println!("{}", line(stranger, width));
        }
    }
    println!(
        "\nA line goes into the entry of that person, who can then be called in DingTalk:\n\n  \
         [people.NAME]\n  {}\n  mobile = \"13800000000\"   # or user_id = \"…\"",
        strangers[0].setting
    );
}

fn line(stranger: &Stranger, width: usize) -> String {
    let name = shown(stranger);
    let blanks = " ".repeat(width - name.width());
    let note = match stranger.only_from_commits {
        true => "   (only known from commits)",
        false => "",
    };
    let setting = &stranger.setting;
    format!("{:>5}×  {name}{blanks}   {setting}{note}", stranger.events)
}

/// The name without what a terminal would obey.
fn shown(stranger: &Stranger) -> String {
    one_line(&stranger.name)
}
