//! Who is let in, and what is done for whom.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_SECURITY_POLICY, HOST, ORIGIN, SET_COOKIE};

use super::{Browser, TOKEN, location, locked};
use crate::relay::{EVERYTHING, TestRelay};

#[tokio::test]
async fn who_shows_no_token_is_sent_to_log_in_and_then_to_where_he_wanted() {
    let relay = locked().await;
    let mut browser = Browser::at(&relay);
    let answer = browser.get("/?lang=zh").send().await.unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(location(&answer), "./login?next=%3Flang%3Dzh");
    let page = browser.page("/login?next=%3Flang%3Dzh").await;
    assert!(page.contains("name=\"next\" value=\"?lang=zh\""), "{page}");

    let form = [("token", TOKEN), ("next", "?lang=zh")];
    let answer = browser.post("/login", &form).send().await.unwrap();
    assert_eq!(
        (answer.status(), location(&answer)),
        (StatusCode::SEE_OTHER, "./?lang=zh")
    );
    browser.log_in(TOKEN).await;
    assert!(browser.page("/").await.contains("backend"));
    relay.finish().await;
}

#[tokio::test]
async fn a_wrong_token_is_told_so_and_no_more() {
    let relay = locked().await;
    let mut browser = Browser::at(&relay);
    let answer = browser.log_in("open barley").await;
    assert_eq!(answer.status(), 401);
    assert!(browser.cookie.is_none());
    let page = answer.text().await.unwrap();
    assert!(page.contains("role=\"alert\"") && page.contains("aria-invalid"));
    assert!(!page.contains("open barley") && !page.contains(TOKEN));
    relay.finish().await;
}

#[tokio::test]
async fn after_five_wrong_tokens_in_a_minute_not_even_the_right_one_is_taken() {
    let relay = locked().await;
    let mut browser = Browser::at(&relay);
    for _ in 0..5 {
        assert_eq!(browser.log_in("guess").await.status(), 401);
    }
    let answer = browser.log_in(TOKEN).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    let api = browser
        .get("/api/groups")
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(api.status(), 429);
    relay.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(browser.log_in(TOKEN).await.status(), 303);
    relay.finish().await;
}

#[tokio::test]
async fn the_cookie_is_for_us_alone_and_over_tls_only_where_there_is_tls() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let cookie = async |origin: &str, name: &'static str, value: &str| {
        let answer = browser.post("/login", &[("token", TOKEN)]);
        let answer = answer
            .header(ORIGIN, origin)
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()[SET_COOKIE].to_str().unwrap().to_owned()
    };
    let plain = cookie(&relay.admin, "x-forwarded-proto", "http").await;
    for part in ["HttpOnly", "SameSite=Strict", "Max-Age=43200"] {
        assert!(plain.contains(part), "{plain}");
    }
    assert!(!plain.contains("Secure"));
    let secure = cookie(
        "https://ops.example.com",
        "x-forwarded-host",
        "ops.example.com",
    )
    .await;
    assert!(secure.contains("; Secure"), "{secure}");
    relay.finish().await;
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_or_with_its_token() {
    let mut relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    relay
        .clock
        .advance(std::time::Duration::from_secs(12 * 3600 - 10));
    browser.page("/").await;
    relay.clock.advance(std::time::Duration::from_secs(20));
    assert_eq!(browser.get("/").send().await.unwrap().status(), 303);

    let cookie = Browser::logged_in(&relay).await.cookie;
    let token = |token: &str| format!("[admin]\ntoken = \"{token}\"\n{EVERYTHING}");
    for (words, status) in [(TOKEN, 200), ("another", 303)] {
        relay.restart(&token(words)).await;
        let browser = Browser {
            cookie: cookie.clone(),
            ..Browser::at(&relay)
        };
        assert_eq!(browser.get("/").send().await.unwrap().status(), status);
    }
    relay.finish().await;
}

#[tokio::test]
async fn nothing_is_done_for_a_form_of_another_site_session_or_age() {
    let relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    let mine = browser.form_token("/").await;
    let other = Browser::logged_in(&relay).await.form_token("/").await;
    let status = async |token: &str, name: &'static str, value: &str| {
        let form = browser.post("/logout", &[("csrf", token)]);
        form.header(name, value)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status("", ORIGIN.as_str(), &relay.admin).await, 403);
    assert_eq!(status(&other, ORIGIN.as_str(), &relay.admin).await, 403);
    assert_eq!(
        status(&mine, ORIGIN.as_str(), "https://evil.example").await,
        403
    );
    assert_eq!(status(&mine, "sec-fetch-site", "cross-site").await, 403);
    assert_eq!(status(&mine, ORIGIN.as_str(), &relay.admin).await, 303);
    relay.finish().await;
}

#[tokio::test]
async fn without_a_token_the_page_is_for_this_machine_alone() {
    let relay = TestRelay::start(EVERYTHING).await;
    let browser = Browser::at(&relay);
    assert!(browser.page("/").await.contains("backend"));
    for (name, value) in [
        (HOST.as_str(), "evil.example"),
        ("x-forwarded-for", "192.0.2.7"),
        ("via", "1.1 proxy"),
    ] {
        let answer = browser.get("/").header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{name}");
        let text = answer.text().await.unwrap();
        assert!(
            text.contains("admin.token") && !text.contains("backend"),
            "{text}"
        );
        let api = browser
            .get("/api/groups")
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(api.status(), 403, "{name}");
    }
    relay.finish().await;
}

#[tokio::test]
async fn pages_forbid_what_is_not_ours_and_are_not_kept() {
    let relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    for path in ["/", "/login", "/nowhere", "/api/groups"] {
        let answer = browser.get(path).send().await.unwrap();
        let headers = answer.headers();
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let page = answer.text().await.unwrap();
        for inline in [" style=", " onclick=", "<style", "<script>"] {
            assert!(!page.contains(inline), "{path}: {inline}");
        }
    }
    relay.finish().await;
}

#[tokio::test]
async fn health_is_asked_without_a_token() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(browser.get(path).send().await.unwrap().status(), 200);
    }
    relay.finish().await;
}

#[tokio::test]
async fn a_chosen_language_is_remembered() {
    let relay = TestRelay::start(EVERYTHING).await;
    let mut browser = Browser::at(&relay);
    let chinese = async |browser: &Browser, accepted: &str| {
        let page = browser
            .get("/")
            .header("accept-language", accepted)
            .send()
            .await
            .unwrap();
        page.text().await.unwrap().contains("lang=\"zh-CN\"")
    };
    assert!(chinese(&browser, "zh-CN,en;q=0.8").await);
    assert!(!chinese(&browser, "en").await);
    let answer = browser
        .get("/language?to=zh&from=%3Fa%3D1")
        .send()
        .await
        .unwrap();
    assert_eq!(location(&answer), "./?a=1");
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    browser.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    assert!(chinese(&browser, "en").await);
    relay.finish().await;
}
