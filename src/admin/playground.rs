//! The template playground: an event, a template beside what it makes of it, and what the linter says.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Form, Query};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Moment, Nav};
use super::routes::headers;
use super::visitor::Visitor;
use super::words::{Words, number};
use crate::core::event::Kind;
use crate::drawing::{self, Bubble};
use crate::operate::playground::{Bench, Draft, Drawn, MOST_BYTES, Origin, Remark};
use crate::operate::{Operator, Problem};
use crate::store::record::DeliveryId;
use crate::store::search::{DeliveryFilter, Search};

/// Deliveries to choose from; any other one has a link here.
const NEWEST: u32 = 30;

#[derive(Template)]
#[template(path = "admin/playground.html")]
struct PlaygroundPage {
    frame: Frame,
    words: &'static Words,
    choices: Vec<Choice>,
    groups: Vec<String>,
    given: Given,
    is_pasted: bool,
    bench: Result<Bench, Problem>,
    preview: Option<Preview>,
    /// The lines of the template, and whether something is said of them.
    numbered: Vec<(usize, bool)>,
}

/// Whether something is said of a line.
fn is_marked(bench: &Bench, line: usize) -> bool {
    let mistakes = bench.mistakes.iter();
    let mut mistakes = mistakes.filter(|it| it.file == bench.path);
    let mut remarks = bench.drawn.iter().flat_map(|drawn| &drawn.remarks);
    mistakes.any(|it| it.line == Some(line)) || remarks.any(|it| it.line == Some(line))
}

/// Something to tell of.
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

/// A message as it is drawn.
struct Preview {
    notification: String,
    bubble: String,
    json: String,
    /// How many remarks there are, in words.
    found: String,
    /// With the place that each is about.
    remarks: Vec<(String, Remark)>,
    /// Name of what was looked at, and what was found.
    facts: Vec<(&'static str, String)>,
}

/// What somebody filled in. What is tried is named `delivery:ID`, `sample:github` or `paste:github`.
#[derive(Default, Deserialize)]
pub struct Given {
    #[serde(default)]
    origin: String,
    /// What was tried when the page was made, and the path of the template that it showed.
    #[serde(default)]
    before: String,
    #[serde(default)]
    of: String,
    #[serde(default)]
    headers: String,
    #[serde(default)]
    payload: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    reset: String,
}

/// With `?origin=` of one that is kept.
pub async fn page(visitor: Visitor, operator: Data<Operator>, given: Query<Given>) -> HttpResponse {
    let mut given = given.into_inner();
    given.text.clear();
    show(&visitor, &operator, given).await
}

pub async fn draw(visitor: Visitor, operator: Data<Operator>, given: Form<Given>) -> HttpResponse {
    show(&visitor, &operator, given.into_inner()).await
}

/// The template as a file.
pub async fn file(given: Form<Given>) -> HttpResponse {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let name: String = given.of.rsplit('/').next().unwrap_or_default().to_owned();
    let name: String = name.chars().filter(|c| plain(*c)).collect();
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(given.text.replace("\r\n", "\n"))
}

impl Given {
    /// The text that somebody wrote, unless it is to be read anew.
    fn text(&self) -> Option<String> {
        let is_same = self.path == self.of && self.origin == self.before;
        (is_same && self.reset.is_empty() && !self.of.is_empty()).then(|| self.text.clone())
    }

    fn draft(&self, words: &Words) -> Result<Draft, Problem> {
        let of = &words.playground;
        let unknown = || Problem::unfit(of.no_origin, of.no_origin_do);
        let (sort, name) = self.origin.split_once(':').ok_or_else(unknown)?;
        let kind = || Kind::from_name(name).ok_or_else(unknown);
        let origin = match sort {
            "delivery" => {
                Origin::Delivery(DeliveryId(Uuid::parse_str(name).map_err(|_| unknown())?))
            }
            "sample" => Origin::Sample(kind()?),
            "paste" => Origin::Pasted {
                kind: kind()?,
                headers: headers(&self.headers, words)?,
                payload: self.payload.clone(),
            },
            _ => return Err(unknown()),
        };
        Ok(Draft {
            origin,
            // Another event has another template.
            path: match self.origin == self.before || self.before.is_empty() {
                true => self.path.clone(),
                false => String::new(),
            },
            text: self.text(),
            group: Some(self.group.clone()).filter(|group| !group.is_empty()),
            reader: words.language,
        })
    }
}

async fn show(visitor: &Visitor, operator: &Operator, mut given: Given) -> HttpResponse {
    let words = visitor.words;
    let newest = Search {
        limit: NEWEST,
        ..Search::new(DeliveryFilter::default())
    };
    let newest = match operator.store.deliveries(newest).await {
        Ok(found) => found.lines,
        Err(error) => return super::problem(visitor, &error.into()),
    };
    if given.origin.is_empty() {
        given.origin = match newest.first() {
            Some(line) => format!("delivery:{}", line.delivery.id),
            None => "sample:github".to_owned(),
        };
    }
    let is_pasted = given.origin.starts_with("paste:");
    // Nothing was pasted yet: only the fields for it are to be shown.
    let bench = match is_pasted && given.payload.trim().is_empty() {
        true => Ok(Bench::empty()),
        false => match given.draft(words) {
            Ok(draft) => operator.try_template(draft).await,
            Err(problem) => Err(problem),
        },
    };
    let mut choices: Vec<(String, String)> = newest
        .iter()
        .map(|line| {
            let delivery = &line.delivery;
            let when = Moment::exact(delivery.received_at).short;
            let label = format!("{when} {} · {}", delivery.title, delivery.source);
            (format!("delivery:{}", delivery.id), label)
        })
        .collect();
    if given.origin.starts_with("delivery:")
        && choices.iter().all(|(value, _)| *value != given.origin)
    {
        choices.push((given.origin.clone(), given.origin.clone()));
    }
    for (sort, label) in [
        ("sample", words.playground.sample),
        ("paste", words.playground.paste),
    ] {
        let of_kind = |kind: Kind| (format!("{sort}:{}", kind.name()), label(kind.title()));
        choices.extend(Kind::ALL.map(of_kind));
    }
    let in_force = operator.current.load();
    let groups = in_force.checked.config.groups.iter();
    let status = match &bench {
        Err(problem) => super::status_of(problem),
        Ok(_) => StatusCode::OK,
    };
    let text = match &bench {
        Ok(bench) => bench.text.as_str(),
        Err(_) => given.text.as_str(),
    };
    let drawn = bench.as_ref().ok().and_then(|bench| bench.drawn.as_ref());
    super::page(
        status,
        &PlaygroundPage {
            frame: Frame::new(visitor, Nav::Playground, words.playground.title),
            words,
            groups: groups.map(|group| group.name.clone()).collect(),
            choices: choices
                .into_iter()
                .map(|(value, label)| Choice {
                    is_chosen: value == given.origin,
                    value,
                    label,
                })
                .collect(),
            numbered: (1..=text.lines().count() + 1)
                .map(|line| {
                    let bench = bench.as_ref().ok();
                    (line, bench.is_some_and(|bench| is_marked(bench, line)))
                })
                .collect(),
            preview: drawn.map(|drawn| preview(drawn, words)),
            is_pasted,
            given,
            bench,
        },
    )
}

fn preview(drawn: &Drawn, words: &Words) -> Preview {
    let of = &words.playground;
    let title = drawing::title(&drawn.body);
    let kind = drawn.body["msgtype"].as_str().unwrap_or_default();
    let size = (of.size)(
        &number(drawn.bytes as u64),
        &number(MOST_BYTES as u64),
        title.chars().count(),
        kind,
    );
    let called = match drawn.called.is_empty() {
        true => of.calls_nobody.to_owned(),
        false => (of.calls)(&drawn.called.join(", ")),
    };
    let keyword = match &drawn.added_keyword {
        Some(word) => (of.keyword_added)(word),
        None => of.keyword_fine.to_owned(),
    };
    let place = |remark: &Remark| match remark.line {
        Some(line) => (of.line)(line),
        None => of.to_mend.to_owned(),
    };
    let remarks = drawn.remarks.iter();
    Preview {
        found: (of.remarks)(drawn.remarks.len()),
        remarks: remarks
            .map(|remark| (place(remark), remark.clone()))
            .collect(),
        notification: drawing::notification(&drawn.body),
        bubble: Bubble::of(&drawn.body, words.language)
            .render()
            .unwrap_or_default(),
        json: serde_json::to_string_pretty(&drawn.body).unwrap_or_default(),
        facts: vec![
            (of.size_word, size),
            (of.mention_word, called),
            (of.keyword_word, keyword),
            (of.links_word, (of.links)(drawn.links)),
        ],
    }
}
