//! The template playground: what a message would be, with a template that somebody is still writing. Nothing is posted
//! and no file is changed.
//!
//! What is tried comes from a visitor, so it is bounded: in size here, in time and in what it prints by a [`Leash`].

mod samples;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Operator, Problem};
use crate::bot::dingtalk::{self, lint};
use crate::checked::{Checked, read_templates};
use crate::config::GroupSettings;
use crate::core::compose::Composer;
use crate::core::event::Kind;
use crate::core::fold::Part;
use crate::core::lint::Said;
use crate::core::people::People;
use crate::core::route::Plan;
use crate::core::source::{self, Parsed, RawRequest};
use crate::core::template::{
    Language, Leash, RenderError, TemplateError, TemplateFile, Templates, builtin_files,
};
use crate::store::record::DeliveryId;

/// Larger ones are no templates.
pub const MOST_TEMPLATE: usize = 64 * 1024;
/// Larger payloads come from somewhere else than a person's clipboard.
pub const MOST_PAYLOAD: usize = 2 * 1024 * 1024;
/// Longer than any template takes that a group should wait for, once it is loaded.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most that DingTalk takes.
pub const MOST_BYTES: usize = 20_000;

/// What a message is to tell of.
#[derive(Debug, Clone)]
pub enum Origin {
    Delivery(DeliveryId),
    /// A vendor's example.
    Sample(Kind),
    Pasted {
        kind: Kind,
        headers: Vec<(String, String)>,
        payload: String,
    },
}

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Draft {
    pub origin: Origin,
    /// `en/github/push.hbs`; the one that the event would get, where it is empty.
    pub path: String,
    /// Its text; the one that is in force, where there is none.
    pub text: Option<String>,
    /// The group that is told: its keywords and language.
    pub group: Option<String>,
    /// What the remarks are written in.
    pub reader: Language,
}

/// A template at work.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bench {
    /// Relative to the templates' folder.
    pub path: String,
    pub text: String,
    /// Other templates that this event could get.
    pub choices: Vec<String>,
    /// The event in a few words.
    pub event: String,
    /// The group that is told; empty where none would be.
    pub group: String,
    /// The message, or what is wrong with the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}

/// What would be posted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Drawn {
    #[schema(value_type = Object)]
    pub body: Value,
    /// Of 20,000.
    pub bytes: usize,
    /// What to mend, the template's lines first.
    pub remarks: Vec<Remark>,
    /// Who is called.
    pub called: Vec<String>,
    /// The group's keyword that was added, because the message has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_keyword: Option<String>,
    pub links: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Remark {
    /// Of the template, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    pub what: String,
    pub advice: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mistake {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    pub what: String,
    pub remedy: String,
}

impl Operator {
    /// Renders what somebody is writing.
    pub async fn try_template(&self, draft: Draft) -> Result<Bench, Problem> {
        if draft
            .text
            .as_ref()
            .is_some_and(|text| text.len() > MOST_TEMPLATE)
        {
            return Err(Problem::unfit(
                "the template is larger than 64 KiB",
                "put parts of it into partials",
            ));
        }
        let (source, parsed, headers) = self.origin(&draft.origin).await?;
        let in_force = self.current.load();
        let leash = Arc::new(Leash::default());
        let tied = Arc::clone(&leash);
        let now = self.clock.now();
        let (loaded, is_loaded) = oneshot::channel();
        let work = tokio::task::spawn_blocking(move || {
            let told = Told {
                said: Said::by(parsed.payload.value(), &headers),
                source,
                parsed,
                now,
            };
            bench(&in_force.checked, &draft, &told, &tied, loaded)
        });
        let too_long = || {
            Problem::unfit(
                "drawing it takes too long",
                "use loops within loops for short lists only: `take` shortens a list",
            )
        };
        // To load is bounded by the size alone; what is never told has failed, which the work itself says.
        let _ = is_loaded.await;
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(bench)) => bench,
            Ok(Err(_)) => Err(too_long()),
            Err(_) => {
                leash.pull();
                Err(too_long())
            }
        }
    }

    /// Name of the source, the event, and the headers that it came with.
    async fn origin(
        &self,
        origin: &Origin,
    ) -> Result<(String, Parsed, Vec<(String, String)>), Problem> {
        let (source, kind, request) = match origin {
            Origin::Sample(kind) => (kind.name().to_owned(), *kind, samples::of(*kind)),
            Origin::Pasted {
                kind,
                headers,
                payload,
            } => {
                if payload.len() > MOST_PAYLOAD {
                    return Err(Problem::unfit(
                        "the payload is larger than 2 MiB",
                        "paste the part that the template reads",
                    ));
                }
                let request = RawRequest {
                    headers: headers.clone(),
                    query: Vec::new(),
                    body: payload.trim().to_owned().into(),
                };
                (kind.name().to_owned(), *kind, request)
            }
            Origin::Delivery(id) => {
                let found = self.store.delivery(*id).await?;
                let record = found.ok_or_else(|| {
                    Problem::unknown(
                        format!("there is no delivery {id}"),
                        "it may have been cleaned up",
                    )
                })?;
                let request = RawRequest {
                    headers: record.payload.headers,
                    query: Vec::new(),
                    body: record.payload.body,
                };
                (record.delivery.source, record.delivery.kind, request)
            }
        };
        let parsed = source::of(kind).parse(&request).map_err(|error| {
            Problem::unfit(
                error.to_string(),
                format!("give the body of a webhook as {} sends it", kind.title()),
            )
        })?;
        Ok((source, parsed, request.headers))
    }
}

/// What a message tells of.
struct Told {
    source: String,
    parsed: Parsed,
    said: Said,
    now: jiff::Timestamp,
}

fn bench(
    checked: &Checked,
    draft: &Draft,
    told: &Told,
    leash: &Arc<Leash>,
    loaded: oneshot::Sender<()>,
) -> Result<Bench, Problem> {
    let config = &checked.config;
    let event = &told.parsed.event;
    let decision = checked
        .routes
        .decide(&told.source, event, &told.parsed.payload);
    let mut plans = decision.plans.into_iter();
    let plan = match &draft.group {
        Some(name) => plans.find(|plan| plan.group == *name),
        None => plans.next(),
    }
    .unwrap_or_default();
    let name = draft.group.as_deref().unwrap_or(&plan.group);
    let group = config.groups.iter().find(|group| group.name == name);
    let language = plan
        .language
        .or(group.and_then(|group| group.language))
        .unwrap_or(config.templates.language);
    let found = |language| {
        let composer = &checked.composer;
        let path = composer
            .templates
            .find(event, language, plan.template.as_deref());
        path.map(str::to_owned).ok()
    };
    let path = match draft.path.as_str() {
        "" => found(language).unwrap_or_default(),
        path => path.to_owned(),
    };
    let (target, template) = target(&path, event.source)?;
    let mut files = read_templates(&config.templates.dir).unwrap_or_default();
    let text = match &draft.text {
        Some(text) => text.replace("\r\n", "\n"),
        None => current(&files, &path),
    };
    files.retain(|file| file.path != path);
    files.push(TemplateFile {
        path: path.clone(),
        text: text.clone(),
    });
    let mut choices: Vec<String> = Language::ALL.into_iter().filter_map(found).collect();
    choices.extend(own_paths(&path, told));
    choices.retain(|choice| *choice != path);
    choices.dedup();
    let mut bench = Bench {
        event: super::trial::summary(event),
        group: group.map(|group| group.name.clone()).unwrap_or_default(),
        path,
        text,
        choices,
        drawn: None,
        mistakes: Vec::new(),
    };
    let templates = match Templates::on_trial(files, leash) {
        Ok(templates) => templates,
        Err(errors) => {
            bench.mistakes = errors.into_iter().map(Mistake::from).collect();
            return Ok(bench);
        }
    };
    // Nobody listens any more where the visitor has left.
    let _ = loaded.send(());
    let composer = Composer {
        templates,
        people: People::new(config.people.clone()),
        language: config.templates.language,
    };
    let plan = Plan {
        template: template.or(plan.template.clone()),
        language: Some(target),
        ..plan
    };
    match drawn(&composer, &plan, group, told, &bench.text, draft.reader) {
        Ok(drawn) => bench.drawn = Some(drawn),
        Err(error) => bench.mistakes.push(error.into()),
    }
    Ok(bench)
}

fn drawn(
    composer: &Composer,
    plan: &Plan,
    group: Option<&GroupSettings>,
    told: &Told,
    text: &str,
    reader: Language,
) -> Result<Drawn, RenderError> {
    let part = Part {
        parsed: &told.parsed,
        plan,
        received_at: told.now,
        via: None,
    };
    let message = composer.compose(&part, None)?;
    let keywords = group
        .and_then(|group| group.bots.first())
        .map(|bot| bot.keywords.as_slice())
        .unwrap_or_default();
    let key = Uuid::nil().to_string();
    let body = dingtalk::body(&message, &key, keywords);
    let has_keyword = keywords.is_empty() || dingtalk::body(&message, &key, &[]) == body;
    let shown = lint::Shown::of(&body);
    let mut remarks: Vec<Remark> = Vec::new();
    let lines = lint::template(text);
    let language = plan.language.unwrap_or_default();
    let of_body = lint::body(&body, language, &told.said).into_iter();
    // What a line of the template was told of is not told again.
    let of_body = of_body.filter(|rule| lines.iter().all(|remark| remark.rule != *rule));
    let size = message.size();
    let cut = (size > dingtalk::room(keywords)).then_some(lint::Rule::Size(size));
    let all = lines
        .iter()
        .map(|remark| (Some(remark.line), remark.rule.clone()))
        .chain(cut.into_iter().chain(of_body).map(|rule| (None, rule)));
    for (line, rule) in all {
        let lint::Told { what, advice } = rule.told(reader);
        remarks.push(Remark { line, what, advice });
    }
    Ok(Drawn {
        bytes: body.len(),
        remarks,
        called: shown.called.clone(),
        added_keyword: keywords.first().filter(|_| !has_keyword).cloned(),
        links: shown.links.len(),
        body: serde_json::from_str(&body).unwrap_or_default(),
    })
}

/// The language and the name of the template at a path, where a route could ask for it. Anything else that a path may
/// name, such as a partial, is tried with the template that the event gets.
fn target(path: &str, kind: Kind) -> Result<(Language, Option<String>), Problem> {
    let unfit = || {
        Problem::unfit(
            "this is no path of a template that can be tried here",
            "write it like en/github/push.hbs: language, vendor, event",
        )
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    if !path.chars().all(is_plain) || path.contains("..") || path.len() > 200 {
        return Err(unfit());
    }
    let parts: Vec<&str> = path.split('/').collect();
    let language = Language::from_name(parts[0]).ok_or_else(unfit)?;
    let name = parts[parts.len() - 1]
        .strip_suffix(".hbs")
        .ok_or_else(unfit)?;
    match parts[1..parts.len() - 1] {
        ["partials", ..] => Ok((language, None)),
        [] if name != "digest" && name != "story" => Ok((language, Some(name.to_owned()))),
        [vendor] if vendor == kind.name() => Ok((language, Some(name.to_owned()))),
        _ => Err(unfit()),
    }
}

/// The text that is in force at a path.
fn current(files: &[TemplateFile], path: &str) -> String {
    let builtin = builtin_files();
    let of_path = |files: &[TemplateFile]| {
        let file = files.iter().find(|file| file.path == path);
        file.map(|file| file.text.clone())
    };
    of_path(files)
        .or_else(|| of_path(&builtin))
        .unwrap_or_default()
}

/// The path of a template for this action alone, in the language of `path`.
fn own_paths(path: &str, told: &Told) -> Option<String> {
    let event = &told.parsed.event;
    let language = path.split('/').next()?;
    let kind = event.source.name();
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-:".contains(c))
    };
    (is_word(&event.event) && is_word(&event.action))
        .then(|| format!("{language}/{kind}/{}.{}.hbs", event.event, event.action))
}

impl From<TemplateError> for Mistake {
    fn from(error: TemplateError) -> Mistake {
        Mistake {
            file: error.file,
            line: error.line,
            what: error.what,
            remedy: error.remedy,
        }
    }
}

impl From<RenderError> for Mistake {
    fn from(error: RenderError) -> Mistake {
        let (file, line, what) = match error {
            RenderError::Failed { file, line, what } => (file, line, what),
            other => (String::new(), None, other.to_string()),
        };
        Mistake {
            file,
            line,
            what,
            remedy: String::new(),
        }
    }
}

impl Bench {
    /// Before there is anything to tell of.
    pub fn empty() -> Bench {
        Bench {
            path: String::new(),
            text: String::new(),
            choices: Vec::new(),
            event: String::new(),
            group: String::new(),
            drawn: None,
            mistakes: Vec::new(),
        }
    }
}
