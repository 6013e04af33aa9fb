//! What a Codeup repository sends: pushes, tags, merge requests, comments.
//!
//! Times of commits are not read: they claim UTC and are Beijing time (seen in recorded pushes). User names of RAM
//! users are technical (`aliyun_ram:…`), so people are printed by `name`.

use crate::core::event::{ChangeRequest, Comment, Commit, Event, Kind, Mark, Noun, Person, Repo};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::{
    past_tense, path_of, push_of, request_status, set_reference, set_text, short,
};
use crate::core::source::names;

/// `word` is `push` or `tag_push`.
pub fn push(body: &Json, word: &str) -> Event {
    let (push, action) = push_of(body);
    let mut event = base(body, word, action);
    event.actor = person(
        body.text("user_name"),
        None,
        body.text("user_extern_uid"),
        body.text("user_email"),
    );
    set_reference(&mut event, &body.text("ref").unwrap_or_default());
    if word == "tag_push" {
        // A new tag comes with the whole history of the repository, which is no news.
        event.noun = Noun::Tag;
        event.mark = Mark::Tag;
        event.object = object(&event, "tag", event.tag.as_deref());
    } else {
        event.noun = Noun::Branch;
        event.mark = match action {
            "updated" => Mark::Push,
            _ => Mark::Branch,
        };
        event.object = object(&event, "branch", event.branch.as_deref());
        event.commits = commits(body, push.after.as_deref());
        event.commit_count = body
            .count("total_commits_count")
            .unwrap_or(event.commits.len() as u64);
    }
    // Codeup's address of a comparison is not known, so the newest commit or the repository is opened.
    event.url = event
        .commits
        .last()
        .and_then(|commit| commit.url.clone())
        .or(event.url);
    event.push = Some(push);
    event
}

/// A merge request of either generation: the old one has `iid` and `id`, the new one `local_id` and `biz_id`.
pub fn merge_request(body: &Json) -> Event {
    let thing = body.at("object_attributes");
    let action = thing.text("action").unwrap_or_default();
    let mut event = base(body, "merge_request", &action);
    set_request(&mut event, thing);
    // Of the author there are only numbers in the body; the name is known where the author acts.
    let author = thing.text("author_aliyun_pk");
    let is_author = author.is_some() && author == body.text("user.aliyun_pk");
    if is_author || action == "open" {
        event.author = event.actor.clone();
    }
    if action == "open" {
        set_text(&mut event, thing.text("description"));
    }
    if let Some(request) = &mut event.change_request {
        request.merged_by = event.actor.clone().filter(|_| request.merged);
    }
    event.mark = match action.as_str() {
        "close" => Mark::Canceled,
        "merge" => Mark::Merged,
        _ => Mark::ChangeRequest,
    };
    if thing.flag("is_update_by_push") {
        event.hush_as("new_commits", "new commits are told by the push");
    }
    event
}

/// A comment. Its body is not documented; the fields of GitLab, where Codeup comes from, are tried.
pub fn note(body: &Json) -> Event {
    let thing = body.at("object_attributes");
    let action = thing.text("action").unwrap_or_else(|| "create".to_owned());
    let mut event = base(body, "note", &action);
    if body.has("merge_request") {
        set_request(&mut event, body.at("merge_request"));
    } else if let Some(commit) = commit(body.at("commit")) {
        event.noun = Noun::Commit;
        event.reference = Some(short(&commit.id));
        event.title = Some(commit.title).filter(|title| !title.is_empty());
        event.author = commit.author;
        event.url = commit.url.or(event.url);
        event.object = object(&event, "commit", Some(&commit.id));
        event.number = Some(commit.id);
    }
    event.mark = Mark::Comment;
    event.url = thing.link("url").or(event.url);
    set_text(&mut event, thing.text("note"));
    event.comment = Some(Comment {
        id: thing.text("id"),
        path: thing.text("position.new_path"),
        line: thing.count("position.new_line"),
        ..Comment::default()
    });
    event
}

/// An event of a kind that is not known.
pub fn unknown(body: &Json, word: &str) -> Event {
    let thing = body.at("object_attributes");
    let action = thing.text("action").unwrap_or_default();
    Event {
        title: thing.line("title").or_else(|| body.line("title")),
        url: thing.link("url").or_else(|| body.link("url")),
        ..base(body, word, &action)
    }
}

fn base(body: &Json, word: &str, action: &str) -> Event {
    let thing = body.at("object_attributes");
    let user = body.at("user");
    let repo = repo(body);
    Event {
        aliases: past_tense(action),
        url: repo.as_ref().and_then(|repo| repo.url.clone()),
        repo,
        actor: person(
            user.text("name"),
            user.text("username"),
            user.text("extern_uid"),
            user.text("email"),
        ),
        at: thing
            .time("updated_at")
            .or_else(|| thing.time("created_at")),
        created_at: thing.time("created_at"),
        ..Event::new(Kind::Codeup, word, action)
    }
}

/// The repository, by the path of its page: `name` alone is not unique, and the page is the one address that is the
/// same in pushes and merge requests.
fn repo(body: &Json) -> Option<Repo> {
    let repository = body.at("repository");
    let target = body.at("object_attributes.target");
    let url = repository
        .link("homepage")
        .or_else(|| target.link("web_url"))
        .or_else(|| repository.link("git_http_url"))
        .map(|url| url.trim_end_matches(".git").to_owned());
    let path = url.as_deref().and_then(path_of);
    let level = repository
        .count("visibility_level")
        .or_else(|| target.count("visibility_level"));
    let name = path.or_else(|| repository.text("name"))?;
    Some(Repo {
        title: without_organization(&name).to_owned(),
        private: level.is_some_and(|level| level < 20),
        ..Repo::named(name, url)
    })
}

/// `64e0…/acme/pay-gateway` -> `acme/pay-gateway`: paths start with the organization's id, which nobody reads.
pub(super) fn without_organization(path: &str) -> &str {
    match path.split_once('/') {
        Some((first, rest)) if is_id(first) => rest,
        _ => path,
    }
}

/// An id of 24 hex digits.
fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Number, title, branches and state of the merge request in `request`.
fn set_request(event: &mut Event, request: &Json) {
    event.noun = Noun::MergeRequest;
    event.number = request.text("local_id").or_else(|| request.text("iid"));
    event.reference = event.number.as_ref().map(|number| format!("!{number}"));
    // Both generations have a number that people see; `biz_id` and `id` are the last resort.
    let identity = event
        .number
        .clone()
        .or_else(|| request.text("biz_id"))
        .or_else(|| request.text("id"));
    event.object = object(event, "merge_request", identity.as_deref());
    event.title = request.line("title");
    event.branch = request.text("target_branch");
    event.url = request.link("url").or(event.url.take());
    let draft = request.flag("work_in_progress");
    let state = request.text("state");
    let status = state.as_deref().map(|state| request_status(state, draft));
    event.status = status.map(str::to_owned);
    event.aliases.status.extend(state);
    event.change_request = Some(ChangeRequest {
        from_branch: request.text("source_branch"),
        to_branch: request.text("target_branch"),
        fork: fork_owner(request),
        draft,
        merged: status == Some("merged"),
        conflict: request.text("merge_status").as_deref() == Some("cannot_be_merged"),
        ..ChangeRequest::default()
    });
}

/// Namespace that the branch comes from, where it is another repository.
fn fork_owner(request: &Json) -> Option<String> {
    let source = request.text("source_project_id")?;
    let target = request.text("target_project_id")?;
    (source != target).then(|| request.text("source.namespace"))?
}

fn object(event: &Event, noun: &str, number: Option<&str>) -> Option<String> {
    let repo = event.repo.as_ref()?;
    Some(format!("codeup:{}:{noun}:{}", repo.name, number?))
}

/// The commits of a push, oldest first. The service sends the newest first, the documentation shows the oldest first.
fn commits(body: &Json, after: Option<&str>) -> Vec<Commit> {
    let mut commits: Vec<Commit> = body
        .list("commits")
        .into_iter()
        .filter_map(commit)
        .collect();
    if commits.first().map(|newest| newest.id.as_str()) == after {
        commits.reverse();
    }
    commits
}

fn commit(commit: &Json) -> Option<Commit> {
    let author = commit.at("author");
    Some(Commit {
        id: commit.text("id")?,
        title: names::first_line(&commit.text("message").unwrap_or_default()),
        url: commit.link("url"),
        author: person(author.text("name"), None, None, author.text("email")),
    })
}

/// Somebody by name. The id is `extern_uid`, the only one that pushes and merge requests have in common.
fn person(
    name: Option<String>,
    login: Option<String>,
    id: Option<String>,
    email: Option<String>,
) -> Option<Person> {
    // Commits of accounts that are not linked have an id for a name.
    let name = name.filter(|name| !is_id(name)).or_else(|| login.clone())?;
    Some(Person {
        login,
        id,
        // Some addresses are masked: `dev***@example.com`.
        email: email.filter(|mail| mail.contains('@') && !mail.contains('*')),
        ..Person::named(name)
    })
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn commits_are_oldest_first_whichever_way_they_came() {
        let (one, two) = (json!({"id": "a1"}), json!({"id": "b2"}));
        for commits in [json!([one, two]), json!([two, one])] {
            let body = json!({"before": "00", "after": "b2", "commits": commits});
            let ids: Vec<String> = push(&body, "push")
                .commits
                .into_iter()
                .map(|commit| commit.id)
                .collect();
            assert_eq!(ids, ["a1", "b2"]);
        }
    }

    #[test]
    fn a_merge_request_has_the_number_that_people_see() {
        let cases = [
            (json!({"iid": 2, "id": 5_190_001}), Some("!2")),
            (json!({"local_id": 7, "biz_id": "0f1e"}), Some("!7")),
            (json!({"biz_id": "0f1e"}), None),
        ];
        for (attributes, reference) in cases {
            let event = merge_request(&json!({"object_attributes": attributes}));
            assert_eq!(event.reference.as_deref(), reference);
        }
    }

    #[test]
    fn a_reopened_merge_request_is_open() {
        let body = json!({"object_attributes": {"state": "reopened", "action": "reopen"}});
        let event = merge_request(&body);
        assert_eq!(event.status.as_deref(), Some("open"));
        assert_eq!(event.aliases.status, ["reopened"]);
    }

    #[test]
    fn an_id_is_not_a_name() {
        let id = Some("64e0a1b2c3d4e5f607180001".to_owned());
        assert_eq!(person(id, None, None, None), None);
    }
}
