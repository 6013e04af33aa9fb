//! Somebody sets the relay's clock by an hour, while DingTalk's goes on.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use hookbell::app::Role;
use hookbell::clock::Clock;
use hookbell::sandbox::SandboxBot;
use jiff::{SignedDuration, Timestamp};

use super::issue;
use crate::relay::TestRelay;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The relay's clock: the simulation's, but set wrong.
struct SetClock {
    right: Arc<dyn Clock>,
    /// How far it is ahead, and how often it was set forward.
    wrong: Mutex<(SignedDuration, u64)>,
}

impl SetClock {
    fn set(&self, by: SignedDuration) {
        let mut wrong = self.wrong.lock().unwrap();
        wrong.0 += by;
        wrong.1 += u64::from(by.is_positive());
    }

    fn ahead(&self) -> SignedDuration {
        self.wrong.lock().unwrap().0
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.right.now() + self.ahead()
    }

    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.right.sleep_until(time - self.ahead())
    }

    fn leaps(&self) -> u64 {
        self.wrong.lock().unwrap().1
    }
}

#[tokio::test]
async fn a_clock_that_is_set_forward_and_back_again_loses_nothing_and_sends_nothing_too_fast() {
    set_by(HOUR).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_and_forward_again_loses_nothing_and_does_not_stop_delivery() {
    set_by(-HOUR).await;
}

/// Sets the relay's clock amid a full minute, and right again in another.
async fn set_by(step: SignedDuration) {
    let mut clock = None;
    let relay = TestRelay::start_with(Role::All, ROUTES, |parts| {
        let set = Arc::new(SetClock {
            right: Arc::clone(&parts.clock),
            wrong: Mutex::default(),
        });
        parts.clock = Arc::clone(&set) as Arc<dyn Clock>;
        clock = Some(set);
    })
    .await;
    let clock = clock.unwrap();
    relay.sandbox.add_bot(SandboxBot {
        token: "team".into(),
        secret: None,
        keywords: Vec::new(),
        group: "team".into(),
    });
    let began = relay.clock.now();
    let mut numbers = 1..;
    for set in [SignedDuration::ZERO, step, -step] {
        if !set.is_zero() {
            clock.set(set);
        }
        // The bot's minute is full every time.
        for number in numbers.by_ref().take(20) {
            assert_eq!(relay.post(&issue(number)).await.status, 202);
        }
        relay.settled_in("team").await;
    }
    let messages = relay.messages(60).await;
    let bots = relay.sandbox.bots();
    let bot = bots.iter().find(|bot| bot.token == "team").unwrap();
    assert_eq!(bot.refusals(), 0, "{bot:?}");
    // By the right clock, all of it took three minutes of the bot, and not an hour.
    let took = messages.last().unwrap().time.duration_since(began);
    assert!(took < HOUR / 2, "{took}");
    relay.finish().await;
}

/// A bot without signature: what a wrong clock does to that is in the table of faults. The route is urgent, so that each
/// event is a message of its own.
const ROUTES: &str = r#"
[groups.team]
webhook = "CHATteam"

[[routes]]
name = "everything"
to = ["team"]
urgent = true
"#;
