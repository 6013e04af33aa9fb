//! Logging in with the token, and out.

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::door::{COOKIE_NAME, Door, LASTS, origin};
use super::refusal::Refusal;
use super::visitor::onward;
use super::words::{LANGUAGE_COOKIE, Words};
use super::{assets, render};
use crate::core::secret::Secret;
use crate::core::template::Language;

#[derive(Deserialize)]
pub struct Next {
    /// Where to go afterwards, from the overview.
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct Shown {
    token: String,
    #[serde(default)]
    next: String,
}

/// In both languages, for nobody has chosen one yet.
#[derive(Template)]
#[template(path = "admin/login.html")]
struct LoginPage {
    version: &'static str,
    next: String,
    refused: Option<[&'static str; 2]>,
}

pub async fn page(door: Data<Door>, query: Query<Next>) -> HttpResponse {
    if door.is_open() {
        return go_to("./");
    }
    ask(StatusCode::OK, query.into_inner().next, None)
}

pub async fn log_in(request: HttpRequest, door: Data<Door>, form: Form<Shown>) -> HttpResponse {
    let Shown { token, next } = form.into_inner();
    let token = Secret::new(token);
    if !origin::is_same_site(request.headers()) {
        return ask(StatusCode::FORBIDDEN, next, Some(Refusal::OtherSite));
    }
    let from = request.peer_addr().map(|address| address.ip());
    match door.log_in(token.expose().trim(), from) {
        Ok(cookie) => {
            tracing::info!(from = from.map(tracing::field::display), "logged in");
            let cookie = set_cookie(&request, COOKIE_NAME, &cookie, LASTS.as_secs(), "Strict");
            HttpResponse::SeeOther()
                .insert_header((LOCATION, onward(&next)))
                .insert_header((SET_COOKIE, cookie))
                .finish()
        }
        Err(refusal) => ask(refusal.status(), next, Some(refusal)),
    }
}

pub async fn log_out(request: HttpRequest) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "./login"))
        .insert_header((
            SET_COOKIE,
            set_cookie(&request, COOKIE_NAME, "", 0, "Strict"),
        ))
        .finish()
}

#[derive(Deserialize)]
pub struct Choice {
    to: String,
    #[serde(default)]
    from: String,
}

/// Remembers a language and goes back.
pub async fn language(request: HttpRequest, choice: Query<Choice>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, onward(&choice.from)));
    if let Some(language) = Language::from_name(&choice.to) {
        const A_YEAR: i64 = 365 * 24 * 60 * 60;
        let cookie = set_cookie(&request, LANGUAGE_COOKIE, language.name(), A_YEAR, "Lax");
        response.insert_header((SET_COOKIE, cookie));
    }
    response.finish()
}

fn ask(status: StatusCode, next: String, refused: Option<Refusal>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(Refusal::TooMany { seconds }) = refused {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    let sentences = |refusal: Refusal| {
        Language::ALL.map(|language| refusal.sentence(Words::of_language(language)))
    };
    let page = LoginPage {
        version: assets::version(),
        next,
        refused: refused.map(sentences),
    };
    render(response, &page)
}

/// Without a path: a browser then sends it to everything beside the page that set it, which is all of ours and, where a
/// proxy shows us below a path, nothing else.
fn set_cookie(
    request: &HttpRequest,
    name: &str,
    value: &str,
    seconds: i64,
    same_site: &str,
) -> String {
    let secure = match origin::is_secure(request.headers()) {
        true => "; Secure",
        false => "",
    };
    format!("{name}={value}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}")
}

fn go_to(path: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}
