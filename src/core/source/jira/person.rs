//! Jira's users: account ids in Cloud, login names on servers.

use crate::core::event::Person;
use crate::core::json::{Json, Lookup};

/// Where users are found in the bodies of all events.
const PLACES: [&str; 12] = [
    "user",
    "comment.updateAuthor",
    "comment.author",
    "worklog.updateAuthor",
    "worklog.author",
    "attachment.author",
    "issue.fields.assignee",
    "issue.fields.reporter",
    "issue.fields.creator",
    "fields.assignee",
    "fields.reporter",
    "fields.creator",
];

/// The user at `path`. Nobody where there is no object, as with anonymous reporters.
pub fn person_at(value: &Json, path: &str) -> Option<Person> {
    let user = value.at(path);
    if let Some(name) = user.text("") {
        // Rules of Jira Automation often send a bare name.
        return Some(Person::named(name));
    }
    let is_there = matches!(user, Json::Object(fields) if !fields.is_empty());
    if !is_there {
        return None;
    }
    let name = ["displayName", "name", "accountId", "key"]
        .into_iter()
        .find_map(|key| user.line(key))
        .unwrap_or_else(|| "Someone".to_owned());
    Some(Person {
        name,
        login: user.text("name"),
        id: user.text("accountId"),
        // Cloud hides addresses, also as a quoted question mark.
        email: user
            .text("emailAddress")
            .filter(|address| address.contains('@')),
        bot: user.text("accountType").as_deref() == Some("app"),
    })
}

/// The users whom a body names, by whom a mention in its texts can be resolved.
pub struct People(Vec<Person>);

impl People {
    pub fn of(payload: &Json) -> People {
        People(
            PLACES
                .into_iter()
                .filter_map(|path| person_at(payload, path))
                .collect(),
        )
    }

    /// Whom a wiki mention such as `accountid:5b10…` or `mona` means. An account id that is not known has no name to
    /// print, and the id itself must not be shown.
    pub fn mentioned(&self, mention: &str) -> Person {
        match mention.strip_prefix("accountid:") {
            Some(id) => self.with_id(id).unwrap_or_else(|| Person {
                id: Some(id.to_owned()),
                ..Person::named("someone")
            }),
            None => self
                .0
                .iter()
                .find(|person| person.login.as_deref() == Some(mention))
                .cloned()
                .unwrap_or_else(|| Person::with_login(mention)),
        }
    }

    pub fn with_id(&self, id: &str) -> Option<Person> {
        self.0
            .iter()
            .find(|person| person.id.as_deref() == Some(id))
            .cloned()
    }
}
