//! Comments on merge requests, issues, commits, snippets and whatever else GitLab lets people comment on.

use super::common::{Hook, assignees};
use super::issue::set_issue;
use super::merge_request::set_request;
use crate::core::event::{Comment, Event, Mark, Noun};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::{set_text, short};

pub fn note(hook: &Hook) -> Event {
    let thing = hook.thing();
    // Versions before 16.11 send new comments only, and do not say so.
    let action = hook.action().unwrap_or_else(|| "create".to_owned());
    let mut event = hook.event("note", action.as_str());
    set_noteable(hook, &mut event);
    event.mark = Mark::Comment;
    event.url = thing.link("url").or(event.url);
    set_text(
        &mut event,
        thing.text("note").or_else(|| thing.text("description")),
    );
    let restricted = hook.confidential
        || ["internal", "confidential"]
            .iter()
            .any(|flag| thing.flag(flag));
    if restricted {
        event.aliases.event.push("confidential_note".to_owned());
    }
    event.comment = Some(Comment {
        id: thing.text("id"),
        path: either(
            thing,
            ["position.new_path", "position.old_path", "st_diff.new_path"],
        ),
        line: thing
            .count("position.new_line")
            .or_else(|| thing.count("position.old_line")),
        restricted,
        resolved: thing.has("resolved_at").then_some(true),
    });
    if thing.flag("system") {
        event.hush_as(
            "system",
            "GitLab wrote this comment itself, to note a change",
        );
    }
    event
}

/// The thing that was commented on.
fn set_noteable(hook: &Hook, event: &mut Event) {
    let body = hook.body;
    match hook.thing().text("noteable_type").as_deref() {
        Some("MergeRequest") => {
            let request = body.at("merge_request");
            set_request(hook, event, request);
            event.author = hook.author(request.text("author_id"), false);
            event.assignees = assignees(request);
        }
        Some("Issue" | "WorkItem") => {
            let issue = body.at("issue");
            set_issue(hook, event, issue);
            event.author = hook.author(issue.text("author_id"), false);
            event.assignees = assignees(issue);
        }
        Some("Commit") => set_commit(hook, event),
        Some("Snippet") => {
            let snippet = body.at("snippet");
            event.noun = Noun::Snippet;
            event.number = snippet.text("id");
            event.reference = event.number.as_ref().map(|id| format!("${id}"));
            event.title = snippet.line("title");
            event.url = snippet.link("url");
            event.object = hook.object("snippet", event.number.as_deref());
        }
        _ => {}
    }
}

fn set_commit(hook: &Hook, event: &mut Event) {
    event.noun = Noun::Commit;
    let Some(commit) = hook.commit(hook.body.at("commit")) else {
        return;
    };
    event.reference = Some(short(&commit.id));
    event.title = Some(commit.title).filter(|title| !title.is_empty());
    event.url = commit.url;
    event.author = commit.author;
    event.object = hook.object("commit", Some(&commit.id));
    event.number = Some(commit.id);
}

fn either<const N: usize>(value: &Json, paths: [&str; N]) -> Option<String> {
    paths.iter().find_map(|path| value.text(path))
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn what_gitlab_notes_by_itself_is_quiet() {
        let body = json!({"object_attributes": {"note": "added 1 commit", "system": true}});
        assert!(note(&Hook::new(&body, "Note Hook", None)).quiet.is_some());
    }

    #[test]
    fn a_comment_on_a_removed_line_stands_where_the_line_was() {
        let body = json!({"object_attributes": {
            "note": "Why?",
            "position": {"old_path": "src/old.rs", "new_path": null, "old_line": 7, "new_line": null},
        }});
        let comment = note(&Hook::new(&body, "Note Hook", None)).comment.unwrap();
        assert_eq!(
            (comment.path.as_deref(), comment.line),
            (Some("src/old.rs"), Some(7))
        );
    }

    #[test]
    fn a_comment_on_something_unknown_is_still_a_comment() {
        let body = json!({"object_attributes": {"note": "Nice", "noteable_type": "Epic"}});
        let event = note(&Hook::new(&body, "Note Hook", None));
        assert_eq!(
            (event.noun, event.text.as_deref()),
            (Noun::Other, Some("Nice"))
        );
    }
}
