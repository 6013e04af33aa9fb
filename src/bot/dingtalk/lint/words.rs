//! The linter's rules in words, for people who write templates.

use super::Rule;
use crate::core::lint::Fault;
use crate::core::template::Language;

/// A rule in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is the matter.
    pub what: String,
    /// What to write instead.
    pub advice: String,
}

fn told(what: impl Into<String>, advice: impl Into<String>) -> Told {
    Told {
        what: what.into(),
        advice: advice.into(),
    }
}

impl Rule {
    pub fn told(&self, language: Language) -> Told {
        match language {
            Language::En => self.in_english(),
            Language::Zh => self.in_chinese(),
        }
    }

    fn in_english(&self) -> Told {
        match self {
            Rule::Table => told("A table row. Phones show the bars as text.", "Use a list."),
            Rule::CodeFence => told(
                "A code fence. Phones show its marks as text, and computers draw it in part.",
                "Use a quote, `>`.",
            ),
            Rule::InlineCode => told(
                "Inline code. It is drawn on computers only; phones show the backticks.",
                "Write **bold**.",
            ),
            Rule::Strikethrough => {
                told("Strike-through. It is shown as typed.", "Say it in a word.")
            }
            Rule::TaskList => told("A task list. It is shown as typed.", "Use ✅ and ☐."),
            Rule::Font => told(
                "A <font>. Some clients drop its colour.",
                "Say it in words or with an emoji too.",
            ),
            Rule::Html(tag) => told(
                format!("The HTML tag <{tag}>. It is shown as typed."),
                "Use Markdown; a blank line breaks a paragraph.",
            ),
            Rule::EmojiCode(code) => told(
                format!("The emoji code {code}. It is shown as typed."),
                "Write the emoji itself.",
            ),
            Rule::SoftBreak(line) => told(
                format!(
                    "A single line feed after “{line}”. The next line is drawn right behind it."
                ),
                "Put a blank line between, or two blanks at its end.",
            ),
            Rule::Size(bytes) => told(
                format!("{bytes} bytes. DingTalk takes 20,000, so the end is cut."),
                "Tell less: `cut` and `excerpt` shorten texts, `take` shortens lists.",
            ),
            Rule::Title => told(
                "The title is empty. It is all that a notification shows.",
                "Say in one line who did what.",
            ),
            Rule::PrivatePicture(host) => told(
                format!(
                    "A picture from {host}. DingTalk fetches pictures, and cannot reach that host."
                ),
                "Put it where everybody can fetch it, or leave it out.",
            ),
            Rule::Link(url) => told(
                format!("A link to “{url}”, which leads nowhere."),
                "Links begin with https://, http:// or dingtalk://.",
            ),
            Rule::Mention(names) => told(
                format!(
                    "{} is called and not in the text, so DingTalk does not show the call.",
                    names.join(", ")
                ),
                "Write less before it, so that it is not cut off.",
            ),
            Rule::Left { fault, mark, line } => match fault {
                Fault::StandsForNothing => told(
                    format!("“{mark}” in “{line}”. A value is missing."),
                    "Put {{#if …}} around it.",
                ),
                Fault::LeftOver => told(
                    format!("“{mark}” in “{line}”. A value between two signs is missing."),
                    "Put {{#if …}} around the value together with its signs.",
                ),
                Fault::Missing => told(
                    format!("“{mark}” stands at the edge of “{line}”. A value is missing."),
                    "Put {{#if …}} around the value together with its signs.",
                ),
                Fault::MixedPunctuation => told(
                    format!("“{mark}” in “{line}” mixes punctuation."),
                    "Keep to that of one language.",
                ),
            },
            Rule::Empty(mark) => told(
                format!("“{mark}”: Markdown around nothing."),
                "Put {{#if …}} around it.",
            ),
            Rule::Gap(line) => told(
                format!("Two blanks within “{line}”. A value is missing between them."),
                "Put {{#if …}} around it.",
            ),
        }
    }

    fn in_chinese(&self) -> Told {
        match self {
            Rule::Table => told("表格行：手机上竖线会原样显示。", "请改用列表。"),
            Rule::CodeFence => told(
                "代码块：手机上标记会原样显示，电脑上也只能部分绘制。",
                "请改用引用 `>`。",
            ),
            Rule::InlineCode => told(
                "行内代码：只有电脑端会绘制，手机上会显示反引号。",
                "请改用 **粗体**。",
            ),
            Rule::Strikethrough => told("删除线：会原样显示。", "请用文字说明。"),
            Rule::TaskList => told("任务列表：会原样显示。", "请改用 ✅ 和 ☐。"),
            Rule::Font => told(
                "<font> 标签：部分客户端不显示颜色。",
                "请同时用文字或表情表达。",
            ),
            Rule::Html(tag) => told(
                format!("HTML 标签 <{tag}>：会原样显示。"),
                "请用 Markdown；空行会另起一段。",
            ),
            Rule::EmojiCode(code) => told(
                format!("表情代码 {code}：会原样显示。"),
                "请直接写表情符号。",
            ),
            Rule::SoftBreak(line) => told(
                format!("“{line}”后面只有一个换行：下一行会接在它后面显示。"),
                "请在两行之间加空行，或在行尾加两个空格。",
            ),
            Rule::Size(bytes) => told(
                format!("{bytes} 字节：钉钉最多接受 20,000 字节，末尾会被截断。"),
                "请精简内容：`cut` 和 `excerpt` 可缩短文字，`take` 可缩短列表。",
            ),
            Rule::Title => told("标题为空：通知里只显示标题。", "请用一行说明谁做了什么。"),
            Rule::PrivatePicture(host) => told(
                format!("图片来自 {host}：图片由钉钉抓取，钉钉无法访问该主机。"),
                "请放到公网可访问的地方，或者去掉图片。",
            ),
            Rule::Link(url) => told(
                format!("链接“{url}”无法打开。"),
                "链接应以 https://、http:// 或 dingtalk:// 开头。",
            ),
            Rule::Mention(names) => told(
                format!(
                    "提到了 {}，但正文里没有，钉钉不会显示提醒。",
                    names.join("、")
                ),
                "请缩短前面的内容，避免被截断。",
            ),
            Rule::Left { fault, mark, line } => match fault {
                Fault::StandsForNothing => told(
                    format!("“{line}”中的“{mark}”：缺少一个值。"),
                    "请用 {{#if …}} 包住它。",
                ),
                Fault::LeftOver => told(
                    format!("“{line}”中的“{mark}”：两个符号之间缺少一个值。"),
                    "请用 {{#if …}} 把值和符号一起包住。",
                ),
                Fault::Missing => told(
                    format!("“{line}”的首尾是“{mark}”：缺少一个值。"),
                    "请用 {{#if …}} 把值和符号一起包住。",
                ),
                Fault::MixedPunctuation => told(
                    format!("“{line}”中的“{mark}”混用了标点。"),
                    "请只用一种语言的标点。",
                ),
            },
            Rule::Empty(mark) => told(
                format!("“{mark}”：Markdown 标记里没有内容。"),
                "请用 {{#if …}} 包住它。",
            ),
            Rule::Gap(line) => told(
                format!("“{line}”中有两个连续空格：中间缺少一个值。"),
                "请用 {{#if …}} 包住它。",
            ),
        }
    }
}
