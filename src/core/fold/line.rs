//! A line of a digest: the newest state of one thing, and how many events led there.

use serde_json::json;

use super::Part;
use super::standing::{self, Rank};
use crate::core::compose::Composer;
use crate::core::event::{Event, Mark, Person};
use crate::core::json::written_len;
use crate::core::message::Mentions;
use crate::core::template::helpers::Style;
use crate::core::template::{Language, RenderError, Rendering, markdown};

/// Longer lines lose their links and most of their words: an address of several kilobytes must not keep everything
/// else out.
const MAX_BYTES: usize = 2_000;

/// What is left of such a line.
const MAX_CHARS: usize = 160;

/// What happened to one thing so far.
#[derive(Debug, Clone)]
pub struct Line {
    pub rank: Rank,
    pub count: u64,
    /// As it is printed.
    pub text: String,
    /// The event that is told, without its lists.
    lead: Event,
    /// Who did it, each once.
    people: Vec<String>,
    /// The last failed run before one that passed: its name and address.
    before: Option<(String, Option<String>)>,
    /// Commits of all pushes to a branch.
    commits: u64,
    /// Set while `text` is out of date.
    stale: Option<Stale>,
}

/// From what a line is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Stale {
    /// The part that came last, among those that are being added.
    pub part: usize,
    /// Whether the lead is that part's own event, whose payload templates may read.
    leads: bool,
}

impl Line {
    /// A line for its first event, still to be written. `at` is the part's place among those that are being added.
    pub fn of(event: &Event, at: usize) -> Line {
        Line {
            rank: standing::rank(event),
            count: 1,
            text: String::new(),
            lead: without_lists(event),
            people: names(event.actor.iter()),
            before: None,
            commits: event.commit_count,
            stale: Some(Stale {
                part: at,
                leads: true,
            }),
        }
    }

    /// Takes in one more event; the line is to be written again.
    pub fn add(&mut self, event: &Event, at: usize) {
        self.count += 1;
        self.commits += event.commit_count;
        let leads = standing::is_state(event) || !standing::is_state(&self.lead);
        let same_deed = standing::same_deed(&self.lead, event);
        let mut earlier = None;
        if leads {
            self.before = self.failure_before(event);
            if !same_deed {
                self.people.clear();
            }
            earlier = Some(std::mem::replace(&mut self.lead, without_lists(event)));
            self.rank = standing::rank(event);
            if event.mark == Mark::Passed && self.before.is_some() {
                self.rank = Rank::Done;
            }
        }
        if leads || (same_deed && event.push.is_some()) {
            for name in names(event.actor.iter()) {
                if !self.people.contains(&name) {
                    self.people.push(name);
                }
            }
        }
        if event.push.is_some() && !self.tells_no_commits() {
            self.lead.commit_count = self.commits;
            if let Some(earlier) = earlier {
                join_ranges(&mut self.lead, &earlier);
            }
        }
        self.stale = Some(Stale { part: at, leads });
    }

    /// Whether the lead does not tell commits that came to a branch.
    fn tells_no_commits(&self) -> bool {
        let push = self.lead.push.as_ref();
        push.is_none_or(|push| push.deleted || push.forced) || self.lead.tag.is_some()
    }

    /// The failed run that `event`, a run that passed, comes after.
    fn failure_before(&self, event: &Event) -> Option<(String, Option<String>)> {
        let is_run = event.pipeline.is_some() || event.job.is_some();
        let other_run = event.object != self.lead.object || event.url != self.lead.url;
        match self.lead.mark {
            Mark::Failed if is_run && other_run && event.mark != Mark::Failed => {
                let name = self.lead.reference.clone().or_else(|| {
                    let job = self.lead.job.as_ref()?;
                    Some(job.name.clone())
                });
                Some((name?, self.lead.url.clone()))
            }
            Mark::Failed => None,
            _ => self
                .before
                .clone()
                .filter(|_| is_run && event.mark != Mark::Failed),
        }
    }

    /// What the line is to be written from, if it is out of date.
    pub fn stale(&self) -> Option<Stale> {
        self.stale
    }

    /// Writes the line, of which `part` is the last one.
    pub fn write(
        &mut self,
        part: &Part<'_>,
        stale: Stale,
        voice: Voice<'_>,
    ) -> Result<(), RenderError> {
        let leads = stale.leads;
        let payload = match leads {
            true => part.parsed.payload.value(),
            false => &serde_json::Value::Null,
        };
        let told = voice.composer.templates.line(
            &Rendering {
                event: &self.lead,
                payload,
                language: voice.language,
                template: part.plan.template.as_deref().filter(|_| leads),
                mentions: Mentions::default(),
                now: part.received_at,
            },
            &self.people,
        )?;
        let told = marked(self.lead.mark, told);
        let url = self.lead.url.as_ref().filter(|_| !has_link(&told));
        let before = self.before.as_ref();
        let before = before.map(|(name, url)| json!({ "name": name, "url": url }));
        let fields = json!({
            "text": told,
            "url": url,
            "before": before,
            "count": self.count,
            "pushes": !self.tells_no_commits(),
        });
        let partial = |fields| {
            let templates = &voice.composer.templates;
            let text = templates.partial(voice.language, "digest/line", Style::Markdown, fields)?;
            Ok(markdown::one_line(&text))
        };
        self.text = partial(fields)?;
        if written_len(&self.text) > MAX_BYTES {
            let words = markdown::words(&told, MAX_CHARS);
            let fields = json!({ "text": markdown::escape(&words), "count": self.count });
            self.text = partial(fields)?;
        }
        self.stale = None;
        Ok(())
    }
}

/// What lines are written with.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    pub composer: &'a Composer,
    pub language: Language,
}

/// The people's names, each once.
pub fn names<'a>(people: impl Iterator<Item = &'a Person>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for person in people {
        if !names.contains(&person.name) {
            names.push(person.name.clone());
        }
    }
    names
}

/// The event as far as titles tell it; thousands of lines are kept at once.
fn without_lists(event: &Event) -> Event {
    let mut event = event.clone();
    event.text = None;
    event.commits = Vec::new();
    if let Some(pipeline) = &mut event.pipeline {
        pipeline.jobs = Vec::new();
    }
    event
}

/// Widens the range that the newest push compares to the pushes that it follows. Where the ranges do not join, it
/// stays as it is.
pub fn join_ranges(newest: &mut Event, before: &Event) {
    let (Some(push), Some(earlier)) = (&mut newest.push, &before.push) else {
        return;
    };
    if push.before.is_none() || push.before != earlier.after || earlier.created {
        return;
    }
    let (Some(url), Some(from), Some(start)) = (&push.compare_url, &push.before, &earlier.before)
    else {
        return;
    };
    // GitHub's addresses have the first twelve digits of a hash, GitLab's all of them.
    let cut = |hash: &str, digits: usize| hash.get(..digits).unwrap_or(hash).to_owned();
    for digits in [from.len(), 12] {
        let hash = cut(from, digits);
        if url.contains(&hash) {
            let joined = url.replacen(&hash, &cut(start, digits), 1);
            if newest.url.as_ref() == Some(url) {
                newest.url = Some(joined.clone());
            }
            push.compare_url = Some(joined);
            push.before = Some(start.clone());
            return;
        }
    }
}

/// With the event's mark in front, unless the template has put one there.
fn marked(mark: Mark, text: String) -> String {
    let has_one = Mark::ALL
        .iter()
        .any(|mark| *mark != Mark::None && text.starts_with(mark.sign()));
    match mark.sign() {
        "" => text,
        _ if has_one => text,
        sign => format!("{sign} {text}"),
    }
}

fn has_link(markdown: &str) -> bool {
    markdown
        .match_indices("](")
        .any(|(at, _)| !markdown[..at].ends_with('\\'))
}
