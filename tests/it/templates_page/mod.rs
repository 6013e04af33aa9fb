//! `docs/templates.md`: how templates are found and written, all fields and all helpers.
//!
//! Fields come from the comments of `src/core/event.rs`, `event/details.rs` and `history/repeat.rs`, helpers from their
//! own table; the text between them is `page.md`, of which every example is loaded here.

mod fields;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hookbell::core::event::{Event, Kind};
use hookbell::core::history::Repeat;
use hookbell::core::template::helpers::HELPERS;
use hookbell::core::template::{TemplateFile, Templates};

use self::fields::{Type, types};
use crate::documents;

const TEXT: &str = include_str!("page.md");

#[test]
fn the_page_of_templates_says_what_the_code_does() {
    documents::assert_current("templates.md", &page());
}

#[test]
fn the_examples_of_the_page_of_templates_are_templates() {
    let examples = code_blocks("handlebars");
    assert!(examples.len() > 2, "{examples:?}");
    for example in examples {
        load("en/github/example.hbs", example);
    }
    for words in code_blocks("toml") {
        load("zh/words.toml", words);
    }
}

#[test]
fn every_field_of_an_event_is_on_the_page_of_templates() {
    let mut event = Event::new(Kind::Github, "", "");
    // Left out while they are empty.
    event.aliases.event.push(String::new());
    event.repeat = Some(Repeat::default());
    let event = serde_json::to_value(event).unwrap();
    let serialized: BTreeSet<&str> = event
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let types = types();
    let documented = types.iter().find(|known| known.name == "Event").unwrap();
    let documented: BTreeSet<&str> = documented.members.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(documented, serialized);
}

/// The blocks of the page's text in that language.
fn code_blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    TEXT.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

fn load(path: &str, text: &str) {
    let file = TemplateFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    if let Err(errors) = Templates::new(vec![file]) {
        panic!("{errors:?} in\n{text}");
    }
}

fn page() -> String {
    TEXT.replace("<!-- fields -->\n\n", &fields())
        .replace("<!-- helpers -->\n", &helpers())
}

fn fields() -> String {
    let mut text = String::new();
    for known in types().iter().filter(|known| !known.is_enum) {
        let (heading, about) = (heading(known), plain(&known.about));
        let _ = write!(text, "### {heading}\n\n{about}\n\n");
        text.push_str("| Field | Value | What it is |\n|---|---|---|\n");
        for member in &known.members {
            let about = plain(&member.about);
            let _ = writeln!(
                text,
                "| `{}` | {} | {about} |",
                member.name,
                value(&member.kind)
            );
        }
        text.push('\n');
    }
    text
}

fn heading(known: &Type) -> String {
    match known.name.as_str() {
        "Event" => "The event".to_owned(),
        name => name.to_owned(),
    }
}

/// A comment without the brackets of rustdoc's links.
fn plain(about: &str) -> String {
    about.replace("[`", "`").replace("`]", "`")
}

/// A Rust type as a template sees it.
fn value(kind: &str) -> String {
    let inside = |outer: &str| {
        let rest = kind.strip_prefix(outer)?;
        rest.strip_prefix('<')?.strip_suffix('>')
    };
    if let Some(item) = inside("Option") {
        return format!("{}, or missing", value(item));
    }
    if let Some(item) = inside("Vec") {
        return format!("list of {}", value(item));
    }
    match kind {
        "String" => "text".to_owned(),
        "u64" => "number".to_owned(),
        "bool" => "true or false".to_owned(),
        "Timestamp" => "time".to_owned(),
        name => of_type(name),
    }
}

/// The words of an enum, or a link to the table of a struct.
fn of_type(name: &str) -> String {
    let types = types();
    let known = types.iter().find(|known| known.name == name);
    let known = known.unwrap_or_else(|| panic!("no type {name} in event.rs"));
    match known.is_enum {
        true => {
            let words = known
                .members
                .iter()
                .map(|member| format!("`{}`", member.name));
            words.collect::<Vec<_>>().join(", ")
        }
        false => format!("[{name}](#{})", name.to_lowercase()),
    }
}

fn helpers() -> String {
    let mut text =
        String::from("| Helper | What it makes | Example | Prints |\n|---|---|---|---|\n");
    for helper in HELPERS {
        let code = |text: &str| format!("`{}`", text.replace('\n', " ⏎ ").replace('|', "\\|"));
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            helper.name,
            helper.about,
            code(helper.example),
            code(helper.prints)
        );
    }
    text
}
