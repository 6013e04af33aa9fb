//! How a command fails: one readable block on standard error, and an exit code.

use std::fmt;
use std::process::ExitCode;

use crate::operate::Problem;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub enum Failure {
    /// A problem in what the user gave: what is wrong and where, and what to do.
    Problem { what: String, remedy: String },
    /// The event is one that nobody is told of by default, for this reason.
    Ignored(String),
    /// A fault of ours.
    Internal(String),
}

impl Failure {
    pub fn problem(what: impl fmt::Display, remedy: impl Into<String>) -> Failure {
        Failure::Problem {
            what: what.to_string(),
            remedy: remedy.into(),
        }
    }

    pub fn internal(error: impl fmt::Display) -> Failure {
        Failure::Internal(format!("{error:#}"))
    }

    /// 1 for problems, 3 for ignored events, 70 for faults of ours; wrong usage (2) is told before a command runs.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Problem { .. } => 1,
            Failure::Ignored(_) => 3,
            Failure::Internal(_) => 70,
        })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::problem(&problem, problem.remedy())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Problem { what, remedy } if remedy.is_empty() => write!(f, "error: {what}"),
            Failure::Problem { what, remedy } => write!(f, "error: {what}\n  help: {remedy}"),
            Failure::Ignored(reason) => write!(f, "ignored: {reason}"),
            Failure::Internal(what) => write!(
                f,
                "internal error: {what}\n  help: this is a fault of Hookbell; please report it with this text"
            ),
        }
    }
}
