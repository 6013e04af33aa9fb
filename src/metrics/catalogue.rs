//! Every metric: its name, what it means, and its labels. `docs/metrics.md` is made of this, and the dashboard and the
//! alert rules may name nothing else.
//!
//! Labels are names of the config or words of ours, so that their number is bounded by the config; what a stranger sends
//! never becomes one.

/// A metric.
#[derive(Debug, PartialEq)]
pub struct Instrument {
    /// Without the prefix `hookbell_`, and without what Prometheus adds to names of its kind.
    pub name: &'static str,
    pub kind: Kind,
    /// A sentence without its full stop.
    pub help: &'static str,
    pub labels: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Of seconds, with these upper bounds.
    Histogram(&'static [f64]),
}

impl Instrument {
    /// As it is queried: `hookbell_deliveries_accepted_total`.
    pub fn full_name(&self) -> String {
        let end = match self.kind {
            Kind::Counter => "_total",
            Kind::Gauge | Kind::Histogram(_) => "",
        };
        format!("hookbell_{}{end}", self.name)
    }
}

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Instrument {
    Instrument {
        name,
        kind: Kind::Counter,
        help,
        labels,
    }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Instrument {
    Instrument {
        name,
        kind: Kind::Gauge,
        help,
        labels,
    }
}

const ACCEPT_BOUNDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];
const ANSWER_BOUNDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const TOLD_BOUNDS: [f64; 13] = [
    0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 28800.0,
];

pub const ACCEPTED: Instrument = counter(
    "deliveries_accepted",
    &["source"],
    "Webhooks that some group is to hear of, and that are on disk",
);
pub const DUPLICATES: Instrument = counter(
    "deliveries_duplicate",
    &["source"],
    "Webhooks that were seen before",
);
pub const IGNORED: Instrument = counter(
    "deliveries_ignored",
    &["source"],
    "Webhooks that were kept and that no group hears of",
);
pub const REFUSED: Instrument = counter(
    "deliveries_refused",
    &["source", "reason"],
    "Webhooks that were not taken in. The source is empty where there is none of that name",
);
pub const ACCEPT_SECONDS: Instrument = Instrument {
    name: "accept_seconds",
    kind: Kind::Histogram(&ACCEPT_BOUNDS),
    help: "From a webhook's first byte to its answer",
    labels: &["source"],
};
pub const ATTEMPTS: Instrument = counter(
    "attempts",
    &["group", "bot", "outcome"],
    "Posts to DingTalk by what became of the message: posted, again later (retry), put off to another bot or time (put_off), once more in plain form (plain), or dead",
);
pub const MESSAGES: Instrument = counter(
    "messages_posted",
    &["group", "shape"],
    "Messages in the group: of one event (single), a digest or a story",
);
pub const TOLD_SECONDS: Instrument = Instrument {
    name: "told_seconds",
    kind: Kind::Histogram(&TOLD_BOUNDS),
    help: "From the acceptance of a message's oldest event until DingTalk has the message; from its first attempt where another relay, or this one before a restart, had made it",
    labels: &["group"],
};
pub const ANSWER_SECONDS: Instrument = Instrument {
    name: "answer_seconds",
    kind: Kind::Histogram(&ANSWER_BOUNDS),
    help: "How long DingTalk took to answer a post",
    labels: &["group"],
};
pub const RESTS: Instrument = counter(
    "bot_rests",
    &["group", "bot", "kind"],
    "How often a bot was made to rest (rest), or was set aside until somebody mends it (aside)",
);
pub const WORKER_DEATHS: Instrument = counter(
    "worker_deaths",
    &["group"],
    "How often a group's worker died of a fault and was replaced",
);
pub const STORE_FAILURES: Instrument = counter(
    "store_failures",
    &["part"],
    "How often the store did not do what it was asked to, by who asked: ingest, delivery, upkeep",
);
pub const QUEUE: Instrument = gauge(
    "queue_events",
    &["group"],
    "Events that a group has still to be told",
);
pub const QUEUE_AGE: Instrument = gauge(
    "queue_age_seconds",
    &["group"],
    "How long the oldest of these waits",
);
pub const DEAD: Instrument = gauge(
    "dead_letters",
    &["group"],
    "Events that could not be told and wait for a person",
);
pub const WINDOW_USED: Instrument = gauge(
    "bot_window_used",
    &["group", "bot"],
    "Posts that count against the bot's minute",
);
pub const WINDOW_LIMIT: Instrument = gauge(
    "bot_window_limit",
    &["group", "bot"],
    "Posts that the bot may make in a minute",
);
pub const RESTING: Instrument = gauge(
    "bot_resting",
    &["group", "bot"],
    "1 while the bot rests, for whatever reason",
);
pub const ASIDE: Instrument = gauge(
    "bot_aside",
    &["group", "bot"],
    "1 while the bot is set aside and waits for somebody to mend it",
);
pub const BUDGET_USED: Instrument = gauge("budget_used", &["organization"], "Posts of this month");
pub const BUDGET_LIMIT: Instrument = gauge(
    "budget_limit",
    &["organization"],
    "Posts that the month has, where the config says so",
);
pub const RELOADS: Instrument = counter(
    "reloads",
    &["outcome"],
    "Tries to put a changed config in force: applied or refused",
);
pub const RELOAD_OK: Instrument = gauge(
    "last_reload_successful",
    &[],
    "0 while the config on disk is bad and the one before it is in force",
);
pub const CONFIG_SINCE: Instrument = gauge(
    "config_in_force_timestamp_seconds",
    &[],
    "When the config in force came into force: the last good reload, or the start",
);
pub const CONFIG_REVISION: Instrument = gauge(
    "config_revision",
    &[],
    "Counts the configs in force since the start, from 1",
);
pub const LOOP_SILENT: Instrument = gauge(
    "loop_silent_seconds",
    &["loop", "group"],
    "How long ago one of the loops that must go on said so; -1 while it is dead",
);
pub const SPANS_LOST: Instrument = counter(
    "spans_lost",
    &[],
    "Parts of traces that could not be exported",
);
pub const STORE_READABLE: Instrument = gauge(
    "store_readable",
    &[],
    "0 where the store could not be read for this scrape, and what lives in it is missing",
);
pub const STORE_BYTES: Instrument = gauge(
    "store_bytes",
    &[],
    "What the store takes, without room that deliveries have left",
);
pub const BUILD: Instrument = gauge("build_info", &["version"], "Always 1");

/// All of them, in the order in which they are documented.
pub const ALL: [&Instrument; 30] = [
    &ACCEPTED,
    &DUPLICATES,
    &IGNORED,
    &REFUSED,
    &ACCEPT_SECONDS,
    &QUEUE,
    &QUEUE_AGE,
    &ATTEMPTS,
    &MESSAGES,
    &TOLD_SECONDS,
    &ANSWER_SECONDS,
    &DEAD,
    &WINDOW_USED,
    &WINDOW_LIMIT,
    &RESTS,
    &RESTING,
    &ASIDE,
    &BUDGET_USED,
    &BUDGET_LIMIT,
    &RELOADS,
    &RELOAD_OK,
    &CONFIG_SINCE,
    &CONFIG_REVISION,
    &WORKER_DEATHS,
    &LOOP_SILENT,
    &STORE_FAILURES,
    &STORE_READABLE,
    &STORE_BYTES,
    &SPANS_LOST,
    &BUILD,
];
