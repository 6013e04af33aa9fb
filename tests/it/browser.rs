//! The sandbox's page in a real browser, where there is one: `HOOKBELL_TEST_WEBDRIVER` is the address of a WebDriver
//! that starts Chromium.

use std::sync::Arc;

use fantoccini::{Client, ClientBuilder, Locator};
use hookbell::clock::SystemClock;
use hookbell::sandbox::{self, Sandbox};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::relay::{PATIENCE, free_port, post_json};

/// A browser; `None` where no WebDriver is named.
async fn browser() -> Option<Client> {
    let driver = match std::env::var("HOOKBELL_TEST_WEBDRIVER") {
        Ok(driver) => driver,
        Err(_) if std::env::var_os("HOOKBELL_CI").is_none() => return None,
        Err(_) => panic!("CI must set HOOKBELL_TEST_WEBDRIVER"),
    };
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let options = json!({"goog:chromeOptions": {"args": arguments}});
    let Value::Object(capabilities) = options else {
        unreachable!("an object was written here");
    };
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&driver)
        .await
        .expect("the WebDriver starts no browser");
    Some(client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_appears_on_the_open_page_as_dingtalk_draws_it() {
    let Some(browser) = browser().await else {
        return;
    };
    let sandbox = Sandbox::open(Arc::new(SystemClock::new()));
    let listener = free_port();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(sandbox::serve(listener, sandbox).unwrap());
    let post = async |body: Value| {
        let url = format!("{address}/robot/send?access_token=demo");
        let answer = post_json(&url, &body).await;
        assert_eq!(answer["errcode"], 0);
    };

    post(json!({"msgtype": "text", "text": {"content": "hello"}})).await;
    browser
        .goto(&format!("{address}/groups/demo"))
        .await
        .unwrap();
    assert_eq!(
        browser
            .find_all(Locator::Css(".bubble"))
            .await
            .unwrap()
            .len(),
        1
    );

    post(json!({"msgtype": "actionCard", "actionCard": {
        "title": "Review", "text": "#### [#42 Keep the session](https://example.com/42)\n\n> <b>x</b>",
        "btnOrientation": "1", "btns": [
            {"title": "Review changes", "actionURL": "https://example.com/42/files"},
            {"title": "Open", "actionURL": "https://example.com/42"}]}}))
    .await;
    let card = browser
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::Css(".bubble.ac"))
        .await
        .expect("the page shows a new message by itself");
    let text = card.text().await.unwrap();
    assert!(
        text.contains("#42 Keep the session") && text.contains("<b>x</b>"),
        "{text}"
    );
    let buttons = card.find_all(Locator::Css(".btns a")).await.unwrap();
    assert_eq!(buttons.len(), 2);
    browser.close().await.unwrap();
}
