//! Every fault of DingTalk's, and what becomes of the message that meets it: one table.
//!
//! A fault is ordered from the sandbox for the first requests of a bot. The table says what is answered, how long the
//! message waits by the clock of the simulation, and how it ends: in a group of one bot, and where a second bot of the
//! group is in order.

use std::time::Duration;

use hookbell::app::Role;
use hookbell::clock::Clock;
use hookbell::sandbox::{Accepted, Order, SandboxBot, Trouble};
use hookbell::store::record::{DeliveryId, OutboxRecord, State};
use jiff::Timestamp;
use serde_json::json;

use crate::relay::TestRelay;
use crate::vendor;

/// What happens, and what is to come of it.
struct Row {
    trouble: Trouble,
    times: u32,
    /// The answers, without that of the post that goes through.
    answers: &'static [&'static str],
    end: End,
}

/// How the message ends.
enum End {
    /// Told by the same bot, also where there is another: it may be posted already.
    Told { waits: Wait, repeats: u32 },
    /// Told by the same bot after a while, by another at once.
    Rested { waits: Wait },
    /// No bot of this address may post for a while.
    AllRest { waits: Wait },
    /// Told by the same bot without its links.
    Plain,
    /// A dead letter, with this advice.
    Dead(&'static str),
}

/// Seconds, from and to.
type Wait = (u64, u64);

/// Growing pauses from a second.
const SOON: Wait = (0, 30);

/// What stands for no answer at all.
const NONE: &str = "none";

/// In the order of codes (custom-robots-send-group-messages, server-api-error-codes-1), after what has none.
fn table() -> Vec<Row> {
    let row = |times, trouble, answers, end| Row {
        trouble,
        times,
        answers,
        end,
    };
    let code = |errcode| Trouble::Code {
        errcode,
        errmsg: "why".into(),
    };
    let status = |status| Trouble::Http { status };
    let lost = Trouble::HttpAfter { status: 504 };
    let slow = Trouble::Slow { seconds: 30 };
    let told = |waits, repeats| End::Told { waits, repeats };
    let again = |repeats| told(SOON, repeats);
    // It sent too fast: a minute, then longer.
    let rested = || End::Rested { waits: (60, 120) };
    let rested_twice = End::Rested { waits: (180, 240) };
    // Set aside, and then tried again.
    let aside = || End::Rested { waits: (600, 720) };
    // call-frequency-limit: five minutes.
    let blocked = || End::AllRest { waits: (300, 360) };
    vec![
        row(1, Trouble::ResetBefore, &[NONE], again(0)),
        row(1, Trouble::ResetAfter, &[NONE], again(1)),
        row(2, Trouble::ResetAfter, &[NONE, NONE], again(2)),
        row(1, Trouble::HangBefore, &[NONE], again(0)),
        row(1, Trouble::HangAfter, &[NONE], again(1)),
        row(1, slow, &[], told((30, 30), 0)),
        row(1, status(413), &["HTTP 413"], End::Dead("shorten")),
        row(1, status(429), &["HTTP 429"], rested()),
        row(1, status(500), &["HTTP 500"], again(0)),
        row(1, status(504), &["HTTP 504"], again(0)),
        row(1, lost, &["HTTP 504"], again(1)),
        row(1, Trouble::Busy, &["-1"], again(0)),
        row(3, Trouble::Busy, &["-1", "-1", "-1"], again(0)),
        row(4, Trouble::Busy, &["-1"; 4], End::Dead("busy")),
        row(1, code(15), &["15"], again(0)),
        row(1, code(88), &["88"], again(0)),
        row(1, code(404), &["404"], aside()),
        row(1, code(33001), &["33001"], aside()),
        row(1, code(40014), &["40014"], aside()),
        row(1, code(40035), &["40035"], End::Dead("template")),
        row(1, code(42001), &["42001"], aside()),
        row(1, code(43004), &["43004"], aside()),
        row(1, code(90002), &["90002"], rested()),
        row(1, code(90018), &["90018"], rested()),
        row(1, Trouble::Quota, &["90020"], aside()),
        row(1, code(101002), &["101002"], End::Dead("shorten")),
        row(1, Trouble::Limited, &["130101"], rested()),
        row(2, Trouble::Limited, &["130101"; 2], rested_twice),
        row(1, code(300001), &["300001"], aside()),
        row(1, Trouble::UnknownToken, &["300005"], aside()),
        row(1, Trouble::Keyword, &["310000"], aside()),
        row(1, Trouble::Sign, &["310000"], aside()),
        row(1, Trouble::Address, &["310000"], aside()),
        row(1, Trouble::Clock, &["310000"], again(0)),
        row(2, Trouble::Clock, &["310000"; 2], aside()),
        row(1, Trouble::Disbanded, &["400013"], aside()),
        row(1, code(400101), &["400101"], aside()),
        row(1, Trouble::Disabled, &["400102"], aside()),
        row(1, code(400105), &["400105"], End::Dead("type of message")),
        row(1, Trouble::Removed, &["400106"], aside()),
        row(1, Trouble::Throttled, &["410100"], rested()),
        row(1, Trouble::UnsafeLink, &["430101"], End::Plain),
        row(1, Trouble::ImproperText, &["430102"], End::Plain),
        row(2, Trouble::ImproperText, &["430102"; 2], End::Dead("text")),
        row(1, Trouble::ImproperContent, &["430104"], End::Plain),
        row(1, code(460101), &["460101"], End::Dead("shorten")),
        row(1, code(660026), &["660026"], rested()),
        row(1, code(987_654), &["987654"], again(0)),
        row(2, code(987_654), &["987654"; 2], End::Dead("987654: why")),
        // Last, because they let the bots of all rows rest.
        row(1, Trouble::Garbage, &["HTTP 200"], blocked()),
        row(1, Trouble::AddressBlock, &["HTTP 200"], blocked()),
    ]
}

#[tokio::test]
async fn each_fault_ends_as_it_should_in_a_group_of_one_bot() {
    let site = Site::start(&["one"]).await;
    for (index, row) in table().iter().enumerate() {
        let case = site.run(index, row).await;
        case.check_answers(row).await;
        match &row.end {
            End::Told { waits, repeats } => case.check_told("one", *waits, *repeats),
            End::Rested { waits } | End::AllRest { waits } => case.check_told("one", *waits, 0),
            End::Plain => {
                case.check_told("one", SOON, 0);
                let text = case.told().body.to_string();
                assert!(!text.contains("://"), "{}: {text}", case.name);
                assert!(text.contains(&case.title), "{}: {text}", case.name);
            }
            End::Dead(advice) => case.check_dead(advice).await,
        }
    }
    site.relay.finish().await;
}

#[tokio::test]
async fn a_second_bot_takes_over_what_the_first_cannot_post_and_surely_did_not() {
    let site = Site::start(&["one", "two"]).await;
    for (index, row) in table().iter().enumerate() {
        let case = site.run(index, row).await;
        match &row.end {
            End::Told { waits, repeats } => case.check_told("one", *waits, *repeats),
            // A stale signature is renewed by the same bot first.
            End::Rested { .. } => case.check_told("two", (0, 1), 0),
            // Whichever: both waited.
            End::AllRest { waits } => {
                let told = case.told();
                let (_, bot) = told.token.split_once('-').unwrap();
                case.check_told(bot, *waits, 0);
            }
            End::Plain => case.check_told("one", SOON, 0),
            End::Dead(advice) => case.check_dead(advice).await,
        }
    }
    site.relay.finish().await;
}

/// A relay with a group for each row, which no other row concerns.
struct Site {
    relay: TestRelay,
}

impl Site {
    /// The groups have these bots.
    async fn start(bots: &[&str]) -> Site {
        // Real clients wait for ten seconds.
        let impatient = reqwest::Client::builder()
            .no_proxy()
            .read_timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        let mut routes = String::new();
        for index in 0..table().len() {
            for bot in bots {
                routes += &format!(
                    "[groups.row{index}.bots.{bot}]\nwebhook = \"CHATrow{index}-{bot}\"\n"
                );
            }
            routes += &format!(
                "[[routes]]\nname = \"row {index}\"\nrepo = \"acme/shop-{index}\"\nto = [\"row{index}\"]\n"
            );
        }
        let relay = TestRelay::start_with(Role::All, &routes, |parts| parts.http = impatient).await;
        for index in 0..table().len() {
            for bot in bots {
                relay.sandbox.add_bot(SandboxBot {
                    token: format!("row{index}-{bot}"),
                    secret: None,
                    keywords: Vec::new(),
                    group: format!("row{index}"),
                });
            }
        }
        Site { relay }
    }

    /// Has a message meet its fault and come to its end.
    async fn run(&self, index: usize, row: &Row) -> Case<'_> {
        let group = format!("row{index}");
        let order = Order::next(row.times, row.trouble.clone());
        self.relay.sandbox.order(order.of(&format!("{group}-one")));
        let began = self.relay.clock.now();
        let answer = self.relay.post(&issue(index)).await;
        assert_eq!(answer.status, 202);
        self.relay.settled_in(&group).await;
        Case {
            name: format!("{} × {:?}", row.times, row.trouble),
            title: format!("Issue {index}"),
            id: DeliveryId(answer.body["id"].as_str().unwrap().parse().unwrap()),
            relay: &self.relay,
            group,
            began,
        }
    }
}

/// A message that has met its fault and come to its end.
struct Case<'a> {
    name: String,
    title: String,
    id: DeliveryId,
    relay: &'a TestRelay,
    group: String,
    began: Timestamp,
}

impl Case<'_> {
    fn messages(&self) -> Vec<Accepted> {
        let mut messages = self.relay.sandbox.messages();
        messages.retain(|message| message.group == self.group);
        messages
    }

    fn told(&self) -> Accepted {
        let messages = self.messages();
        let [message] = messages.as_slice() else {
            panic!("{}: one message was expected: {messages:?}", self.name);
        };
        message.clone()
    }

    fn check_told(&self, bot: &str, (from, to): Wait, repeats: u32) {
        let message = self.told();
        let token = format!("{}-{bot}", self.group);
        assert_eq!(message.token, token, "{}", self.name);
        assert_eq!(message.repeats, repeats, "{}", self.name);
        // What was posted already waits for nothing; its repeat is not seen.
        if repeats == 0 {
            let waited = message.time.duration_since(self.began).as_secs();
            let waited = u64::try_from(waited).unwrap();
            assert!((from..=to).contains(&waited), "{}: {waited} s", self.name);
        }
    }

    async fn row(&self) -> OutboxRecord {
        let record = self.relay.store.delivery(self.id).await.unwrap().unwrap();
        record.outbox[0].clone()
    }

    /// As the store has them.
    async fn check_answers(&self, row: &Row) {
        let record = self.row().await;
        let answers: Vec<String> = record
            .messages
            .iter()
            .flat_map(|message| &message.attempts)
            .map(|attempt| attempt.code.clone().unwrap_or_else(|| NONE.to_owned()))
            .collect();
        let mut expected = row.answers.to_vec();
        if !matches!(row.end, End::Dead(_)) {
            expected.push("0");
        }
        assert_eq!(answers, expected, "{}", self.name);
    }

    async fn check_dead(&self, advice: &str) {
        assert!(self.messages().is_empty(), "{}", self.name);
        let State::Dead { reason, .. } = self.row().await.state else {
            panic!("{}: no dead letter", self.name);
        };
        assert!(reason.contains(advice), "{}: {reason}", self.name);
    }
}

fn issue(number: usize) -> vendor::Webhook {
    let repository = format!("acme/shop-{number}");
    let body = json!({
        "action": "opened",
        "issue": {"number": number, "title": format!("Issue {number}"), "user": {"login": "mona"},
                  "html_url": format!("https://github.com/{repository}/issues/{number}")},
        "repository": {"full_name": repository, "html_url": format!("https://github.com/{repository}")},
        "sender": {"login": "mona"}
    });
    vendor::github("issues", &format!("issue-{number}"), &body)
}
