//! What is written in Jira and what is read in the chat.

use crate::core::json::json;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::*;

fn people() -> People {
    People::of(&json!({
        "user": {"accountId": "5b10a:2-x", "displayName": "Mona Lisa"},
        "issue": {"fields": {"reporter": {"name": "alice", "displayName": "Alice A."}}},
    }))
}

fn markdown(markup: &str) -> String {
    to_markdown(markup, &people()).markdown
}

fn check(cases: &[(&str, &str)]) {
    for (markup, expected) in cases {
        assert_eq!(markdown(markup), *expected, "{markup}");
    }
}

#[test]
fn emphasis_counts_at_the_borders_of_words() {
    check(&[
        ("*bold* and _italic_", "**bold** and *italic*"),
        ("*several words*, _(x)_", "**several words**, *(x)*"),
        ("_*both*_ *_both_*", "***both*** ***both***"),
        ("2*3*4 and file_name_x", "2\\*3\\*4 and file_name_x"),
        ("* no bold * here", "- no bold \\* here"),
        ("a *b _c* d_", "a **b \\_c** d\\_"),
        ("+Title+ x^2^ H~2~O ~x~", "Title x^2^ H\\~2\\~O x"),
        ("-gone- a-b-c --flag", "\\-gone- a-b-c --flag"),
        ("un{*}believ{*}able", "un**believ**able"),
        ("*open", "\\*open"),
        ("** _", "- \\_"),
    ]);
}

#[test]
fn code_keeps_its_signs() {
    check(&[
        ("{{a*b*c}} {{x`y}}", "`a*b*c` ``x`y``"),
        ("{{open *b*", "{{open **b**"),
        (
            "{code:java}\nint a = *b*;\n\n{quote}\n{code}",
            "```java\nint a = *b*;\n\n{quote}\n```",
        ),
        (
            "{code:title=A.rs|borderStyle=solid|rust}x{code}",
            "```rust\nx\n```",
        ),
        ("see {code}x{code} here", "see\n\n```\nx\n```\n\nhere"),
        ("{noformat}a < b\n```\n{noformat}", "````\na < b\n```\n````"),
        ("{code}\nnever closed *x*", "```\nnever closed *x*\n```"),
        ("{code}{code}", ""),
        (
            "\\{code} and {codec} and {{code}}",
            "{code} and {codec} and `code`",
        ),
    ]);
}

#[test]
fn blocks_begin_at_the_start_of_a_line() {
    check(&[
        (
            "h1. One\nh6. *Six*\nh7. no",
            "# One\n\n###### **Six**\n\nh7. no",
        ),
        ("one\r\ntwo\r\n\r\nthree", "one  \ntwo\n\nthree"),
        ("bq. said\nnot bq. said", "> said\n\nnot bq. said"),
        (
            "{quote}a\nb\n\n{code}x{code}{quote}c",
            "> a  \n> b\n>\n> ```\n> x\n> ```\n\nc",
        ),
        ("{quote}open", "> open"),
        ("a {quote}b{quote} c", "a\n\n> b\n\nc"),
        ("one\n----\ntwo", "one\n\n---\n\ntwo"),
        ("one\\\\\ntwo \\\\ three", "one  \ntwo  three"),
    ]);
}

#[test]
fn lists_are_nested_by_blanks_and_numbers_are_counted() {
    check(&[
        ("# a\n# b\n## c\n# d", "1. a\n2. b\n   1. c\n3. d"),
        ("* a\n** b\n*# c\n* d", "- a\n  - b\n  1. c\n- d"),
        ("- a\n- b", "- a\n- b"),
        ("** a\n** b\n* c", "- a\n- b\n- c"),
        ("* *bold* text", "- **bold** text"),
        ("* a\nmore of a\n\nno more", "- a  \n  more of a\n\nno more"),
        (
            "# a\n{code}x{code}\n# b",
            "1. a  \n   ```\n   x\n   ```\n2. b",
        ),
        ("text\n# a\n\n# b", "text\n\n1. a\n\n1. b"),
        ("*\n#\n#hash", "\\*  \n\\#  \n\\#hash"),
    ]);
}

#[test]
fn links_mentions_and_pictures() {
    check(&[
        ("[https://example.com/x]", "<https://example.com/x>"),
        (
            "[a *b*|https://example.com/(x)]",
            "[a **b**](https://example.com/%28x%29)",
        ),
        (
            "[https://example.com/a|https://example.com/a|smart-link]",
            "<https://example.com/a>",
        ),
        (
            "[mail|mailto:mona@example.com]",
            "[mail](mailto:mona@example.com)",
        ),
        ("[x|javascript:alert(1)]", "\\[x\\|javascript:alert(1)\\]"),
        ("[WIP] a[0] [", "\\[WIP\\] a\\[0\\] \\["),
        ("[^log.txt] [see|#anchor]", "log.txt see"),
        (
            "[~accountid:5b10a:2-x] [~alice] [~bob]",
            "@Mona Lisa @Alice A. @bob",
        ),
        ("[~accountid:712020:0b1c-2d3e]!", "@someone!"),
        (
            "see https://example.com/a_b_c, ok",
            "see <https://example.com/a_b_c>, ok",
        ),
        ("(https://example.com/x)", "(<https://example.com/x>)"),
        (
            "!shot_1.png|width=300,alt=\"x\"!",
            "\\[image: shot_1.png\\]",
        ),
        ("!https://example.com/i/a.png!", "\\[image: a.png\\]"),
        ("Great! Done! See a.png!", "Great! Done! See a.png!"),
    ]);
}

#[test]
fn looks_are_dropped_and_words_are_kept() {
    check(&[
        ("{color:#ff0000}red{color} {color}", "red"),
        ("{panel:title=x}\ninside *b*\n{panel}", "inside **b**"),
        (
            "{\"json\": {\"a\": 1}} {unknown}",
            "{\"json\": {\"a\": 1}} {unknown}",
        ),
        (
            "||Name||*Age*||\n|[a|https://example.com]|3|",
            "**Name** · **Age**  \n[a](https://example.com) · 3",
        ),
        ("ASAP\\! \\[x\\] \\*y\\*", "ASAP! \\[x\\] \\*y\\*"),
        ("\\\\server\\share", "\\\\\\\\server\\\\share"),
        (":) (/) (x)", ":) (/) (x)"),
    ]);
}

#[test]
fn says_who_is_mentioned_once_each() {
    let text = to_markdown("[~alice] [~bob] [~alice] [~accountid:1]", &people());
    let names: Vec<_> = text.mentioned.iter().map(|person| &person.name).collect();
    assert_eq!(names, ["Alice A.", "bob", "someone"]);
    assert_eq!(text.mentioned[2].id.as_deref(), Some("1"));
}

/// Markdown and HTML typed into Jira by a stranger are just characters there, and so they are in the result.
#[test]
fn foreign_markup_stays_text() {
    for line in [
        "[x](/y)",
        "![x](/y.png)",
        "[x]: /y",
        "<b onclick=x>hi</b> <mailto:x>",
        "> quote",
        "#no list",
        "1) one",
        "2. two",
        "+ plus",
        "~~~",
        "~~x~~",
        "===",
        "```x",
        "`code` &amp; &#65;",
        "a|b",
        "__x__ **x** ***",
    ] {
        let markdown = markdown(&format!("text\n{line}\n\n{line}"));
        for event in Parser::new_ext(&markdown, Options::all()) {
            let plain = match &event {
                Event::Start(tag) => *tag == Tag::Paragraph,
                Event::End(tag) => *tag == TagEnd::Paragraph,
                event => matches!(event, Event::Text(_) | Event::HardBreak),
            };
            assert!(plain, "{line} became {event:?} in {markdown}");
        }
    }
}

#[test]
fn every_cut_of_a_text_is_read() {
    let markup = "h1. A\n* *b* _c_ {{d}}\n## [e|https://example.com] !f.png!\n{code:x}g{code}\n\
                  {quote}李[~alice]{quote}|h|[i|j]|\\\\{color:red}k{color} \\! {*}l{*}";
    for (end, _) in markup.char_indices() {
        for start in [0, end / 2] {
            if let Some(cut) = markup.get(start..end) {
                let mut page = String::new();
                html::push_html(&mut page, Parser::new(&markdown(cut)));
            }
        }
    }
}

/// Whatever is thrown together: no HTML, no picture, and no link to anything but the web.
#[test]
fn random_markup_never_becomes_something_dangerous() {
    let pieces = [
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "!",
        "*",
        "_",
        "+",
        "~",
        "^",
        "`",
        "\\",
        "&",
        "#",
        "|",
        "-",
        "=",
        "{",
        "}",
        ":",
        " ",
        "\n",
        "a",
        "1.",
        "{{",
        "}}",
        "{code}",
        "{quote}",
        "{color}",
        "x.png",
        "https://e.com",
        "javascript:x",
        "h1. ",
        "bq. ",
        "mailto:a@b.c",
        "b>",
        "amp;",
        "李",
        "\t",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let length = random.usize(1..25);
        let markup: String = (0..length).filter_map(|_| random.choice(pieces)).collect();
        let markdown = markdown(&markup);
        for event in Parser::new_ext(
            &markdown,
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
        ) {
            let safe = match &event {
                Event::Html(_) | Event::InlineHtml(_) => false,
                Event::Start(Tag::Link { dest_url, .. }) => ["https:", "mailto:"]
                    .iter()
                    .any(|scheme| dest_url.starts_with(scheme)),
                Event::Start(tag) => !matches!(
                    tag,
                    Tag::Image { .. } | Tag::HtmlBlock | Tag::Table(_) | Tag::Strikethrough
                ),
                _ => true,
            };
            assert!(safe, "{markup:?} became {markdown:?} with {event:?}");
        }
    }
}

/// With work that grows with the square of the length this test would not come to an end.
#[test]
fn work_grows_with_the_length_and_not_faster() {
    for piece in [
        "[", "*", "_a", "{{", "{", "{code}", "{quote}", "!a", "*a ", "|", "[a|", "\\", "{*}", "# ",
        "{color:", "h1. ", "a*", "https://", "[~a]", "*a +b ", "{{a}",
    ] {
        let markup = piece.repeat(60_000 / piece.len());
        markdown(&markup);
        markdown(&markup.replace('a', "a\n"));
    }
}
