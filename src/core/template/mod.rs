//! Templates: from an event to the message that is posted.
//!
//! A template is a Handlebars file with a front matter that says what kind of message it makes. The built-in ones
//! are part of the binary; files of the user win over them, path by path. Everything that can be wrong with a
//! template is found when it is loaded ([`Templates::new`]), so that rendering fails on odd data only.
//!
//! Nothing here reads files or knows the size limits of a bot.

mod check;
mod context;
mod error;
mod excerpt;
mod fold;
mod front_matter;
pub mod helpers;
mod leash;
mod load;
pub mod markdown;
mod mentioned;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use handlebars::{Context, Handlebars};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::{RenderError, TemplateError};
pub use leash::Leash;

use self::front_matter::{FrontMatter, MessageType};
use self::mentioned::Mentioned;

use super::event::Event;
use super::message::{Button, Content, FeedItem, Mentions, Message};

static BUILTIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::En, Language::Zh];

    /// The word used in config files and as the templates' folder.
    pub fn name(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Zh => "zh",
        }
    }

    pub fn from_name(name: &str) -> Option<Language> {
        Language::ALL
            .into_iter()
            .find(|language| language.name() == name)
    }
}

/// A file of the templates' folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    /// Relative to the folder, with `/`: `en/github/push.hbs`, `en/partials/repo.hbs`, `en/words.toml`.
    pub path: String,
    pub text: String,
}

/// The files that are part of the binary, in the order of their paths.
pub fn builtin_files() -> Vec<TemplateFile> {
    let mut files = Vec::new();
    collect(&BUILTIN, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Dir<'_>, files: &mut Vec<TemplateFile>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.push(TemplateFile {
                path: path.replace('\\', "/"),
                text: text.to_owned(),
            });
        }
    }
    for inner in folder.dirs() {
        collect(inner, files);
    }
}

/// All templates of both languages, checked and compiled.
pub struct Templates {
    /// By path, without the partials.
    loaded: BTreeMap<String, Loaded>,
    /// In the order of [`Language::ALL`].
    engines: Vec<Engine>,
    /// By any of them, in either language.
    mentioned: Mentioned,
}

/// A template that is ready to render. Its parts are registered with the engine under their path and a suffix.
struct Loaded {
    front: FrontMatter,
    by_user: bool,
}

/// What renders one language. Values are escaped for where they go, so there is one registry for Markdown and one
/// for plain text; partials are in both.
struct Engine {
    markdown: Handlebars<'static>,
    plain: Handlebars<'static>,
    /// It only tries what somebody wrote.
    is_leashed: bool,
}

impl Engine {
    fn render(
        &self,
        registry: &Handlebars<'_>,
        name: &str,
        context: &Context,
    ) -> Result<String, handlebars::RenderError> {
        if !self.is_leashed {
            return registry.render_with_context(name, context);
        }
        let mut printed = leash::Bounded::default();
        registry.render_with_context_to_write(name, context, &mut printed)?;
        Ok(printed.into_text())
    }
}

/// What a message is made of.
#[derive(Debug, Clone)]
pub struct Rendering<'a> {
    pub event: &'a Event,
    /// The vendor's whole JSON.
    pub payload: &'a Value,
    pub language: Language,
    /// The template a route asks for by name; without it the event decides.
    pub template: Option<&'a str>,
    pub mentions: Mentions,
    pub now: Timestamp,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.loaded.keys()).finish()
    }
}

impl Templates {
    /// The built-in templates with the files of `user` over them; or everything that is wrong with those files.
    pub fn new(user: Vec<TemplateFile>) -> Result<Templates, Vec<TemplateError>> {
        load::load(builtin_files(), user, None)
    }

    /// The same for files that somebody is only trying: rendering them fails when the leash is pulled, or when they print
    /// far more than a message can hold.
    pub fn on_trial(
        user: Vec<TemplateFile>,
        leash: &Arc<Leash>,
    ) -> Result<Templates, Vec<TemplateError>> {
        load::load(builtin_files(), user, Some(leash))
    }

    /// The built-in templates alone.
    pub fn builtin() -> Templates {
        Templates::new(Vec::new()).expect("the tests load the built-in templates")
    }

    /// Whether a route may ask for `name`: there is a template of that name in at least one language.
    pub fn contains(&self, name: &str) -> bool {
        let file = format!("/{name}.hbs");
        !name.is_empty()
            && !fold::OWN.contains(&name)
            && self.loaded.keys().any(|path| path.ends_with(&file))
    }

    /// The path of the template that renders `event`. One that is asked for by name and is not there in `language`
    /// is taken in another: better than no message.
    pub fn find(
        &self,
        event: &Event,
        language: Language,
        template: Option<&str>,
    ) -> Result<&str, RenderError> {
        let kind = event.source.name();
        if let Some(name) = template {
            let others = Language::ALL.into_iter().filter(|other| *other != language);
            return [language]
                .into_iter()
                .chain(others)
                .map(Language::name)
                .map(|folder| {
                    [
                        format!("{folder}/{kind}/{name}"),
                        format!("{folder}/{name}"),
                    ]
                })
                .find_map(|names| self.first(&names))
                .ok_or_else(|| RenderError::unknown_template(name, kind));
        }
        let language = language.name();
        let folder = format!("{language}/{kind}");
        let (event, action) = (file_name(&event.event), file_name(&event.action));
        let own = [
            format!("{folder}/{event}.{action}"),
            format!("{folder}/{event}"),
        ];
        let generic = [format!("{folder}/generic"), format!("{language}/generic")];
        self.first_of(&own, true)
            .or_else(|| self.first_of(&own, false))
            .or_else(|| self.first_of(&generic, true))
            .or_else(|| self.first_of(&generic, false))
            .ok_or_else(|| RenderError::unknown_template("generic", kind))
    }

    /// The message for an event.
    pub fn render(&self, rendering: &Rendering<'_>) -> Result<Message, RenderError> {
        let path = self.find(rendering.event, rendering.language, rendering.template)?;
        let front = &self.loaded[path].front;
        let pieces = Pieces {
            engine: self.engine_of(path),
            context: Context::from(Value::Object(context::of(rendering, &self.mentioned))),
            path,
        };
        let title = pieces.line("title")?;
        let title = match title.is_empty() {
            true => markdown::one_line(&rendering.event.event),
            false => title,
        };
        let content = pieces.content(front, &rendering.mentions)?;
        Ok(Message {
            title,
            content,
            mentions: rendering.mentions.clone(),
        })
    }

    fn engine_of(&self, path: &str) -> &Engine {
        let folder = path.split('/').next().unwrap_or_default();
        &self.engines[Language::from_name(folder).unwrap_or_default() as usize]
    }

    fn first(&self, names: &[String]) -> Option<&str> {
        self.first_of(names, true)
            .or_else(|| self.first_of(names, false))
    }

    fn first_of(&self, names: &[String], by_user: bool) -> Option<&str> {
        names.iter().find_map(|name| {
            let (path, loaded) = self.loaded.get_key_value(&format!("{name}.hbs"))?;
            (loaded.by_user == by_user).then_some(path.as_str())
        })
    }
}

/// The parts of one template, rendered with one event.
struct Pieces<'a> {
    engine: &'a Engine,
    context: Context,
    path: &'a str,
}

impl Pieces<'_> {
    fn content(&self, front: &FrontMatter, mentions: &Mentions) -> Result<Content, RenderError> {
        Ok(match front.kind {
            MessageType::Text => Content::Text {
                body: with_mentions(self.body(&self.engine.plain)?, mentions),
            },
            MessageType::Link => Content::Link {
                body: self.body(&self.engine.plain)?,
                url: self.url("url")?,
                picture: Some(self.url("picture")?).filter(|url| !url.is_empty()),
            },
            MessageType::Markdown => Content::Markdown {
                body: with_mentions(self.body(&self.engine.markdown)?, mentions),
            },
            MessageType::ActionCard => {
                let body = with_mentions(self.body(&self.engine.markdown)?, mentions);
                let buttons = self.buttons(front.buttons)?;
                match buttons.is_empty() {
                    true => Content::Markdown { body },
                    false => Content::ActionCard {
                        body,
                        buttons,
                        layout: front.layout,
                    },
                }
            }
            MessageType::FeedCard => Content::FeedCard {
                items: self.items(front.items)?,
            },
        })
    }

    /// Buttons that lead nowhere are left out.
    fn buttons(&self, count: usize) -> Result<Vec<Button>, RenderError> {
        let mut buttons = Vec::with_capacity(count);
        for at in 0..count {
            let url = self.url(&format!("buttons.{at}.url"))?;
            if !url.is_empty() {
                let title = self.line(&format!("buttons.{at}.title"))?;
                buttons.push(Button { title, url });
            }
        }
        Ok(buttons)
    }

    fn items(&self, count: usize) -> Result<Vec<FeedItem>, RenderError> {
        let mut items = Vec::with_capacity(count);
        for at in 0..count {
            let url = self.url(&format!("items.{at}.url"))?;
            if !url.is_empty() {
                items.push(FeedItem {
                    title: self.line(&format!("items.{at}.title"))?,
                    url,
                    picture: self.url(&format!("items.{at}.picture"))?,
                });
            }
        }
        Ok(items)
    }

    fn body(&self, registry: &Handlebars<'_>) -> Result<String, RenderError> {
        let text = self
            .engine
            .render(registry, self.path, &self.context)
            .map_err(|error| RenderError::in_file(self.path, &error))?;
        Ok(tidy(&text))
    }

    /// A field of the front matter as one line of plain text; empty when the template does not have it.
    fn line(&self, field: &str) -> Result<String, RenderError> {
        let name = load::field_name(self.path, field);
        if !self.engine.plain.has_template(&name) {
            return Ok(String::new());
        }
        let text = self.engine.render(&self.engine.plain, &name, &self.context);
        let text = text.map_err(|error| RenderError::in_file(self.path, &error))?;
        Ok(markdown::one_line(&text))
    }

    fn url(&self, field: &str) -> Result<String, RenderError> {
        Ok(markdown::safe_url(&self.line(field)?))
    }
}

/// A word of a vendor as (part of) a file name. It comes from the network, so everything else is dropped.
fn file_name(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'))
        .collect()
}

/// The text without the gaps that conditions leave.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.trim().lines() {
        if line.trim().is_empty() {
            empty_lines += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
        }
        push_single_blanks(&mut tidy, line);
        empty_lines = 0;
    }
    tidy
}

/// The line with one blank where there are several inside of it. Those in front mean something, and two behind it
/// break the line.
fn push_single_blanks(text: &mut String, line: &str) {
    let indent = line.len() - line.trim_start().len();
    let end = line.trim_end().len();
    text.push_str(&line[..indent]);
    for (at, part) in line[indent..end]
        .split(' ')
        .filter(|part| !part.is_empty())
        .enumerate()
    {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(part);
    }
    if line[end..].starts_with("  ") {
        text.push_str("  ");
    }
}

/// Clients highlight a call by name only when the text repeats it.
fn with_mentions(body: String, mentions: &Mentions) -> String {
    let names = mentions.in_text();
    if names.is_empty() || body.contains(&names) {
        body
    } else if body.is_empty() {
        names
    } else {
        format!("{body}\n\n{names}")
    }
}
