//! How an event counts among others: what it is about, how much it matters, and whether it says where a thing stands.

use crate::core::event::{Event, Mark};

/// How much a line matters; the smallest come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A failure, an alert, something that waits for a person.
    Alarm,
    /// Merged, released, deployed, repaired, closed.
    Done,
    /// Opened, reviewed.
    Open,
    Comment,
    /// A build that nobody needs to look at.
    Build,
    Push,
    Rest,
}

pub fn rank(event: &Event) -> Rank {
    let is_build = event.pipeline.is_some() || event.job.is_some();
    let trend = event.pipeline.as_ref().and_then(|run| run.trend.as_deref());
    match event.mark {
        Mark::Failed | Mark::Attention | Mark::Security => Rank::Alarm,
        Mark::Passed if trend == Some("fixed") => Rank::Done,
        Mark::Waiting if event.status.as_deref() == Some("waiting") => Rank::Alarm,
        Mark::Merged | Mark::Package | Mark::Deployment => Rank::Done,
        Mark::Passed | Mark::Canceled | Mark::Waiting if is_build => Rank::Build,
        Mark::Passed if event.review.is_some() => Rank::Open,
        Mark::Passed => Rank::Done,
        Mark::ChangeRequest | Mark::Issue | Mark::Canceled | Mark::Waiting => Rank::Open,
        Mark::Comment => Rank::Comment,
        Mark::Push | Mark::Branch | Mark::Tag => Rank::Push,
        Mark::People | Mark::None => Rank::Rest,
    }
}

/// Actions that say where a pull request, an issue or a branch stands.
const STATES: [&str; 12] = [
    "opened",
    "open",
    "created",
    "reopened",
    "reopen",
    "closed",
    "close",
    "deleted",
    "ready_for_review",
    "transitioned",
    "resolved",
    "moved",
];

/// Whether the event says where its thing stands, so that a comment or a label after it does not replace it.
pub fn is_state(event: &Event) -> bool {
    if event.comment.is_some() {
        return false;
    }
    match event.mark {
        Mark::Comment | Mark::Push | Mark::People | Mark::None => false,
        Mark::ChangeRequest | Mark::Issue | Mark::Branch | Mark::Tag => {
            STATES.contains(&event.action.as_str())
        }
        _ => true,
    }
}

/// The key under which a digest gathers events into one line. Builds go by what is built, so that the newest run of
/// a branch stands for those before it. `None` for events that nothing else is about.
pub fn thing(event: &Event) -> Option<String> {
    if event.pipeline.is_some() || event.job.is_some() {
        let pipeline = event.pipeline.as_ref();
        let request = pipeline.and_then(|pipeline| pipeline.change_request.as_deref());
        let built = request.or(event.tag.as_deref()).or(event.branch.as_deref());
        if let Some(built) = built {
            let name = pipeline.and_then(|pipeline| pipeline.name.as_deref());
            let job = event.job.as_ref().map(|job| job.name.as_str());
            let of = [Some(built), name, job].map(Option::unwrap_or_default);
            return Some(format!("build {} {}", event.event, of.join("\u{1f}")));
        }
    }
    event.object.clone().or_else(|| {
        let url = event.url.as_ref()?;
        Some(format!("{} {url}", event.event))
    })
}

/// Whether both tell of the same deed, so that its doers can be named together.
pub fn same_deed(one: &Event, other: &Event) -> bool {
    let state = |event: &Event| event.review.as_ref().map(|review| review.state.clone());
    one.event == other.event
        && one.action == other.action
        && one.status == other.status
        && state(one) == state(other)
        && one.changes.is_empty()
        && other.changes.is_empty()
}
