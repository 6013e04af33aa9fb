//! From a build notification to an [`Event`].

use serde_json::Value;

use crate::core::event::{
    ChangeRequest, Commit, Event, Job, Kind, Mark, Noun, Person, Pipeline, Repo,
};
use crate::core::json::Lookup;
use crate::core::source::names::{self, BuildState};

/// `slug` is the header `Travis-Repo-Slug`, which is there even when the payload's names are not.
pub fn event_of(payload: &Value, slug: Option<&str>) -> Event {
    let state = state_of(payload);
    let message = payload.line("status_message").map(|text| word(&text));
    let trigger = payload.line("type");
    let build = names::build_state(&state);
    let mut event = Event::new(Kind::Travis, "build", state.clone());
    event.aliases.event = trigger.iter().cloned().collect();
    event.aliases.status = aliases_of(&build, &state, message.as_deref());
    event.status = Some(build.status.to_owned());
    event.mark = build.mark;
    if !build.finished {
        event.quiet = Some("only the result is told".to_owned());
    }

    event.repo = repo_of(payload, slug);
    event.branch = payload.line("branch");
    event.tag = payload.line("tag");
    if event.tag.is_some() {
        // For the build of a tag Travis repeats the tag's name as the branch.
        event.branch = event
            .branch
            .take()
            .filter(|branch| event.tag.as_ref() != Some(branch));
    }
    event.author = person_of(payload, "author").or_else(|| person_of(payload, "committer"));
    event.actor = person_of(payload, "committer")
        .filter(|committer| committer.name != "GitHub")
        .or_else(|| event.author.clone());

    let commit = commit_of(payload);
    let request = change_request_of(payload);
    event.noun = Noun::Pipeline;
    event.number = payload.line("number");
    event.reference = event.number.as_ref().map(|number| format!("#{number}"));
    event.title = request
        .as_ref()
        .and_then(|_| payload.line("pull_request_title"))
        .or_else(|| commit.as_ref().map(|commit| commit.title.clone()))
        .or_else(|| payload.line("message"));
    event.url = payload.link("build_url");
    event.at = payload
        .time("finished_at")
        .or_else(|| payload.time("started_at"));
    event.object = event.repo.as_ref().and_then(|repo| {
        let id = payload.text("id")?;
        Some(format!("travis:{}:build:{id}", repo.name))
    });
    if request.is_some() {
        event.change_request = Some(ChangeRequest {
            to_branch: event.branch.clone(),
            ..ChangeRequest::default()
        });
    }
    event.pipeline = Some(Pipeline {
        number: event.number.clone(),
        url: event.url.clone(),
        trigger,
        duration: wall_time(payload),
        jobs: jobs_of(payload),
        commit,
        trend: message.filter(|word| matches!(word.as_str(), "fixed" | "broken" | "still_failing")),
        change_request_url: request.as_ref().and_then(|_| request_page(payload)),
        change_request: request,
        failure_url: (build.mark != Mark::Passed && build.finished)
            .then(|| event.url.clone())
            .flatten(),
        ..Pipeline::default()
    });
    event
}

/// The build's state; older installations have it only as `status_message` or as the number 0 or 1.
fn state_of(payload: &Value) -> String {
    payload
        .line("state")
        .map(|state| word(&state))
        .filter(|state| state != "finished")
        .or_else(|| {
            let message = word(&payload.line("status_message")?);
            Some(match message.as_str() {
                "fixed" => "passed".to_owned(),
                "broken" | "still_failing" => "failed".to_owned(),
                _ => message,
            })
        })
        .or_else(|| result_of(payload).map(str::to_owned))
        .unwrap_or_else(|| "started".to_owned())
}

/// `status` and `result` are the same number; it is null for everything but a pass or a failure.
fn result_of(payload: &Value) -> Option<&'static str> {
    let result = payload.count("status").or_else(|| payload.count("result"));
    match result? {
        0 => Some("passed"),
        _ => Some("failed"),
    }
}

/// Routes for failed builds want the errored ones too, and the finer words of the message.
fn aliases_of(build: &BuildState, state: &str, message: Option<&str>) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    let errored = (build.status == "errored").then_some("failed");
    for alias in [Some(state), message, errored].into_iter().flatten() {
        if alias != build.status && !aliases.iter().any(|known| known == alias) {
            aliases.push(alias.to_owned());
        }
    }
    aliases
}

fn repo_of(payload: &Value, slug: Option<&str>) -> Option<Repo> {
    let slug = slug
        .map(str::trim)
        .filter(|slug| slug.contains('/'))
        .map(str::to_owned)
        .or_else(|| {
            let owner = payload.line("repository.owner_name")?;
            Some(format!("{owner}/{}", payload.line("repository.name")?))
        })?;
    let url = payload
        .link("repository.url")
        .or_else(|| repo_page(payload, &slug));
    Some(Repo::named(slug, url))
}

/// `repository.url` is null for many, and the repository may be at GitHub or elsewhere: the address of the comparison
/// tells where, if it starts with the repository's own.
fn repo_page(payload: &Value, slug: &str) -> Option<String> {
    let compare = payload.link("compare_url")?;
    let separators = ["/compare/", "/pull/", "/commit/"];
    let page = separators
        .into_iter()
        .find_map(|separator| Some(compare.split_once(separator)?.0))?;
    page.to_ascii_lowercase()
        .ends_with(&format!("/{}", slug.to_ascii_lowercase()))
        .then(|| page.to_owned())
}

fn person_of(payload: &Value, role: &str) -> Option<Person> {
    let name = payload.line(&format!("{role}_name"));
    let email = payload.line(&format!("{role}_email"));
    Some(Person {
        email: email.filter(|address| address.contains('@')),
        ..Person::named(name?)
    })
}

fn commit_of(payload: &Value) -> Option<Commit> {
    let id = payload.line("commit")?;
    let compare = payload.link("compare_url");
    Some(Commit {
        title: names::first_line(&payload.text("message").unwrap_or_default()),
        url: compare.and_then(|compare| commit_page(&compare, &id)),
        author: person_of(payload, "author"),
        id,
    })
}

/// The comparison if it shows the commit; beside a GitHub comparison the commit's own page has a known address.
fn commit_page(compare: &str, id: &str) -> Option<String> {
    match compare.split_once("/compare/") {
        Some((repo, _)) => Some(format!("{repo}/commit/{id}")),
        None => compare.contains("/commit/").then(|| compare.to_owned()),
    }
}

/// `#42` for the build of a pull request. Until 2017 `pull_request` was the number itself.
fn change_request_of(payload: &Value) -> Option<String> {
    let number = payload.count("pull_request_number");
    let number = number.or_else(|| payload.at("pull_request").as_u64())?;
    Some(format!("#{number}"))
}

fn request_page(payload: &Value) -> Option<String> {
    payload
        .link("compare_url")
        .filter(|address| address.contains("/pull/"))
}

/// Seconds from start to finish. `duration` is the sum over all jobs, so it only stands in for a single one.
fn wall_time(payload: &Value) -> Option<u64> {
    let span = payload
        .time("started_at")
        .zip(payload.time("finished_at"))
        .and_then(|(start, finish)| {
            u64::try_from(finish.as_second().checked_sub(start.as_second())?).ok()
        });
    let single = payload.list("matrix").len() <= 1;
    span.or_else(|| payload.count("duration").filter(|_| single))
}

/// Failed jobs first, among them those that count before those that are allowed to fail.
fn jobs_of(payload: &Value) -> Vec<Job> {
    let mut jobs: Vec<Job> = payload
        .list("matrix")
        .into_iter()
        .filter_map(job_of)
        .collect();
    jobs.sort_by_key(|job| match job.status.as_deref() {
        Some("failed" | "errored") => (0, job.allowed_to_fail),
        _ => (1, false),
    });
    jobs
}

/// Times and address of a job are the build's own or missing, so a job is its number and its result.
fn job_of(job: &Value) -> Option<Job> {
    let state = state_of(job);
    Some(Job {
        name: job.line("number").or_else(|| job.line("id"))?,
        status: Some(names::build_state(&state).status.to_owned()),
        allowed_to_fail: job.flag("allow_failure"),
        ..Job::default()
    })
}

/// `Still Failing` -> `still_failing`.
fn word(text: &str) -> String {
    text.to_ascii_lowercase().replace(' ', "_")
}
