//! Troubles that can be ordered: what DingTalk does on a bad day.

use serde::Deserialize;

/// What happens to the next requests. As JSON: `{"answer": "slow", "seconds": 3, "token": "demo", "times": 2}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Order {
    #[serde(flatten)]
    pub trouble: Trouble,
    /// Whose requests; any bot's where there is none.
    #[serde(default)]
    pub token: Option<String>,
    /// How many requests.
    #[serde(default = "once")]
    pub times: u32,
}

/// One kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Trouble {
    /// -1, system busy.
    Busy,
    /// The usual answer, but late.
    Slow { seconds: u32 },
    /// The connection breaks and nothing was posted.
    ResetBefore,
    /// The connection breaks although the message is in the group.
    ResetAfter,
    /// An HTML page.
    Garbage,
    /// The object that an address gets after too many calls.
    AddressBlock,
    /// 130101, whatever the window says.
    Limited,
    /// 400013
    Disbanded,
    /// 400102
    Disabled,
    /// A bare HTTP status.
    Http { status: u16 },
}

fn once() -> u32 {
    1
}

impl Order {
    /// For the next `times` requests of any bot.
    pub fn next(times: u32, trouble: Trouble) -> Order {
        Order {
            trouble,
            token: None,
            times,
        }
    }

    pub(super) fn concerns(&self, token: &str) -> bool {
        self.times > 0 && self.token.as_deref().is_none_or(|wanted| wanted == token)
    }
}
