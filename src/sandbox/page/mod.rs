//! The page: groups, and each group's chat as DingTalk would draw it.
//!
//! Rendered here, whole without script; a small script only adds the bubbles that arrive while one looks. Nothing
//! is fetched from elsewhere and the policy forbids it.

mod bubble;
mod live;
mod words;

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::tz::TimeZone;

use bubble::Bubble;
use words::Words;

use crate::drawing;
use crate::sandbox::state::{BotStatus, PER_MINUTE};
use crate::sandbox::{Accepted, Sandbox};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Messages on a group's page; more than anybody reads.
const SHOWN: usize = 200;

static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", include_str!("sandbox.css"), drawing::STYLE));
const SCRIPT: &str = include_str!("sandbox.js");

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(start))
        .route("/groups/{group}", web::get().to(group))
        .route("/groups/{group}/live", web::get().to(live::stream))
        .route("/sandbox/page.css", web::get().to(style))
        .route("/sandbox/page.js", web::get().to(script));
}

#[derive(Template)]
#[template(path = "sandbox/page/groups.html")]
struct GroupsPage {
    words: &'static Words,
    suffix: &'static str,
    groups: Vec<GroupRow>,
    address: String,
    title: &'static str,
}

struct GroupRow {
    name: String,
    path: String,
    count: usize,
    last_title: String,
    last_time: String,
}

#[derive(Template)]
#[template(path = "sandbox/page/group.html")]
struct GroupPage {
    words: &'static Words,
    suffix: &'static str,
    title: String,
    name: String,
    path: String,
    several: bool,
    bubbles: Vec<Bubble>,
    more: bool,
    bots: Vec<BotPanel>,
}

#[derive(Template)]
#[template(path = "sandbox/page/bubble.html")]
struct BubblePart {
    words: &'static Words,
    bubble: Bubble,
}

/// A bot as the page shows it.
struct BotPanel {
    status: BotStatus,
    address: String,
    closed_until: Option<String>,
    keywords: String,
    /// The cells of the meter: whether each is used.
    cells: Vec<(usize, bool)>,
}

async fn start(request: HttpRequest, sandbox: Data<Sandbox>) -> HttpResponse {
    let groups = groups(&sandbox);
    if let [only] = groups.as_slice() {
        let target = format!("{}{}", only.path, words::suffix(&request));
        return HttpResponse::SeeOther()
            .insert_header((LOCATION, target))
            .finish();
    }
    let words = Words::of(&request);
    page(
        StatusCode::OK,
        &GroupsPage {
            words,
            suffix: words::suffix(&request),
            groups,
            address: address(&request, "demo"),
            title: words.groups,
        },
    )
}

async fn group(request: HttpRequest, name: Path<String>, sandbox: Data<Sandbox>) -> HttpResponse {
    let words = Words::of(&request);
    let all = sandbox.bots();
    let several = all.iter().any(|bot| bot.group != all[0].group);
    let bots: Vec<BotPanel> = all
        .into_iter()
        .filter(|bot| bot.group == *name)
        .map(|status| BotPanel::of(status, &request))
        .collect();
    if bots.is_empty() {
        return page(
            StatusCode::NOT_FOUND,
            &GroupsPage {
                words,
                suffix: words::suffix(&request),
                groups: groups(&sandbox),
                address: address(&request, "demo"),
                title: words.not_found,
            },
        );
    }
    let messages = messages_of(&sandbox, &name);
    let more = messages.len() > SHOWN;
    let start = messages.len().saturating_sub(SHOWN);
    let bubbles = (start..messages.len())
        .map(|index| {
            let before = index.checked_sub(1).filter(|before| *before >= start);
            Bubble::of(
                &messages[index],
                before.map(|before| &messages[before]),
                words,
            )
        })
        .collect();
    page(
        StatusCode::OK,
        &GroupPage {
            words,
            suffix: words::suffix(&request),
            title: format!("{} {}", name, words.chat),
            path: path_of(&name),
            name: name.into_inner(),
            several,
            bubbles,
            more,
            bots,
        },
    )
}

fn messages_of(sandbox: &Sandbox, group: &str) -> Vec<Accepted> {
    let mut messages = sandbox.messages();
    messages.retain(|message| message.group == group);
    messages
}

fn groups(sandbox: &Sandbox) -> Vec<GroupRow> {
    let mut names: Vec<String> = sandbox.bots().into_iter().map(|bot| bot.group).collect();
    names.dedup();
    let messages = sandbox.messages();
    let row = |name: String| {
        let of_group = || messages.iter().filter(|message| message.group == name);
        let last = of_group().next_back();
        GroupRow {
            path: path_of(&name),
            count: of_group().count(),
            last_title: last
                .map(|last| drawing::title(&last.body))
                .unwrap_or_default(),
            last_time: last.map(|last| clock_time(last.time)).unwrap_or_default(),
            name,
        }
    };
    names.into_iter().map(row).collect()
}

fn path_of(group: &str) -> String {
    let mut url = url::Url::parse("http://sandbox/groups").expect("a constant address");
    url.path_segments_mut()
        .expect("http has a path")
        .push(group);
    url.path().to_owned()
}

fn clock_time(time: jiff::Timestamp) -> String {
    time.to_zoned(TimeZone::system())
        .strftime("%H:%M:%S")
        .to_string()
}

/// Where a message for this token is posted, as the browser reached this page.
fn address(request: &HttpRequest, token: &str) -> String {
    let connection = request.connection_info();
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!(
        "{}://{}/robot/send?access_token={token}",
        connection.scheme(),
        connection.host()
    )
}

impl BotPanel {
    fn of(status: BotStatus, request: &HttpRequest) -> BotPanel {
        BotPanel {
            address: address(request, &status.token),
            closed_until: status.closed_until.map(clock_time),
            keywords: status.keywords.join(", "),
            cells: (0..PER_MINUTE)
                .map(|index| (8 * index, index < status.used))
                .collect(),
            status,
        }
    }

    /// Whether a message without any precaution gets through.
    fn is_plain(&self) -> bool {
        !self.status.signed && self.status.keywords.is_empty()
    }
}

fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => HttpResponse::build(status)
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(error) => {
            tracing::error!(%error, "the sandbox's page could not be drawn");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(STYLE.as_str())
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(SCRIPT)
}
