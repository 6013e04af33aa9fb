//! What comes of deliveries, wherever it is told.

use crate::store::search::Outcome;

pub struct Outcomes {
    pub waiting: &'static str,
    pub retrying: &'static str,
    pub posted: &'static str,
    pub digest: &'static str,
    pub dead: &'static str,
    pub discarded: &'static str,
    pub unrouted: &'static str,
    pub ignored: &'static str,
    pub due: fn(&str) -> String,
    pub next: fn(&str) -> String,
}

impl Outcomes {
    pub fn of(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Waiting => self.waiting,
            Outcome::Retrying => self.retrying,
            Outcome::Posted => self.posted,
            Outcome::Digest => self.digest,
            Outcome::Dead => self.dead,
            Outcome::Discarded => self.discarded,
            Outcome::Unrouted => self.unrouted,
            Outcome::Ignored => self.ignored,
        }
    }
}

pub const EN: Outcomes = Outcomes {
    waiting: "Waiting",
    retrying: "Retrying",
    posted: "Posted",
    digest: "In digest",
    dead: "Dead letter",
    discarded: "Discarded",
    unrouted: "Unrouted",
    ignored: "Ignored",
    due: |time| format!("until {time}"),
    next: |time| format!("again at {time}"),
};

pub const ZH: Outcomes = Outcomes {
    waiting: "等待中",
    retrying: "重试中",
    posted: "已发送",
    digest: "已并入汇总",
    dead: "死信",
    discarded: "已放弃",
    unrouted: "无匹配路由",
    ignored: "已忽略",
    due: |time| format!("至 {time}"),
    next: |time| format!("{time} 再试"),
};
