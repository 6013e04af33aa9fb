//! The overview.

pub struct Overview {
    /// Of so many things that need a person.
    pub title: fn(usize) -> String,
    /// Up to this time.
    pub last_day: fn(&str) -> String,
    pub accepted: &'static str,
    pub posted: &'static str,
    pub waiting: &'static str,
    pub needs: &'static str,
    pub open_group: &'static str,
    pub came_in: &'static str,
    pub bars: &'static str,
    pub went_out: &'static str,
    pub squares: &'static str,
    pub now: &'static str,
    /// Of a source: its name, how many in a day, and at most in half an hour.
    pub arrivals: fn(&str, &str, &str) -> String,
    /// The same of a group.
    pub posts: fn(&str, &str, &str) -> String,
    pub no_sources: &'static str,
    pub no_groups: &'static str,
    pub outbox: &'static str,
    pub outbox_is_empty: &'static str,
    pub how_many_wait: fn(&str) -> String,
    pub group: &'static str,
    pub oldest: &'static str,
    pub next: &'static str,
    pub next_is_mute: &'static str,
    pub next_is_quiet: fn(&str) -> String,
    pub next_is_full: fn(&str) -> String,
    pub next_is_now: &'static str,
    pub budget_of: fn(&str) -> String,
    /// Used, of how many, percent.
    pub budget_used: fn(&str, &str, u64) -> String,
    /// Expected, percent.
    pub at_this_pace: fn(&str, u64) -> String,
    pub ends_on: fn(&str) -> String,
    pub is_spent: fn(&str) -> String,
    pub warned: fn(u8) -> String,
    pub nothing_yet: &'static str,
    pub point_at: &'static str,
    pub send_one: &'static str,
    pub needs_words: Needs,
}

/// What needs a person: each a sentence, and what to do.
pub struct Needs {
    pub mute: fn(&str) -> String,
    pub mute_waits: fn(u32) -> String,
    pub mute_fallback: fn(&str) -> String,
    pub spent: fn(&str) -> String,
    pub spent_until: fn(&str, &str) -> String,
    /// Since when the config is in force.
    pub refused_config: fn(&str) -> String,
    /// When it was refused, and how many problems it has.
    pub refused_at: fn(&str, usize) -> String,
    pub needs_restart: fn(&str) -> String,
    pub needs_restart_for: fn(&str) -> String,
    pub dead: fn(u32) -> String,
    /// Groups, and for how long the oldest waits.
    pub dead_for: fn(&str, &str) -> String,
    pub aside: fn(&str, &str) -> String,
    pub others_go_on: &'static str,
    pub orphans: fn(u32, &str) -> String,
    pub orphans_do: &'static str,
    pub low: fn(&str, &str) -> String,
    /// Used, of how many.
    pub low_do: fn(&str, &str) -> String,
}

pub const EN: Overview = Overview {
    title: |count| match count {
        0 => "Nothing needs you".to_owned(),
        1 => "One thing needs you; everything else runs".to_owned(),
        count => format!("{count} things need you; everything else runs"),
    },
    last_day: |time| format!("Last 24 hours to {time}"),
    accepted: "Accepted",
    posted: "Posted",
    waiting: "Waiting",
    needs: "Needs a person",
    open_group: "Open the group",
    came_in: "Came in, per source",
    bars: "bar = 30 min",
    went_out: "Went out, per group",
    squares: "squares = posts that count against a bot’s minute",
    now: "now",
    arrivals: |source, sum, most| {
        format!("{source}: {sum} in 24 hours, at most {most} in 30 minutes")
    },
    posts: |group, sum, most| {
        format!("{group}: {sum} posted in 24 hours, at most {most} in 30 minutes")
    },
    no_sources: "The config has no source yet.",
    no_groups: "The config has no group yet.",
    outbox: "Outbox",
    outbox_is_empty: "Nothing waits.",
    how_many_wait: |count| format!("{count} wait"),
    group: "Group",
    oldest: "Oldest",
    next: "What happens next",
    next_is_mute: "Nothing, until one of its bots works again",
    next_is_quiet: |time| format!("Urgent ones go out; the others after the quiet time, at {time}"),
    next_is_full: |time| format!("Goes on at {time}, when the minute of a bot has room"),
    next_is_now: "Being posted",
    budget_of: |organization| format!("This month’s budget of {organization}"),
    budget_used: |used, monthly, percent| format!("{used} of {monthly} posts · {percent} %"),
    at_this_pace: |expected, percent| {
        format!("At this pace {expected} by the end of the month, {percent} %.")
    },
    ends_on: |date| format!("The last one is used on {date}."),
    is_spent: |date| format!("All are used: nothing is posted before {date}."),
    warned: |percent| {
        format!("Since {percent} % was passed, what is not urgent is told in digests.")
    },
    nothing_yet: "No delivery has come in yet.",
    point_at: "Point a webhook at this address:",
    send_one: "Or send an event from here, with your secret in place of SECRET:",
    needs_words: Needs {
        mute: |group| format!("No bot of {group} works"),
        mute_waits: |count| match count {
            0 => "Nothing waits yet.".to_owned(),
            1 => "One event waits.".to_owned(),
            count => format!("{count} events wait."),
        },
        mute_fallback: |group| format!("What it should hear goes to {group} meanwhile."),
        spent: |organization| format!("The posts of {organization} for this month are used up"),
        spent_until: |monthly, date| {
            format!(
                "All {monthly} are used, and nothing is posted before {date}. If the plan at DingTalk has more, raise monthly in the config."
            )
        },
        refused_config: |since| {
            format!("An edit of the config was refused; the one of {since} keeps running")
        },
        refused_at: |time, count| match count {
            1 => format!("At {time} it had one problem. Mend it, and it is read again."),
            count => format!(
                "At {time} it had {count} problems; hookbell check tells all. Mend them, and it is read again."
            ),
        },
        needs_restart: |time| format!("The config of {time} is not in force as a whole"),
        needs_restart_for: |keys| format!("Start Hookbell anew to change {keys}."),
        dead: |count| match count {
            1 => "One dead letter waits".to_owned(),
            count => format!("{count} dead letters wait"),
        },
        dead_for: |groups, age| {
            format!(
                "For {groups}; the oldest for {age}. See what each died of, then retry or discard it."
            )
        },
        aside: |group, bot| format!("Bot {bot} in {group} is set aside"),
        others_go_on: "The group goes on through its other bots.",
        orphans: |count, group| match count {
            1 => format!("One event waits for {group}, which the config does not have"),
            count => format!("{count} events wait for {group}, which the config does not have"),
        },
        orphans_do: "Nobody will ever post them. Put the group back into the config.",
        low: |organization, date| format!("The posts of {organization} end on {date}"),
        low_do: |used, monthly| {
            format!(
                "{used} of {monthly} are used, and at this pace they do not last. Let routes want less, or raise monthly in the config if the plan has more."
            )
        },
    },
};

pub const ZH: Overview = Overview {
    title: |count| match count {
        0 => "没有需要您处理的事".to_owned(),
        count => format!("有 {count} 件事需要您处理，其余正常"),
    },
    last_day: |time| format!("最近 24 小时，截至 {time}"),
    accepted: "已接收",
    posted: "已发出",
    waiting: "等待中",
    needs: "需要处理",
    open_group: "打开群",
    came_in: "各来源接收",
    bars: "每格 30 分钟",
    went_out: "各群发出",
    squares: "方格＝计入机器人本分钟的发送数",
    now: "现在",
    arrivals: |source, sum, most| format!("{source}：24 小时内 {sum} 条，半小时最多 {most} 条"),
    posts: |group, sum, most| format!("{group}：24 小时内发出 {sum} 条，半小时最多 {most} 条"),
    no_sources: "配置中还没有来源。",
    no_groups: "配置中还没有群。",
    outbox: "待发",
    outbox_is_empty: "没有等待的消息。",
    how_many_wait: |count| format!("{count} 条等待"),
    group: "群",
    oldest: "最早",
    next: "接下来",
    next_is_mute: "等机器人恢复后再发",
    next_is_quiet: |time| format!("紧急消息照发，其余在 {time} 安静时间结束后发出"),
    next_is_full: |time| format!("{time} 机器人本分钟有余量后继续"),
    next_is_now: "正在发送",
    budget_of: |organization| format!("{organization} 本月额度"),
    budget_used: |used, monthly, percent| format!("已用 {used} / {monthly} 条 · {percent}%"),
    at_this_pace: |expected, percent| format!("按此速度，月底将达 {expected} 条（{percent}%）。"),
    ends_on: |date| format!("将在 {date} 用完。"),
    is_spent: |date| format!("已全部用完，{date} 之前不再发送。"),
    warned: |percent| format!("已超过 {percent}%，非紧急消息改为摘要发送。"),
    nothing_yet: "还没有收到任何投递。",
    point_at: "把 webhook 指向这个地址：",
    send_one: "或者从这里发送一个事件，把 SECRET 换成您的密钥：",
    needs_words: Needs {
        mute: |group| format!("{group} 群没有可用的机器人"),
        mute_waits: |count| format!("有 {count} 条消息在等待。"),
        mute_fallback: |group| format!("本应发到该群的消息暂时发往 {group}。"),
        spent: |organization| format!("{organization} 本月的发送额度已用完"),
        spent_until: |monthly, date| {
            format!(
                "{monthly} 条已全部用完，{date} 之前不再发送。如果钉钉套餐更高，请在配置中调大 monthly。"
            )
        },
        refused_config: |since| format!("配置修改有误，仍使用 {since} 的配置"),
        refused_at: |time, count| {
            format!(
                "{time} 读取时有 {count} 个问题，hookbell check 可列出全部。改正后会自动重新读取。"
            )
        },
        needs_restart: |time| format!("{time} 的配置未全部生效"),
        needs_restart_for: |keys| format!("要修改 {keys}，请重新启动 Hookbell。"),
        dead: |count| format!("{count} 条死信等待处理"),
        dead_for: |groups, age| {
            format!("涉及 {groups}，最早的已等 {age}。请查看原因，然后重试或放弃。")
        },
        aside: |group, bot| format!("{group} 群的机器人 {bot} 已停用"),
        others_go_on: "该群的其他机器人继续发送。",
        orphans: |count, group| format!("{count} 条消息在等待 {group} 群，但配置中没有这个群"),
        orphans_do: "这些消息不会被发出。请把该群加回配置。",
        low: |organization, date| format!("{organization} 的发送额度将在 {date} 用完"),
        low_do: |used, monthly| {
            format!(
                "已用 {used} / {monthly} 条，按此速度不够用。请收窄路由；如果套餐更高，请在配置中调大 monthly。"
            )
        },
    },
};
