//! Routes: which events go to which groups, with which template, calling whom.
//!
//! A route is a list of conditions that must all hold. Deciding and explaining are one piece of code: a route
//! matches when its list of failed conditions is empty, and `hookbell explain` prints that list.

mod connected;
mod matcher;
mod when;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::matcher::{Matcher, Style};
use self::when::When;
use super::event::{Event, Quiet};
use super::json::Document;
use super::template::Language;

pub use self::when::Variables;

/// A route as the config says it, already checked for its types but not compiled.
#[derive(Debug, Clone)]
pub struct RouteSpec {
    pub name: String,
    pub source: Vec<String>,
    pub event: Vec<String>,
    pub action: Vec<String>,
    pub repo: Vec<String>,
    pub branch: Vec<String>,
    pub tag: Vec<String>,
    pub status: Vec<String>,
    pub actor: Vec<String>,
    pub author: Vec<String>,
    pub label: Vec<String>,
    /// CEL over `event` and `payload`.
    pub when: Option<String>,
    pub to: Vec<String>,
    pub mention: Vec<String>,
    pub template: Option<String>,
    pub language: Option<Language>,
    pub urgent: bool,
    /// How long events of one thing are held to become one message. Not together with `urgent`.
    pub gather: Option<Duration>,
    /// May be told in a digest together with others.
    pub digest: bool,
    /// No later route sees an event that this one matched.
    pub is_final: bool,
}

impl Default for RouteSpec {
    /// Every event, to nobody.
    fn default() -> RouteSpec {
        RouteSpec {
            name: String::new(),
            source: Vec::new(),
            event: Vec::new(),
            action: Vec::new(),
            repo: Vec::new(),
            branch: Vec::new(),
            tag: Vec::new(),
            status: Vec::new(),
            actor: Vec::new(),
            author: Vec::new(),
            label: Vec::new(),
            when: None,
            to: Vec::new(),
            mention: Vec::new(),
            template: None,
            language: None,
            urgent: false,
            gather: None,
            digest: true,
            is_final: false,
        }
    }
}

/// A route that can be asked.
#[derive(Debug)]
pub struct Route {
    spec: RouteSpec,
    conditions: Vec<Condition>,
    when: Option<When>,
}

/// What is wrong with a route's text: which key, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct RouteError {
    pub key: &'static str,
    pub what: String,
    pub remedy: String,
}

#[derive(Debug)]
struct Condition {
    field: Field,
    matcher: Matcher,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Source,
    Event,
    Action,
    Repo,
    Branch,
    Tag,
    Status,
    Actor,
    Author,
    Label,
}

impl Field {
    fn key(self) -> &'static str {
        match self {
            Field::Source => "source",
            Field::Event => "event",
            Field::Action => "action",
            Field::Repo => "repo",
            Field::Branch => "branch",
            Field::Tag => "tag",
            Field::Status => "status",
            Field::Actor => "actor",
            Field::Author => "author",
            Field::Label => "label",
        }
    }

    fn style(self) -> Style {
        match self {
            Field::Repo => Style::Path,
            Field::Branch | Field::Tag => Style::Reference,
            _ => Style::Word,
        }
    }

    fn values<'a>(self, source: &'a str, event: &'a Event) -> Vec<&'a str> {
        fn with_aliases<'a>(word: &'a str, aliases: &'a [String]) -> Vec<&'a str> {
            std::iter::once(word)
                .chain(aliases.iter().map(String::as_str))
                .filter(|word| !word.is_empty())
                .collect()
        }
        fn names(person: Option<&super::event::Person>) -> Vec<&str> {
            let Some(person) = person else {
                return Vec::new();
            };
            let mut names: Vec<&str> = person.login.as_deref().into_iter().collect();
            if !names.contains(&person.name.as_str()) {
                names.push(&person.name);
            }
            names
        }
        match self {
            Field::Source => vec![source, event.source.name()],
            Field::Event => with_aliases(&event.event, &event.aliases.event),
            Field::Action => with_aliases(&event.action, &event.aliases.action),
            Field::Repo => event.repo.iter().map(|repo| repo.name.as_str()).collect(),
            Field::Branch => event.branch.as_deref().into_iter().collect(),
            Field::Tag => event.tag.as_deref().into_iter().collect(),
            Field::Status => with_aliases(
                event.status.as_deref().unwrap_or_default(),
                &event.aliases.status,
            ),
            Field::Actor => names(event.actor.as_ref()),
            Field::Author => names(event.author.as_ref()),
            Field::Label => event.labels.iter().map(String::as_str).collect(),
        }
    }
}

/// A condition that did not hold, for people: what the route wants and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    pub condition: &'static str,
    pub wanted: String,
    pub saw: String,
}

impl Route {
    /// Compiles a route; reports everything that is wrong with it.
    pub fn compile(spec: RouteSpec) -> Result<Route, Vec<RouteError>> {
        let mut errors = Vec::new();
        let mut compile = |field: Field, patterns: &[String]| {
            if patterns.is_empty() {
                return None;
            }
            Matcher::new(patterns, field.style())
                .map_err(|error| {
                    errors.push(RouteError {
                        key: field.key(),
                        what: error.to_string(),
                        remedy: "use `*` for anything, `**` across slashes, `{a,b}` for a choice"
                            .into(),
                    });
                })
                .ok()
        };
        let conditions = [
            (Field::Source, &spec.source),
            (Field::Event, &spec.event),
            (Field::Action, &spec.action),
            (Field::Repo, &spec.repo),
            (Field::Branch, &spec.branch),
            (Field::Tag, &spec.tag),
            (Field::Status, &spec.status),
            (Field::Actor, &spec.actor),
            (Field::Author, &spec.author),
            (Field::Label, &spec.label),
        ]
        .into_iter()
        .filter_map(|(field, patterns)| {
            let matcher = compile(field, patterns)?;
            Some(Condition { field, matcher })
        })
        .collect();
        let when = spec.when.as_deref().and_then(|text| {
            When::compile(text)
                .map_err(|error| {
                    errors.push(RouteError {
                        key: "when",
                        what: error.to_string(),
                        remedy: "write a CEL condition over `event` and `payload`, such as `event.pipeline.duration > 600`".into(),
                    });
                })
                .ok()
        });
        if errors.is_empty() {
            Ok(Route {
                spec,
                conditions,
                when,
            })
        } else {
            Err(errors)
        }
    }

    pub fn spec(&self) -> &RouteSpec {
        &self.spec
    }

    /// Its conditions as they are written: which key, and what it wants.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, String)> {
        let conditions = self.conditions.iter();
        let matchers = conditions.map(|it| (it.field.key(), it.matcher.to_string()));
        matchers.chain(self.when.iter().map(|when| ("when", when.to_string())))
    }

    /// Whether it has no misses. Most routes do not want an event, and at the door nobody reads why.
    fn wants(&self, source: &str, event: &Event, variables: &Variables) -> bool {
        self.failing(source, event).next().is_none()
            && self.hushed(event).is_none()
            && self
                .when
                .as_ref()
                .is_none_or(|when| when.holds(variables).is_ok())
    }

    /// Every condition that does not hold. `when` is the costly one and asked only where all others hold.
    fn misses(&self, source: &str, event: &Event, variables: &Variables) -> Vec<Miss> {
        let mut misses: Vec<Miss> = self
            .failing(source, event)
            .map(|(condition, values)| Miss {
                condition: condition.field.key(),
                wanted: condition.matcher.to_string(),
                saw: seen(&values),
            })
            .collect();
        if let Some(quiet) = self.hushed(event) {
            let action = match quiet.word == event.event {
                true => String::new(),
                false => format!(" with action = \"{}\"", quiet.word),
            };
            misses.push(Miss {
                condition: "quiet",
                wanted: format!("a route with event = \"{}\"{action}", event.event),
                saw: format!("silent by default: {}", quiet.reason),
            });
        }
        if misses.is_empty()
            && let Some(when) = &self.when
            && let Err(saw) = when.holds(variables)
        {
            misses.push(Miss {
                condition: "when",
                wanted: when.to_string(),
                saw,
            });
        }
        misses
    }

    /// The conditions that do not hold, without `when`, and what they looked at.
    fn failing<'a>(
        &'a self,
        source: &'a str,
        event: &'a Event,
    ) -> impl Iterator<Item = (&'a Condition, Vec<&'a str>)> {
        self.conditions
            .iter()
            .map(move |condition| (condition, condition.field.values(source, event)))
            .filter(|(condition, values)| !condition.matcher.matches(values))
    }

    /// Why the event is silent, if this route does not ask for it all the same.
    fn hushed<'a>(&self, event: &'a Event) -> Option<&'a Quiet> {
        event
            .quiet
            .as_ref()
            .filter(|quiet| !self.names(event, quiet))
    }

    /// Whether the route asks for this very event, so that it also gets what is silent by default.
    fn names(&self, event: &Event, quiet: &Quiet) -> bool {
        let names = |field: Field, values: &[&str]| {
            self.conditions
                .iter()
                .any(|condition| condition.field == field && condition.matcher.names(values))
        };
        let states = || match quiet.word == event.action {
            true => Field::Status.values("", event),
            false => Vec::new(),
        };
        names(Field::Event, &Field::Event.values("", event))
            && (quiet.word == event.event
                || names(Field::Action, &[&quiet.word])
                || names(Field::Status, &[&quiet.word])
                || names(Field::Status, &states()))
    }
}

/// The values a condition looked at, for people.
fn seen(values: &[&str]) -> String {
    if values.is_empty() {
        "nothing".into()
    } else {
        let mut values = values.to_vec();
        // A source that is called like its vendor.
        values.dedup();
        values.join(", ")
    }
}

/// What became of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Matched,
    /// The conditions that do not hold.
    Missed(Vec<Miss>),
    /// An earlier route that matched is final; its name.
    Cut(String),
}

/// One message to be: a group that is to hear of the event, and how. Kept in the outbox, so that a change of the
/// routes does not lose what was accepted or send it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    pub group: String,
    /// The first route that leads there; it also chooses template and language.
    pub route: String,
    /// The others that lead there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
    pub template: Option<String>,
    pub language: Option<Language>,
    /// Words of the routes' `mention`: roles, people, `all`.
    pub mention: Vec<String>,
    /// Told before everything else, at once and by itself.
    pub urgent: bool,
    /// How long it is held for what else happens to the same thing; never for what is urgent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gather: Option<Duration>,
    /// May be told in a digest together with others.
    pub digest: bool,
    /// For pings: the announced events that would reach nobody, by the routes of that time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unrouted: Vec<String>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            group: String::new(),
            route: String::new(),
            joined: Vec::new(),
            template: None,
            language: None,
            mention: Vec::new(),
            urgent: false,
            gather: None,
            digest: true,
            unrouted: Vec::new(),
        }
    }
}

impl Plan {
    /// Adds what a later route wants for the same group: what either of them asks for counts.
    fn join(&mut self, spec: &RouteSpec) {
        self.joined.push(spec.name.clone());
        for word in &spec.mention {
            if !self.mention.contains(word) {
                self.mention.push(word.clone());
            }
        }
        self.urgent |= spec.urgent;
        self.digest &= spec.digest;
        self.gather = match self.urgent {
            true => None,
            false => self.gather.into_iter().chain(spec.gather).min(),
        };
    }
}

/// What the routes make of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Names of the routes that match, in their order.
    pub routes: Vec<String>,
    pub plans: Vec<Plan>,
}

/// All routes, in their order.
#[derive(Debug, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    pub fn new(routes: Vec<Route>) -> Routes {
        Routes(routes)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// Asks every route about an event of the source named `source`.
    pub fn verdicts<'a>(
        &'a self,
        source: &str,
        event: &Event,
        payload: &Document,
    ) -> Vec<(&'a Route, Verdict)> {
        let variables = Variables::new(event, payload);
        let mut cut: Option<&str> = None;
        self.0
            .iter()
            .map(|route| {
                if let Some(name) = cut {
                    return (route, Verdict::Cut(name.to_owned()));
                }
                let misses = route.misses(source, event, &variables);
                if !misses.is_empty() {
                    return (route, Verdict::Missed(misses));
                }
                if route.spec.is_final {
                    cut = Some(&route.spec.name);
                }
                (route, Verdict::Matched)
            })
            .collect()
    }

    /// Which routes match, and one plan for each group that any of them leads to.
    pub fn decide(&self, source: &str, event: &Event, payload: &Document) -> Decision {
        let mut routes = Vec::new();
        let mut plans: Vec<Plan> = Vec::new();
        let unrouted = self.unrouted(source, event);
        let variables = Variables::new(event, payload);
        for route in &self.0 {
            if !route.wants(source, event, &variables) {
                continue;
            }
            let spec = &route.spec;
            routes.push(spec.name.clone());
            for group in &spec.to {
                match plans.iter_mut().find(|plan| plan.group == *group) {
                    Some(plan) => plan.join(spec),
                    None => plans.push(Plan {
                        group: group.clone(),
                        route: spec.name.clone(),
                        joined: Vec::new(),
                        template: spec.template.clone(),
                        language: spec.language,
                        mention: spec.mention.clone(),
                        urgent: spec.urgent,
                        gather: spec.gather,
                        digest: spec.digest,
                        unrouted: unrouted.clone(),
                    }),
                }
            }
            if spec.is_final {
                break;
            }
        }
        Decision { routes, plans }
    }
}

#[cfg(test)]
mod tests;
