//! Builds: GitHub Actions' runs and jobs, the checks and statuses of other services, and GitHub Pages.
//!
//! One build of Actions is told as workflow run, workflow jobs, check suite and check runs at once. The run speaks
//! for all of them, and a job only when it failed, since only jobs name the step.

use super::fields;
use crate::core::event::{Commit, Event, Job, Noun, Pipeline};
use crate::core::json::{Json, Lookup};
use crate::core::source::names;

const ACTIONS: &str = "github-actions";
const UNFINISHED: &str = "the end of it will be told";
const NOTHING_RAN: &str = "it was skipped, nothing ran";
const TOLD_BY_RUN: &str = "the workflow run tells it";

pub fn workflow_run(event: &mut Event, payload: &Json) {
    let run = payload.at("workflow_run");
    event.noun = Noun::Pipeline;
    set_state(event, run);
    let commit = fields::commit(event, run.at("head_commit"))
        .or_else(|| bare_commit(event, run.text("head_sha")));
    event.branch = run.text("head_branch");
    event.number = run.text("run_number");
    event.reference = event.number.as_ref().map(|number| format!("#{number}"));
    event.url = run.link("html_url");
    event.title = run
        .line("display_title")
        .or_else(|| title_of(commit.as_ref()));
    event.author = commit.as_ref().and_then(|commit| commit.author.clone());
    event.created_at = run.time("created_at");
    event.at = run.time("updated_at").or(event.created_at);
    // Run numbers count per workflow, so only the id names a run.
    fields::set_object(event, "pipeline", run.text("id"));
    let (change_request, change_request_url) = pull_request_of(event, run);
    event.pipeline = Some(Pipeline {
        name: run.text("name").or_else(|| payload.text("workflow.name")),
        number: event.number.clone(),
        url: event.url.clone(),
        trigger: run.text("event"),
        duration: seconds(run, "run_started_at", "updated_at").filter(|_| run.has("conclusion")),
        attempt: run.count("run_attempt"),
        commit,
        change_request,
        change_request_url,
        fork: fork_of(event, run),
        failure_url: event.url.clone().filter(|_| has_failed(event)),
        ..Pipeline::default()
    });
    if event.action != "completed" {
        event.hush_action(UNFINISHED);
    } else if is_skipped(event) {
        event.hush_as("skipped", NOTHING_RAN);
    }
}

pub fn workflow_job(event: &mut Event, payload: &Json) {
    let run = payload.at("workflow_job");
    event.noun = Noun::Job;
    set_state(event, run);
    event.branch = run.text("head_branch");
    event.title = run.line("name");
    event.url = run.link("html_url");
    event.created_at = run.time("created_at").or(run.time("started_at"));
    event.at = run.time("completed_at").or(event.created_at);
    fields::set_object(event, "job", run.text("id"));
    event.job = Some(Job {
        failed_step: failed_step(run),
        runner: run.text("runner_name"),
        attempt: run.count("run_attempt"),
        ..job(event, run)
    });
    event.pipeline = Some(Pipeline {
        name: run.text("workflow_name"),
        url: run
            .text("run_id")
            .and_then(|id| fields::page(event, &["actions", "runs", &id])),
        attempt: run.count("run_attempt"),
        commit: bare_commit(event, run.text("head_sha")),
        failure_url: event.url.clone().filter(|_| has_failed(event)),
        ..Pipeline::default()
    });
    if event.action != "completed" {
        event.hush_action(UNFINISHED);
    } else if !has_failed(event) {
        let status = event.status.clone().unwrap_or_default();
        event.hush_as(&status, TOLD_BY_RUN);
    }
}

pub fn check_run(event: &mut Event, payload: &Json) {
    let check = payload.at("check_run");
    let suite = check.at("check_suite");
    event.noun = Noun::Job;
    set_state(event, check);
    event.branch = suite.text("head_branch");
    event.title = check.line("name");
    event.url = check.link("html_url").or_else(|| check.link("details_url"));
    event.created_at = check.time("started_at");
    event.at = check.time("completed_at").or(event.created_at);
    fields::set_object(event, "job", check.text("id"));
    event.text = check
        .text("output.summary")
        .or_else(|| check.text("output.title"));
    event.job = Some(Job {
        failure: check.line("output.title").filter(|_| has_failed(event)),
        ..job(event, check)
    });
    let (change_request, change_request_url) = pull_request_of(event, check);
    event.pipeline = Some(Pipeline {
        name: check.text("app.name"),
        commit: bare_commit(event, check.text("head_sha")),
        change_request,
        change_request_url,
        failure_url: event.url.clone().filter(|_| has_failed(event)),
        ..Pipeline::default()
    });
    if check.text("app.slug").as_deref() == Some(ACTIONS) {
        event.hush_as("repeated", TOLD_BY_RUN);
    } else if event.action != "completed" {
        event.hush_action(UNFINISHED);
    } else if is_skipped(event) {
        event.hush_as("skipped", NOTHING_RAN);
    }
}

pub fn check_suite(event: &mut Event, payload: &Json) {
    let suite = payload.at("check_suite");
    event.noun = Noun::Pipeline;
    set_state(event, suite);
    let commit = fields::commit(event, suite.at("head_commit"))
        .or_else(|| bare_commit(event, suite.text("head_sha")));
    event.branch = suite.text("head_branch");
    event.title = title_of(commit.as_ref());
    event.author = commit.as_ref().and_then(|commit| commit.author.clone());
    event.url = commit
        .as_ref()
        .and_then(|commit| fields::page(event, &["commit", &commit.id, "checks"]));
    fields::times(event, suite);
    fields::set_object(event, "pipeline", suite.text("id"));
    let (change_request, change_request_url) = pull_request_of(event, suite);
    event.pipeline = Some(Pipeline {
        name: suite.text("app.name"),
        url: event.url.clone(),
        commit,
        change_request,
        change_request_url,
        ..Pipeline::default()
    });
    event.hush_event("its check runs or the workflow run tell it");
}

/// A commit status, as services without an App set them. Its context is what names the build.
pub fn status(event: &mut Event, payload: &Json) {
    event.noun = Noun::Pipeline;
    if let Some(word) = payload.text("state") {
        set_word(event, &word);
    }
    let commit = payload.text("sha").map(|id| Commit {
        title: payload.line("commit.commit.message").unwrap_or_default(),
        url: payload
            .link("commit.html_url")
            .or_else(|| fields::page(event, &["commit", &id])),
        author: fields::person(payload.at("commit.author"))
            .or_else(|| fields::git_person(payload.at("commit.commit.author"))),
        id,
    });
    event.branch = status_branch(event, payload);
    event.title = title_of(commit.as_ref());
    event.author = commit.as_ref().and_then(|commit| commit.author.clone());
    event.text = payload.text("description");
    event.url = payload
        .link("target_url")
        .or_else(|| commit.as_ref().and_then(|commit| commit.url.clone()));
    fields::times(event, payload);
    let context = payload.text("context");
    let id = commit.as_ref().map(|commit| {
        let context = context.as_deref().unwrap_or("default");
        format!("{}:{context}", commit.id)
    });
    fields::set_object(event, "status", id);
    event.pipeline = Some(Pipeline {
        name: context,
        url: payload.link("target_url"),
        commit,
        failure_url: event.url.clone().filter(|_| has_failed(event)),
        ..Pipeline::default()
    });
    if payload.text("state").as_deref() == Some("pending") {
        event.hush_as("pending", UNFINISHED);
    }
}

/// A build of GitHub Pages.
pub fn page_build(event: &mut Event, payload: &Json) {
    let build = payload.at("build");
    event.noun = Noun::Pipeline;
    match build.text("status").as_deref() {
        Some("built") => set_word(event, "success"),
        Some(word) => set_word(event, word),
        None => {}
    }
    event.title = Some("GitHub Pages".to_owned());
    event.author = fields::person(build.at("pusher"));
    event.text = build.text("error.message");
    fields::times(event, build);
    let commit = bare_commit(event, build.text("commit"));
    event.url = commit
        .as_ref()
        .and_then(|commit| commit.url.clone())
        .or_else(|| event.repo.as_ref()?.url.clone());
    fields::set_object(event, "pages", payload.text("id"));
    event.pipeline = Some(Pipeline {
        name: event.title.clone(),
        url: event.url.clone(),
        // Milliseconds here, unlike everywhere else.
        duration: build.count("duration").map(|duration| duration / 1000),
        error: build.text("error.message"),
        commit,
        ..Pipeline::default()
    });
    if event.text.is_none() && !has_failed(event) {
        event.hush_event("the pages were built as always");
    }
}

/// The state of a run, job or check: its conclusion or, while it has none, its status.
fn set_state(event: &mut Event, run: &Json) {
    if let Some(word) = run.text("conclusion").or_else(|| run.text("status")) {
        set_word(event, &word);
    }
}

/// Our word and mark for GitHub's word of a state, which stays usable in routes.
pub fn set_word(event: &mut Event, word: &str) {
    let state = names::build_state(word);
    event.status = Some(state.status.to_owned());
    event.mark = state.mark;
    if word != state.status {
        event.aliases.status.push(word.to_owned());
    }
}

fn is_skipped(event: &Event) -> bool {
    event.status.as_deref() == Some("skipped")
}

fn has_failed(event: &Event) -> bool {
    matches!(event.status.as_deref(), Some("failed" | "errored"))
}

fn job(event: &Event, run: &Json) -> Job {
    Job {
        name: run.text("name").unwrap_or_default(),
        status: event.status.clone(),
        url: event.url.clone(),
        duration: seconds(run, "started_at", "completed_at"),
        ..Job::default()
    }
}

fn failed_step(job: &Json) -> Option<String> {
    job.list("steps")
        .into_iter()
        .find(|step| {
            step.text("conclusion")
                .is_some_and(|word| names::build_state(&word).status == "failed")
        })?
        .text("name")
}

fn seconds(run: &Json, from: &str, to: &str) -> Option<u64> {
    let (from, to) = (run.time(from)?, run.time(to)?);
    u64::try_from(to.as_second() - from.as_second()).ok()
}

/// A commit of which only the hash is told.
pub fn bare_commit(event: &Event, id: Option<String>) -> Option<Commit> {
    let id = id?;
    Some(Commit {
        title: String::new(),
        url: fields::page(event, &["commit", &id]),
        author: None,
        id,
    })
}

fn title_of(commit: Option<&Commit>) -> Option<String> {
    Some(commit?.title.clone()).filter(|title| !title.is_empty())
}

/// The first pull request of a run and its page. There is none for runs of a fork's branch.
fn pull_request_of(event: &Event, run: &Json) -> (Option<String>, Option<String>) {
    let pulls = run.list("pull_requests");
    let Some(number) = pulls.iter().find_map(|pull| pull.text("number")) else {
        return (None, None);
    };
    let url = fields::page(event, &["pull", &number]);
    (Some(format!("#{number}")), url)
}

/// The repository that holds the branch, if it is another one.
fn fork_of(event: &Event, run: &Json) -> Option<String> {
    let head = run.text("head_repository.full_name")?;
    let own = event.repo.as_ref()?;
    (head != own.name).then_some(head)
}

/// Of the branches that hold the commit, the one whose head it is; otherwise the default branch or any.
fn status_branch(event: &Event, payload: &Json) -> Option<String> {
    let sha = payload.text("sha");
    let branches = payload.list("branches");
    let default = event.repo.as_ref()?.default_branch.clone();
    branches
        .iter()
        .find(|branch| branch.text("commit.sha") == sha)
        .or_else(|| {
            branches
                .iter()
                .find(|branch| branch.text("name") == default)
        })
        .or_else(|| branches.first())?
        .text("name")
}
