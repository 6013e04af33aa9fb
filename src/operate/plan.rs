//! What a new config and its templates would change for deliveries in the store.
//!
//! Each delivery goes through both configs, from its source to the words for each group; what comes out is compared.
//! Digests and stories are not made up: every event counts as told by itself. Senders are not verified again, for no
//! secret is kept.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::bot::dingtalk::{self, Webhook};
use crate::checked::Checked;
use crate::config::GroupSettings;
use crate::core::event::Kind;
use crate::core::fold::Part;
use crate::core::route::{Plan, Verdict};
use crate::core::source::{self, Parsed, RawRequest};
use crate::store::record::{DeliveryId, Received};
use crate::store::{Store, StoreError};

/// Deliveries that are in memory at a time; one may be as large as `server.max_body`.
const PAGE: u32 = 50;

/// What came of comparing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    pub read: u32,
    /// When the oldest and the newest of them came.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Deliveries that would be told otherwise, newest first.
    pub changes: Vec<Change>,
    /// Groups of both configs that would be reached through other bots, whatever happens.
    pub other_bots: Vec<String>,
}

/// A delivery that would be told otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: DeliveryId,
    pub received_at: Timestamp,
    pub source: String,
    pub event: String,
    pub action: String,
    pub title: String,
    pub effects: Vec<Effect>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A group would hear of it that does not now, because of this route.
    Gained {
        group: String,
        route: String,
        words: String,
    },
    /// A group would no longer hear of it.
    Lost { group: String, why: String },
    /// Other groups would hear of it.
    Moved { from: Vec<String>, to: Vec<String> },
    /// A group would read something else.
    Reworded {
        group: String,
        before: String,
        after: String,
    },
    /// A group would be told at another time or in another way, in these words.
    Handled { group: String, how: Vec<String> },
    /// It could not be written for a group any more.
    Unwritable { group: String, why: String },
}

/// Compares what two configs make of the newest `last` deliveries.
pub async fn compare(
    store: &dyn Store,
    running: &Checked,
    new: &Checked,
    last: u32,
) -> Result<Comparison, StoreError> {
    let mut comparison = Comparison {
        other_bots: other_bots(running, new),
        ..Comparison::default()
    };
    let mut before = None;
    while comparison.read < last {
        let page = store
            .received(before, PAGE.min(last - comparison.read))
            .await?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.delivery.id);
        for received in &page {
            comparison.take(received, running, new);
        }
    }
    Ok(comparison)
}

impl Comparison {
    fn take(&mut self, received: &Received, running: &Checked, new: &Checked) {
        self.read += 1;
        let at = received.delivery.received_at;
        self.span = Some(
            self.span
                .map_or((at, at), |(from, to)| (from.min(at), to.max(at))),
        );
        let effects = effects(received, running, new);
        if !effects.is_empty() {
            let delivery = &received.delivery;
            self.changes.push(Change {
                id: delivery.id,
                received_at: at,
                source: delivery.source.clone(),
                event: delivery.event.clone(),
                action: delivery.action.clone(),
                title: delivery.title.clone(),
                effects,
            });
        }
    }
}

/// What one group is told.
struct Telling {
    plan: Plan,
    /// The body that would be posted, or why there is none.
    body: Result<String, String>,
}

fn effects(received: &Received, running: &Checked, new: &Checked) -> Vec<Effect> {
    let before = tellings(received, running);
    let after = tellings(received, new);
    let mut effects = Vec::new();
    let (mut lost, mut gained) = (Vec::new(), Vec::new());
    for old in &before {
        match after.iter().find(|new| new.plan.group == old.plan.group) {
            Some(new) => effects.extend(differences(old, new)),
            None => lost.push(old),
        }
    }
    for new in &after {
        if !before.iter().any(|old| old.plan.group == new.plan.group) {
            gained.push(new);
        }
    }
    let groups = |tellings: &[&Telling]| -> Vec<String> {
        let groups = tellings.iter().map(|telling| telling.plan.group.clone());
        groups.collect()
    };
    if !lost.is_empty() && !gained.is_empty() {
        effects.push(Effect::Moved {
            from: groups(&lost),
            to: groups(&gained),
        });
        return effects;
    }
    effects.extend(lost.iter().map(|old| Effect::Lost {
        group: old.plan.group.clone(),
        why: why_lost(received, &old.plan, new),
    }));
    effects.extend(gained.iter().map(|new| Effect::Gained {
        group: new.plan.group.clone(),
        route: new.plan.route.clone(),
        words: match &new.body {
            Ok(body) => words(body),
            Err(why) => format!("It cannot be written: {why}"),
        },
    }));
    effects
}

/// How two tellings to the same group differ.
fn differences(old: &Telling, new: &Telling) -> Vec<Effect> {
    let group = new.plan.group.clone();
    let mut effects = Vec::new();
    match (&old.body, &new.body) {
        (Ok(_), Err(why)) => effects.push(Effect::Unwritable {
            group: group.clone(),
            why: why.clone(),
        }),
        (_, Ok(after)) if old.body.as_ref() != Ok(after) => {
            let (before, after) = readable(old.body.as_deref(), after);
            effects.push(Effect::Reworded {
                group: group.clone(),
                before,
                after,
            });
        }
        _ => {}
    }
    let how = handling(&old.plan, &new.plan);
    if !how.is_empty() {
        effects.push(Effect::Handled { group, how });
    }
    effects
}

/// Both bodies as people read them; as JSON where they read the same.
fn readable(before: Result<&str, &String>, after: &str) -> (String, String) {
    let (shown_before, shown_after) = match before {
        Ok(before) => (words(before), words(after)),
        Err(why) => (format!("It cannot be written: {why}"), words(after)),
    };
    match before {
        Ok(before) if shown_before == shown_after => (json(before), json(after)),
        _ => (shown_before, shown_after),
    }
}

/// What the new plan does otherwise, apart from its words.
fn handling(old: &Plan, new: &Plan) -> Vec<String> {
    let mut how = Vec::new();
    match (old.urgent, new.urgent) {
        (false, true) => how.push("urgent".to_owned()),
        (true, false) => how.push("no longer urgent".to_owned()),
        _ => {}
    }
    match (old.gather, new.gather) {
        (before, after) if before == after => {}
        (_, Some(window)) => how.push(format!(
            "gathered for {}",
            humantime::format_duration(window)
        )),
        (Some(_), None) => how.push("no longer gathered".to_owned()),
        (None, None) => {}
    }
    match (old.digest, new.digest) {
        (true, false) => how.push("never in a digest".to_owned()),
        (false, true) => how.push("may be told in a digest".to_owned()),
        _ => {}
    }
    how
}

/// What each group would be told of a delivery under a config.
fn tellings(received: &Received, checked: &Checked) -> Vec<Telling> {
    let Some((source, kind)) = source_of(received, checked) else {
        return Vec::new();
    };
    let Some(parsed) = read(received, kind) else {
        return Vec::new();
    };
    let decision = checked
        .routes
        .decide(source, &parsed.event, &parsed.payload);
    // Of a pipeline that flaps only urgent routes hear.
    let hushed = received
        .delivery
        .repeat
        .as_ref()
        .is_some_and(|repeat| repeat.hushed().is_some());
    let plans = decision.plans.into_iter();
    plans
        .filter(|plan| plan.urgent || !hushed)
        .map(|plan| Telling {
            body: body(received, &parsed, &plan, checked),
            plan,
        })
        .collect()
}

/// The source that the delivery came to, if the config has it, and its vendor there.
fn source_of<'a>(received: &Received, checked: &'a Checked) -> Option<(&'a str, Kind)> {
    let name = &received.delivery.source;
    let source = checked
        .config
        .sources
        .iter()
        .find(|source| source.name == *name)?;
    Some((source.name.as_str(), source.kind))
}

fn read(received: &Received, kind: Kind) -> Option<Parsed> {
    let request = RawRequest {
        headers: received.payload.headers.clone(),
        query: Vec::new(),
        body: received.payload.body.clone(),
    };
    // It was read when it was accepted; if today's version cannot, neither config tells anything of it.
    let mut parsed = source::of(kind).parse(&request).ok()?;
    if let Some(repeat) = &received.delivery.repeat {
        parsed.event.tell(repeat.clone());
    }
    Some(parsed)
}

fn body(
    received: &Received,
    parsed: &Parsed,
    plan: &Plan,
    checked: &Checked,
) -> Result<String, String> {
    let group = group(checked, &plan.group);
    let part = Part {
        parsed,
        plan,
        received_at: received.delivery.received_at,
        via: None,
    };
    let message = checked
        .composer
        .compose(&part, group.and_then(|group| group.language))
        .map_err(|error| error.to_string())?;
    let keywords = group
        .and_then(|group| group.bots.first())
        .map(|bot| bot.keywords.as_slice())
        .unwrap_or_default();
    Ok(dingtalk::body(&message, &Uuid::nil().to_string(), keywords))
}

fn group<'a>(checked: &'a Checked, name: &str) -> Option<&'a GroupSettings> {
    let groups = &checked.config.groups;
    groups.iter().find(|group| group.name == name)
}

fn words(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(body) => dingtalk::as_text(&body),
        Err(_) => body.to_owned(),
    }
}

fn json(body: &str) -> String {
    serde_json::from_str::<Value>(body)
        .and_then(|body| serde_json::to_string_pretty(&body))
        .unwrap_or_else(|_| body.to_owned())
}

/// Why the route that tells a group now does not in the new config.
fn why_lost(received: &Received, old: &Plan, new: &Checked) -> String {
    let delivery = &received.delivery;
    let Some((source, kind)) = source_of(received, new) else {
        return format!("the new config has no source `{}`", delivery.source);
    };
    let Some(parsed) = read(received, kind) else {
        return format!("it is not what {} sends", kind.title());
    };
    let verdicts = new.routes.verdicts(source, &parsed.event, &parsed.payload);
    let same = verdicts
        .into_iter()
        .find(|(route, _)| route.spec().name == old.route);
    match same {
        None => format!("the new config has no route `{}`", old.route),
        Some((route, Verdict::Matched)) => format!(
            "its route `{}` goes to {}",
            old.route,
            route.spec().to.join(", ")
        ),
        Some((_, Verdict::Cut(by))) => {
            format!("`{by}` comes before its route `{}` and is final", old.route)
        }
        Some((_, Verdict::Missed(misses))) => {
            let told = misses
                .iter()
                .map(|miss| format!("{} {}, saw {}", miss.condition, miss.wanted, miss.saw));
            let told: Vec<String> = told.collect();
            format!("its route `{}` wants {}", old.route, told.join("; "))
        }
    }
}

/// Groups that both configs have, with other bots in each.
fn other_bots(running: &Checked, new: &Checked) -> Vec<String> {
    let groups = running.config.groups.iter();
    groups
        .filter(|old| group(new, &old.name).is_some_and(|new| bot_ids(old) != bot_ids(new)))
        .map(|group| group.name.clone())
        .collect()
}

fn bot_ids(group: &GroupSettings) -> BTreeSet<String> {
    let webhooks = group
        .bots
        .iter()
        .filter_map(|bot| Webhook::parse(bot.webhook.expose()).ok());
    webhooks.map(|webhook| webhook.bot_id()).collect()
}
