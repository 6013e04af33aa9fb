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
    pub lines: Vec<(String, Vec<Piece>)>,
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
                    (problem.place.clone(), pieces(&text))
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

/// A part of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Words(String),
    /// What stood between backticks: a key, or a value.
    Code(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let parts = text.split('`').zip([false, true].into_iter().cycle());
    let pieces = parts.filter(|(part, _)| !part.is_empty());
    pieces
        .map(|(part, is_code)| match is_code {
            true => Piece::Code(part.to_owned()),
            false => Piece::Words(part.to_owned()),
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_shown_as_code() {
        let words = |text: &str| Piece::Words(text.to_owned());
        let code = |text: &str| Piece::Code(text.to_owned());
        assert_eq!(
            pieces("`brnach` is not a setting; did you mean `branch`?"),
            [
                code("brnach"),
                words(" is not a setting; did you mean "),
                code("branch"),
                words("?")
            ]
        );
        assert_eq!(pieces("nothing"), [words("nothing")]);
        assert_eq!(pieces(""), []);
    }
}
