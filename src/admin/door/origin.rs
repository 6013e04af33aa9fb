//! Where a request comes from, as far as a browser tells: the page itself, or another site that would have a visitor's
//! browser act in his name.

use std::net::IpAddr;

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

/// Whether the address bar names this machine. A site can point a name of its own at 127.0.0.1 and so have a browser
/// read what is meant for this machine only; it cannot change the name.
pub fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, HOST.as_str()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let address = name.trim_start_matches('[').trim_end_matches(']').parse();
    address.is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether somebody passed the request on. Then it may come from anywhere, whatever name it is for.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    const MARKS: [&str; 5] = [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
    ];
    MARKS.iter().any(|mark| headers.contains_key(*mark))
}

/// Whether no other site sent it. Current browsers say so themselves where the connection is secure; for others the
/// origin has to be the name under which this page was asked for, here or at a proxy.
pub fn is_same_site(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(headers, ORIGIN.as_str()) else {
        return true;
    };
    let Some((_, origin)) = origin.split_once("://") else {
        return false;
    };
    [HOST.as_str(), "x-forwarded-host"]
        .into_iter()
        .filter_map(|name| text(headers, name))
        .any(|host| host.eq_ignore_ascii_case(origin))
}

/// Whether the browser reached this page over TLS, so that a cookie may say that it must never go without. A visitor who
/// says so wrongly only keeps himself out.
pub fn is_secure(headers: &HeaderMap) -> bool {
    let says = |name, word: &str| {
        text(headers, name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.starts_with(word)
        })
    };
    says(ORIGIN.as_str(), "https://") || says("x-forwarded-proto", "https")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn only_loopback_names_are_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:8081",
            "127.0.0.1:8081",
            "127.8.8.8",
            "[::1]:8081",
            "[::1]",
        ] {
            assert!(names_this_machine(&headers(&[("host", host)])), "{host}");
        }
        for host in [
            "evil.example:8081",
            "localhost.evil.example",
            "10.0.0.1:8081",
            "",
            "[::2]",
            "127.0.0.1.evil.example",
        ] {
            assert!(!names_this_machine(&headers(&[("host", host)])), "{host}");
        }
        assert!(!names_this_machine(&headers(&[])));
    }

    #[test]
    fn what_another_site_sends_is_recognized() {
        let host = ("host", "ops.example.com");
        let cases: [(&[(&str, &str)], bool); 8] = [
            (&[host], true),
            (&[host, ("origin", "https://ops.example.com")], true),
            (&[host, ("origin", "https://evil.example")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("sec-fetch-site", "same-origin")], true),
            (
                &[
                    host,
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://ops.example.com"),
                ],
                false,
            ),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (
                &[
                    ("host", "127.0.0.1:8081"),
                    ("x-forwarded-host", "ops.example.com"),
                    ("origin", "https://ops.example.com"),
                ],
                true,
            ),
        ];
        for (pairs, expected) in cases {
            let map = pairs
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                    (name, HeaderValue::from_str(value).unwrap())
                })
                .collect();
            assert_eq!(is_same_site(&map), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_secure_connection_is_known_by_the_browser_or_the_proxy() {
        assert!(is_secure(&headers(&[(
            "origin",
            "https://ops.example.com"
        )])));
        assert!(is_secure(&headers(&[("x-forwarded-proto", "https")])));
        assert!(!is_secure(&headers(&[("origin", "http://127.0.0.1:8081")])));
        assert!(!is_secure(&headers(&[])));
    }
}
