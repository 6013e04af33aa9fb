//! From a build notification to an [`Event`].

use crate::core::event::{Commit, Event, Job, Kind, Noun, Person, Pipeline, Repo};
use crate::core::json::{Json, Lookup};
use crate::core::source::names::{self, BuildState};

/// `slug` is the header `Travis-Repo-Slug`. It is not signed, so it only stands in where the payload has no names.
pub fn event_of(payload: &Json, slug: Option<&str>) -> Event {
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
        event.hush_action("only the result is told");
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

    let commit = commit_of(payload, event.repo.as_ref());
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
    let jobs = jobs_of(payload);
    event.pipeline = Some(Pipeline {
        number: event.number.clone(),
        url: event.url.clone(),
        trigger,
        duration: wall_time(payload),
        failure_url: matches!(build.status, "failed" | "errored")
            .then(|| failure_page(&jobs, event.url.as_ref()))
            .flatten(),
        jobs,
        commit,
        trend: message.filter(|word| matches!(word.as_str(), "fixed" | "broken" | "still_failing")),
        change_request_url: request.as_ref().and_then(|_| request_page(payload)),
        change_request: request,
        ..Pipeline::default()
    });
    event
}

/// The build's state; older installations have it only as `status_message` or as the number 0 or 1.
fn state_of(payload: &Json) -> String {
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
fn result_of(payload: &Json) -> Option<&'static str> {
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

fn repo_of(payload: &Json, slug: Option<&str>) -> Option<Repo> {
    let signed = payload
        .line("repository.owner_name")
        .zip(payload.line("repository.name"))
        .map(|(owner, name)| format!("{owner}/{name}"));
    let header = || slug.map(str::trim).filter(|slug| slug.contains('/'));
    let slug = signed.or_else(|| header().map(str::to_owned))?;
    let url = payload
        .link("repository.url")
        .or_else(|| repo_page(payload, &slug));
    Some(Repo::named(slug, url))
}

/// `repository.url` is null for many, and the repository may be at GitHub or elsewhere: the address of the comparison
/// tells where, if it starts with the repository's own.
fn repo_page(payload: &Json, slug: &str) -> Option<String> {
    let compare = payload.link("compare_url")?;
    let separators = ["/-/compare/", "/compare/", "/pull/", "/commit/"];
    let page = separators
        .into_iter()
        .find_map(|separator| Some(compare.split_once(separator)?.0))?;
    page.to_ascii_lowercase()
        .ends_with(&format!("/{}", slug.to_ascii_lowercase()))
        .then(|| page.to_owned())
}

fn person_of(payload: &Json, role: &str) -> Option<Person> {
    let name = payload.line(&format!("{role}_name"));
    let email = payload.line(&format!("{role}_email"));
    Some(Person {
        email: email.filter(|address| address.contains('@')),
        ..Person::named(name?)
    })
}

fn commit_of(payload: &Json, repo: Option<&Repo>) -> Option<Commit> {
    let id = payload.line("commit")?;
    let page = repo.and_then(|repo| repo_page(payload, &repo.name));
    Some(Commit {
        title: names::first_line(&payload.text("message").unwrap_or_default()),
        url: match page {
            Some(page) => Some(format!("{page}/commit/{id}")),
            None => payload.link("compare_url"),
        },
        author: person_of(payload, "author"),
        id,
    })
}

/// `#42` for the build of a pull request. Until 2017 `pull_request` was the number itself.
fn change_request_of(payload: &Json) -> Option<String> {
    let number = payload.count("pull_request_number");
    let number = number.or_else(|| payload.at("pull_request").as_u64())?;
    Some(format!("#{number}"))
}

fn request_page(payload: &Json) -> Option<String> {
    payload
        .link("compare_url")
        .filter(|address| address.contains("/pull/"))
}

/// Seconds from start to finish. `duration` is the sum over all jobs, so it only stands in for a single one.
fn wall_time(payload: &Json) -> Option<u64> {
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
fn jobs_of(payload: &Json) -> Vec<Job> {
    let site = build_site(payload);
    let mut jobs: Vec<Job> = payload
        .list("matrix")
        .into_iter()
        .filter_map(|job| job_of(job, site.as_deref()))
        .collect();
    jobs.sort_by_key(|job| (!has_failed(job), job.allowed_to_fail));
    jobs
}

/// Times of a job are the build's own, so a job is its number, its result and its page.
fn job_of(job: &Json, site: Option<&str>) -> Option<Job> {
    let state = state_of(job);
    let id = job.count("id");
    Some(Job {
        name: job.line("number").or_else(|| job.line("id"))?,
        status: Some(names::build_state(&state).status.to_owned()),
        url: site.zip(id).map(|(site, id)| format!("{site}/jobs/{id}")),
        allowed_to_fail: job.flag("allow_failure"),
        ..Job::default()
    })
}

fn has_failed(job: &Job) -> bool {
    matches!(job.status.as_deref(), Some("failed" | "errored"))
}

/// `https://app.travis-ci.com/acme/shop`, where the pages of builds and jobs are (travis-web, `app/router.js`).
fn build_site(payload: &Json) -> Option<String> {
    let page = payload.link("build_url")?;
    let (site, _) = page.rsplit_once("/builds/")?;
    Some(site.to_owned())
}

/// The job if just one made the build fail, or else the build.
fn failure_page(jobs: &[Job], build: Option<&String>) -> Option<String> {
    let mut failed = jobs
        .iter()
        .filter(|job| has_failed(job) && !job.allowed_to_fail);
    match (failed.next(), failed.next()) {
        (Some(job), None) => job.url.clone().or_else(|| build.cloned()),
        _ => build.cloned(),
    }
}

/// `Still Failing` -> `still_failing`; safe in file names and routes.
fn word(text: &str) -> String {
    let letters = text.chars().map(|c| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::json;

    #[test]
    fn the_state_is_found_in_whatever_says_it() {
        let cases = [
            (json!({"state": "canceled", "status": null}), "canceled"),
            (json!({"state": "finished", "status": 0}), "passed"),
            (
                json!({"status_message": "Still Failing", "status": 1}),
                "failed",
            ),
            (json!({"status_message": "Fixed"}), "passed"),
            (json!({"result": 1}), "failed"),
            (json!({"status": null}), "started"),
        ];
        for (payload, state) in cases {
            assert_eq!(state_of(&payload), state, "{payload}");
        }
    }

    #[test]
    fn the_repository_page_is_only_taken_from_its_own_addresses() {
        let cases = [
            (
                "https://github.com/acme/shop/compare/a...b",
                Some("https://github.com/acme/shop"),
            ),
            (
                "https://github.com/Acme/Shop/pull/42",
                Some("https://github.com/Acme/Shop"),
            ),
            (
                "https://gitlab.example.com/acme/shop/-/compare/a...b",
                Some("https://gitlab.example.com/acme/shop"),
            ),
            ("https://example.com/other/repo/compare/a...b", None),
            ("https://example.com/acme/shop", None),
            ("javascript:/acme/shop/compare/", None),
        ];
        for (address, page) in cases {
            let payload = json!({"compare_url": address});
            assert_eq!(
                repo_page(&payload, "acme/shop").as_deref(),
                page,
                "{address}"
            );
        }
    }

    #[test]
    fn nothing_of_the_configuration_gets_into_the_event() {
        let secret = "https://hooks.example.com/?token=must-not-be-shown";
        let payload = json!({
            "state": "failed",
            "config": {"notifications": {"webhooks": secret}, "env": [secret]},
            "matrix": [{"number": "1.1", "state": "failed", "config": {"env": secret}}],
        });
        let event = serde_json::to_string(&event_of(&payload, None)).unwrap();
        assert!(!event.contains("must-not-be-shown"), "{event}");
    }

    #[test]
    fn an_old_payload_has_the_number_of_the_request_as_its_flag() {
        let payload = json!({"pull_request": 42, "pull_request_number": null});
        assert_eq!(change_request_of(&payload).as_deref(), Some("#42"));
        assert_eq!(change_request_of(&json!({"pull_request": true})), None);
    }

    #[test]
    fn several_failures_lead_to_the_build_and_one_to_its_job() {
        let job = |id: u64, allowed: bool| json!({"id": id, "number": id, "state": "failed", "allow_failure": allowed});
        let page = |jobs: Json| {
            let build = "https://travis.example.com/acme/shop/builds/7";
            let payload = json!({"state": "failed", "build_url": build, "matrix": jobs});
            event_of(&payload, None)
                .pipeline
                .unwrap()
                .failure_url
                .unwrap()
        };
        assert!(page(json!([job(8, true), job(9, false)])).ends_with("/acme/shop/jobs/9"));
        assert!(page(json!([job(8, false), job(9, false)])).ends_with("/builds/7"));
        assert!(page(json!([])).ends_with("/builds/7"));
    }
}
