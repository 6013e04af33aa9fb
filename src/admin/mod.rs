//! The operator's page and its JSON API, on `admin.listen`.
//!
//! HTTP is here and nothing else: what is asked and done is in [`crate::operate`]. Pages are rendered whole, every view
//! has an address, what changes something is a form that ends on a page saying what happened, and the script only adds
//! to that. A file for each page, its template beside it; `door` decides who comes in.

mod afresh;
mod api;
mod assets;
mod dead;
mod deliveries;
mod delivery;
mod door;
mod drawn;
mod frame;
mod groups;
mod login;
mod meter;
mod metrics;
mod outcome;
mod overview;
mod people;
mod playground;
mod refusal;
mod routes;
mod tree;
mod visitor;
mod words;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data, FormConfig, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

use self::door::{Door, LARGEST_FORM, guard};
use self::frame::{Frame, Nav};
use self::visitor::Visitor;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::operate::{Operator, Problem};
use crate::store::StoreError;

/// Nothing from elsewhere, nothing inline, and in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page and the API, to be mounted by every thread of a server.
#[derive(Clone)]
pub struct Admin {
    operator: Data<Operator>,
    door: Data<Door>,
    vitals: Data<Vitals>,
}

/// What `/metrics` tells besides what is asked of the operator.
pub struct Vitals {
    pub metrics: Arc<Metrics>,
    pub health: Arc<Health>,
}

impl Admin {
    /// `is_local` says whether only this machine reaches the listener. Then, and only then, the page works without
    /// `admin.token`.
    pub fn new(operator: Operator, vitals: Vitals, is_local: bool) -> Admin {
        let door = Door::new(
            Arc::clone(&operator.current),
            Arc::clone(&operator.clock),
            is_local,
        );
        Admin {
            operator: Data::new(operator),
            door: Data::new(door),
            vitals: Data::new(vitals),
        }
    }

    /// Mounts it. What is mounted before stays, and is not guarded.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.operator.clone())
            .app_data(self.door.clone())
            .app_data(self.vitals.clone())
            .configure(assets::configure)
            .service(
                web::scope("")
                    .wrap(headers())
                    .app_data(PayloadConfig::new(LARGEST_FORM))
                    .app_data(FormConfig::default().limit(LARGEST_FORM))
                    .route("/login", web::get().to(login::page))
                    .route("/login", web::post().to(login::log_in))
                    .route("/language", web::get().to(login::language))
                    .service(
                        web::scope("")
                            .wrap(from_fn(guard))
                            .configure(api::configure)
                            .route(visitor::METRICS, web::get().to(metrics::text))
                            .configure(pages)
                            .default_service(web::to(nothing_here)),
                    ),
            );
    }
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(overview::page))
        .route("/groups", web::get().to(groups::list))
        .route("/groups/{name}", web::get().to(groups::chat))
        .route("/groups/{name}/test", web::post().to(groups::test))
        .route("/routes", web::get().to(routes::page))
        .route("/routes/try", web::post().to(routes::attempt))
        .route("/people", web::get().to(people::page))
        .route("/deliveries", web::get().to(deliveries::page))
        .route("/deliveries/{id}", web::get().to(delivery::page))
        .route("/deliveries/{id}/replay", web::post().to(delivery::replay))
        .route("/deliveries/{id}/afresh", web::get().to(afresh::page))
        .route("/deliveries/{id}/afresh", web::post().to(afresh::post))
        .route("/deliveries/{id}/fixture", web::get().to(delivery::fixture))
        .route("/deliveries/{id}/raw", web::get().to(delivery::raw))
        .route("/dead", web::get().to(dead::page))
        .route("/dead/retry", web::post().to(dead::retry))
        .route("/dead/discard", web::post().to(dead::discard))
        .route("/playground", web::get().to(playground::page))
        .route("/playground", web::post().to(playground::draw))
        .route("/playground/file", web::post().to(playground::file))
        .route("/logout", web::post().to(login::log_out));
}

fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((X_FRAME_OPTIONS, "DENY"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add((CACHE_CONTROL, "no-store"))
        .add((
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
}

#[derive(Template)]
#[template(path = "admin/problem.html")]
struct ProblemPage {
    frame: Frame,
    what: String,
    remedy: String,
}

/// A page for what was asked for and cannot be shown or done.
fn problem(visitor: &Visitor, problem: &Problem) -> HttpResponse {
    let status = status_of(problem);
    if status.is_server_error() {
        tracing::error!(error = %problem, "a page could not be shown");
    }
    let words = visitor.words;
    let title = match problem {
        Problem::Unknown { .. } => words.not_found,
        _ => words.problem,
    };
    page(
        status,
        &ProblemPage {
            frame: Frame::new(visitor, Nav::Elsewhere, title),
            what: problem.to_string(),
            remedy: problem.remedy().to_owned(),
        },
    )
}

fn status_of(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Unknown { .. } => StatusCode::NOT_FOUND,
        Problem::Unfit { .. } => StatusCode::BAD_REQUEST,
        Problem::Store(StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Problem::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn nothing_here(visitor: Visitor, request: HttpRequest) -> HttpResponse {
    if visitor::is_api(request.path()) {
        return api::nothing_here();
    }
    problem(
        &visitor,
        &Problem::unknown(visitor.words.not_found_hint, ""),
    )
}

fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    render(HttpResponse::build(status), template)
}

fn render(mut response: HttpResponseBuilder, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be drawn");
            HttpResponse::InternalServerError().finish()
        }
    }
}
