use serde_json::{Value, json};

use super::*;
use crate::core::json::Lookup;

fn message(content: Content) -> Message {
    Message {
        title: "mona pushed to main".into(),
        content,
        mentions: Mentions::default(),
    }
}

fn markdown(body: &str) -> Message {
    message(Content::Markdown { body: body.into() })
}

fn calling(mut message: Message, mobiles: &[&str], user_ids: &[&str]) -> Message {
    message.mentions.mobiles = mobiles.iter().map(|name| name.to_string()).collect();
    message.mentions.user_ids = user_ids.iter().map(|name| name.to_string()).collect();
    message
}

fn button(title: &str, url: &str) -> Button {
    Button {
        title: title.into(),
        url: url.into(),
    }
}

fn item(title: &str) -> FeedItem {
    FeedItem {
        title: title.into(),
        url: "https://example.com/r".into(),
        picture: "https://example.com/p.png".into(),
    }
}

fn link(body: &str, url: &str) -> Message {
    message(Content::Link {
        body: body.into(),
        url: url.into(),
        picture: Some("https://example.com/p.png".into()),
    })
}

fn written(message: &Message, keywords: &[&str]) -> Value {
    let keywords: Vec<String> = keywords.iter().map(|keyword| keyword.to_string()).collect();
    let body = body(message, "key-1", &keywords);
    assert!(body.len() <= MAX_BYTES, "{} bytes", body.len());
    serde_json::from_str(&body).unwrap()
}

fn text_of(message: &Message, keywords: &[&str]) -> String {
    let written = written(message, keywords);
    let path = match message.content {
        Content::Text { .. } => "text.content",
        Content::ActionCard { .. } => "actionCard.text",
        _ => "markdown.text",
    };
    written.at(path).as_str().unwrap().to_owned()
}

#[test]
fn text_is_written_as_documented() {
    assert_eq!(
        written(
            &message(Content::Text {
                body: "hello".into()
            }),
            &[]
        ),
        json!({"msgtype": "text", "msgUuid": "key-1", "text": {"content": "hello"}})
    );
}

#[test]
fn markdown_is_written_as_documented() {
    assert_eq!(
        written(&markdown("#### hello"), &[]),
        json!({
            "msgtype": "markdown",
            "msgUuid": "key-1",
            "markdown": {"title": "mona pushed to main", "text": "#### hello"}
        })
    );
}

#[test]
fn link_is_written_as_documented_and_calls_nobody() {
    assert_eq!(
        written(
            &calling(link("notes", "https://example.com/r"), &[], &["alice"]),
            &[]
        ),
        json!({
            "msgtype": "link",
            "msgUuid": "key-1",
            "link": {
                "title": "mona pushed to main",
                "text": "notes",
                "messageUrl": "https://example.com/r",
                "picUrl": "https://example.com/p.png"
            }
        })
    );
}

#[test]
fn one_button_makes_the_whole_card_a_link() {
    let card = message(Content::ActionCard {
        body: "hello".into(),
        buttons: vec![button("Open", "https://example.com/1")],
        layout: ButtonLayout::Horizontal,
    });
    assert_eq!(
        written(&card, &[]).at("actionCard"),
        &json!({
            "title": "mona pushed to main",
            "text": "hello",
            "singleTitle": "Open",
            "singleURL": "https://example.com/1"
        })
    );
}

#[test]
fn several_buttons_are_listed_with_their_layout_as_text() {
    let card = message(Content::ActionCard {
        body: "hello".into(),
        buttons: vec![
            button("A", "https://example.com/1"),
            button("B", "https://example.com/2"),
        ],
        layout: ButtonLayout::Vertical,
    });
    assert_eq!(
        written(&card, &[]).at("actionCard"),
        &json!({
            "title": "mona pushed to main",
            "text": "hello",
            "btnOrientation": "0",
            "btns": [
                {"title": "A", "actionURL": "https://example.com/1"},
                {"title": "B", "actionURL": "https://example.com/2"}
            ]
        })
    );
}

#[test]
fn a_card_without_buttons_is_markdown() {
    let card = message(Content::ActionCard {
        body: "hello".into(),
        buttons: Vec::new(),
        layout: ButtonLayout::Vertical,
    });
    assert_eq!(written(&card, &[]).at("msgtype"), "markdown");
}

#[test]
fn feed_card_is_written_as_documented() {
    let feed = message(Content::FeedCard {
        items: vec![item("v2")],
    });
    assert_eq!(
        written(&calling(feed, &[], &["alice"]), &[]),
        json!({
            "msgtype": "feedCard",
            "msgUuid": "key-1",
            "feedCard": {"links": [{
                "title": "v2",
                "messageURL": "https://example.com/r",
                "picURL": "https://example.com/p.png"
            }]}
        })
    );
}

#[test]
fn names_that_the_text_lacks_are_called_in_a_last_paragraph() {
    let message = calling(markdown("for @alice"), &["13800000000"], &["alice", "al"]);
    assert_eq!(
        written(&message, &[]).at("at"),
        &json!({"atMobiles": ["13800000000"], "atUserIds": ["alice", "al"], "isAtAll": false})
    );
    assert_eq!(text_of(&message, &[]), "for @alice\n\n@13800000000 @al");
}

#[test]
fn at_most_fifty_people_are_called() {
    let names: Vec<String> = (0..60).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let written = written(&calling(markdown("hello"), &names[..10], &names[10..]), &[]);
    assert_eq!(written.list("at.atMobiles").len(), 10);
    assert_eq!(written.list("at.atUserIds").len(), 40);
}

#[test]
fn a_missing_keyword_is_added_where_dingtalk_looks_for_it() {
    let keywords = &["build", "构建"];
    assert_eq!(text_of(&markdown("hello"), keywords), "hello\n\nbuild");
    assert_eq!(text_of(&markdown("构建完成"), keywords), "构建完成");
    let plain = message(Content::Text {
        body: "hello".into(),
    });
    assert_eq!(text_of(&plain, keywords), "hello\n\nbuild");
    // A text has no title, so the keyword in it does not count.
    assert_eq!(text_of(&plain, &["mona"]), "hello\n\nmona");
    assert_eq!(text_of(&markdown("hello"), &["mona"]), "hello");
    assert_eq!(
        written(&link("notes", "https://example.com/r"), keywords).at("link.title"),
        "mona pushed to main · build"
    );
    let feed = message(Content::FeedCard {
        items: vec![item("v2"), item("v3")],
    });
    let feed = written(&feed, keywords);
    assert_eq!(feed.texts("feedCard.links", "title"), ["v2 · build", "v3"]);
}

#[test]
fn a_message_without_words_shows_its_title() {
    let blank = message(Content::Text { body: " ".into() });
    assert_eq!(text_of(&blank, &[]), "mona pushed to main");
    assert_eq!(text_of(&markdown(" \n"), &[]), "mona pushed to main");
    let feed = message(Content::FeedCard { items: Vec::new() });
    assert_eq!(
        written(&feed, &[]).at("text.content"),
        "mona pushed to main"
    );
}

#[test]
fn a_message_without_title_still_has_one() {
    let untitled = Message {
        title: String::new(),
        ..markdown("hello")
    };
    assert_eq!(written(&untitled, &[]).at("markdown.title"), "Hookbell");
}

#[test]
fn a_long_list_is_cut_at_a_line() {
    let body = "- a commit with a message\n".repeat(2_000);
    let text = text_of(&markdown(&body), &[]);
    assert!(
        text.ends_with("- a commit with a message\n\n…"),
        "{}",
        &text[text.len() - 60..]
    );
    assert!(text.len() > MAX_BYTES * 9 / 10);
}

#[test]
fn a_long_line_is_cut_between_words() {
    let text = text_of(&markdown(&"word ".repeat(10_000)), &[]);
    assert!(text.ends_with("word\n\n…"));
}

#[test]
fn a_link_that_does_not_fit_is_left_out_whole() {
    let link = format!(
        "[{}](https://example.com/{})",
        "label ".repeat(300),
        "path/".repeat(2_000)
    );
    let body = format!("{}{link}{link}", "x".repeat(5_000));
    let text = text_of(&markdown(&body), &[]);
    assert_eq!(text, format!("{}{link}\n\n…", "x".repeat(5_000)));
}

#[test]
fn escapes_and_entities_stay_whole() {
    for unit in [r"\*", "&lt;", "&#160;", "👩‍👩‍👧‍👦", "👍🏽", "é"] {
        for pad in 0..unit.len() {
            let body = format!("{}{}", "x".repeat(pad), unit.repeat(20_000 / unit.len()));
            let text = text_of(&markdown(&format!("{body}tail")), &[]);
            let kept = text
                .strip_suffix("\n\n…")
                .unwrap_or_else(|| panic!("{unit} was not cut"));
            assert!(
                kept.ends_with(unit),
                "{unit} was cut open: {}",
                &kept[kept.len() - 40..]
            );
        }
    }
}

#[test]
fn calls_and_keyword_survive_a_cut() {
    let body = format!("{}\n\nbuild @alice", "a line of words\n".repeat(3_000));
    let text = text_of(&calling(markdown(&body), &[], &["alice"]), &["build"]);
    assert!(text.ends_with("words\n\n…\n\nbuild\n\n@alice"));
}

#[test]
fn feed_items_that_do_not_fit_are_counted() {
    let items: Vec<FeedItem> = (0..400).map(|number| item(&format!("v{number}"))).collect();
    let written = written(&message(Content::FeedCard { items }), &[]);
    let titles = written.texts("feedCard.links", "title");
    let dropped = 400 - titles.len();
    assert!(dropped > 0);
    assert_eq!(
        titles.last().unwrap(),
        &format!("v{} (+{dropped})", titles.len() - 1)
    );
}

#[test]
fn an_address_that_cannot_be_posted_costs_the_link_and_not_the_message() {
    let long = format!("https://example.com/{}", "x".repeat(30_000));
    let written_link = written(&link("notes", &long), &[]);
    assert_eq!(
        written_link.at("text.content"),
        "mona pushed to main\nnotes"
    );
    let card = message(Content::ActionCard {
        body: "hello".into(),
        buttons: vec![button("A", "https://example.com/1"), button("B", &long)],
        layout: ButtonLayout::Vertical,
    });
    assert_eq!(written(&card, &[]).at("actionCard.singleTitle"), "A");
}

/// Whatever a template makes fits, is JSON, and keeps its links: `written` checks the first two.
#[test]
fn bodies_of_any_size_fit() {
    const PIECES: [&str; 12] = [
        "word ",
        "中文字符",
        "👩‍👩‍👧‍👦",
        "\n",
        "\n\n",
        "\"quoted\" ",
        "\u{1}",
        r"\_",
        "&amp;",
        "**bold words** ",
        "[a1b2c3d](https://example.com/acme/shop/commit/a1b2c3d) ",
        "![](https://example.com/p.png)",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        // Few kinds of pieces at a time, so that very long lines and very long lists come up too.
        let kinds: Vec<&str> = (0..random.usize(1..4))
            .map(|_| PIECES[random.usize(..PIECES.len())])
            .collect();
        let size = random.usize(18_000..60_000);
        let mut body = String::new();
        while body.len() < size {
            body.push_str(kinds[random.usize(..kinds.len())]);
        }
        let title = "标题 \"x\" ".repeat(random.usize(0..2_000));
        let buttons = (0..random.usize(0..80))
            .map(|_| button(&body[..0], "https://example.com/"))
            .collect();
        let contents = [
            Content::Text { body: body.clone() },
            Content::Markdown { body: body.clone() },
            Content::Link {
                body: body.clone(),
                url: "https://example.com/".into(),
                picture: None,
            },
            Content::ActionCard {
                body,
                buttons,
                layout: ButtonLayout::Vertical,
            },
            Content::FeedCard {
                items: (0..random.usize(0..300)).map(|_| item(&title)).collect(),
            },
        ];
        for content in contents {
            let message = calling(message(content), &["13800000000"], &["alice"]);
            let message = Message {
                title: title.clone(),
                ..message
            };
            let written = written(&message, &["build"]).to_string();
            assert!(
                written.contains("build"),
                "{} lost the keyword",
                message.kind()
            );
            if matches!(
                message.content,
                Content::Markdown { .. } | Content::ActionCard { .. }
            ) {
                assert_eq!(
                    written.matches("](https://").count(),
                    written.matches("a1b2c3d)").count() + written.matches("p.png)").count(),
                    "a link was cut open"
                );
            }
        }
    }
}
