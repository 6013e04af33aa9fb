//! Which of the events that a new webhook announces would reach nobody.
//!
//! An event that has not happened yet has no branch, status or people, so only the conditions on source, repository
//! and event are asked. What stays silent by default counts as wanted wherever a route lets it through.

use super::{Field, Route, Routes};
use crate::core::event::{Event, Repo};

/// How vendors say "all events".
const ALL: &str = "*";

impl Routes {
    /// The events announced by `ping` that no route could want, in the vendor's order.
    pub fn unrouted(&self, source: &str, ping: &Event) -> Vec<String> {
        ping.connected
            .iter()
            .flat_map(|connected| &connected.events)
            .filter(|name| {
                let wanted = self
                    .iter()
                    .any(|route| route.could_want(name, source, ping));
                *name != ALL && !wanted
            })
            .cloned()
            .collect()
    }
}

impl Route {
    fn could_want(&self, name: &str, source: &str, ping: &Event) -> bool {
        self.conditions.iter().all(|condition| {
            let values = match condition.field {
                Field::Event => vec![name],
                Field::Source => condition.field.values(source, ping),
                Field::Repo if ping.repo.as_ref().is_some_and(is_repository) => {
                    condition.field.values(source, ping)
                }
                _ => return true,
            };
            condition.matcher.matches(&values)
        })
    }
}

/// The ping of an organization's webhook names only the organization; events may then come from any repository.
fn is_repository(repo: &Repo) -> bool {
    repo.name.contains('/')
}
