//! Deliveries over the API.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, ErrorBody, Failed};
use crate::operate::Operator;
use crate::operate::afresh::Afresh;
use crate::operate::deliveries::{Asked, Listing, PATIENCE, delivery_id};
use crate::operate::explained::Explained;

/// Largest page.
const MOST: u32 = 1000;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list)
        .service(explain)
        .service(replay)
        .service(afresh)
        .service(post_afresh)
        .service(fixture);
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Limit {
    /// Deliveries on the page, at most 1,000.
    #[serde(default = "fifty")]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

/// The groups in whose queues it is now.
#[derive(Serialize, ToSchema)]
struct Queued {
    groups: Vec<String>,
}

/// Deliveries, newest first. A search that takes long answers with what it has and says in `more` where it goes on.
#[utoipa::path(
    params(Asked, Limit),
    responses((status = 200, body = Listing), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody))
)]
#[get("/api/deliveries")]
async fn list(
    operator: Data<Operator>,
    asked: Query<Asked>,
    limit: Query<Limit>,
) -> Answer<Listing> {
    let limit = limit.limit.clamp(1, MOST);
    Ok(Json(operator.search(&asked, limit, PATIENCE).await?))
}

/// One delivery: who sent it, what it says, what each route thinks of it, and what came of it in each group.
#[utoipa::path(responses((status = 200, body = Explained), (status = 404, body = ErrorBody)))]
#[get("/api/deliveries/{id}")]
async fn explain(operator: Data<Operator>, id: Path<String>) -> Answer<Explained> {
    Ok(Json(operator.explain(delivery_id(&id)?).await?))
}

/// Posts a delivery to the same groups once more.
#[utoipa::path(responses((status = 200, body = Queued), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
#[post("/api/deliveries/{id}/replay")]
async fn replay(operator: Data<Operator>, id: Path<String>) -> Answer<Queued> {
    let groups = operator.replay(delivery_id(&id)?).await?;
    Ok(Json(Queued { groups }))
}

/// The messages that today's config would make of a delivery. Nothing is posted.
#[utoipa::path(responses((status = 200, body = Afresh), (status = 404, body = ErrorBody)))]
#[get("/api/deliveries/{id}/afresh")]
async fn afresh(operator: Data<Operator>, id: Path<String>) -> Answer<Afresh> {
    Ok(Json(operator.afresh(delivery_id(&id)?).await?))
}

/// Posts a delivery to the groups that today's routes name.
#[utoipa::path(responses((status = 200, body = Queued), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
#[post("/api/deliveries/{id}/afresh")]
async fn post_afresh(operator: Data<Operator>, id: Path<String>) -> Answer<Queued> {
    let groups = operator.post_afresh(delivery_id(&id)?).await?;
    Ok(Json(Queued { groups }))
}

/// A delivery as a test fixture: a folder with `payload.json` and `headers.txt`, as a tar file.
#[utoipa::path(responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 404, body = ErrorBody)))]
#[get("/api/deliveries/{id}/fixture")]
async fn fixture(operator: Data<Operator>, id: Path<String>) -> Result<HttpResponse, Failed> {
    let fixture = operator.fixture(delivery_id(&id)?).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-tar"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.tar\"", fixture.name),
        ))
        .body(fixture.tar()))
}
