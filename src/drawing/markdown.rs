//! Markdown as DingTalk's clients draw it, as HTML that is safe whoever wrote it.
//!
//! Where the clients differ the page takes the worse one (robot-message-type; seen in the field): tables, code
//! fences, HTML, strike-through and task lists stay as they were typed, `<font>` loses its colour, and a single line
//! feed does not break. Pictures are frames with the host they come from: DingTalk fetches them, this page does not.

use std::fmt::Write;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Parser, Tag, TagEnd, TextMergeStream, html};
use url::Url;

/// `calls` are the `@names` that are drawn as mentions; `picture` is what a picture's frame says before its host.
pub(super) fn to_html(markdown: &str, calls: &[String], picture: &str) -> String {
    let mut drawing = Drawing {
        calls,
        picture,
        picture_host: None,
        fence: "",
        links: Vec::new(),
    };
    let events = TextMergeStream::new(Parser::new(markdown)).map(|event| drawing.draw(event));
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

/// Plain text with its line feeds and its mentions.
pub(super) fn text_to_html(text: &str, calls: &[String]) -> String {
    mark_calls(text, calls).replace('\n', "<br>")
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

/// Where a tap leads, for addresses that a browser may follow; DingTalk's wrapper gives its inner address.
pub(super) fn followable(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.into()),
        "dingtalk" => {
            let (_, inner) = url.query_pairs().find(|(name, _)| name == "url")?;
            let inner = Url::parse(&inner).ok()?;
            matches!(inner.scheme(), "http" | "https").then(|| inner.into())
        }
        _ => None,
    }
}

pub(super) fn host_of(address: &str) -> String {
    let url = Url::parse(address.trim()).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or("…").to_owned()
}

struct Drawing<'a> {
    calls: &'a [String],
    picture: &'a str,
    /// Of the picture whose alternative text is being read.
    picture_host: Option<String>,
    /// What closes the code that is being read.
    fence: &'static str,
    /// Whether each open link is drawn as one.
    links: Vec<bool>,
}

impl Drawing<'_> {
    fn draw<'e>(&mut self, event: Event<'e>) -> Event<'e> {
        match event {
            Event::Text(text) => raw(mark_calls(&text, self.calls)),
            Event::Code(code) => raw(escape(&format!("`{code}`"))),
            Event::InlineHtml(tag) if is_font(&tag) => raw(String::new()),
            Event::Html(html) | Event::InlineHtml(html) => raw(escape(&html)),
            Event::SoftBreak => raw(" ".to_owned()),
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            other => other,
        }
    }

    fn start<'e>(&mut self, tag: Tag<'e>) -> Event<'e> {
        match tag {
            // Not as headings of the page, whose outline they would tear.
            Tag::Heading { level, .. } => raw(format!("<p class=\"h {level}\">")),
            Tag::HtmlBlock => raw("<p>".to_owned()),
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) => {
                self.fence = "```";
                raw(format!("<p class=\"typed\">```{}\n", escape(&language)))
            }
            Tag::CodeBlock(CodeBlockKind::Indented) => raw("<p class=\"typed\">".to_owned()),
            Tag::Link { dest_url, .. } => {
                let target = followable(&dest_url);
                self.links.push(target.is_some());
                raw(target.map_or_else(String::new, |target| open_link(&target)))
            }
            Tag::Image { dest_url, .. } => {
                self.picture_host = Some(host_of(&dest_url));
                raw("<span class=\"pic\">".to_owned())
            }
            other => Event::Start(other),
        }
    }

    fn end<'e>(&mut self, tag: TagEnd) -> Event<'e> {
        match tag {
            TagEnd::Heading(_) | TagEnd::HtmlBlock => raw("</p>\n".to_owned()),
            TagEnd::CodeBlock => raw(format!("{}</p>\n", std::mem::take(&mut self.fence))),
            TagEnd::Link => {
                let drawn = self.links.pop().unwrap_or_default();
                raw(if drawn {
                    "</a>".to_owned()
                } else {
                    String::new()
                })
            }
            TagEnd::Image => {
                let host = self.picture_host.take().unwrap_or_default();
                raw(format!(
                    " <small>{} {}</small></span>",
                    self.picture,
                    escape(&host)
                ))
            }
            other => Event::End(other),
        }
    }
}

/// HTML of ours: everything foreign in it is escaped.
fn raw<'e>(html: String) -> Event<'e> {
    Event::InlineHtml(CowStr::from(html))
}

pub(super) fn open_link(target: &str) -> String {
    format!(
        "<a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">",
        escape(target)
    )
}

fn is_font(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']).to_ascii_lowercase();
    name.strip_prefix("font")
        .is_some_and(|rest| rest.starts_with([' ', '>']))
}

/// Escapes `text` and colours the whole `@names` in it.
fn mark_calls(text: &str, calls: &[String]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(position) = rest.find('@') {
        out.push_str(&escape(&rest[..position]));
        rest = &rest[position..];
        let end = rest[1..]
            .find(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '-' | '+')))
            .map_or(rest.len(), |end| end + 1);
        let name = escape(&rest[..end]);
        if calls.iter().any(|call| call == &rest[..end]) {
            let _ = write!(out, "<span class=\"me\">{name}</span>");
        } else {
            out.push_str(&name);
        }
        rest = &rest[end..];
    }
    out.push_str(&escape(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(markdown: &str) -> String {
        to_html(markdown, &["@alice".to_owned()], "picture from")
            .trim()
            .to_owned()
    }

    #[test]
    fn what_dingtalk_draws_is_drawn() {
        let cases = [
            (
                "#### Hi **you**",
                "<p class=\"h h4\">Hi <strong>you</strong></p>",
            ),
            ("a\nb\n\nc  \nd", "<p>a b</p>\n<p>c<br />\nd</p>"),
            ("> quote", "<blockquote>\n<p>quote</p>\n</blockquote>"),
            ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ];
        for (markdown, expected) in cases {
            assert_eq!(drawn(markdown), expected);
        }
    }

    #[test]
    fn what_some_client_does_not_draw_stays_as_typed() {
        assert_eq!(drawn("`code` ~~no~~"), "<p>`code` ~~no~~</p>");
        assert_eq!(drawn("<font color=red>red</font>"), "<p>red</p>");
        assert!(drawn("| a | b |\n|---|---|\n| 1 | 2 |").contains("|---|"));
        assert!(drawn("```rust\nfn\n```").contains("```rust\nfn\n```</p>"));
        assert_eq!(drawn("- [ ] task"), "<ul>\n<li>[ ] task</li>\n</ul>");
    }

    #[test]
    fn nobody_can_bring_in_html_or_scripts() {
        let hostile = [
            "<script>alert(1)</script>",
            "x <img src=x onerror=alert(1)> y",
            "[a](javascript:alert(1))",
            "[a](<https://example.com/\"onclick=alert(1)>)",
            "![\"><script>](https://example.com/\"><script>)",
            "```\"><script>\n<script>\n```",
            "@<script>",
            "<font/onclick=alert(1)>",
        ];
        for markdown in hostile {
            let html = drawn(markdown);
            for part in ["<script", "<img", "javascript:", "\"onclick", "<font"] {
                assert!(!html.contains(part), "{markdown} became {html}");
            }
        }
    }

    #[test]
    fn links_lead_to_web_addresses_only() {
        let wrapped =
            "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fexample.com%2Fa&pc_slide=false";
        assert_eq!(
            followable(wrapped).as_deref(),
            Some("https://example.com/a")
        );
        assert_eq!(
            followable("dtmd://dingtalkclient/sendMessage?content=x"),
            None
        );
        assert_eq!(
            drawn("[say it](dtmd://dingtalkclient/sendMessage?content=x)"),
            "<p>say it</p>"
        );
    }

    #[test]
    fn a_picture_is_a_frame_that_fetches_nothing() {
        assert_eq!(
            drawn("![logo](https://example.com/p.png)"),
            "<p><span class=\"pic\">logo <small>picture from example.com</small></span></p>"
        );
    }

    #[test]
    fn only_people_in_at_are_drawn_as_mentions() {
        assert_eq!(
            drawn("@alice @bob @alice2"),
            "<p><span class=\"me\">@alice</span> @bob @alice2</p>"
        );
    }
}
