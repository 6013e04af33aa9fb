//! Markdown that DingTalk does not draw, or not everywhere (robot-message-type; seen in the field), line by line: in a
//! template or in a text that is posted.
//!
//! Lines are looked at one by one, because a template's Handlebars would tear a parser's blocks apart.

use super::Rule;

/// What a line of Markdown has that DingTalk's clients do not draw.
pub fn in_line(line: &str) -> Vec<Rule> {
    let trimmed = line.trim();
    if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
        return vec![Rule::CodeFence];
    }
    let mut found = Vec::new();
    if is_table_row(trimmed) {
        found.push(Rule::Table);
    }
    let item = trimmed.strip_prefix(['-', '*', '+']).map(str::trim_start);
    if item.is_some_and(|item| {
        ["[ ]", "[x]", "[X]"]
            .iter()
            .any(|box_| item.starts_with(box_))
    }) {
        found.push(Rule::TaskList);
    }
    if spans(trimmed, '`', 1) {
        found.push(Rule::InlineCode);
    }
    if spans(trimmed, '~', 2) {
        found.push(Rule::Strikethrough);
    }
    found.extend(html(trimmed));
    found.extend(emoji_code(trimmed).map(|code| Rule::EmojiCode(code.to_owned())));
    found
}

/// Bars at both ends and one between, as only a table has them.
fn is_table_row(line: &str) -> bool {
    line.len() > 2
        && line.starts_with('|')
        && line.ends_with('|')
        && !line.ends_with("\\|")
        && line[1..line.len() - 1].contains('|')
}

/// Whether something stands between two marks that are not escaped.
fn spans(line: &str, mark: char, times: usize) -> bool {
    let mark = mark.to_string().repeat(times);
    let starts: Vec<usize> = line
        .match_indices(&mark)
        .map(|(at, _)| at)
        .filter(|at| !line[..*at].ends_with('\\'))
        .collect();
    starts
        .windows(2)
        .any(|pair| !line[pair[0] + mark.len()..pair[1]].trim().is_empty())
}

/// The first tag in a line.
fn html(line: &str) -> Option<Rule> {
    line.match_indices('<').find_map(|(at, _)| {
        let inside = line[at + 1..].trim_start_matches('/');
        let name: String = inside
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let rest = &inside[name.len()..];
        // `<https://…>` is a link.
        let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && rest.starts_with([' ', '>', '/'])
            && rest.contains('>');
        match name.as_str() {
            _ if !is_tag || line[..at].ends_with('\\') => None,
            "font" => Some(Rule::Font),
            _ => Some(Rule::Html(name)),
        }
    })
}

/// `:tada:`
fn emoji_code(line: &str) -> Option<&str> {
    line.match_indices(':').find_map(|(at, _)| {
        let after = &line[at + 1..];
        let end = after
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
            .unwrap_or(after.len());
        let begins = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == ':');
        let is_word = end > 1 && after.starts_with(|c: char| c.is_ascii_lowercase());
        let ends = after[end..].starts_with(':');
        (begins && is_word && ends).then(|| &line[at..at + 2 + end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dingtalk_does_not_draw_is_found_in_its_line() {
        let cases = [
            ("| job | stage |", Rule::Table),
            ("|---|---|", Rule::Table),
            ("```rust", Rule::CodeFence),
            ("on `main` today", Rule::InlineCode),
            ("~~gone~~", Rule::Strikethrough),
            ("- [x] done", Rule::TaskList),
            ("a<br>b", Rule::Html("br".into())),
            ("<font color=\"#f00\">red</font>", Rule::Font),
            ("done :tada:", Rule::EmojiCode(":tada:".into())),
        ];
        for (line, rule) in cases {
            assert_eq!(in_line(line), [rule], "{line}");
        }
    }

    #[test]
    fn what_it_draws_is_left_alone() {
        let good = [
            "#### [x](https://example.com/a?b=c:d:e) **bold** *it*",
            "> quoted · 12:30:45 · a|b|c",
            "- item <https://example.com>",
            "1. one",
            "a \\`b\\` \\~~c\\~~ &lt;br&gt;",
            "a::b::c std::env:",
            "5 < 6 and 7 > 6",
            "----",
        ];
        for line in good {
            assert_eq!(in_line(line), [], "{line}");
        }
    }
}
