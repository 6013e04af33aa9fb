//! The store: whether it can be written, how large it is, what waits in it and what waits for a person.

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::config::Config;
use crate::core::budget::{self, Allowance, PostsByDay, Stage};
use crate::store::record::DeadFilter;
use crate::store::{Store, StoreError};

/// What waits longer than this outside of a quiet time is no burst any more.
const LONG: SignedDuration = SignedDuration::from_hours(1);

/// Dead letters that are counted one by one.
const MANY: u32 = 1000;

pub async fn examine(store: &dyn Store, config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = looked_at(store, config, now, &mut findings).await {
        findings.push(Finding::wrong(
            "store",
            error.to_string(),
            "see that its disk is not full, or that the database can be reached; then try again",
        ));
    }
    findings
}

async fn looked_at(
    store: &dyn Store,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    store.ready().await?;
    findings.push(size(store.bytes().await?, config.max_size));
    let mut waits = false;
    for group in store.groups_waiting().await? {
        let waiting = store.waiting(&group).await?;
        let Some(oldest) = waiting.oldest else {
            continue;
        };
        waits = true;
        let age = now.duration_since(oldest);
        let what = format!(
            "{} for {group}, the oldest since {}",
            messages(waiting.count),
            span(age)
        );
        let known = config.groups.iter().find(|known| known.name == group);
        findings.push(match known {
            None => Finding::wrong(
                "waiting",
                format!("{what}; the config has no such group"),
                format!("add [groups.{group}] again, and `hookbell dead discard` what is not wanted any more"),
            ),
            Some(known) if age > LONG && !known.quiet.is_quiet(now) => Finding::look(
                "waiting",
                what,
                "see its bots below, and whether `hookbell serve` runs",
            ),
            Some(_) => Finding::good("waiting", what),
        });
    }
    if !waits {
        findings.push(Finding::good("waiting", "nothing"));
    }
    findings.push(dead(
        store.dead(DeadFilter::default(), None, MANY).await?.len(),
    ));
    findings.extend(budgets(store, config, now).await?);
    Ok(())
}

fn size(bytes: u64, limit: Option<u64>) -> Finding {
    let size = |bytes| bytesize::ByteSize(bytes).display().iec();
    let taken = format!("it can be written, and takes {}", size(bytes));
    match limit {
        Some(limit) if bytes > limit => Finding::look(
            "store",
            format!("{taken} of {}", size(limit)),
            "finished deliveries go before their time; raise `store.max_size` to keep them, or shorten `store.retention`",
        ),
        Some(limit) => Finding::good("store", format!("{taken} of {}", size(limit))),
        None => Finding::good("store", taken),
    }
}

fn dead(count: usize) -> Finding {
    let remedy = "`hookbell dead list` tells why; then `hookbell dead retry` or `discard`";
    match count {
        0 => Finding::good("dead letters", "none"),
        1 => Finding::look("dead letters", "1 waits for a person", remedy),
        n if n < MANY as usize => {
            Finding::look("dead letters", format!("{n} wait for a person"), remedy)
        }
        n => Finding::look(
            "dead letters",
            format!("{n} or more wait for a person"),
            remedy,
        ),
    }
}

/// What is left of each organisation's month.
async fn budgets(
    store: &dyn Store,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Finding>, StoreError> {
    let usage = store.usage(budget::day(now).first_of_month()).await?;
    let findings = config.organizations.iter().map(|organization| {
        let mut posts = PostsByDay::new();
        for day in usage
            .iter()
            .filter(|usage| usage.organization == organization.name)
        {
            *posts.entry(day.day).or_default() += day.posts;
        }
        budget_of(&organization.name, &organization.allowance, &posts, now)
    });
    Ok(findings.collect())
}

fn budget_of(name: &str, allowance: &Allowance, posts: &PostsByDay, now: Timestamp) -> Finding {
    let about = format!("budget of {name}");
    let sentence = allowance.sentence(posts, now);
    match allowance.stage(budget::used(posts, now)) {
        Stage::Free => Finding::good(about, sentence),
        Stage::Warned(_) => Finding::look(
            about,
            sentence,
            "messages are put together to save the rest for urgent ones; have routes want less, or raise `monthly`",
        ),
        Stage::Spent => Finding::wrong(
            about,
            sentence,
            "buy more in DingTalk and raise `monthly`, or wait",
        ),
    }
}

fn messages(count: u32) -> String {
    match count {
        1 => "1 message waits".to_owned(),
        count => format!("{count} messages wait"),
    }
}

/// A time span in its largest unit.
pub fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{s}")
}
