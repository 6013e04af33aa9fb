//! People: which member of a chat group a vendor's user is, and who is to be called for an event.

use super::event::{Event, Kind, Person};
use super::message::Mentions;

/// Somebody in the config's `[people.…]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Name in the config; routes may mention it.
    pub name: String,
    /// What vendors call this person: logins, user names or account ids.
    pub identities: Vec<(Kind, String)>,
    /// Addresses used in commits and profiles.
    pub emails: Vec<String>,
    pub mobile: Option<String>,
    pub user_id: Option<String>,
}

impl Member {
    fn is(&self, kind: Kind, person: &Person) -> bool {
        let known = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| {
                self.identities
                    .iter()
                    .any(|(of, identity)| *of == kind && identity.eq_ignore_ascii_case(text))
            })
        };
        let has_email = |email: &str| {
            self.emails
                .iter()
                .any(|known| known.eq_ignore_ascii_case(email))
        };
        known(&person.login)
            || known(&person.id)
            || known(&Some(person.name.clone()))
            || person.email.as_deref().is_some_and(has_email)
    }
}

/// The roles that a route's `mention` may name.
pub const ROLES: [&str; 6] = [
    "author",
    "actor",
    "assignees",
    "reviewers",
    "committers",
    "mentioned",
];

/// The word in a route's `mention` that stands for the whole group.
pub const EVERYBODY: &str = "all";

/// All members.
#[derive(Debug, Clone, Default)]
pub struct People(Vec<Member>);

impl People {
    pub fn new(members: Vec<Member>) -> People {
        People(members)
    }

    /// Whether an entry stands for this user of that vendor.
    pub fn covers(&self, kind: Kind, person: &Person) -> bool {
        self.member(kind, person).is_some()
    }

    fn member(&self, kind: Kind, person: &Person) -> Option<&Member> {
        self.0.iter().find(|member| member.is(kind, person))
    }

    /// The member who acted; all that fit, where the actor goes by several identities: a login as the one who pushed,
    /// the address beside it as an author of the commits.
    fn behind_actor(&self, event: &Event) -> Vec<&Member> {
        event
            .actor
            .iter()
            .flat_map(|actor| everybody(event).filter(|person| is_same_user(person, actor)))
            .filter_map(|person| self.member(event.source, person))
            .collect()
    }

    /// Who is called for `event`, by the words of a route's `mention`: roles, names of people, `all`.
    ///
    /// Nobody is called for what they did themselves, unless by the role `actor` or by name. Each member is called
    /// once, and no more than [`Mentions::MAX_PEOPLE`].
    pub fn mentions(&self, words: &[String], event: &Event) -> Mentions {
        let own = self.behind_actor(event);
        let mut called: Vec<&Member> = Vec::new();
        for word in words {
            let found: Vec<&Member> = match role(word, event) {
                Some(persons) => persons
                    .into_iter()
                    .filter_map(|person| self.member(event.source, person))
                    .filter(|member| word == "actor" || !own.contains(member))
                    .collect(),
                None => self
                    .0
                    .iter()
                    .filter(|member| member.name == *word)
                    .collect(),
            };
            for member in found {
                if !called.contains(&member) {
                    called.push(member);
                }
            }
        }
        called.truncate(Mentions::MAX_PEOPLE);
        let mut mentions = Mentions {
            all: words.iter().any(|word| word == EVERYBODY),
            ..Mentions::default()
        };
        for member in called {
            match (&member.user_id, &member.mobile) {
                (Some(user_id), _) => mentions.user_ids.push(user_id.clone()),
                (None, Some(mobile)) => mentions.mobiles.push(mobile.clone()),
                (None, None) => {}
            }
        }
        mentions
    }
}

/// Whether a vendor means the same user, however much of them it tells in each place.
fn is_same_user(one: &Person, other: &Person) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| {
        let pair = a.as_deref().zip(b.as_deref());
        pair.is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    one == other
        || same(&one.login, &other.login)
        || same(&one.id, &other.id)
        || same(&one.email, &other.email)
}

/// Everybody who has any role in the event; some more than once.
pub fn everybody(event: &Event) -> impl Iterator<Item = &Person> {
    ROLES
        .into_iter()
        .filter_map(|word| role(word, event))
        .flatten()
}

/// The people in a role of the event; `None` when the word is no role.
fn role<'a>(word: &str, event: &'a Event) -> Option<Vec<&'a Person>> {
    let persons = match word {
        "author" => event.author.iter().collect(),
        "actor" => event.actor.iter().collect(),
        "assignees" => event.assignees.iter().collect(),
        "reviewers" => event.reviewers.iter().collect(),
        "mentioned" => event.mentioned.iter().collect(),
        "committers" => {
            let built = event
                .pipeline
                .iter()
                .filter_map(|pipeline| pipeline.commit.as_ref());
            event
                .commits
                .iter()
                .chain(built)
                .filter_map(|commit| commit.author.as_ref())
                .collect()
        }
        _ => return None,
    };
    Some(persons)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let member = |name: &str, login: &str, mobile: &str| Member {
            name: name.into(),
            identities: vec![(Kind::Github, login.into())],
            emails: vec![format!("{name}@example.com")],
            mobile: Some(mobile.into()),
            user_id: None,
        };
        People::new(vec![
            member("alice", "alice-w", "13800000000"),
            member("bob", "bob", "13900000000"),
        ])
    }

    fn event() -> Event {
        let mut event = Event::new(Kind::Github, "pull_request", "opened");
        event.actor = Some(Person::with_login("bob"));
        event.author = Some(Person::with_login("bob"));
        event.reviewers = vec![Person::with_login("Alice-W"), Person::with_login("carol")];
        event
    }

    fn called(words: &[&str]) -> Mentions {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        people().mentions(&words, &event())
    }

    #[test]
    fn a_role_calls_the_members_it_stands_for_once() {
        let mentions = called(&["reviewers", "alice", "reviewers"]);
        assert_eq!(mentions.mobiles, ["13800000000"]);
    }

    #[test]
    fn nobody_is_called_for_what_they_did_themselves_unless_asked() {
        assert!(called(&["author"]).is_empty());
        assert_eq!(called(&["actor"]).mobiles, ["13900000000"]);
        assert_eq!(called(&["bob"]).mobiles, ["13900000000"]);
    }

    #[test]
    fn nobody_is_called_for_their_own_doing_under_another_identity() {
        let commit = |author: Person| crate::core::event::Commit {
            id: "a1".into(),
            title: "x".into(),
            url: None,
            author: Some(author),
        };
        let with_email = |person: Person, email: &str| Person {
            email: Some(email.into()),
            ..person
        };
        let bob = || Person::with_login("bob");
        let unknown_login = || Person::with_login("bob-work");
        let cases = [
            // The entry has the login and the address.
            (bob(), with_email(Person::named("Bob"), "bob@example.com")),
            // It has only the address, and only the commit tells that it is the actor's.
            (
                unknown_login(),
                with_email(unknown_login(), "bob@example.com"),
            ),
            // It has only the address of the one who pushed.
            (
                with_email(unknown_login(), "bob@example.com"),
                unknown_login(),
            ),
        ];
        for (actor, author) in cases {
            let event = Event {
                commits: vec![
                    commit(author),
                    commit(with_email(Person::named("Bob"), "bob@example.com")),
                ],
                actor: Some(actor),
                ..Event::new(Kind::Github, "push", "updated")
            };
            let words = ["committers".to_owned()];
            assert!(people().mentions(&words, &event).is_empty(), "{event:?}");
        }
    }

    #[test]
    fn at_most_fifty_are_called_each_once_and_the_actor_is_not_counted() {
        let member = |number: usize| Member {
            name: format!("person-{number}"),
            identities: vec![
                (Kind::Github, format!("login-{number}")),
                (Kind::Github, format!("second-{number}")),
            ],
            user_id: number.is_multiple_of(2).then(|| format!("id-{number}")),
            mobile: Some(format!("138{number:08}")),
            ..Member::default()
        };
        let login = |prefix: &'static str| {
            move |number: usize| Person::with_login(format!("{prefix}-{number}"))
        };
        let event = Event {
            actor: Some(Person::with_login("second-0")),
            assignees: (0..60).map(login("login")).collect(),
            reviewers: (0..60).map(login("second")).collect(),
            ..event()
        };
        let people = People::new((0..60).map(member).collect());
        let words = ["assignees".to_owned(), "reviewers".to_owned()];
        let mentions = people.mentions(&words, &event);
        assert_eq!(mentions.user_ids.len() + mentions.mobiles.len(), 50);
        assert_eq!(mentions.user_ids.len(), 25);
        assert!(!mentions.user_ids.contains(&"id-0".to_owned()));
    }

    #[test]
    fn committers_are_found_by_the_address_of_their_commits() {
        let mut event = event();
        event.commits = vec![crate::core::event::Commit {
            id: "a1".into(),
            title: "x".into(),
            url: None,
            author: Some(Person {
                email: Some("Alice@example.com".into()),
                ..Person::named("Alice W.")
            }),
        }];
        let mentions = people().mentions(&["committers".into()], &event);
        assert_eq!(mentions.mobiles, ["13800000000"]);
    }

    #[test]
    fn all_is_everybody_and_names_nobody() {
        let mentions = called(&["all"]);
        assert!(mentions.all && mentions.in_text().is_empty());
    }
}
