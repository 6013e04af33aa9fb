//! Issues, discussions, the comments on them and on commits, and what issues are sorted by: milestones, labels,
//! parents and dependencies.

use super::fields::{self, count_fact, fact};
use super::pull_request::{comment, field_change, housekeeping};
use crate::core::event::{ChangeRequest, Commit, Event, Issue, Mark, Noun};
use crate::core::json::{Json, Lookup};

pub fn issue(event: &mut Event, payload: &Json) {
    let issue = payload.at("issue");
    about(event, payload, Noun::Issue);
    event.text = issue.text("body");
    event.mark = match event.action.as_str() {
        "closed" if issue.text("state_reason").as_deref() == Some("not_planned") => Mark::Canceled,
        "closed" => Mark::Passed,
        "deleted" => Mark::Canceled,
        _ => Mark::Issue,
    };
    match event.action.as_str() {
        "closed" => event.at = issue.time("closed_at").or(event.at),
        "edited" => edited(event, payload, issue),
        "transferred" => moved(event, payload),
        "opened" => fact(
            event,
            "transferred from",
            payload.text("changes.old_repository.full_name"),
        ),
        _ => event.changes.extend(field_change(event, payload)),
    }
    if let Some(reason) = housekeeping(&event.action) {
        event.hush_action(reason);
    }
}

/// A comment on an issue, or on a pull request: GitHub sends both under one name.
pub fn issue_comment(event: &mut Event, payload: &Json) {
    let is_pull = payload.has("issue.pull_request");
    let noun = match is_pull {
        true => Noun::PullRequest,
        false => Noun::Issue,
    };
    about(event, payload, noun);
    if is_pull {
        let pull = payload.at("issue");
        event.issue = None;
        let merged = pull.has("pull_request.merged_at");
        let draft = pull.flag("draft");
        event.status = match pull.text("state").as_deref() {
            _ if merged => Some("merged".to_owned()),
            Some("open") if draft => Some("draft".to_owned()),
            _ => event.status.take(),
        };
        event.change_request = Some(ChangeRequest {
            draft,
            merged,
            changes_url: pull
                .link("pull_request.html_url")
                .map(|url| format!("{url}/files")),
            ..ChangeRequest::default()
        });
    }
    comment(event, payload);
}

pub fn commit_comment(event: &mut Event, payload: &Json) {
    event.noun = Noun::Commit;
    comment(event, payload);
    let Some(id) = payload.text("comment.commit_id") else {
        return;
    };
    event.created_at = payload.time("comment.created_at");
    fields::set_object(event, "commit", Some(id.clone()));
    event.reference = id.get(..7).map(str::to_owned);
    event.commits = vec![Commit {
        url: fields::page(event, &["commit", &id]),
        title: String::new(),
        author: None,
        id,
    }];
    event.commit_count = 1;
}

pub fn discussion(event: &mut Event, payload: &Json) {
    let discussion = payload.at("discussion");
    about_discussion(event, payload);
    event.text = discussion.text("body");
    event.mark = match event.action.as_str() {
        "answered" => Mark::Passed,
        "closed" => Mark::Canceled,
        _ => Mark::Comment,
    };
    match event.action.as_str() {
        "answered" => {
            event.text = payload.text("answer.body").or(event.text.take());
            event.url = payload.link("answer.html_url").or(event.url.take());
        }
        "edited" => edited(event, payload, discussion),
        "transferred" => moved(event, payload),
        "category_changed" => event.changes.push(fields::change(
            "category",
            payload.text("changes.category.from.name"),
            discussion.text("category.name"),
        )),
        _ => event.changes.extend(field_change(event, payload)),
    }
    if let Some(reason) = housekeeping(&event.action) {
        event.hush_action(reason);
    }
}

pub fn discussion_comment(event: &mut Event, payload: &Json) {
    about_discussion(event, payload);
    comment(event, payload);
}

/// `sub_issues`: one happening comes as two events, told from the parent and from the child.
pub fn sub_issue(event: &mut Event, payload: &Json) {
    let parent = payload.at("parent_issue");
    let child = payload.at("sub_issue");
    relation(event, parent);
    fact(event, "sub-issue", numbered(child));
    event.url = parent.link("html_url").or_else(|| child.link("html_url"));
    if event.action.starts_with("parent_issue_") {
        event.hush_as("mirrored", "the same event is told from the parent's side");
    }
}

/// `issue_dependencies`: likewise told from both sides.
pub fn dependency(event: &mut Event, payload: &Json) {
    let blocked = payload.at("blocked_issue");
    let blocking = payload.at("blocking_issue");
    relation(event, blocked);
    fact(event, "blocked by", numbered(blocking));
    if event.action.starts_with("blocking_") {
        event.hush_as(
            "mirrored",
            "the same event is told from the blocked issue's side",
        );
    }
}

pub fn milestone(event: &mut Event, payload: &Json) {
    let milestone = payload.at("milestone");
    event.title = milestone.line("title");
    event.milestone = event.title.clone();
    event.url = milestone.link("html_url");
    event.text = milestone.text("description");
    event.status = milestone.text("state");
    event.number = milestone.text("number");
    fields::set_object(event, "milestone", event.number.clone());
    event.author = fields::person(milestone.at("creator"));
    event.mark = match event.action.as_str() {
        "closed" => Mark::Passed,
        _ => Mark::None,
    };
    fields::times(event, milestone);
    fact(event, "due", date(milestone.text("due_on")));
    count_fact(event, "open issues", milestone.count("open_issues"));
    count_fact(event, "closed issues", milestone.count("closed_issues"));
    if event.action == "edited" {
        edited(event, payload, milestone);
    }
}

pub fn label(event: &mut Event, payload: &Json) {
    let label = payload.at("label");
    event.title = label.line("name");
    event.text = label.text("description");
    event.labels = event.title.iter().cloned().collect();
    event.url = event
        .title
        .as_deref()
        .and_then(|name| fields::page(event, &["labels", name]));
    event.changes = fields::changes(payload, label);
    event.hush_event("only the list of labels changed");
}

fn edited(event: &mut Event, payload: &Json, thing: &Json) {
    event.changes = fields::changes(payload, thing);
    if event.changes.is_empty() {
        event.hush_as("unchanged", "nothing that people see was edited");
    }
}

/// A transfer shows the place where the thing is now.
fn moved(event: &mut Event, payload: &Json) {
    let to = payload.at("changes");
    event.changes.push(fields::change(
        "repository",
        event.repo.as_ref().map(|repo| repo.name.clone()),
        to.text("new_repository.full_name"),
    ));
    event.url = to
        .link("new_issue.html_url")
        .or_else(|| to.link("new_discussion.html_url"))
        .or(event.url.take());
}

fn about(event: &mut Event, payload: &Json, noun: Noun) {
    let issue = payload.at("issue");
    identify(event, issue, noun);
    event.status = issue.text("state");
    event.assignees = fields::people(issue, "assignees");
    event.labels = issue.texts("labels", "name");
    event.milestone = issue.text("milestone.title");
    event.issue = Some(Issue {
        kind: issue.text("type.name"),
        resolution: issue
            .text("state_reason")
            .filter(|_| event.status.as_deref() == Some("closed"))
            .map(fields::words),
        ..Issue::default()
    });
}

fn about_discussion(event: &mut Event, payload: &Json) {
    let discussion = payload.at("discussion");
    identify(event, discussion, Noun::Discussion);
    event.status = discussion.text("state");
    event.labels = discussion.texts("labels", "name");
    fact(event, "category", discussion.text("category.name"));
}

fn relation(event: &mut Event, issue: &Json) {
    identify(event, issue, Noun::Issue);
    event.mark = Mark::Issue;
    event.status = issue.text("state");
}

fn identify(event: &mut Event, thing: &Json, noun: Noun) {
    let word = match noun {
        Noun::PullRequest => "pull_request",
        Noun::Discussion => "discussion",
        _ => "issue",
    };
    event.noun = noun;
    fields::set_number(event, word, thing.text("number"));
    event.title = thing.line("title");
    event.url = thing.link("html_url");
    event.author = fields::person(thing.at("user"));
    fields::times(event, thing);
}

fn numbered(issue: &Json) -> Option<String> {
    let title = issue.line("title")?;
    Some(match issue.text("number") {
        Some(number) => format!("#{number} {title}"),
        None => title,
    })
}

/// The day of a time: milestones are due on a day, which GitHub sends as some hour of it.
fn date(time: Option<String>) -> Option<String> {
    time?.get(..10).map(str::to_owned)
}
