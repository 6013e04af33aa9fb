//! What changelogs amount to.

use super::*;
use crate::core::json::json;

fn updated(named: &str, items: Json) -> Json<'static> {
    json!({"issue_event_type_name": named, "changelog": {"items": items}})
}

fn edit(field: &str, from: Option<&str>, to: Option<&str>) -> Json<'static> {
    json!({"field": field, "fromString": from, "toString": to})
}

#[test]
fn the_changelog_says_what_was_done() {
    let status = edit("status", Some("To do"), Some("Doing"));
    let fixed = edit("resolution", None, Some("Done"));
    let reopened = edit("resolution", Some("Done"), None);
    let cases = [
        ("issue_generic", json!([status, fixed]), "resolved"),
        ("issue_closed", json!([fixed]), "closed"),
        ("issue_generic", json!([reopened, status]), "reopened"),
        ("issue_generic", json!([status]), "transitioned"),
        ("issue_closed", json!([status]), "closed"),
        ("my own event", json!([status]), "transitioned"),
        (
            "issue_updated",
            json!([edit("assignee", None, Some("mona"))]),
            "assigned",
        ),
        (
            "issue_assigned",
            json!([edit("assignee", Some("mona"), None)]),
            "unassigned",
        ),
        (
            "issue_moved",
            json!([status, edit("project", None, Some("SHOP"))]),
            "moved",
        ),
        (
            "issue_updated",
            json!([edit("Rank", None, Some("ranked higher"))]),
            "ranked",
        ),
        (
            "issue_updated",
            json!([edit("summary", None, Some("x"))]),
            "updated",
        ),
        ("issue_reopened", json!([]), "reopened"),
        ("issue_work_started", json!(null), "transitioned"),
        ("", json!("x"), "updated"),
    ];
    for (named, items, action) in cases {
        assert_eq!(
            action_of(&updated(named, items.clone())),
            action,
            "{named} {items}"
        );
    }
}

fn change(field: &str, from: &str, to: &str) -> Change {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Change {
        field: field.to_owned(),
        from: text(from),
        to: text(to),
        ..Change::default()
    }
}

#[test]
fn changes_read_like_jira_screens() {
    let due = json!({"field": "duedate", "to": "2026-03-20", "toString": "2026-03-20 00:00:00.0"});
    let spent = json!({"field": "timespent", "from": "1800", "to": "5400"});
    let long = "x".repeat(200);
    let changes = changes_of(&updated(
        "",
        json!([
            edit("status", Some("To do"), Some("Doing")),
            edit("issuetype", Some("Bug"), Some("Task")),
            due,
            spent,
            edit("description", Some("secret plan"), Some("plan")),
            edit("Rank", None, Some("ranked higher")),
            edit("QA Steps", None, Some("one\ntwo")),
            edit("Notes", None, Some(&long)),
            {"field": null},
        ]),
    ));
    let expected = [
        change("Status", "To do", "Doing"),
        change("Issue Type", "Bug", "Task"),
        change("Due Date", "", "2026-03-20"),
        change("Time Spent", "30m", "1h 30m"),
        change("Description", "", ""),
        change("QA Steps", "", "one…"),
        change("Notes", "", &format!("{}…", &long[..MAX_VALUE])),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn lists_say_what_came_and_what_went() {
    let changes = changes_of(&updated(
        "",
        json!([
            edit("labels", Some("a b"), Some("b c")),
            edit("Component", None, Some("web")),
            edit("Component", Some("api v1"), None),
            edit("Attachment", None, Some("my plan.pdf")),
        ]),
    ));
    let lists: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change.field.as_str(),
                change.added.join(","),
                change.removed.join(","),
            )
        })
        .collect();
    assert_eq!(lists[0], ("Labels", "c".into(), "a".into()));
    assert_eq!(lists[1], ("Component", "web".into(), "api v1".into()));
    assert_eq!(changes[2], change("Attachment", "", "my plan.pdf"));
}

#[test]
fn noise_is_noise_only_by_itself() {
    let rank = edit("Rank", None, Some("ranked higher"));
    let labels = edit("labels", Some("a"), None);
    let quiet = updated("", json!([rank, labels]));
    assert_eq!(
        noise_in(&quiet).as_deref(),
        Some("only Labels, Rank changed")
    );
    let loud = updated("", json!([rank, edit("summary", None, Some("x"))]));
    assert_eq!(noise_in(&loud), None);
    let estimate = edit("timeestimate", Some("60"), Some("30"));
    let logged = updated("", json!([estimate, edit("timespent", None, Some("30"))]));
    assert!(noise_in(&logged).is_some());
    assert_eq!(noise_in(&updated("", json!([estimate]))), None);
    assert_eq!(noise_in(&updated("", json!([]))), None);
}
