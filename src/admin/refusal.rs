//! Why a visitor does not come in, told to a person as a page and to a program as JSON.

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::visitor::{Place, is_api};
use super::words::Words;

/// Why somebody does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No token is configured, and the request does not surely come from this machine.
    NotHere,
    LoggedOut,
    WrongToken,
    TooMany {
        seconds: u32,
    },
    /// Another site had the browser send it.
    OtherSite,
    /// The form is of another session, or of none.
    OldForm,
    TooLarge,
}

#[derive(Template)]
#[template(path = "admin/refused.html")]
struct RefusedPage {
    words: &'static Words,
    root: String,
    sentence: &'static str,
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::NotHere | Refusal::OtherSite | Refusal::OldForm => StatusCode::FORBIDDEN,
            Refusal::LoggedOut | Refusal::WrongToken => StatusCode::UNAUTHORIZED,
            Refusal::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub fn sentence(self, words: &Words) -> &'static str {
        let refusals = &words.refusals;
        match self {
            Refusal::NotHere => refusals.not_here,
            Refusal::LoggedOut => refusals.logged_out,
            Refusal::WrongToken => refusals.wrong_token,
            Refusal::TooMany { .. } => refusals.too_many,
            Refusal::OtherSite => refusals.other_site,
            Refusal::OldForm => refusals.old_form,
            Refusal::TooLarge => refusals.too_large,
        }
    }

    pub fn answer(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Refusal::TooMany { seconds } = self {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if is_api(request.path()) {
            let sentence = self.sentence(Words::english());
            return response.json(json!({ "error": sentence }));
        }
        let place = Place::of(request);
        if self == Refusal::LoggedOut {
            let login = format!("{}login?next={}", place.root, place.encoded());
            return HttpResponse::SeeOther()
                .insert_header((LOCATION, login))
                .finish();
        }
        let words = Words::of(request);
        let page = RefusedPage {
            words,
            root: place.root,
            sentence: self.sentence(words),
        };
        super::render(response, &page)
    }
}
