//! The sandbox's addresses: DingTalk's own, and those for tests.

use std::future::pending;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, Json, Path, PayloadConfig, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::stream;
use jiff::SignedDuration;
use serde::Deserialize;

use super::orders::{Order, Trouble};
use super::page;
use super::rules::{self, Verdict};
use super::state::{Sandbox, SandboxBot};
use crate::core::secret::Secret;

/// More than DingTalk takes, so that a body over its limit gets DingTalk's own answer.
const MAX_BODY: usize = 4 * 1024 * 1024;

impl Sandbox {
    /// Adds DingTalk's address, the ones under `/sandbox`, and the page.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self.clone()))
            .app_data(PayloadConfig::new(MAX_BODY))
            .route("/robot/send", web::to(send))
            .route("/sandbox/messages", web::get().to(messages))
            .route("/sandbox/orders", web::post().to(order))
            .route("/sandbox/orders", web::delete().to(clear_orders))
            .route("/sandbox/bots", web::get().to(bots))
            .route("/sandbox/bots/{token}", web::put().to(put_bot))
            .configure(page::configure);
    }
}

async fn send(request: HttpRequest, body: Bytes, sandbox: Data<Sandbox>) -> HttpResponse {
    if request.method() != Method::POST {
        return answer(&Verdict::new(43002, "需要POST请求"));
    }
    let query = request.query_string();
    let token = rules::parameter(query, "access_token").unwrap_or_default();
    if token.trim().is_empty() {
        return answer(&Verdict::new(40035, "缺少参数 access_token"));
    }
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let post = || sandbox.post(&token, query, content_type, &body);

    let Some(trouble) = sandbox.next_trouble(&token, &body) else {
        return answer(&post());
    };
    if let Some(verdict) = trouble.verdict() {
        sandbox.note_refusal(&token, &verdict);
        return answer(&verdict);
    }
    match trouble {
        Trouble::Slow { seconds } => {
            let late = Late {
                sandbox: sandbox.get_ref().clone(),
                token,
                query: query.to_owned(),
                content_type: content_type.to_owned(),
                body,
            };
            // On a task of its own, because a handler ends when its client hangs up.
            match actix_web::rt::spawn(late.post(seconds)).await {
                Ok(verdict) => answer(&verdict),
                Err(_) => broken(),
            }
        }
        Trouble::HangBefore => pending().await,
        Trouble::HangAfter => {
            post();
            pending().await
        }
        Trouble::ResetBefore => broken(),
        Trouble::ResetAfter => {
            post();
            broken()
        }
        Trouble::Http { status } => bare(status),
        Trouble::HttpAfter { status } => {
            post();
            bare(status)
        }
        Trouble::Garbage => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html><title>405</title><p>Sorry, your request has been blocked.</p>"),
        Trouble::AddressBlock => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"sandbox"}"#),
        // What has a verdict was answered above.
        _ => answer(&post()),
    }
}

/// A post that takes its time.
struct Late {
    sandbox: Sandbox,
    token: String,
    query: String,
    content_type: String,
    body: Bytes,
}

impl Late {
    async fn post(self, seconds: u32) -> Verdict {
        let clock = self.sandbox.clock();
        let until = clock.now() + SignedDuration::from_secs(seconds.into());
        clock.sleep_until(until).await;
        self.sandbox
            .post(&self.token, &self.query, &self.content_type, &self.body)
    }
}

fn answer(verdict: &Verdict) -> HttpResponse {
    HttpResponse::Ok().json(verdict)
}

fn bare(status: u16) -> HttpResponse {
    HttpResponse::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

/// A response that ends in an error, upon which the server drops the connection.
fn broken() -> HttpResponse {
    let lost = stream::once(async { Err::<Bytes, _>(std::io::Error::other("ordered reset")) });
    HttpResponse::Ok().streaming(lost)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn messages(after: Query<After>, sandbox: Data<Sandbox>) -> impl Responder {
    Json(sandbox.messages_since(after.after))
}

async fn bots(sandbox: Data<Sandbox>) -> impl Responder {
    Json(sandbox.bots())
}

async fn order(order: Json<Order>, sandbox: Data<Sandbox>) -> impl Responder {
    sandbox.order(order.into_inner());
    HttpResponse::NoContent()
}

async fn clear_orders(sandbox: Data<Sandbox>) -> impl Responder {
    sandbox.clear_orders();
    HttpResponse::NoContent()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BotSettings {
    group: String,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
}

async fn put_bot(
    token: Path<String>,
    settings: Json<BotSettings>,
    sandbox: Data<Sandbox>,
) -> impl Responder {
    let settings = settings.into_inner();
    sandbox.add_bot(SandboxBot {
        token: token.into_inner(),
        secret: settings.secret.map(Secret::new),
        keywords: settings.keywords,
        group: settings.group,
    });
    HttpResponse::NoContent()
}
