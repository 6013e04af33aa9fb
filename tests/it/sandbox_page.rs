//! The sandbox's page, as a browser without script gets it.

use std::net::TcpListener;
use std::sync::Arc;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY};
use serde_json::{Value, json};

use hookbell::clock::LeapingClock;
use hookbell::sandbox::{self, Sandbox, SandboxBot};

struct Browser {
    sandbox: Sandbox,
    client: reqwest::Client,
    address: String,
}

impl Browser {
    fn open() -> Browser {
        let noon = "2026-03-04T12:00:00Z".parse().unwrap();
        let sandbox = Sandbox::open(Arc::new(LeapingClock::starting_at(noon)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        Browser {
            sandbox,
            client: reqwest::Client::new(),
            address,
        }
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.address))
    }

    async fn page(&self, path: &str) -> String {
        let response = self.request(path).send().await.unwrap();
        response.text().await.unwrap()
    }

    async fn post(&self, token: &str, message: Value) {
        let url = format!("{}/robot/send?access_token={token}", self.address);
        let response = self.client.post(url).json(&message).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errcode"], 0, "{answer}");
    }
}

fn text(content: &str) -> Value {
    json!({"msgtype": "text", "text": {"content": content}})
}

#[tokio::test]
async fn an_empty_sandbox_tells_how_to_post() {
    let browser = Browser::open();
    let page = browser.page("/").await;
    assert!(page.contains("Nothing posted yet"));
    assert!(page.contains(&format!("{}/robot/send?access_token=demo", browser.address)));
    assert!(page.contains("curl "));
}

#[tokio::test]
async fn the_only_group_is_shown_at_once_and_several_are_listed() {
    let browser = Browser::open();
    browser.post("demo", text("hello")).await;
    assert!(browser.page("/").await.contains("demo group chat"));
    browser.post("ops", text("hello")).await;
    let page = browser.page("/").await;
    assert!(page.contains("href=\"/groups/demo\"") && page.contains("href=\"/groups/ops\""));
}

#[tokio::test]
async fn a_card_is_drawn_with_its_notification_buttons_and_mentions() {
    let browser = Browser::open();
    let card = json!({"msgtype": "actionCard", "actionCard": {
        "title": "mona opened PR #42", "text": "#### **PR** for @alice and @bob", "btnOrientation": "1",
        "btns": [{"title": "Review", "actionURL": "https://example.com/42"},
            {"title": "Say yes", "actionURL": "dtmd://dingtalkclient/sendMessage?content=yes"}]},
        "at": {"atUserIds": ["alice"]}});
    browser.post("demo", card).await;
    let page = browser.page("/groups/demo").await;
    for part in [
        "<b>Notification</b> mona opened PR #42",
        "<p class=\"h h4\"><strong>PR</strong> for <span class=\"me\">@alice</span> and @bob</p>",
        "<div class=\"btns side\">",
        "<a href=\"https://example.com/42\" target=\"_blank\" rel=\"noopener noreferrer\">Review</a>",
        "<span>Say yes</span>",
        "datetime=\"2026-03-04T12:00:00Z\"",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
}

#[tokio::test]
async fn nothing_in_a_message_becomes_markup_of_the_page() {
    let browser = Browser::open();
    let evil = "<script>alert(1)</script>";
    let link = |name: &str| json!({"title": evil, name: "javascript:alert(1)", "picURL": evil});
    browser.post("demo", text(evil)).await;
    browser
        .post(
            "demo",
            json!({"msgtype": "markdown", "markdown": {"title": evil, "text": evil}}),
        )
        .await;
    browser
        .post(
            "demo",
            json!({"msgtype": "feedCard", "feedCard": {"links": [link("messageURL")]}}),
        )
        .await;
    let mut plain_link = link("messageUrl");
    plain_link["text"] = evil.into();
    browser
        .post("demo", json!({"msgtype": "link", "link": plain_link}))
        .await;
    let page = browser.page("/groups/demo").await;
    assert!(
        !page.contains("<script>") && !page.contains("javascript:"),
        "{page}"
    );
}

#[tokio::test]
async fn the_policy_allows_nothing_from_elsewhere_and_nothing_inline() {
    let browser = Browser::open();
    browser.post("demo", text("hello")).await;
    let response = browser.request("/groups/demo").send().await.unwrap();
    let policy = response.headers()[CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    let page = response.text().await.unwrap();
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
    for asset in ["/sandbox/page.css", "/sandbox/page.js"] {
        assert!(page.contains(asset));
        assert!(
            browser
                .request(asset)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
}

#[tokio::test]
async fn it_speaks_chinese_to_those_who_do() {
    let browser = Browser::open();
    let response = browser
        .request("/")
        .header(ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9")
        .send()
        .await
        .unwrap();
    assert!(response.text().await.unwrap().contains("还没有消息"));
    let chosen = browser
        .request("/?lang=en")
        .header(ACCEPT_LANGUAGE, "zh-CN")
        .send()
        .await
        .unwrap();
    assert!(chosen.text().await.unwrap().contains("Nothing posted yet"));
}

#[tokio::test]
async fn a_group_of_any_name_has_a_page_and_others_have_none() {
    let browser = Browser::open();
    let name = "前端/发布 \"<b>?#";
    browser.sandbox.add_bot(SandboxBot {
        token: "beef".into(),
        secret: None,
        keywords: Vec::new(),
        group: name.into(),
    });
    // The only group: the start page leads to it.
    let page = browser.page("/").await;
    assert!(page.contains("前端/发布 &#34;&#60;b&#62;?#"), "{page}");
    assert!(page.contains("Nothing posted yet"));
    assert_eq!(
        browser
            .request("/groups/none")
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn a_new_message_reaches_an_open_page() {
    let browser = Browser::open();
    browser.post("demo", text("first")).await;
    let mut live = browser
        .request("/groups/demo/live?after=1")
        .send()
        .await
        .unwrap();
    browser.post("other", text("elsewhere")).await;
    browser.post("demo", text("second")).await;
    let chunk = live.chunk().await.unwrap().unwrap();
    let event = String::from_utf8(chunk.to_vec()).unwrap();
    assert!(event.starts_with("id: 3\ndata: <article"), "{event}");
    assert!(event.contains("second") && event.ends_with("\n\n"));
    assert!(!event.contains("first") && !event.contains("elsewhere"));
}
