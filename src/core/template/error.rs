//! What can be wrong with a template: when it is loaded, and when it meets an event.

use std::fmt;

/// A mistake in a file of the templates' folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// Relative to the templates' folder.
    pub file: String,
    /// From 1, where it is known.
    pub line: Option<usize>,
    pub what: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Place(&self.file, self.line), self.what)?;
        match self.remedy.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.remedy),
        }
    }
}

impl TemplateError {
    pub(super) fn at(
        file: &str,
        line: impl Into<Option<usize>>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> TemplateError {
        TemplateError {
            file: file.to_owned(),
            line: line.into(),
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// Why an event could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("there is no template `{name}` for events of {kind}")]
    UnknownTemplate { name: String, kind: String },
    #[error("{}: {what}", Place(file, *line))]
    Failed {
        /// Relative to the templates' folder.
        file: String,
        line: Option<usize>,
        what: String,
    },
}

impl RenderError {
    pub(super) fn unknown_template(name: &str, kind: &str) -> RenderError {
        RenderError::UnknownTemplate {
            name: name.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// An error of the template engine. It may have happened in a partial, which is known by its short name only.
    pub(super) fn in_file(path: &str, error: &handlebars::RenderError) -> RenderError {
        let file = match error.template_name.as_deref() {
            Some(name) if !name.contains(".hbs") => {
                let language = path.split('/').next().unwrap_or_default();
                format!("{language}/partials/{name}.hbs")
            }
            _ => path.to_owned(),
        };
        RenderError::Failed {
            file,
            line: error.line_no,
            what: error.reason().to_string(),
        }
    }
}

/// `templates/en/github/push.hbs, line 7`.
struct Place<'a>(&'a str, Option<usize>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "templates/{}", self.0)?;
        match self.1 {
            Some(line) => write!(f, ", line {line}"),
            None => Ok(()),
        }
    }
}

/// `did you mean …?`, when one of `known` is close to `given`.
pub(super) fn suggestion<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| format!("did you mean `{word}`?"))
}
