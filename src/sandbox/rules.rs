//! What DingTalk checks in a post, as far as it can be told from the post alone.
//!
//! Codes and wordings are the documented ones (custom-robots-send-group-messages), or where that page has none,
//! those seen by other projects. Written from DingTalk's side: nothing here is shared with the part that sends,
//! so that one's mistakes show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;

use crate::core::json::Lookup;
use crate::core::secret::Secret;

const MAX_BYTES: usize = 20_000;
const MAX_PEOPLE: usize = 50;
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

/// What each type of message must hold, as texts that are not empty.
const REQUIRED: [(&str, &[&str]); 5] = [
    ("text", &["content"]),
    ("link", &["title", "text", "messageUrl"]),
    ("markdown", &["title", "text"]),
    ("actionCard", &["title", "text"]),
    ("feedCard", &[]),
];

/// What may be left out, but is a text where it is not. DingTalk wants "0" and "1" as texts too.
const TEXTS: [&str; 6] = [
    "msgUuid",
    "link.picUrl",
    "actionCard.singleTitle",
    "actionCard.singleURL",
    "actionCard.btnOrientation",
    "actionCard.hideAvatar",
];

/// DingTalk's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub errcode: i64,
    pub errmsg: String,
}

impl Verdict {
    pub fn new(errcode: i64, errmsg: impl Into<String>) -> Verdict {
        Verdict {
            errcode,
            errmsg: errmsg.into(),
        }
    }

    pub fn ok() -> Verdict {
        Verdict::new(0, "ok")
    }

    pub fn too_fast() -> Verdict {
        Verdict::new(130101, "send too fast, exceed 20 times per minute")
    }

    fn invalid(what: impl std::fmt::Display) -> Verdict {
        Verdict::new(40035, format!("missing parameter json: {what}"))
    }
}

/// The first value of a query parameter. A `+` is a blank, as everywhere in queries.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The body as a message that DingTalk would take.
pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Value, Verdict> {
    let essence = content_type.split(';').next().unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(Verdict::new(43004, "invalid Content-Type header"));
    }
    if body.len() > MAX_BYTES {
        return Err(Verdict::new(460101, "message too long, exceed 20000 bytes"));
    }
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    if !message.is_object() {
        return Err(Verdict::invalid("the body is no JSON object"));
    }
    check(&message)?;
    Ok(message)
}

fn check(message: &Value) -> Result<(), Verdict> {
    let kind = message.at("msgtype").as_str().unwrap_or_default();
    let Some((_, required)) = REQUIRED.iter().find(|(name, _)| *name == kind) else {
        return Err(Verdict::new(
            400105,
            format!("unsupported msgtype {kind:?}"),
        ));
    };
    let content = message.at(kind);
    for name in *required {
        need_text(content, kind, name)?;
    }
    match kind {
        "actionCard" => check_buttons(content)?,
        "feedCard" => check_items(
            content,
            "feedCard.links",
            "links",
            &["title", "messageURL", "picURL"],
        )?,
        _ => {}
    }
    for path in TEXTS {
        let value = message.at(path);
        if !value.is_null() && !value.is_string() {
            return Err(Verdict::invalid(format_args!("{path} must be a text")));
        }
    }
    check_mentions(message.at("at"))
}

fn need_text(content: &Value, place: &str, name: &str) -> Result<(), Verdict> {
    let text = content.at(name).as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Verdict::invalid(format_args!(
            "{place}.{name} is missing or empty"
        )));
    }
    Ok(())
}

fn check_buttons(card: &Value) -> Result<(), Verdict> {
    if card.has("singleTitle") || card.has("singleURL") {
        need_text(card, "actionCard", "singleTitle")?;
        return need_text(card, "actionCard", "singleURL");
    }
    check_items(card, "actionCard.btns", "btns", &["title", "actionURL"])
}

fn check_items(content: &Value, place: &str, list: &str, required: &[&str]) -> Result<(), Verdict> {
    let items = content.list(list);
    if items.is_empty() {
        return Err(Verdict::invalid(format_args!(
            "{place} is missing or empty"
        )));
    }
    for item in items {
        for name in required {
            need_text(item, place, name)?;
        }
    }
    Ok(())
}

fn check_mentions(at: &Value) -> Result<(), Verdict> {
    if at.is_null() {
        return Ok(());
    }
    let mut people = 0;
    for name in ["atMobiles", "atUserIds"] {
        match at.at(name) {
            Value::Null => {}
            Value::Array(names) if names.iter().all(Value::is_string) => people += names.len(),
            _ => {
                return Err(Verdict::invalid(format_args!(
                    "at.{name} must be a list of texts"
                )));
            }
        }
    }
    if !matches!(at.at("isAtAll"), Value::Null | Value::Bool(_)) {
        return Err(Verdict::invalid("at.isAtAll must be true or false"));
    }
    if people > MAX_PEOPLE {
        return Err(Verdict::invalid(format_args!(
            "at calls more than {MAX_PEOPLE} people"
        )));
    }
    Ok(())
}

/// Timestamp and signature count in the query only (customize-robot-security-settings).
pub(super) fn check_signature(query: &str, secret: &Secret, now: Timestamp) -> Result<(), Verdict> {
    let mismatch = || Verdict::new(310000, "sign not match");
    let timestamp = parameter(query, "timestamp").ok_or_else(mismatch)?;
    let sign = parameter(query, "sign").ok_or_else(mismatch)?;
    let signed_at = timestamp
        .parse()
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let fresh = signed_at.is_some_and(|time| now.duration_since(time).abs() <= MAX_CLOCK_SKEW);
    if !fresh {
        return Err(Verdict::new(310000, "invalid timestamp"));
    }
    let given = STANDARD.decode(sign).map_err(|_| mismatch())?;
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length")
        .chain_update(format!("{timestamp}\n{}", secret.expose()))
        .verify_slice(&given)
        .map_err(|_| mismatch())
}

/// One keyword must be in what people can read. Which fields DingTalk searches is not documented; that titles count
/// is seen in the Jenkins plugin.
pub(super) fn check_keywords(message: &Value, keywords: &[String]) -> Result<(), Verdict> {
    const READ: [&str; 7] = [
        "text.content",
        "link.title",
        "link.text",
        "markdown.title",
        "markdown.text",
        "actionCard.title",
        "actionCard.text",
    ];
    let mut texts: Vec<String> = READ.iter().filter_map(|path| message.text(path)).collect();
    texts.extend(message.texts("feedCard.links", "title"));
    let found = |keyword: &String| texts.iter().any(|text| text.contains(keyword.as_str()));
    if keywords.is_empty() || keywords.iter().any(found) {
        return Ok(());
    }
    Err(Verdict::new(310000, "keywords not in content"))
}

/// Whether a message leads anywhere, by a button or by an address in its words.
pub(super) fn has_link(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("://")
}

/// Whether a message shows a picture.
pub(super) fn has_picture(body: &[u8]) -> bool {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let shown = ["markdown.text", "actionCard.text"];
    let named = message.text("link.picUrl").is_some() || message.has("feedCard.links");
    named
        || shown
            .iter()
            .any(|path| message.text(path).is_some_and(|text| text.contains("![")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JSON: &str = "application/json; charset=utf-8";

    fn code(message: Value) -> i64 {
        let result = read(JSON, message.to_string().as_bytes());
        result.map_or_else(|verdict| verdict.errcode, |_| 0)
    }

    #[test]
    fn documented_messages_pass() {
        let messages = [
            json!({"msgtype": "text", "text": {"content": "x"}, "at": {"isAtAll": true}}),
            json!({"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "u"}}),
            json!({"msgtype": "markdown", "msgUuid": "1", "markdown": {"title": "t", "text": "x"}}),
            json!({"msgtype": "actionCard", "actionCard":
                {"title": "t", "text": "x", "singleTitle": "b", "singleURL": "u", "hideAvatar": "0"}}),
            json!({"msgtype": "actionCard", "actionCard":
                {"title": "t", "text": "x", "btnOrientation": "1", "btns": [{"title": "b", "actionURL": "u"}]}}),
            json!({"msgtype": "feedCard", "feedCard": {"links": [{"title": "t", "messageURL": "u", "picURL": "p"}]}}),
        ];
        for message in messages {
            assert_eq!(read(JSON, message.to_string().as_bytes()), Ok(message));
        }
    }

    #[test]
    fn incomplete_and_misspelled_messages_are_refused() {
        let messages = [
            (json!([]), 40035),
            (json!({}), 400105),
            (
                json!({"msgtype": "image", "image": {"picURL": "u"}}),
                400105,
            ),
            (json!({"msgtype": "text"}), 40035),
            (json!({"msgtype": "text", "text": {"content": " "}}), 40035),
            (
                json!({"msgtype": "text", "text": {"content": "x"}, "msgUuid": 1}),
                40035,
            ),
            (
                json!({"msgtype": "text", "text": {"content": "x"}, "at": {"atMobiles": [138]}}),
                40035,
            ),
            (
                json!({"msgtype": "text", "text": {"content": "x"}, "at": {"isAtAll": "true"}}),
                40035,
            ),
            (
                json!({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": vec!["a"; 51]}}),
                40035,
            ),
            (
                json!({"msgtype": "link", "link": {"title": "t", "text": "x", "messageURL": "u"}}),
                40035,
            ),
            (
                json!({"msgtype": "markdown", "markdown": {"text": "x"}}),
                40035,
            ),
            (
                json!({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x"}}),
                40035,
            ),
            (
                json!({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "singleTitle": "b"}}),
                40035,
            ),
            (
                json!({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "btnOrientation": 1,
                "btns": [{"title": "b", "actionURL": "u"}]}}),
                40035,
            ),
            (
                json!({"msgtype": "feedCard", "feedCard": {"links": [{"title": "t", "messageUrl": "u", "picUrl": "p"}]}}),
                40035,
            ),
        ];
        for (message, expected) in messages {
            assert_eq!(code(message.clone()), expected, "{message}");
        }
    }

    #[test]
    fn refusals_name_the_field() {
        let refused =
            read(JSON, br#"{"msgtype":"markdown","markdown":{"title":"t"}}"#).unwrap_err();
        assert_eq!(
            refused.errmsg,
            "missing parameter json: markdown.text is missing or empty"
        );
    }

    #[test]
    fn size_is_counted_in_bytes() {
        let of_size = |size: usize| {
            let frame = json!({"msgtype": "text", "text": {"content": ""}})
                .to_string()
                .len();
            json!({"msgtype": "text", "text": {"content": "x".repeat(size - frame)}})
        };
        assert_eq!(code(of_size(20_000)), 0);
        assert_eq!(code(of_size(20_001)), 460101);
    }

    #[test]
    fn content_type_must_be_json() {
        for content_type in ["", "text/plain", "application/x-www-form-urlencoded"] {
            assert_eq!(read(content_type, b"{}").unwrap_err().errcode, 43004);
        }
    }

    #[test]
    fn signature_and_its_time_are_checked() {
        let secret = Secret::new("SECx");
        let now = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        let good =
            "timestamp=1700000000000&sign=rgcjbH%2ByFyES%2BS0llX%2BcAPCwVRpsr7sbiX5Lnyo%2FocU%3D";
        let check = |query: &str, now| {
            check_signature(query, &secret, now).map_err(|verdict| verdict.errmsg)
        };
        let hour = SignedDuration::from_hours(1);
        let moment = SignedDuration::from_millis(1);
        assert_eq!(check(good, now), Ok(()));
        assert_eq!(check(good, now + hour), Ok(()));
        assert_eq!(check(good, now - hour), Ok(()));
        assert_eq!(
            check(good, now + hour + moment),
            Err("invalid timestamp".into())
        );
        assert_eq!(
            check(good, now - hour - moment),
            Err("invalid timestamp".into())
        );
        for bad in [
            "",
            "timestamp=1700000000000",
            &good.replace("%2B", "+"),
            &good.replace("rgcj", "rgcJ"),
        ] {
            assert_eq!(check(bad, now), Err("sign not match".into()), "{bad}");
        }
    }

    #[test]
    fn a_keyword_counts_in_the_title_too() {
        let message = json!({"msgtype": "markdown", "markdown": {"title": "build 7", "text": "x"}});
        assert!(check_keywords(&message, &["deploy".into(), "build".into()]).is_ok());
        assert!(check_keywords(&message, &["deploy".into()]).is_err());
        assert!(check_keywords(&message, &[]).is_ok());
    }

    #[test]
    fn links_and_pictures_are_seen_wherever_they_are() {
        let cases = [
            (
                json!({"msgtype": "text", "text": {"content": "![x] y"}}),
                false,
                false,
            ),
            (
                json!({"msgtype": "text", "text": {"content": "see https://example.com/"}}),
                true,
                false,
            ),
            (
                json!({"msgtype": "markdown", "markdown": {"title": "t", "text": "[a](https://example.com/)"}}),
                true,
                false,
            ),
            (
                json!({"msgtype": "markdown", "markdown": {"title": "t", "text": "![](@media)"}}),
                false,
                true,
            ),
            (
                json!({"msgtype": "actionCard", "actionCard":
                {"title": "t", "text": "x", "singleTitle": "b", "singleURL": "https://example.com/"}}),
                true,
                false,
            ),
            (
                json!({"msgtype": "feedCard", "feedCard": {"links":
                [{"title": "t", "messageURL": "https://example.com/", "picURL": "https://example.com/p"}]}}),
                true,
                true,
            ),
        ];
        for (message, link, picture) in cases {
            let body = message.to_string();
            let seen = (has_link(body.as_bytes()), has_picture(body.as_bytes()));
            assert_eq!(seen, (link, picture), "{message}");
        }
    }
}
