//! Text fields: wiki markup where it is a string, Atlassian Document Format where it is an object.
//!
//! Every recorded webhook has wiki markup; the documentation promises what the REST API returns, which in its newest
//! version is the document format. So both are read.

use super::person::People;
use super::{adf, wiki};
use crate::core::event::Person;
use crate::core::json::{Json, Lookup};

/// More people than this are not noted; a message could not call them all.
const MAX_MENTIONED: usize = 50;

/// A text in our form.
#[derive(Debug, Default, PartialEq)]
pub struct Text {
    /// CommonMark. What the writer did not mean as markup is escaped.
    pub markdown: String,
    /// Who is named in it, each once, in order.
    pub mentioned: Vec<Person>,
}

/// The text at `path`, unless it is missing or empty.
pub fn text_at(value: &Json, path: &str, people: &People) -> Option<Text> {
    let text = match value.at(path) {
        Json::String(markup) => wiki::to_markdown(markup, people),
        document @ Json::Object(_) => adf::to_markdown(document, people),
        _ => return None,
    };
    (!text.markdown.is_empty()).then_some(text)
}

impl Text {
    /// Notes that `person` is named, once.
    pub fn mention(&mut self, person: &Person) {
        let known = |other: &Person| match (&person.id, &person.login) {
            (None, None) => other == person,
            (id, login) => (&other.id, &other.login) == (id, login),
        };
        if self.mentioned.len() < MAX_MENTIONED && !self.mentioned.iter().any(known) {
            self.mentioned.push(person.clone());
        }
    }
}
