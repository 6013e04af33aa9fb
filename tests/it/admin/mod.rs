//! The operator's page and its API, over HTTP as a browser and a program would.

mod api;
mod browser;
mod deliveries;
mod deliveries_browser;
mod door;
mod pages;
mod playground;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;

use crate::relay::{EVERYTHING, TestRelay};

pub const TOKEN: &str = "open sesame";

/// A relay whose page needs a token.
pub async fn locked() -> TestRelay {
    TestRelay::start(&format!("[admin]\ntoken = \"{TOKEN}\"\n{EVERYTHING}")).await
}

/// A browser without script: it follows no redirect by itself and keeps one cookie.
pub struct Browser {
    client: Client,
    address: String,
    pub cookie: Option<String>,
}

impl Browser {
    pub fn at(relay: &TestRelay) -> Browser {
        let client = Client::builder().redirect(redirect::Policy::none());
        Browser {
            client: client.build().unwrap(),
            address: relay.admin.clone(),
            cookie: None,
        }
    }

    /// One that has logged in.
    pub async fn logged_in(relay: &TestRelay) -> Browser {
        let mut browser = Browser::at(relay);
        let answer = browser.log_in(TOKEN).await;
        assert_eq!(answer.status(), 303);
        browser
    }

    pub async fn log_in(&mut self, token: &str) -> Response {
        let answer = self
            .post("/login", &[("token", token)])
            .send()
            .await
            .unwrap();
        if let Some(cookie) = answer.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, _) = cookie.split_once(';').unwrap();
            self.cookie = Some(pair.to_owned());
        }
        answer
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.with_cookie(self.client.get(format!("{}{path}", self.address)))
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(format!("{}{path}", self.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.with_cookie(request)
    }

    /// As a program does.
    pub fn post_json(&self, path: &str, body: &Value) -> RequestBuilder {
        self.with_cookie(
            self.client
                .post(format!("{}{path}", self.address))
                .json(body),
        )
    }

    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// What a form of this page must carry.
    pub async fn form_token(&self, path: &str) -> String {
        let page = self.page(path).await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }
}

pub fn location(answer: &Response) -> &str {
    answer.headers()[LOCATION].to_str().unwrap()
}
