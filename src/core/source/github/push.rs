//! Pushes of branches and tags, and the `create` and `delete` events that repeat them.

use super::fields;
use crate::core::event::{Event, Mark, Noun, Person, Push};
use crate::core::json::{Json, Lookup};

/// Branches that GitHub makes and removes by itself while a merge queue works.
const MERGE_QUEUE: &str = "gh-readonly-queue/";

pub fn push(event: &mut Event, payload: &Json) {
    let push = Push {
        before: payload.text("before"),
        after: payload.text("after"),
        created: payload.flag("created"),
        deleted: payload.flag("deleted"),
        forced: payload.flag("forced"),
        compare_url: payload.link("compare"),
    };
    event.action = match &push {
        Push { deleted: true, .. } => "deleted",
        Push { created: true, .. } => "created",
        Push { forced: true, .. } => "forced",
        _ => "updated",
    }
    .to_owned();
    name_the_ref(event, payload.text("ref").as_deref());
    if event.tag.is_none() && event.action == "updated" {
        event.mark = Mark::Push;
    } else if event.action == "forced" {
        event.mark = Mark::Attention;
    }
    event.url = match event.action.as_str() {
        "deleted" => event.repo.as_ref().and_then(|repo| repo.url.clone()),
        "created" => ref_page(event),
        _ => push.compare_url.clone(),
    };
    event.commits = payload
        .list("commits")
        .into_iter()
        .filter_map(|commit| fields::commit(event, commit))
        .collect();
    event.commit_count = event.commits.len() as u64;
    // Only a push has it as a number of seconds, and there it is the time of this very push.
    event.at = payload.time("repository.pushed_at");
    if event.actor.is_none() {
        event.actor = payload.text("pusher.name").map(Person::with_login);
    }
    event.push = Some(push);
    if in_merge_queue(event) {
        event.hush_as("merge_queue", "the merge queue's own branches come and go");
    }
}

/// `create` and `delete` of a branch or tag.
pub fn reference(event: &mut Event, payload: &Json) {
    let reference = payload.text("ref").map(|name| {
        let is_tag = payload.text("ref_type").as_deref() == Some("tag");
        match (is_tag, name.starts_with("refs/")) {
            (true, false) => format!("refs/tags/{name}"),
            _ => name,
        }
    });
    name_the_ref(event, reference.as_deref());
    event.url = match event.event.as_str() {
        "create" => ref_page(event),
        _ => event.repo.as_ref().and_then(|repo| repo.url.clone()),
    };
    let noun = if event.tag.is_some() { "tag" } else { "branch" };
    event.hush_event(format!("the push of the same {noun} tells it"));
}

fn name_the_ref(event: &mut Event, reference: Option<&str>) {
    let Some(reference) = reference else {
        return;
    };
    fields::set_ref(event, reference);
    let noun = if event.tag.is_some() {
        event.noun = Noun::Tag;
        event.mark = Mark::Tag;
        "tag"
    } else {
        event.noun = Noun::Branch;
        event.mark = Mark::Branch;
        "branch"
    };
    event.title = event.tag.clone().or_else(|| event.branch.clone());
    fields::set_object(event, noun, event.title.clone());
}

fn ref_page(event: &Event) -> Option<String> {
    if let Some(tag) = &event.tag {
        return fields::page(event, &["releases", "tag", tag]);
    }
    let mut segments = vec!["tree"];
    segments.extend(event.branch.as_deref()?.split('/'));
    fields::page(event, &segments)
}

fn in_merge_queue(event: &Event) -> bool {
    event
        .branch
        .as_deref()
        .is_some_and(|branch| branch.starts_with(MERGE_QUEUE))
}
