//! `[otlp]`: where traces go.

use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use super::Check;
use crate::config::key;
use crate::config::raw::RawOtlp;
use crate::config::settings::OtlpSettings;

/// What the address of a collector is followed by (opentelemetry.io/docs/specs/otlp).
const PATH: &str = "v1/traces";

pub fn otlp(raw: &RawOtlp, check: &mut Check<'_>) -> Option<OtlpSettings> {
    let headers = raw.headers.iter();
    let headers: Vec<_> = headers
        .filter_map(|(name, secret)| {
            let key = key::child("otlp.headers", name);
            let value = check.secret(&key, secret)?;
            let can_be_sent = HeaderName::from_bytes(name.as_bytes()).is_ok()
                && HeaderValue::from_str(value.expose()).is_ok();
            if !can_be_sent {
                check.error(
                    &key,
                    format!("`{key}` cannot be a header"),
                    "use letters, digits and - in its name, and plain characters on one line in its value",
                );
            }
            can_be_sent.then(|| (name.to_lowercase(), value))
        })
        .collect();
    let Some(endpoint) = &raw.endpoint else {
        let others =
            !raw.headers.is_empty() || raw.service.is_some() || raw.sample_percent.is_some();
        if others && !check.is_pruned("otlp.endpoint") {
            check.error(
                "otlp",
                "`otlp` has no `endpoint`",
                "set `endpoint` to the address of a collector, or remove the table",
            );
        }
        return None;
    };
    let address = Url::parse(endpoint.trim()).ok().and_then(with_path);
    if address.is_none() {
        check.error(
            "otlp.endpoint",
            "`otlp.endpoint` is not the address of a collector",
            "write it as \"http://127.0.0.1:4318\", without a question mark",
        );
    }
    Some(OtlpSettings {
        address: address?,
        headers,
        service: raw.service.clone().unwrap_or_else(|| "hookbell".to_owned()),
        // The schema has seen to it that the number is in range.
        sample_percent: raw
            .sample_percent
            .and_then(|percent| u8::try_from(percent).ok())
            .unwrap_or(100),
    })
}

fn with_path(mut url: Url) -> Option<Url> {
    let is_plain = matches!(url.scheme(), "http" | "https") && url.query().is_none();
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with(PATH) {
        url.set_path(&format!("{path}/{PATH}"));
    }
    is_plain.then_some(url)
}
