//! The overview: how it stands with everything that comes in and goes out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::frame::{Frame, Moment, Nav};
use super::meter::BotLine;
use super::visitor::Visitor;
use super::words::Words;
use crate::operate::Operator;
use crate::operate::groups::GroupState;
use crate::operate::sources::SourceState;

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    frame: Frame,
    words: &'static Words,
    now: Moment,
    sources: Vec<SourceState>,
    groups: Result<Vec<GroupRow>, String>,
}

struct GroupRow {
    name: String,
    bots: Vec<BotLine>,
    waiting: String,
}

pub async fn page(visitor: Visitor, operator: Data<Operator>) -> HttpResponse {
    let words = visitor.words;
    let now = operator.clock.now();
    let row = |group: GroupState| GroupRow {
        waiting: match group.waiting_since {
            Some(since) => {
                (words.overview.waits)(group.waiting, &(words.span)(now.duration_since(since)))
            }
            None => words.overview.nothing_waits.to_owned(),
        },
        bots: BotLine::all(&group, words),
        name: group.name,
    };
    let groups = operator.groups().await;
    super::page(
        StatusCode::OK,
        &OverviewPage {
            frame: Frame::new(&visitor, Nav::Overview, words.nav.overview),
            words,
            now: Moment::of(now),
            sources: operator.sources(),
            groups: groups
                .map(|groups| groups.into_iter().map(row).collect())
                .map_err(|error| error.to_string()),
        },
    )
}
