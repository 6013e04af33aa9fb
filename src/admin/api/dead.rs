//! Dead letters over the API.

use actix_web::web::{Data, Json, Query, ServiceConfig};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Answer, ErrorBody};
use crate::operate::dead::{Cause, Chosen, Letter};
use crate::operate::{Operator, Problem};
use crate::store::record::DeadFilter;

/// Largest page.
const MOST: u32 = 1000;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(causes)
        .service(letters)
        .service(retry)
        .service(discard);
}

/// What dead letters died of, the latest first.
#[utoipa::path(responses((status = 200, body = [Cause]), (status = 503, body = ErrorBody)))]
#[get("/api/dead/causes")]
async fn causes(operator: Data<Operator>) -> Answer<Vec<Cause>> {
    Ok(Json(operator.dead_causes().await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those of this group.
    group: Option<String>,
    /// Only those of this cause: its `reason`.
    reason: Option<String>,
    /// Only those before the letter of this id, newest first.
    #[param(value_type = Option<String>)]
    before: Option<Uuid>,
    /// Letters on the page, at most 1,000.
    #[serde(default = "fifty")]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

/// Dead letters, newest first.
#[utoipa::path(params(Wanted), responses((status = 200, body = [Letter]), (status = 503, body = ErrorBody)))]
#[get("/api/dead")]
async fn letters(operator: Data<Operator>, wanted: Query<Wanted>) -> Answer<Vec<Letter>> {
    let Wanted {
        group,
        reason,
        before,
        limit,
    } = wanted.into_inner();
    let filter = DeadFilter { group, reason };
    let limit = limit.clamp(1, MOST);
    Ok(Json(operator.dead_letters(filter, before, limit).await?))
}

/// Which letters: some by their ids, or all of a cause.
#[derive(Deserialize, ToSchema)]
struct Selection {
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    ids: Vec<Uuid>,
    /// Group and reason of a cause, both together.
    group: Option<String>,
    reason: Option<String>,
    /// Why they are discarded; needed for that.
    #[serde(default)]
    why: String,
}

impl Selection {
    fn chosen(self) -> Result<Chosen, Problem> {
        match (self.ids.is_empty(), self.group, self.reason) {
            (false, None, None) => Ok(Chosen::These(self.ids)),
            (true, Some(group), Some(reason)) => Ok(Chosen::Cause { group, reason }),
            _ => Err(Problem::unfit(
                "it is not clear which letters are meant",
                "give `ids`, or `group` and `reason` of a cause",
            )),
        }
    }
}

/// With how many letters it was done.
#[derive(Serialize, ToSchema)]
struct Count {
    done: usize,
}

/// Puts dead letters back into their queues, to be written with today's templates.
#[utoipa::path(responses((status = 200, body = Count), (status = 400, body = ErrorBody)))]
#[post("/api/dead/retry")]
async fn retry(operator: Data<Operator>, selection: Json<Selection>) -> Answer<Count> {
    let chosen = selection.into_inner().chosen()?;
    let done = operator.retry_dead(chosen).await?;
    Ok(Json(Count { done }))
}

/// Gives dead letters up for good.
#[utoipa::path(responses((status = 200, body = Count), (status = 400, body = ErrorBody)))]
#[post("/api/dead/discard")]
async fn discard(operator: Data<Operator>, selection: Json<Selection>) -> Answer<Count> {
    let selection = selection.into_inner();
    let why = selection.why.clone();
    let done = operator.discard_dead(selection.chosen()?, &why).await?;
    Ok(Json(Count { done }))
}
