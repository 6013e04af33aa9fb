//! `GET /healthz` and `GET /readyz`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;

use super::{Health, State};
use crate::store::Store;

/// A store that has not answered by then would not take a webhook in time either.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked when somebody wants to know.
pub struct Checks {
    pub store: Arc<dyn Store>,
    pub health: Arc<Health>,
    /// Whether an answer may name groups: not where anybody may ask.
    pub names: bool,
}

/// Mounts both.
pub fn configure(config: &mut ServiceConfig, checks: Data<Checks>) {
    config
        .app_data(checks)
        .service(web::resource("/healthz").route(web::get().to(alive)))
        .service(web::resource("/readyz").route(web::get().to(ready)));
}

/// Alive: no loop hangs.
async fn alive(checks: Data<Checks>) -> HttpResponse {
    match checks.trouble(|state| state == State::Hangs) {
        None => HttpResponse::Ok().json(json!({ "status": "alive" })),
        Some(trouble) => unavailable(&trouble),
    }
}

/// Ready: the store can be written, and every loop goes on. A config is loaded, or nobody would listen.
async fn ready(checks: Data<Checks>) -> HttpResponse {
    if let Some(trouble) = checks.trouble(|state| state != State::Beats) {
        return unavailable(&trouble);
    }
    match tokio::time::timeout(PATIENCE, checks.store.ready()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Ok(Err(error)) => {
            tracing::error!(%error, "store not writable");
            unavailable("the store cannot be written")
        }
        Err(_) => {
            tracing::error!("store does not answer");
            unavailable("the store does not answer")
        }
    }
}

impl Checks {
    /// What is wrong with the first loop that is in such a state.
    fn trouble(&self, such: impl Fn(State) -> bool) -> Option<String> {
        let states = self.health.states(Instant::now());
        let (of, state, silent) = states.into_iter().find(|(_, state, _)| such(*state))?;
        let (kind, group) = of.labels();
        let seconds = silent.as_secs();
        tracing::error!(r#loop = kind, group, ?state, seconds, "loop does not go on");
        let who = match self.names {
            true => of.to_string(),
            false => "a part that posts or cleans up".to_owned(),
        };
        Some(match state {
            State::Dead => format!("{who} has died; the log says of what"),
            State::Beats | State::Silent | State::Hangs => {
                format!("{who} has not gone on for {seconds} s")
            }
        })
    }
}

fn unavailable(why: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().json(json!({ "error": why }))
}
