//! Names and numbers that several vendors write alike.

use crate::core::event::Mark;

/// `refs/heads/feature/x` -> `feature/x`; other texts as they are.
pub fn branch_of(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

/// `refs/tags/v1` -> `v1`; `None` when it is no tag.
pub fn tag_of(reference: &str) -> Option<&str> {
    reference.strip_prefix("refs/tags/")
}

/// Whether this hash stands for "nothing": all zeros.
pub fn is_zero_hash(hash: &str) -> bool {
    !hash.is_empty() && hash.bytes().all(|byte| byte == b'0')
}

/// First line of a text, without trailing blanks.
pub fn first_line(text: &str) -> String {
    text.trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// Logins named with `@` in a text: `@mona`, `@acme/backend`. Each once, in order; mail addresses are none.
pub fn mentions_in(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let mut names: Vec<String> = Vec::new();
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        if c == '@' && !is_name(previous) {
            let rest = &text[at + 1..];
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches(['.', '-', '/']);
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        previous = c;
    }
    names
}

/// One of our words for the state of a build, with the words that vendors use for it.
pub struct BuildState {
    pub status: &'static str,
    pub mark: Mark,
    /// The build is over.
    pub finished: bool,
}

/// Our word for a vendor's state of a pipeline, job, check, status or deployment; unknown words count as running.
/// (GitHub: conclusions and statuses of check runs; GitLab: `Ci::HasStatus`; Travis: build states.)
pub fn build_state(word: &str) -> BuildState {
    let (status, mark, finished) = match word.to_ascii_lowercase().as_str() {
        "success" | "passed" | "fixed" | "neutral" | "completed" => ("passed", Mark::Passed, true),
        "failed" | "failure" | "timed_out" | "startup_failure" | "broken" => {
            ("failed", Mark::Failed, true)
        }
        "errored" | "error" => ("errored", Mark::Attention, true),
        "canceled" | "cancelled" | "stale" | "inactive" => ("canceled", Mark::Canceled, true),
        "skipped" => ("skipped", Mark::Canceled, true),
        "action_required" => ("waiting", Mark::Attention, true),
        "manual" | "blocked" | "waiting" | "waiting_for_resource" | "scheduled" => {
            ("waiting", Mark::Waiting, false)
        }
        "pending" | "created" | "queued" | "requested" | "preparing" | "received" => {
            ("pending", Mark::Waiting, false)
        }
        _ => ("running", Mark::Waiting, false),
    };
    BuildState {
        status,
        mark,
        finished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_keep_their_slashes() {
        assert_eq!(branch_of("refs/heads/feature/x"), "feature/x");
        assert_eq!(branch_of("main"), "main");
        assert_eq!(tag_of("refs/tags/v1"), Some("v1"));
        assert_eq!(tag_of("refs/heads/v1"), None);
    }

    #[test]
    fn only_zeros_are_a_zero_hash() {
        assert!(is_zero_hash("0000"));
        assert!(!is_zero_hash("0001"));
        assert!(!is_zero_hash(""));
    }

    #[test]
    fn mentions_are_logins_and_not_mail_addresses() {
        let text = "@mona and @acme/backend, see a@b.com. Thanks @mona! (@li-lei.)";
        assert_eq!(mentions_in(text), ["mona", "acme/backend", "li-lei"]);
    }
}
