//! What needs a person, in words: what it is, what to do, and where.

use jiff::Timestamp;

use crate::admin::frame::short_time;
use crate::admin::words::{Words, number};
use crate::operate::needs::{ConfigProblem, Need};

/// Problems of a config that are shown; `hookbell check` tells all.
const LINES: usize = 3;

pub struct Act {
    /// A class for its colour, and the mark that goes with it.
    pub class: &'static str,
    pub mark: &'static str,
    pub title: String,
    /// What is wrong, in the words that were stored (English).
    pub reason: Option<String>,
    pub what: String,
    /// What is wrong with a config: where, and what to write instead.
    pub lines: Vec<(String, String)>,
    /// Where it is mended, from the overview, and what the button there says.
    pub button: Option<(String, &'static str)>,
}

impl Act {
    pub fn of(need: &Need, words: &Words, now: Timestamp) -> Act {
        let of = &words.overview.needs_words;
        let open = |group: &str| Some((format!("groups/{group}"), words.overview.open_group));
        match need {
            Need::MuteGroup {
                group,
                reason,
                waiting,
                fallback,
            } => Act {
                reason: Some(reason.clone()),
                button: open(group),
                ..grave(
                    (of.mute)(group),
                    match fallback {
                        Some(fallback) => (of.mute_fallback)(fallback),
                        None => (of.mute_waits)(*waiting),
                    },
                )
            },
            Need::SpentBudget {
                organization,
                monthly,
                renewed_at,
            } => grave(
                (of.spent)(organization),
                (of.spent_until)(&number((*monthly).into()), &short_time(*renewed_at)),
            ),
            Need::RefusedConfig {
                at,
                running_since,
                problems,
            } => {
                let line = |problem: &ConfigProblem| {
                    let text = format!("{}; {}", problem.what, problem.remedy);
                    (problem.place.clone(), text)
                };
                Act {
                    lines: problems.iter().take(LINES).map(line).collect(),
                    ..serious(
                        (of.refused_config)(&short_time(*running_since)),
                        (of.refused_at)(&short_time(*at), problems.len()),
                    )
                }
            }
            Need::NeedsRestart { at, keys } => serious(
                (of.needs_restart)(&short_time(*at)),
                (of.needs_restart_for)(&keys.join(", ")),
            ),
            Need::DeadLetters {
                count,
                groups,
                since,
            } => Act {
                button: Some(("dead".to_owned(), words.dead.look)),
                ..serious(
                    (of.dead)(*count),
                    (of.dead_for)(
                        &groups.join(", "),
                        &(words.span)(now.duration_since(*since)),
                    ),
                )
            },
            Need::AsideBot { group, bot, reason } => Act {
                reason: Some(reason.clone()),
                button: open(group),
                ..serious((of.aside)(group, bot), of.others_go_on.to_owned())
            },
            Need::Orphans { group, count, .. } => {
                serious((of.orphans)(*count, group), of.orphans_do.to_owned())
            }
            Need::LowBudget {
                organization,
                used,
                monthly,
                ends_on,
            } => serious(
                (of.low)(organization, &ends_on.to_string()),
                (of.low_do)(&number((*used).into()), &number((*monthly).into())),
            ),
        }
    }
}

fn grave(title: String, what: String) -> Act {
    Act {
        class: "bad",
        mark: "m-bad",
        title,
        reason: None,
        what,
        lines: Vec::new(),
        button: None,
    }
}

fn serious(title: String, what: String) -> Act {
    Act {
        class: "warn",
        mark: "m-warn",
        ..grave(title, what)
    }
}
