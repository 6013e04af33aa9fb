//! What the page says, in both languages.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

use crate::core::template::Language;
use crate::sandbox::rules;

/// The page's own words; messages are shown as they came.
pub(super) struct Words {
    /// For the `lang` attribute.
    pub lang: &'static str,
    pub language: Language,
    pub other_lang: &'static str,
    pub other_name: &'static str,
    pub skip: &'static str,
    pub product: &'static str,
    pub groups: &'static str,
    pub groups_hint: &'static str,
    pub chat: &'static str,
    pub chat_hint: &'static str,
    pub live: &'static str,
    pub lost: &'static str,
    pub robot: &'static str,
    pub notification: &'static str,
    pub bytes: &'static str,
    pub repeats: &'static str,
    pub messages: &'static str,
    pub nothing_yet: &'static str,
    pub how_to_post: &'static str,
    pub any_token: &'static str,
    pub older: &'static str,
    pub bots: &'static str,
    pub this_minute: &'static str,
    pub closed_until: &'static str,
    pub signing: &'static str,
    pub signed: &'static str,
    pub unsigned: &'static str,
    pub keywords: &'static str,
    pub refused: &'static str,
    pub never: &'static str,
    pub latest: &'static str,
    pub post: &'static str,
    pub post_hint: &'static str,
    pub locked_hint: &'static str,
    pub not_found: &'static str,
}

const EN: Words = Words {
    lang: "en",
    language: Language::En,
    other_lang: "zh",
    other_name: "中文",
    skip: "Skip to the chat",
    product: "DingTalk sandbox",
    groups: "Groups",
    groups_hint: "Every group that a bot has been added to.",
    chat: "group chat",
    chat_hint: "As the group would see it. The grey line below a message and the notification above it are ours.",
    live: "New messages appear by themselves.",
    lost: "The connection is lost; reload the page to see what is new.",
    robot: "Bot",
    notification: "Notification",
    bytes: "bytes",
    repeats: "posted again with the same msgUuid",
    messages: "messages",
    nothing_yet: "Nothing posted yet",
    how_to_post: "Post to this address, as to DingTalk:",
    any_token: "Any token works and gets a group of its name.",
    older: "Older messages are in /sandbox/messages.",
    bots: "Bots",
    this_minute: "this minute",
    closed_until: "Sent too fast: closed until",
    signing: "Signing",
    signed: "required",
    unsigned: "not asked for",
    keywords: "Keywords",
    refused: "Refused",
    never: "never",
    latest: "last",
    post: "Post here",
    post_hint: "A message by hand:",
    locked_hint: "Posts must be signed or hold a keyword.",
    not_found: "There is no such group",
};

const ZH: Words = Words {
    lang: "zh-CN",
    language: Language::Zh,
    other_lang: "en",
    other_name: "English",
    skip: "跳到群聊",
    product: "钉钉沙箱",
    groups: "群",
    groups_hint: "所有添加了机器人的群。",
    chat: "群聊",
    chat_hint: "群里看到的样子。消息上方的通知和下方的灰字由沙箱添加。",
    live: "新消息会自动出现。",
    lost: "连接已断开，请刷新页面查看新消息。",
    robot: "机器人",
    notification: "通知",
    bytes: "字节",
    repeats: "次以相同的 msgUuid 重复发送",
    messages: "条消息",
    nothing_yet: "还没有消息",
    how_to_post: "像对钉钉一样，发送到这个地址：",
    any_token: "任何 token 都可用，并会得到一个同名的群。",
    older: "更早的消息见 /sandbox/messages。",
    bots: "机器人",
    this_minute: "本分钟",
    closed_until: "发送过快，暂停至",
    signing: "加签",
    signed: "必须",
    unsigned: "未启用",
    keywords: "关键词",
    refused: "拒绝",
    never: "没有",
    latest: "最近一次",
    post: "发到这里",
    post_hint: "手动发一条：",
    locked_hint: "消息需要加签或包含关键词。",
    not_found: "没有这个群",
};

impl Words {
    /// By `?lang=`, else by what the browser prefers.
    pub fn of(request: &HttpRequest) -> &'static Words {
        let wanted = chosen(request).or_else(|| {
            let header = request.headers().get(ACCEPT_LANGUAGE)?;
            Some(header.to_str().ok()?.trim_start().to_owned())
        });
        let chinese =
            wanted.is_some_and(|language| language.to_ascii_lowercase().starts_with("zh"));
        if chinese { &ZH } else { &EN }
    }
}

/// What links to other pages must carry so that a chosen language stays.
pub(super) fn suffix(request: &HttpRequest) -> &'static str {
    match chosen(request).as_deref() {
        Some("zh") => "?lang=zh",
        Some("en") => "?lang=en",
        _ => "",
    }
}

fn chosen(request: &HttpRequest) -> Option<String> {
    rules::parameter(request.query_string(), "lang")
}
