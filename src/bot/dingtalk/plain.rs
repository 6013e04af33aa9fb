//! A posted body once more without links and pictures, for what DingTalk's content check refused: 430101 is for
//! external links, 430103 for pictures (custom-robots-send-group-messages).

use serde_json::Value;

use super::preview;
use super::wire;
use crate::core::json::Lookup;
use crate::core::message::{Content, Mentions, Message};

/// The words of `body` as a text of its own with another `key`, calling the same people. `None` where it is a text
/// without addresses already, or no body of ours.
pub fn plain(body: &str, key: &str, keywords: &[String]) -> Option<String> {
    let posted: Value = serde_json::from_str(body).ok()?;
    let kind = posted.text("msgtype")?;
    let content = posted.at(&kind);
    let words = match kind.as_str() {
        "text" => content.text("content")?,
        "markdown" | "actionCard" => preview::words(&content.text("text")?),
        "link" => [content.text("title"), content.text("text")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n\n"),
        "feedCard" => content.texts("links", "title").join("\n"),
        _ => return None,
    };
    let bare = without_addresses(&words);
    if kind == "text" && bare == words {
        return None;
    }
    let at = posted.at("at");
    let message = Message {
        title: content.text("title").unwrap_or_default(),
        content: Content::Text { body: bare },
        mentions: Mentions {
            mobiles: at.texts("atMobiles", ""),
            user_ids: at.texts("atUserIds", ""),
            all: at.flag("isAtAll"),
        },
    };
    Some(wire::body(&message, key, keywords))
}

/// The text without what a client would make a link of by itself.
fn without_addresses(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = ["http://", "https://", "dingtalk://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        bare.push_str(&rest[..start]);
        let address = &rest[start..];
        let end = address
            .find(|char: char| char.is_whitespace() || !char.is_ascii())
            .unwrap_or(address.len());
        bare.push('…');
        rest = &address[end..];
    }
    bare.push_str(rest);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::{Button, ButtonLayout, FeedItem};

    const URL: &str = "https://evil.example/x";

    fn plain_of(content: Content, keywords: &[String]) -> Option<Value> {
        let message = Message {
            title: "mona opened #42".into(),
            content,
            mentions: Mentions {
                mobiles: vec!["13800000000".into()],
                user_ids: vec!["alice".into()],
                all: false,
            },
        };
        let posted = wire::body(&message, "first", keywords);
        let plain = plain(&posted, "second", keywords)?;
        assert!(!plain.contains("evil.example"), "{plain}");
        Some(serde_json::from_str(&plain).unwrap())
    }

    fn words(content: Content) -> String {
        let plain = plain_of(content, &[]).unwrap();
        assert_eq!(plain.text("msgtype").unwrap(), "text");
        assert_eq!(plain.text("msgUuid").unwrap(), "second");
        plain.text("text.content").unwrap()
    }

    #[test]
    fn every_type_of_message_keeps_its_words_and_loses_its_links_and_pictures() {
        let body = format!(
            "#### 🔀 [#42 Keep \\_it\\_]({URL})\n\n**mona** wrote ![x]({URL}) in {URL} today\n\n- [a1b2c3d]({URL}) one\n- two\n\n\
             @13800000000 @alice"
        );
        let read = "🔀 #42 Keep _it_\n\nmona wrote x in … today\n\n• a1b2c3d one\n• two\n\n@13800000000 @alice";
        let card = Content::ActionCard {
            body: body.clone(),
            buttons: vec![Button {
                title: "Open".into(),
                url: URL.into(),
            }],
            layout: ButtonLayout::Horizontal,
        };
        assert_eq!(words(Content::Markdown { body }), read);
        assert_eq!(words(card), read);
        let link = Content::Link {
            body: "It is out".into(),
            url: URL.into(),
            picture: Some(URL.into()),
        };
        assert_eq!(words(link), "mona opened #42\n\nIt is out");
        let item = |title: &str| FeedItem {
            title: title.into(),
            url: URL.into(),
            picture: URL.into(),
        };
        let feed = Content::FeedCard {
            items: vec![item("one"), item("two")],
        };
        assert_eq!(words(feed), "one\ntwo");
        let text = Content::Text {
            body: format!("see {URL}，then act"),
        };
        assert_eq!(words(text), "see …，then act\n\n@13800000000 @alice");
    }

    #[test]
    fn the_plain_form_calls_the_same_people_and_has_the_keyword() {
        let keywords = ["opened".to_owned()];
        let body = format!("[#42]({URL})");
        let plain = plain_of(Content::Markdown { body }, &keywords).unwrap();
        assert_eq!(
            plain.text("text.content").unwrap(),
            "#42\n\n@13800000000 @alice\n\nopened"
        );
        assert_eq!(plain.texts("at.atMobiles", ""), ["13800000000"]);
        assert_eq!(plain.texts("at.atUserIds", ""), ["alice"]);
    }

    #[test]
    fn what_is_plain_already_has_no_plain_form() {
        let body = "Nothing but words.".to_owned();
        assert_eq!(plain_of(Content::Text { body }, &[]), None);
        assert_eq!(plain("not JSON", "second", &[]), None);
    }

    #[test]
    fn a_plain_form_has_none_itself() {
        let body = format!("[#42]({URL}) and {URL}");
        let message = Message {
            title: "x".into(),
            content: Content::Markdown { body },
            mentions: Mentions::default(),
        };
        let once = plain(&wire::body(&message, "first", &[]), "second", &[]).unwrap();
        assert_eq!(plain(&once, "third", &[]), None);
    }
}
