//! An event in one line for lists and searches, in no language: what it is about, and who did it.

use super::Event;

/// Longer ones are cut: strangers write titles.
const MOST: usize = 200;

impl Event {
    /// `#42 Keep the session · mona`, `main: Test the cookie (+2) · mona`; empty where there is nothing to say.
    pub fn headline(&self) -> String {
        let about = match &self.push {
            Some(_) => self.pushed(),
            None => [self.reference.as_deref(), self.title.as_deref()]
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let actor = self.actor.as_ref().map(|actor| actor.name.as_str());
        // Of a member who joined, both are one.
        let actor = actor.filter(|actor| *actor != about);
        let parts = [Some(about.as_str()), actor].into_iter().flatten();
        let line = parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
        match line.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Where to, the last commit, and how many others.
    fn pushed(&self) -> String {
        let name = self.tag.as_deref().or(self.branch.as_deref());
        let name = name.unwrap_or_default();
        let Some(last) = self.commits.last() else {
            return name.to_owned();
        };
        let others = match self.commit_count.saturating_sub(1) {
            0 => String::new(),
            others => format!(" (+{others})"),
        };
        format!("{name}: {}{others}", last.title)
    }
}

#[cfg(test)]
mod tests {
    use crate::core::event::{Commit, Event, Kind, Person, Push};

    fn event() -> Event {
        Event::new(Kind::Github, "issues", "opened")
    }

    #[test]
    fn it_says_what_and_who_as_far_as_that_is_known() {
        assert_eq!(event().headline(), "");
        let starred = Event {
            actor: Some(Person::named("dave")),
            ..event()
        };
        assert_eq!(starred.headline(), "dave");
        let opened = Event {
            reference: Some("#42".into()),
            title: Some("Keep the session".into()),
            ..starred
        };
        assert_eq!(opened.headline(), "#42 Keep the session · dave");
    }

    #[test]
    fn of_a_push_it_says_the_last_commit() {
        let commit = |title: &str| Commit {
            id: String::new(),
            title: title.into(),
            url: None,
            author: None,
        };
        let mut push = Event {
            push: Some(Push::default()),
            branch: Some("main".into()),
            title: Some("main".into()),
            ..event()
        };
        assert_eq!(push.headline(), "main");
        push.commits = vec![commit("one"), commit("two")];
        push.commit_count = 1;
        assert_eq!(push.headline(), "main: two");
        push.commit_count = 25;
        assert_eq!(push.headline(), "main: two (+24)");
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        let long = Event {
            title: Some("长".repeat(500)),
            ..event()
        };
        assert_eq!(long.headline(), format!("{}…", "长".repeat(200)));
    }
}
