//! Bots, wherever they are shown.

pub struct Bots {
    /// What a screen reader says of a bot's squares: group, bot.
    pub meter: fn(&str, &str) -> String,
    pub this_minute: fn(u32, u32) -> String,
    pub full_until: fn(&str) -> String,
    pub rests_until: fn(&str) -> String,
    pub aside: &'static str,
}

pub const EN: Bots = Bots {
    meter: |group, bot| format!("{group}, bot {bot}: posts that count against its minute"),
    this_minute: |used, limit| format!("{used} of {limit} this minute"),
    full_until: |time| format!("full until {time}"),
    rests_until: |time| format!("rests until {time}"),
    aside: "set aside",
};

pub const ZH: Bots = Bots {
    meter: |group, bot| format!("{group} 群的机器人 {bot}：计入本分钟的发送数"),
    this_minute: |used, limit| format!("本分钟 {used} / {limit}"),
    full_until: |time| format!("已满，{time} 恢复"),
    rests_until: |time| format!("暂停至 {time}"),
    aside: "已停用",
};
