//! The JSON API.

use serde_json::{Value, json};

use super::{Browser, TOKEN, locked};

#[tokio::test]
async fn the_api_takes_the_token_and_answers_errors_as_json() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let get = async |path: &str, token: Option<&str>| {
        let request = browser.get(path);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let (status, groups) = get("/api/groups", Some(TOKEN)).await;
    assert_eq!((status, &groups[0]["name"]), (200, &"backend".into()));
    for (path, token, expected) in [
        ("/api/groups", None, 401),
        ("/api/groups", Some("guess"), 401),
        ("/api/nowhere", Some(TOKEN), 404),
    ] {
        let (status, body) = get(path, token).await;
        assert_eq!(status, expected, "{path}");
        assert!(
            body["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{body}"
        );
    }
    relay.finish().await;
}

#[tokio::test]
async fn what_a_program_gets_wrong_is_told_as_json() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let payload = json!({"source": "nobody", "payload": {}});
    for (path, body, expected) in [
        ("/api/groups/backend/test", json!({"txt": "x"}), 400),
        ("/api/groups/backend/test", json!({"text": " "}), 400),
        ("/api/groups/nobody/test", json!({"text": "x"}), 404),
        ("/api/routes/try", payload, 404),
        (
            "/api/routes/try",
            json!({"source": "github", "payload": []}),
            400,
        ),
    ] {
        let request = browser.post_json(path, &body).bearer_auth(TOKEN);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), expected, "{path} {body}");
        let answer: Value = answer.json().await.unwrap();
        for part in ["error", "remedy"] {
            assert!(answer[part].is_string(), "{path}: {answer}");
        }
    }
    let answer = browser.get("/api/people?limit=many").bearer_auth(TOKEN);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.json::<Value>().await.unwrap()["error"].is_string());
    relay.finish().await;
}

#[tokio::test]
async fn whoever_is_logged_in_may_read_the_api_too() {
    let relay = locked().await;
    let browser = Browser::logged_in(&relay).await;
    browser.page("/api/groups").await;
    relay.finish().await;
}

#[tokio::test]
async fn everything_that_the_description_lists_is_there() {
    let relay = locked().await;
    let browser = Browser::at(&relay);
    let get = |path: &str| browser.get(path).bearer_auth(TOKEN).send();
    let document: Value = get("/api/openapi.json")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 2);
    for (path, methods) in paths {
        assert!(path.starts_with("/api/"), "{path}");
        if methods.get("get").is_none() || path.contains('{') {
            continue;
        }
        assert_eq!(get(path).await.unwrap().status(), 200, "{path}");
    }
    relay.finish().await;
}
