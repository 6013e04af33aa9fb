//! The one style and the one script of the pages.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::drawing;

static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", include_str!("hookbell.css"), drawing::STYLE));

const SCRIPT: &str = include_str!("hookbell.js");

/// Stands in the addresses of both, so that a browser asks anew when they have changed.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::new()
        .chain_update(&*STYLE)
        .chain_update(SCRIPT)
        .finalize();
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
});

pub fn version() -> &'static str {
    &VERSION
}

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/assets/hookbell.css", web::get().to(style))
        .route("/assets/hookbell.js", web::get().to(script));
}

async fn style() -> HttpResponse {
    asset("text/css; charset=utf-8", &STYLE)
}

async fn script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

fn asset(kind: &str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(kind)
        .body(body)
}
