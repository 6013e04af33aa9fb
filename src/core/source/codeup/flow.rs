//! Notices of Yunxiao Flow (流水线): the webhook plug-in of a pipeline's task, which posts without Codeup's headers.
//!
//! Fields as in Alibaba Cloud's help document 160761, with its misspellings (`UNKOWN`).

use super::event::without_organization;
use crate::core::event::{Event, Fact, Job, Kind, Mark, Noun, Pipeline, Repo};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::short;

/// The state of a task that changed.
pub fn task(body: &Json) -> Event {
    let task = body.at("task");
    let code = task.text("statusCode").unwrap_or_default();
    let (status, mark) = state(&code);
    let source = body.at("sources.0");
    let number = task.text("buildNumber");
    let url = task.link("pipelineUrl");
    let action = code.to_lowercase();
    let mut event = Event::new(Kind::Codeup, "flow_task", action.as_str());
    if action != status {
        event.aliases.status.push(action.clone());
        event.aliases.action.push(status.to_owned());
    }
    match status {
        "passed" | "failed" | "canceled" => {}
        "skipped" => event.hush_action("the task was skipped"),
        _ => event.hush_action(format!("the task is {status}, so it is not over yet")),
    }
    event.status = Some(status.to_owned());
    event.mark = mark;
    event.repo = source.text("repo").and_then(|address| repo(&address));
    event.branch = source.text("branch");
    event.noun = Noun::Pipeline;
    event.reference = number.as_ref().map(|number| format!("#{number}"));
    event.number = number.clone();
    event.title = task.line("pipelineName");
    event.url = url.clone();
    event.object = task.text("pipelineId").map(|id| {
        let run = number.as_deref().unwrap_or_default();
        format!("codeup:flow:{id}:{run}")
    });
    event.facts = source
        .text("commitId")
        .map(|id| Fact {
            name: "commit".to_owned(),
            value: short(&id),
        })
        .into_iter()
        .collect();
    event.job = Some(Job {
        name: task.line("taskName").unwrap_or_default(),
        stage: task.line("stageName"),
        status: Some(status.to_owned()),
        url: url.clone(),
        ..Job::default()
    });
    event.pipeline = Some(Pipeline {
        name: task.line("pipelineName"),
        number,
        url: url.clone(),
        failure_url: url.filter(|_| status == "failed"),
        ..Pipeline::default()
    });
    event
}

/// Our word for a status code, and its mark.
fn state(code: &str) -> (&'static str, Mark) {
    match code {
        "SUCCESS" | "FINISH" => ("passed", Mark::Passed),
        "FAIL" => ("failed", Mark::Failed),
        "CANCELED" => ("canceled", Mark::Canceled),
        "SKIP" => ("skipped", Mark::Canceled),
        "WAITING" => ("waiting", Mark::Waiting),
        _ => ("running", Mark::Waiting),
    }
}

/// `git@codeup.aliyun.com:64e0…/acme/pay-gateway.git`, or the same as an `https` address.
fn repo(address: &str) -> Option<Repo> {
    let address = address.trim_end_matches(".git");
    let (host, path) = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => address.split_once(':')?,
    };
    let host = host.rsplit('@').next()?;
    Some(Repo {
        title: without_organization(path).to_owned(),
        ..Repo::named(path, Some(format!("https://{host}/{path}")))
    })
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn only_the_end_of_a_task_is_told() {
        let cases = [
            ("SUCCESS", "passed", true),
            ("FAIL", "failed", true),
            ("CANCELED", "canceled", true),
            ("RUNNING", "running", false),
            ("WAITING", "waiting", false),
            ("SKIP", "skipped", false),
            ("UNKOWN", "running", false),
        ];
        for (code, status, told) in cases {
            let event = task(&json!({"task": {"statusCode": code}}));
            assert_eq!(event.status.as_deref(), Some(status));
            assert_eq!(event.quiet.is_none(), told, "{code}");
        }
    }

    #[test]
    fn a_repository_is_named_by_either_kind_of_address() {
        for address in [
            "git@codeup.aliyun.com:acme/pay-gateway.git",
            "https://codeup.aliyun.com/acme/pay-gateway.git",
            "ssh://git@codeup.aliyun.com/acme/pay-gateway.git",
        ] {
            let repo = repo(address).unwrap();
            assert_eq!(repo.name, "acme/pay-gateway", "{address}");
            assert_eq!(
                repo.url.as_deref(),
                Some("https://codeup.aliyun.com/acme/pay-gateway")
            );
        }
    }
}
