//! What can be found out about a bot without posting: whether its settings look like DingTalk's, whether its host
//! answers, and what time it is there.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::DATE;

use super::answer;
use super::sign::Webhook;
use crate::core::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(10);

/// What a bot's host says to a request that posts nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It answered, and this is its time of day, to the second.
    Reached { date: Option<Timestamp> },
    /// One sentence without its full stop: what is in the way, and where to look. Holds no secret.
    Unreachable(String),
}

/// Asks a bot's host without its token. DingTalk answers a GET with 43002, "POST is needed" (measured), and whatever is
/// answered, it is there.
pub async fn probe(webhook: &Webhook, http: &reqwest::Client) -> Probe {
    let request = http.get(webhook.without_token()).timeout(TIMEOUT);
    match request.send().await {
        Ok(answer) => Probe::Reached {
            date: answer
                .headers()
                .get(DATE)
                .and_then(|date| date.to_str().ok())
                .and_then(time_of),
        },
        Err(error) => Probe::Unreachable(answer::obstacle(&error, webhook.host())),
    }
}

/// HTTP's dates are mail's, with GMT as their zone.
fn time_of(date: &str) -> Option<Timestamp> {
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(date).ok()
}

/// What looks as if it was not copied whole, or goes where others can read it: sentences that show no secret.
pub fn oddities(webhook: &Webhook, secret: Option<&Secret>) -> Vec<String> {
    let mut odd = Vec::new();
    if !webhook.is_private() {
        odd.push(format!(
            "the token goes to {} in the clear: write https:// in its `webhook`",
            webhook.host()
        ));
    }
    if webhook.is_dingtalks() {
        let token = webhook.token().expose();
        if token.len() != 64 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            odd.push(format!(
                "DingTalk's tokens have 64 hexadecimal digits and this one has {} characters: copy its `webhook` whole",
                token.chars().count()
            ));
        }
        if webhook.path() != "/robot/send" {
            odd.push(
                "DingTalk's addresses end in /robot/send and this one does not: copy its `webhook` whole".into(),
            );
        }
    }
    if secret.is_some_and(|secret| !secret.expose().starts_with("SEC")) {
        odd.push(
            "DingTalk's signing secrets begin with SEC and this one does not: copy its `secret` whole".into(),
        );
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(webhook: &str, secret: Option<&str>) -> String {
        let secret = secret.map(Secret::new);
        oddities(&Webhook::parse(webhook).unwrap(), secret.as_ref()).join("; ")
    }

    #[test]
    fn what_was_not_copied_whole_is_seen_and_not_shown() {
        let token = "0123456789abcdef".repeat(4);
        let good = format!("https://oapi.dingtalk.com/robot/send?access_token={token}");
        assert_eq!(odd(&good, Some("SEC1")), "");
        assert_eq!(odd(&good, None), "", "a bot may be secured otherwise");
        let short = odd(
            "https://oapi.dingtalk.com/robot/send?access_token=hidden",
            None,
        );
        assert!(short.contains("has 6 characters"), "{short}");
        assert!(!short.contains("hidden"), "{short}");
        let elsewhere = odd(&good.replace("/robot/send", "/robot"), Some("hidden"));
        assert!(elsewhere.contains("/robot/send") && elsewhere.contains("begin with SEC"));
        assert!(!elsewhere.contains("hidden"), "{elsewhere}");
        let clear = odd("http://proxy.example.com/?access_token=a", None);
        assert!(clear.contains("in the clear"), "{clear}");
        assert_eq!(odd("http://127.0.0.1:9000/?access_token=a", None), "");
    }

    #[test]
    fn dates_of_http_are_read() {
        let expected: Timestamp = "2026-11-26T14:33:25Z".parse().unwrap();
        assert_eq!(time_of("Thu, 26 Nov 2026 14:33:25 GMT"), Some(expected));
        assert_eq!(time_of("yesterday"), None);
    }
}
