//! People who are seen but not mapped.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ErrorBody};
use crate::admin::people::{FEW, MANY};
use crate::operate::Operator;
use crate::operate::people::Unmapped;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// How many of the newest deliveries to look through, 3000 at most.
    limit: Option<u32>,
}

/// Vendors' users who were seen in deliveries and whom the config does not know.
#[utoipa::path(params(Wanted), responses((status = 200, body = Unmapped), (status = 503, body = ErrorBody)))]
#[get("/api/people")]
pub async fn people(operator: Data<Operator>, wanted: Query<Wanted>) -> Answer<Unmapped> {
    let limit = wanted.limit.unwrap_or(FEW).min(MANY);
    Ok(Json(operator.people(limit).await?))
}
