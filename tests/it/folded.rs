//! Digests and stories: what a group reads where several events become one message.

mod stories;

use std::fmt::Write as _;

use hookbell::bot::dingtalk;
use hookbell::core::compose::Composer;
use hookbell::core::event::Kind;
use hookbell::core::fold::{Occasion, Part};
use hookbell::core::json::Lookup;
use hookbell::core::message::{Content, Message, Via};
use hookbell::core::people::{Member, People};
use hookbell::core::route::Plan;
use hookbell::core::source::{self, Parsed};
use hookbell::core::template::{Language, TemplateFile, Templates};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::lint::{self, Shown};
use crate::wording::{composer, recordings};
use crate::{catalogue, fixture};

/// The body of a message that has Markdown.
pub fn markdown(message: &Message) -> &str {
    match &message.content {
        Content::Markdown { body } | Content::ActionCard { body, .. } => body,
        other => panic!("{other:?}"),
    }
}

/// The events of these fixtures, in this order.
pub fn events(names: &[&str]) -> Vec<Parsed> {
    let all = fixture::all();
    let event = |name: &&str| {
        let fixture = all.iter().find(|fixture| fixture.name == **name);
        let fixture = fixture.unwrap_or_else(|| panic!("no fixture {name}"));
        source::of(fixture.kind).parse(&fixture.request).unwrap()
    };
    names.iter().map(event).collect()
}

/// A digest in the making, and what it is given: an event every seven seconds.
pub struct Given<'a> {
    pub composer: &'a Composer,
    pub language: Language,
    pub occasion: Occasion,
    pub room: usize,
    pub plan: Plan,
    pub via: Option<Via>,
}

impl<'a> Given<'a> {
    pub fn of(composer: &'a Composer, language: Language) -> Given<'a> {
        Given {
            composer,
            language,
            occasion: Occasion::Backlog,
            room: dingtalk::room(&[]),
            plan: Plan::default(),
            via: None,
        }
    }

    pub fn parts<'p>(&'p self, events: &'p [Parsed]) -> Vec<Part<'p>> {
        let start: Timestamp = "2026-03-04T02:02:00Z".parse().unwrap();
        let part = |(at, parsed)| Part {
            parsed,
            plan: &self.plan,
            received_at: start + SignedDuration::from_secs(7 * at as i64),
            via: self.via.as_ref(),
        };
        events.iter().enumerate().map(part).collect()
    }

    /// As many digests as it takes, with the number of events in each.
    pub fn digests(&self, events: &[Parsed]) -> Vec<(u64, Message)> {
        let begin = || {
            let language = Some(self.language);
            self.composer
                .digest(language, self.occasion, self.room)
                .unwrap()
        };
        let mut digest = begin();
        let mut done = Vec::new();
        let parts = self.parts(events);
        let mut left = &parts[..];
        loop {
            let taken = digest.add(left).unwrap();
            left = &left[taken..];
            if left.is_empty() {
                break;
            }
            assert!(taken > 0, "the first always fits");
            done.push((digest.count(), digest.finish().unwrap()));
            digest = begin();
        }
        done.push((digest.count(), digest.finish().unwrap()));
        done
    }
}

fn shown(message: &Message) -> String {
    format!("{}\n\n{}", message.title, markdown(message))
}

/// A busy quarter of an hour.
const BUSY: [&str; 24] = [
    "github/push_three_commits",
    "github/pull_request_opened",
    "gitlab/pipeline_failed",
    "github/issue_comment_on_pull_request",
    "gitlab/push_three_commits",
    "github/dependabot_alert_created",
    "jira/issue_created_cloud",
    "github/pull_request_review_changes_requested",
    "jira/issue_transition",
    "github/workflow_run_failed",
    "gitlab/note_on_diff_line",
    "github/push_without_sender",
    "github/deployment_review_requested",
    "jira/comment_created_cloud",
    "github/pull_request_merged",
    "gitlab/merge_request_open",
    "github/release_published",
    "gitlab/pipeline_manual_of_tag",
    "travis/build_fixed",
    "github/wiki_edited",
    "github/star_created",
    "gitlab/tag_push_created",
    "codeup/note_on_merge_request",
    "github/issue_opened",
];

#[test]
fn a_digest_tells_the_newest_state_of_each_thing_most_important_first() {
    let composer = composer();
    for language in Language::ALL {
        let digests = Given::of(&composer, language).digests(&events(&BUSY));
        let [(count, message)] = &digests[..] else {
            panic!("{} digests", digests.len());
        };
        assert_eq!(*count, BUSY.len() as u64);
        insta::assert_snapshot!(format!("digest-{}", language.name()), shown(message));
    }
}

#[test]
fn a_run_that_passes_after_a_failed_one_is_told_with_it() {
    let composer = composer();
    let mut passed = events(&["gitlab/pipeline_failed"]).remove(0);
    passed.event.reference = Some("#4712".into());
    passed.event.object = Some("gitlab:acme/shop:pipeline:4712".into());
    passed.event.url = Some("https://gitlab.example.com/acme/shop/-/pipelines/4712".into());
    passed.event.status = Some("passed".into());
    passed.event.mark = hookbell::core::event::Mark::Passed;
    let failed = events(&["gitlab/pipeline_failed"]).remove(0);
    let runs = [failed.clone(), failed, passed];
    let told = |language| {
        let digests = Given::of(&composer, language).digests(&runs);
        let body = markdown(&digests[0].1).to_owned();
        body.lines().last().unwrap().to_owned()
    };
    assert_eq!(
        told(Language::En),
        "- ✅ [Pipeline #4712](https://gitlab.example.com/acme/shop/-/pipelines/4712) passed on **main**: Tell the user \
         when all tries failed, after ❌ [#4711](https://gitlab.example.com/acme/shop/-/pipelines/4711) (3 events)"
    );
    assert_eq!(
        told(Language::Zh),
        "- ✅ **main** [流水线 #4712](https://gitlab.example.com/acme/shop/-/pipelines/4712) 通过：Tell the user when all \
         tries failed，此前 ❌ [#4711](https://gitlab.example.com/acme/shop/-/pipelines/4711)（3 条动态）"
    );
}

#[test]
fn a_digest_says_why_it_is_one_and_for_whom() {
    let composer = composer();
    let via = Via {
        group: "release".into(),
        reason: "The group was disbanded: remove it from the configuration, or give it a new bot."
            .into(),
    };
    let mut text = String::new();
    for language in Language::ALL {
        for occasion in [Occasion::Quiet, Occasion::Budget] {
            let given = Given {
                occasion,
                via: Some(via.clone()),
                ..Given::of(&composer, language)
            };
            let others = Given::of(&composer, language);
            let mut digest = composer
                .digest(Some(language), occasion, given.room)
                .unwrap();
            let all = events(&["github/issue_opened", "github/release_published"]);
            assert_eq!(digest.add(&given.parts(&all)[..1]).unwrap(), 1);
            if occasion == Occasion::Quiet {
                assert_eq!(digest.add(&others.parts(&all)[1..]).unwrap(), 1);
            }
            let _ = writeln!(text, "{}\n", shown(&digest.finish().unwrap()));
        }
    }
    insta::assert_snapshot!("digest-occasions", text);
}

#[test]
fn events_that_are_added_together_make_the_digest_that_they_make_one_by_one() {
    let composer = composer();
    let all = events(&BUSY.repeat(3));
    for language in Language::ALL {
        let given = Given::of(&composer, language);
        let begin = || {
            composer
                .digest(Some(language), Occasion::Backlog, given.room)
                .unwrap()
        };
        let (mut together, mut one_by_one) = (begin(), begin());
        let parts = given.parts(&all);
        assert_eq!(together.add(&parts).unwrap(), parts.len());
        for part in parts.chunks(1) {
            assert_eq!(one_by_one.add(part).unwrap(), 1);
        }
        let [together, one_by_one] =
            [together, one_by_one].map(|digest| shown(&digest.finish().unwrap()));
        assert_eq!(together, one_by_one);
    }
}

#[test]
fn days_are_told_where_a_digest_spans_several() {
    let composer = composer();
    let all = events(&["github/issue_opened", "github/release_published"]);
    let plan = Plan::default();
    let mut titles = Vec::new();
    for language in Language::ALL {
        let mut digest = composer
            .digest(Some(language), Occasion::Backlog, 10_000)
            .unwrap();
        for (parsed, at) in all
            .iter()
            .zip(["2026-03-04T14:05:00Z", "2026-03-04T23:59:00Z"])
        {
            let received_at = at.parse().unwrap();
            let part = Part {
                parsed,
                plan: &plan,
                received_at,
                via: None,
            };
            assert_eq!(digest.add(&[part]).unwrap(), 1);
        }
        let message = digest.finish().unwrap();
        let heading = markdown(&message).lines().next().unwrap().to_owned();
        titles.extend([message.title.clone(), heading]);
    }
    assert_eq!(
        titles,
        [
            "2 events in 9 h 54 min · acme/shop",
            "#### 📋 2 events from 14:05 to 23:59 UTC",
            "9 小时 54 分内 2 条动态 · acme/shop",
            "#### 📋 2 条动态（3 月 4 日 22:05 至 3 月 5 日 07:59）",
        ]
    );
}

#[test]
fn nothing_of_a_digest_is_cut_or_uncounted() {
    let composer = composer();
    let mut sources: Vec<Parsed> = fixture::all()
        .iter()
        .map(|fixture| source::of(fixture.kind).parse(&fixture.request).unwrap())
        .collect();
    let recorded = recordings().into_iter();
    sources.extend(recorded.map(|(kind, _, request)| source::of(kind).parse(&request).unwrap()));
    for language in Language::ALL {
        for room in [4_000, dingtalk::room(&[])] {
            let given = Given {
                room,
                ..Given::of(&composer, language)
            };
            let digests = given.digests(&sources);
            let told: u64 = digests.iter().map(|(count, _)| count).sum();
            assert_eq!(told, sources.len() as u64);
            for (count, message) in &digests {
                assert!(message.size() <= room, "{} bytes", message.size());
                let body = dingtalk::body(message, "key", &[]);
                assert_whole(message, &body);
                assert_eq!(counted(markdown(message)), *count, "{}", markdown(message));
            }
        }
    }
}

#[test]
fn no_line_of_a_digest_has_a_fault() {
    let composer = composer();
    let requests = fixture::all().into_iter();
    let requests = requests.map(|fixture| (fixture.kind, fixture.name, fixture.request));
    let mut faults = Vec::new();
    for (kind, name, request) in requests.chain(recordings()).chain(catalogue::requests()) {
        let parsed = source::of(kind).parse(&request).unwrap();
        for language in Language::ALL {
            let given = Given::of(&composer, language);
            let (_, message) = given.digests(std::slice::from_ref(&parsed)).remove(0);
            let body = dingtalk::body(&message, "key", &[]);
            let found = lint::faults(&body, language, parsed.payload.value(), &request);
            faults.extend(found.iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The sum of the numbers behind the repositories.
fn counted(body: &str) -> u64 {
    let headings = body.lines().filter(|line| line.starts_with("**"));
    headings
        .map(|line| line.rsplit(" · ").next().unwrap().parse::<u64>().unwrap())
        .sum()
}

fn assert_whole(message: &Message, body: &str) {
    assert!(body.len() <= 20_000, "{} bytes", body.len());
    let posted: Value = serde_json::from_str(body).unwrap();
    let text = posted.text("markdown.text").unwrap();
    assert!(text.starts_with(markdown(message).trim()), "cut: {text}");
    assert_eq!(posted.text("markdown.title").unwrap(), message.title);
}

/// Titles that take the most bytes, called names of the longest kind, a keyword and another group: still whole.
#[test]
fn the_most_hostile_digest_fits_and_is_not_cut() {
    let members = (0..60).map(|number| Member {
        name: format!("person-{number}"),
        identities: vec![(Kind::Github, format!("login-{number}"))],
        user_id: Some(format!("{number:064}")),
        ..Member::default()
    });
    let composer = Composer {
        people: People::new(members.collect()),
        ..composer()
    };
    let keywords = ["构建".repeat(40)];
    let titles = [
        "\"\\\"\\".repeat(300),
        "会话在修改密码后丢失".repeat(60),
        "👩‍👩‍👧‍👦🏳️‍🌈".repeat(60),
        "[x](http://evil.example) *_~`<>& ".repeat(40),
        "x".to_owned(),
    ];
    let model = events(&["github/issue_opened"]).remove(0);
    let hostile: Vec<Parsed> = (0..250)
        .map(|number| {
            let mut parsed = model.clone();
            let event = &mut parsed.event;
            let title = &titles[number % titles.len()];
            let long = if number % 50 == 0 { 9_000 } else { 20 };
            let url = format!("https://github.com/{}/{number}", "a".repeat(long));
            event.title = Some(title.clone());
            event.url = Some(url.clone());
            event.object = Some(format!("thing {number}"));
            event.actor.as_mut().unwrap().name = title.clone();
            event.repo.as_mut().unwrap().name = format!("{title} {}", number % 7);
            event.repo.as_mut().unwrap().url = Some(url);
            event.assignees = vec![hookbell::core::event::Person::with_login(format!(
                "login-{}",
                number % 60
            ))];
            parsed
        })
        .collect();
    for language in Language::ALL {
        let given = Given {
            room: dingtalk::room(&keywords),
            plan: Plan {
                mention: vec!["assignees".into()],
                ..Plan::default()
            },
            via: Some(Via {
                group: titles[0].clone(),
                reason: titles[3].clone(),
            }),
            ..Given::of(&composer, language)
        };
        for (_, message) in given.digests(&hostile) {
            let key = "0".repeat(64);
            let body = dingtalk::body(&message, &key, &keywords);
            assert_whole(&message, &body);
            let shown = Shown::of(&body);
            assert_eq!(
                (shown.headings, shown.pictures.len(), shown.html),
                (1, 0, 0)
            );
            assert!(!shown.links.iter().any(|url| url.contains("evil.example")));
        }
    }
}

#[test]
fn a_digest_calls_everybody_that_its_events_call_but_no_more_than_fifty() {
    let members = (0..80).map(|number| Member {
        name: format!("person-{number}"),
        identities: vec![(Kind::Github, format!("login-{number}"))],
        mobile: Some(format!("138{number:08}")),
        ..Member::default()
    });
    let composer = Composer {
        people: People::new(members.collect()),
        ..composer()
    };
    let model = events(&["github/issue_opened"]).remove(0);
    let assigned: Vec<Parsed> = (0..80)
        .map(|number| {
            let mut parsed = model.clone();
            let login = format!("login-{number}");
            parsed.event.assignees = vec![hookbell::core::event::Person::with_login(login)];
            parsed
        })
        .collect();
    let given = Given {
        plan: Plan {
            mention: vec!["assignees".into()],
            ..Plan::default()
        },
        ..Given::of(&composer, Language::En)
    };
    let called = |count: usize| {
        given.digests(&assigned[..count])[0]
            .1
            .mentions
            .mobiles
            .len()
    };
    assert_eq!((called(3), called(80)), (3, 50));
}

#[test]
fn own_words_make_a_digest_and_are_measured() {
    let own = "---\ntitle: \"{{digest.count}}!\"\n---\n{{#each digest.groups}}\n# {{repo.name}}\n\n\
               {{#each lines}}\n- a line that says a lot more than it must: {{{this}}}\n{{/each}}\n{{/each}}";
    let composer = Composer {
        templates: Templates::new(vec![TemplateFile {
            path: "en/digest.hbs".into(),
            text: own.into(),
        }])
        .unwrap(),
        ..composer()
    };
    let model = events(&["github/issue_opened"]).remove(0);
    let many: Vec<Parsed> = (0..300)
        .map(|number| {
            let mut parsed = model.clone();
            parsed.event.object = Some(format!("thing {number}"));
            parsed
        })
        .collect();
    let digests = Given::of(&composer, Language::En).digests(&many);
    assert!(digests.len() > 1);
    for (count, message) in digests {
        assert_eq!(message.title, format!("{count}!"));
        assert_whole(&message, &dingtalk::body(&message, "key", &[]));
    }
    assert!(!composer.templates.contains("digest"));
}

#[test]
fn a_message_for_another_group_says_so_first_whatever_its_type() {
    let own = |kind: &str| TemplateFile {
        path: format!("en/{kind}.hbs"),
        text: format!(
            "---\ntype: {kind}\ntitle: told\nurl: \"{{{{url}}}}\"\nbuttons:\n  - {{ title: Open, url: \"{{{{url}}}}\" }}\n\
             items:\n  - {{ title: told, url: \"{{{{url}}}}\", picture: \"{{{{url}}}}\" }}\n---\nword\n"
        ),
    };
    let kinds = ["text", "link", "markdown", "actionCard", "feedCard"];
    let composer = Composer {
        templates: Templates::new(kinds.map(own).to_vec()).unwrap(),
        ..composer()
    };
    let one = events(&["github/issue_opened"]);
    for kind in kinds {
        let given = Given {
            plan: Plan {
                template: Some(kind.into()),
                ..Plan::default()
            },
            via: Some(Via {
                group: "release".into(),
                reason: "The bot is switched off: switch it on in the group's settings.".into(),
            }),
            ..Given::of(&composer, Language::En)
        };
        let message = composer.compose(&given.parts(&one)[0], None).unwrap();
        assert_eq!(message.kind(), kind);
        let group = if message.is_markdown() {
            "**release**"
        } else {
            "release"
        };
        let line = format!(
            "For {group}, whose bots do not work: The bot is switched off: switch it on in the group's settings."
        );
        let told = match message.content {
            Content::Text { body } | Content::Link { body, .. } => body == format!("{line}\nword"),
            Content::Markdown { body } | Content::ActionCard { body, .. } => {
                body == format!("{line}\n\nword")
            }
            Content::FeedCard { items } => items[0].title == format!("{line} · told"),
        };
        assert!(told, "{kind}");
    }
}
