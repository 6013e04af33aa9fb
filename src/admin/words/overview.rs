//! The overview.

pub struct Overview {
    pub came_in: &'static str,
    pub went_out: &'static str,
    pub squares: &'static str,
    pub no_sources: &'static str,
    pub no_groups: &'static str,
    pub nothing_waits: &'static str,
    /// How many wait, and the oldest for how long.
    pub waits: fn(u32, &str) -> String,
}

pub const EN: Overview = Overview {
    came_in: "Came in, per source",
    went_out: "Went out, per group",
    squares: "squares = posts that count against a bot’s minute",
    no_sources: "The config has no source yet.",
    no_groups: "The config has no group yet.",
    nothing_waits: "Nothing waits",
    waits: |count, age| format!("{count} waiting, the oldest for {age}"),
};

pub const ZH: Overview = Overview {
    came_in: "各来源接收",
    went_out: "各群发出",
    squares: "方格＝计入机器人本分钟的发送数",
    no_sources: "配置中还没有来源。",
    no_groups: "配置中还没有群。",
    nothing_waits: "没有等待",
    waits: |count, age| format!("等待 {count} 条，最早的已等 {age}"),
};
