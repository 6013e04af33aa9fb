//! Deployments, their states, and the people who let them through.

use super::ci::{bare_commit, set_word};
use super::fields::{self, fact};
use crate::core::event::{Deployment, Event, Mark, Noun, Person, Review};
use crate::core::json::{Json, Lookup};

pub fn deployment(event: &mut Event, payload: &Json) {
    about(event, payload);
    event.status = Some("pending".to_owned());
    event.mark = Mark::Waiting;
    fields::times(event, payload.at("deployment"));
    event.hush_event("its states will be told");
}

pub fn status(event: &mut Event, payload: &Json) {
    let status = payload.at("deployment_status");
    about(event, payload);
    let state = status.text("state").unwrap_or_default().to_lowercase();
    set_word(event, &state);
    if event.mark == Mark::Passed {
        event.mark = Mark::Deployment;
    }
    event.text = status.text("description").or(event.text.take());
    let log_url = status.link("log_url").or_else(|| status.link("target_url"));
    event.url = log_url.clone().or(event.url.take());
    event.at = status.time("updated_at").or(status.time("created_at"));
    event.created_at = payload.time("deployment.created_at");
    if let Some(deployment) = &mut event.deployment {
        deployment.environment_url = status.link("environment_url");
        deployment.log_url = log_url;
        if state == "waiting" {
            deployment.approval_url = payload.link("workflow_run.html_url");
        }
    }
    if matches!(
        state.as_str(),
        "pending" | "queued" | "in_progress" | "inactive"
    ) {
        event.hush_as(&state, "only an intermediate state");
    }
}

/// People are asked to let a deployment of GitHub Actions through, or have decided.
pub fn review(event: &mut Event, payload: &Json) {
    let run = payload.at("workflow_run");
    about(event, payload);
    let (status, mark) = match event.action.as_str() {
        "approved" => ("approved", Mark::Passed),
        "rejected" => ("rejected", Mark::Failed),
        _ => ("waiting", Mark::Waiting),
    };
    event.status = Some(status.to_owned());
    event.mark = mark;
    event.review = Some(Review {
        state: event.action.clone(),
    });
    event.author = fields::person(payload.at("requestor"))
        .or_else(|| fields::person(payload.at("requester")))
        .or_else(|| fields::person(run.at("triggering_actor")));
    event.actor = fields::person(payload.at("approver")).or(event.actor.take());
    event.text = payload.text("comment");
    event.reviewers = payload
        .list("reviewers")
        .into_iter()
        .filter_map(|entry| reviewer(payload, entry))
        .collect();
    event.url = run.link("html_url");
    event.at = payload.time("since").or(run.time("updated_at"));
    if let Some(deployment) = &mut event.deployment
        && event.action == "requested"
    {
        deployment.approval_url = run.link("html_url");
    }
}

/// A gate of a third party is asked, by a machine for a machine.
pub fn protection_rule(event: &mut Event, payload: &Json) {
    about(event, payload);
    event.status = Some("waiting".to_owned());
    event.mark = Mark::Waiting;
    fields::times(event, payload.at("deployment"));
    fact(event, "trigger", payload.text("event"));
}

fn reviewer(payload: &Json, entry: &Json) -> Option<Person> {
    let reviewer = entry.at("reviewer");
    fields::person(reviewer).or_else(|| fields::team(payload, reviewer))
}

/// What is deployed where. A review has no deployment object, but the run and the environment, which together name
/// one just as well.
fn about(event: &mut Event, payload: &Json) {
    let deployment = payload.at("deployment");
    let run = payload.at("workflow_run");
    let environment = deployment
        .text("environment")
        .or_else(|| payload.text("environment"))
        .or_else(|| payload.text("workflow_job_run.environment"))
        .or_else(|| payload.text("workflow_job_runs.0.environment"))
        .unwrap_or_default();
    event.noun = Noun::Deployment;
    event.title = Some(environment.clone()).filter(|name| !name.is_empty());
    event.author = fields::person(deployment.at("creator"));
    event.text = deployment.text("description");
    event.url = run
        .link("html_url")
        .or_else(|| fields::page(event, &["deployments"]));
    let id = match run.text("id") {
        Some(run) => Some(format!("{environment}:{run}")),
        None => deployment.text("id"),
    };
    fields::set_object(event, "deployment", id);
    let reference = deployment
        .text("ref")
        .or_else(|| run.text("head_branch"))
        .or_else(|| deployment.text("sha"));
    event.branch = run.text("head_branch").or_else(|| {
        reference
            .clone()
            .filter(|name| Some(name) != deployment.text("sha").as_ref())
    });
    let commit = fields::commit(event, run.at("head_commit")).or_else(|| {
        bare_commit(
            event,
            deployment.text("sha").or_else(|| run.text("head_sha")),
        )
    });
    event.deployment = Some(Deployment {
        environment,
        reference,
        commit,
        ..Deployment::default()
    });
}
