//! The event's types as `src/core/event.rs` documents them: the page of templates prints the same words, so there is
//! one place to write them.
//!
//! This reads the source as lines and knows only the shapes that are in those files: structs with public fields, enums
//! without values.

use std::fs;
use std::path::Path;

/// A struct or enum.
pub struct Type {
    pub name: String,
    pub about: String,
    pub is_enum: bool,
    /// Fields, or variants as JSON has them.
    pub members: Vec<Member>,
}

pub struct Member {
    pub name: String,
    /// As Rust writes it; empty for variants.
    pub kind: String,
    pub about: String,
}

/// All public types of the file, in its order.
pub fn types() -> Vec<Type> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    let read = |file| fs::read_to_string(core.join(file)).unwrap();
    let files = ["event.rs", "event/details.rs", "history/repeat.rs"];
    let source: String = files.into_iter().map(read).collect();
    let mut types: Vec<Type> = Vec::new();
    let mut about = String::new();
    let mut inside = false;
    for line in source.lines() {
        let text = line.trim();
        if let Some(words) = text.strip_prefix("/// ") {
            about = format!("{about} {words}").trim_start().to_owned();
        } else if let Some((name, is_enum)) = opened_type(text) {
            types.push(Type {
                name: name.to_owned(),
                about: std::mem::take(&mut about),
                is_enum,
                members: Vec::new(),
            });
            inside = true;
        } else if line == "}" {
            inside = false;
            about.clear();
        } else if text.starts_with("#[") {
            // Between a comment and what it is about.
        } else if inside && let Some(member) = member(text) {
            let about = std::mem::take(&mut about);
            let known = types.last_mut().unwrap();
            known.members.push(Member { about, ..member });
        } else {
            about.clear();
        }
    }
    types
}

fn opened_type(line: &str) -> Option<(&str, bool)> {
    let rest = line.strip_suffix(" {")?;
    match rest.strip_prefix("pub struct ") {
        Some(name) => Some((name, false)),
        None => Some((rest.strip_prefix("pub enum ")?, true)),
    }
}

fn member(line: &str) -> Option<Member> {
    let line = line.strip_suffix(',')?;
    let (name, kind) = match line.strip_prefix("pub ") {
        Some(field) => {
            let (name, kind) = field.split_once(": ")?;
            (name.to_owned(), kind.to_owned())
        }
        None => (snake_case(line), String::new()),
    };
    Some(Member {
        name,
        kind,
        about: String::new(),
    })
}

/// `PullRequest` -> `pull_request`
fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}
