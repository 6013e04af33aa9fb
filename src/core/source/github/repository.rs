//! What happens to a repository itself (settings, rules, keys, stars, wiki, boards), to the webhook, and everything
//! that has no reader of its own.

use super::fields::{self, count_fact, fact};
use crate::core::event::{Connected, Event, Mark, Person};
use crate::core::json::{Json, Lookup};

pub fn repository(event: &mut Event, payload: &Json) {
    about_repository(event);
    event.mark = match event.action.as_str() {
        "publicized" | "deleted" => Mark::Attention,
        _ => Mark::None,
    };
    let repository = payload.at("repository");
    event.text = repository
        .text("description")
        .filter(|_| event.action == "created");
    event.created_at = repository.time("created_at");
    event.at = repository.time("updated_at");
    let from = payload.at("changes");
    match event.action.as_str() {
        "renamed" => event.changes.push(fields::change(
            "name",
            from.text("repository.name.from"),
            repository.text("name"),
        )),
        "transferred" => event.changes.push(fields::change(
            "owner",
            from.text("owner.from.user.login")
                .or_else(|| from.text("owner.from.organization.login")),
            repository.text("owner.login"),
        )),
        "edited" => {
            event.changes = fields::changes(payload, repository);
            if event.changes.is_empty() {
                event.hush_as("unchanged", "nothing that people see was edited");
            }
        }
        _ => {}
    }
}

/// A private repository was made public.
pub fn public(event: &mut Event, payload: &Json) {
    about_repository(event);
    event.mark = Mark::Attention;
    event.at = payload.time("repository.updated_at");
}

pub fn fork(event: &mut Event, payload: &Json) {
    let fork = payload.at("forkee");
    event.title = fork.text("full_name");
    event.url = fork.link("html_url");
    event.author = fields::person(fork.at("owner"));
    fields::times(event, fork);
    count_fact(event, "forks", payload.count("repository.forks_count"));
    event.hush_event("forks are counted on the repository's page");
}

/// `star`, and its older name `watch`: giving a star sends both.
pub fn star(event: &mut Event, payload: &Json) {
    about_repository(event);
    event.at = payload.time("starred_at");
    count_fact(event, "stars", payload.count("repository.stargazers_count"));
    event.hush_event("stars are counted on the repository's page");
}

/// `gollum`: pages of the wiki. It has no action of its own, so it takes the first page's.
pub fn wiki(event: &mut Event, payload: &Json) {
    let page = payload.at("pages.0");
    event.action = page.text("action").unwrap_or_default();
    event.title = page.line("title").or_else(|| page.line("page_name"));
    event.text = page.text("summary");
    event.url = page.link("html_url");
    for page in payload.list("pages").into_iter().skip(1).take(3) {
        fact(event, "page", page.line("title"));
    }
}

/// Branch protection and rulesets.
pub fn protection(event: &mut Event, payload: &Json) {
    let rule = match event.event.as_str() {
        "repository_ruleset" => payload.at("repository_ruleset"),
        _ => payload.at("rule"),
    };
    event.title = rule.line("name");
    event.url = rule.link("_links.html.href").or_else(|| {
        let page = match event.event.as_str() {
            "repository_ruleset" => "rules",
            _ => "branches",
        };
        fields::page(event, &["settings", page])
    });
    event.mark = match event.action.as_str() {
        "deleted" | "disabled" => Mark::Attention,
        _ => Mark::Security,
    };
    event.changes = fields::changes(payload, rule);
    fields::times(event, rule);
    fact(event, "rule", event.title.clone());
    fact(event, "enforcement", rule.text("enforcement"));
}

pub fn deploy_key(event: &mut Event, payload: &Json) {
    let key = payload.at("key");
    event.mark = Mark::Security;
    event.title = key.line("title");
    event.url = fields::page(event, &["settings", "keys"]);
    event.author = key.text("added_by").map(Person::with_login);
    fields::times(event, key);
    fact(event, "key", event.title.clone());
    let access = if key.flag("read_only") {
        "read"
    } else {
        "read and write"
    };
    fact(event, "access", Some(access.to_owned()));
}

pub fn ping(event: &mut Event, payload: &Json) {
    about_repository(event);
    event.mark = Mark::Passed;
    event.text = payload.text("zen");
    event.connected = Some(Connected {
        events: payload.texts("hook.events", ""),
        ..Connected::default()
    });
    event.hush_event("GitHub's test of the webhook");
}

/// `meta`: this webhook was removed, and nothing will come after this delivery.
pub fn hook_removed(event: &mut Event, payload: &Json) {
    about_repository(event);
    event.mark = Mark::Attention;
    fact(event, "webhook", payload.text("hook_id"));
    let events = payload.texts("hook.events", "").join(", ");
    fact(
        event,
        "events",
        Some(events).filter(|events| !events.is_empty()),
    );
}

/// Boards. Items are told by id only: neither a title nor a page is in the payload.
pub fn project(event: &mut Event, payload: &Json) {
    let thing = payload.at(&event.event);
    event.title = thing
        .line("title")
        .or_else(|| thing.line("name"))
        .or_else(|| thing.line("note"));
    event.text = thing
        .text("body")
        .or_else(|| thing.text("short_description"));
    event.url = thing
        .link("html_url")
        .or_else(|| thing.link("content_url").filter(|url| !is_api(url)))
        .or_else(|| event.repo.as_ref()?.url.clone());
    event.number = thing.text("number");
    event.status = thing.text("status");
    event.author = fields::person(thing.at("creator"));
    fields::times(event, thing);
    fact(event, "item", thing.text("content_type"));
    let field = payload.at("changes.field_value");
    match field.text("field_name") {
        Some(name) => event.changes.push(fields::change(
            &name,
            field.text("from.name").or_else(|| field.text("from")),
            field.text("to.name").or_else(|| field.text("to")),
        )),
        None => event.changes = fields::changes(payload, thing),
    }
    if event.action == "reordered" || event.action == "moved" {
        event.hush_as("reordered", "only its rank changed");
    } else if matches!(event.event.as_str(), "project_card" | "project_column") {
        event.hush_event("moves on a board say little without the board");
    }
}

/// Somebody or something started a workflow by hand. Inputs stay unread: they may hold secrets.
pub fn dispatch(event: &mut Event, payload: &Json) {
    event.title = payload
        .text("workflow")
        .map(|path| path.rsplit('/').next().unwrap_or(&path).to_owned())
        .or_else(|| Some(event.action.clone()).filter(|name| !name.is_empty()));
    if let Some(name) = payload.text("ref").or_else(|| payload.text("branch")) {
        fields::set_ref(event, &name);
    }
    event.url = fields::page(event, &["actions"]);
    event.hush_event("the workflow run that it starts tells it");
}

/// An event that we have no reader for. GitHub adds events without notice, so the payload is searched for an
/// object that looks like what it is about.
pub fn generic(event: &mut Event, payload: &Json) {
    let thing = thing_of(&event.event, payload);
    event.title = ["title", "name", "full_name", "login", "summary", "slug"]
        .into_iter()
        .find_map(|field| thing.line(field));
    event.url = thing
        .link("html_url")
        .filter(|url| !is_api(url))
        .or_else(|| event.repo.as_ref()?.url.clone());
    event.number = thing.text("number");
    event.status = thing.text("state").or_else(|| thing.text("status"));
    event.author = ["user", "author", "creator"]
        .into_iter()
        .find_map(|field| fields::person(thing.at(field)));
    fields::times(event, thing);
    event.changes = fields::changes(payload, thing);
    let Json::Object(fields) = payload else {
        return;
    };
    for (name, value) in fields.sorted() {
        let telling = name != "action" && name != "id" && !name.ends_with("_id");
        if telling && event.facts.len() < 3 {
            let value = value
                .line("")
                .filter(|value| value.len() <= 80 && !value.contains("://"));
            fact(event, &fields::words(name.to_owned()), value);
        }
    }
}

/// The object named like the event or, failing that, the first one that is not about the delivery itself.
fn thing_of<'a>(event: &str, payload: &'a Json<'a>) -> &'a Json<'a> {
    const SURROUNDINGS: [&str; 7] = [
        "repository",
        "organization",
        "enterprise",
        "installation",
        "sender",
        "changes",
        "hook",
    ];
    let named = payload.at(event);
    if named.is_object() {
        return named;
    }
    let Json::Object(fields) = payload else {
        return named;
    };
    fields
        .sorted()
        .into_iter()
        .find(|(name, value)| value.is_object() && !SURROUNDINGS.contains(name))
        .map_or(named, |(_, value)| value)
}

fn about_repository(event: &mut Event) {
    if let Some(repo) = &event.repo {
        event.title = Some(repo.name.clone());
        event.url = repo.url.clone();
        event.object = Some(format!("github:{}:repository", repo.name));
    }
}

/// Addresses of the API open no page: `https://api.github.com/…`, on Enterprise Server `https://<host>/api/…`.
fn is_api(url: &str) -> bool {
    url.contains("://api.") || url.contains("/api/v3/")
}
