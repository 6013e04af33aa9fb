//! Jira's events, after <https://developer.atlassian.com/cloud/jira/platform/webhooks/>, for Server and Data Center
//! <https://confluence.atlassian.com/adminjiraserver/managing-webhooks-938846912.html>.

use super::{Row, case, row};

#[rustfmt::skip] // A table.
pub const ROWS: &[Row] = &[
    row("issue_created", "created", r#"{"webhookEvent": "jira:issue_created", "issue": {"key": "SHOP-1"}}"#),
    row("issue_deleted", "deleted", r#"{"webhookEvent": "jira:issue_deleted", "issue": {"key": "SHOP-1"}}"#),
    case("issue_updated", "updated", "summary, description, priority …", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "summary", "fromString": "a", "toString": "b"}]}}"#),
    row("issue_updated", "transitioned", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "status", "fromString": "Open", "toString": "Doing"}]}}"#),
    row("issue_updated", "resolved", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "resolution", "toString": "Done"}]}}"#),
    row("issue_updated", "reopened", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "resolution", "fromString": "Done"}]}}"#),
    row("issue_updated", "closed", r#"{"webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_closed", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "status", "toString": "Closed"}]}}"#),
    row("issue_updated", "assigned", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "assignee", "to": "1"}]}}"#),
    row("issue_updated", "unassigned", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "assignee", "from": "1"}]}}"#),
    row("issue_updated", "moved", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "project", "fromString": "A", "toString": "B"}]}}"#),
    row("issue_updated", "ranked", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "Rank"}]}}"#),
    case("issue_updated", "updated", "labels alone; likewise sprint, attachments, watchers, time spent", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "labels", "toString": "a"}]}}"#),
    case("issue_updated", "updated", "without a change", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}}"#),
    Row { headers: SECONDARY, ..case("issue_updated", "updated", "as a side effect (header `X-Atlassian-Webhook-Flow: Secondary`; likewise any event)", r#"{"webhookEvent": "jira:issue_updated", "issue": {"key": "SHOP-1"}, "changelog": {"items": [{"field": "summary", "fromString": "a", "toString": "b"}]}}"#) },

    row("comment_created", "created", r#"{"webhookEvent": "comment_created", "comment": {"id": "1"}, "issue": {"key": "SHOP-1"}}"#),
    row("comment_updated", "updated", r#"{"webhookEvent": "comment_updated", "comment": {"id": "1"}, "issue": {"key": "SHOP-1"}}"#),
    row("comment_deleted", "deleted", r#"{"webhookEvent": "comment_deleted", "comment": {"id": "1"}, "issue": {"key": "SHOP-1"}}"#),
    case("comment_created", "created", "visible to some people only, or internal", r#"{"webhookEvent": "comment_created", "comment": {"visibility": {"type": "role"}}, "issue": {"key": "SHOP-1"}}"#),
    case("comment_created", "created", "without its issue (Server, Data Center)", r#"{"webhookEvent": "comment_created", "comment": {"id": "1"}}"#),

    case("automation", "-", "the issue in Jira Automation's format", r#"{"key": "SHOP-1", "fields": {}}"#),

    row("worklog_$", "created updated deleted", r#"{"webhookEvent": "worklog_$"}"#),
    row("sprint_$", "created started updated closed deleted", r#"{"webhookEvent": "sprint_$"}"#),
    row("version_$", "created updated released unreleased archived unarchived deleted", r#"{"webhookEvent": "jira:version_$"}"#),
    row("version_merged", "merged", r#"{"webhookEvent": "jira:version_deleted", "mergedTo": {}}"#),
    row("version_moved", "moved", r#"{"webhookEvent": "jira:version_moved"}"#),
    row("project_$", "created updated archived restored_archived soft_deleted restored_deleted deleted", r#"{"webhookEvent": "project_$"}"#),
    row("attachment_$", "created deleted", r#"{"webhookEvent": "attachment_$"}"#),
    row("issuelink_$", "created deleted", r#"{"webhookEvent": "issuelink_$"}"#),
    row("issuetype_$", "created updated deleted", r#"{"webhookEvent": "issuetype_$"}"#),
    row("issue_property_$", "set deleted", r#"{"webhookEvent": "issue_property_$"}"#),
    row("board_$", "created updated deleted configuration_changed", r#"{"webhookEvent": "board_$"}"#),
    row("filter_$", "created updated deleted", r#"{"webhookEvent": "filter_$"}"#),
    row("user_$", "created updated deleted", r#"{"webhookEvent": "user_$"}"#),
    row("option_$_changed", "voting watching unassigned_issues subtasks issuelinks timetracking timetracking_provider", r#"{"webhookEvent": "option_$_changed"}"#),
    row("$", "jira_expression_evaluation_failed app_access_to_objects_blocked app_access_to_objects_in_container_blocked", r#"{"webhookEvent": "$"}"#),
    case("empty", "-", "a webhook without a body", ""),
];

const SECONDARY: &[(&str, &str)] = &[("x-atlassian-webhook-flow", "Secondary")];
