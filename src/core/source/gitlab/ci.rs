//! Pipelines and jobs.
//!
//! `variables` of a pipeline hold values in clear and are never read here.

use super::common::{Hook, add_fact, in_words};
use crate::core::event::{Commit, Event, Job, Noun, Pipeline};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::names::{self, build_state};

pub fn pipeline(hook: &Hook) -> Event {
    let thing = hook.thing();
    let word = thing.text("status").unwrap_or_default();
    let mut event = hook.event("pipeline", word.as_str());
    set_state(&mut event, &word);
    if word != "manual" {
        hush_unfinished(&mut event, "pipeline", &word);
    }

    let id = thing.text("id");
    event.noun = Noun::Pipeline;
    event.reference = id.as_ref().map(|id| format!("#{id}"));
    event.object = hook.object("pipeline", id.as_deref());
    event.number = id.clone();
    event.at = thing
        .time("finished_at")
        .or_else(|| thing.time("created_at"));
    event.url = thing
        .link("url")
        .or_else(|| hook.page(&format!("pipelines/{}", id.as_deref()?)));
    set_ref(&mut event, thing.text("ref"), thing.flag("tag"));
    let request = hook.body.at("merge_request");
    // Pipelines for merge requests run on `refs/merge-requests/7/head`.
    if event
        .branch
        .as_deref()
        .is_none_or(|name| name.starts_with("refs/"))
        && event.tag.is_none()
    {
        event.branch = request.text("source_branch");
    }

    let commit = hook.commit(hook.body.at("commit"));
    set_commit(&mut event, commit.as_ref());
    let jobs = last_tries(hook);
    let failure_url = event.url.as_ref().map(|url| failure_url(url, &jobs));
    let upstream = hook.body.text("source_pipeline.pipeline_id");
    let upstream = upstream.map(|id| {
        let path = hook
            .body
            .text("source_pipeline.project.path_with_namespace");
        format!("{} #{id}", path.unwrap_or_default())
            .trim_start()
            .to_owned()
    });
    add_fact(&mut event, "upstream", upstream);
    event.pipeline = Some(Pipeline {
        name: thing.text("name"),
        number: id,
        url: event.url.clone(),
        trigger: thing.text("source"),
        duration: thing.count("duration"),
        stages: thing.texts("stages", ""),
        jobs,
        commit,
        change_request: request.text("iid").map(|iid| format!("!{iid}")),
        change_request_url: request.link("url"),
        error: thing.text("yaml_errors"),
        failure_url: failure_url.filter(|_| event.status.as_deref() == Some("failed")),
        ..Pipeline::default()
    });
    event
}

pub fn job(hook: &Hook) -> Event {
    let body = hook.body;
    let word = body.text("build_status").unwrap_or_default();
    let mut event = hook.event("job", word.as_str());
    event.aliases.event.push("build".to_owned());
    set_state(&mut event, &word);
    hush_unfinished(&mut event, "job", &word);

    let id = body.text("build_id");
    event.noun = Noun::Job;
    event.object = hook.object("job", id.as_deref());
    event.number = id;
    event.reference = event.number.as_ref().map(|id| format!("#{id}"));
    event.url = event
        .number
        .as_ref()
        .and_then(|id| hook.page(&format!("jobs/{id}")));
    event.at = ["build_finished_at", "build_started_at", "build_created_at"]
        .iter()
        .find_map(|field| body.time(field));
    event.created_at = body.time("build_created_at");
    set_ref(&mut event, body.text("ref"), body.flag("tag"));

    let commit = job_commit(hook);
    set_commit(&mut event, commit.as_ref());
    let pipeline = body.text("pipeline_id");
    event.pipeline = Some(Pipeline {
        name: body.text("commit.name"),
        url: pipeline
            .as_ref()
            .and_then(|id| hook.page(&format!("pipelines/{id}"))),
        number: pipeline,
        commit,
        ..Pipeline::default()
    });
    event.job = Some(Job {
        name: body.text("build_name").unwrap_or_default(),
        stage: body.text("build_stage"),
        status: event.status.clone(),
        url: event.url.clone(),
        duration: body.count("build_duration"),
        failure: failure(&event.status, body.text("build_failure_reason")),
        failed_step: None,
        allowed_to_fail: body.flag("build_allow_failure"),
        runner: body.text("runner.description"),
        attempt: body
            .count("retries_count")
            .map(|retries| retries.saturating_add(1)),
    });
    event
}

/// Status and mark for GitLab's `word`, which stays usable in routes.
pub fn set_state(event: &mut Event, word: &str) {
    if word.is_empty() {
        return;
    }
    let state = build_state(word);
    event.status = Some(state.status.to_owned());
    event.mark = state.mark;
    if state.status != word {
        event.aliases.status.push(word.to_owned());
        event.aliases.action.push(state.status.to_owned());
    }
}

/// Hushes what is not over yet, or was left out.
pub fn hush_unfinished(event: &mut Event, noun: &str, word: &str) {
    if word == "skipped" {
        event.hush_action(format!("the {noun} was skipped"));
    } else if !word.is_empty() && !build_state(word).finished {
        event.hush_action(format!(
            "the {noun} is {}, so it is not over yet",
            in_words(word)
        ));
    }
}

fn set_ref(event: &mut Event, name: Option<String>, is_tag: bool) {
    let place = if is_tag {
        &mut event.tag
    } else {
        &mut event.branch
    };
    *place = name.map(|name| names::branch_of(&name).to_owned());
}

fn set_commit(event: &mut Event, commit: Option<&Commit>) {
    if let Some(commit) = commit {
        event.title = Some(commit.title.clone()).filter(|title| !title.is_empty());
        event.author = commit.author.clone();
    }
}

/// The commit of a job. Its `id` is the pipeline's, and its author has flat fields.
fn job_commit(hook: &Hook) -> Option<Commit> {
    let commit = hook.body.at("commit");
    let id = commit.text("sha").or_else(|| hook.body.text("sha"))?;
    let author = serde_json::json!({
        "name": commit.text("author_name"),
        "email": commit.text("author_email"),
    });
    Some(Commit {
        title: names::first_line(&commit.text("message").unwrap_or_default()),
        url: hook.page(&format!("commit/{id}")),
        author: hook.commit_author(&Json::from(&author)),
        id,
    })
}

/// The last try of every job, those first that make the pipeline fail, then those that were allowed to.
fn last_tries(hook: &Hook) -> Vec<Job> {
    let mut tries: Vec<(u64, Job)> = Vec::new();
    for build in hook.body.list("builds") {
        let Some(job) = job_of(hook, build) else {
            continue;
        };
        let id = build.count("id").unwrap_or_default();
        match tries.iter_mut().find(|(_, known)| known.name == job.name) {
            Some(known) if known.0 < id => *known = (id, job),
            Some(_) => {}
            None => tries.push((id, job)),
        }
    }
    tries.sort_by_key(|(id, job)| (rank(job), *id));
    tries.into_iter().map(|(_, job)| job).collect()
}

fn rank(job: &Job) -> u8 {
    match (job.status.as_deref(), job.allowed_to_fail) {
        (Some("failed"), false) => 0,
        (Some("failed"), true) => 1,
        _ => 2,
    }
}

fn job_of(hook: &Hook, build: &Json) -> Option<Job> {
    let status = build
        .text("status")
        .map(|word| build_state(&word).status.to_owned());
    Some(Job {
        name: build.text("name")?,
        stage: build.text("stage"),
        url: build
            .text("id")
            .and_then(|id| hook.page(&format!("jobs/{id}"))),
        duration: build.count("duration"),
        failure: failure(&status, build.text("failure_reason")),
        failed_step: None,
        allowed_to_fail: build.flag("allow_failure"),
        runner: build.text("runner.description"),
        attempt: None,
        status,
    })
}

/// Why a job failed. GitLab names a reason for jobs that did not fail, too.
fn failure(status: &Option<String>, reason: Option<String>) -> Option<String> {
    let reason = reason.filter(|_| status.as_deref() == Some("failed"))?;
    (reason != "unknown_failure").then(|| in_words(&reason))
}

/// The one job that made the pipeline fail, GitLab's list of failures, or the pipeline itself.
fn failure_url(pipeline_url: &str, jobs: &[Job]) -> String {
    let mut failed = jobs.iter().filter(|job| rank(job) == 0);
    match (failed.next(), failed.next()) {
        (Some(Job { url: Some(url), .. }), None) => url.clone(),
        (Some(_), _) => format!("{pipeline_url}/failures"),
        // Nothing ran, as with an error in the configuration.
        (None, _) => pipeline_url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    fn pipeline_with(status: &str, builds: Json) -> Event {
        let body = json!({
            "object_attributes": {"id": 4711, "status": status, "ref": "main"},
            "project": {"web_url": "https://git.example.com/acme/shop"},
            "builds": builds,
        });
        pipeline(&Hook::new(&body, "Pipeline Hook", None))
    }

    #[test]
    fn only_states_that_somebody_waits_for_are_told() {
        let pipelines = [
            ("success", false),
            ("failed", false),
            ("canceled", false),
            ("manual", false),
            ("created", true),
            ("waiting_for_resource", true),
            ("preparing", true),
            ("pending", true),
            ("running", true),
            ("skipped", true),
        ];
        for (word, quiet) in pipelines {
            let event = pipeline_with(word, json!([]));
            assert_eq!(event.quiet.is_some(), quiet, "{word}");
        }
        let body = json!({"build_status": "manual"});
        assert!(job(&Hook::new(&body, "Job Hook", None)).quiet.is_some());
    }

    #[test]
    fn a_job_that_passed_when_it_was_retried_did_not_fail() {
        let event = pipeline_with(
            "failed",
            json!([
                {"id": 1, "name": "test", "status": "failed"},
                {"id": 3, "name": "lint", "status": "failed", "allow_failure": true},
                {"id": 4, "name": "test", "status": "success"},
                {"id": 5, "name": "deploy", "status": "failed"},
            ]),
        );
        let pipeline = event.pipeline.unwrap();
        let names: Vec<&str> = pipeline.jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["deploy", "lint", "test"]);
        assert_eq!(pipeline.jobs[2].status.as_deref(), Some("passed"));
        assert_eq!(
            pipeline.failure_url.as_deref(),
            Some("https://git.example.com/acme/shop/-/jobs/5")
        );
    }

    #[test]
    fn several_failed_jobs_are_opened_as_a_list() {
        let failed = |id: u64| json!({"id": id, "name": id.to_string(), "status": "failed"});
        let event = pipeline_with("failed", json!([failed(1), failed(2)]));
        assert_eq!(
            event.pipeline.unwrap().failure_url.as_deref(),
            Some("https://git.example.com/acme/shop/-/pipelines/4711/failures")
        );
    }

    #[test]
    fn a_pipeline_for_a_merge_request_is_about_its_source_branch() {
        let body = json!({
            "object_attributes": {"status": "success", "ref": "refs/merge-requests/7/head"},
            "merge_request": {"iid": 7, "source_branch": "retry-uploads"},
        });
        let event = pipeline(&Hook::new(&body, "Pipeline Hook", None));
        assert_eq!(event.branch.as_deref(), Some("retry-uploads"));
        assert_eq!(
            event.pipeline.unwrap().change_request.as_deref(),
            Some("!7")
        );
    }

    #[test]
    fn a_job_that_passed_has_no_reason_of_failure() {
        let passed = json!({"build_status": "success", "build_failure_reason": "unknown_failure"});
        let failed = json!({"build_status": "failed", "build_failure_reason": "script_failure"});
        for (body, reason) in [(passed, None), (failed, Some("script failure"))] {
            let event = job(&Hook::new(&body, "Job Hook", None));
            assert_eq!(event.job.unwrap().failure.as_deref(), reason);
        }
    }
}
