//! `[[routes]]`: the names in them. Patterns and conditions belong to whoever matches events.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, keyed_texts, texts};
use crate::config::key;
use crate::config::raw::{RawConfig, RawRoute};
use crate::config::settings::RouteSettings;
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
            settings(path, name, route)
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

fn settings(key: String, name: String, raw: &RawRoute) -> RouteSettings {
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
        is_final: raw.r#final,
    };
    RouteSettings { key, spec }
}
