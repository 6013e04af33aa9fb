//! From an event's name to its reader, and what all events have in common before and after.

use super::{
    ci, deployment, fields, issue, people, pull_request, push, release, repository, security,
};
use crate::core::event::{Event, Kind, Noun, Person};
use crate::core::json::{Json, Lookup};
use crate::core::source::names;

/// What the payload of the event `name` says. Every field of it may be missing or of another type.
pub fn event(name: &str, payload: &Json) -> Event {
    let action = payload.text("action").unwrap_or_default();
    let mut event = Event::new(Kind::Github, name, action);
    event.repo = fields::repo(payload);
    event.actor = fields::person(payload.at("sender"));
    reader(name)(&mut event, payload);
    complete(&mut event);
    event
}

/// Fills in what a family of events knows.
type Reader = fn(&mut Event, &Json);

fn reader(name: &str) -> Reader {
    match name {
        "push" => push::push,
        "create" | "delete" => push::reference,

        "pull_request" => pull_request::pull_request,
        "pull_request_review" => pull_request::review,
        "pull_request_review_comment" => pull_request::review_comment,
        "pull_request_review_thread" => pull_request::review_thread,
        "merge_group" => pull_request::merge_group,

        "issues" => issue::issue,
        "issue_comment" => issue::issue_comment,
        "commit_comment" => issue::commit_comment,
        "discussion" => issue::discussion,
        "discussion_comment" => issue::discussion_comment,
        "sub_issues" => issue::sub_issue,
        "issue_dependencies" => issue::dependency,
        "milestone" => issue::milestone,
        "label" => issue::label,

        "workflow_run" => ci::workflow_run,
        "workflow_job" => ci::workflow_job,
        "check_run" => ci::check_run,
        "check_suite" => ci::check_suite,
        "status" => ci::status,
        "page_build" => ci::page_build,

        "deployment" => deployment::deployment,
        "deployment_status" => deployment::status,
        "deployment_review" => deployment::review,
        "deployment_protection_rule" => deployment::protection_rule,

        "release" => release::release,
        "package" | "registry_package" => release::package,

        "dependabot_alert" => security::dependabot_alert,
        "code_scanning_alert" => security::code_scanning_alert,
        "secret_scanning_alert" => security::secret_scanning_alert,
        "secret_scanning_alert_location" => security::secret_scanning_location,
        "repository_vulnerability_alert" => security::vulnerability_alert,
        "repository_advisory" | "security_advisory" => security::advisory,
        "secret_scanning_scan" => security::scan,
        "security_and_analysis" => security::settings,

        "repository" => repository::repository,
        "public" => repository::public,
        "fork" => repository::fork,
        "star" | "watch" => repository::star,
        "gollum" => repository::wiki,
        "branch_protection_rule" | "branch_protection_configuration" | "repository_ruleset" => {
            repository::protection
        }
        "deploy_key" => repository::deploy_key,
        "ping" => repository::ping,
        "meta" => repository::hook_removed,
        "projects_v2_item"
        | "projects_v2"
        | "projects_v2_status_update"
        | "project"
        | "project_card"
        | "project_column" => repository::project,
        "workflow_dispatch" | "repository_dispatch" => repository::dispatch,

        "member" | "membership" => people::member,
        "organization" => people::organization,
        "org_block" => people::blocked,
        "team" | "team_add" => people::team,
        "installation"
        | "installation_repositories"
        | "integration_installation"
        | "integration_installation_repositories" => people::installation,
        "github_app_authorization" => people::app_authorization,
        "personal_access_token_request" => people::token_request,
        "sponsorship" => people::sponsorship,
        "marketplace_purchase" => people::purchase,

        _ => repository::generic,
    }
}

/// What follows from the other fields.
fn complete(event: &mut Event) {
    if event.actor.is_none() {
        event.actor = event.author.clone();
    }
    if calls_people(event)
        && let Some(text) = &event.text
    {
        event.mentioned = names::mentions_in(text)
            .into_iter()
            .map(Person::with_login)
            .collect();
    }
}

/// Whether the text was written just now, to be read by people. A description travels with every later event of its
/// pull request, but the people named in it were called once; the `@babel/core` of an advisory is a package; and the
/// release notes that a bot quotes in its pull request name people who have nothing to do with it.
fn calls_people(event: &Event) -> bool {
    let written = matches!(
        event.action.as_str(),
        "opened" | "created" | "edited" | "submitted" | "published" | "answered"
    );
    let for_people = matches!(
        event.noun,
        Noun::PullRequest | Noun::Issue | Noun::Discussion | Noun::Commit | Noun::Release
    );
    let is_own_text = event.comment.is_none() && event.review.is_none();
    let by_bot = is_own_text && event.author.as_ref().is_some_and(|author| author.bot);
    written && for_people && !by_bot
}
