//! Pieces that many of GitHub's payloads have in common: people, teams, repositories, commits, edits.

use crate::core::event::{Change, Commit, Event, Fact, Person, Repo};
use crate::core::json::{Json, Lookup};
use crate::core::source::names;

/// A user object. `None` where it is null, as it is for accounts that were deleted.
pub fn person(user: &Json) -> Option<Person> {
    let login = user.text("login")?;
    let bot = user.text("type").as_deref() == Some("Bot") || login.ends_with("[bot]");
    Some(Person {
        id: user.text("id"),
        bot,
        ..Person::with_login(login)
    })
}

pub fn people(payload: &Json, path: &str) -> Vec<Person> {
    payload.list(path).into_iter().filter_map(person).collect()
}

/// A team, with the login by which people call it in comments: `acme/backend`.
pub fn team(payload: &Json, team: &Json) -> Option<Person> {
    let slug = team.text("slug");
    let name = team.text("name").or_else(|| slug.clone())?;
    let owner = payload
        .text("organization.login")
        .or_else(|| payload.text("repository.owner.login"));
    let login = owner
        .zip(slug)
        .map(|(owner, slug)| format!("{owner}/{slug}"));
    Some(Person {
        login,
        id: team.text("id"),
        ..Person::named(name)
    })
}

/// An author or committer as git knows them, with a login where GitHub could tell.
pub fn git_person(person: &Json) -> Option<Person> {
    let email = person.text("email");
    let login = person
        .text("username")
        .or_else(|| email.as_deref().and_then(login_of_private_address));
    let name = login.clone().or_else(|| person.text("name"))?;
    Some(Person {
        bot: name.ends_with("[bot]"),
        login,
        email,
        ..Person::named(name)
    })
}

/// The login in the address that GitHub gives to those who hide theirs: `1024025+mona@users.noreply.github.com`.
fn login_of_private_address(email: &str) -> Option<String> {
    let local = email.strip_suffix("@users.noreply.github.com")?;
    let login = local.split_once('+').map_or(local, |(_, login)| login);
    Some(login.to_owned()).filter(|login| !login.is_empty())
}

/// The repository or, for hooks of an organization or an App, the account that it is about.
pub fn repo(payload: &Json) -> Option<Repo> {
    let repository = payload.at("repository");
    if let Some(name) = repository.text("full_name") {
        return Some(Repo {
            default_branch: repository
                .text("default_branch")
                .or_else(|| repository.text("master_branch")),
            private: repository.flag("private"),
            ..Repo::named(name, repository.link("html_url"))
        });
    }
    const ACCOUNTS: [&str; 4] = [
        "organization",
        "installation.account",
        "sponsorship.sponsorable",
        "enterprise",
    ];
    ACCOUNTS
        .into_iter()
        .map(|path| payload.at(path))
        .find_map(|account| {
            let name = account.text("login").or_else(|| account.text("slug"))?;
            Some(Repo::named(name, account.link("html_url")))
        })
}

/// A commit as `head_commit` and the entries of `commits` have it. Where the payload has no address for it, it is
/// the repository's page of that commit.
pub fn commit(event: &Event, commit: &Json) -> Option<Commit> {
    let id = commit.text("id")?;
    Some(Commit {
        title: commit.line("message").unwrap_or_default(),
        url: commit.link("url").or_else(|| page(event, &["commit", &id])),
        author: git_person(commit.at("author")),
        id,
    })
}

/// The page of the event's repository under these path segments, escaped as needed: branch names may hold anything.
pub fn page(event: &Event, segments: &[&str]) -> Option<String> {
    let mut url = url::Url::parse(event.repo.as_ref()?.url.as_deref()?).ok()?;
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(segments);
    Some(url.into())
}

/// Names the thing over all its events: `github:acme/shop:pull_request:42`.
pub fn set_object(event: &mut Event, noun: &str, id: Option<String>) {
    let repo = event.repo.as_ref().map(|repo| repo.name.as_str());
    event.object = repo
        .zip(id)
        .map(|(repo, id)| format!("github:{repo}:{noun}:{id}"));
}

/// Names the thing by a number that counts within its repository.
pub fn set_number(event: &mut Event, noun: &str, number: Option<String>) {
    set_object(event, noun, number.clone());
    event.reference = number.as_ref().map(|number| format!("#{number}"));
    event.number = number;
}

/// When it happened and when the thing was made. `updated_at` moves with every event of a thing, so it is the
/// nearest to a time of the event that GitHub sends.
pub fn times(event: &mut Event, thing: &Json) {
    event.created_at = thing.time("created_at");
    let is_new = matches!(event.action.as_str(), "" | "created" | "opened");
    event.at = thing
        .time("updated_at")
        .or(event.created_at.filter(|_| is_new));
}

/// What `changes` says was edited, with the new values taken from the thing itself. Of long texts only the fact is
/// told, and an edit that left the value as it was is none.
pub fn changes(payload: &Json, thing: &Json) -> Vec<Change> {
    let Json::Object(fields) = payload.at("changes") else {
        return Vec::new();
    };
    fields
        .sorted()
        .into_iter()
        .filter_map(|(field, change)| {
            let from = scalar(change.at("from"));
            let to = scalar(change.at("to")).or_else(|| scalar(thing.at(field)));
            let edited = change.get("from").is_some() || change.get("to").is_some();
            if !edited || from == to {
                return None;
            }
            let told = !matches!(field, "body" | "description");
            Some(self::change(
                field,
                from.filter(|_| told),
                to.filter(|_| told),
            ))
        })
        .collect()
}

/// A value that can stand in a sentence; a list as its elements.
fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Array(values) => {
            let texts: Vec<String> = values.iter().filter_map(scalar).collect();
            Some(texts.join(", ")).filter(|text| !text.is_empty())
        }
        other => other.text(""),
    }
}

/// A change of a list: what came and what went.
pub fn list_change(field: &str, added: Option<String>, removed: Option<String>) -> Change {
    Change {
        field: field.to_owned(),
        added: added.into_iter().collect(),
        removed: removed.into_iter().collect(),
        ..Change::default()
    }
}

/// A change of one value.
pub fn change(field: &str, from: Option<String>, to: Option<String>) -> Change {
    Change {
        field: field.to_owned(),
        from,
        to,
        ..Change::default()
    }
}

/// Adds a named value, unless it is not there.
pub fn fact(event: &mut Event, name: &str, value: Option<String>) {
    if let Some(value) = value {
        event.facts.push(Fact {
            name: name.to_owned(),
            value,
        });
    }
}

/// Adds how many there are, unless there are none.
pub fn count_fact(event: &mut Event, name: &str, count: Option<u64>) {
    fact(
        event,
        name,
        count
            .filter(|count| *count > 0)
            .map(|count| count.to_string()),
    );
}

/// GitHub's words are joined by underscores: `not_planned` -> `not planned`.
pub fn words(word: String) -> String {
    word.replace('_', " ")
}

/// The branch of `refs/heads/…` or of a bare name, or the tag of `refs/tags/…`.
pub fn set_ref(event: &mut Event, reference: &str) {
    match names::tag_of(reference) {
        Some(tag) => event.tag = Some(tag.to_owned()),
        None => event.branch = Some(names::branch_of(reference).to_owned()),
    }
}
