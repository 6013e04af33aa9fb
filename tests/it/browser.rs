//! Pages in a real browser, where there is one: `HOOKBELL_TEST_WEBDRIVER` is the address of a WebDriver that starts
//! Chromium, and `HOOKBELL_TEST_AXE` the path of axe-core's `axe.min.js`, which looks for what shuts people out.

use std::sync::Arc;

use fantoccini::{Client, ClientBuilder, Locator};
use hookbell::clock::SystemClock;
use hookbell::sandbox::{self, Sandbox};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::relay::{PATIENCE, free_port, post_json};

/// A browser; `None` where no WebDriver is named.
pub async fn browser() -> Option<Client> {
    let driver = variable("HOOKBELL_TEST_WEBDRIVER")?;
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--window-size=1280,900",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
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

/// What a variable says, if it is set.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    let is_needed = std::env::var_os("HOOKBELL_CI").is_some();
    assert!(value.is_some() || !is_needed, "CI must set {name}");
    value
}

/// Fails where axe-core finds something serious on the page that is open, as a computer or a phone shows it.
pub async fn assert_accessible(browser: &Client) {
    let Some(axe) = variable("HOOKBELL_TEST_AXE") else {
        return;
    };
    let axe = std::fs::read_to_string(axe).unwrap();
    browser.execute(&axe, Vec::new()).await.unwrap();
    for width in [500, 1280] {
        browser.set_window_size(width, 900).await.unwrap();
        let serious = serious(browser).await;
        let page = browser.current_url().await.unwrap();
        assert!(
            serious.is_empty(),
            "{page} at {width}: {}",
            serious.join("\n")
        );
    }
}

async fn serious(browser: &Client) -> Vec<String> {
    let run = "const done = arguments[arguments.length - 1];
        axe.run().then((found) => done(found.violations), (error) => done(String(error)));";
    let found = browser.execute_async(run, Vec::new()).await.unwrap();
    let found = found.as_array().unwrap_or_else(|| panic!("{found}"));
    let is_serious = |it: &&Value| {
        ["serious", "critical"]
            .iter()
            .any(|impact| it["impact"] == *impact)
    };
    let serious = found.iter().filter(is_serious);
    serious
        .map(|it| format!("{}: {}\n{:#}", it["id"], it["help"], it["nodes"]))
        .collect()
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
    assert_accessible(&browser).await;
    browser.close().await.unwrap();
}
