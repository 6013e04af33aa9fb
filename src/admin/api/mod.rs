//! The JSON API: what the pages show and do, for programs. Its description is made from the code and served at
//! `/api/openapi.json`.

mod dead;
mod deliveries;
mod groups;
mod overview;
mod people;
mod playground;
mod routes;

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::web::{Json, JsonConfig, QueryConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError, get};
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::door::LARGEST_FORM;
use super::status_of;
use crate::operate::Problem;
use crate::store::StoreError;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hookbell",
        description = "What the operator's page shows and does. Send the admin token as `Authorization: Bearer …`; where \
                       none is configured, the API is for this machine alone."
    ),
    paths(
        description,
        groups::group,
        groups::groups,
        groups::messages,
        groups::test_message,
        overview::budgets,
        overview::needs,
        overview::traffic,
        people::people,
        playground::try_template,
        routes::routes,
        routes::try_delivery,
        routes::try_payload,
        deliveries::list,
        deliveries::explain,
        deliveries::replay,
        deliveries::afresh,
        deliveries::post_afresh,
        deliveries::fixture,
        dead::causes,
        dead::letters,
        dead::retry,
        dead::discard
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(token));
    }
}

pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(
            JsonConfig::default()
                .limit(LARGEST_FORM)
                .error_handler(unfit),
        )
        .app_data(QueryConfig::default().error_handler(unfit))
        .service(description)
        .service(groups::group)
        .service(groups::groups)
        .service(groups::messages)
        .service(groups::test_message)
        .service(overview::budgets)
        .service(overview::needs)
        .service(overview::traffic)
        .service(people::people)
        .service(playground::try_template)
        .service(routes::routes)
        .service(routes::try_delivery)
        .service(routes::try_payload)
        .configure(deliveries::configure)
        .configure(dead::configure);
}

/// What is wrong with what a program sent.
fn unfit(error: impl fmt::Display, _: &HttpRequest) -> actix_web::Error {
    let remedy = "compare it with /api/openapi.json";
    Failed(Problem::unfit(error.to_string(), remedy)).into()
}

/// What a failed request is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong.
    error: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

/// A [`Problem`] as an answer.
#[derive(Debug)]
pub struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed(problem)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        Failed(error.into())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        status_of(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(error = %self.0, "a request to the API failed");
        }
        HttpResponse::build(status).json(ErrorBody {
            error: self.0.to_string(),
            remedy: self.0.remedy().to_owned(),
        })
    }
}

/// What a handler of the API returns.
pub type Answer<T> = Result<Json<T>, Failed>;

pub fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().json(ErrorBody {
        error: "there is nothing at this address".into(),
        remedy: "GET /api/openapi.json tells what there is".into(),
    })
}

/// This description.
#[utoipa::path(responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
#[get("/api/openapi.json")]
async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
