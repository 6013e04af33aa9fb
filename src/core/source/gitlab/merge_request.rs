//! Merge requests, with their approvals and review requests.
//!
//! Nearly everything arrives as `update`, so what happened is read from `changes`: a review asked for, a review
//! given, a draft made ready, an edit. The author's name is not in the body, only an id.

use super::changes::{hush_unseen, people_changed, visible};
use super::common::{Hook, assignees, people, person, set_number};
use crate::core::event::{Change, ChangeRequest, Event, Mark, Noun, Person, Review};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::{request_status, set_text};

pub fn merge_request(hook: &Hook) -> Event {
    let thing = hook.thing();
    let action = hook.action().unwrap_or_else(|| action_of_state(thing));
    let mut event = hook.event("merge_request", action.as_str());
    set_request(hook, &mut event, thing);
    event.author = hook.author(thing.text("author_id"), action == "open");
    event.assignees = assignees(hook.body);
    event.reviewers = people(hook.body, "reviewers");
    if let Some(request) = &mut event.change_request {
        request.merged_by = hook.actor.clone().filter(|_| request.merged);
    }

    event.mark = match action.as_str() {
        "close" => Mark::Canceled,
        "merge" => Mark::Merged,
        "approved" | "approval" => Mark::Passed,
        "unapproved" => Mark::Attention,
        _ => Mark::ChangeRequest,
    };
    // `approved` and `unapproved` tell that all rules are met or no longer so, the others tell one person's vote.
    match action.as_str() {
        "open" => set_text(&mut event, thing.text("description")),
        "update" => read_update(hook, &mut event),
        "approved" => set_review(&mut event, "approved"),
        "approval" => set_review(&mut event, "approval_added"),
        "unapproved" => set_review(&mut event, "dismissed"),
        "unapproval" => set_review(&mut event, "approval_removed"),
        _ => {}
    }
    if thing.flag("system") && event.review.is_some() {
        event.hush_as(
            "system",
            "GitLab reset the approvals by itself, for new commits",
        );
    }
    event
}

/// Number, title, branches and state of the merge request in `request`; also for comments on one.
pub fn set_request(hook: &Hook, event: &mut Event, request: &Json) {
    set_number(hook, event, Noun::MergeRequest, request);
    event.title = request.line("title");
    event.branch = request.text("target_branch");
    let url = request.link("url").or_else(|| {
        let iid = event.number.as_ref()?;
        hook.page(&format!("merge_requests/{iid}"))
    });
    let draft = is_draft(request);
    let state = request.text("state");
    let status = state.as_deref().map(|state| request_status(state, draft));
    event.status = status.map(str::to_owned);
    event.aliases.status.extend(state);
    event.change_request = Some(ChangeRequest {
        from_branch: request.text("source_branch"),
        to_branch: request.text("target_branch"),
        fork: fork_owner(request),
        draft,
        merged: status == Some("merged"),
        changes_url: url.as_ref().map(|url| format!("{url}/diffs")),
        conflict: request.text("merge_status").as_deref() == Some("cannot_be_merged")
            || request.text("detailed_merge_status").as_deref() == Some("conflict"),
        ..ChangeRequest::default()
    });
    event.url = url;
}

/// Bodies of the test button, and some real ones, have no action.
fn action_of_state(thing: &Json) -> String {
    match thing.text("state").as_deref() {
        Some("opened") => "open",
        Some("merged") => "merge",
        Some("closed") => "close",
        _ => "",
    }
    .to_owned()
}

fn is_draft(request: &Json) -> bool {
    request.flag("draft")
        || request.flag("work_in_progress")
        || request
            .text("title")
            .is_some_and(|title| without_draft_prefix(&title) != title)
}

/// GitLab keeps the draft state in the title, in letters of either case (`WIP:` until 14.8).
fn without_draft_prefix(title: &str) -> &str {
    ["Draft:", "[Draft]", "(Draft)", "WIP:", "[WIP]"]
        .iter()
        .find_map(|prefix| {
            let (start, rest) = title.split_at_checked(prefix.len())?;
            start.eq_ignore_ascii_case(prefix).then_some(rest)
        })
        .map_or(title, str::trim_start)
}

/// Namespace of the project that the branch comes from, where it is another one.
fn fork_owner(request: &Json) -> Option<String> {
    let source = request.text("source.path_with_namespace")?;
    let target = request.text("target.path_with_namespace")?;
    let (owner, _) = source.rsplit_once('/')?;
    (source != target).then(|| owner.to_owned())
}

fn read_update(hook: &Hook, event: &mut Event) {
    event.changes = visible(hook.body);
    join_draft_changes(&mut event.changes);
    name_draft_change(event);
    read_reviewers(hook, event);
    if hook.thing().has("oldrev") {
        event.hush_as("new_commits", "new commits are told by the push");
    } else if event.review.is_none() {
        hush_unseen(event);
    }
}

/// Draft on and off come as a change of the title, in newer versions with one of `draft` beside it. Here it is one
/// change of `draft`.
fn join_draft_changes(changes: &mut Vec<Change>) {
    let Some(at) = changes.iter().position(|change| change.field == "title") else {
        return;
    };
    let from = changes[at].from.clone().unwrap_or_default();
    let to = changes[at].to.clone().unwrap_or_default();
    let (bare_from, bare_to) = (without_draft_prefix(&from), without_draft_prefix(&to));
    let (was, is) = (bare_from != from, bare_to != to);
    if was == is || bare_from != bare_to {
        return;
    }
    changes.remove(at);
    if !changes.iter().any(|change| change.field == "draft") {
        let word = |flag| Some(if flag { "yes" } else { "no" }.to_owned());
        changes.push(Change {
            field: "draft".to_owned(),
            from: word(was),
            to: word(is),
            ..Change::default()
        });
    }
}

fn name_draft_change(event: &mut Event) {
    let Some(draft) = event.changes.iter().find(|change| change.field == "draft") else {
        return;
    };
    let word = match draft.to.as_deref() {
        Some("yes") => "converted_to_draft",
        _ => "ready_for_review",
    };
    event.aliases.action.push(word.to_owned());
}

/// Reviews asked for, taken back, asked for again (`re_requested`, 18.5) and given (`state` of a reviewer).
fn read_reviewers(hook: &Hook, event: &mut Event) {
    let (mut asked, removed) = people_changed(hook.body, "reviewers");
    let again: Vec<Person> = hook
        .body
        .list("changes.reviewers.current")
        .into_iter()
        .filter(|reviewer| reviewer.flag("re_requested"))
        .filter_map(person)
        .filter(|person| !asked.contains(person))
        .collect();
    asked.extend(again);
    if !asked.is_empty() {
        event.reviewers = asked;
        event.aliases.action.push("review_requested".to_owned());
        set_review(event, "requested");
    } else if !removed.is_empty() {
        event.reviewers = removed;
        event
            .aliases
            .action
            .push("review_request_removed".to_owned());
        set_review(event, "request_removed");
    } else if let Some((state, mark)) = review_given(hook.body) {
        event.mark = mark;
        event.aliases.action.push(state.to_owned());
        set_review(event, state);
    }
}

/// The review whose state an update changed. Approvals are left out: they send an event of their own.
fn review_given(body: &Json) -> Option<(&'static str, Mark)> {
    let before = body.list("changes.reviewers.previous");
    body.list("changes.reviewers.current")
        .into_iter()
        .filter(|now| {
            before
                .iter()
                .any(|then| then.at("id") == now.at("id") && then.at("state") != now.at("state"))
        })
        .find_map(|reviewer| match reviewer.text("state")?.as_str() {
            "requested_changes" => Some(("changes_requested", Mark::Failed)),
            "reviewed" => Some(("commented", Mark::Comment)),
            _ => None,
        })
}

fn set_review(event: &mut Event, state: &str) {
    event.aliases.status.push(state.to_owned());
    event.review = Some(Review {
        state: state.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    fn read(body: Json) -> Event {
        merge_request(&Hook::new(&body, "Merge Request Hook", None))
    }

    fn update(changes: Json) -> Event {
        read(json!({
            "object_attributes": {"action": "update", "state": "opened", "iid": 7},
            "changes": changes,
        }))
    }

    #[test]
    fn a_missing_action_is_read_from_the_state() {
        for (state, action) in [("opened", "open"), ("merged", "merge"), ("closed", "close")] {
            let event = read(json!({"object_attributes": {"state": state}}));
            assert_eq!(event.action, action);
        }
    }

    #[test]
    fn updates_that_nobody_would_notice_are_quiet() {
        let dates = json!({"updated_at": {"previous": "2026-03-02", "current": "2026-03-03"}});
        let labels = json!({"labels": {"previous": [], "current": [{"title": "bug"}]}});
        let title = json!({"title": {"previous": "Retry", "current": "Retry uploads"}});
        for (changes, quiet) in [
            (json!({}), true),
            (dates, true),
            (labels, true),
            (title, false),
        ] {
            assert_eq!(update(changes.clone()).quiet.is_some(), quiet, "{changes}");
        }
    }

    #[test]
    fn a_draft_made_ready_is_one_change_in_old_and_new_versions() {
        let title = json!({"previous": "Draft: Retry", "current": "Retry"});
        let draft = json!({"previous": true, "current": false});
        for changes in [
            json!({"title": title}),
            json!({"title": title, "draft": draft}),
        ] {
            let event = update(changes);
            assert_eq!(event.changes.len(), 1);
            assert_eq!(event.changes[0].field, "draft");
            assert_eq!(event.changes[0].to.as_deref(), Some("no"));
            assert!(
                event
                    .aliases
                    .action
                    .contains(&"ready_for_review".to_owned())
            );
        }
    }

    #[test]
    fn only_reviewers_asked_just_now_are_reviewers_of_a_request() {
        let alice = json!({"id": 2, "name": "Alice", "username": "alice", "state": "unreviewed"});
        let bob = json!({"id": 3, "name": "Bob", "username": "bob", "state": "unreviewed"});
        let event = update(json!({"reviewers": {"previous": [alice], "current": [alice, bob]}}));
        assert_eq!(event.review.unwrap().state, "requested");
        assert_eq!(event.reviewers.len(), 1);
        assert_eq!(event.reviewers[0].name, "Bob");
    }

    #[test]
    fn a_review_asked_for_again_names_the_reviewer() {
        let before =
            json!({"id": 2, "username": "alice", "state": "reviewed", "re_requested": false});
        let after =
            json!({"id": 2, "username": "alice", "state": "unreviewed", "re_requested": true});
        let event = update(json!({"reviewers": {"previous": [before], "current": [after]}}));
        assert_eq!(event.review.unwrap().state, "requested");
        assert_eq!(event.reviewers[0].name, "alice");
        assert_eq!(event.quiet, None);
    }

    #[test]
    fn a_review_that_requests_changes_is_told() {
        let before = json!({"id": 2, "username": "alice", "state": "unreviewed"});
        let after = json!({"id": 2, "username": "alice", "state": "requested_changes"});
        let event = update(json!({"reviewers": {"previous": [before], "current": [after]}}));
        assert_eq!(event.review.unwrap().state, "changes_requested");
        assert_eq!((event.mark, event.quiet), (Mark::Failed, None));
    }

    #[test]
    fn approvals_that_gitlab_takes_back_are_quiet() {
        let event = read(json!({"object_attributes": {"action": "unapproved", "system": true}}));
        assert_eq!(event.review.unwrap().state, "dismissed");
        assert!(event.quiet.is_some());
    }
}
