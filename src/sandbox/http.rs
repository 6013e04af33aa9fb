//! The sandbox's addresses: DingTalk's own, and those for tests.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, Json, Path, PayloadConfig, ServiceConfig};
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
    let post = || answer(&sandbox.post(&token, query, content_type, &body));

    let Some(trouble) = sandbox.next_trouble(&token) else {
        return post();
    };
    let refuse = |verdict: Verdict| {
        sandbox.note_refusal(&token, &verdict);
        answer(&verdict)
    };
    match trouble {
        Trouble::Busy => refuse(Verdict::new(-1, "系统繁忙")),
        Trouble::Limited => refuse(Verdict::too_fast()),
        Trouble::Disbanded => refuse(Verdict::new(400013, "群已被解散")),
        Trouble::Disabled => refuse(Verdict::new(400102, "机器人已停用")),
        Trouble::Slow { seconds } => {
            let clock = sandbox.clock();
            let until = clock.now() + SignedDuration::from_secs(seconds.into());
            clock.sleep_until(until).await;
            post()
        }
        Trouble::ResetBefore => broken(),
        Trouble::ResetAfter => {
            post();
            broken()
        }
        Trouble::Garbage => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html><title>405</title><p>Sorry, your request has been blocked.</p>"),
        Trouble::AddressBlock => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"sandbox"}"#),
        Trouble::Http { status } => HttpResponse::new(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        ),
    }
}

fn answer(verdict: &Verdict) -> HttpResponse {
    HttpResponse::Ok().json(verdict)
}

/// A response that ends in an error, upon which the server drops the connection.
fn broken() -> HttpResponse {
    let lost = stream::once(async { Err::<Bytes, _>(std::io::Error::other("ordered reset")) });
    HttpResponse::Ok().streaming(lost)
}

async fn messages(sandbox: Data<Sandbox>) -> impl Responder {
    Json(sandbox.messages())
}

async fn order(order: Json<Order>, sandbox: Data<Sandbox>) -> impl Responder {
    sandbox.order(order.into_inner());
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
