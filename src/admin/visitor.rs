//! Somebody who looks at a page: his language, where he is, and what his forms must carry.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, error};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::door::{Pass, Way};
use super::words::Words;
use crate::operate::Operator;

/// Where Prometheus asks.
pub const METRICS: &str = "/metrics";

/// Whether an address is one for programs.
pub fn is_api(path: &str) -> bool {
    path == METRICS || path == "/api" || path.starts_with("/api/")
}

/// Where in our pages a request leads. Links are relative, so that the pages work under whatever path a proxy shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From here to the overview: `./`, `../`.
    pub root: String,
    /// From the overview to here, with its query.
    pub path: String,
}

impl Place {
    pub fn of(request: &HttpRequest) -> Place {
        let path = request.uri().path();
        let whole = request.uri().path_and_query();
        let whole = whole.map_or(path, |whole| whole.as_str());
        Place {
            root: root(path),
            path: whole.trim_start_matches('/').to_owned(),
        }
    }

    /// The path for a query parameter.
    pub fn encoded(&self) -> String {
        utf8_percent_encode(&self.path, NON_ALPHANUMERIC).to_string()
    }
}

fn root(path: &str) -> String {
    match path.matches('/').count() {
        0 | 1 => "./".to_owned(),
        deep => "../".repeat(deep - 1),
    }
}

/// An address to go on to that a visitor brought along, made one of ours: it stays below the overview whatever it says.
pub fn onward(path: &str) -> String {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    let path = if is_plain {
        path.trim_start_matches(['/', '\\'])
    } else {
        ""
    };
    format!("./{path}")
}

/// Somebody who was let in.
pub struct Visitor {
    pub words: &'static Words,
    pub place: Place,
    pub pass: Pass,
    /// Since when the config in force is that.
    pub config_since: Timestamp,
    /// How many dead letters wait; `None` where the store does not say so at once.
    pub dead_letters: Option<u32>,
}

/// How long a page waits for a number that is not its own.
const PATIENCE: Duration = Duration::from_millis(300);

impl Visitor {
    pub fn can_log_out(&self) -> bool {
        self.pass.way == Way::LoggedIn
    }
}

impl FromRequest for Visitor {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Visitor, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pass = request.extensions().get::<Pass>().cloned();
        let operator = request.app_data::<Data<Operator>>().cloned();
        let (words, place) = (Words::of(request), Place::of(request));
        Box::pin(async move {
            let (Some(pass), Some(operator)) = (pass, operator) else {
                return Err(error::ErrorInternalServerError("this page has no door"));
            };
            let causes = tokio::time::timeout(PATIENCE, operator.store.dead_causes()).await;
            let causes = causes.ok().and_then(Result::ok);
            Ok(Visitor {
                words,
                place,
                pass,
                config_since: operator.current.load().since,
                dead_letters: causes.map(|causes| causes.iter().map(|cause| cause.count).sum()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_back_to_the_overview_from_any_depth() {
        for (path, expected) in [
            ("/", "./"),
            ("/groups", "./"),
            ("/groups/backend", "../"),
            ("/deliveries/1/replay", "../../"),
        ] {
            assert_eq!(root(path), expected, "{path}");
        }
    }

    #[test]
    fn nobody_is_sent_on_to_another_site() {
        for (given, expected) in [
            ("groups/backend?older=1", "./groups/backend?older=1"),
            ("", "./"),
            ("//evil.example", "./evil.example"),
            ("\\\\evil.example", "./evil.example"),
            ("https://evil.example", "./https://evil.example"),
            ("a\r\nSet-Cookie: x", "./"),
        ] {
            assert_eq!(onward(given), expected);
        }
    }
}
