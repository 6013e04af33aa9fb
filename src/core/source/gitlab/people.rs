//! Group and system hooks: members, projects, groups, users, keys; and events that are not known yet.
//!
//! Their word says it all (`user_add_to_group`), so they have no action. None of them tells who did it: the user in
//! the body is the one it was done to.

use super::common::{Hook, add_fact, flat_person, in_words};
use crate::core::event::{Event, Mark};
use crate::core::json::Lookup as _;

/// The event called `word`, with the facts that name the thing.
pub fn change(hook: &Hook, word: &str) -> Event {
    let body = hook.body;
    let mut event = hook.event(word, hook.action().unwrap_or_default());
    event.mark = mark(word);
    event.at = event
        .at
        .or_else(|| body.time("updated_at"))
        .or_else(|| body.time("created_at"));
    if word == "repository_update" {
        event.hush_event("changes of a repository are told by the push");
        return event;
    }

    let person = flat_person(body).map(|person| person.name);
    let name = body.line("name").or_else(|| body.line("username"));
    event.title = event.title.or_else(|| person.clone()).or(name);
    let add = |event: &mut Event, name: &str, paths: &[&str]| {
        let value = paths.iter().find_map(|path| body.line(path));
        add_fact(event, name, value);
    };
    add_fact(&mut event, "user", person);
    add(&mut event, "role", &["group_access", "access_level"]);
    add(&mut event, "group", &["group_name"]);
    add(&mut event, "parent", &["parent_full_path"]);
    add(
        &mut event,
        "old path",
        &["old_path_with_namespace", "old_full_path", "old_username"],
    );
    if word.starts_with("project_") {
        add(&mut event, "owner", &["owner_name", "owners.0.name"]);
        add(&mut event, "visibility", &["project_visibility"]);
    }
    add(&mut event, "state", &["state"]);
    let expires = body.time("expires_at").map(|time| {
        let text = time.to_string();
        text.split_once('T')
            .map_or(text.clone(), |(day, _)| day.to_owned())
    });
    add_fact(&mut event, "expires", expires);
    if event.title.is_none() && event.facts.is_empty() {
        event.title = Some(in_words(word));
    }
    event
}

fn mark(word: &str) -> Mark {
    if word == "user_failed_login" || word.starts_with("key_") {
        Mark::Security
    } else if word.starts_with("user_") {
        Mark::People
    } else {
        Mark::None
    }
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn the_user_of_a_member_event_is_the_member_and_not_who_did_it() {
        let body = json!({
            "event_name": "user_add_to_group",
            "user_name": "Carol",
            "user_username": "carol",
            "group_name": "Acme",
            "group_path": "acme",
            "group_access": "Developer",
        });
        let event = change(&Hook::new(&body, "Member Hook", None), "user_add_to_group");
        assert_eq!(event.actor, None);
        assert_eq!(event.title.as_deref(), Some("Carol"));
        assert_eq!(event.repo.unwrap().name, "acme");
    }

    #[test]
    fn a_repository_update_is_told_by_its_push() {
        let body = json!({"event_name": "repository_update", "user_name": "Mona", "changes": []});
        let event = change(&Hook::new(&body, "System Hook", None), "repository_update");
        assert!(event.quiet.is_some());
        assert_eq!(event.actor.unwrap().name, "Mona");
    }
}
