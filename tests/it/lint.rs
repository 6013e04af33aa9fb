//! The linter's rules, held against every message that we can make, and a few more for the built-in templates: no
//! addresses that nobody sent, no pictures, no mail addresses that nobody wrote down for all to read.

use hookbell::bot::dingtalk::lint;
pub use hookbell::bot::dingtalk::lint::Shown;
use hookbell::core::lint::{Said, words};
use hookbell::core::source::RawRequest;
use hookbell::core::template::Language;
use serde_json::Value;
use url::Url;

/// Everything that is wrong with a posted body in `language`; `payload` and `request` are what it tells of.
pub fn faults(
    body: &str,
    language: Language,
    payload: &Value,
    request: &RawRequest,
) -> Vec<String> {
    let said = Said::by(payload, &request.headers);
    let rules = lint::body(body, language, &said);
    let mut faults: Vec<String> = rules
        .iter()
        .map(|rule| rule.told(Language::En).what)
        .collect();
    let shown = Shown::of(body);
    if shown.html > 0 || !shown.pictures.is_empty() {
        faults.push("a picture or HTML".into());
    }
    let foreign = shown.links.iter().filter(|url| is_foreign(url, &said));
    faults.extend(foreign.map(|url| format!("a link to {url:?}")));
    for line in std::iter::once(shown.title.as_str()).chain(shown.text.lines()) {
        let addresses = words(line.trim());
        let addresses = addresses.filter(|(_, word)| is_email(word) && !said.in_a_sentence(word));
        faults.extend(addresses.map(|(_, word)| format!("an e-mail address: {word:?}")));
    }
    faults
}

fn is_foreign(address: &str, said: &Said) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_web = matches!(url.scheme(), "http" | "https");
        url.scheme() != "dingtalk" && !(is_web && said.has_host(&url))
    })
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        let host = host.trim_start_matches('\u{200b}');
        !user.is_empty() && host.contains('.') && !host.contains('/')
    })
}

mod tests {
    use super::*;
    use serde_json::json;

    fn faults_in(text: &str) -> Vec<String> {
        let body = json!({"msgtype": "markdown", "markdown": {"title": "x", "text": text}});
        let payload = json!({"email": "bob@example.com", "url": "https://example.com/a", "text": "is null, they say by\nhand"});
        let request = RawRequest::default();
        faults(&body.to_string(), Language::Zh, &payload, &request)
    }

    #[test]
    fn sees_what_it_is_for() {
        let bad = [
            "merged by",
            "status: null",
            "a  b",
            "[x]()",
            "****",
            "<!-- x -->",
            "![i](https://example.com/i.png)",
            "[x](https://evil.example/)",
            "[x](javascript:alert(1))",
            "to mona@example.com",
            "by <bob@\u{200b}example.com>",
        ];
        for text in bad {
            assert_ne!(faults_in(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn leaves_alone_what_is_right_or_was_written_by_somebody() {
        let good = [
            "#### [x](https://example.com/b) opened · 2 h ago",
            "is null, they",
            "流水线失败：main",
            "a\\*\\*\\*\\*",
            "> 李雷、@\u{200b}all",
        ];
        for text in good {
            assert_eq!(faults_in(text), Vec::<String>::new(), "{text}");
        }
    }
}
