//! Pushes to branches and tags.
//!
//! GitLab sends the newest 20 commits of a push, oldest first, and the true number beside them. A test push lists
//! them newest first and cannot be told from a real one. Pushes of more than three branches send nothing at all.

use super::common::Hook;
use crate::core::event::{Event, Mark, Noun};
use crate::core::json::Lookup as _;
use crate::core::source::forge::{push_of, set_reference, set_text};

/// `word` is `push` or `tag_push`.
pub fn push(hook: &Hook, word: &str) -> Event {
    let body = hook.body;
    let (mut push, action) = push_of(body);
    let mut event = hook.event(word, action);
    set_reference(&mut event, &body.text("ref").unwrap_or_default());
    event.commits = body
        .list("commits")
        .into_iter()
        .filter_map(|commit| hook.commit(commit))
        .collect();
    event.commit_count = body
        .count("total_commits_count")
        .unwrap_or(event.commits.len() as u64);

    push.compare_url = match (&push.before, &push.after) {
        (Some(before), Some(after)) if action == "updated" => {
            hook.page(&format!("compare/{before}...{after}"))
        }
        _ => None,
    };
    push.forced = is_moved_back(hook, action);
    let name = event.tag.clone().or_else(|| event.branch.clone());
    event.url = match event.commits.as_slice() {
        [only] if event.commit_count == 1 && !push.created => only.url.clone(),
        _ => push.compare_url.clone(),
    };
    if event.url.is_none() && !push.deleted {
        event.url = name
            .as_ref()
            .and_then(|name| hook.page(&format!("tree/{name}")));
    }

    if word == "tag_push" {
        event.noun = Noun::Tag;
        event.mark = Mark::Tag;
        set_text(&mut event, body.text("message"));
        event.object = hook.object("tag", name.as_deref());
    } else {
        event.noun = Noun::Branch;
        event.mark = if action == "updated" {
            Mark::Push
        } else {
            Mark::Branch
        };
        event.object = hook.object("branch", name.as_deref());
    }
    event.push = Some(push);
    event
}

/// GitLab does not tell a forced push. But a branch that moved without a new commit was set back, which only force
/// can do. System hooks (without `object_kind`) are documented to leave the commits out, so they prove nothing.
fn is_moved_back(hook: &Hook, action: &str) -> bool {
    action == "updated"
        && hook.body.text("object_kind").as_deref() == Some("push")
        && hook.body.count("total_commits_count") == Some(0)
        && hook.body.text("before") != hook.body.text("after")
}
