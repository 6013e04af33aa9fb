//! `when`: a condition in CEL (the Common Expression Language) over `event` and `payload`.
//!
//! A field that the event does not have makes the condition false and not an error: a route about the duration of
//! pipelines does not match a push. `explain` tells it.

use std::cell::OnceCell;
use std::fmt;

use cel::{Context, Program, Value as CelValue};
use serde_json::Value;

use crate::core::event::{Event, Kind};
use crate::core::json::Document;

/// What a `when` sees. The context is costly to build for large payloads, so it is built on first use and then
/// shared by all routes.
pub struct Variables<'a> {
    event: &'a Event,
    payload: &'a Document,
    context: OnceCell<Result<Context<'static, 'static>, String>>,
}

impl<'a> Variables<'a> {
    pub fn new(event: &'a Event, payload: &'a Document) -> Variables<'a> {
        Variables {
            event,
            payload,
            context: OnceCell::new(),
        }
    }

    fn context(&self) -> &Result<Context<'static, 'static>, String> {
        self.context.get_or_init(|| {
            let mut context = Context::default();
            context
                .add_variable("event", self.event)
                .and_then(|()| context.add_variable("payload", self.payload.value()))
                .map_err(|error| error.to_string())?;
            Ok(context)
        })
    }
}

/// A compiled condition.
#[derive(Debug)]
pub struct When {
    text: String,
    program: Program,
}

#[derive(Debug, thiserror::Error)]
pub enum WhenError {
    #[error("{0}")]
    Syntax(String),
    #[error("there is no `{0}` here; a condition sees `event` and `payload`")]
    UnknownName(String),
}

impl When {
    pub fn compile(text: &str) -> Result<When, WhenError> {
        let program =
            Program::compile(text).map_err(|errors| WhenError::Syntax(errors.to_string()))?;
        let when = When {
            text: text.to_owned(),
            program,
        };
        when.try_names()?;
        Ok(when)
    }

    /// Names are looked up only when a condition runs, so it is run once over an empty event. Whatever else goes
    /// wrong there is for want of data.
    fn try_names(&self) -> Result<(), WhenError> {
        let references = self.program.references();
        if let Some(name) = references
            .variables()
            .into_iter()
            .find(|name| !matches!(*name, "event" | "payload"))
        {
            return Err(WhenError::UnknownName(name.to_owned()));
        }
        let event = Event::new(Kind::Github, "sample", "sample");
        let payload = Document::from(Value::Null);
        let variables = Variables::new(&event, &payload);
        let Ok(context) = variables.context() else {
            return Ok(());
        };
        match self.program.execute(context) {
            Err(cel::ExecutionError::UndeclaredReference(name)) => {
                Err(WhenError::UnknownName(name.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// `Ok` when the condition is true; otherwise what came out instead.
    pub fn holds(&self, variables: &Variables) -> Result<(), String> {
        let context = variables.context().as_ref().map_err(String::clone)?;
        match self.program.execute(context) {
            Ok(CelValue::Bool(true)) => Ok(()),
            Ok(CelValue::Bool(false)) => Err("false".into()),
            Ok(_) => Err("a value that is neither true nor false".into()),
            Err(cel::ExecutionError::NoSuchKey(key)) => Err(format!("there is no `{key}`")),
            Err(error) => Err(shortened(&error.to_string())),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Errors of the library print the values they met, which may be a whole payload.
fn shortened(text: &str) -> String {
    const CHARS: usize = 120;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
