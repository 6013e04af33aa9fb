//! The public endpoint: `POST /hooks/{source}`.

use std::time::Instant;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::json;

use super::{Door, Ingest, Receipt, Refusal, address};
use crate::core::source::RawRequest;

/// Seconds after which a sender may try again, when the store cannot take a delivery.
const RETRY_AFTER: &str = "5";

/// Mounts the endpoint, and the answer for all others.
pub fn configure(config: &mut web::ServiceConfig, ingest: web::Data<Ingest>) {
    config.service(
        web::resource("/hooks/{source}")
            .route(web::post().to(receive))
            .default_service(web::to(method_not_allowed)),
    );
    config
        .app_data(ingest)
        .default_service(web::to(nothing_here));
}

async fn receive(
    ingest: web::Data<Ingest>,
    name: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let began = Instant::now();
    let door = ingest.door.load_full();
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let taken = async {
        door.admit(&name, &request)?;
        let body = door.room.read(announced, body).await?;
        let taken = ingest
            .take(&door, &name, raw(&request, body.bytes.clone()))
            .await;
        // Only now is there room for another.
        drop(body);
        taken
    }
    .await;
    ingest.count(&door, &name, &taken, began.elapsed());
    answer(&name, taken)
}

fn answer(name: &str, taken: Result<Receipt, Refusal>) -> HttpResponse {
    match taken {
        Ok(receipt) => HttpResponse::build(receipt.status()).json(receipt.body()),
        Err(refusal) => {
            let status = refusal.status();
            if status.is_server_error() {
                tracing::error!(source = name, ?refusal, "delivery not taken");
            } else {
                tracing::warn!(source = name, %refusal, "delivery refused");
            }
            let mut response = HttpResponse::build(status);
            if status == StatusCode::SERVICE_UNAVAILABLE {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            response.json(refusal.body())
        }
    }
}

impl Door {
    /// Refuses addresses that the source does not allow, before anything of the body is read. An unknown source is
    /// told of later.
    fn admit(&self, name: &str, request: &HttpRequest) -> Result<(), Refusal> {
        let Some(entry) = self
            .sources
            .get(name)
            .filter(|entry| !entry.allow.is_empty())
        else {
            return Ok(());
        };
        let forwarded = request.headers().get_all("x-forwarded-for");
        let forwarded = forwarded.filter_map(|value| value.to_str().ok());
        let peer = request.peer_addr().map(|peer| peer.ip());
        let client = address::of_client(peer, forwarded, &self.trusted_proxies);
        if client.is_some_and(|client| address::is_in(client, &entry.allow)) {
            return Ok(());
        }
        let shown = client.map_or_else(|| "unknown".to_owned(), |client| client.to_string());
        tracing::warn!(source = name, client = shown, "address not allowed");
        Err(Refusal::Address)
    }
}

/// actix speaks `http` 0.2 and the rest of us 1.x: this is the one place where a request is converted.
fn raw(request: &HttpRequest, body: Bytes) -> RawRequest {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let query = url::form_urlencoded::parse(request.query_string().as_bytes())
        .into_owned()
        .collect();
    RawRequest {
        headers,
        query,
        body,
    }
}

async fn method_not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "POST"))
        .json(json!({ "error": "webhooks are sent with POST" }))
}

async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound()
        .json(json!({ "error": "nothing here; webhooks go to /hooks/{source}" }))
}
