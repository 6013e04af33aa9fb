//! An example of each vendor, for a relay that nothing was sent to yet. The demo sends the same.

use crate::core::event::Kind;
use crate::core::source::RawRequest;

pub fn of(kind: Kind) -> RawRequest {
    let (header, body) = match kind {
        Kind::Github => (
            Some(("x-github-event", "pull_request")),
            include_str!("../../cli/demo/github.json"),
        ),
        Kind::Gitlab => (
            Some(("x-gitlab-event", "Pipeline Hook")),
            include_str!("../../cli/demo/gitlab.json"),
        ),
        Kind::Jira => (None, include_str!("../../cli/demo/jira.json")),
        Kind::Codeup => (
            Some(("x-codeup-event", "Push Hook")),
            include_str!("../../cli/demo/codeup.json"),
        ),
        Kind::Travis => (None, include_str!("../../cli/demo/travis.json")),
    };
    let headers = header.into_iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let is_travis = kind == Kind::Travis;
    RawRequest {
        headers: headers.chain((!is_travis).then_some(json)).collect(),
        query: Vec::new(),
        body: match is_travis {
            // Travis CI posts a form.
            true => url::form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", body)
                .finish()
                .into(),
            false => body.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::source;

    #[test]
    fn every_sample_is_what_its_vendor_sends() {
        for kind in Kind::ALL {
            let parsed = source::of(kind).parse(&of(kind)).unwrap();
            assert!(parsed.event.quiet.is_none(), "{kind:?}");
            assert!(parsed.event.repo.is_some(), "{kind:?}");
        }
    }
}
