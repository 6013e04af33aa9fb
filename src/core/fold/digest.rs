//! A digest: what waits for a group, the newest state of each thing in a line, by repository, most important first.
//!
//! The builder counts bytes while events are added, so that the finished message is never cut. What the template `digest` adds to its lines is measured by rendering it, whoever wrote it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Part;
use super::line::{Line, Voice};
use super::standing;
use crate::core::compose::Composer;
use crate::core::event::{Event, Kind, Repo};
use crate::core::json::written_len;
use crate::core::message::{Mentions, Message, Via};
use crate::core::template::{Language, RenderError};

/// Why events are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// More came than the group's bots may post.
    Backlog,
    /// They were held back during the group's quiet time.
    Quiet,
    /// Little is left of the month's budget.
    Budget,
}

impl Occasion {
    /// The word that templates see.
    fn name(self) -> &'static str {
        match self {
            Occasion::Backlog => "backlog",
            Occasion::Quiet => "quiet",
            Occasion::Budget => "budget",
        }
    }
}

/// Room for what changes when the digest is finished: numbers, times, the repository in the title.
const SLACK: usize = 800;

/// Longer addresses of repositories are left out.
const MAX_ADDRESS: usize = 500;

/// An event that cannot be told in a digest, for a fault of its template.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct DigestError {
    /// Its place among those that were being added.
    pub at: usize,
    #[source]
    pub cause: RenderError,
}

/// A digest in the making; [`Composer::digest`] begins one.
#[derive(Clone)]
pub struct DigestBuilder<'a> {
    composer: &'a Composer,
    language: Language,
    occasion: Occasion,
    /// What title, text and called names may take; see [`crate::core::message::Message::size`].
    room: usize,
    /// What they take with the repositories so far, but without lines and names.
    frame: usize,
    per_line: usize,
    groups: Vec<Group>,
    by_repo: HashMap<String, usize>,
    by_thing: HashMap<(usize, String), usize>,
    mentions: Mentions,
    vias: Vec<(Via, u64)>,
    count: u64,
    span: Option<(Timestamp, Timestamp)>,
}

/// A repository and its lines, in the order of their first events.
#[derive(Clone)]
struct Group {
    source: Kind,
    repo: Option<Repo>,
    count: u64,
    lines: Vec<Line>,
}

impl Composer {
    /// Begins a digest of what may take `room` bytes, as [`Message::size`] counts them. Without a language the
    /// composer's own is taken.
    pub fn digest(
        &self,
        language: Option<Language>,
        occasion: Occasion,
        room: usize,
    ) -> Result<DigestBuilder<'_>, RenderError> {
        let mut digest = DigestBuilder {
            composer: self,
            language: language.unwrap_or(self.language),
            occasion,
            room,
            frame: 0,
            per_line: 0,
            groups: Vec::new(),
            by_repo: HashMap::new(),
            by_thing: HashMap::new(),
            mentions: Mentions::default(),
            vias: Vec::new(),
            count: 0,
            span: None,
        };
        let [none, one, two] = [0, 1, 2].map(|lines| digest.measured(lines));
        digest.frame = none? + SLACK;
        digest.per_line = two?.saturating_sub(one?).saturating_sub(SAMPLE.len());
        Ok(digest)
    }
}

/// A line to measure with.
const SAMPLE: &str = "x";

impl DigestBuilder<'_> {
    /// Takes in as many of these events, in their order, as the message has room for, and tells how many that were. The
    /// first one of a digest always has.
    ///
    /// The more are given at once, the less is written: a thousand pushes to a branch are one line. Where too many were
    /// given, they are taken back and tried by halves.
    pub fn add(&mut self, parts: &[Part<'_>]) -> Result<usize, DigestError> {
        if parts.is_empty() {
            return Ok(0);
        }
        let before = self.clone();
        for (at, part) in parts.iter().enumerate() {
            self.take(part, at)
                .map_err(|cause| DigestError { at, cause })?;
        }
        self.write(parts)?;
        if self.size() <= self.room || self.count == 1 {
            return Ok(parts.len());
        }
        *self = before;
        if parts.len() == 1 {
            return Ok(0);
        }
        let (first, second) = parts.split_at(parts.len() / 2);
        let taken = self.add(first)?;
        if taken < first.len() {
            return Ok(taken);
        }
        let more = self.add(second).map_err(|error| DigestError {
            at: first.len() + error.at,
            ..error
        })?;
        Ok(taken + more)
    }

    /// Takes an event in, whose line is then to be written.
    fn take(&mut self, part: &Part<'_>, at: usize) -> Result<(), RenderError> {
        let event = &part.parsed.event;
        let group = self.group_of(event)?;
        let thing = standing::thing(event).map(|thing| (group, thing));
        let known = thing.as_ref().and_then(|thing| self.by_thing.get(thing));
        let Group { lines, count, .. } = &mut self.groups[group];
        *count += 1;
        match known {
            Some(known) => lines[*known].add(event, at),
            None => {
                if let Some(thing) = thing {
                    self.by_thing.insert(thing, lines.len());
                }
                lines.push(Line::of(event, at));
            }
        }
        if let Some(via) = part.via {
            match self.vias.iter_mut().find(|(known, _)| known == via) {
                Some((_, count)) => *count += 1,
                None => {
                    self.frame += self.size_of_via(via)?;
                    self.vias.push((via.clone(), 1));
                }
            }
        }
        let people = &self.composer.people;
        self.mentions
            .add(&people.mentions(&part.plan.mention, event));
        self.count += 1;
        let at = part.received_at;
        self.span = Some(match self.span {
            Some((from, to)) => (from.min(at), to.max(at)),
            None => (at, at),
        });
        Ok(())
    }

    /// The place of the group that the event belongs to, which may be a new one.
    fn group_of(&mut self, event: &Event) -> Result<usize, RenderError> {
        let key = repo_key(event);
        if let Some(known) = self.by_repo.get(&key) {
            return Ok(*known);
        }
        let group = Group::of(event);
        self.frame += self.size_of_group(&group)?;
        self.by_repo.insert(key, self.groups.len());
        self.groups.push(group);
        Ok(self.groups.len() - 1)
    }

    /// Writes the lines that are out of date.
    fn write(&mut self, parts: &[Part<'_>]) -> Result<(), DigestError> {
        let voice = Voice {
            composer: self.composer,
            language: self.language,
        };
        for line in self.groups.iter_mut().flat_map(|group| &mut group.lines) {
            if let Some(stale) = line.stale() {
                let at = stale.part;
                line.write(&parts[at], stale, voice)
                    .map_err(|cause| DigestError { at, cause })?;
            }
        }
        Ok(())
    }

    /// What the message takes of its room, as far as it is written.
    fn size(&self) -> usize {
        let lines = self.groups.iter().flat_map(|group| &group.lines);
        let lines = lines.map(|line| written_len(&line.text) + self.per_line);
        self.frame + lines.sum::<usize>() + self.mentions.size()
    }

    /// How many events are in it.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn finish(mut self) -> Result<Message, RenderError> {
        let rank = |group: &Group| group.lines.iter().map(|line| line.rank).min();
        self.groups
            .sort_by_key(|group| (rank(group), u64::MAX - group.count));
        for group in &mut self.groups {
            group.lines.sort_by_key(|line| line.rank);
        }
        let groups: Vec<Value> = self.groups.iter().map(Group::fields).collect();
        let vias: Vec<Value> = self
            .vias
            .iter()
            .map(|(via, count)| {
                // Where some of the events are the group's own, the line says how many are not.
                let count = Some(count).filter(|count| **count < self.count);
                json!({ "group": via.group, "reason": via.reason, "count": count })
            })
            .collect();
        let fields = self.fields(&groups, &vias, self.count, self.span);
        let templates = &self.composer.templates;
        templates.tell("digest", self.language, self.mentions.clone(), fields)
    }

    fn fields(
        &self,
        groups: &[Value],
        vias: &[Value],
        count: u64,
        span: Option<(Timestamp, Timestamp)>,
    ) -> Map<String, Value> {
        let (from, to) = span.unwrap_or((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        let seconds = u64::try_from(to.duration_since(from).as_secs()).unwrap_or_default();
        let minutes = seconds.div_ceil(60).max(1);
        let digest = json!({
            "count": count,
            "groups": groups,
            "others": groups.len().saturating_sub(1),
            "projects": groups.iter().any(|group| group["source"] == "jira"),
            "from": from,
            "to": to,
            "minutes": minutes,
            "seconds": minutes * 60,
            "occasion": self.occasion.name(),
            "vias": vias,
        });
        [("digest".to_owned(), digest)].into_iter().collect()
    }

    /// The size of a digest with one repository and so many short lines; with none of either for 0.
    fn measured(&self, lines: usize) -> Result<usize, RenderError> {
        let mut groups = Vec::new();
        if lines > 0 {
            let mut group = json!({ "source": "github", "repo": { "name": "x" }, "count": 1 });
            group["lines"] = json!([SAMPLE].repeat(lines));
            groups.push(group);
        }
        self.size_of(&groups, &[])
    }

    fn size_of_group(&self, group: &Group) -> Result<usize, RenderError> {
        let mut fields = group.fields();
        fields["lines"] = json!([SAMPLE]);
        fields["count"] = json!(100_000);
        let with_it = self.size_of(&[fields], &[])?;
        Ok(with_it.saturating_sub(self.size_of(&[], &[])?))
    }

    fn size_of_via(&self, via: &Via) -> Result<usize, RenderError> {
        let fields = json!({ "group": via.group, "reason": via.reason, "count": 100_000 });
        let with_it = self.size_of(&[], &[fields])?;
        Ok(with_it.saturating_sub(self.size_of(&[], &[])?))
    }

    fn size_of(&self, groups: &[Value], vias: &[Value]) -> Result<usize, RenderError> {
        let fields = self.fields(groups, vias, 100_000, None);
        let templates = &self.composer.templates;
        let message = templates.tell("digest", self.language, Mentions::default(), fields)?;
        Ok(message.size())
    }
}

impl Group {
    fn of(event: &Event) -> Group {
        let fits = |url: &String| written_len(url) <= MAX_ADDRESS;
        let repo = event.repo.clone().map(|repo| Repo {
            url: repo.url.filter(fits),
            ..repo
        });
        Group {
            source: event.source,
            repo,
            count: 0,
            lines: Vec::new(),
        }
    }

    fn fields(&self) -> Value {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        json!({
            "source": self.source,
            "repo": self.repo,
            "count": self.count,
            "lines": lines,
        })
    }
}

/// What a digest puts its lines under: the repository, or the vendor where there is none.
fn repo_key(event: &Event) -> String {
    let repo = event.repo.as_ref().map(|repo| repo.name.as_str());
    let host = match event.source {
        // It builds what is on GitHub.
        Kind::Travis => Kind::Github,
        other => other,
    };
    format!("{} {}", host.name(), repo.unwrap_or_default())
}
