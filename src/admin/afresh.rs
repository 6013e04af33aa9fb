//! A delivery as today's config would tell it: a look, and a button.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::delivery;
use super::drawn::Drawn;
use super::frame::{Frame, Nav};
use super::visitor::Visitor;
use super::words::Words;
use crate::operate::Operator;
use crate::operate::afresh::Draft;
use crate::operate::deliveries::delivery_id;

#[derive(Template)]
#[template(path = "admin/afresh.html")]
struct AfreshPage {
    frame: Frame,
    words: &'static Words,
    here: String,
    /// The label of the button; none where there is nothing to post.
    post: Option<String>,
    drafts: Vec<DraftPanel>,
}

struct DraftPanel {
    anchor: usize,
    title: String,
    note: String,
    /// What it looks like, or why it cannot be written.
    drawn: Result<Drawn, String>,
}

pub async fn page(visitor: Visitor, operator: Data<Operator>, id: Path<String>) -> HttpResponse {
    let words = visitor.words;
    let looked = async {
        let id = delivery_id(&id)?;
        Ok((id, operator.afresh(id).await?))
    };
    let (id, afresh) = match looked.await {
        Ok(looked) => looked,
        Err(problem) => return super::problem(&visitor, &problem),
    };
    let groups: Vec<&str> = afresh
        .drafts
        .iter()
        .map(|draft| draft.group.as_str())
        .collect();
    super::page(
        StatusCode::OK,
        &AfreshPage {
            frame: Frame::new(&visitor, Nav::Deliveries, words.delivery.afresh_title),
            words,
            here: format!("{}deliveries/{id}", visitor.place.root),
            post: (!groups.is_empty()).then(|| (words.delivery.afresh_post)(&groups.join(", "))),
            drafts: afresh
                .drafts
                .iter()
                .zip(1..)
                .map(|(draft, anchor)| panel(draft, anchor, words))
                .collect(),
        },
    )
}

fn panel(draft: &Draft, anchor: usize, words: &Words) -> DraftPanel {
    let drawn = match &draft.problem {
        Some(problem) => Err(problem.clone()),
        None => Ok(Drawn::of(&draft.body, words)),
    };
    DraftPanel {
        anchor,
        title: (words.delivery.message_to)(&draft.group),
        note: draft.route.clone(),
        drawn,
    }
}

pub async fn post(visitor: Visitor, operator: Data<Operator>, id: Path<String>) -> HttpResponse {
    let done = async {
        let id = delivery_id(&id)?;
        operator.post_afresh(id).await?;
        Ok(id)
    };
    delivery::back(&visitor, done.await, "afresh")
}
