//! Troubles that can be ordered: what DingTalk does on a bad day.

use serde::Deserialize;

use super::rules::{self, Verdict};

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

/// One kind of trouble. Those that end in `Before` happen before the message is in the group, those in `After` although
/// it is there: then a repeat shows whether the client keeps its `msgUuid`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Trouble {
    /// The usual answer, but late. It is posted then, also when the client has not waited for it.
    Slow { seconds: u32 },
    /// No answer for as long as the client waits, and nothing was posted.
    HangBefore,
    /// No answer for as long as the client waits.
    HangAfter,
    /// The connection breaks and nothing was posted.
    ResetBefore,
    /// The connection breaks although the message is in the group.
    ResetAfter,
    /// A bare HTTP status, and nothing was posted.
    Http { status: u16 },
    /// A bare HTTP status although the message is in the group: a gateway that lost the answer.
    HttpAfter { status: u16 },
    /// An HTML page.
    Garbage,
    /// The object that an address gets after too many calls (call-frequency-limit).
    AddressBlock,
    /// -1, system busy.
    Busy,
    /// 130101, whatever the window says: the code that is seen.
    Limited,
    /// 410100: the documented code for the same.
    Throttled,
    /// 90020: the organisation's quota of the month is used up.
    Quota,
    /// 400013
    Disbanded,
    /// 400102: switched off by an administrator.
    Disabled,
    /// 400106: removed from the group.
    Removed,
    /// 300005: what a token gets that was deleted or never was.
    UnknownToken,
    /// 310000 in its newest wording, as if no keyword were in the message.
    Keyword,
    /// 310000 in its newest wording, as if the signature were wrong.
    Sign,
    /// 310000 in its newest wording, as if the signature were too old.
    Clock,
    /// 310000, as if the caller's address were not in the bot's list.
    Address,
    /// 430101 for messages with a link; others pass, and do not use the order up.
    UnsafeLink,
    /// 430102
    ImproperText,
    /// 430103 for messages with a picture; others pass, and do not use the order up.
    ImproperPicture,
    /// 430104
    ImproperContent,
    /// Any other code.
    Code {
        errcode: i64,
        #[serde(default)]
        errmsg: String,
    },
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

    /// The same for the requests of that bot only.
    pub fn of(self, token: &str) -> Order {
        Order {
            token: Some(token.to_owned()),
            ..self
        }
    }

    pub(super) fn concerns(&self, token: &str, body: &[u8]) -> bool {
        let here = self.token.as_deref().is_none_or(|wanted| wanted == token);
        self.times > 0
            && here
            && match self.trouble {
                Trouble::UnsafeLink => rules::has_link(body),
                Trouble::ImproperPicture => rules::has_picture(body),
                _ => true,
            }
    }
}

impl Trouble {
    /// What the bot says, where it says something. Wordings are those of custom-robots-send-group-messages or, where
    /// that page has none, as seen by other projects.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let (errcode, errmsg) = match self {
            Trouble::Slow { .. }
            | Trouble::HangBefore
            | Trouble::HangAfter
            | Trouble::ResetBefore
            | Trouble::ResetAfter
            | Trouble::Http { .. }
            | Trouble::HttpAfter { .. }
            | Trouble::Garbage
            | Trouble::AddressBlock => return None,
            Trouble::Busy => (-1, "系统繁忙"),
            Trouble::Limited => return Some(Verdict::too_fast()),
            Trouble::Throttled => (410100, "发送速度太快而限流"),
            Trouble::Quota => (90020, "monthly quota exceeded"),
            Trouble::Disbanded => (400013, "群已被解散"),
            Trouble::Disabled => (400102, "机器人已停用"),
            Trouble::Removed => (400106, "机器人不存在"),
            Trouble::UnknownToken => (300005, "token is not exist"),
            Trouble::Keyword => (
                310000,
                "错误描述:关键词不匹配;解决方案:请联系群管理员查看此机器人的关键词，并在发送的信息中包含此关键词;",
            ),
            Trouble::Sign => (
                310000,
                "错误描述:机器人发送签名不匹配;解决方案:请确认签名和生成签名的时间戳必须都放在调用的网址中，请确认机器人的密钥加密和填写正确;参考链接:https://open.dingtalk.com/document/;",
            ),
            Trouble::Clock => (
                310000,
                "错误描述:机器人发送签名过期;解决方案:签名生成时间和发送时间请保持在 timestampms 以内;参考链接:https://open.dingtalk.com/document/;",
            ),
            Trouble::Address => (310000, "ip 192.0.2.7 not in whitelist"),
            Trouble::UnsafeLink => (430101, "unsafe outer link"),
            Trouble::ImproperText => (430102, "improper text"),
            Trouble::ImproperPicture => (430103, "improper image"),
            Trouble::ImproperContent => (430104, "improper content"),
            Trouble::Code { errcode, errmsg } => (*errcode, errmsg.as_str()),
        };
        Some(Verdict::new(errcode, errmsg))
    }
}
