//! What GitLab and Codeup, which descends from it, write alike: the shape of a push, the states of a merge request,
//! the verbs.

use super::names;
use crate::core::event::{Aliases, Event, Person, Push};
use crate::core::json::{Json, Lookup as _};

/// What a push did, and the word for it: `created`, `updated` or `deleted`. A hash of zeros stands for "nothing".
pub fn push_of(body: &Json) -> (Push, &'static str) {
    let before = body.text("before");
    let after = body.text("after");
    let is_zero = |hash: &Option<String>| hash.as_deref().is_some_and(names::is_zero_hash);
    let (created, deleted) = (is_zero(&before), is_zero(&after));
    let action = match (created, deleted) {
        (_, true) => "deleted",
        (true, false) => "created",
        (false, false) => "updated",
    };
    let push = Push {
        before,
        after,
        created,
        deleted,
        ..Push::default()
    };
    (push, action)
}

/// Sets the branch or the tag that the full `reference` names.
pub fn set_reference(event: &mut Event, reference: &str) {
    event.tag = names::tag_of(reference).map(str::to_owned);
    if event.tag.is_none() && !reference.is_empty() {
        event.branch = Some(names::branch_of(reference).to_owned());
    }
}

/// Our word for the state of a merge request. `opened`, `reopened` and `locked` (while GitLab merges) are all open.
pub fn request_status(state: &str, draft: bool) -> &'static str {
    match state {
        "merged" => "merged",
        "closed" => "closed",
        _ if draft => "draft",
        _ => "open",
    }
}

/// What routes may write in place of an action: `merged` for `merge`, as GitHub and people say.
pub fn past_tense(action: &str) -> Aliases {
    let word = match action {
        "open" => "opened",
        "reopen" => "reopened",
        "close" => "closed",
        "merge" => "merged",
        "create" => "created",
        "update" => "updated",
        "delete" => "deleted",
        _ => return Aliases::default(),
    };
    Aliases {
        action: vec![word.to_owned()],
        ..Aliases::default()
    }
}

/// Sets what was written, and who is named in it.
pub fn set_text(event: &mut Event, text: Option<String>) {
    event.mentioned = names::mentions_in(text.as_deref().unwrap_or_default())
        .into_iter()
        .map(Person::with_login)
        .collect();
    event.text = text;
}

/// `https://host/acme/shop` -> `acme/shop`.
pub fn path_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.trim_matches('/');
    (!path.is_empty()).then(|| path.to_owned())
}

/// The first eight digits of a hash, as GitLab and Codeup print it.
pub fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use crate::core::json::json;

    use super::*;

    #[test]
    fn zeros_tell_a_new_and_a_deleted_branch() {
        for (before, after, action) in [
            ("0000", "a1b2", "created"),
            ("a1b2", "0000", "deleted"),
            ("a1b2", "c3d4", "updated"),
        ] {
            let (push, word) = push_of(&json!({"before": before, "after": after}));
            assert_eq!(word, action);
            assert_eq!(
                (push.created, push.deleted),
                (action == "created", action == "deleted")
            );
        }
    }

    #[test]
    fn a_draft_is_only_told_of_what_is_open() {
        for (state, draft, status) in [
            ("opened", false, "open"),
            ("reopened", true, "draft"),
            ("locked", false, "open"),
            ("merged", true, "merged"),
            ("closed", true, "closed"),
        ] {
            assert_eq!(request_status(state, draft), status, "{state}");
        }
    }
}
