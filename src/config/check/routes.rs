//! `[[routes]]`: the names in them. Patterns and conditions belong to whoever matches events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Check, keyed_texts, texts};
use crate::config::key;
use crate::config::raw::{RawConfig, RawRoute};
use crate::config::settings::{GATHER, RouteSettings};
use crate::config::words::suggestion;
use crate::core::event::Kind;
use crate::core::people::{EVERYBODY, ROLES};
use crate::core::route::RouteSpec;

pub fn routes(raw: &RawConfig, check: &mut Check<'_>) -> Vec<RouteSettings> {
    if raw.routes.is_empty() && !check.is_pruned("routes") {
        check.warn(
            "routes",
            "there are no routes, so no event is sent anywhere",
            "add [[routes]] with to = [\"GROUP\"]",
        );
    }
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    raw.routes
        .iter()
        .enumerate()
        .map(|(index, route)| {
            let path = key::item("routes", index);
            let name = match &route.name {
                Some(name) => name.trim().to_owned(),
                None => format!("route {}", index + 1),
            };
            if let Some(first) = names.get(&name) {
                check.error(
                    &key::child(&path, "name"),
                    format!("`{path}` and `{first}` are both called {name:?}"),
                    "give one of them another name",
                );
            } else {
                names.insert(name.clone(), path.clone());
            }
            check_names(&path, route, raw, check);
            let gather = gather(&path, route, check);
            settings(path, name, gather, route)
        })
        .collect()
}

fn check_names(path: &str, route: &RawRoute, raw: &RawConfig, check: &mut Check<'_>) {
    let groups = || raw.groups.keys().map(String::as_str);
    let to_key = key::child(path, "to");
    let to = keyed_texts(&to_key, route.to.as_ref());
    if to.is_empty() && !check.is_pruned(&to_key) {
        check.error(
            path,
            format!("`{path}` goes nowhere"),
            format!("add to = [\"GROUP\"]; {}", suggestion("", groups())),
        );
    }
    for (key, name) in to {
        if !raw.groups.contains_key(&name) && !check.is_pruned(&key::child("groups", &name)) {
            let what = format!("there is no group `{name}`");
            check.error(&key, what, suggestion(&name, groups()));
        }
    }
    let sources = raw.sources.keys().map(String::as_str);
    let sources: BTreeSet<&str> = sources.chain(Kind::ALL.map(Kind::name)).collect();
    for (key, pattern) in keyed_texts(&key::child(path, "source"), route.source.as_ref()) {
        let name = pattern.strip_prefix('!').unwrap_or(&pattern);
        let is_pattern = name.contains(['*', '?', '[', '{']);
        if !is_pattern && !sources.contains(name) && !check.is_pruned(&key::child("sources", name))
        {
            let what = format!("there is no source `{name}`");
            check.error(&key, what, suggestion(name, sources.iter().copied()));
        }
    }
    let people = raw.people.keys().map(String::as_str);
    let who: Vec<&str> = ROLES.into_iter().chain([EVERYBODY]).chain(people).collect();
    for (key, name) in keyed_texts(&key::child(path, "mention"), route.mention.as_ref()) {
        if !who.contains(&name.as_str()) && !check.is_pruned(&key::child("people", &name)) {
            check.error(
                &key,
                format!("`{name}` is neither a role nor one of `people`"),
                suggestion(&name, who.iter().copied()),
            );
        }
    }
}

/// How long the route gathers. What is urgent is told at once and by itself, so it cannot be gathered or folded.
fn gather(path: &str, route: &RawRoute, check: &mut Check<'_>) -> Option<Duration> {
    let key = key::child(path, "gather");
    let read = |text: &str| {
        humantime::parse_duration(text)
            .ok()
            .filter(|time| GATHER.contains(time))
            .map(Some)
            .ok_or("write a time from \"1s\" to \"10min\"")
    };
    let gather = check.value(&key, route.gather.as_deref(), None, read);
    if !route.urgent {
        return gather;
    }
    if route.gather.is_some() {
        check.error(
            &key,
            format!("`{path}` is urgent and gathers: urgent messages do not wait"),
            "remove `gather` or `urgent`",
        );
    }
    if route.digest == Some(true) {
        check.warn(
            &key::child(path, "digest"),
            format!("`{path}` is urgent, and urgent messages are in no digest"),
            "remove `digest` or `urgent`",
        );
    }
    None
}

fn settings(key: String, name: String, gather: Option<Duration>, raw: &RawRoute) -> RouteSettings {
    let spec = RouteSpec {
        name,
        source: texts(raw.source.as_ref()),
        event: texts(raw.event.as_ref()),
        action: texts(raw.action.as_ref()),
        repo: texts(raw.repo.as_ref()),
        branch: texts(raw.branch.as_ref()),
        tag: texts(raw.tag.as_ref()),
        status: texts(raw.status.as_ref()),
        actor: texts(raw.actor.as_ref()),
        author: texts(raw.author.as_ref()),
        label: texts(raw.label.as_ref()),
        when: raw.when.clone(),
        to: texts(raw.to.as_ref()),
        mention: texts(raw.mention.as_ref()),
        template: raw.template.clone(),
        language: raw.language,
        urgent: raw.urgent,
        gather,
        digest: raw.digest.unwrap_or(true),
        is_final: raw.r#final,
    };
    RouteSettings { key, spec }
}
