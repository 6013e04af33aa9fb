//! `GET /metrics`, for Prometheus.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::Vitals;
use crate::health::{Health, Loop, State};
use crate::metrics::{CONTENT_TYPE, Sample, catalogue};
use crate::operate::Operator;

/// Whoever asks gives up after ten seconds by default; what was counted here is told in any case.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn text(operator: Data<Operator>, vitals: Data<Vitals>) -> HttpResponse {
    let mut samples = operator.gauges_of_config();
    let stored = tokio::time::timeout(PATIENCE, operator.gauges_of_store()).await;
    let readable = match stored {
        Ok(Ok(stored)) => {
            samples.extend(stored);
            1.0
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "store not read for metrics");
            0.0
        }
        Err(_) => {
            tracing::error!("store does not answer");
            0.0
        }
    };
    samples.push(Sample {
        of: &catalogue::STORE_READABLE,
        labels: Vec::new(),
        value: readable,
    });
    samples.extend(loops(&vitals.health));
    match vitals.metrics.text(&samples) {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn loops(health: &Health) -> Vec<Sample> {
    let states = health.states(Instant::now());
    let sample = |(of, state, silent): (Loop, State, Duration)| {
        let (kind, group) = of.labels();
        Sample {
            of: &catalogue::LOOP_SILENT,
            labels: vec![kind.to_owned(), group.to_owned()],
            value: match state {
                State::Dead => -1.0,
                State::Beats | State::Silent | State::Hangs => silent.as_secs_f64(),
            },
        }
    };
    states.into_iter().map(sample).collect()
}
