//! `docs/events.md`: one table for each vendor.

use std::fmt::Write as _;

use hookbell::core::event::{Kind, Quiet};

use super::{Known, known};

const HEAD: &str = "\
# Events

Made from the code by `tests/it/catalogue/`; `HOOKBELL_UPDATE_DOCS=1 cargo test --test it` writes it anew.

- **Event** and **Action** are the words that routes and templates use. Other words for the same (GitHub's `merged`,
  GitLab's `build`) work in routes too: `hookbell explain` shows them for a payload.
- **By default**: what happens when a route does not name the event. What is *silent* reaches a route that names the
  event and, where it is said, the action: a pattern such as `*` names nothing.
- **Template**: the hand-made template, in `templates/<language>/`, or the *generic card*, which shows what all events
  have in common. Events that are not in these tables are told by the generic card.
";

/// The whole page.
pub fn events() -> String {
    let mut page = HEAD.to_owned();
    for kind in Kind::ALL {
        let _ = write!(page, "\n## {}\n\n{}\n\n", kind.title(), source_of(kind));
        page.push_str("| Event | Action | In the case | By default | Template |\n");
        page.push_str("|---|---|---|---|---|\n");
        let all = known(kind);
        for group in all.chunk_by(reads_the_same) {
            page.push_str(&line(group));
        }
    }
    page
}

/// The vendor's own list.
fn source_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Github => {
            "After GitHub's [Webhook events and payloads](https://docs.github.com/en/webhooks/webhook-events-and-payloads)."
        }
        Kind::Gitlab => {
            "After GitLab's [Webhook events](https://docs.gitlab.com/user/project/integrations/webhook_events/) and \
             [System hooks](https://docs.gitlab.com/administration/system_hooks/). System hooks send pushes, tags and \
             merge requests under the same names."
        }
        Kind::Jira => {
            "After Atlassian's [Webhooks](https://developer.atlassian.com/cloud/jira/platform/webhooks/) for Jira \
             Cloud, Server and Data Center. The prefix `jira:` may be left out in routes."
        }
        Kind::Codeup => {
            "After Alibaba Cloud's help documents 206885 ([Webhook settings](https://help.aliyun.com/document_detail/206885.html)) \
             and 160761 ([Yunxiao Flow](https://help.aliyun.com/document_detail/160761.html))."
        }
        Kind::Travis => {
            "After Travis CI's [Configuring webhook notifications](https://docs.travis-ci.com/user/notifications/#configuring-webhook-notifications)."
        }
    }
}

/// Whether two neighbours can stand in one line.
fn reads_the_same(one: &Known, other: &Known) -> bool {
    let many_names = one.row.event.contains('$') && std::ptr::eq(one.row, other.row);
    (one.event.event == other.event.event || many_names)
        && one.row.case == other.row.case
        && by_default(one) == by_default(other)
        && template(one) == template(other)
}

fn line(group: &[Known]) -> String {
    let first = &group[0];
    let events = list(group.iter().map(|known| known.event.event.as_str()));
    let actions = list(group.iter().map(|known| known.event.action.as_str()));
    let cells = [
        events,
        actions,
        first.row.case.to_owned(),
        by_default(first),
        template(first),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Each word once, as code.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut listed: Vec<String> = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let word = format!("`{word}`");
        if !listed.contains(&word) {
            listed.push(word);
        }
    }
    listed.join(", ")
}

fn by_default(known: &Known) -> String {
    let Some(Quiet { reason, word }) = &known.event.quiet else {
        return "told".to_owned();
    };
    let named = if *word == known.event.event {
        "the event".to_owned()
    } else if *word == known.event.action {
        "event and action".to_owned()
    } else {
        format!("the event and `action = \"{word}\"`")
    };
    // Some reasons repeat the state that the action is.
    let state = known.event.action.replace('_', " ");
    let reason = match state.is_empty() {
        true => reason.clone(),
        false => reason.replace(&format!(" is {state}"), " is in that state"),
    };
    format!("silent: {reason}; name {named}")
}

fn template(known: &Known) -> String {
    match known.template.as_str() {
        "generic.hbs" => "generic card".to_owned(),
        path => format!("`{path}`"),
    }
}
