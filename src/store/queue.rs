//! The words in which the delivery part speaks with a group's queue. Plain values; the rules are told at
//! [`super::Store`].

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::record::{AttemptId, Leased, MessageId, OutboxId, Shape};

/// One running relay among those that share a store. New at every start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub Uuid);

impl WorkerId {
    pub fn generate() -> WorkerId {
        WorkerId(Uuid::new_v4())
    }
}

/// Asks for a group's queue, and for what is next in it.
#[derive(Debug, Clone)]
pub struct Ask {
    pub group: String,
    pub worker: WorkerId,
    /// Until when nobody else may work on the group.
    pub until: Timestamp,
    pub which: Which,
}

/// Which rows of a queue are asked for. Urgent ones always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those that are never folded: the others wait for a digest that is not due.
    Unfolded,
    /// None besides: the group has its quiet time.
    Urgent,
}

/// What is next in a group's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// Somebody else works on this group until then.
    Taken { until: Timestamp },
    /// A message that may be in the group already: the same words again, through the same bot.
    Begun(Begun),
    /// A row of which a message is to be made.
    Row(Box<HeadRow>),
    /// Everything that waits is held back until then, or longer.
    Later(Timestamp),
    /// Nothing waits of what was asked for.
    Empty,
}

/// The first row of a queue, and what is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRow {
    pub row: Leased,
    /// How many rows behind it are due and may be folded with it, counted up to [`HeadRow::MOST`].
    pub behind: u32,
    /// When the group's last message that was not urgent was begun.
    pub told_at: Option<Timestamp>,
}

impl HeadRow {
    /// Counting on would cost more with every row that waits.
    pub const MOST: u32 = 1000;
}

/// A message that was begun and neither posted nor given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub id: MessageId,
    pub shape: Shape,
    pub urgent: bool,
    /// The bot that may have posted it. Only the same one can post it again without the group seeing it twice, for
    /// services know a repeat by its key within one bot.
    pub bot: String,
    pub body: String,
    /// Whether the body is the plain form already.
    pub plain: bool,
    /// How often it was put off with [`Next::RetryAt`].
    pub failures: u32,
    /// When it was tried for the first time: its age for giving up.
    pub begun_at: Timestamp,
}

/// Which rows to add to a head row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Those of this thread, also such as are still held back.
    Thread(String),
    /// Those that are due, not urgent, and may be folded.
    Foldable,
}

/// An attempt about to be made.
#[derive(Debug, Clone)]
pub struct Start {
    pub what: What,
    /// The bot's id, the same for all that share one credential.
    pub bot: String,
    /// What will be posted.
    pub body: String,
    /// Posts that the bot may make in any minute; at least one.
    pub per_minute: u32,
    /// Upper bound for this one, from start to answer.
    pub timeout: Duration,
    pub budget: Budget,
}

/// What is about to be posted.
#[derive(Debug, Clone)]
pub enum What {
    /// A test message. It belongs to no row, and counts against the bot's limits all the same.
    Test,
    /// A message of these rows, for the first time.
    New {
        id: MessageId,
        group: String,
        worker: WorkerId,
        shape: Shape,
        urgent: bool,
        rows: Vec<OutboxId>,
    },
    /// A message that was begun, once more.
    Again {
        id: MessageId,
        group: String,
        worker: WorkerId,
    },
}

/// What an attempt is counted under, and how many there may be in its month. What is `None` is not limited.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Empty where the group belongs to none.
    pub organization: String,
    /// The day that it is counted on, and the first day of its month, by the calendar that the service bills by.
    pub day: Date,
    pub month: Date,
    pub of_organization: Option<u32>,
    pub of_bot: Option<u32>,
}

impl Budget {
    /// Counted on this day and not limited.
    pub fn unlimited(day: Date) -> Budget {
        Budget {
            organization: String::new(),
            day,
            month: day.first_of_month(),
            of_organization: None,
            of_bot: None,
        }
    }
}

/// Whether a bot may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Now, and it is counted. The group stays leased until the attempt's timeout.
    Granted(AttemptId),
    /// Not before `until`: its minute is full.
    Full { until: Timestamp },
    /// Not before `until`: it rests.
    Resting { until: Timestamp },
    /// The month's posts of the bot or its organisation are used up.
    Spent,
    /// The rows or the message no longer wait, or the group is in somebody else's hands.
    Gone,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The service's code, if it gave one.
    pub code: Option<String>,
    /// One plain sentence about it. Holds no secret.
    pub sentence: String,
    pub next: Next,
}

/// What is to become of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is in the group.
    Posted,
    /// Again, not before this time, and through the same bot. Counts as a failure, and holds up what is behind it.
    RetryAt(Timestamp),
    /// This attempt surely did not post it, and for no fault of its own. If none before may have, the message is
    /// dissolved: its rows wait again in their places, to be told as fits then.
    Release,
    /// Dissolved in any case: this bot cannot post anything until somebody mends it.
    Reassign,
    /// Again at once, in these words, which are the plain form of the first ones.
    Instead(String),
    /// Its rows wait for a person, for this reason.
    Dead(String),
}

/// A pause of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    pub until: Timestamp,
    /// How many rests in a row this is.
    pub level: u32,
    /// What is wrong with the bot, where it was set aside until somebody mends it; then it is tried after `until`.
    pub aside: Option<String>,
}

/// How busy a bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub bot: String,
    /// When the attempts that still count against its minute ended or will have ended, newest first. One stops to
    /// count [`super::WINDOW`] after its end.
    pub counted: Vec<Timestamp>,
    /// The last rest, also when it is over; `None` if it never had one since [`super::Store::reset_rest`].
    pub rest: Option<Rest>,
}

/// How many posts a bot made on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub day: Date,
    pub organization: String,
    pub bot: String,
    pub posts: u32,
}
