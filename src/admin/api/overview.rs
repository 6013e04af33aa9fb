//! What needs a person, what came in and went out, and the month's budgets.

use actix_web::get;
use actix_web::web::{Data, Json};

use super::{Answer, ErrorBody};
use crate::operate::Operator;
use crate::operate::budget::BudgetState;
use crate::operate::needs::Need;
use crate::operate::traffic::Traffic;

/// What needs a person, the gravest first.
#[utoipa::path(responses((status = 200, body = [Need]), (status = 503, body = ErrorBody)))]
#[get("/api/needs")]
pub async fn needs(operator: Data<Operator>) -> Answer<Vec<Need>> {
    Ok(Json(operator.needs().await?))
}

/// What came in and went out in the last day, by half hours.
#[utoipa::path(responses((status = 200, body = Traffic), (status = 503, body = ErrorBody)))]
#[get("/api/traffic")]
pub async fn traffic(operator: Data<Operator>) -> Answer<Traffic> {
    Ok(Json(operator.traffic().await?))
}

/// The month's budget of each organization.
#[utoipa::path(responses((status = 200, body = [BudgetState]), (status = 503, body = ErrorBody)))]
#[get("/api/budgets")]
pub async fn budgets(operator: Data<Operator>) -> Answer<Vec<BudgetState>> {
    Ok(Json(operator.budgets().await?))
}
