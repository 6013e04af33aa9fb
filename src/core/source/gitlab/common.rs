//! What all GitLab events share: the hook around a body, project, people, texts and links.
//!
//! Pages that a body does not name are built by GitLab's standard routes below a project: `/-/tree/<ref>`,
//! `/-/commit/<sha>`, `/-/jobs/<id>`, `/-/pipelines/<id>`, `/-/compare/<before>...<after>`.

use url::Url;

use crate::core::event::{Commit, Event, Fact, Kind, Noun, Person, Repo};
use crate::core::json::{Json, Lookup as _};
use crate::core::source::forge::{past_tense, path_of};
use crate::core::source::names;

/// One request: its body and what the headers add.
pub struct Hook<'a> {
    pub body: &'a Json<'a>,
    /// The header or the body says that only members may see this.
    pub confidential: bool,
    pub repo: Option<Repo>,
    /// Who acted; `None` where GitLab does not tell.
    pub actor: Option<Person>,
}

impl<'a> Hook<'a> {
    /// `header` is `X-Gitlab-Event`; `instance` the base address of the GitLab instance without a slash at the end
    /// (`X-Gitlab-Instance`, 15.5 and newer), for bodies that have a path and no address.
    pub fn new(body: &'a Json<'a>, header: &str, instance: Option<&str>) -> Hook<'a> {
        let event_type = body.text("event_type").unwrap_or_default();
        Hook {
            body,
            confidential: header.starts_with("Confidential ")
                || event_type.starts_with("confidential_"),
            repo: repo(body, instance),
            actor: person(body.at("user")).or_else(|| pusher(body)),
        }
    }

    /// `object_attributes`: the thing itself, in most events.
    pub fn thing(&self) -> &'a Json<'a> {
        self.body.at("object_attributes")
    }

    /// An event with the fields that are read alike everywhere.
    pub fn event(&self, event: &str, action: impl Into<String>) -> Event {
        let thing = self.thing();
        let event = Event::new(Kind::Gitlab, event, action);
        Event {
            aliases: past_tense(&event.action),
            repo: self.repo.clone(),
            actor: self.actor.clone(),
            title: thing.line("title"),
            url: thing.link("url"),
            labels: labels(self.body),
            at: thing
                .time("updated_at")
                .or_else(|| thing.time("created_at")),
            created_at: thing.time("created_at"),
            ..event
        }
    }

    /// The vendor's word for what was done, from either place where GitLab puts it.
    pub fn action(&self) -> Option<String> {
        self.thing()
            .text("action")
            .or_else(|| self.body.text("action"))
    }

    /// A page below the project: `page("jobs/12")`. Names of branches may hold anything and are encoded.
    pub fn page(&self, path: &str) -> Option<String> {
        let base = self.repo.as_ref()?.url.as_ref()?;
        let mut url = Url::parse(base).ok()?;
        url.set_path(&format!("{}/-/{path}", url.path().trim_end_matches('/')));
        Some(url.to_string())
    }

    /// `gitlab:acme/shop:issue:12`.
    pub fn object(&self, noun: &str, number: Option<&str>) -> Option<String> {
        let repo = self.repo.as_ref()?;
        Some(format!("gitlab:{}:{noun}:{}", repo.name, number?))
    }

    /// The author of a commit, as the user who acted where it is the same person: commits carry no user names.
    pub fn commit_author(&self, author: &Json) -> Option<Person> {
        let author = Person {
            email: email(author),
            ..Person::named(author.text("name")?)
        };
        let same = self.actor.as_ref().filter(|actor| {
            actor.name == author.name || (actor.email.is_some() && actor.email == author.email)
        });
        Some(same.cloned().unwrap_or(author))
    }

    /// A commit object of a push, pipeline or note.
    pub fn commit(&self, commit: &Json) -> Option<Commit> {
        let id = commit.text("id")?;
        let message = commit.text("message").unwrap_or_default();
        Some(Commit {
            title: commit
                .line("title")
                .unwrap_or_else(|| names::first_line(&message)),
            url: commit
                .link("url")
                .or_else(|| self.page(&format!("commit/{id}"))),
            author: self.commit_author(commit.at("author")),
            id,
        })
    }

    /// Who made a thing. Bodies name only the id, so the name is known where that person is named elsewhere;
    /// and whoever opens something is its author.
    pub fn author(&self, author_id: Option<String>, opened: bool) -> Option<Person> {
        let known = author_id.and_then(|id| {
            person(self.body.at("user"))
                .into_iter()
                .chain(people(self.body, "assignees"))
                .chain(people(self.body, "reviewers"))
                .find(|person| person.id.as_ref() == Some(&id))
        });
        known.or_else(|| self.actor.clone().filter(|_| opened))
    }
}

fn repo(body: &Json, instance: Option<&str>) -> Option<Repo> {
    let project = body.at("project");
    let url = project
        .link("web_url")
        .or_else(|| project.link("homepage"))
        .or_else(|| body.link("repository.homepage"))
        .or_else(|| page_owner(&body.link("object_attributes.url")?));
    let path = project
        .text("path_with_namespace")
        .or_else(|| body.text("project_path_with_namespace"))
        .or_else(|| body.text("path_with_namespace"))
        .or_else(|| page_path(url.as_deref()?));
    let Some(path) = path else {
        return group(body, instance);
    };
    let url = url.or_else(|| Some(format!("{}/{path}", instance?)));
    let visibility = project
        .text("visibility")
        .or_else(|| body.text("project_visibility"));
    let level = project
        .count("visibility_level")
        .or_else(|| body.count("repository.visibility_level"));
    Some(Repo {
        default_branch: project.text("default_branch"),
        // 0 private, 10 internal, 20 public.
        private: level.is_some_and(|level| level < 20)
            || visibility.is_some_and(|word| word != "public"),
        ..Repo::named(path, url)
    })
}

/// A group stands in for the project where an event is about it.
fn group(body: &Json, instance: Option<&str>) -> Option<Repo> {
    let group = body.at("group");
    let path = body
        .text("full_path")
        .or_else(|| group.text("full_path"))
        .or_else(|| group.text("group_path"))
        .or_else(|| body.text("group_path"))?;
    let url = instance.map(|base| format!("{base}/groups/{path}"));
    Some(Repo::named(path, url))
}

/// `https://host/acme/shop/-/issues/1` -> `https://host/acme/shop`.
fn page_owner(url: &str) -> Option<String> {
    let (owner, _) = url.split_once("/-/")?;
    Some(owner.to_owned())
}

/// The path of a page; a group's has `groups/` before it.
fn page_path(url: &str) -> Option<String> {
    let path = path_of(url)?;
    let group = path.strip_prefix("groups/").map(str::to_owned);
    group.or(Some(path))
}

/// A user object.
pub fn person(user: &Json) -> Option<Person> {
    named(
        user.text("name"),
        user.text("username"),
        user.text("id"),
        email(user),
    )
}

/// Who pushed. Elsewhere the same fields name the user that something was done to.
fn pusher(body: &Json) -> Option<Person> {
    let word = body
        .text("object_kind")
        .or_else(|| body.text("event_name"))?;
    matches!(word.as_str(), "push" | "tag_push" | "repository_update").then(|| flat_person(body))?
}

/// The `user_…` fields that pushes, members and system hooks have in place of a user object.
pub fn flat_person(body: &Json) -> Option<Person> {
    named(
        body.text("user_name"),
        body.text("user_username"),
        body.text("user_id"),
        body.text("user_email").filter(|mail| mail.contains('@')),
    )
}

fn named(
    name: Option<String>,
    login: Option<String>,
    id: Option<String>,
    email: Option<String>,
) -> Option<Person> {
    let bot = login.as_deref().is_some_and(is_bot);
    Some(Person {
        login: login.clone(),
        id,
        email,
        bot,
        ..Person::named(name.or(login)?)
    })
}

/// User names that GitLab makes for access tokens (`project_15_bot_3fa2…`) and service accounts.
fn is_bot(login: &str) -> bool {
    let of_token = login.starts_with("project_") || login.starts_with("group_");
    (of_token && login.contains("_bot")) || login.starts_with("service_account_")
}

/// A mail address; GitLab writes `[REDACTED]` where a user keeps it private.
fn email(user: &Json) -> Option<String> {
    user.text("email").filter(|mail| mail.contains('@'))
}

/// The users of an array.
pub fn people(value: &Json, list: &str) -> Vec<Person> {
    value.list(list).into_iter().filter_map(person).collect()
}

/// Assignees of an issue or merge request; older versions name only the first.
pub fn assignees(body: &Json) -> Vec<Person> {
    let assignees = people(body, "assignees");
    if assignees.is_empty() {
        person(body.at("assignee")).into_iter().collect()
    } else {
        assignees
    }
}

fn labels(body: &Json) -> Vec<String> {
    let places = [
        "labels",
        "object_attributes.labels",
        "merge_request.labels",
        "issue.labels",
    ];
    places
        .iter()
        .map(|place| body.texts(place, "title"))
        .find(|titles| !titles.is_empty())
        .unwrap_or_default()
}

/// Adds a fact where there is a value.
pub fn add_fact(event: &mut Event, name: &str, value: Option<String>) {
    if let Some(value) = value {
        event.facts.push(Fact {
            name: name.to_owned(),
            value,
        });
    }
}

/// Number, decorated number and stable name of the thing with the project-wide number in `value.iid`.
pub fn set_number(hook: &Hook, event: &mut Event, noun: Noun, value: &Json) {
    let (sign, word) = match noun {
        Noun::MergeRequest => ("!", "merge_request"),
        _ => ("#", "issue"),
    };
    event.noun = noun;
    event.number = value.text("iid");
    event.reference = event.number.as_ref().map(|iid| format!("{sign}{iid}"));
    event.object = hook.object(word, event.number.as_deref());
}

/// `script_failure` -> `script failure`.
pub fn in_words(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn a_project_is_found_wherever_a_version_puts_it() {
        let cases = [
            json!({"project": {"path_with_namespace": "acme/shop", "web_url": "https://git.example.com/acme/shop"}}),
            json!({"project": {"homepage": "https://git.example.com/acme/shop"}}),
            json!({"repository": {"homepage": "https://git.example.com/acme/shop"}}),
            json!({"project_path_with_namespace": "acme/shop"}),
            json!({"path_with_namespace": "acme/shop"}),
            json!({"object_attributes": {"url": "https://git.example.com/acme/shop/-/security/vulnerabilities/1"}}),
        ];
        for body in cases {
            let repo = repo(&body, Some("https://git.example.com")).unwrap();
            assert_eq!(repo.name, "acme/shop", "{body}");
            assert_eq!(
                repo.url.as_deref(),
                Some("https://git.example.com/acme/shop"),
                "{body}"
            );
        }
    }

    #[test]
    fn a_page_of_a_branch_with_odd_letters_is_a_good_address() {
        let body = json!({"project": {"web_url": "https://git.example.com/acme/shop"}});
        let hook = Hook::new(&body, "", None);
        assert_eq!(
            hook.page("tree/fix/#12 上传").as_deref(),
            Some("https://git.example.com/acme/shop/-/tree/fix/%2312%20%E4%B8%8A%E4%BC%A0")
        );
        assert_eq!(
            hook.page("compare/a1...b2").as_deref(),
            Some("https://git.example.com/acme/shop/-/compare/a1...b2")
        );
    }

    #[test]
    fn only_a_public_project_is_not_private() {
        for (level, private) in [(0, true), (10, true), (20, false)] {
            let body =
                json!({"project": {"path_with_namespace": "acme/shop", "visibility_level": level}});
            assert_eq!(repo(&body, None).unwrap().private, private, "{level}");
        }
    }

    #[test]
    fn a_hidden_mail_address_is_none() {
        let user = person(&json!({"username": "mona", "email": "[REDACTED]"})).unwrap();
        assert_eq!((user.name.as_str(), user.email), ("mona", None));
    }

    #[test]
    fn users_of_access_tokens_are_bots() {
        for (login, bot) in [
            ("project_15_bot_3fa2", true),
            ("group_3_bot1", true),
            ("mona", false),
        ] {
            assert_eq!(is_bot(login), bot, "{login}");
        }
    }
}
