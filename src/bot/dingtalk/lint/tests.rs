use serde_json::json;

use super::*;
use crate::core::template::builtin_files;

const TEMPLATE: &str = "---
type: markdown
title: \"| not | a | table |\"
---
#### {{title}}

| job | stage |
{{#each failed as |job|}}
- {{job.name}} in `{{job.stage}}`
{{/each}}
{{!-- a comment
with `code` of two lines --}}
<br> {{#if url}}| a | b |{{/if}}
";

#[test]
fn a_template_is_read_line_by_line_without_its_front_matter_and_comments() {
    let remarks: Vec<(usize, Rule)> = template(TEMPLATE)
        .into_iter()
        .map(|remark| (remark.line, remark.rule))
        .collect();
    assert_eq!(
        remarks,
        [
            (7, Rule::Table),
            (9, Rule::InlineCode),
            (13, Rule::Html("br".into())),
        ]
    );
}

#[test]
fn the_built_in_templates_have_nothing_to_mend() {
    for file in builtin_files() {
        let is_template = file.path.ends_with(".hbs");
        let remarks = template(&file.text);
        assert!(
            !is_template || remarks.is_empty(),
            "{}: {remarks:?}",
            file.path
        );
    }
}

fn rules(kind: &str, content: serde_json::Value) -> Vec<Rule> {
    let posted = json!({"msgtype": kind, kind: content, "at": {"atMobiles": ["13800000000"], "atUserIds": []}});
    body(&posted.to_string(), Language::En, &Said::default())
}

fn in_markdown(text: &str) -> Vec<Rule> {
    rules(
        "markdown",
        json!({"title": "x", "text": format!("{text}\n\n@13800000000")}),
    )
}

#[test]
fn a_posted_body_is_read_as_a_group_sees_it() {
    let cases = [
        ("| a | b |", Rule::Table),
        ("[x](/relative)", Rule::Link("/relative".into())),
        (
            "![p](http://10.0.0.7/a.png)",
            Rule::PrivatePicture("10.0.0.7".into()),
        ),
        (
            "![p](https://git.internal/a.png)",
            Rule::PrivatePicture("git.internal".into()),
        ),
        (
            "![p](http://build/a.png)",
            Rule::PrivatePicture("build".into()),
        ),
        ("[](https://example.com)", Rule::Empty("[](".into())),
        ("a  b", Rule::Gap("a  b".into())),
    ];
    for (text, rule) in cases {
        let rules = in_markdown(text);
        assert!(rules.contains(&rule), "{text}: {rules:?}");
    }
    for text in [
        "#### [x](https://example.com) opened",
        "![p](https://example.com/a.png)",
        "> quoted",
    ] {
        assert_eq!(in_markdown(text), [], "{text}");
    }
}

#[test]
fn a_call_that_the_text_does_not_repeat_and_a_missing_title_are_told() {
    let missing = rules("markdown", json!({"title": "", "text": "hello"}));
    let names = vec!["13800000000".to_owned()];
    assert_eq!(missing, [Rule::Title, Rule::Mention(names)]);
    let text = rules("text", json!({"content": "hello @13800000000"}));
    assert_eq!(text, [], "a text has no title");
}

#[test]
fn a_body_that_is_too_large_is_told_with_its_size() {
    let long = "x".repeat(20_000);
    assert!(matches!(in_markdown(&long)[0], Rule::Size(bytes) if bytes > 20_000));
}

#[test]
fn every_rule_has_words_in_both_languages() {
    let all = [
        Rule::Table,
        Rule::CodeFence,
        Rule::InlineCode,
        Rule::Strikethrough,
        Rule::TaskList,
        Rule::Font,
        Rule::Html("br".into()),
        Rule::EmojiCode(":tada:".into()),
        Rule::SoftBreak("line".into()),
        Rule::Size(20_001),
        Rule::Title,
        Rule::PrivatePicture("host".into()),
        Rule::Link("x".into()),
        Rule::Mention(vec!["alice".into()]),
        Rule::Left {
            fault: Fault::Missing,
            mark: "·".into(),
            line: "opened ·".into(),
        },
        Rule::Empty("****".into()),
        Rule::Gap("a  b".into()),
    ];
    for rule in all {
        let (en, zh) = (rule.told(Language::En), rule.told(Language::Zh));
        assert!(en.what.is_ascii() || en.what.contains(['“', '·']), "{en:?}");
        assert!(!zh.what.is_ascii() && !zh.advice.is_ascii(), "{zh:?}");
        assert!(!en.advice.is_empty());
    }
}
