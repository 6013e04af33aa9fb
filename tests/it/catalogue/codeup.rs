//! Codeup's events, after Alibaba Cloud's help document 206885 ("Webhook settings"), and those of Yunxiao Flow, after
//! document 160761.

use super::{Row, case, row};

#[rustfmt::skip] // A table.
pub const ROWS: &[Row] = &[
    row("push", "updated", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "1", "after": "2"}"#),
    row("push", "created", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "0", "after": "2"}"#),
    row("push", "deleted", r#"{"object_kind": "push", "ref": "refs/heads/main", "before": "1", "after": "0"}"#),
    row("tag_push", "created", r#"{"object_kind": "tag_push", "ref": "refs/tags/v1", "before": "0", "after": "2"}"#),
    row("tag_push", "deleted", r#"{"object_kind": "tag_push", "ref": "refs/tags/v1", "before": "1", "after": "0"}"#),
    row("merge_request", "open reopen close merge update", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$"}}"#),
    case("merge_request", "update", "with new commits", r#"{"object_kind": "merge_request", "object_attributes": {"action": "$", "is_update_by_push": true}}"#),
    row("note", "create", r#"{"object_kind": "note", "object_attributes": {"action": "$"}}"#),
    case("test", "-", "the button “test”", r#"{"before": "1", "after": "2"}"#),
    case("flow_task", "SUCCESS FINISH FAIL CANCELED SKIP WAITING RUNNING CANCELLING UNKOWN", "a task of Yunxiao Flow", r#"{"event": "task", "task": {"statusCode": "$"}}"#),
];
