//! A story: what happened to one thing, in order, in one message.
//!
//! A conversation (about a pull request, an issue) is told as a sentence of steps with what was said below it; the
//! comments of a review are part of it. Where one thing only moved on (a pipeline, an alert), its newest message tells
//! all, and pushes to a branch are told as one push.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::Part;
use super::line::{self, join_ranges};
use super::standing;
use crate::core::compose::Composer;
use crate::core::event::{Event, Mark, Noun, Person};
use crate::core::json::Lookup;
use crate::core::message::{Mentions, Message};
use crate::core::source::Parsed;
use crate::core::template::helpers::Style;
use crate::core::template::{Language, RenderError, Templates};

/// So many comments are quoted; the others are counted.
const QUOTES: usize = 5;

impl Composer {
    /// The message that tells `parts`, all of one [`Event::thread`], in their order. The language is chosen as for one
    /// event. `None` where there is nothing to tell.
    pub fn story(
        &self,
        parts: &[Part<'_>],
        group_language: Option<Language>,
    ) -> Result<Option<Message>, RenderError> {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return Ok(None);
        };
        if parts.len() == 1 {
            return self.compose(first, group_language).map(Some);
        }
        let language = first
            .plan
            .language
            .or(group_language)
            .unwrap_or(self.language);
        let thing = standing::thing(&first.parsed.event);
        let moved_on = is_progress(&first.parsed.event)
            && parts
                .iter()
                .all(|part| standing::thing(&part.parsed.event) == thing);
        let mut message = if moved_on {
            let parsed = self.newest(parts, language)?;
            let part = Part {
                parsed: &parsed,
                via: None,
                ..*last
            };
            self.compose(&part, Some(language))?
        } else {
            let fields = conversation(parts, &self.templates);
            let mentions = self.mentions(parts);
            self.templates.tell("story", language, mentions, fields)?
        };
        message.mentions = self.mentions(parts);
        if let Some(via) = parts.iter().find_map(|part| part.via) {
            self.open_with(&mut message, via, language)?;
        }
        Ok(Some(message))
    }

    fn mentions(&self, parts: &[Part<'_>]) -> Mentions {
        let mut mentions = Mentions::default();
        for part in parts {
            let words = &part.plan.mention;
            mentions.add(&self.people.mentions(words, &part.parsed.event));
        }
        mentions
    }

    /// The event that says where the thing stands now; of pushes to a branch one push of them all.
    fn newest(&self, parts: &[Part<'_>], language: Language) -> Result<Parsed, RenderError> {
        let events = || parts.iter().map(|part| &part.parsed.event);
        let is_plain_push = |event: &Event| {
            let push = event.push.as_ref();
            event.tag.is_none() && push.is_some_and(|push| !push.deleted && !push.forced)
        };
        let mut newest = parts[parts.len() - 1].parsed.clone();
        if !events().all(is_plain_push) {
            let state = parts.iter().rev().map(|part| part.parsed);
            let state = state
                .into_iter()
                .find(|parsed| standing::is_state(&parsed.event));
            return Ok(state.cloned().unwrap_or(newest));
        }
        for event in events().rev().skip(1) {
            join_ranges(&mut newest.event, event);
        }
        newest.event.commit_count = events().map(|event| event.commit_count).sum();
        newest.event.commits = events().flat_map(|event| event.commits.clone()).collect();
        let people = line::names(events().filter_map(|event| event.actor.as_ref()));
        if people.len() > 1 {
            let fields = json!({ "line": { "people": people } });
            let names = self
                .templates
                .partial(language, "acting", Style::Plain, fields)?;
            newest.event.actor = Some(Person::named(names));
        }
        Ok(newest)
    }
}

/// Whether the newest event of this kind says all that the earlier ones did.
fn is_progress(event: &Event) -> bool {
    event.pipeline.is_some()
        || event.job.is_some()
        || event.deployment.is_some()
        || event.alert.is_some()
        || event.push.is_some()
}

/// What the template `story` sees: the fields of the thing, and `story`.
fn conversation(parts: &[Part<'_>], templates: &Templates) -> Map<String, Value> {
    let events: Vec<&Event> = parts.iter().map(|part| &part.parsed.event).collect();
    let thing = thing_of(&events);
    let mut fields = templates.fields(&thing);
    let mut comments = 0;
    let mut quotes = Vec::new();
    for event in &events {
        if let Some(quote) = quote(event) {
            comments += usize::from(event.comment.is_some());
            if event.comment.is_none() || comments <= QUOTES {
                quotes.push(quote);
            }
        }
    }
    let times = || parts.iter().map(|part| part.received_at);
    let story = json!({
        "steps": steps(parts, templates),
        "quotes": quotes,
        "more": comments.saturating_sub(QUOTES),
        "count": parts.len(),
        "from": times().min(),
        "to": times().max(),
        "failure_url": failure_url(&events),
        "review_url": review_url(&events),
    });
    fields.insert("story".to_owned(), story);
    fields
}

/// The thing that the events are about, as the newest of them knows it, under the mark of where it stands.
fn thing_of(events: &[&Event]) -> Event {
    let is_build = |event: &Event| event.pipeline.is_some() || event.job.is_some();
    let own = || events.iter().rev().filter(|event| !is_build(event));
    let mut thing = match own().next() {
        Some(newest) => (*newest).clone(),
        None => built_request(events[events.len() - 1]).into_owned(),
    };
    // The thing's page rather than a comment's.
    let page = own()
        .find(|event| event.comment.is_none() && event.review.is_none())
        .or_else(|| own().find(|event| event.comment.is_none()));
    if let Some(page) = page {
        thing.url = page.url.clone();
    }
    thing.mark = mark_of(events, thing.noun).unwrap_or(thing.mark);
    thing.text = None;
    thing
}

/// The pull or merge request that a build ran for.
fn built_request(build: &Event) -> Cow<'_, Event> {
    let Some(pipeline) = &build.pipeline else {
        return Cow::Borrowed(build);
    };
    if pipeline.change_request.is_none() {
        return Cow::Borrowed(build);
    }
    Cow::Owned(Event {
        reference: pipeline.change_request.clone(),
        url: pipeline.change_request_url.clone(),
        ..build.clone()
    })
}

/// Where the thing stands after all of it. `None` where the newest event's own mark is as good.
fn mark_of(events: &[&Event], noun: Noun) -> Option<Mark> {
    let mut mark = None;
    for event in events {
        mark = match event.mark {
            Mark::Merged | Mark::Failed | Mark::Attention => Some(event.mark),
            Mark::Canceled if event.review.is_none() && event.pipeline.is_none() => {
                Some(event.mark)
            }
            Mark::Passed if mark != Some(Mark::Merged) => None,
            _ => mark,
        };
    }
    let all_talk = events.iter().all(|event| event.mark == Mark::Comment);
    mark.or(match noun {
        _ if all_talk => Some(Mark::Comment),
        Noun::PullRequest | Noun::MergeRequest => Some(Mark::ChangeRequest),
        Noun::Issue => Some(Mark::Issue),
        _ => None,
    })
}

/// A step of the story: one deed, perhaps of several people or several times.
struct Step<'a> {
    event: &'a Event,
    count: usize,
    people: Vec<String>,
    pushed: bool,
    commits: Option<u64>,
    /// Comments that a review brought along.
    comments: usize,
}

fn steps(parts: &[Part<'_>], templates: &Templates) -> Vec<Value> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut known_commits = None;
    for part in parts {
        let event = &part.parsed.event;
        let commits = event
            .change_request
            .as_ref()
            .and_then(|request| request.commits);
        let change = part.parsed.payload.value().at("object_attributes");
        let mut step = Step {
            event,
            count: 1,
            people: line::names(event.actor.iter()),
            pushed: event.action == "synchronize"
                || change.text("oldrev").is_some()
                || change.flag("is_update_by_push"),
            commits: commits
                .zip(known_commits)
                .and_then(|(now, before): (u64, u64)| now.checked_sub(before))
                .filter(|count| *count > 0),
            comments: 0,
        };
        known_commits = commits.or(known_commits);
        let is_build = event.pipeline.is_some() || event.job.is_some();
        if is_build {
            let thing = standing::thing(event);
            steps.retain(|step| standing::thing(step.event) != thing);
        }
        match steps.last_mut() {
            Some(last) if !is_build && last.pushed == step.pushed && last.same_as(&step) => {
                last.add(step);
            }
            Some(review) if review.brings(&step) => review.comments += 1,
            Some(comments) if step.brings(comments) => {
                step.comments = comments.count;
                *comments = step;
            }
            _ => steps.push(step),
        }
    }
    steps.iter().map(|step| step.fields(templates)).collect()
}

impl Step<'_> {
    fn same_as(&self, other: &Step<'_>) -> bool {
        let is_pushed_again = self.pushed && other.pushed;
        is_pushed_again || standing::same_deed(self.event, other.event)
    }

    /// Whether this is a review, and the other step comments by the one who gave it.
    fn brings(&self, other: &Step<'_>) -> bool {
        let comments = other.event.comment.is_some() && is_said(other.event);
        self.event.review.is_some() && comments && self.people == other.people
    }

    fn add(&mut self, other: Step<'_>) {
        self.count += 1;
        self.commits = match (self.commits, other.commits) {
            (Some(own), Some(more)) => Some(own + more),
            (own, more) => own.or(more),
        };
        for name in other.people {
            if !self.people.contains(&name) {
                self.people.push(name);
            }
        }
    }

    fn fields(&self, templates: &Templates) -> Value {
        let mut fields = templates.fields(self.event);
        let step = json!({
            "count": self.count,
            "people": self.people,
            "pushed": self.pushed,
            "commits": self.commits,
            "comments": self.comments,
        });
        fields.insert("step".to_owned(), step);
        Value::Object(fields)
    }
}

/// Whether it is a comment just written.
fn is_said(event: &Event) -> bool {
    event.mark == Mark::Comment && matches!(event.action.as_str(), "created" | "create" | "")
}

/// What was said, by whom and where; what opened a thing is its own words.
fn quote(event: &Event) -> Option<Value> {
    let opens = matches!(event.action.as_str(), "opened" | "open")
        || (event.action == "created" && event.comment.is_none());
    let said = event.comment.is_some() || event.review.is_some();
    if !(opens || said) || event.action == "deleted" {
        return None;
    }
    let text = event.text.as_ref()?;
    let who = event
        .actor
        .as_ref()
        .filter(|_| said)
        .map(|actor| &actor.name);
    let comment = event.comment.as_ref();
    Some(json!({
        "who": who,
        "path": comment.and_then(|comment| comment.path.as_ref()),
        "line": comment.and_then(|comment| comment.line),
        "text": text,
    }))
}

fn failure_url(events: &[&Event]) -> Option<String> {
    let failed = events.iter().rev().find(|event| {
        event.mark == Mark::Failed && (event.pipeline.is_some() || event.job.is_some())
    })?;
    let page = failed
        .pipeline
        .as_ref()
        .and_then(|run| run.failure_url.clone());
    page.or_else(|| failed.url.clone())
}

/// The page of the changes, where somebody is to review them.
fn review_url(events: &[&Event]) -> Option<String> {
    let is_over = |event: &&Event| matches!(event.mark, Mark::Merged | Mark::Canceled);
    if events.iter().any(is_over) {
        return None;
    }
    let asks = |event: &&&Event| {
        let requested = event
            .review
            .as_ref()
            .is_some_and(|review| review.state == "requested");
        requested
            || matches!(
                event.action.as_str(),
                "opened" | "open" | "reopened" | "ready_for_review"
            )
    };
    let event = events.iter().rev().find(asks)?;
    let request = event.change_request.as_ref()?;
    request.changes_url.clone().or_else(|| event.url.clone())
}
