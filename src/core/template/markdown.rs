//! Making a stranger's text harmless in DingTalk's Markdown.
//!
//! What comes out of [`escape`] is one line that reads as the text it was and starts no heading, list, quote, link,
//! picture, HTML or mention. DingTalk documents no rules for escaping: backslashes and entities are what CommonMark
//! has, and what prometheus-webhook-dingtalk relies on.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use pulldown_cmark::{Event, Parser};

use super::values;

/// What must not stand in an address: it would end a link, mean something in Markdown, or forge a mention. Percent
/// signs stay, for they are encoding already.
const NOT_IN_URL: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b']')
    .add(b'"')
    .add(b'\'')
    .add(b'`')
    .add(b'*')
    .add(b'\\')
    .add(b'~')
    .add(b'@');

/// What may stand in a query's value (RFC 3986, "unreserved").
const NOT_IN_QUERY: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Schemes that a link or a button may have (DingTalk: "message link description").
const SCHEMES: [&str; 4] = ["https://", "http://", "dingtalk://", "dtmd://"];

const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// `text` as one line of Markdown that means nothing but itself. A text that as a whole is an http(s) address is
/// encoded for the inside of `(…)` instead.
pub fn escape(text: &str) -> String {
    let line = one_line(text);
    let is_address = line.starts_with("https://") || line.starts_with("http://");
    if is_address && !line.contains(' ') {
        return encode_shown_url(&line);
    }
    let mut escaped = String::with_capacity(line.len() + 8);
    let opening = block_marker(&line);
    for (at, c) in line.char_indices() {
        let next = line[at + c.len_utf8()..].chars().next();
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' if opens_entity(&line[at..]) => escaped.push_str("&amp;"),
            '@' if next != Some(' ') => escaped.extend(['@', ZERO_WIDTH_SPACE]),
            _ if opening == Some(at) => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// `text` without line breaks and control characters (a blank for each run) and without the characters that change
/// the direction of writing, which can make a text look like another.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_direction_mark(c) {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else {
            line.push(c);
        }
    }
    match text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        true => line.trim().to_owned(),
        false => line,
    }
}

/// `url` for the inside of `(…)`.
pub fn encode_url(url: &str) -> String {
    utf8_percent_encode(url, &NOT_IN_URL).to_string()
}

/// `url` for the inside of `(…)` or for itself: an underscore that could open emphasis is encoded too.
fn encode_shown_url(url: &str) -> String {
    let mut shown = String::with_capacity(url.len());
    let mut previous = ' ';
    for c in encode_url(url).chars() {
        match c {
            '_' if !previous.is_alphanumeric() => shown.push_str("%5F"),
            _ => shown.push(c),
        }
        previous = c;
    }
    shown
}

/// `text` as a value in a query.
pub fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, &NOT_IN_QUERY).to_string()
}

/// `url` for a link or button; empty unless it has a scheme that is known to be harmless.
pub fn safe_url(url: &str) -> String {
    let url = one_line(url);
    let url = url.trim();
    let has_scheme = |scheme: &&str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    match SCHEMES.iter().any(has_scheme) {
        true => encode_url(url),
        false => String::new(),
    }
}

/// The words of a line of Markdown without its links and emphasis, at most so many characters of them.
pub fn words(markdown: &str, chars: usize) -> String {
    let mut words = String::new();
    for event in Parser::new(markdown) {
        if let Event::Text(text) | Event::Code(text) = event {
            words.push_str(&text);
        }
    }
    values::cut(&words, chars)
}

/// Where the backslash goes when a line's first characters would start a heading, list, rule or table.
fn block_marker(line: &str) -> Option<usize> {
    let start = line.len() - line.trim_start().len();
    let line = &line[start..];
    let ends_word = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let first = line.chars().next()?;
    let run = line.trim_start_matches(first);
    let is_marker = match first {
        '#' | '=' => ends_word(run),
        '-' | '+' => ends_word(&line[1..]) || line[1..].starts_with(first),
        '|' => true,
        ':' => line[1..].starts_with('-'),
        _ => false,
    };
    if is_marker {
        return Some(start);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    let is_item = digits > 0 && rest.starts_with(['.', ')']) && ends_word(&rest[1..]);
    is_item.then_some(start + digits)
}

/// Whether the `&` at the start of `text` would be read as an entity. DingTalk's own examples have entities without
/// a semicolon (`&nbsp`, `&#160`).
fn opens_entity(text: &str) -> bool {
    let rest = &text[1..];
    let name = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    rest.starts_with('#')
        || (name > 0 && rest[name..].starts_with(';'))
        || ["nbsp", "lt", "gt", "amp", "quot"].contains(&&rest[..name])
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_keeps_plain_texts_and_disarms_markdown() {
        let cases = [
            (
                "Keep the session, 100% sure!",
                "Keep the session, 100% sure!",
            ),
            ("#42 is fine", "#42 is fine"),
            ("# heading", "\\# heading"),
            ("- item", "\\- item"),
            ("-8 lines", "-8 lines"),
            ("---", "\\---"),
            ("1. first", "1\\. first"),
            ("2.4", "2.4"),
            ("a_b*c*", "a\\_b\\*c\\*"),
            ("[x](y)", "\\[x\\](y)"),
            ("<b>", "&lt;b&gt;"),
            ("AT&T & co", "AT&T & co"),
            ("&#91; &lt; &nbsp", "&amp;#91; &amp;lt; &amp;nbsp"),
            ("a\n\n# b", "a # b"),
            ("@all", "@\u{200b}all"),
            ("x\u{202e}y", "xy"),
            (
                "https://example.com/a_(b)?q=%20c",
                "https://example.com/a_%28b%29?q=%20c",
            ),
            (
                "https://example.com is down_",
                "https://example.com is down\\_",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected, "{text}");
        }
    }

    #[test]
    fn only_known_schemes_are_linked() {
        assert_eq!(
            safe_url(" https://example.com/a b "),
            "https://example.com/a%20b"
        );
        assert_eq!(
            safe_url("dtmd://dingtalkclient/x"),
            "dtmd://dingtalkclient/x"
        );
        for url in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/relative",
            "",
            "né",
        ] {
            assert_eq!(safe_url(url), "", "{url}");
        }
    }
}
