//! Deployments to environments, and the approvals that protected environments ask for.

use super::ci::{hush_unfinished, set_state};
use super::common::Hook;
use crate::core::event::{Commit, Deployment, Event, Mark, Noun};
use crate::core::json::Lookup as _;
use crate::core::source::forge::set_text;

pub fn deployment(hook: &Hook) -> Event {
    let body = hook.body;
    let word = body.text("status").unwrap_or_default();
    let mut event = hook.event("deployment", word.as_str());
    match word.as_str() {
        // What approvers answered, for protected environments.
        "approved" => event.mark = Mark::Passed,
        "rejected" => event.mark = Mark::Failed,
        _ => {
            set_state(&mut event, &word);
            if word == "success" {
                event.mark = Mark::Deployment;
            }
            // Blocked means that somebody has to approve it, so it is told.
            if word != "blocked" {
                hush_unfinished(&mut event, "deployment", &word);
            }
        }
    }
    let id = body.text("deployment_id");
    let job_url = body.link("deployable_url");
    event.noun = Noun::Deployment;
    event.object = hook.object("deployment", id.as_deref());
    event.number = id;
    event.reference = event.number.as_ref().map(|id| format!("#{id}"));
    event.title = body.line("commit_title");
    event.url = job_url.clone().or_else(|| hook.page("environments"));
    event.branch = body.text("ref");
    event.at = body.time("status_changed_at");
    set_text(
        &mut event,
        body.text("comment")
            .or_else(|| body.text("approval.comment")),
    );
    let commit_url = body.link("commit_url");
    let hash = commit_url
        .as_deref()
        .and_then(|url| url.rsplit('/').next())
        .map(str::to_owned)
        .or_else(|| body.text("short_sha"));
    event.deployment = Some(Deployment {
        environment: body.text("environment").unwrap_or_default(),
        tier: body.text("environment_tier"),
        reference: body.text("ref").or_else(|| body.text("short_sha")),
        environment_url: body.link("environment_external_url"),
        log_url: job_url.clone(),
        commit: hash.zip(event.title.clone()).map(|(id, title)| Commit {
            id,
            title,
            url: commit_url,
            author: None,
        }),
        approval_url: job_url.filter(|_| word == "blocked"),
    });
    event
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn a_deployment_that_waits_for_an_approval_is_told() {
        for (word, quiet) in [
            ("created", true),
            ("running", true),
            ("blocked", false),
            ("approved", false),
            ("success", false),
            ("canceled", false),
        ] {
            let body = json!({"status": word});
            let event = deployment(&Hook::new(&body, "Deployment Hook", None));
            assert_eq!(event.quiet.is_some(), quiet, "{word}");
        }
    }
}
