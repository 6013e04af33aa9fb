//! What the pages say, in both languages: one file for each page. A word that one language lacks does not compile.

mod bots;
mod dead;
mod deliveries;
mod delivery;
mod groups;
mod outcomes;
mod overview;
mod people;
mod playground;
mod routes;

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use jiff::SignedDuration;

use super::door::cookie;
use crate::core::template::Language;

pub use bots::Bots;
pub use dead::Dead;
pub use deliveries::Deliveries;
pub use delivery::Delivery;
pub use groups::Groups;
pub use outcomes::Outcomes;
pub use overview::Overview;
pub use people::People;
pub use playground::Playground;
pub use routes::Routes;

/// The cookie that keeps a language which a visitor has chosen.
pub const LANGUAGE_COOKIE: &str = "hookbell_language";

/// The pages' own words. Names, messages and what DingTalk says are shown as they came.
pub struct Words {
    pub language: Language,
    /// For the `lang` attribute.
    pub lang: &'static str,
    pub other_lang: &'static str,
    pub other_name: &'static str,
    pub skip: &'static str,
    pub pages: &'static str,
    pub menu: &'static str,
    /// Before how much waits, for those who do not see that it is a number of its own.
    pub waiting: &'static str,
    pub log_out: &'static str,
    pub config_of: fn(&str) -> String,
    /// How long ago something was.
    pub ago: fn(SignedDuration) -> String,
    /// A stretch of time.
    pub span: fn(SignedDuration) -> String,
    pub never: &'static str,
    pub problem: &'static str,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub to_overview: &'static str,
    pub unreadable: &'static str,
    pub refusals: Refusals,
    pub nav: Nav,
    pub bots: Bots,
    pub overview: Overview,
    pub groups: Groups,
    pub people: People,
    pub playground: Playground,
    pub routes: Routes,
    pub outcomes: Outcomes,
    pub deliveries: Deliveries,
    pub delivery: Delivery,
    pub dead: Dead,
}

/// Why somebody does not come in.
pub struct Refusals {
    pub title: &'static str,
    pub not_here: &'static str,
    pub logged_out: &'static str,
    pub wrong_token: &'static str,
    pub too_many: &'static str,
    pub other_site: &'static str,
    pub old_form: &'static str,
    pub too_large: &'static str,
}

/// The names of the pages.
pub struct Nav {
    pub overview: &'static str,
    pub groups: &'static str,
    pub routes: &'static str,
    pub people: &'static str,
    pub playground: &'static str,
}

const EN: Words = Words {
    language: Language::En,
    lang: "en",
    other_lang: "zh",
    other_name: "中文",
    skip: "Skip to content",
    pages: "Pages",
    menu: "Menu",
    waiting: "waiting:",
    log_out: "Log out",
    config_of: |time| format!("Config of {time}"),
    ago: |span| format!("{} ago", english(span)),
    span: english,
    never: "never",
    problem: "This did not work",
    not_found: "There is no such page",
    not_found_hint: "The address may have been cut off, or what it shows was cleaned up.",
    to_overview: "Go to the overview",
    unreadable: "This part cannot be read just now:",
    refusals: Refusals {
        title: "Not let in",
        not_here: "Without admin.token this page is for this machine alone. Open it as http://127.0.0.1 or http://localhost, \
                   or set admin.token in the config.",
        logged_out: "Log in first: send the admin token as “Authorization: Bearer …”.",
        wrong_token: "This token is not the one in the config.",
        too_many: "Too many wrong tokens came from here. Try again in a minute.",
        other_site: "Another site sent this; nothing was done. Use the buttons of these pages.",
        old_form: "This form is too old; nothing was done. Go back, reload the page and send it again.",
        too_large: "This is more than a form here may hold.",
    },
    nav: Nav {
        overview: "Overview",
        groups: "Groups",
        routes: "Routes",
        people: "People",
        playground: "Templates",
    },
    bots: bots::EN,
    overview: overview::EN,
    groups: groups::EN,
    people: people::EN,
    playground: playground::EN,
    routes: routes::EN,
    outcomes: outcomes::EN,
    deliveries: deliveries::EN,
    delivery: delivery::EN,
    dead: dead::EN,
};

const ZH: Words = Words {
    language: Language::Zh,
    lang: "zh-CN",
    other_lang: "en",
    other_name: "English",
    skip: "跳到正文",
    pages: "页面",
    menu: "菜单",
    waiting: "待处理：",
    log_out: "退出",
    config_of: |time| format!("配置 {time} 生效"),
    ago: |span| format!("{}前", chinese(span)),
    span: chinese,
    never: "从未",
    problem: "操作没有成功",
    not_found: "没有这个页面",
    not_found_hint: "地址可能不完整，或者内容已被清理。",
    to_overview: "回到概览",
    unreadable: "这部分暂时无法读取：",
    refusals: Refusals {
        title: "无法进入",
        not_here: "没有设置 admin.token 时，此页面只供本机使用。请用 http://127.0.0.1 或 http://localhost 打开，\
                   或在配置中设置 admin.token。",
        logged_out: "请先登录。",
        wrong_token: "令牌与配置中的不一致。",
        too_many: "从这里提交的错误令牌过多，请一分钟后再试。",
        other_site: "请求来自其他网站，未执行任何操作。请使用本页面的按钮。",
        old_form: "表单已过期，未执行任何操作。请返回并刷新页面后重新提交。",
        too_large: "内容超过了表单的上限。",
    },
    nav: Nav {
        overview: "概览",
        groups: "群",
        routes: "路由",
        people: "人员",
        playground: "模板",
    },
    bots: bots::ZH,
    overview: overview::ZH,
    groups: groups::ZH,
    people: people::ZH,
    playground: playground::ZH,
    routes: routes::ZH,
    outcomes: outcomes::ZH,
    deliveries: deliveries::ZH,
    delivery: delivery::ZH,
    dead: dead::ZH,
};

impl Words {
    /// What programs are told in.
    pub fn english() -> &'static Words {
        &EN
    }

    pub fn of_language(language: Language) -> &'static Words {
        match language {
            Language::En => &EN,
            Language::Zh => &ZH,
        }
    }

    /// By `?lang=`, else by the cookie, else by what the browser prefers.
    pub fn of(request: &HttpRequest) -> &'static Words {
        let asked = url::form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| name == "lang")
            .map(|(_, value)| value);
        let chosen = asked.or_else(|| cookie(request.headers(), LANGUAGE_COOKIE).map(Cow::Owned));
        let wanted = chosen.or_else(|| {
            let header = request.headers().get(ACCEPT_LANGUAGE)?.to_str().ok()?;
            Some(Cow::Borrowed(header.trim_start()))
        });
        let is_chinese = wanted.is_some_and(|word| word.to_ascii_lowercase().starts_with("zh"));
        match is_chinese {
            true => &ZH,
            false => &EN,
        }
    }
}

/// A number with separators between thousands.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn english(span: SignedDuration) -> String {
    let (count, unit) = largest(span);
    let unit = match unit {
        Unit::Seconds => "s",
        Unit::Minutes => "min",
        Unit::Hours => "h",
        Unit::Days => "days",
    };
    format!("{count} {unit}")
}

fn chinese(span: SignedDuration) -> String {
    let (count, unit) = largest(span);
    let unit = match unit {
        Unit::Seconds => "秒",
        Unit::Minutes => "分钟",
        Unit::Hours => "小时",
        Unit::Days => "天",
    };
    format!("{count} {unit}")
}

enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

/// In the largest unit of which there are two.
fn largest(span: SignedDuration) -> (i64, Unit) {
    let seconds = span.as_secs().max(0);
    match seconds {
        0..120 => (seconds, Unit::Seconds),
        120..7200 => (seconds / 60, Unit::Minutes),
        7200..172_800 => (seconds / 3600, Unit::Hours),
        _ => (seconds / 86_400, Unit::Days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        let cases = [
            (3, "3 s", "3 秒"),
            (119, "119 s", "119 秒"),
            (121, "2 min", "2 分钟"),
            (3 * 3600, "3 h", "3 小时"),
            (3 * 86_400, "3 days", "3 天"),
            (-5, "0 s", "0 秒"),
        ];
        for (seconds, in_english, in_chinese) in cases {
            let span = SignedDuration::from_secs(seconds);
            assert_eq!((EN.span)(span), in_english);
            assert_eq!((ZH.span)(span), in_chinese);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(7), "7");
        assert_eq!(number(1847), "1,847");
        assert_eq!(number(1_000_000), "1,000,000");
    }
}
