//! What messages about several events need of the templates: one event as a line, and templates that no event names.

use handlebars::Context;
use serde_json::{Map, Value, json};

use super::helpers::Style;
use super::{Language, Pieces, RenderError, Rendering, Templates, context, load, markdown};
use crate::core::event::Event;
use crate::core::message::{Mentions, Message};

/// Templates of messages about several events; a route cannot ask for them.
pub const OWN: [&str; 2] = ["digest", "story"];

impl Templates {
    /// What a template says in its title, as one line of Markdown with its links, without the repository's name.
    /// `people` are told in place of the one who acted.
    pub fn line(
        &self,
        rendering: &Rendering<'_>,
        people: &[String],
    ) -> Result<String, RenderError> {
        let path = self.find(rendering.event, rendering.language, rendering.template)?;
        let mut fields = context::of(rendering, &self.mentioned);
        fields.insert("line".to_owned(), json!({ "people": people }));
        let pieces = Pieces {
            engine: self.engine_of(path),
            context: Context::from(Value::Object(fields)),
            path,
        };
        let title = load::field_name(path, "title");
        if pieces.engine.markdown.has_template(&title) {
            let line = pieces
                .engine
                .markdown
                .render_with_context(&title, &pieces.context)
                .map_err(|error| RenderError::in_file(path, &error))?;
            return Ok(markdown::one_line(&line));
        }
        let title = match pieces.line("title")? {
            title if title.is_empty() => rendering.event.event.clone(),
            title => title,
        };
        Ok(markdown::escape(&title))
    }

    /// A partial by itself, rendered with these names.
    pub fn partial(
        &self,
        language: Language,
        name: &str,
        style: Style,
        fields: Value,
    ) -> Result<String, RenderError> {
        let engine = &self.engines[language as usize];
        let registry = match style {
            Style::Markdown => &engine.markdown,
            Style::Plain => &engine.plain,
        };
        let path = format!("{}/partials/{name}.hbs", language.name());
        registry
            .render(name, &fields)
            .map(|text| text.trim().to_owned())
            .map_err(|error| RenderError::in_file(&path, &error))
    }

    /// The message of the template `name`, one of [`OWN`].
    pub fn tell(
        &self,
        name: &str,
        language: Language,
        mentions: Mentions,
        mut fields: Map<String, Value>,
    ) -> Result<Message, RenderError> {
        let path = format!("{}/{name}.hbs", language.name());
        let Some((path, loaded)) = self.loaded.get_key_value(&path) else {
            return Err(RenderError::unknown_template(name, "every source"));
        };
        fields.insert("mentions".to_owned(), json!(mentions.in_text()));
        fields.insert("language".to_owned(), json!(language.name()));
        let pieces = Pieces {
            engine: self.engine_of(path),
            context: Context::from(Value::Object(fields)),
            path,
        };
        Ok(Message {
            title: pieces.line("title")?,
            content: pieces.content(&loaded.front, &mentions)?,
            mentions,
        })
    }

    /// What an event gives templates by itself, without its payload.
    pub fn fields(&self, event: &Event) -> Map<String, Value> {
        context::of_event(event, &Value::Null, &self.mentioned)
    }
}
