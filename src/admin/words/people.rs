//! People who are seen but not mapped.

pub struct People {
    pub title: fn(usize) -> String,
    pub all_known: &'static str,
    pub nothing_read: &'static str,
    pub read: fn(&str) -> String,
    pub read_more: fn(&str) -> String,
    pub vendor: &'static str,
    pub name: &'static str,
    pub seen: &'static str,
    pub line: &'static str,
    pub times: fn(u64) -> String,
    pub only_commits: &'static str,
    pub how: &'static str,
}

pub const EN: People = People {
    title: |count| match count {
        0 => "Everybody is known".to_owned(),
        1 => "One person is seen but not mapped".to_owned(),
        count => format!("{count} people are seen but not mapped"),
    },
    all_known: "The config knows everybody in them.",
    nothing_read: "There are no deliveries to look into yet.",
    read: |count| format!("Among the newest {count} deliveries."),
    read_more: |count| format!("Look through {count}"),
    vendor: "Vendor",
    name: "Name",
    seen: "Seen",
    line: "Line for the config",
    times: |count| match count {
        1 => "once".to_owned(),
        count => format!("{count} ×"),
    },
    only_commits: "only known from commits",
    how: "A line goes into the entry of that person, who can then be mentioned in DingTalk:",
};

pub const ZH: People = People {
    title: |count| match count {
        0 => "所有人都已配置".to_owned(),
        count => format!("有 {count} 人出现过但未配置"),
    },
    all_known: "其中的人都已在配置中。",
    nothing_read: "还没有可以查看的投递。",
    read: |count| format!("最新的 {count} 条投递中。"),
    read_more: |count| format!("查看 {count} 条"),
    vendor: "平台",
    name: "名字",
    seen: "出现",
    line: "写入配置的一行",
    times: |count| format!("{count} 次"),
    only_commits: "仅见于提交记录",
    how: "把这一行写到此人的条目里，之后就能在钉钉中提醒：",
};
