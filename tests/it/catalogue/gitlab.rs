//! GitLab's events, after <https://docs.gitlab.com/user/project/integrations/webhook_events/> and
//! <https://docs.gitlab.com/administration/system_hooks/>.

use super::{Row, case, row};

const FLAT: &str = r#"{"event_name": "$"}"#;

#[rustfmt::skip] // A table.
pub const ROWS: &[Row] = &[
    row("push", "updated", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "1", "after": "2"}"#),
    row("push", "created", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "0", "after": "2"}"#),
    row("push", "deleted", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "1", "after": "0"}"#),
    row("tag_push", "created", r#"{"object_kind": "tag_push", "ref": "refs/tags/v1", "before": "0", "after": "2"}"#),
    row("tag_push", "deleted", r#"{"object_kind": "tag_push", "ref": "refs/tags/v1", "before": "1", "after": "0"}"#),

    row("merge_request", "open reopen close merge approved unapproved approval unapproval", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$"}}"#),
    case("merge_request", "update", "with a visible change", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$"}, "changes": {"title": {"previous": "a", "current": "b"}}}"#),
    case("merge_request", "update", "labels alone", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$"}, "changes": {"labels": {"previous": [], "current": [{"title": "a"}]}}}"#),
    case("merge_request", "update", "with new commits", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$", "oldrev": "1"}}"#),
    case("merge_request", "update", "without a visible change", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$"}}"#),
    case("merge_request", "unapproved unapproval", "by GitLab itself", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$", "system": true}}"#),

    case("issue", "open reopen close", "also confidential ones", r#"{"object_kind": "issue", "object_attributes": {"action": "$"}}"#),
    case("issue", "update", "with a visible change", r#"{"object_kind": "issue", "object_attributes": {"action": "$"}, "changes": {"title": {"previous": "a", "current": "b"}}}"#),
    case("issue", "update", "labels alone", r#"{"object_kind": "issue", "object_attributes": {"action": "$"}, "changes": {"labels": {"previous": [], "current": [{"title": "a"}]}}}"#),
    case("issue", "update", "without a visible change", r#"{"object_kind": "issue", "object_attributes": {"action": "$"}}"#),
    case("work_item", "open reopen close", "a task, incident, epic …", r#"{"object_kind": "work_item", "object_attributes": {"action": "$"}}"#),
    case("note", "create update", "on a merge request, issue, commit or snippet", r#"{"object_kind": "note", "object_attributes": {"action": "$", "noteable_type": "Issue"}}"#),
    case("note", "create update", "on anything else", r#"{"object_kind": "note", "object_attributes": {"action": "$", "noteable_type": "Epic"}}"#),
    case("note", "create", "written by GitLab itself", r#"{"object_kind": "note", "object_attributes": {"action": "$", "system": true}}"#),
    row("emoji", "award revoke", r#"{"object_kind": "emoji", "event_type": "$"}"#),

    row("pipeline", "success failed canceled manual skipped created waiting_for_resource preparing pending running scheduled canceling", r#"{"object_kind": "pipeline", "object_attributes": {"status": "$"}}"#),
    row("job", "success failed canceled skipped created waiting_for_resource preparing pending running manual scheduled canceling", r#"{"object_kind": "build", "build_status": "$"}"#),
    row("deployment", "success failed canceled blocked approved rejected skipped created running", r#"{"object_kind": "deployment", "status": "$"}"#),

    row("release", "create update delete", r#"{"object_kind": "release", "action": "$"}"#),
    row("milestone", "create close reopen delete", r#"{"object_kind": "milestone", "action": "$"}"#),
    row("wiki_page", "create update delete", r#"{"object_kind": "wiki_page", "object_attributes": {"action": "$"}}"#),
    row("feature_flag", "on", r#"{"object_kind": "feature_flag", "object_attributes": {"active": true}}"#),
    row("feature_flag", "off", r#"{"object_kind": "feature_flag", "object_attributes": {"active": false}}"#),
    row("access_token", "expiring", r#"{"object_kind": "access_token", "event_name": "$_access_token"}"#),
    row("vulnerability", "detected confirmed dismissed resolved", r#"{"object_kind": "vulnerability", "object_attributes": {"state": "$"}}"#),

    case("$", "user_add_to_group user_update_for_group user_remove_from_group user_access_request_to_group user_access_request_denied_for_group user_access_request_revoked_for_group", "group and system hooks", FLAT),
    case("$", "project_create project_destroy subgroup_create subgroup_destroy", "group hooks", FLAT),
    case("$", "project_rename project_transfer project_update group_create group_rename group_destroy", "system hooks", FLAT),
    case("$", "user_add_to_team user_update_for_team user_remove_from_team user_access_request_to_project user_access_request_revoked_for_project", "system hooks", FLAT),
    case("$", "user_create user_rename user_destroy user_failed_login key_create key_destroy", "system hooks", FLAT),
    case("$", "repository_update", "system hooks", FLAT),
];
