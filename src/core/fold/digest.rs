//! A digest: what waits for a group, the newest state of each thing in a line, by repository, most important first.
//!
//! The builder counts bytes while events are added, so that thousands of them cost a line each and the finished
//! message is never cut. What the template `digest` adds to its lines is measured by rendering it, whoever wrote it.

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

/// A digest in the making; [`Composer::digest`] begins one.
pub struct DigestBuilder<'a> {
    composer: &'a Composer,
    language: Language,
    occasion: Occasion,
    /// What title, text and called names may take; see [`crate::core::message::Message::size`].
    room: usize,
    /// What they take with what was added so far, names apart.
    size: usize,
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
            size: 0,
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
        digest.size = none? + SLACK;
        digest.per_line = two?.saturating_sub(one?).saturating_sub(SAMPLE.len());
        Ok(digest)
    }
}

/// A line to measure with.
const SAMPLE: &str = "x";

impl DigestBuilder<'_> {
    /// Takes one more event in; `false`, and nothing is changed, where the message has no room for it. The first one
    /// always has.
    pub fn add(&mut self, part: &Part<'_>) -> Result<bool, RenderError> {
        let event = &part.parsed.event;
        let voice = Voice {
            composer: self.composer,
            language: self.language,
        };
        let repo_key = repo_key(event);
        let group = self.by_repo.get(&repo_key).copied();
        let thing = standing::thing(event);
        let place = group.zip(thing.clone());
        let known = place.and_then(|place| self.by_thing.get(&place).copied());
        let old = group
            .zip(known)
            .map(|(group, line)| &self.groups[group].lines[line]);
        let line = match old {
            Some(old) => old.with(part, voice)?,
            None => Line::of(part, voice)?,
        };
        let new_group = match group {
            Some(_) => None,
            None => Some(Group::of(event)),
        };
        let mut mentions = self.mentions.clone();
        mentions.add(&self.composer.people.mentions(&part.plan.mention, event));
        let new_via = part
            .via
            .filter(|via| !self.vias.iter().any(|(known, _)| known == *via));

        let mut size = self.size + written_len(&line.text);
        match old {
            Some(old) => size -= written_len(&old.text),
            None => size += self.per_line,
        }
        if let Some(group) = &new_group {
            size += self.size_of_group(group)?;
        }
        if let Some(via) = new_via {
            size += self.size_of_via(via)?;
        }
        if self.count > 0 && size + mentions.size() > self.room {
            return Ok(false);
        }

        self.size = size;
        self.mentions = mentions;
        self.count += 1;
        let at = part.received_at;
        self.span = Some(match self.span {
            Some((from, to)) => (from.min(at), to.max(at)),
            None => (at, at),
        });
        if let Some(via) = part.via {
            match self.vias.iter_mut().find(|(known, _)| known == via) {
                Some((_, count)) => *count += 1,
                None => self.vias.push((via.clone(), 1)),
            }
        }
        let group = group.unwrap_or(self.groups.len());
        if let Some(new) = new_group {
            self.groups.push(new);
            self.by_repo.insert(repo_key, group);
        }
        let lines = &mut self.groups[group].lines;
        match known {
            Some(known) => lines[known] = line,
            None => {
                if let Some(thing) = thing {
                    self.by_thing.insert((group, thing), lines.len());
                }
                lines.push(line);
            }
        }
        self.groups[group].count += 1;
        Ok(true)
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
