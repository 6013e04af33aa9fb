//! The real client against the sandbox: what DingTalk would do to our posts.

mod orders;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use hookbell::bot::dingtalk::{CustomBot, Reach, Settings, Webhook, http_client};
use hookbell::bot::{Answer, Body, Bot, Outcome, Refusal, Retry};
use hookbell::clock::{Clock, LeapingClock};
use hookbell::core::message::{Button, ButtonLayout, Content, FeedItem, Mentions, Message};
use hookbell::core::secret::Secret;
use hookbell::sandbox::{self, Order, Sandbox, SandboxBot, Trouble};

const TOKEN: &str = "f00d";

/// A sandbox with its server, and the clock that it shares with the bots.
struct Chat {
    sandbox: Sandbox,
    clock: Arc<LeapingClock>,
    address: String,
}

impl Chat {
    async fn open() -> Chat {
        Chat::serving(Sandbox::open)
    }

    /// With one bot that wants signatures and the keyword "build".
    async fn strict() -> Chat {
        let chat = Chat::serving(Sandbox::new);
        chat.sandbox.add_bot(SandboxBot {
            token: TOKEN.into(),
            secret: Some(Secret::new("SECx")),
            keywords: vec!["build".into()],
            group: "backend".into(),
        });
        chat
    }

    fn serving(make: impl FnOnce(Arc<dyn Clock>) -> Sandbox) -> Chat {
        let noon: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let clock = Arc::new(LeapingClock::starting_at(noon));
        let sandbox = make(clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(sandbox::serve(listener, sandbox.clone()).unwrap());
        Chat {
            sandbox,
            clock,
            address,
        }
    }

    fn bot(&self, secret: Option<&str>, keywords: &[&str]) -> CustomBot {
        self.bot_with_clock(secret, keywords, self.clock.clone())
    }

    fn bot_with_clock(
        &self,
        secret: Option<&str>,
        keywords: &[&str],
        clock: Arc<dyn Clock>,
    ) -> CustomBot {
        let url = format!("{}/robot/send?access_token={TOKEN}", self.address);
        let settings = Settings {
            webhook: Webhook::parse(&url).unwrap(),
            secret: secret.map(Secret::new),
            keywords: keywords.iter().map(|keyword| keyword.to_string()).collect(),
            per_minute: 20,
        };
        CustomBot::new(settings, http_client(Reach::ThisMachine).unwrap(), clock)
    }

    fn bot_with_client(&self, client: reqwest::Client) -> CustomBot {
        let url = format!("{}/robot/send?access_token={TOKEN}", self.address);
        let settings = Settings {
            webhook: Webhook::parse(&url).unwrap(),
            secret: None,
            keywords: Vec::new(),
            per_minute: 20,
        };
        CustomBot::new(settings, client, self.clock.clone())
    }

    fn texts(&self) -> Vec<String> {
        let texts = self.sandbox.messages().into_iter();
        texts
            .map(|message| {
                message.body["markdown"]["text"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    async fn raw(&self, request: reqwest::RequestBuilder) -> Value {
        request.send().await.unwrap().json().await.unwrap()
    }
}

fn message(content: Content) -> Message {
    Message {
        title: "mona pushed to main".into(),
        content,
        mentions: Mentions {
            user_ids: vec!["alice".into()],
            ..Mentions::default()
        },
    }
}

fn markdown(body: &str) -> Message {
    message(Content::Markdown { body: body.into() })
}

async fn post(bot: &CustomBot, body: &str, key: &str) -> Answer {
    bot.post(&bot.write(&markdown(body), key)).await
}

#[tokio::test]
async fn every_type_of_message_is_accepted_signed_and_with_its_keyword() {
    let chat = Chat::strict().await;
    let bot = chat.bot(Some("SECx"), &["build"]);
    let button = |title: &str| Button {
        title: title.into(),
        url: "https://example.com/".into(),
    };
    let card = |buttons| Content::ActionCard {
        body: "#### hello".into(),
        buttons,
        layout: ButtonLayout::Horizontal,
    };
    let contents = [
        Content::Text {
            body: "hello".into(),
        },
        Content::Markdown {
            body: "#### hello".into(),
        },
        card(vec![button("Open")]),
        card(vec![button("Open"), button("Review")]),
        Content::Link {
            body: "hello".into(),
            url: "https://example.com/".into(),
            picture: None,
        },
        Content::FeedCard {
            items: vec![FeedItem {
                title: "v2".into(),
                url: "https://example.com/".into(),
                picture: "https://example.com/p.png".into(),
            }],
        },
    ];
    for (index, content) in contents.into_iter().enumerate() {
        let body = bot.write(&message(content), &format!("key-{index}"));
        let answer = bot.post(&body).await;
        assert_eq!(
            answer.outcome,
            Outcome::Posted,
            "{body:?}: {}",
            answer.sentence
        );
        assert_eq!(answer.code.as_deref(), Some("0"));
    }
    let kinds: Vec<String> = chat
        .sandbox
        .messages()
        .into_iter()
        .map(|message| message.msgtype)
        .collect();
    assert_eq!(
        kinds,
        [
            "text",
            "markdown",
            "actionCard",
            "actionCard",
            "link",
            "feedCard"
        ]
    );
}

#[tokio::test]
async fn security_settings_refuse_what_does_not_meet_them() {
    let chat = Chat::strict().await;
    let bot = Outcome::Refused(Refusal::Bot);
    let cases = [
        (chat.bot(None, &["build"]), bot, "does not match"),
        (chat.bot(Some("SECy"), &["build"]), bot, "does not match"),
        (chat.bot(Some("SECx"), &[]), bot, "keywords"),
    ];
    for (bot, outcome, part) in cases {
        let answer = post(&bot, "hello", "key").await;
        assert_eq!(answer.outcome, outcome);
        assert_eq!(answer.code.as_deref(), Some("310000"));
        assert!(answer.sentence.contains(part), "{}", answer.sentence);
    }
    assert!(chat.sandbox.messages().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_an_hour_wrong_is_told_apart_from_a_wrong_secret() {
    let chat = Chat::strict().await;
    let late = Arc::new(LeapingClock::starting_at(chat.clock.now()));
    late.advance(Duration::from_secs(3601));
    let bot = chat.bot_with_clock(Some("SECx"), &["build"], late);
    let answer = post(&bot, "hello", "key").await;
    assert_eq!(answer.outcome, Outcome::Retry(Retry::Resign));
    assert!(answer.sentence.contains("clock"));
}

#[tokio::test]
async fn a_repeated_post_appears_once() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    chat.sandbox.order(Order::next(1, Trouble::ResetAfter));
    assert_eq!(
        post(&bot, "hello", "key").await.outcome,
        Outcome::Retry(Retry::Backoff)
    );
    assert_eq!(post(&bot, "hello", "key").await.outcome, Outcome::Posted);
    let messages = chat.sandbox.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].repeats, 1);
    assert_eq!(messages[0].group, TOKEN);
}

#[tokio::test]
async fn the_twenty_first_post_in_a_minute_closes_the_bot_for_ten() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    for number in 0..20 {
        assert_eq!(
            post(&bot, "hello", &number.to_string()).await.outcome,
            Outcome::Posted
        );
    }
    let answer = post(&bot, "hello", "20").await;
    assert_eq!(answer.outcome, Outcome::Retry(Retry::RestBot));
    assert_eq!(answer.code.as_deref(), Some("130101"));
    chat.clock.advance(Duration::from_secs(599));
    assert_eq!(
        post(&bot, "hello", "20").await.outcome,
        Outcome::Retry(Retry::RestBot)
    );
    chat.clock.advance(Duration::from_secs(1));
    assert_eq!(post(&bot, "hello", "20").await.outcome, Outcome::Posted);
    assert_eq!(chat.sandbox.messages().len(), 21);
}

#[tokio::test]
async fn twenty_posts_in_every_minute_pass() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    for number in 0..60 {
        assert_eq!(
            post(&bot, "hello", &number.to_string()).await.outcome,
            Outcome::Posted
        );
        chat.clock.advance(Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_message_of_any_size_is_posted_cut() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    let answer = post(
        &bot,
        &"- 一个提交 [a1b2c3d](https://example.com/c)\n".repeat(5_000),
        "key",
    )
    .await;
    assert_eq!(answer.outcome, Outcome::Posted);
    assert!(chat.texts()[0].ends_with("\n\n…\n\n@alice"));
    let too_long =
        Body(json!({"msgtype": "text", "text": {"content": "x".repeat(20_000)}}).to_string());
    let answer = bot.post(&too_long).await;
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::Message));
    assert_eq!(answer.code.as_deref(), Some("460101"));
}

#[tokio::test]
async fn requests_that_are_no_posts_of_ours_get_dingtalks_codes() {
    let chat = Chat::strict().await;
    let client = reqwest::Client::new();
    let send = |query: &str| format!("{}/robot/send{query}", chat.address);
    let known = send("?access_token=f00d");
    let cases = [
        (client.get(&known), 43002),
        (client.post(send("")), 40035),
        (client.post(send("?access_token=")), 40035),
        (
            client.post(send("?access_token=unknown")).json(&json!({})),
            300005,
        ),
        (client.post(&known).body("{}"), 43004),
        (client.post(&known).json(&json!([])), 40035),
        (
            client.post(&known).json(&json!({"msgtype": "image"})),
            400105,
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(chat.raw(request).await["errcode"], expected);
    }
}

#[tokio::test]
async fn tests_in_other_languages_can_steer_it_over_http() {
    let chat = Chat::strict().await;
    let client = reqwest::Client::new();
    let at = |path: &str| format!("{}{path}", chat.address);
    let bot = json!({"group": "ops", "secret": "SEC-hidden"});
    let added = client
        .put(at("/sandbox/bots/beef"))
        .json(&bot)
        .send()
        .await
        .unwrap();
    assert_eq!(added.status(), 204);
    client
        .put(at("/sandbox/bots/beef"))
        .json(&json!({"group": "ops"}))
        .send()
        .await
        .unwrap();
    let order = json!({"answer": "busy", "token": "beef", "times": 1});
    let ordered = client
        .post(at("/sandbox/orders"))
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(ordered.status(), 204);

    let text = json!({"msgtype": "text", "text": {"content": "hello"}});
    let post = || client.post(at("/robot/send?access_token=beef")).json(&text);
    assert_eq!(chat.raw(post()).await["errcode"], -1);
    assert_eq!(
        chat.raw(post()).await,
        json!({"errcode": 0, "errmsg": "ok"})
    );

    let messages = chat.raw(client.get(at("/sandbox/messages"))).await;
    assert_eq!(messages[0]["group"], "ops");
    assert_eq!(messages[0]["body"], text);
    assert!(!messages.to_string().contains("hidden"));
    let later = chat.raw(client.get(at("/sandbox/messages?after=1"))).await;
    assert_eq!(later, json!([]));
}

#[tokio::test]
async fn waiting_for_messages_ends_with_the_next_one() {
    let chat = Chat::open().await;
    let bot = chat.bot(None, &[]);
    post(&bot, "first", "1").await;
    let (later, _) = tokio::join!(chat.sandbox.messages_after(1), post(&bot, "second", "2"));
    assert_eq!(later.len(), 1);
    assert_eq!(later[0].number, 2);
}
