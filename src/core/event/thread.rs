//! Which events belong together.

use super::{Event, Kind};

impl Event {
    /// The key under which events are gathered that tell of one thing: its stable name. A pipeline belongs to the
    /// pull or merge request that it ran for, as reviews and their comments do; pushes belong to their branch.
    pub fn thread(&self) -> Option<String> {
        self.change_request_thread().or_else(|| self.object.clone())
    }

    /// The pull or merge request that a build ran for, under the name that it has in its own events.
    fn change_request_thread(&self) -> Option<String> {
        let reference = self.pipeline.as_ref()?.change_request.as_deref()?;
        let number = reference.trim_start_matches(['#', '!']);
        let noun = match self.source {
            Kind::Github => "pull_request",
            Kind::Gitlab => "merge_request",
            Kind::Jira | Kind::Codeup | Kind::Travis => return None,
        };
        let kind = self.source.name();
        let repo = &self.repo.as_ref()?.name;
        Some(format!("{kind}:{repo}:{noun}:{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{Pipeline, Repo};

    #[test]
    fn a_build_belongs_to_the_request_that_it_ran_for() {
        let build = |kind, change_request: Option<&str>| Event {
            repo: Some(Repo::named("acme/shop", None)),
            object: Some("its own".into()),
            pipeline: Some(Pipeline {
                change_request: change_request.map(str::to_owned),
                ..Pipeline::default()
            }),
            ..Event::new(kind, "pipeline", "")
        };
        let cases = [
            (
                build(Kind::Github, Some("#42")),
                "github:acme/shop:pull_request:42",
            ),
            (
                build(Kind::Gitlab, Some("!7")),
                "gitlab:acme/shop:merge_request:7",
            ),
            (build(Kind::Gitlab, None), "its own"),
            (build(Kind::Travis, Some("#42")), "its own"),
        ];
        for (event, expected) in cases {
            assert_eq!(event.thread().as_deref(), Some(expected));
        }
        assert_eq!(Event::new(Kind::Github, "star", "").thread(), None);
    }
}
