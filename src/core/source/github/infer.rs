//! The name of an event whose `X-GitHub-Event` header is not there: somebody tries out a saved payload.
//!
//! The body has no field for it, so it is told by the fields that only this event has. Never used for a real
//! delivery, which always has the header.

use crate::core::json::{Json, Lookup};

/// The first line wins whose fields are all present (null counts as present). Lines with more fields stand above
/// those with fewer: a review also has a pull request.
const SHAPES: &[(&str, &[&str])] = &[
    ("ping", &["zen"]),
    ("meta", &["hook", "hook_id"]),
    ("push", &["ref", "before", "after"]),
    ("create", &["ref", "ref_type", "master_branch"]),
    ("delete", &["ref", "ref_type"]),
    ("pull_request_review", &["review", "pull_request"]),
    ("pull_request_review_comment", &["comment", "pull_request"]),
    ("pull_request_review_thread", &["thread", "pull_request"]),
    ("pull_request", &["pull_request"]),
    ("issue_comment", &["comment", "issue"]),
    ("sub_issues", &["sub_issue"]),
    ("issue_dependencies", &["blocked_issue"]),
    ("issues", &["issue"]),
    ("discussion_comment", &["comment", "discussion"]),
    ("discussion", &["discussion"]),
    ("commit_comment", &["comment.commit_id"]),
    ("release", &["release"]),
    ("deployment_status", &["deployment_status"]),
    ("workflow_job", &["workflow_job"]),
    ("check_run", &["check_run"]),
    ("check_suite", &["check_suite"]),
    ("deployment_protection_rule", &["deployment_callback_url"]),
    ("deployment", &["deployment"]),
    ("deployment_review", &["workflow_run", "since"]),
    ("workflow_run", &["workflow_run"]),
    ("workflow_dispatch", &["workflow", "inputs"]),
    ("status", &["context", "sha", "state"]),
    ("dependabot_alert", &["alert.dependency"]),
    ("code_scanning_alert", &["alert.rule"]),
    ("secret_scanning_alert_location", &["alert", "location"]),
    ("secret_scanning_alert", &["alert.secret_type"]),
    (
        "repository_vulnerability_alert",
        &["alert.affected_package_name"],
    ),
    ("repository_advisory", &["repository_advisory"]),
    ("security_advisory", &["security_advisory"]),
    ("repository_ruleset", &["repository_ruleset"]),
    ("branch_protection_rule", &["rule"]),
    ("merge_group", &["merge_group"]),
    ("registry_package", &["registry_package"]),
    ("package", &["package"]),
    ("page_build", &["build"]),
    ("gollum", &["pages"]),
    ("fork", &["forkee"]),
    ("star", &["starred_at"]),
    ("label", &["label"]),
    ("milestone", &["milestone"]),
    ("deploy_key", &["key"]),
    ("membership", &["member", "team"]),
    ("member", &["member"]),
    ("organization", &["membership", "organization"]),
    ("organization", &["invitation", "organization"]),
    ("team", &["team", "action"]),
    ("team_add", &["team"]),
    ("org_block", &["blocked_user"]),
    ("projects_v2_item", &["projects_v2_item"]),
    ("projects_v2_status_update", &["projects_v2_status_update"]),
    ("projects_v2", &["projects_v2"]),
    ("project_card", &["project_card"]),
    ("project_column", &["project_column"]),
    ("project", &["project"]),
    ("sponsorship", &["sponsorship"]),
    (
        "personal_access_token_request",
        &["personal_access_token_request"],
    ),
    (
        "security_and_analysis",
        &["changes.from.security_and_analysis"],
    ),
    ("marketplace_purchase", &["marketplace_purchase"]),
    ("repository_dispatch", &["client_payload"]),
    ("installation_repositories", &["repositories_added"]),
    ("installation", &["installation.account"]),
];

/// GitHub's name of the event that has this shape; `unknown` where none is known to have it.
pub fn event_name(payload: &Json) -> &'static str {
    SHAPES
        .iter()
        .find(|(_, fields)| fields.iter().all(|field| is_present(payload, field)))
        .map(|(name, _)| *name)
        .or_else(|| about_repository_alone(payload))
        .unwrap_or("unknown")
}

/// Events that say nothing but what was done to which repository by whom.
fn about_repository_alone(payload: &Json) -> Option<&'static str> {
    const FIELDS: [&str; 7] = [
        "action",
        "changes",
        "repository",
        "sender",
        "organization",
        "installation",
        "enterprise",
    ];
    let Json::Object(fields) = payload else {
        return None;
    };
    let alone = fields.iter().all(|(name, _)| FIELDS.contains(&name));
    if !alone || fields.get("repository").is_none() {
        return None;
    }
    Some(match payload.text("action").as_deref() {
        None => "public",
        Some("started") => "watch",
        Some(_) => "repository",
    })
}

fn is_present(payload: &Json, path: &str) -> bool {
    match path.rsplit_once('.') {
        Some((parent, key)) => payload.at(parent).get(key).is_some(),
        None => payload.get(path).is_some(),
    }
}
