//! The engine as a whole: look-up, rendering, mistakes of authors, and texts of strangers.

use pulldown_cmark::{Event as Part, Options, Parser, Tag};
use serde_json::json;

use super::helpers::HELPERS;
use super::*;
use crate::core::event::{Commit, Kind, Mark, Person, Push, Repo};

fn event() -> Event {
    let commit = |title: &str| Commit {
        id: "a1b2c3d4e5f6".into(),
        title: title.into(),
        url: Some("https://example.com/acme/shop/a1b2c3d".into()),
        author: Some(Person::named("bob")),
    };
    Event {
        mark: Mark::Push,
        repo: Some(Repo::named(
            "acme/shop",
            Some("https://example.com/acme/shop".into()),
        )),
        branch: Some("main".into()),
        actor: Some(Person::named("mona")),
        reviewers: vec![Person::named("alice"), Person::named("bob")],
        number: Some("42".into()),
        title: Some("Keep the session after a password change".into()),
        text: Some("Sessions **must** survive.\n\nSee [the issue](https://example.com).".into()),
        url: Some("https://example.com/acme/shop/42".into()),
        labels: vec!["bug".into(), "auth".into()],
        commits: vec![commit("Keep the session")],
        commit_count: 7,
        at: "2026-03-04T11:50:00Z".parse().ok(),
        created_at: "2026-03-04T10:00:00Z".parse().ok(),
        push: Some(Push {
            after: Some("a1b2c3d4e5f6".into()),
            compare_url: Some("https://example.com/acme/shop/compare".into()),
            ..Push::default()
        }),
        ..Event::new(Kind::Github, "push", "")
    }
}

fn file(path: &str, text: &str) -> TemplateFile {
    TemplateFile {
        path: path.into(),
        text: text.into(),
    }
}

fn rendering<'a>(event: &'a Event, payload: &'a Value) -> Rendering<'a> {
    Rendering {
        event,
        payload,
        language: Language::En,
        template: None,
        mentions: Mentions {
            mobiles: vec!["13800000000".into()],
            ..Mentions::default()
        },
        now: "2026-03-04T12:00:00Z".parse().unwrap(),
    }
}

/// The message that a template of this text makes of the event.
fn render(text: &str, event: &Event) -> Result<Message, RenderError> {
    let templates = Templates::new(vec![file("en/github/push.hbs", text)]).unwrap();
    templates.render(&rendering(event, &json!({"extra": {"value": 7}})))
}

fn body(message: &Message) -> &str {
    match &message.content {
        Content::Text { body } | Content::Markdown { body } | Content::ActionCard { body, .. } => {
            body
        }
        Content::Link { body, .. } => body,
        Content::FeedCard { .. } => "",
    }
}

fn errors_of(files: Vec<TemplateFile>) -> Vec<String> {
    let errors = Templates::new(files).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn every_helper_prints_what_its_documentation_says() {
    for helper in HELPERS {
        let message = render(&format!("{}{{{{!}}}}", helper.example), &event())
            .unwrap_or_else(|error| panic!("{}: {error}", helper.name));
        let printed = body(&message).trim_end_matches("\n\n@13800000000");
        assert_eq!(printed, helper.prints, "{}", helper.example);
    }
}

#[test]
fn templates_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: T) {}
    shared(Templates::builtin());
}

#[test]
fn helpers_do_not_hide_fields() {
    let meant = ["mark", "mentions"];
    for helper in HELPERS.iter().filter(|h| !meant.contains(&h.name)) {
        assert!(
            !context::known_fields().contains(helper.name),
            "{}",
            helper.name
        );
    }
}

#[test]
fn a_push_reads_well_in_both_languages() {
    let event = event();
    let templates = Templates::builtin();
    let english = templates.render(&rendering(&event, &Value::Null)).unwrap();
    assert_eq!(english.title, "mona pushed 7 commits to main · acme/shop");
    insta::assert_snapshot!(body(&english), @r###"
#### ⬆️ **mona** pushed [7 commits](https://example.com/acme/shop/compare) to **main** · [acme/shop](https://example.com/acme/shop)

- [a1b2c3d](https://example.com/acme/shop/a1b2c3d) Keep the session — **bob**

[and 6 more](https://example.com/acme/shop/compare)

@13800000000
"###);
    let chinese = Rendering {
        language: Language::Zh,
        ..rendering(&event, &Value::Null)
    };
    insta::assert_snapshot!(body(&templates.render(&chinese).unwrap()), @r###"
#### ⬆️ **mona** 向 **main** 推送了 [7 个提交](https://example.com/acme/shop/compare) · [acme/shop](https://example.com/acme/shop)

- [a1b2c3d](https://example.com/acme/shop/a1b2c3d) Keep the session — **bob**

[还有 6 个](https://example.com/acme/shop/compare)

@13800000000
"###);
}

#[test]
fn the_most_specific_template_wins_and_the_users_before_the_built_in() {
    let templates = Templates::new(vec![
        file("en/github/push.forced.hbs", "a"),
        file("en/gitlab/generic.hbs", "b"),
        file("en/short.hbs", "c"),
        file("en/github/short.hbs", "d"),
    ])
    .unwrap();
    let cases = [
        (
            Kind::Github,
            "push",
            "forced",
            None,
            "en/github/push.forced.hbs",
        ),
        (Kind::Github, "push", "", None, "en/github/push.hbs"),
        (Kind::Github, "pu/../sh", "", None, "en/generic.hbs"),
        (
            Kind::Gitlab,
            "unheard_of",
            "x",
            None,
            "en/gitlab/generic.hbs",
        ),
        (Kind::Jira, "unheard_of", "", None, "en/generic.hbs"),
        (Kind::Jira, "push", "", Some("short"), "en/short.hbs"),
        (
            Kind::Github,
            "push",
            "",
            Some("short"),
            "en/github/short.hbs",
        ),
    ];
    for (kind, name, action, template, expected) in cases {
        let event = Event::new(kind, name, action);
        let found = templates.find(&event, Language::En, template).unwrap();
        assert_eq!(found, expected, "{name} {action}");
    }
    let push = event();
    let chinese = templates.find(&push, Language::Zh, Some("short"));
    assert_eq!(chinese.unwrap(), "en/github/short.hbs");
    assert!(templates.contains("short"));
    assert!(!templates.contains("long"));
    let error = templates
        .find(&event(), Language::En, Some("long"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no template `long` for events of github"
    );
}

const CARD: &str = r#"---
type: actionCard
layout: vertical
title: "{{title}}"
buttons:
  - { title: Open, url: "{{url}}" }
  - { title: Gone, url: "{{payload.none}}" }
---
{{mentions}} {{payload.extra.value}}



{{#if tag}}x{{/if}}

end
"#;

const FEED: &str = r#"---
type: feedCard
items:
  - { title: "{{title}}", url: "{{url}}", picture: "https://example.com/a.png" }
---
"#;

#[test]
fn front_matter_makes_the_kinds_of_message() {
    let message = render(CARD, &event()).unwrap();
    assert_eq!(message.title, "Keep the session after a password change");
    assert_eq!(
        message.content,
        Content::ActionCard {
            body: "@13800000000 7\n\nend".into(),
            buttons: vec![Button {
                title: "Open".into(),
                url: "https://example.com/acme/shop/42".into(),
            }],
            layout: crate::core::message::ButtonLayout::Vertical,
        }
    );
    let without_url = Event {
        url: None,
        ..event()
    };
    assert_eq!(render(CARD, &without_url).unwrap().kind(), "markdown");

    let link = "---\ntype: link\nurl: \"{{url}}\"\n---\n{{title}} & <more>";
    let message = render(link, &event()).unwrap();
    assert_eq!(message.kind(), "link");
    assert_eq!(
        body(&message),
        "Keep the session after a password change & <more>"
    );

    let message = render(FEED, &event()).unwrap();
    assert!(matches!(message.content, Content::FeedCard { items } if items.len() == 1));
}

#[test]
fn raw_values_print_as_they_are_and_quotes_are_plain_in_text_messages() {
    let event = Event {
        title: Some("a *b*".into()),
        ..event()
    };
    assert!(body(&render("{{{title}}}", &event).unwrap()).starts_with("a *b*"));
    let text = "---\ntype: text\n---\n{{bold title}} {{link title url}}";
    assert!(body(&render(text, &event).unwrap()).starts_with("a *b* a *b*"));
}

#[test]
fn blocks_reach_the_fields_around_them() {
    let text =
        "{{#take labels 2}}{{this}}{{@index}}{{../number}}{{#unless @last}}, {{/unless}}{{/take}}";
    assert!(body(&render(text, &event()).unwrap()).starts_with("bug042, auth142"));
}

#[test]
fn what_conditions_leave_out_leaves_no_gap() {
    let text =
        "#### {{milestone}} {{branch}}  on {{tag}} today \n\n\n\n- a  b\n\n{{milestone}}\n\nend";
    let message = render(text, &event()).unwrap();
    let shown = body(&message).trim_end_matches("\n\n@13800000000");
    assert_eq!(shown, "#### main on today\n\n- a b\n\nend");
}

#[test]
fn a_word_is_looked_up_by_sense_then_by_vendor() {
    let words =
        "[words]\nx = \"1\"\ny = \"2\"\n[words.github]\ny = \"3\"\n[senses.state]\nx = \"4\"";
    let templates = Templates::new(vec![
        file("en/words.toml", words),
        file(
            "en/github/push.hbs",
            "{{word \"x\"}}{{word \"y\"}}{{word \"x\" \"state\"}}{{word \"y\" \"state\"}}",
        ),
    ]);
    let message = templates
        .unwrap()
        .render(&rendering(&event(), &Value::Null));
    assert!(body(&message.unwrap()).starts_with("1343"));
}

#[test]
fn all_mistakes_are_reported_with_file_line_and_remedy() {
    let errors = errors_of(vec![
        file(
            "en/github/push.hbs",
            "---\ntitle: \"{{titel}}\"\n---\n\n{{#if actr}}x{{else if nummer}}y{{/if}}",
        ),
        file(
            "en/github/issues.hbs",
            "ok\n{{boldd title}}\n{{cut title}}\n{{> comits}}\n{{event}}",
        ),
        file("en/jira/x.hbs", "a\n{{#if x}}"),
        file(
            "en/githb/x.hbs",
            "{{#each commits}}{{anything}}{{/each}}{{event.action}}{{this.title}}",
        ),
        file("en/partials/a.hbs", "{{> b}}"),
        file("en/partials/b.hbs", "{{#if x}}{{> a}}{{/if}}"),
        file(
            "en/partials/c.hbs",
            "{{> (lookup this \"x\")}}{{#*inline \"d\"}}{{/inline}}",
        ),
        file("en/words.toml", "[phrases]\nmor = \"x\""),
    ]);
    insta::assert_snapshot!(errors.join("\n"), @r###"
templates/en/githb/x.hbs: no template is looked for in this folder; did you mean `github`?
templates/en/words.toml, line 2: there is no phrase `mor`; did you mean `more`?
templates/en/partials/c.hbs, line 1: a partial's name cannot be computed; write out its name, with `{{#if}}` around it where it depends on something
templates/en/partials/c.hbs, line 1: partials cannot be defined inside of a template; put it into a file in the folder `partials`
templates/en/partials/a.hbs: the partial `a` includes itself by way of others; take one of the inclusions out
templates/en/partials/b.hbs: the partial `b` includes itself by way of others; take one of the inclusions out
templates/en/github/issues.hbs, line 2: there is no helper `boldd`; did you mean `bold`?
templates/en/github/issues.hbs, line 3: helper `cut` does not take 1 values; write for example `{{cut title 12}}`
templates/en/github/issues.hbs, line 4: there is no partial `comits`; did you mean `commits`?
templates/en/github/issues.hbs, line 5: `event` is the whole event; write `event.event` for the vendor's word
templates/en/github/push.hbs, line 5: events have no field `actr`; did you mean `actor`?
templates/en/github/push.hbs, line 5: events have no field `nummer`; did you mean `number`?
templates/en/github/push.hbs, line 2: events have no field `titel`; did you mean `title`?
templates/en/jira/x.hbs, line 2: this cannot be read as Handlebars; see that every {{…}} and {{#…}} is closed
"###);
}

#[test]
fn errors_of_rendering_name_file_line_and_field() {
    let error = render("---\ntitle: x\n---\n\n{{duration title}}", &event()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "templates/en/github/push.hbs, line 5: helper `duration`: `title` is not a number"
    );
    let error = render("---\n\ntitle: \"{{cut title branch}}\"\n---\n", &event()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "templates/en/github/push.hbs, line 3: helper `cut`: `branch` is not a number"
    );
    let templates = Templates::new(vec![
        file("en/github/push.hbs", "{{> in_repo}}"),
        file("en/partials/in_repo.hbs", "\n{{duration repo.name}}"),
    ])
    .unwrap();
    let event = event();
    let error = templates
        .render(&rendering(&event, &Value::Null))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "templates/en/partials/in_repo.hbs, line 2: helper `duration`: `repo.name` is not a number"
    );
}

#[test]
fn familiar_names_of_travis_are_known() {
    let text = "{{repository_slug}} {{result}} {{commit_message}}";
    assert!(body(&render(text, &event()).unwrap()).starts_with("acme/shop"));
}

/// Texts that try to be more than text.
const HOSTILE: [&str; 44] = [
    "[x](http://evil)",
    "![x](http://evil/a.png)",
    "![](http://evil/a.png)",
    "[x][y]\n\n[y]: http://evil",
    "# heading",
    "## heading",
    "text\n===",
    "text\n---",
    "> quote",
    ">quote",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "1) item",
    "- [ ] task",
    "***",
    "---",
    "___",
    "`code`",
    "``` fence\ncode\n```",
    "~~~\ncode\n~~~",
    "    indented code",
    "\tindented code",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "<!-- hidden -->",
    "<a href='http://evil'>x</a>",
    "<http://evil>",
    "<mona@example.com>",
    "@all",
    "@13800000000",
    "x @alice y",
    "one\r\n# two",
    "one\u{2028}# two",
    "\u{202e}txet",
    "&#91;x&#93;(http://evil)",
    "&lt;b&gt;",
    "&amp;#64;all",
    "**bold** and *italic* and ~~gone~~",
    "\\[x](http://evil)",
    "\\\\[x](http://evil)",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "http://evil) [x](http://evil",
];

/// Whatever a document has besides paragraphs of plain text, quotes and bold.
fn extras(markdown: &str) -> Vec<String> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options)
        .filter(|part| match part {
            Part::Start(tag) => !matches!(tag, Tag::Paragraph | Tag::Strong | Tag::BlockQuote(_)),
            Part::Html(_) | Part::InlineHtml(_) | Part::Code(_) | Part::Rule => true,
            Part::TaskListMarker(_) | Part::FootnoteReference(_) => true,
            _ => false,
        })
        .map(|part| format!("{part:?}"))
        .collect()
}

/// Each way a template may print a stranger's text in Markdown.
const PLACES: [&str; 6] = [
    "**{{title}}** x",
    "{{title}}",
    "a\n{{title}}",
    "{{bold title}}",
    "{{quote text}}",
    "a {{first_line text}} b",
];

/// Asserts that `text` is nothing but text wherever templates print it.
fn assert_stays_text(templates: &Templates, text: &str) {
    let event = Event {
        title: Some(text.into()),
        text: Some(text.into()),
        ..event()
    };
    let render = |name: &str| {
        let named = Rendering {
            template: Some(name),
            mentions: Mentions::default(),
            ..rendering(&event, &Value::Null)
        };
        body(&templates.render(&named).unwrap()).to_owned()
    };
    for (at, place) in PLACES.iter().enumerate() {
        let body = render(&format!("place{at}"));
        let context = format!("{place}: {text:?} became {body:?}");
        assert_eq!(extras(&body), Vec::<String>::new(), "{context}");
        let mut after_at = body.split('@').skip(1);
        let calls = after_at.any(|rest| rest.starts_with(char::is_alphanumeric));
        assert!(!calls && !body.contains('\u{202e}'), "{context}");
    }
    let body = render("linked");
    let links = extras(&body);
    let is_ours = |link: &String| link.contains("https://example.com/acme/shop/42");
    let only_ours = links.len() <= 1 && links.iter().all(is_ours);
    assert!(only_ours, "link: {text:?} became {body:?}");
}

fn places() -> Templates {
    let mut files = vec![file("en/linked.hbs", "{{link title url}}")];
    for (at, place) in PLACES.iter().enumerate() {
        files.push(file(&format!("en/place{at}.hbs"), place));
    }
    Templates::new(files).unwrap()
}

#[test]
fn texts_of_strangers_stay_text() {
    let templates = places();
    for text in HOSTILE {
        assert_stays_text(&templates, text);
    }
    for bracket in ["[", "![", "> ", "- ", "*", "`", "<", "(", "[]("] {
        assert_stays_text(&templates, &bracket.repeat(10_000));
    }
}

#[test]
fn random_mixtures_of_signs_stay_text() {
    const SIGNS: [&str; 30] = [
        "[",
        "]",
        "(",
        ")",
        "!",
        "*",
        "_",
        "`",
        "~",
        "#",
        ">",
        "<",
        "-",
        "+",
        "=",
        "|",
        ":",
        "1.",
        "\\",
        "&",
        "&lt;",
        "@",
        " ",
        "\n",
        "\n\n",
        "\t",
        "a",
        "汉",
        "http://evil",
        "<b>",
    ];
    let templates = places();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..1500 {
        let length = random.usize(1..14);
        let text: String = (0..length)
            .map(|_| SIGNS[random.usize(..SIGNS.len())])
            .collect();
        assert_stays_text(&templates, &text);
    }
}

/// Only what templates mention is handed to them, so each way to mention something must be known.
#[test]
fn a_template_finds_what_it_names_in_whatever_way() {
    let payload = json!({ "extra": { "value": 7, "list": [{ "x": 1 }] } });
    let templates = [
        "{{payload.extra.value}} {{@root.payload.extra.list.0.x}}",
        "{{#with payload.extra}}{{value}} {{#each list}}{{x}}{{/each}}{{/with}}",
        "{{lookup payload.extra \"value\"}} {{#each (lookup payload.extra \"list\")}}{{x}}{{/each}}",
        "{{#with (lookup this \"payload\")}}{{extra.value}} {{extra.list.0.x}}{{/with}}",
        "{{#each payload}}{{value}} {{#each list}}{{x}}{{/each}}{{/each}}",
        "{{#with event}}{{number}}{{/with}}",
        "{{event.number}}{{#take labels 1}}{{#unless @root.event.number}}x{{/unless}}{{/take}}",
    ];
    let printed = templates.map(|text| {
        let templates = Templates::new(vec![file("en/github/push.hbs", text)]).unwrap();
        let event = event();
        let message = templates.render(&rendering(&event, &payload)).unwrap();
        body(&message)
            .trim_end_matches("\n\n@13800000000")
            .to_owned()
    });
    assert_eq!(printed, ["7 1", "7 1", "7 1", "7 1", "7 1", "42", "42"]);
}
