//! Routes, and trying something against them.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, ErrorBody};
use crate::core::source::RawRequest;
use crate::operate::routes::RouteTable;
use crate::operate::trial::Trial;
use crate::operate::{Operator, Problem};
use crate::store::record::DeliveryId;

/// The routes in their order, with how often each was used lately.
#[utoipa::path(responses((status = 200, body = RouteTable), (status = 503, body = ErrorBody)))]
#[get("/api/routes")]
pub async fn routes(operator: Data<Operator>) -> Answer<RouteTable> {
    Ok(Json(operator.routes().await?))
}

/// A webhook as somebody has it in hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Name of a source of the config.
    source: String,
    /// By their names.
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[schema(value_type = Object)]
    payload: Value,
}

/// Which routes match a webhook, and why the others do not. Its sender is not verified, and nothing is stored.
#[utoipa::path(
    request_body = Payload,
    responses((status = 200, body = Trial), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
#[post("/api/routes/try")]
pub async fn try_payload(operator: Data<Operator>, given: Json<Payload>) -> Answer<Trial> {
    let given = given.into_inner();
    let headers = given.headers.into_iter();
    let request = RawRequest {
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect(),
        query: Vec::new(),
        body: given.payload.to_string().into(),
    };
    Ok(Json(operator.try_request(&given.source, &request)?))
}

/// The same of a delivery that is kept, with the routes of today.
#[utoipa::path(
    params(("id" = Uuid, Path, description = "Of the delivery")),
    responses((status = 200, body = Trial), (status = 404, body = ErrorBody))
)]
#[get("/api/routes/try/{id}")]
pub async fn try_delivery(operator: Data<Operator>, id: Path<String>) -> Answer<Trial> {
    let id = Uuid::parse_str(&id).map_err(|_| {
        Problem::unfit(
            format!("`{id}` is no id"),
            "take it from the answer to a webhook",
        )
    })?;
    Ok(Json(operator.try_delivery(DeliveryId(id)).await?))
}
