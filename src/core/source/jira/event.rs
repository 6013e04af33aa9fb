//! From a body to an [`Event`]: which kind it is, what was done, and whether anybody wants to know.
//!
//! What the issue says about itself is read in `issue`, the other things Jira keeps (sprints, versions, work logs …)
//! in `things`, edited fields in `change`.

use super::person::{People, person_at};
use super::text::{Text, text_at};
use super::{change, issue, things};
use crate::core::event::{Comment, Event, Kind, Mark, Person};
use crate::core::json::{Json, Lookup};

/// Longest event name that is kept; Jira's own are half as long.
const MAX_NAME: usize = 64;

pub fn event_of(payload: &Json) -> Event {
    let (name, raw) = name_of(payload);
    let mut event = Event::new(Kind::Jira, name, "");
    event.action = action_of(&event.event, payload);
    event.aliases.event = raw;
    event.aliases.action = action_aliases(&event.action, payload);
    event.at = payload.time("timestamp");
    event.actor = actor_of(payload);
    issue::describe(&mut event, payload);
    things::describe(&mut event, payload);

    let people = People::of(payload);
    let family = event.event.split('_').next().unwrap_or_default();
    match family {
        "issue" if event.event.starts_with("issue_property") => {
            event.hush_event("issue properties are for apps, not for people");
        }
        "issue" => changed_issue(&mut event, payload, &people),
        "comment" => commented(&mut event, payload, &people),
        "automation" => {
            event.mark = Mark::Issue;
            set_text(&mut event, text_at(payload, "comment.body", &people));
        }
        "worklog" => set_text(&mut event, text_at(payload, "worklog.comment", &people)),
        "attachment" => {
            event.hush_event("attachments are seen in the issue");
        }
        "option" => event.hush_event("a setting of Jira itself"),
        _ => {}
    }
    event
}

/// The event's name and its other names.
fn name_of(payload: &Json) -> (String, Vec<String>) {
    let Some(raw) = payload.line("webhookEvent") else {
        return (nameless(payload).to_owned(), Vec::new());
    };
    let name = word(raw.strip_prefix("jira:").unwrap_or(&raw));
    let twin = match name.as_str() {
        "issue_updated" => comment_twin(payload),
        "worklog_updated" => worklog_twin(payload),
        "version_deleted" if payload.has("mergedTo") => Some("version_merged"),
        _ => None,
    };
    let mut aliases = Vec::new();
    let event = match twin {
        Some(twin) if twin != name => {
            aliases.push(name);
            twin.to_owned()
        }
        _ => name,
    };
    if raw.starts_with("jira:") {
        aliases.push(format!("jira:{}", aliases.first().unwrap_or(&event)));
    }
    (event, aliases)
}

/// Bodies of workflow functions, of rules of Jira Automation and of service desks have no event name.
fn nameless(payload: &Json) -> &'static str {
    if payload.at("transition").is_object() {
        "issue_updated"
    } else if issue::issue_in(payload).text("key").is_some() {
        "automation"
    } else {
        "unknown"
    }
}

/// Servers tell of a comment twice: as `comment_…` without its issue, and as an update of the issue, which is the one
/// to use. Very old ones do not name the second; there a comment without changes is a comment.
fn comment_twin(payload: &Json) -> Option<&'static str> {
    if !payload.list("changelog.items").is_empty() {
        return None;
    }
    match payload.line("issue_event_type_name").as_deref() {
        Some("issue_commented") => Some("comment_created"),
        Some("issue_comment_edited") => Some("comment_updated"),
        Some("issue_comment_deleted") => Some("comment_deleted"),
        Some(_) => None,
        None if payload.has("comment") && !payload.has("changelog") => {
            let same = payload.text("comment.created") == payload.text("comment.updated");
            Some(if same {
                "comment_created"
            } else {
                "comment_updated"
            })
        }
        None => None,
    }
}

/// Servers tell of work logs as one event with three names of its own.
fn worklog_twin(payload: &Json) -> Option<&'static str> {
    match payload.line("issue_event_type_name")?.as_str() {
        "issue_work_logged" => Some("worklog_created"),
        "issue_worklog_deleted" => Some("worklog_deleted"),
        _ => None,
    }
}

/// What was done: for an edited issue what the changes amount to, for everything else the last word of the event.
fn action_of(event: &str, payload: &Json) -> String {
    if event == "issue_updated" {
        return match payload.at("transition") {
            Json::Object(_) => "transitioned".to_owned(),
            _ => change::action_of(payload).to_owned(),
        };
    }
    match event.rsplit_once('_') {
        Some((family, _)) if family.ends_with("restored") => "restored".to_owned(),
        Some((_, last)) => last.to_owned(),
        None => String::new(),
    }
}

/// The vendor's own word for an action that we name more finely: `issue_generic` and `generic`.
fn action_aliases(action: &str, payload: &Json) -> Vec<String> {
    let Some(raw) = payload.line("issue_event_type_name").map(|raw| word(&raw)) else {
        return Vec::new();
    };
    let short = raw.strip_prefix("issue_").unwrap_or(&raw).to_owned();
    let mut aliases = vec![raw, short];
    aliases.dedup();
    aliases.retain(|alias| alias != action);
    aliases
}

/// Who did it. Comments, work logs and attachments of Cloud have an author and no user.
fn actor_of(payload: &Json) -> Option<Person> {
    if payload
        .line("webhookEvent")
        .is_some_and(|event| event.starts_with("user_"))
    {
        return None;
    }
    let comment = match payload.line("webhookEvent").as_deref() {
        Some("comment_created") => ["comment.author", "comment.updateAuthor"],
        _ => ["comment.updateAuthor", "comment.author"],
    };
    let others = [
        "worklog.updateAuthor",
        "worklog.author",
        "attachment.author",
    ];
    let places = ["user", "initiator"]
        .into_iter()
        .chain(comment)
        .chain(others);
    places
        .into_iter()
        .find_map(|place| person_at(payload, place))
}

fn changed_issue(event: &mut Event, payload: &Json, people: &People) {
    event.mark = match event.action.as_str() {
        "deleted" => Mark::Canceled,
        action if change::finishes(payload, action) => Mark::Passed,
        _ => Mark::Issue,
    };
    match event.action.as_str() {
        "created" => {
            set_text(event, text_at(payload, "issue.fields.description", people));
            let status = initial_status(payload);
            if status.is_some() && status != event.status {
                event.status = status;
                event.aliases.status.clear();
            }
            event.actor = event.actor.take().or_else(|| event.author.clone());
        }
        "deleted" => {}
        _ => {
            event.changes = change::changes_of(payload);
            event.changes.extend(things::transition(payload));
            event.comment = comment_of(payload);
            match &event.comment {
                Some(comment) if comment.restricted => {}
                _ => set_text(event, text_at(payload, "comment.body", people)),
            }
            match (&event.text, change::noise_in(payload)) {
                (None, Some(noise)) => event.hush_as("noise", noise),
                (None, None) if event.action == "updated" && event.changes.is_empty() => {
                    event.hush_as("unchanged", "Jira does not say what changed");
                }
                _ => {}
            }
        }
    }
}

/// Cloud fills `status` wrongly in the moment of creation (mattermost-plugin-jira fetches the issue again); the
/// changelog has the right one.
fn initial_status(payload: &Json) -> Option<String> {
    let items = payload.list("changelog.items");
    let status = items.into_iter().find(|item| {
        item.text("field")
            .is_some_and(|field| field.eq_ignore_ascii_case("status"))
    })?;
    status.line("toString")
}

fn commented(event: &mut Event, payload: &Json, people: &People) {
    event.mark = Mark::Comment;
    event.comment = comment_of(payload);
    set_text(event, text_at(payload, "comment.body", people));
    let id = event
        .comment
        .as_ref()
        .and_then(|comment| comment.id.as_ref());
    if let (Some(url), Some(id)) = (&event.url, id)
        && event.action != "deleted"
    {
        event.url = Some(format!("{url}?focusedCommentId={id}"));
    }
    if event
        .comment
        .as_ref()
        .is_some_and(|comment| comment.restricted)
    {
        event.hush_as("restricted", "the comment is not public");
    } else if event.number.is_none() {
        event.hush_as(
            "repeated",
            "Jira Server sends the comment again with its issue",
        );
    }
}

fn comment_of(payload: &Json) -> Option<Comment> {
    let comment = payload.at("comment");
    comment.is_object().then(|| Comment {
        id: comment.line("id"),
        restricted: comment.has("visibility") || comment.at("jsdPublic") == &Json::Bool(false),
        ..Comment::default()
    })
}

fn set_text(event: &mut Event, text: Option<Text>) {
    let text = text.unwrap_or_default();
    event.text = Some(text.markdown).filter(|markdown| !markdown.is_empty());
    event.mentioned = text.mentioned;
}

/// A name that is safe in file names and routes, whatever the body says.
fn word(name: &str) -> String {
    let word: String = name
        .chars()
        .take(MAX_NAME)
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    if word.is_empty() {
        "unknown".to_owned()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::json;

    #[test]
    fn events_and_actions_are_named() {
        let cases = [
            ("jira:issue_created", "issue_created", "created"),
            ("issue_created", "issue_created", "created"),
            (
                "jira:version_unreleased",
                "version_unreleased",
                "unreleased",
            ),
            ("project_soft_deleted", "project_soft_deleted", "deleted"),
            (
                "project_restored_deleted",
                "project_restored_deleted",
                "restored",
            ),
            (
                "board_configuration_changed",
                "board_configuration_changed",
                "changed",
            ),
            ("../../etc/Passwd", "______etc_passwd", "passwd"),
            ("问题", "__", ""),
        ];
        for (raw, event, action) in cases {
            let parsed = event_of(&json!({"webhookEvent": raw}));
            assert_eq!(
                (parsed.event.as_str(), parsed.action.as_str()),
                (event, action)
            );
        }
    }

    #[test]
    fn bodies_without_a_name_are_told_apart() {
        let cases = [
            (
                json!({"transition": {"to_status": "Done"}}),
                "issue_updated",
            ),
            (json!({"issue": {"key": "SHOP-12"}}), "automation"),
            (json!({"key": "SHOP-12", "fields": {}}), "automation"),
            (json!({"key": "SHOP-12"}), "unknown"),
            (json!({"webhookEvent": null}), "unknown"),
        ];
        for (payload, event) in cases {
            assert_eq!(event_of(&payload).event, event, "{payload}");
        }
    }

    #[test]
    fn a_comment_with_changes_is_an_update() {
        let edited = json!({
            "webhookEvent": "jira:issue_updated",
            "issue_event_type_name": "issue_commented",
            "changelog": {"items": [{"field": "status", "toString": "Done"}]},
        });
        assert_eq!(event_of(&edited).event, "issue_updated");
    }

    #[test]
    fn what_few_want_to_know_is_quiet() {
        for name in [
            "issue_property_set",
            "option_voting_changed",
            "jira:version_moved",
        ] {
            assert!(
                event_of(&json!({"webhookEvent": name})).quiet.is_some(),
                "{name}"
            );
        }
        let nothing = json!({"webhookEvent": "jira:issue_updated", "changelog": {"items": []}});
        assert!(event_of(&nothing).quiet.is_some());
        for name in [
            "user_created",
            "board_deleted",
            "sprint_started",
            "something_new",
        ] {
            assert_eq!(
                event_of(&json!({"webhookEvent": name})).quiet,
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn mail_addresses_are_kept_for_mapping_people_only() {
        let user = json!({"displayName": "Mona", "emailAddress": "mona@example.com"});
        let event = event_of(&json!({"webhookEvent": "user_created", "user": user}));
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains("example.com"), "{text}");
    }
}
