//! Pull requests, their reviews, review comments and threads, and the merge queue.
//!
//! Only `pull_request` events carry the whole object; with reviews and comments it comes without `merged`, counts
//! and merger.

use super::fields::{self, fact};
use crate::core::event::{Change, ChangeRequest, Comment, Event, Mark, Noun, Review};
use crate::core::json::{Json, Lookup};
use crate::core::source::names;

pub fn pull_request(event: &mut Event, payload: &Json) {
    let pull = payload.at("pull_request");
    about(event, payload);
    event.text = pull.text("body");
    let merged = event.status.as_deref() == Some("merged");
    let reason = payload.text("reason");
    event.mark = match event.action.as_str() {
        "closed" if merged => Mark::Merged,
        "closed" => Mark::Canceled,
        "dequeued" if reason.as_deref() != Some("MERGE") => Mark::Attention,
        _ => Mark::ChangeRequest,
    };
    match event.action.as_str() {
        "closed" => {
            event.at = pull
                .time("merged_at")
                .or(pull.time("closed_at"))
                .or(event.at);
            if merged {
                event.aliases.action.push("merged".to_owned());
                event.actor = event.actor.take().or(fields::person(pull.at("merged_by")));
            }
        }
        "review_requested" | "review_request_removed" => asked(event, payload),
        "edited" => {
            event.changes = fields::changes(payload, pull);
            event.changes.extend(base_change(payload));
            if event.changes.is_empty() {
                event.hush_as("unchanged", "nothing that people see was edited");
            }
        }
        "auto_merge_disabled" | "dequeued" => {
            fact(
                event,
                "reason",
                reason
                    .clone()
                    .map(|word| fields::words(word.to_lowercase())),
            );
        }
        _ => event.changes.extend(field_change(event, payload)),
    }
    let quiet = match event.action.as_str() {
        "synchronize" => Some("new commits are told by the push"),
        "enqueued" => Some("the merge, or why it failed, will be told"),
        "dequeued" if reason.as_deref() == Some("MERGE") => Some("the merge tells it"),
        other => housekeeping(other),
    };
    if let Some(reason) = quiet {
        event.hush_action(reason);
    }
}

pub fn review(event: &mut Event, payload: &Json) {
    let review = payload.at("review");
    about(event, payload);
    let state = review
        .text("state")
        .unwrap_or_else(|| "commented".to_owned())
        .to_lowercase();
    event.mark = match (event.action.as_str(), state.as_str()) {
        ("submitted", "approved") => Mark::Passed,
        ("submitted", "changes_requested") => Mark::Failed,
        ("dismissed", _) => Mark::Canceled,
        _ => Mark::Comment,
    };
    event.text = review.text("body");
    event.url = review.link("html_url").or(event.url.take());
    event.at = review.time("submitted_at").or(event.at);
    event.actor = event.actor.take().or(fields::person(review.at("user")));
    if event.action == "edited" {
        event.changes = fields::changes(payload, review);
        if event.changes.is_empty() {
            event.hush_as("unchanged", "nothing that people see was edited");
        }
    } else if event.action == "submitted" && state == "commented" && event.text.is_none() {
        event.hush_as("empty", "a review without words only carries its comments");
    }
    if event.action == "submitted" {
        event.aliases.action.push(state.clone());
    }
    event.status = Some(state.clone());
    event.review = Some(Review { state });
}

pub fn review_comment(event: &mut Event, payload: &Json) {
    about(event, payload);
    comment(event, payload);
}

pub fn review_thread(event: &mut Event, payload: &Json) {
    about(event, payload);
    let first = payload.at("thread.comments.0");
    event.mark = match event.action.as_str() {
        "resolved" => Mark::Passed,
        _ => Mark::Comment,
    };
    event.text = first.text("body");
    event.url = first.link("html_url").or(event.url.take());
    event.at = payload.time("updated_at").or(event.at);
    event.comment = Some(Comment {
        resolved: Some(event.action == "resolved"),
        ..place(first)
    });
}

pub fn merge_group(event: &mut Event, payload: &Json) {
    let group = payload.at("merge_group");
    event.mark = match event.action.as_str() {
        "destroyed" => Mark::Canceled,
        _ => Mark::Waiting,
    };
    event.title = group.line("head_commit.message");
    event.branch = group
        .text("base_ref")
        .map(|name| names::branch_of(&name).to_owned());
    event.url = event.repo.as_ref().and_then(|repo| repo.url.clone());
    event.author = fields::git_person(group.at("head_commit.author"));
    event.at = group.time("head_commit.timestamp");
    fields::set_object(event, "merge_group", group.text("head_sha"));
    fact(event, "reason", payload.text("reason").map(fields::words));
    event.hush_event("the merge queue's steps are told by the pull request");
}

/// A comment on a pull request, an issue or a discussion: what is said, where, and by whom.
pub fn comment(event: &mut Event, payload: &Json) {
    let comment = payload.at("comment");
    event.mark = Mark::Comment;
    event.text = comment.text("body");
    event.url = comment.link("html_url").or(event.url.take());
    event.at = comment
        .time("updated_at")
        .or(comment.time("created_at"))
        .or(event.at);
    event.actor = event.actor.take().or(fields::person(comment.at("user")));
    event.comment = Some(place(comment));
    if event.action == "edited" {
        event.changes = fields::changes(payload, comment);
        if event.changes.is_empty() {
            event.hush_as("unchanged", "nothing that people see was edited");
        }
    }
}

fn place(comment: &Json) -> Comment {
    Comment {
        id: comment.text("id"),
        path: comment.text("path"),
        line: comment.count("line").or(comment.count("original_line")),
        ..Comment::default()
    }
}

/// Why an action on an issue, pull request or discussion is housekeeping; `None` when it is not.
pub fn housekeeping(action: &str) -> Option<&'static str> {
    Some(match action {
        "labeled" | "unlabeled" => "only its labels changed",
        "milestoned" | "demilestoned" => "only its milestone changed",
        "locked" | "unlocked" => "only who may comment changed",
        "pinned" | "unpinned" => "only its place in the list changed",
        "typed" | "untyped" => "only its type changed",
        _ => return None,
    })
}

/// Changes of labels, people, milestone and type, which GitHub tells by the action and one object beside it.
pub fn field_change(event: &Event, payload: &Json) -> Option<Change> {
    let listed = |field, value: Option<String>| match event.action.starts_with("un") {
        true => fields::list_change(field, None, value),
        false => fields::list_change(field, value, None),
    };
    let single = |field, value: Option<String>| match event.action.as_str() {
        "demilestoned" | "untyped" => fields::change(field, value, None),
        _ => fields::change(field, None, value),
    };
    Some(match event.action.as_str() {
        "labeled" | "unlabeled" => listed("labels", payload.text("label.name")),
        "assigned" | "unassigned" => listed("assignees", payload.text("assignee.login")),
        "milestoned" | "demilestoned" => single("milestone", payload.text("milestone.title")),
        "typed" | "untyped" => single("type", payload.text("type.name")),
        _ => return None,
    })
}

/// Fills in the pull request that the event is about, without the words of the event itself.
fn about(event: &mut Event, payload: &Json) {
    let pull = payload.at("pull_request");
    event.noun = Noun::PullRequest;
    let number = pull.text("number").or_else(|| payload.text("number"));
    fields::set_number(event, "pull_request", number);
    event.title = pull.line("title");
    event.url = pull.link("html_url");
    event.branch = pull.text("base.ref");
    event.author = fields::person(pull.at("user"));
    event.assignees = fields::people(pull, "assignees");
    event.reviewers = fields::people(pull, "requested_reviewers");
    event.reviewers.extend(
        pull.list("requested_teams")
            .into_iter()
            .filter_map(|team| fields::team(payload, team)),
    );
    event.labels = pull.texts("labels", "name");
    event.milestone = pull.text("milestone.title");
    fields::times(event, pull);
    let request = change_request(pull);
    event.status = Some(
        match pull.text("state").as_deref() {
            _ if request.merged => "merged",
            Some("closed") => "closed",
            _ if request.draft => "draft",
            _ => "open",
        }
        .to_owned(),
    );
    event.change_request = Some(request);
}

fn change_request(pull: &Json) -> ChangeRequest {
    ChangeRequest {
        from_branch: pull.text("head.ref"),
        to_branch: pull.text("base.ref"),
        fork: fork_owner(pull),
        draft: pull.flag("draft"),
        // `merge_commit_sha` is no sign of it: it is set for requests that were closed unmerged, too.
        merged: pull.flag("merged") || pull.has("merged_at"),
        merged_by: fields::person(pull.at("merged_by")),
        additions: pull.count("additions"),
        deletions: pull.count("deletions"),
        changed_files: pull.count("changed_files"),
        commits: pull.count("commits"),
        changes_url: pull.link("html_url").map(|url| format!("{url}/files")),
        conflict: pull.text("mergeable_state").as_deref() == Some("dirty"),
    }
}

/// Owner of the head's repository where it is another one than the base's. The head has no repository when the
/// fork was deleted, and no user when the account was; its label `owner:branch` is left then.
fn fork_owner(pull: &Json) -> Option<String> {
    let head = pull.text("head.repo.full_name");
    if head.is_some() && head == pull.text("base.repo.full_name") {
        return None;
    }
    let owner = |side: &Json| {
        side.text("repo.owner.login")
            .or_else(|| side.text("user.login"))
            .or_else(|| Some(side.text("label")?.split_once(':')?.0.to_owned()))
    };
    let fork = owner(pull.at("head"))?;
    (Some(&fork) != owner(pull.at("base")).as_ref()).then_some(fork)
}

/// Who was asked for a review just now, or is no longer: a person or a team.
fn asked(event: &mut Event, payload: &Json) {
    let who = fields::person(payload.at("requested_reviewer"))
        .or_else(|| fields::team(payload, payload.at("requested_team")));
    let name = who.as_ref().map(|who| who.name.clone());
    let state = if event.action == "review_requested" {
        event
            .changes
            .push(fields::list_change("reviewers", name, None));
        event.reviewers = who.into_iter().collect();
        "requested"
    } else {
        event
            .changes
            .push(fields::list_change("reviewers", None, name));
        "request_removed"
    };
    event.review = Some(Review {
        state: state.to_owned(),
    });
}

fn base_change(payload: &Json) -> Option<Change> {
    let from = payload.text("changes.base.ref.from")?;
    let to = payload.text("pull_request.base.ref");
    Some(fields::change("base", Some(from), to))
}
