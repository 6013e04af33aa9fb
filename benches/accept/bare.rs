//! The yardstick: a handler that reads the body, looks at none of it, and answers as much as the relay does.

use std::net::TcpListener;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::json;

/// The same as the relay's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Prints its address and serves until it is killed.
pub fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    let server = HttpServer::new(|| {
        App::new()
            .app_data(web::PayloadConfig::new(25 << 20))
            .service(web::resource("/hooks/{source}").route(web::post().to(take)))
    })
    .listen(listener)?
    .run();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    Ok(runtime.block_on(server)?)
}

async fn take(body: Bytes) -> HttpResponse {
    std::hint::black_box(&body);
    HttpResponse::Accepted().json(json!({
        "id": "019ac0ff-ee00-7000-8000-000000000000",
        "routes": ["pushes to main"],
    }))
}
