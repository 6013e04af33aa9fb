//! From a plan to a message: the language, the people and the template of one event for one group.

use std::borrow::Cow;

use serde_json::json;

use super::event::{Connected, Event};
use super::fold::Part;
use super::message::{Message, Via};
use super::people::People;
use super::route::Plan;
use super::template::helpers::Style;
use super::template::{Language, RenderError, Rendering, Templates};

/// What every message is composed with.
pub struct Composer {
    pub templates: Templates,
    pub people: People,
    /// For groups and routes that name no language.
    pub language: Language,
}

impl Composer {
    /// The message for one group. The route's language goes before the group's.
    pub fn compose(
        &self,
        part: &Part<'_>,
        group_language: Option<Language>,
    ) -> Result<Message, RenderError> {
        let Part { parsed, plan, .. } = part;
        let language = plan.language.or(group_language).unwrap_or(self.language);
        let event = with_unrouted(&parsed.event, plan);
        let mut message = self.templates.render(&Rendering {
            event: &event,
            payload: parsed.payload.value(),
            language,
            template: plan.template.as_deref(),
            mentions: self.people.mentions(&plan.mention, &event),
            now: part.received_at,
        })?;
        if let Some(via) = part.via {
            self.open_with(&mut message, via, language)?;
        }
        Ok(message)
    }

    /// Says first for whom the message is and why it is told here.
    pub(super) fn open_with(
        &self,
        message: &mut Message,
        via: &Via,
        language: Language,
    ) -> Result<(), RenderError> {
        let style = match message.is_markdown() {
            true => Style::Markdown,
            false => Style::Plain,
        };
        let line = self.templates.partial(language, "via", style, json!(via))?;
        message.open_with(&line);
        Ok(())
    }
}

/// The event, with what the routes found out about a ping.
fn with_unrouted<'a>(event: &'a Event, plan: &Plan) -> Cow<'a, Event> {
    match &event.connected {
        Some(connected) if !plan.unrouted.is_empty() => Cow::Owned(Event {
            connected: Some(Connected {
                unrouted: plan.unrouted.clone(),
                ..connected.clone()
            }),
            ..event.clone()
        }),
        _ => Cow::Borrowed(event),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;
    use crate::core::event::{Kind, Repo};
    use crate::core::message::Content;
    use crate::core::source::Parsed;

    /// The card of a ping about `repo` that announces `events`, of which no route wants `unrouted`.
    fn card(language: Language, repo: Option<&str>, events: &[&str], unrouted: &[&str]) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
        let mut event = Event::new(Kind::Github, "ping", "");
        event.repo = repo.map(|name| Repo::named(name, None));
        event.connected = Some(Connected {
            events: texts(events),
            ..Connected::default()
        });
        let parsed = Parsed {
            event,
            payload: Value::Null.into(),
            delivery_key: None,
        };
        let plan = Plan {
            unrouted: texts(unrouted),
            ..Plan::default()
        };
        let composer = Composer {
            templates: Templates::builtin(),
            people: People::default(),
            language,
        };
        let part = Part {
            parsed: &parsed,
            plan: &plan,
            received_at: Timestamp::UNIX_EPOCH,
            via: None,
        };
        let message = composer.compose(&part, None).unwrap();
        match message.content {
            Content::Markdown { body } => body,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_card_of_a_ping_tells_what_will_come_and_what_nobody_wants() {
        let events = ["push", "issues", "fork", "label", "team", "gollum", "star"];
        assert_eq!(
            card(
                Language::En,
                Some("acme/shop"),
                &events,
                &["gollum", "star"]
            ),
            "#### ✅ Connected: acme/shop → this group\n\n\
             GitHub will send push, issues, fork, label, team and 2 more.\n\n\
             Sent but wanted by no route: gollum, star."
        );
        assert_eq!(
            card(
                Language::Zh,
                Some("acme/shop"),
                &events,
                &["gollum", "star"]
            ),
            "#### ✅ 已连接：acme/shop → 本群\n\n\
             GitHub 将发送：push、issues、fork、label、team，还有 2 个。\n\n\
             会发送，但没有路由需要：gollum、star。"
        );
    }

    #[test]
    fn the_card_of_a_ping_leaves_out_what_is_not_known() {
        let (organization, all) = (Some("acme"), &["*"][..]);
        let cases = [
            (
                card(Language::En, organization, all, &[]),
                "#### ✅ Connected: acme → this group\n\nGitHub will send everything.",
            ),
            (
                card(Language::Zh, organization, all, &[]),
                "#### ✅ 已连接：acme → 本群\n\nGitHub 将发送：全部事件。",
            ),
            (
                card(Language::En, None, &[], &[]),
                "#### ✅ Connected: GitHub → this group",
            ),
        ];
        for (card, expected) in cases {
            assert_eq!(card, expected);
        }
    }
}
