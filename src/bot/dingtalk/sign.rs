//! The webhook address of a custom bot and its signature.
//!
//! The address is a credential: whoever has it can post. So it is parsed once, and neither `Debug` nor an error
//! shows more of it than the host. Nothing is sent from here.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

use crate::core::secret::Secret;

/// Where a bot's messages are posted: any host and path, so that the editions of DingTalk (`.com`, `.io`), a
/// proxy and the sandbox all work.
#[derive(Clone)]
pub struct Webhook {
    /// Without `timestamp` and `sign`: those that a client once appended would grow stale.
    url: Url,
    token: Secret,
}

/// Why a text is no webhook address. Never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookError {
    #[error(
        "this is no web address: paste the whole URL that DingTalk shows for the bot, starting with https://"
    )]
    NotAUrl,
    #[error(
        "the URL has no access_token: paste the whole URL that DingTalk shows for the bot, with everything after the ?"
    )]
    NoToken,
}

impl Webhook {
    /// Reads the URL that DingTalk shows when a bot is made.
    pub fn parse(text: &str) -> Result<Webhook, WebhookError> {
        let mut url = Url::parse(text.trim()).map_err(|_| WebhookError::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(WebhookError::NotAUrl);
        }
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "timestamp" && name != "sign")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let token = kept
            .iter()
            .find(|(name, value)| name == "access_token" && !value.trim().is_empty())
            .map(|(_, value)| Secret::new(value.trim()))
            .ok_or(WebhookError::NoToken)?;
        url.query_pairs_mut().clear().extend_pairs(kept);
        url.set_fragment(None);
        Ok(Webhook { url, token })
    }

    /// Stable and not secret: the same for two addresses that hold the same token.
    pub fn bot_id(&self) -> String {
        let digest = Sha256::digest(self.token.expose());
        let start: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("dingtalk:{start}")
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Nobody on the way can read the token.
    pub(super) fn is_private(&self) -> bool {
        let is_here = match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        self.url.scheme() == "https" || is_here
    }

    /// Whether it is one of DingTalk's own addresses and not a proxy's or the sandbox's.
    pub(super) fn is_dingtalks(&self) -> bool {
        [".dingtalk.com", ".dingtalk.io"]
            .iter()
            .any(|domain| self.host().ends_with(domain))
    }

    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    pub(super) fn token(&self) -> &Secret {
        &self.token
    }

    /// The address without anything secret; nothing can be posted there.
    pub(super) fn without_token(&self) -> Url {
        let mut url = self.url.clone();
        url.set_query(None);
        // A password in it would be for a proxy.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url
    }

    /// The address for one attempt. DingTalk accepts a signature for an hour (customize-robot-security-settings),
    /// so each attempt is signed afresh.
    pub(super) fn address(&self, secret: Option<&Secret>, now: Timestamp) -> Url {
        let mut url = self.url.clone();
        if let Some(secret) = secret {
            let timestamp = now.as_millisecond();
            url.query_pairs_mut()
                .append_pair("timestamp", &timestamp.to_string())
                .append_pair("sign", &signature(timestamp, secret.expose()));
        }
        url
    }

    /// `text` without the token, should it be in there.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(self.token.expose(), "…")
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({}, …)", self.host())
    }
}

/// The value of `sign`, not yet percent-encoded. The secret is the HMAC's key as it is, with its `SEC`, and is also
/// part of what is signed. `timestamp` counts milliseconds since the epoch.
fn signature(timestamp: i64, secret: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}\n{secret}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_SECRET: &str = "SEC0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// Timestamp, secret, and the signature as it stands in the address; computed with Python's hmac module.
    const VECTORS: [(i64, &str, &str); 4] = [
        (
            1577262236757,
            "this is secret",
            "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D",
        ),
        (
            1577262236757,
            LONG_SECRET,
            "1FvsaxjE09b7bxVKSJb6LCsb3v2tUTADgOn5aQImxro%3D",
        ),
        (
            1700000000000,
            "SECtest",
            "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D",
        ),
        (
            1700000000000,
            "SECx",
            "rgcjbH%2ByFyES%2BS0llX%2BcAPCwVRpsr7sbiX5Lnyo%2FocU%3D",
        ),
    ];

    #[test]
    fn address_carries_the_signature_encoded_once() {
        let webhook =
            Webhook::parse("https://oapi.dingtalk.com/robot/send?access_token=abc").unwrap();
        for (timestamp, secret, expected) in VECTORS {
            let now = Timestamp::from_millisecond(timestamp).unwrap();
            let address = webhook.address(Some(&Secret::new(secret)), now);
            assert_eq!(
                address.as_str(),
                format!(
                    "https://oapi.dingtalk.com/robot/send?access_token=abc&timestamp={timestamp}&sign={expected}"
                )
            );
        }
    }

    #[test]
    fn address_without_secret_is_not_signed() {
        let webhook = Webhook::parse("http://127.0.0.1:9000/robot/send?access_token=abc").unwrap();
        let address = webhook.address(None, Timestamp::UNIX_EPOCH);
        assert_eq!(
            address.as_str(),
            "http://127.0.0.1:9000/robot/send?access_token=abc"
        );
    }

    #[test]
    fn stale_signature_of_a_pasted_address_is_dropped() {
        let pasted = "https://proxy.example.com/ding?x=1&access_token=abc&timestamp=1&sign=old%3D&sign=older";
        let webhook = Webhook::parse(pasted).unwrap();
        assert_eq!(
            webhook.address(None, Timestamp::UNIX_EPOCH).as_str(),
            "https://proxy.example.com/ding?x=1&access_token=abc"
        );
    }

    #[test]
    fn what_is_no_webhook_is_told_apart() {
        let cases = [
            ("abc", WebhookError::NotAUrl),
            ("ftp://example.com/?access_token=abc", WebhookError::NotAUrl),
            (
                "https://oapi.dingtalk.com/robot/send",
                WebhookError::NoToken,
            ),
            (
                "https://oapi.dingtalk.com/robot/send?access_token=",
                WebhookError::NoToken,
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Webhook::parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn id_depends_on_the_token_alone_and_does_not_show_it() {
        let id = |text| Webhook::parse(text).unwrap().bot_id();
        let first = id("https://oapi.dingtalk.com/robot/send?access_token=abc");
        // The start of the SHA-256 of "abc" (FIPS 180 example).
        assert_eq!(first, "dingtalk:ba7816bf8f01cfea");
        assert_eq!(
            first,
            id("https://oapi.dingtalk.io/robot/send?access_token=abc&sign=x")
        );
    }

    #[test]
    fn debug_output_hides_the_token() {
        let webhook =
            Webhook::parse("https://oapi.dingtalk.com/robot/send?access_token=abc").unwrap();
        assert_eq!(format!("{webhook:?}"), "Webhook(oapi.dingtalk.com, …)");
    }
}
