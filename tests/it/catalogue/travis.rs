//! Travis CI's one event, after <https://docs.travis-ci.com/user/notifications/#configuring-webhook-notifications>.

use super::{Row, row};

#[rustfmt::skip] // A table.
pub const ROWS: &[Row] = &[
    row("build", "passed failed errored canceled", r#"{"state": "$"}"#),
    row("build", "created queued received started", r#"{"state": "$"}"#),
];
