//! The template playground: as a page with and without script, and as an API.

use fantoccini::Locator;
use serde_json::{Value, json};

use super::browser::{press, text};
use super::{Browser, TOKEN, locked};
use crate::browser::{assert_accessible, browser};
use crate::relay::{EVERYTHING, PATIENCE, TestRelay};

const TEMPLATE: &str = "---\ntype: markdown\ntitle: \"{{title}}\"\n---\n";

/// What the API makes of a template for GitHub's sample.
async fn attempt(browser: &Browser, body: &str, more: Value) -> (u16, Value) {
    let mut attempt = json!({"kind": "github", "text": format!("{TEMPLATE}{body}"), "path": "en/github/pull_request.hbs"});
    for (name, value) in more.as_object().unwrap() {
        attempt[name] = value.clone();
    }
    let answer = browser
        .post_json("/api/playground", &attempt)
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn the_linter_names_lines_and_what_to_write_instead() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let body = "#### {{title}}\n\n| a | b |\n\non `{{branch}}` ({{payload.nothing}})\n";
    let (status, bench) = attempt(&browser, body, json!({})).await;
    assert_eq!(status, 200, "{bench}");
    let remarks = bench["drawn"]["remarks"].as_array().unwrap();
    assert_eq!(
        (&remarks[0]["line"], &remarks[1]["line"]),
        (&json!(7), &json!(9))
    );
    assert!(remarks[0]["what"].as_str().unwrap().contains("table"));
    let left = remarks
        .iter()
        .any(|remark| remark["what"].as_str().unwrap().contains("“()”"));
    assert!(left, "{remarks:?}");
    let (_, bench) = attempt(&browser, body, json!({"language": "zh"})).await;
    let told = bench["drawn"]["remarks"][0]["what"].as_str().unwrap();
    assert!(told.contains("表格"), "{told}");
    relay.finish().await;
}

#[tokio::test]
async fn the_template_in_force_is_the_start_and_a_mistake_is_told_with_its_line() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    for kind in ["github", "gitlab", "jira", "codeup", "travis"] {
        let attempt = json!({ "kind": kind });
        let answer = browser
            .post_json("/api/playground", &attempt)
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        let bench: Value = answer.json().await.unwrap();
        assert_eq!(bench["drawn"]["remarks"], json!([]), "{kind}: {bench}");
        assert!(
            bench["text"].as_str().unwrap().starts_with("---"),
            "{bench}"
        );
        assert_eq!(bench["group"], "backend");
    }
    let (_, bench) = attempt(&browser, "\n{{titel}}", json!({})).await;
    let mistake = &bench["mistakes"][0];
    assert_eq!(mistake["file"], "en/github/pull_request.hbs");
    assert_eq!(mistake["line"], 6);
    assert!(
        mistake["remedy"].as_str().unwrap().contains("title"),
        "{mistake}"
    );
    assert!(bench.get("drawn").is_none());
    relay.finish().await;
}

#[tokio::test]
async fn what_is_tried_is_bounded_in_size_time_and_path() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let list: Vec<u32> = (0..3000).collect();
    let loops = "{{#each payload.list}}{{#each ../payload.list}}{{#each ../../payload.list}}{{/each}}{{/each}}{{/each}}";
    let payload =
        json!({"payload": {"list": list, "action": "opened", "repository": {"full_name": "a/b"}}});
    let (status, answer) = attempt(&browser, loops, payload).await;
    assert_eq!(status, 400);
    assert!(
        answer["error"].as_str().unwrap().contains("too long"),
        "{answer}"
    );
    let (status, _) = attempt(&browser, &"x".repeat(70_000), json!({})).await;
    assert_eq!(status, 400);
    for path in [
        "../../etc/passwd",
        "en/gitlab/push.hbs",
        "en/digest.hbs",
        "fr/github/push.hbs",
    ] {
        let (status, answer) = attempt(&browser, "x", json!({ "path": path })).await;
        assert_eq!(status, 400, "{path}: {answer}");
    }
    let (status, answer) = attempt(&browser, "x", json!({"kind": "gitee"})).await;
    assert_eq!(status, 400, "{answer}");
    relay.finish().await;
}

#[tokio::test]
async fn without_script_a_form_draws_and_the_file_comes_out() {
    let relay = TestRelay::start(EVERYTHING).await;
    let browser = Browser::at(&relay);
    let page = browser.page("/playground?origin=sample:gitlab").await;
    assert!(page.contains("templates/en/gitlab/pipeline"), "{page}");
    let token = browser.form_token("/playground").await;
    let path = "en/gitlab/pipeline.hbs";
    let text = format!("{TEMPLATE}Look here: {{{{status}}}}\r\n");
    let form = [
        ("csrf", token.as_str()),
        ("origin", "sample:gitlab"),
        ("before", "sample:gitlab"),
        ("path", path),
        ("of", path),
        ("text", text.as_str()),
    ];
    let answer = browser.post("/playground", &form).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Look here: failed"), "{page}");
    let zh = browser
        .post("/playground?lang=zh", &form)
        .send()
        .await
        .unwrap();
    assert!(zh.text().await.unwrap().contains("检查结果"));
    let file = browser
        .post("/playground/file", &form)
        .send()
        .await
        .unwrap();
    let disposition = file.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        disposition.contains("filename=\"pipeline.hbs\""),
        "{disposition}"
    );
    assert_eq!(file.text().await.unwrap(), text.replace("\r\n", "\n"));
    let nonsense = browser
        .get("/playground?origin=nonsense")
        .send()
        .await
        .unwrap();
    assert_eq!(nonsense.status(), 400);
    relay.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_edited_and_the_preview_changes_while_one_types() {
    let Some(browser) = browser().await else {
        return;
    };
    let relay = TestRelay::start(EVERYTHING).await;
    let page = format!("{}/playground?origin=sample:github", relay.admin);
    browser.goto(&page).await.unwrap();
    let phone = "#drawn .dt.phone .bubble";
    let before = text(&browser, phone).await;
    assert!(!before.contains("Look here"), "{before}");
    assert_accessible(&browser).await;
    let editor = browser
        .find(Locator::Css("textarea[name=text]"))
        .await
        .unwrap();
    editor
        .send_keys("\nLook here `{{branch}}`\n")
        .await
        .unwrap();
    let drawn = browser.wait().at_most(PATIENCE).for_element(Locator::XPath(
        "//*[@id='drawn']//*[contains(@class,'phone')]//*[contains(text(),'Look here')]",
    ));
    drawn.await.unwrap();
    let remarks = text(&browser, "#remarks").await;
    assert!(remarks.contains("Inline code"), "{remarks}");
    editor.send_keys("{{#if title}}").await.unwrap();
    let told = browser.wait().at_most(PATIENCE);
    told.for_element(Locator::Css("#mistakes [role=alert]"))
        .await
        .unwrap();
    let stale = text(&browser, "#drawn.stale .dt.phone .bubble").await;
    assert!(stale.contains("Look here"), "{stale}");
    press(&browser, "button[name=reset]").await;
    assert_eq!(text(&browser, phone).await, before);
    browser.close().await.unwrap();
    relay.finish().await;
}
