//! `hookbell people`: vendors' users who were seen in deliveries and whom the config does not know, each with the
//! line that would make it know them.

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::input::ConfigFiles;
use super::{Failure, ask_store};
use crate::core::source::{self, RawRequest};
use crate::core::strangers::{Identity, Stranger, Strangers};
use crate::core::template::markdown::one_line;
use crate::store::record::Received;

/// Deliveries that are in memory at a time; one may be as large as `server.max_body`.
const PAGE: u32 = 50;

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
        let checked = self.config.check()?;
        let mut strangers = Strangers::to(&checked.composer.people);
        let read = ask_store(&checked.config.store, async |store| {
            let (mut read, mut before) = (0, None);
            while read < self.limit {
                let page = store.received(before, PAGE.min(self.limit - read)).await?;
                let Some(last) = page.last() else { break };
                before = Some(last.delivery.id);
                for received in page {
                    read += 1;
                    see(&mut strangers, received);
                }
            }
            Ok(read)
        })?;
        print(&strangers.listed(), read);
        Ok(())
    }
}

fn see(strangers: &mut Strangers<'_>, received: Received) {
    let request = RawRequest {
        headers: received.payload.headers,
        query: Vec::new(),
        body: received.payload.body,
    };
    // It was read when it was accepted; if today's version cannot, it has nobody to tell of.
    if let Ok(parsed) = source::of(received.delivery.kind).parse(&request) {
        strangers.see(&parsed.event);
    }
}

fn print(strangers: &[Stranger], read: u32) {
    if read == 0 {
        println!("There are no deliveries to look into yet.");
        return;
    }
    let deliveries = if read == 1 { "delivery" } else { "deliveries" };
    if strangers.is_empty() {
        println!("The config knows everybody seen in the newest {read} {deliveries}.");
        return;
    }
    println!("Seen in the newest {read} {deliveries}, and in no `people` entry:");
    for of_vendor in strangers.chunk_by(|a, b| a.kind == b.kind) {
        println!("\n{}", of_vendor[0].kind.name());
        let widest = of_vendor.iter().map(|stranger| shown(stranger).width());
        let width = widest.max().unwrap_or_default();
        for stranger in of_vendor {
            println!("{}", line(stranger, width));
        }
    }
    println!(
        "\nA line goes into the entry of that person, who can then be called in DingTalk:\n\n  \
         [people.NAME]\n  {}\n  mobile = \"13800000000\"   # or user_id = \"…\"",
        setting(&strangers[0].identity)
    );
}

fn line(stranger: &Stranger, width: usize) -> String {
    let name = shown(stranger);
    let blanks = " ".repeat(width - name.width());
    let note = match stranger.identity.is_email() {
        true => "   (only known from commits)",
        false => "",
    };
    let setting = setting(&stranger.identity);
    format!("{:>5}×  {name}{blanks}   {setting}{note}", stranger.events)
}

/// The name without what a terminal would obey.
fn shown(stranger: &Stranger) -> String {
    one_line(&stranger.name)
}

/// As the config file spells it.
fn setting(identity: &Identity) -> String {
    let value = toml::Value::String(identity.value.clone());
    format!("{} = {value}", identity.key)
}
