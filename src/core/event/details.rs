//! What only some events have: a push its commits' range, a comment its place, a pipeline its jobs.

use serde::Serialize;

use super::{Commit, Person};

/// A push to a branch or a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Push {
    pub before: Option<String>,
    pub after: Option<String>,
    /// The branch or tag did not exist before.
    pub created: bool,
    /// The branch or tag is gone.
    pub deleted: bool,
    pub forced: bool,
    pub compare_url: Option<String>,
}

/// A pull request or merge request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRequest {
    pub from_branch: Option<String>,
    pub to_branch: Option<String>,
    /// Owner of the fork it comes from, where that is not the repository itself.
    pub fork: Option<String>,
    pub draft: bool,
    pub merged: bool,
    pub merged_by: Option<Person>,
    pub additions: Option<u64>,
    pub deletions: Option<u64>,
    pub changed_files: Option<u64>,
    pub commits: Option<u64>,
    /// The page that shows the changed files.
    pub changes_url: Option<String>,
    /// The vendor says that it cannot be merged as it is.
    pub conflict: bool,
}

/// Where a comment stands. Its words are the event's `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comment {
    pub id: Option<String>,
    pub path: Option<String>,
    pub line: Option<u64>,
    /// Only some people may read it (Jira's visibility or internal note, GitLab's confidential note).
    pub restricted: bool,
    /// The thread it belongs to was resolved, or opened again.
    pub resolved: Option<bool>,
}

/// What a reviewer decided, or was asked for. Its words are the event's `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// `approved`, `changes_requested`, `commented`, `dismissed`, `requested`, `request_removed`, `approval_added`,
    /// `approval_removed`.
    pub state: String,
}

/// What an issue has beside the fields of all events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The vendor's own type: `Bug`, `Incident`, `Task`.
    pub kind: Option<String>,
    pub priority: Option<String>,
    /// Why it was closed, or its resolution.
    pub resolution: Option<String>,
    pub due: Option<String>,
    pub components: Vec<String>,
    pub confidential: bool,
}

/// A run of a pipeline, workflow or build.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pipeline {
    /// Name, where the vendor gives it one: the workflow's name.
    pub name: Option<String>,
    /// Number as the vendor prints it, without `#`.
    pub number: Option<String>,
    pub url: Option<String>,
    /// What started it: `push`, `schedule`, `merge_request_event`.
    pub trigger: Option<String>,
    /// Wall time in seconds.
    pub duration: Option<u64>,
    pub attempt: Option<u64>,
    pub stages: Vec<String>,
    /// The last try of each job; failed ones first.
    pub jobs: Vec<Job>,
    /// The commit that was built.
    pub commit: Option<Commit>,
    /// Against the run before: `fixed`, `broken`, `still_failing`; only where the payload says so or the relay remembers.
    pub trend: Option<String>,
    /// Pull or merge request it ran for: `#42`, `!7`.
    pub change_request: Option<String>,
    pub change_request_url: Option<String>,
    /// Full path of the fork whose branch was built, where that is not the repository itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fork: Option<String>,
    /// Why it could not even start, such as an error in its configuration.
    pub error: Option<String>,
    /// The page to open when it failed: the failed job, or the list of failures.
    pub failure_url: Option<String>,
}

/// One job of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Job {
    pub name: String,
    pub stage: Option<String>,
    /// Same words as the event's status for builds.
    pub status: Option<String>,
    pub url: Option<String>,
    /// Seconds.
    pub duration: Option<u64>,
    /// Why it failed, in the vendor's words.
    pub failure: Option<String>,
    /// The first step that failed.
    pub failed_step: Option<String>,
    pub allowed_to_fail: bool,
    pub runner: Option<String>,
    pub attempt: Option<u64>,
}

/// A version on its way to an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub environment: String,
    pub tier: Option<String>,
    /// Branch, tag or commit that is deployed.
    pub reference: Option<String>,
    pub environment_url: Option<String>,
    pub log_url: Option<String>,
    pub commit: Option<Commit>,
    /// The page where somebody approves or rejects it.
    pub approval_url: Option<String>,
}

/// A published version. Its notes are the event's `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Release {
    pub tag: Option<String>,
    pub name: Option<String>,
    pub prerelease: bool,
    pub draft: bool,
    pub assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asset {
    pub name: String,
    /// Bytes.
    pub size: Option<u64>,
    pub url: Option<String>,
}

/// A finding of a scanner, an advisory, or a credential about to expire. Never the secret itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// `low`, `moderate` or `medium`, `high`, `critical`.
    pub severity: Option<String>,
    /// Affected package with its range, the rule, or the kind of secret: what the headline names.
    pub what: Option<String>,
    pub ecosystem: Option<String>,
    pub fixed_in: Option<String>,
    pub path: Option<String>,
    pub line: Option<u64>,
    /// CVE or GHSA number.
    pub identifier: Option<String>,
    pub tool: Option<String>,
    /// Why it was dismissed or resolved.
    pub reason: Option<String>,
    /// `YYYY-MM-DD`, for a token that expires.
    pub expires: Option<String>,
}

/// A webhook that was just set up, or is tried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// Events the vendor says it will send, `*` for all of them; empty where it does not say.
    pub events: Vec<String>,
    /// Those of them that no route could want. The routes fill this in, not the source.
    pub unrouted: Vec<String>,
}
