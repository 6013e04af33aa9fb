//! The smaller events of a project: release, wiki, feature flag, milestone, reaction, expiring token, vulnerability;
//! and bodies that a hook's own template made up.

use super::common::{Hook, add_fact, in_words};
use crate::core::event::{Alert, Asset, Event, Mark, Noun, Release};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::set_text;

/// A release; GitLab does not tell who made it.
pub fn release(hook: &Hook) -> Event {
    let body = hook.body;
    // The test button leaves the action out.
    let action = hook.action().unwrap_or_else(|| "create".to_owned());
    let mut event = hook.event("release", action);
    let tag = body.text("tag");
    event.noun = Noun::Release;
    event.mark = Mark::Package;
    event.title = body.line("name").or_else(|| tag.clone());
    event.url = body.link("url");
    event.created_at = body.time("created_at");
    event.at = body.time("released_at").or(event.created_at);
    event.object = hook.object("release", tag.as_deref());
    set_text(&mut event, body.text("description"));
    let assets = body.list("assets.links").into_iter().filter_map(|link| {
        Some(Asset {
            name: link.text("name")?,
            size: None,
            url: link.link("url"),
        })
    });
    event.release = Some(Release {
        tag: tag.clone(),
        name: body.text("name"),
        assets: assets.collect(),
        ..Release::default()
    });
    event.tag = tag;
    event
}

pub fn wiki_page(hook: &Hook) -> Event {
    let thing = hook.thing();
    let mut event = hook.event("wiki_page", hook.action().unwrap_or_default());
    if event.action == "update" {
        event.url = thing.link("diff_url").or(event.url);
    }
    event.object = hook.object("wiki_page", thing.text("slug").as_deref());
    // The editor's summary; the page itself may be long.
    set_text(&mut event, thing.text("message"));
    event
}

pub fn feature_flag(hook: &Hook) -> Event {
    let thing = hook.thing();
    let state = if thing.flag("active") { "on" } else { "off" };
    let mut event = hook.event("feature_flag", state);
    event.title = thing.line("name");
    event.url = hook.page("feature_flags");
    event.object = hook.object("feature_flag", thing.text("id").as_deref());
    set_text(&mut event, thing.text("description"));
    add_fact(&mut event, "state", Some(state.to_owned()));
    event
}

pub fn milestone(hook: &Hook) -> Event {
    let thing = hook.thing();
    let mut event = hook.event("milestone", hook.action().unwrap_or_default());
    let number = thing.text("iid");
    event.url = number
        .as_ref()
        .and_then(|iid| hook.page(&format!("milestones/{iid}")));
    event.object = hook.object("milestone", number.as_deref());
    event.number = number;
    event.milestone = event.title.clone();
    event.status = thing.text("state");
    set_text(&mut event, thing.text("description"));
    add_fact(&mut event, "start", thing.text("start_date"));
    add_fact(&mut event, "due", thing.text("due_date"));
    event
}

pub fn emoji(hook: &Hook) -> Event {
    let thing = hook.thing();
    let action = hook.action().or_else(|| hook.body.text("event_type"));
    let mut event = hook.event("emoji", action.unwrap_or_default());
    event.url = thing.link("awarded_on_url");
    event.title = ["merge_request", "issue", "snippet"]
        .iter()
        .find_map(|noun| hook.body.line(&format!("{noun}.title")));
    event.hush_event("reactions are not told");
    add_fact(&mut event, "reaction", thing.text("name"));
    event
}

/// An access token of a project or group that is about to expire: whatever uses it is about to break.
pub fn access_token(hook: &Hook) -> Event {
    let thing = hook.thing();
    let name = thing.line("name");
    let word = hook.body.text("event_name").unwrap_or_default();
    let action = word.strip_suffix("_access_token").unwrap_or(&word);
    let mut event = hook.event("access_token", action);
    if action != word {
        event.aliases.action.push(word);
    }
    event.noun = Noun::Alert;
    event.mark = Mark::Attention;
    // The body only tells when the token was made.
    event.at = None;
    event.url = hook.page("settings/access_tokens");
    event.object = hook.object("access_token", thing.text("id").as_deref());
    event.alert = Some(Alert {
        what: name.clone(),
        expires: thing.text("expires_at"),
        ..Alert::default()
    });
    event.title = name;
    event
}

pub fn vulnerability(hook: &Hook) -> Event {
    let thing = hook.thing();
    let state = thing.text("state").unwrap_or_default();
    let mut event = hook.event("vulnerability", state.as_str());
    event.noun = Noun::Alert;
    event.mark = match state.as_str() {
        "resolved" => Mark::Passed,
        "dismissed" => Mark::Canceled,
        _ => Mark::Security,
    };
    event.status = Some(state).filter(|state| !state.is_empty());
    event.number = event
        .url
        .as_deref()
        .and_then(|url| url.rsplit('/').next())
        .map(str::to_owned);
    event.object = hook.object("vulnerability", event.number.as_deref());
    event.alert = Some(Alert {
        severity: thing.text("severity"),
        what: dependency(thing).or_else(|| event.title.clone()),
        path: thing.text("location.file"),
        line: thing.count("location.start_line"),
        identifier: identifier(thing),
        tool: thing.text("report_type").map(|word| in_words(&word)),
        reason: thing.text("dismissal_reason").map(|word| in_words(&word)),
        ..Alert::default()
    });
    event
}

/// `rexml 3.3.1`, where the finding is about a package.
fn dependency(thing: &Json) -> Option<String> {
    let name = thing.text("location.dependency.package.name")?;
    let version = thing.text("location.dependency.version");
    Some(version.map_or(name.clone(), |version| format!("{name} {version}")))
}

/// The number that everybody knows it by: its CVE before a scanner's own.
fn identifier(thing: &Json) -> Option<String> {
    let names = thing.texts("identifiers", "name");
    let cve = names.iter().find(|name| name.starts_with("CVE-"));
    cve.or_else(|| names.first()).cloned()
}

/// A body made by a hook's own template: nothing in it can be relied on, so only fields of obvious names are read.
pub fn custom(hook: &Hook, word: &str) -> Event {
    let body = hook.body;
    let mut event = hook.event(word, hook.action().unwrap_or_default());
    let line = |names: [&str; 3]| names.iter().find_map(|name| body.line(name));
    event.title = event.title.or_else(|| line(["title", "subject", "name"]));
    event.url = event.url.or_else(|| body.link("url"));
    event.branch = body
        .text("branch")
        .or_else(|| body.text("ref"))
        .map(|name| crate::core::source::names::branch_of(&name).to_owned());
    let text = ["text", "message", "description"]
        .iter()
        .find_map(|name| body.text(name));
    set_text(&mut event, text);
    event
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn a_vulnerability_is_named_by_its_package_and_its_cve() {
        let body = json!({"object_attributes": {
            "title": "DoS in rexml",
            "state": "detected",
            "severity": "high",
            "url": "https://git.example.com/acme/shop/-/security/vulnerabilities/3",
            "location": {"dependency": {"package": {"name": "rexml"}, "version": "3.3.1"}},
            "identifiers": [{"name": "Gemnasium-29d"}, {"name": "CVE-2024-41123"}],
        }});
        let event = vulnerability(&Hook::new(&body, "Vulnerability Hook", None));
        let alert = event.alert.unwrap();
        assert_eq!(alert.what.as_deref(), Some("rexml 3.3.1"));
        assert_eq!(alert.identifier.as_deref(), Some("CVE-2024-41123"));
        assert_eq!(
            event.object.as_deref(),
            Some("gitlab:acme/shop:vulnerability:3")
        );
    }

    #[test]
    fn a_flag_is_on_or_off() {
        for (active, action) in [(true, "on"), (false, "off")] {
            let body = json!({"object_attributes": {"name": "new-cart", "active": active}});
            let event = feature_flag(&Hook::new(&body, "Feature Flag Hook", None));
            assert_eq!(event.action, action);
        }
    }
}
