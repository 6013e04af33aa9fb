//! Strangers: vendors' users who have a role in events and whom no `[people.…]` entry covers, so that routes cannot
//! call them. `hookbell people` lists them.

use std::collections::{HashMap, HashSet};

use super::event::{Event, Kind, Person};
use super::people::{People, everybody};

/// Somebody whom no entry covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub kind: Kind,
    /// What they were called where they were seen first.
    pub name: String,
    pub identity: Identity,
    /// Events in which they have a role.
    pub events: u64,
}

/// What would cover somebody: a key of `[people.…]` and its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    pub key: &'static str,
    pub value: String,
}

impl Identity {
    /// The most lasting thing known about a person. An address is somebody's own business and is taken only where
    /// there is neither a login nor an id, as in commits.
    fn of(kind: Kind, person: &Person) -> Identity {
        let (key, value) = match (&person.login, &person.id, &person.email) {
            (Some(login), ..) => (kind.name(), login),
            (None, Some(id), _) => (kind.name(), id),
            (None, None, Some(email)) => (Identity::EMAIL, email),
            (None, None, None) => (kind.name(), &person.name),
        };
        Identity {
            key,
            value: value.clone(),
        }
    }

    const EMAIL: &str = "email";

    pub fn is_email(&self) -> bool {
        self.key == Identity::EMAIL
    }
}

/// Counts strangers, event by event.
#[derive(Debug)]
pub struct Strangers<'a> {
    people: &'a People,
    /// By vendor and by identity in lower case, since entries cover people in any case.
    seen: HashMap<(Kind, Identity), Stranger>,
}

impl<'a> Strangers<'a> {
    /// Those whom `people` does not cover.
    pub fn to(people: &'a People) -> Strangers<'a> {
        Strangers {
            people,
            seen: HashMap::new(),
        }
    }

    /// Counts everybody who has a role in `event` once. Bots are left out: nobody would call them.
    pub fn see(&mut self, event: &Event) {
        let kind = event.source;
        let mut counted = HashSet::new();
        for person in everybody(event) {
            if person.bot || self.people.covers(kind, person) {
                continue;
            }
            let identity = Identity::of(kind, person);
            let same = Identity {
                value: identity.value.to_lowercase(),
                ..identity
            };
            if !counted.insert(same.clone()) {
                continue;
            }
            let stranger = self.seen.entry((kind, same)).or_insert_with(|| Stranger {
                kind,
                name: person.name.clone(),
                identity,
                events: 0,
            });
            stranger.events += 1;
        }
    }

    /// By vendor, in each the one seen most often first.
    pub fn listed(self) -> Vec<Stranger> {
        let mut strangers: Vec<Stranger> = self.seen.into_values().collect();
        strangers.sort_by(|a, b| {
            a.kind
                .cmp(&b.kind)
                .then(b.events.cmp(&a.events))
                .then_with(|| a.name.cmp(&b.name))
                .then_with(|| a.identity.cmp(&b.identity))
        });
        strangers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{Commit, Pipeline};
    use crate::core::people::Member;

    fn issue(kind: Kind, actor: Person) -> Event {
        Event {
            actor: Some(actor),
            ..Event::new(kind, "issues", "opened")
        }
    }

    fn commit(author: Person) -> Commit {
        Commit {
            id: "a1".into(),
            title: "x".into(),
            url: None,
            author: Some(author),
        }
    }

    fn committer(name: &str, email: &str) -> Person {
        Person {
            email: Some(email.into()),
            ..Person::named(name)
        }
    }

    /// `12 mona github mona` for each stranger.
    fn listed(people: &People, events: &[Event]) -> Vec<String> {
        let mut strangers = Strangers::to(people);
        events.iter().for_each(|event| strangers.see(event));
        let line = |stranger: Stranger| {
            let Identity { key, value } = stranger.identity;
            format!("{} {} {key} {value}", stranger.events, stranger.name)
        };
        strangers.listed().into_iter().map(line).collect()
    }

    #[test]
    fn everybody_with_a_role_is_counted_once_in_an_event() {
        let login = Person::with_login;
        let event = Event {
            author: Some(login("Mona")),
            assignees: vec![login("alice")],
            reviewers: vec![login("bob")],
            mentioned: vec![login("carol"), login("mona")],
            commits: vec![commit(login("dave"))],
            pipeline: Some(Pipeline {
                commit: Some(commit(login("erin"))),
                ..Pipeline::default()
            }),
            ..issue(Kind::Github, login("mona"))
        };
        let told = listed(&People::default(), &[event]).join(", ");
        assert_eq!(
            told,
            "1 Mona github Mona, 1 alice github alice, 1 bob github bob, 1 carol github carol, \
             1 dave github dave, 1 erin github erin"
        );
    }

    #[test]
    fn they_come_by_vendor_and_the_most_frequent_first() {
        let by = |kind, login: &str| issue(kind, Person::with_login(login));
        let events = [
            by(Kind::Gitlab, "mona"),
            by(Kind::Github, "alice"),
            by(Kind::Github, "mona"),
            by(Kind::Github, "mona"),
        ];
        assert_eq!(
            listed(&People::default(), &events),
            [
                "2 mona github mona",
                "1 alice github alice",
                "1 mona gitlab mona"
            ]
        );
    }

    #[test]
    fn bots_and_whoever_an_entry_covers_are_no_strangers() {
        let people = People::new(vec![Member {
            name: "alice".into(),
            identities: vec![(Kind::Github, "alice-w".into())],
            emails: vec!["alice@example.com".into()],
            ..Member::default()
        }]);
        let bot = Person {
            bot: true,
            ..Person::with_login("dependabot[bot]")
        };
        let push = Event {
            commits: vec![commit(committer("Alice W.", "Alice@example.com"))],
            ..issue(Kind::Github, Person::with_login("Alice-W"))
        };
        let elsewhere = issue(Kind::Gitlab, Person::with_login("alice-w"));
        assert_eq!(
            listed(&people, &[push, issue(Kind::Github, bot), elsewhere]),
            ["1 alice-w gitlab alice-w"]
        );
    }

    #[test]
    fn an_address_is_told_only_of_those_without_login_and_id() {
        let with_id = Person {
            id: Some("5b10ac8d".into()),
            ..committer("bob", "bob@example.com")
        };
        let with_login = Person {
            login: Some("carol".into()),
            ..committer("Carol", "carol@example.com")
        };
        let cases = [
            (with_id, "1 bob jira 5b10ac8d"),
            (with_login, "1 Carol jira carol"),
            (
                committer("Alice W.", "alice@example.com"),
                "1 Alice W. email alice@example.com",
            ),
            (Person::named("李雷"), "1 李雷 jira 李雷"),
        ];
        for (person, expected) in cases {
            let event = issue(Kind::Jira, person);
            assert_eq!(listed(&People::default(), &[event]), [expected]);
        }
    }

    #[test]
    fn the_line_of_a_stranger_covers_them() {
        let persons = [
            Person::with_login("mona"),
            committer("Alice W.", "alice@example.com"),
            Person::named("李雷"),
        ];
        for person in persons {
            let Identity { key, value } = Identity::of(Kind::Gitlab, &person);
            let mut member = Member::default();
            match Kind::from_name(key) {
                Some(kind) => member.identities.push((kind, value)),
                None => member.emails.push(value),
            }
            assert!(People::new(vec![member]).covers(Kind::Gitlab, &person));
        }
    }
}
