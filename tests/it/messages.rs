//! What each fixture reads like in a group, and that both languages tell the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hookbell::core::message::{Button, Content, FeedItem, Mentions, Message};
use hookbell::core::source;
use hookbell::core::template::{Language, Rendering, Templates, builtin_files, helpers};
use jiff::Timestamp;

use crate::fixture;

#[test]
fn every_fixture_reads_as_its_snapshots_say() {
    let templates = Templates::builtin();
    for fixture in fixture::all() {
        let parsed = source::of(fixture.kind)
            .parse(&fixture.request)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        for language in Language::ALL {
            let happened = parsed.event.at.unwrap_or(Timestamp::UNIX_EPOCH);
            let message = templates
                .render(&Rendering {
                    event: &parsed.event,
                    payload: parsed.payload.value(),
                    language,
                    template: None,
                    mentions: Mentions::default(),
                    now: happened + Duration::from_secs(600),
                })
                .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
            let name = format!("message-{}", language.name());
            fixture::assert_snapshot(&fixture, &name, &readable(&message));
        }
    }
}

/// A language may need partials of its own, so a template's fields are counted together with those of its partials.
#[test]
fn both_languages_have_the_same_templates_with_the_same_fields() {
    let [english, chinese] = Language::ALL.map(fields_by_template);
    let names = |files: &BTreeMap<String, _>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&english), names(&chinese));
    for (path, fields) in english {
        assert_eq!(fields, chinese[&path], "fields in {path}");
    }
}

/// The message as a person reads it.
fn readable(message: &Message) -> String {
    let mut lines = vec![
        format!("type: {}", message.kind()),
        format!("title: {}", message.title),
    ];
    match &message.content {
        Content::Text { body } | Content::Markdown { body } => lines.push(format!("\n{body}")),
        Content::Link { body, url, picture } => {
            lines.push(format!("url: {url}"));
            lines.extend(picture.iter().map(|url| format!("picture: {url}")));
            lines.push(format!("\n{body}"));
        }
        Content::ActionCard { body, buttons, .. } => {
            lines.push(format!("\n{body}\n"));
            let line = |button: &Button| format!("[ {} ] {}", button.title, button.url);
            lines.extend(buttons.iter().map(line));
        }
        Content::FeedCard { items } => {
            let line = |item: &FeedItem| format!("{} {} {}", item.title, item.url, item.picture);
            lines.extend(items.iter().map(line));
        }
    }
    lines.join("\n")
}

/// What each template of a language names in its `{{…}}` and in those of the partials it includes, by the file's path
/// inside of the language's folder.
fn fields_by_template(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let folder = format!("{}/", language.name());
    let files: BTreeMap<String, String> = builtin_files()
        .into_iter()
        .filter(|file| file.path.ends_with(".hbs"))
        .filter_map(|file| Some((file.path.strip_prefix(&folder)?.to_owned(), file.text)))
        .collect();
    files
        .keys()
        .filter(|path| !path.starts_with("partials/"))
        .map(|path| {
            let mut fields = BTreeSet::new();
            collect_fields(&files, path, &mut BTreeSet::new(), &mut fields);
            (path.clone(), fields)
        })
        .collect()
}

fn collect_fields<'a>(
    files: &'a BTreeMap<String, String>,
    path: &str,
    visited: &mut BTreeSet<&'a str>,
    fields: &mut BTreeSet<String>,
) {
    let Some((path, text)) = files.get_key_value(path) else {
        return;
    };
    if !visited.insert(path) {
        return;
    }
    let tags = text
        .split("{{")
        .skip(1)
        .filter_map(|rest| rest.split("}}").next())
        .filter(|tag| !tag.starts_with(['!', '/']));
    for tag in tags {
        let mut code = tag;
        if let Some(inclusion) = tag.strip_prefix('>') {
            let name = inclusion.split_whitespace().next().unwrap_or_default();
            let name = name.trim_end_matches('~');
            collect_fields(files, &format!("partials/{name}.hbs"), visited, fields);
            code = inclusion.trim_start().trim_start_matches(name);
        }
        // What is between quotation marks is a text.
        let code: String = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        let words = code.split(|c: char| !(c.is_ascii_alphanumeric() || "_.@/".contains(c)));
        fields.extend(words.filter(|word| is_field(word)).map(str::to_owned));
    }
}

fn is_field(word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_keyword = ["else", "this", "as"].contains(&word);
    !is_number && !is_keyword && !helpers::names().any(|helper| helper == word)
}
