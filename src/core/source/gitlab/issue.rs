//! Issues and work items: tasks, incidents, epics and whatever GitLab makes of them next.

use super::changes::{hush_unseen, visible};
use super::common::{Hook, assignees, set_number};
use crate::core::event::{Event, Issue, Mark, Noun};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::set_text;

/// `word` is the body's own, `issue` or `work_item`; routes may use either.
pub fn issue(hook: &Hook, word: &str) -> Event {
    let thing = hook.thing();
    let action = hook.action().unwrap_or_else(|| {
        // Bodies of the test button have no action.
        match thing.text("state").as_deref() {
            Some("opened") => "open",
            Some("closed") => "close",
            _ => "",
        }
        .to_owned()
    });
    let mut event = hook.event("issue", action.as_str());
    if word != "issue" {
        event.aliases.event.push(word.to_owned());
    }
    set_issue(hook, &mut event, thing);
    event.author = hook.author(thing.text("author_id"), action == "open");
    event.assignees = assignees(hook.body);

    let confidential = hook.confidential || thing.flag("confidential");
    if confidential {
        event.aliases.event.push("confidential_issue".to_owned());
    }
    let facts = Issue {
        confidential,
        ..facts(thing)
    };
    event.mark = match action.as_str() {
        "open" if facts.kind.as_deref() == Some("Incident") => Mark::Attention,
        "close" if facts.resolution.is_some() => Mark::Canceled,
        "close" => Mark::Passed,
        _ => Mark::Issue,
    };
    event.issue = Some(facts);
    match action.as_str() {
        "open" => set_text(&mut event, thing.text("description")),
        "update" => {
            event.changes = visible(hook.body);
            hush_unseen(&mut event);
        }
        _ => {}
    }
    event
}

/// Number, title, state and facts of the issue in `value`; also for comments on one.
pub fn set_issue(hook: &Hook, event: &mut Event, value: &Json) {
    set_number(hook, event, Noun::Issue, value);
    event.title = value.line("title");
    event.url = value.link("url").or_else(|| {
        let iid = event.number.as_ref()?;
        hook.page(&format!("issues/{iid}"))
    });
    let state = value.text("state");
    event.status = state.as_deref().map(|state| match state {
        "opened" => "open".to_owned(),
        other => other.to_owned(),
    });
    event.aliases.status.extend(state);
    event.issue = Some(facts(value));
}

fn facts(value: &Json) -> Issue {
    Issue {
        kind: value.text("type"),
        priority: value.text("severity").filter(|word| word != "unknown"),
        resolution: resolution(value),
        due: value.text("due_date"),
        confidential: value.flag("confidential"),
        ..Issue::default()
    }
}

/// GitLab has no resolutions, but an issue that was moved or is a duplicate is closed for that reason.
fn resolution(value: &Json) -> Option<String> {
    let reason = if value.has("duplicated_to_id") {
        "duplicate"
    } else if value.has("moved_to_id") {
        "moved"
    } else {
        return None;
    };
    Some(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    fn read(header: &str, word: &str, body: Json) -> Event {
        issue(&Hook::new(&body, header, None), word)
    }

    #[test]
    fn either_the_header_or_the_body_makes_an_issue_confidential() {
        let plain = json!({"object_attributes": {"action": "open"}});
        let marked = json!({"object_attributes": {"action": "open", "confidential": true}});
        for (header, body, confidential) in [
            ("Issue Hook", plain.clone(), false),
            ("Confidential Issue Hook", plain, true),
            ("System Hook", marked, true),
        ] {
            let event = read(header, "issue", body);
            assert_eq!(event.issue.unwrap().confidential, confidential, "{header}");
        }
    }

    #[test]
    fn a_work_item_is_an_issue_that_routes_may_call_either() {
        let body = json!({"object_attributes": {"type": "Task", "action": "close", "iid": 12}});
        let event = read("Issue Hook", "work_item", body);
        assert_eq!(event.event, "issue");
        assert_eq!(event.aliases.event, ["work_item"]);
        assert_eq!(event.issue.unwrap().kind.as_deref(), Some("Task"));
        assert_eq!(event.mark, Mark::Passed);
    }

    #[test]
    fn a_duplicate_is_closed_and_not_solved() {
        let body = json!({"object_attributes": {"action": "close", "duplicated_to_id": 3}});
        assert_eq!(read("Issue Hook", "issue", body).mark, Mark::Canceled);
    }
}
