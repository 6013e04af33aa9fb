//! Who may come in: every request but those for health checks, the log-in page and its style passes [`guard`].
//!
//! Where `admin.token` is set, a visitor shows it once and then carries a signed cookie, and a program sends it with
//! each request. Where there is none, the page is for this machine alone. What changes something must come from a form
//! of ours. `tests/it/admin/door.rs` keeps all this.

pub mod origin;
mod session;
mod tries;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage};

use super::refusal::Refusal;
use crate::clock::Clock;
use crate::core::secret::Secret;
use crate::current::Current;
use session::{Key, Session};
use tries::Tries;

pub use session::LASTS;

/// The name of the cookie of those who are logged in.
pub const COOKIE_NAME: &str = "hookbell_session";

/// The field of a form, and the header of a program in the page, that show where it comes from.
pub const FORM_FIELD: &str = "csrf";
const FORM_HEADER: &str = "x-csrf-token";

/// Largest form. Payloads are pasted into some.
pub const LARGEST_FORM: usize = 8 * 1024 * 1024;

/// Decides who may come in.
pub struct Door {
    current: Arc<Current>,
    clock: Arc<dyn Clock>,
    /// Whether only this machine reaches the listener.
    is_local: bool,
    /// Signs the forms of those who need not log in.
    key: Key,
    tries: Tries,
}

/// Somebody who may come in.
#[derive(Debug, Clone)]
pub struct Pass {
    pub way: Way,
    /// What his forms must carry.
    pub form_token: String,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// No token is configured.
    Open,
    /// With a cookie.
    LoggedIn,
    /// A program that sent the token.
    Program,
}

impl Door {
    pub fn new(current: Arc<Current>, clock: Arc<dyn Clock>, is_local: bool) -> Door {
        Door {
            current,
            clock,
            is_local,
            key: Key::random(),
            tries: Tries::default(),
        }
    }

    /// The cookie for whoever shows a right token.
    pub fn log_in(&self, token: &str, from: Option<IpAddr>) -> Result<String, Refusal> {
        let key = self.check(token, from)?;
        Ok(key.seal(&Session::starting(self.clock.now())))
    }

    /// Whether somebody has to log in at all.
    pub fn is_open(&self) -> bool {
        self.is_local && self.tokens().is_empty()
    }

    fn tokens(&self) -> Vec<Secret> {
        self.current.load().checked.config.admin.tokens.clone()
    }

    /// Who sent a request, by its headers alone.
    fn known(
        &self,
        headers: &HeaderMap,
        from: Option<IpAddr>,
    ) -> Result<(Way, Key, Session), Refusal> {
        let tokens = self.tokens();
        if tokens.is_empty() {
            let is_here = self.is_local && origin::names_this_machine(headers);
            return match is_here && !origin::is_forwarded(headers) {
                true => Ok((Way::Open, self.key.clone(), Session::nobody())),
                false => Err(Refusal::NotHere),
            };
        }
        if let Some(token) = bearer(headers) {
            let key = self.check(token, from)?;
            return Ok((Way::Program, key, Session::nobody()));
        }
        let now = self.clock.now();
        let keys = tokens.iter().map(|token| Key::of_token(token.expose()));
        cookie(headers, COOKIE_NAME)
            .and_then(|cookie| {
                keys.into_iter()
                    .find_map(|key| Some((key.open(&cookie, now)?, key)))
            })
            .map(|(session, key)| (Way::LoggedIn, key, session))
            .ok_or(Refusal::LoggedOut)
    }

    /// The key of the token that was shown. Too many wrong ones, and not even a right one is taken.
    fn check(&self, token: &str, from: Option<IpAddr>) -> Result<Key, Refusal> {
        let from = from.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.tries
            .take(from, self.clock.now())
            .map_err(|seconds| Refusal::TooMany { seconds })?;
        // Every one of them is compared, so that the time tells nothing.
        let is_right = self
            .tokens()
            .iter()
            .fold(false, |right, known| known.matches(token) | right);
        if !is_right {
            tracing::warn!(%from, "wrong admin token");
            return Err(Refusal::WrongToken);
        }
        self.tries.forget(from);
        Ok(Key::of_token(token))
    }
}

/// Lets a request in or answers it here. Handlers find the visitor's [`Pass`] with the request.
pub async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let door = request.app_data::<Data<Door>>().cloned();
    let door = door.expect("it is mounted together with this");
    match enter(&door, &mut request).await {
        Ok(pass) => {
            request.extensions_mut().insert(pass);
            let response = next.call(request).await?;
            Ok(response.map_into_boxed_body())
        }
        Err(refusal) => {
            let response = refusal.answer(request.request());
            Ok(request.into_response(response))
        }
    }
}

async fn enter(door: &Door, request: &mut ServiceRequest) -> Result<Pass, Refusal> {
    let from = request.peer_addr().map(|address| address.ip());
    let (way, key, session) = door.known(request.headers(), from)?;
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    // A browser adds no token to what another site has it send.
    if changes && way != Way::Program {
        if !origin::is_same_site(request.headers()) {
            return Err(Refusal::OtherSite);
        }
        let given = form_token(request).await?;
        if !given.is_some_and(|given| key.is_form_token(&session, &given)) {
            return Err(Refusal::OldForm);
        }
    }
    Ok(Pass {
        way,
        form_token: key.form_token(&session),
    })
}

/// What shows that a request comes from a form of ours: its header or its field. The form is left for the handler.
async fn form_token(request: &mut ServiceRequest) -> Result<Option<String>, Refusal> {
    if let Some(token) = request.headers().get(FORM_HEADER) {
        return Ok(token.to_str().ok().map(str::to_owned));
    }
    let kind = request.headers().get(CONTENT_TYPE);
    let is_form = kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !is_form {
        return Ok(None);
    }
    let body = request
        .extract::<Bytes>()
        .await
        .map_err(|_| Refusal::TooLarge)?;
    let field = url::form_urlencoded::parse(&body).find(|(name, _)| name == FORM_FIELD);
    let token = field.map(|(_, value)| value.into_owned());
    request.set_payload(Payload::from(body));
    Ok(token)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value.to_owned())
}
