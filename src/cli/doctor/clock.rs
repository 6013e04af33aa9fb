//! The hosts that the bots post to: whether they answer, and what time it is there. DingTalk refuses signatures that
//! are an hour off, in both directions (customize-robot-security-settings).

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::bots::Listed;
use super::finding::Finding;
use super::store::span;
use crate::bot::dingtalk::{self, Probe};
use crate::clock::Clock;

/// A host's answer, and how far our clock is ahead of its.
pub struct Host {
    pub probe: Probe,
    ahead: Option<SignedDuration>,
}

pub type Hosts = BTreeMap<String, Host>;

/// Dates have whole seconds, and the answer took a while.
const SAME: SignedDuration = SignedDuration::from_secs(3);
const FAR: SignedDuration = SignedDuration::from_mins(1);
/// Half of what DingTalk allows: a clock that drifts will get there.
const TOO_FAR: SignedDuration = SignedDuration::from_mins(30);

/// Asks each host once.
pub async fn hosts(bots: &[Listed<'_>], http: &reqwest::Client, clock: &dyn Clock) -> Hosts {
    let mut hosts = Hosts::new();
    for bot in bots {
        if hosts.contains_key(bot.webhook.host()) {
            continue;
        }
        let before = clock.now();
        let probe = dingtalk::probe(&bot.webhook, http).await;
        let halfway = before + clock.now().duration_since(before) / 2;
        let ahead = match &probe {
            Probe::Reached { date: Some(date) } => {
                // The middle of the second that it names.
                Some(halfway.duration_since(*date) - SignedDuration::from_millis(500))
            }
            _ => None,
        };
        hosts.insert(bot.webhook.host().to_owned(), Host { probe, ahead });
    }
    hosts
}

pub fn examine(hosts: &Hosts) -> Vec<Finding> {
    let known = hosts
        .iter()
        .filter_map(|(name, host)| Some((name, host.ahead?)));
    let mut findings: Vec<Finding> = known.map(|(name, ahead)| of_host(name, ahead)).collect();
    let answered = |host: &Host| host.probe == Probe::Reached { date: None };
    if findings.is_empty() && hosts.values().any(answered) {
        findings.push(Finding::good("clock", "no host of a bot told its time"));
    }
    findings
}

/// How far the clocks are apart, where that may be why a signature is refused.
pub fn difference(host: Option<&Host>) -> Option<String> {
    let ahead = host?.ahead?;
    (ahead.abs() > FAR).then(|| apart(ahead))
}

fn of_host(host: &str, ahead: SignedDuration) -> Finding {
    let remedy = "set this server's clock, and keep it right with NTP (`timedatectl set-ntp true`)";
    match ahead.abs() {
        off if off <= SAME => Finding::good("clock", format!("it agrees with {host}")),
        off if off <= FAR => Finding::good("clock", format!("{} {host}", apart(ahead))),
        off if off <= TOO_FAR => Finding::look("clock", format!("{} {host}", apart(ahead)), remedy),
        _ => Finding::wrong(
            "clock",
            format!(
                "{} {host}; DingTalk refuses signatures that are an hour off",
                apart(ahead)
            ),
            remedy,
        ),
    }
}

fn apart(ahead: SignedDuration) -> String {
    let side = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    format!("this server's clock is {} {side}", span(ahead.abs()))
}
