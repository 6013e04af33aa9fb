//! Groups: their bots, and what each was told as the group sees it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use askama::Template;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::frame::{Frame, Moment, Nav, short_time};
use super::meter::BotLine;
use super::visitor::Visitor;
use super::words::Words;
use crate::core::message::Message;
use crate::drawing::{self, Bubble};
use crate::operate::groups::{Chat, GroupDetail, GroupState, TestAnswer, Told};
use crate::operate::{Operator, Problem};

/// Messages on a page.
const SHOWN: u32 = 50;
/// A pause after which the chat tells the time.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

#[derive(Template)]
#[template(path = "admin/groups/list.html")]
struct ListPage {
    frame: Frame,
    words: &'static Words,
    groups: Vec<GroupRow>,
}

struct GroupRow {
    name: String,
    bots: Vec<BotLine>,
    waiting: String,
}

#[derive(Template)]
#[template(path = "admin/groups/chat.html")]
struct ChatPage {
    frame: Frame,
    words: &'static Words,
    name: String,
    /// Of the group's messages, for the `lang` attribute.
    lang: &'static str,
    says: Vec<Say>,
    older: Option<String>,
    /// Whether there are newer ones than these.
    is_past: bool,
    group: GroupRow,
    settings: Vec<(&'static str, String, &'static str)>,
    routes: Vec<String>,
}

/// A message in a chat.
struct Say {
    /// Set where the chat tells the time above the message.
    when: Option<String>,
    notification: String,
    bubble: Bubble,
    posted: Moment,
    /// What it tells of: a source and its event, or how many.
    of: String,
    delivery: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/groups/tested.html")]
struct TestedPage {
    frame: Frame,
    words: &'static Words,
    name: String,
    answers: Vec<TestAnswer>,
}

pub async fn list(visitor: Visitor, operator: Data<Operator>) -> HttpResponse {
    let words = visitor.words;
    let now = operator.clock.now();
    match operator.groups().await {
        Ok(groups) => super::page(
            StatusCode::OK,
            &ListPage {
                frame: Frame::new(&visitor, Nav::Groups, words.groups.title),
                words,
                groups: groups.iter().map(|group| row(group, words, now)).collect(),
            },
        ),
        Err(error) => super::problem(&visitor, &error.into()),
    }
}

#[derive(Deserialize)]
pub struct Before {
    before: Option<String>,
}

pub async fn chat(
    visitor: Visitor,
    operator: Data<Operator>,
    name: Path<String>,
    page: Query<Before>,
) -> HttpResponse {
    let before = page.before.as_deref();
    let group = operator.group(&name).await;
    let chat = operator.chat(&name, before, SHOWN).await;
    match group.and_then(|group| Ok((group, chat?))) {
        Ok((group, chat)) => {
            let now = operator.clock.now();
            let page = chat_page(&visitor, &group, chat, before.is_some(), now);
            super::page(StatusCode::OK, &page)
        }
        Err(problem) => super::problem(&visitor, &problem),
    }
}

/// What to post.
#[derive(Deserialize)]
pub struct TestText {
    text: String,
}

pub async fn test(
    visitor: Visitor,
    operator: Data<Operator>,
    name: Path<String>,
    form: Form<TestText>,
) -> HttpResponse {
    let words = visitor.words;
    let text = form.text.trim();
    let sent = match text.is_empty() {
        true => Err(Problem::unfit(
            words.groups.test_empty,
            words.groups.test_empty_do,
        )),
        false => operator.send(&name, &Message::plain(text)).await,
    };
    match sent {
        Ok(answers) => super::page(
            StatusCode::OK,
            &TestedPage {
                frame: Frame::new(&visitor, Nav::Groups, (words.groups.answered)(&name)),
                words,
                name: name.into_inner(),
                answers,
            },
        ),
        Err(problem) => super::problem(&visitor, &problem),
    }
}

fn row(group: &GroupState, words: &Words, now: Timestamp) -> GroupRow {
    let age = group.waiting_since.map(|since| now.duration_since(since));
    GroupRow {
        name: group.name.clone(),
        bots: BotLine::all(group, words),
        waiting: match age {
            Some(age) => (words.groups.waiting)(group.waiting, &(words.span)(age)),
            None => words.groups.nothing_waits.to_owned(),
        },
    }
}

fn chat_page(
    visitor: &Visitor,
    group: &GroupDetail,
    chat: Chat,
    is_past: bool,
    now: Timestamp,
) -> ChatPage {
    let words = visitor.words;
    let before = std::iter::once(None).chain(chat.messages.iter().map(Some));
    let says = chat.messages.iter().zip(before);
    let state = row(&group.state, words, now);
    ChatPage {
        frame: Frame::new(
            visitor,
            Nav::Groups,
            (words.groups.chat_of)(&group.state.name),
        ),
        words,
        name: group.state.name.clone(),
        lang: match group.language {
            "zh" => "zh-CN",
            _ => "en",
        },
        says: says
            .map(|(told, before)| say(told, before, words))
            .collect(),
        older: chat.older,
        is_past,
        settings: settings(group, &state, words),
        group: state,
        routes: group.routes.clone(),
    }
}

fn settings(
    group: &GroupDetail,
    row: &GroupRow,
    words: &Words,
) -> Vec<(&'static str, String, &'static str)> {
    let of = &words.groups;
    let mut settings = vec![(of.language, (of.language_name)(group.language), "")];
    if !group.keywords.is_empty() {
        settings.push((of.keywords, group.keywords.join(", "), of.keywords_hint));
    }
    if group.has_quiet_times {
        let quiet = match group.state.quiet_until {
            Some(until) => (of.quiet_until)(&short_time(until)),
            None => of.quiet_later.to_owned(),
        };
        settings.push((of.quiet, quiet, ""));
    }
    settings.extend(group.fallback.clone().map(|group| (of.fallback, group, "")));
    let organization = group.organization.clone();
    settings.extend(organization.map(|name| (of.organization, name, "")));
    settings.push((of.waits, row.waiting.clone(), ""));
    settings
}

fn say(told: &Told, before: Option<&Told>, words: &Words) -> Say {
    let paused =
        before.is_none_or(|before| told.posted_at.duration_since(before.posted_at) >= PAUSE);
    Say {
        when: paused.then(|| short_time(told.posted_at)),
        notification: drawing::notification(&told.body),
        bubble: Bubble::of(&told.body, words.language),
        posted: Moment::exact(told.posted_at),
        of: match &told.delivery {
            Some(delivery) if told.events == 1 => {
                format!("{} · {}", delivery.source, delivery.event)
            }
            _ => (words.groups.events)(told.events),
        },
        delivery: told
            .delivery
            .as_ref()
            .map(|delivery| delivery.id.to_string()),
    }
}
