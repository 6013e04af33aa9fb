//! From a plan to a message: the language, the people and the template of one event for one group.

use std::borrow::Cow;

use jiff::Timestamp;

use super::event::{Connected, Event};
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
        let language = plan.language.or(group_language).unwrap_or(self.language);
        let event = with_unrouted(&parsed.event, plan);
        self.templates.render(&Rendering {
            event: &event,
            payload: &parsed.payload,
            language,
            template: plan.template.as_deref(),
            mentions: self.people.mentions(&plan.mention, &event),
            now,
        })
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
    use serde_json::Value;

    use super::*;
    use crate::core::event::{Kind, Repo};
    use crate::core::message::Content;

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
            payload: Value::Null,
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
        let message = composer
            .compose(&parsed, &plan, None, Timestamp::UNIX_EPOCH)
            .unwrap();
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
