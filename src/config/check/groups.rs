//! `[groups.…]`: one bot right in the group, or several under `bots`.

use std::collections::BTreeMap;

use url::Url;

use super::{Check, keyed_texts, organizations};
use crate::config::key;
use crate::config::raw::{OneOrMany, RawBot, RawGroup, RawOrganization, RawSecret};
use crate::config::settings::{BotSettings, GroupSettings};
use crate::config::words::suggestion;
use crate::core::quiet::{QuietTime, QuietTimes};
use crate::core::secret::Secret;

/// DingTalk takes twenty messages a minute from one bot (custom-robots-send-group-messages).
const MAX_RATE: u32 = 20;

/// A bot's security settings have room for this many keywords (customize-robot-security-settings).
const MAX_KEYWORDS: usize = 10;

/// Name of a bot that is written right in its group.
const ONLY_BOT: &str = "bot";

pub fn groups(
    raw: BTreeMap<String, RawGroup>,
    organizations: &BTreeMap<String, RawOrganization>,
    check: &mut Check<'_>,
) -> Vec<GroupSettings> {
    check_fallbacks(&raw, check);
    let groups: Vec<GroupSettings> = raw
        .into_iter()
        .map(|(name, raw)| {
            let organization = organizations::of_group(&name, &raw, organizations, check);
            group(name, raw, organization, check)
        })
        .collect();
    warn_of_shared_webhooks(&groups, check);
    groups
}

fn group(
    name: String,
    mut raw: RawGroup,
    organization: Option<String>,
    check: &mut Check<'_>,
) -> GroupSettings {
    let path = key::child("groups", &name);
    check.name(&path, &name);
    let keywords = keywords(&path, raw.keywords.take(), check).unwrap_or_default();
    let quiet = quiet(&path, raw.quiet.as_ref(), check);
    let named = std::mem::take(&mut raw.bots);
    let has_inline_bot = raw.webhook.is_some() || raw.secret.is_some();
    if has_inline_bot && !named.is_empty() {
        let given = if raw.webhook.is_some() {
            "webhook"
        } else {
            "secret"
        };
        check.error(
            &key::child(&path, given),
            format!("`{path}` has both a bot of its own and `bots`"),
            format!("move `webhook` and `secret` to a table [{path}.bots.NAME]"),
        );
    }
    let bots_key = key::child(&path, "bots");
    let is_reported = check.is_pruned(&bots_key) || check.is_pruned(&key::child(&path, "webhook"));
    let mut bots: Vec<(String, String, RawBot)> = Vec::new();
    if has_inline_bot {
        let bot = RawBot {
            webhook: raw.webhook,
            secret: raw.secret,
            ..RawBot::default()
        };
        bots.push((path.clone(), ONLY_BOT.to_owned(), bot));
    } else if named.is_empty() && !is_reported {
        check.error(
            &path,
            format!("`{path}` has no bot"),
            "set `webhook` to the address that DingTalk shows for the bot, and `secret`",
        );
    }
    for (bot_name, bot) in named {
        let bot_path = key::child(&bots_key, &bot_name);
        check.name(&bot_path, &bot_name);
        bots.push((bot_path, bot_name, bot));
    }
    let defaults = BotDefaults {
        keywords: &keywords,
        rate: rate(raw.rate_per_minute, MAX_RATE),
        monthly: organizations::monthly(raw.monthly),
    };
    let bots = bots
        .into_iter()
        .filter_map(|(path, name, raw)| bot(&path, name, raw, &defaults, check))
        .collect();
    GroupSettings {
        name,
        language: raw.language,
        quiet,
        fallback: raw.fallback,
        organization,
        bots,
    }
}

/// Settings of a group that count for bots that do not have their own.
struct BotDefaults<'a> {
    keywords: &'a [String],
    rate: u32,
    monthly: Option<u32>,
}

fn bot(
    path: &str,
    name: String,
    raw: RawBot,
    defaults: &BotDefaults<'_>,
    check: &mut Check<'_>,
) -> Option<BotSettings> {
    let secret = raw
        .secret
        .and_then(|secret| signing_secret(path, &secret, check));
    let keywords = keywords(path, raw.keywords, check);
    let webhook = webhook(path, raw.webhook.as_ref(), check)?;
    Some(BotSettings {
        name,
        webhook,
        secret,
        keywords: keywords.unwrap_or_else(|| defaults.keywords.to_vec()),
        rate_per_minute: rate(raw.rate_per_minute, defaults.rate),
        monthly: organizations::monthly(raw.monthly).or(defaults.monthly),
    })
}

/// The schema has seen to it that the number is in range.
fn rate(given: Option<i64>, default: u32) -> u32 {
    given
        .and_then(|rate| u32::try_from(rate).ok())
        .map_or(default, |rate| rate.clamp(1, MAX_RATE))
}

fn webhook(path: &str, raw: Option<&RawSecret>, check: &mut Check<'_>) -> Option<Secret> {
    let key = key::child(path, "webhook");
    let Some(raw) = raw else {
        if !check.is_pruned(&key) {
            check.error(
                path,
                format!("`{path}` has no `webhook`"),
                "set `webhook` to the address that DingTalk shows for the bot",
            );
        }
        return None;
    };
    let secret = check.secret(&key, raw)?;
    let url = Url::parse(secret.expose().trim()).ok();
    let is_whole = url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url
                .query_pairs()
                .any(|(name, value)| name == "access_token" && !value.is_empty())
    });
    if !is_whole {
        check.error(
            &key,
            format!("`{key}` is not the address of a bot"),
            "copy it whole from DingTalk: https://oapi.dingtalk.com/robot/send?access_token=…",
        );
        return None;
    }
    Some(Secret::new(secret.expose().trim()))
}

fn signing_secret(path: &str, raw: &RawSecret, check: &mut Check<'_>) -> Option<Secret> {
    let key = key::child(path, "secret");
    let secret = check.secret(&key, raw)?;
    if !secret.expose().starts_with("SEC") {
        check.warn(
            &key,
            format!("`{key}` does not begin with SEC, as DingTalk's signing secrets do"),
            "copy the secret below \"sign\" in the bot's security settings",
        );
    }
    Some(secret)
}

fn keywords(
    path: &str,
    keywords: Option<Vec<String>>,
    check: &mut Check<'_>,
) -> Option<Vec<String>> {
    let keywords = keywords?;
    let key = key::child(path, "keywords");
    if keywords.len() > MAX_KEYWORDS {
        check.error(
            &key,
            format!("`{key}` has {} keywords", keywords.len()),
            format!("a bot has room for {MAX_KEYWORDS}"),
        );
    }
    if keywords.iter().any(|keyword| keyword.trim().is_empty()) {
        check.error(&key, format!("`{key}` has an empty keyword"), "remove it");
    }
    Some(keywords)
}

fn quiet(path: &str, raw: Option<&OneOrMany>, check: &mut Check<'_>) -> QuietTimes {
    let key = key::child(path, "quiet");
    let mut times = QuietTimes::default();
    for (key, text) in keyed_texts(&key, raw) {
        match QuietTime::parse(&text) {
            Ok(time) => times.add(time),
            Err(error) => check.error(&key, error.what, error.remedy),
        }
    }
    if times.never_end() {
        check.error(
            &key,
            format!("`{path}` is always quiet, so only urgent messages would ever be posted"),
            "leave some time; what no group is to hear belongs into no route",
        );
    }
    times
}

/// A fallback must lead to another group, and from there on not back again.
fn check_fallbacks(groups: &BTreeMap<String, RawGroup>, check: &mut Check<'_>) {
    let names = || groups.keys().map(String::as_str);
    for (name, group) in groups {
        let Some(fallback) = &group.fallback else {
            continue;
        };
        let path = key::child("groups", name);
        let key = key::child(&path, "fallback");
        if fallback == name {
            let others = names().filter(|other| other != name);
            check.error(
                &key,
                format!("`{path}` is its own fallback"),
                format!("name another group; {}", suggestion("", others)),
            );
        } else if !groups.contains_key(fallback) {
            if !check.is_pruned(&key::child("groups", fallback)) {
                let what = format!("there is no group `{fallback}`");
                check.error(&key, what, suggestion(fallback, names()));
            }
        } else if let Some(circle) = circle(name, groups) {
            // Each of the circle would find it; it is told where the first one stands.
            if circle.iter().min() == Some(&name.as_str()) {
                check.error(
                    &key,
                    format!(
                        "fallbacks go in a circle: {} -> {name}",
                        circle.join(" -> ")
                    ),
                    "remove one of them",
                );
            }
        }
    }
}

/// The groups from `name` over their fallbacks back to it; `None` where it is in no circle.
fn circle<'a>(name: &'a str, groups: &'a BTreeMap<String, RawGroup>) -> Option<Vec<&'a str>> {
    let mut path = vec![name];
    let mut at = name;
    while let Some(next) = groups.get(at).and_then(|group| group.fallback.as_deref()) {
        if next == name {
            return Some(path);
        }
        if path.contains(&next) {
            return None;
        }
        path.push(next);
        at = next;
    }
    None
}

/// Two names for one bot share its limit, which is rarely what the second one was added for.
fn warn_of_shared_webhooks(groups: &[GroupSettings], check: &mut Check<'_>) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for group in groups {
        let group_path = key::child("groups", &group.name);
        for bot in &group.bots {
            let bot_path = key::child(&key::child(&group_path, "bots"), &bot.name);
            let path = if check.origins.is_set(&bot_path) {
                bot_path
            } else {
                group_path.clone()
            };
            if let Some(first) = seen.get(bot.webhook.expose()) {
                check.warn(
                    &key::child(&path, "webhook"),
                    format!("`{path}` and `{first}` have the same webhook"),
                    "they share one bot and its limit; give each its own",
                );
            } else {
                seen.insert(bot.webhook.expose(), path);
            }
        }
    }
}
