//! Which events end a run, and what names the pipeline and the branch it belongs to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::core::event::{Event, Kind, Pipeline};

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Source, repository, branch and pipeline: runs with the same key follow each other.
    pub key: String,
    pub outcome: RunOutcome,
    /// As the vendor prints it: `#815`.
    pub reference: Option<String>,
    pub url: Option<String>,
    /// When it ended, by the vendor's clock.
    pub at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    Passed,
    Failed,
}

impl Run {
    /// `#815` -> 815.
    pub(super) fn number(&self) -> Option<u64> {
        let reference = self.reference.as_deref()?;
        reference.trim_start_matches('#').parse().ok()
    }

    /// Whether this is `before` tried once more.
    pub(super) fn is_again(&self, before: &Run) -> bool {
        self.reference.is_some() && self.reference == before.reference
    }

    /// Whether `run` is this one, told once more: by a second webhook, or by a status that was only reworded. A retry
    /// ends at another time.
    pub(super) fn is_told_again_by(&self, run: &Run) -> bool {
        let timed = run.reference.is_some() && run.at.is_some();
        self.outcome == run.outcome
            && self.reference == run.reference
            && self.url == run.url
            && (!timed || self.at == run.at)
    }
}

/// The run that `event` ends: a whole build with an outcome, from the source of this name. `None` for anything else,
/// also for what was canceled or skipped, which says nothing about the code.
///
/// GitHub's check suites and check runs tell what a workflow run tells already, and jobs are parts. Yunxiao Flow only
/// tells of tasks, so each task is a pipeline of its own.
pub fn run_of(source: &str, event: &Event) -> Option<Run> {
    let whole = match event.source {
        Kind::Github => matches!(event.event.as_str(), "workflow_run" | "status"),
        Kind::Gitlab => event.event == "pipeline",
        Kind::Travis => event.event == "build",
        Kind::Codeup => event.event == "flow_task",
        Kind::Jira => false,
    };
    if !whole {
        return None;
    }
    let outcome = match event.status.as_deref()? {
        "passed" => RunOutcome::Passed,
        "failed" | "errored" => RunOutcome::Failed,
        _ => return None,
    };
    let pipeline = event.pipeline.as_ref()?;
    if pipeline.trigger.as_deref().is_some_and(is_aside) {
        return None;
    }
    let repo = event.repo.as_ref().map_or("", |repo| repo.name.as_str());
    let name = name_of(event, pipeline);
    if repo.is_empty() && name.is_empty() {
        return None;
    }
    let place = place_of(event, pipeline)?;
    Some(Run {
        key: key_of(&[source, repo, &place, &name]),
        outcome,
        reference: event.reference.clone(),
        url: event.url.clone(),
        at: event.at,
    })
}

/// Runs that say nothing about a branch: GitLab's sources of pipelines that do not count for the state of their ref
/// (`Enums::Ci::Pipeline.dangling_sources` of GitLab, among them child pipelines, which their parent tells), and GitHub's
/// merge queue, each run of which has a branch of its own.
fn is_aside(trigger: &str) -> bool {
    matches!(
        trigger,
        "parent_pipeline"
            | "webide"
            | "ondemand_dast_scan"
            | "ondemand_dast_validation"
            | "security_orchestration_policy"
            | "container_registry_push"
            | "merge_group"
    )
}

/// What was built: a branch, a tag, or a request, which GitHub does not number when it comes from a fork. Its branch may
/// well be called `main`.
fn place_of(event: &Event, pipeline: &Pipeline) -> Option<String> {
    if let Some(request) = &pipeline.change_request {
        return Some(format!("request:{request}"));
    }
    if let Some(tag) = &event.tag {
        return Some(format!("tag:{tag}"));
    }
    let branch = event.branch.as_ref()?;
    let of_request = pipeline.trigger.as_deref().is_some_and(|trigger| {
        trigger.starts_with("pull_request")
            || matches!(
                trigger,
                "merge_request_event" | "external_pull_request_event"
            )
    });
    let fork = pipeline.fork.as_ref();
    let fork = fork.map(|fork| format!("{fork}:")).unwrap_or_default();
    let kind = match of_request || !fork.is_empty() {
        true => "request",
        false => "branch",
    };
    Some(format!("{kind}:{fork}{branch}"))
}

/// The pipeline among those of a branch. What runs on schedule is another than what runs on a push: often it has more
/// jobs, so that one passes while the other fails.
fn name_of(event: &Event, pipeline: &Pipeline) -> String {
    let task = match event.source {
        Kind::Codeup => event.job.as_ref().map(|job| job.name.as_str()),
        _ => None,
    };
    let schedule = match pipeline.trigger.as_deref() {
        Some("schedule" | "cron") => Some("(schedule)"),
        _ => None,
    };
    let parts = [pipeline.name.as_deref(), task, schedule];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(" ")
}

/// Short enough for an index of any database, and without characters that some of them refuse. Neither repositories nor
/// branches have blanks in their names.
fn key_of(parts: &[&str]) -> String {
    const LONGEST: usize = 500;
    let whole = parts.join(" ");
    let printed = whole.chars().filter(|letter| !letter.is_control());
    printed.take(LONGEST).collect()
}
