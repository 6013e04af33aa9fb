//! Stories: what happened to one thing, in one message.

use super::*;

/// What happened to one thing within a gathering window, for each of the ways in which it is told.
fn stories() -> Vec<(&'static str, Vec<Parsed>)> {
    let mut comments = events(&["github/pull_request_review_comment_created"; 7]);
    for (number, comment) in comments.iter_mut().enumerate() {
        comment.event.text = Some(format!("Remark {number}: why not *here*?"));
        comment.event.comment.as_mut().unwrap().line = Some(80 + number as u64);
    }
    let mut review = events(&["github/pull_request_review_changes_requested"]);
    review.extend(comments);
    let mut opened = events(&[
        "github/pull_request_opened",
        "github/pull_request_synchronize",
        "github/pull_request_review_approved",
        "github/workflow_run_passed_for_pull_request",
    ]);
    opened[1].event.change_request.as_mut().unwrap().commits = Some(7);
    vec![
        ("a pull request", opened),
        ("a review with comments", review),
        (
            "a merge request",
            events(&[
                "gitlab/merge_request_open",
                "gitlab/note_on_diff_line",
                "gitlab/note_on_diff_line",
                "gitlab/pipeline_success_for_merge_request",
                "gitlab/merge_request_merge",
            ]),
        ),
        (
            "a Jira issue",
            events(&[
                "jira/issue_created_cloud",
                "jira/issue_assigned",
                "jira/issue_transition",
                "jira/comment_created_cloud",
            ]),
        ),
        (
            "an issue",
            events(&[
                "github/issue_opened",
                "github/issue_labeled",
                "github/issue_assigned",
            ]),
        ),
        (
            "pushes to a branch",
            events(&["gitlab/push_three_commits", "gitlab/push_three_commits"]),
        ),
        (
            "a pipeline",
            events(&["gitlab/pipeline_running", "gitlab/pipeline_failed"]),
        ),
    ]
}

#[test]
fn a_story_tells_what_happened_to_one_thing_in_order() {
    let composer = composer();
    for language in Language::ALL {
        let given = Given::of(&composer, language);
        let mut text = String::new();
        for (about, events) in stories() {
            let parts = given.parts(&events);
            let message = composer.story(&parts, Some(language)).unwrap().unwrap();
            let _ = writeln!(
                text,
                "──── {about} ({})\n\n{}",
                message.kind(),
                shown(&message)
            );
            if let Content::ActionCard { buttons, .. } = &message.content {
                for button in buttons {
                    let _ = writeln!(text, "\n[ {} ] {}", button.title, button.url);
                }
            }
            text.push('\n');
        }
        insta::assert_snapshot!(format!("stories-{}", language.name()), text);
    }
}

#[test]
fn no_story_has_a_fault() {
    let composer = composer();
    let requests = fixture::all().into_iter();
    let requests = requests.map(|fixture| (fixture.kind, fixture.name, fixture.request));
    let mut faults = Vec::new();
    for (kind, name, request) in requests.chain(recordings()).chain(catalogue::requests()) {
        let parsed = source::of(kind).parse(&request).unwrap();
        let twice = [parsed.clone(), parsed.clone()];
        for language in Language::ALL {
            let given = Given::of(&composer, language);
            let parts = given.parts(&twice);
            let message = composer.story(&parts, Some(language)).unwrap().unwrap();
            let body = dingtalk::body(&message, "key", &[]);
            let found = lint::faults(&body, language, parsed.payload.value(), &request);
            faults.extend(found.iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_story_of_one_event_is_its_own_message_and_of_none_nothing() {
    let composer = composer();
    let one = events(&["github/issue_opened"]);
    let given = Given::of(&composer, Language::En);
    let parts = given.parts(&one);
    let alone = composer.compose(&parts[0], None).unwrap();
    assert_eq!(composer.story(&parts, None).unwrap(), Some(alone));
    assert_eq!(composer.story(&[], None).unwrap(), None);
}
