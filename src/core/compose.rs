//! From a plan to a message: the language, the people and the template of one event for one group.

use jiff::Timestamp;

use super::message::Message;
use super::people::People;
use super::route::Plan;
use super::source::Parsed;
use super::template::{Language, RenderError, Rendering, Templates};

/// What every message is composed with.
pub struct Composer {
    pub templates: Templates,
    pub people: People,
    /// For groups and routes that name no language.
    pub language: Language,
}

impl Composer {
    /// The message for one group. The route's language goes before the group's. `now` is what "2 h ago" is told
    /// from; deliveries hand in when they came, so that a later retry says the same words.
    pub fn compose(
        &self,
        parsed: &Parsed,
        plan: &Plan,
        group_language: Option<Language>,
        now: Timestamp,
    ) -> Result<Message, RenderError> {
        let language = plan
            .language
            .as_deref()
            .and_then(Language::from_name)
            .or(group_language)
            .unwrap_or(self.language);
        self.templates.render(&Rendering {
            event: &parsed.event,
            payload: &parsed.payload,
            language,
            template: plan.template.as_deref(),
            mentions: self.people.mentions(&plan.mention, &parsed.event),
            now,
        })
    }
}
