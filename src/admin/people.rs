//! People who are seen in deliveries and whom the config does not know, each with the line that would.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::frame::{Frame, Nav};
use super::visitor::Visitor;
use super::words::{Words, number};
use crate::operate::Operator;
use crate::operate::people::Unmapped;

/// Deliveries that are looked through at once, and those that somebody has to ask for.
pub const FEW: u32 = 300;
pub const MANY: u32 = 3000;

#[derive(Template)]
#[template(path = "admin/people.html")]
struct PeoplePage {
    frame: Frame,
    words: &'static Words,
    found: Unmapped,
    read: String,
    /// What looking through more would be called.
    more: Option<String>,
}

#[derive(Deserialize)]
pub struct Wanted {
    limit: Option<u32>,
}

pub async fn page(
    visitor: Visitor,
    operator: Data<Operator>,
    wanted: Query<Wanted>,
) -> HttpResponse {
    let words = visitor.words;
    let of = &words.people;
    let limit = wanted.limit.unwrap_or(FEW).min(MANY);
    match operator.people(limit).await {
        Ok(found) => {
            let has_more = found.read == limit && limit < MANY;
            super::page(
                StatusCode::OK,
                &PeoplePage {
                    frame: Frame::new(&visitor, Nav::People, (of.title)(found.strangers.len())),
                    words,
                    read: match found.read {
                        0 => of.nothing_read.to_owned(),
                        read => (of.read)(&number(read.into())),
                    },
                    more: has_more.then(|| (of.read_more)(&number(MANY.into()))),
                    found,
                },
            )
        }
        Err(error) => super::problem(&visitor, &error.into()),
    }
}
