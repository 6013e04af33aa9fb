//! The issue in a body: its fields, its project and its pages.

use super::person::person_at;
use crate::core::event::{Event, Issue, Noun, Repo};
use crate::core::json::{Json, Lookup};

/// Where bodies have the REST address of something on the same site.
const SELVES: [&str; 13] = [
    "issue.self",
    "self",
    "issue.fields.project.self",
    "version.self",
    "sprint.self",
    "project.self",
    "board.self",
    "configuration.self",
    "comment.self",
    "worklog.self",
    "attachment.self",
    "issue.fields.status.self",
    "user.self",
];

/// The issue of a body: under `issue`, or the body itself as rules of Jira Automation send it.
pub fn issue_in<'a>(payload: &'a Json<'a>) -> &'a Json<'a> {
    if !payload.has("issue") && payload.text("key").is_some() && payload.at("fields").is_object() {
        payload
    } else {
        payload.at("issue")
    }
}

/// The address that pages start with, with port and context path and without a final slash:
/// `https://example.com:8443/jira`. Nothing where apps get the API's gateway instead of the site.
pub fn site_of(payload: &Json) -> Option<String> {
    let address = SELVES.into_iter().find_map(|path| payload.link(path))?;
    // Sprints are under /rest/agile/, everything else under /rest/api/. The last one counts, since a context path may
    // contain the same words.
    let end = address
        .rfind("/rest/api/")
        .or_else(|| address.rfind("/rest/"))?;
    let site = &address[..end];
    let gateway = url::Url::parse(site).ok()?.host_str() == Some("api.atlassian.com");
    (!gateway).then(|| site.to_owned())
}

/// The host of the site, which delivery ids are unique within.
pub fn host_of(payload: &Json) -> Option<String> {
    let site = url::Url::parse(&site_of(payload)?).ok()?;
    site.host_str().map(str::to_owned)
}

/// A project's page and names; in events of issues, versions and the project itself.
pub fn repo_of(project: &Json, site: Option<&str>) -> Option<Repo> {
    let key = project.line("key")?;
    Some(Repo {
        title: project.line("name").unwrap_or_else(|| key.clone()),
        url: site.map(|site| format!("{site}/browse/{key}")),
        ..Repo::named(key, None)
    })
}

/// Fills in what the issue says about itself.
pub fn describe(event: &mut Event, payload: &Json) {
    let issue = issue_in(payload);
    let fields = issue.at("fields");
    let Some(key) = issue.line("key") else {
        return;
    };
    let site = site_of(payload);
    event.noun = Noun::Issue;
    event.repo = repo_of(fields.at("project"), site.as_deref())
        .or_else(|| project_of_key(&key, site.as_deref()));
    event.url = site.map(|site| format!("{site}/browse/{key}"));
    event.object = event
        .repo
        .as_ref()
        .map(|repo| format!("jira:{}:issue:{key}", repo.name));
    event.reference = Some(key.clone());
    event.number = Some(key);
    // Bodies written by hand for Jira Automation often have the summary beside the key.
    event.title = fields.line("summary").or_else(|| issue.line("summary"));
    event.author = person_at(fields, "reporter").or_else(|| person_at(fields, "creator"));
    event.assignees = person_at(fields, "assignee").into_iter().collect();
    event.labels = fields.texts("labels", "");
    event.milestone = milestone_of(fields);
    event.created_at = fields.time("created");
    event.status = name_at(fields, "status");
    if let Some(category) = category_of(fields) {
        event.aliases.status.push(category.to_owned());
    }
    event.issue = Some(Issue {
        kind: name_at(fields, "issuetype"),
        priority: name_at(fields, "priority"),
        resolution: name_at(fields, "resolution"),
        due: fields.line("duedate"),
        components: fields.texts("components", "name"),
        confidential: fields.has("security"),
    });
}

/// Whether the issue is in a status of the category "done", the one thing about a status that sites cannot rename.
pub fn is_done(payload: &Json) -> bool {
    category_of(issue_in(payload).at("fields")) == Some("done")
}

fn category_of(fields: &Json) -> Option<&'static str> {
    match fields.text("status.statusCategory.key")?.as_str() {
        "new" => Some("new"),
        "indeterminate" => Some("in_progress"),
        "done" => Some("done"),
        _ => None,
    }
}

/// The name of an object; old bodies have the bare name in its place.
fn name_at(fields: &Json, path: &str) -> Option<String> {
    let value = fields.at(path);
    value.line("name").or_else(|| value.line(""))
}

fn milestone_of(fields: &Json) -> Option<String> {
    let versions = fields.texts("fixVersions", "name");
    if versions.is_empty() {
        fields.line("sprint.name")
    } else {
        Some(versions.join(", "))
    }
}

/// Reduced bodies name no project, but every key starts with the project's: `SHOP-12`.
fn project_of_key(key: &str, site: Option<&str>) -> Option<Repo> {
    let (project, _) = key.rsplit_once('-')?;
    let url = site.map(|site| format!("{site}/browse/{project}"));
    Some(Repo::named(project, url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::json;

    #[test]
    fn pages_keep_port_and_context_path() {
        let sites = [
            (
                "https://acme.atlassian.example.com/rest/api/2/issue/10012",
                Some("https://acme.atlassian.example.com"),
            ),
            (
                "https://acme.atlassian.example.com/rest/api/2/10012",
                Some("https://acme.atlassian.example.com"),
            ),
            (
                "https://example.com:8443/jira/rest/api/2/issue/1",
                Some("https://example.com:8443/jira"),
            ),
            (
                "https://example.com/rest/api/rest/api/2/issue/1",
                Some("https://example.com/rest/api"),
            ),
            (
                "https://example.com/rest/agile/1.0/sprint/7",
                Some("https://example.com"),
            ),
            (
                "https://api.atlassian.com/ex/jira/1/rest/api/2/issue/1",
                None,
            ),
            ("https://example.com/issue/1", None),
            ("ftp://example.com/rest/api/2", None),
        ];
        for (address, site) in sites {
            let payload = json!({"issue": {"self": address}});
            assert_eq!(site_of(&payload).as_deref(), site, "{address}");
        }
    }
}
