//! What Jira keeps besides issues: sprints, versions, work logs, links, files, projects, boards and users.
//!
//! Their events carry little more than the thing itself, often without the project or issue it belongs to. So they
//! become a title and a few facts; e-mail addresses are never among these.

use jiff::tz::TimeZone;

use super::person::person_at;
use super::{change, issue, markdown};
use crate::core::event::{Change, Event, Fact, Mark, Noun};
use crate::core::json::{Json, Lookup};

/// Fills in the thing that the event's name speaks of.
pub fn describe(event: &mut Event, payload: &Json) {
    let family = event.event.split('_').next().unwrap_or_default();
    match family {
        "sprint" => sprint(event, payload),
        "version" => version(event, payload),
        "worklog" => worklog(event, payload),
        "attachment" => attachment(event, payload),
        "issuelink" => link(event, payload),
        "project" => project(event, payload),
        "board" => board(event, payload),
        "user" => user(event, payload),
        "filter" | "issuetype" => {
            let name = format!("{family}.name");
            event.title = payload.line(&name);
        }
        _ => {}
    }
}

/// The change that a workflow function tells of in words of its own.
pub fn transition(payload: &Json) -> Option<Change> {
    let transition = payload.at("transition");
    let (from, to) = (transition.line("from_status"), transition.line("to_status"));
    (from.is_some() || to.is_some()).then(|| Change {
        field: "Status".to_owned(),
        from,
        to,
        ..Change::default()
    })
}

fn sprint(event: &mut Event, payload: &Json) {
    let sprint = payload.at("sprint");
    event.noun = Noun::Sprint;
    event.mark = match event.action.as_str() {
        "started" => Mark::Waiting,
        "closed" => Mark::Passed,
        "deleted" => Mark::Canceled,
        _ => Mark::None,
    };
    event.title = sprint.line("name");
    event.milestone = event.title.clone();
    event.status = sprint.line("state");
    event.text = sprint.text("goal").map(|goal| markdown::escape(&goal));
    event.url = board_page(payload, sprint.count("originBoardId"));
    event.object = sprint.line("id").map(|id| format!("jira:sprint:{id}"));
    event.facts = facts([
        ("start", date_at(sprint, "startDate")),
        ("end", date_at(sprint, "endDate")),
        ("completed", date_at(sprint, "completeDate")),
    ]);
    let before = payload.at("oldValue");
    if before.is_object() {
        event.changes = sprint_changes(before, sprint);
    }
}

fn sprint_changes(before: &Json, after: &Json) -> Vec<Change> {
    let fields = [
        ("Name", "name"),
        ("Goal", "goal"),
        ("State", "state"),
        ("Start", "startDate"),
        ("End", "endDate"),
    ];
    let changes = fields.into_iter().map(|(field, key)| {
        let value = |sprint| match key {
            "startDate" | "endDate" => date_at(sprint, key),
            _ => sprint.line(key),
        };
        Change {
            field: field.to_owned(),
            from: value(before),
            to: value(after),
            ..Change::default()
        }
    });
    changes.filter(|change| change.from != change.to).collect()
}

fn version(event: &mut Event, payload: &Json) {
    let version = payload.at("version");
    event.noun = Noun::Version;
    event.mark = match event.action.as_str() {
        "deleted" => Mark::Canceled,
        _ => Mark::Package,
    };
    event.title = version.line("name");
    event.milestone = event.title.clone();
    event.status = version
        .at("released")
        .as_bool()
        .map(|released| if released { "released" } else { "unreleased" }.to_owned());
    let description = version.text("description");
    event.text = description.map(|text| markdown::escape(&text));
    let project = version
        .line("project")
        .or_else(|| version.line("projectId"));
    if let (Some(site), Some(project), Some(id)) =
        (issue::site_of(payload), project, version.line("id"))
    {
        event.url = Some(format!("{site}/projects/{project}/versions/{id}"));
    }
    event.object = version.line("id").map(|id| format!("jira:version:{id}"));
    event.facts = facts([
        ("start", version.line("startDate")),
        ("release date", version.line("releaseDate")),
        ("merged into", payload.line("mergedTo.name")),
    ]);
    match event.action.as_str() {
        "merged" => event.aliases.action.push("deleted".to_owned()),
        "moved" => event.hush_action("only the order of versions changed"),
        _ => {}
    }
}

/// Cloud names the issue of a work log by its number alone; servers send the issue and the changed sum.
fn worklog(event: &mut Event, payload: &Json) {
    let worklog = payload.at("worklog");
    event.mark = Mark::Issue;
    let spent = worklog
        .line("timeSpent")
        .or_else(|| worklog.count("timeSpentSeconds").map(change::in_words))
        .or_else(|| {
            let seconds = change::seconds_logged(payload)?;
            let words = change::in_words(seconds.unsigned_abs());
            Some(if seconds < 0 {
                format!("-{words}")
            } else {
                words
            })
        });
    event.facts = facts([
        ("time spent", spent),
        ("started", date_at(worklog, "started")),
        (
            "issue id",
            worklog.line("issueId").filter(|_| event.number.is_none()),
        ),
    ]);
}

fn attachment(event: &mut Event, payload: &Json) {
    let attachment = payload.at("attachment");
    event.mark = Mark::Issue;
    if event.title.is_none() {
        event.title = attachment.line("filename");
    }
    event.facts = facts([
        ("file", attachment.line("filename")),
        (
            "size",
            attachment
                .count("size")
                .map(|size| bytesize::ByteSize(size).to_string()),
        ),
    ]);
}

/// The two issues are known by their internal numbers only.
fn link(event: &mut Event, payload: &Json) {
    let link = payload.at("issueLink");
    event.mark = Mark::Issue;
    event.title = link.line("issueLinkType.name");
    let (from, to) = (link.line("sourceIssueId"), link.line("destinationIssueId"));
    if let (Some(from), Some(verb), Some(to)) = (from, link.line("issueLinkType.outwardName"), to) {
        event.facts = facts([("link", Some(format!("{from} {verb} {to}")))]);
    }
}

fn project(event: &mut Event, payload: &Json) {
    let project = payload.at("project");
    event.repo = issue::repo_of(project, issue::site_of(payload).as_deref());
    event.mark = match event.action.as_str() {
        "deleted" => Mark::Canceled,
        _ => Mark::None,
    };
    event.title = project.line("name").or_else(|| project.line("key"));
    event.url = event.repo.as_ref().and_then(|repo| repo.url.clone());
    event.object = event
        .repo
        .as_ref()
        .map(|repo| format!("jira:project:{}", repo.name));
    event.facts = facts([
        ("key", project.line("key")),
        (
            "lead",
            person_at(project, "projectLead").map(|lead| lead.name),
        ),
        ("category", project.line("projectCategory.name")),
    ]);
    if event.event == "project_soft_deleted" {
        event.aliases.action.push("soft_deleted".to_owned());
    }
}

fn board(event: &mut Event, payload: &Json) {
    let board = ["board", "configuration"]
        .map(|place| payload.at(place))
        .into_iter()
        .find(|board| board.is_object())
        .unwrap_or(&Json::Null);
    event.title = board.line("name");
    event.url = board_page(payload, board.count("id"));
    event.object = board.line("id").map(|id| format!("jira:board:{id}"));
    event.facts = facts([
        ("type", board.line("type")),
        ("project", board.line("location.name")),
    ]);
}

fn user(event: &mut Event, payload: &Json) {
    event.mark = Mark::People;
    event.title = person_at(payload, "user").map(|user| user.name);
}

/// The address that both Cloud and servers lead to the board from.
fn board_page(payload: &Json, board: Option<u64>) -> Option<String> {
    let (site, board) = (issue::site_of(payload)?, board?);
    Some(format!("{site}/secure/RapidBoard.jspa?rapidView={board}"))
}

fn date_at(value: &Json, path: &str) -> Option<String> {
    let time = value.time(path)?;
    Some(time.to_zoned(TimeZone::UTC).date().to_string())
}

fn facts<const N: usize>(pairs: [(&str, Option<String>); N]) -> Vec<Fact> {
    let known = pairs.into_iter().filter_map(|(name, value)| {
        let name = name.to_owned();
        value.map(|value| Fact { name, value })
    });
    known.collect()
}
