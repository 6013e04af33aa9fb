//! The pure part: what a webhook means and what a message says.
//!
//! No I/O, no async, no clock, no environment in here: `now` and everything random come in as arguments, so
//! every rule can be tested with a table.

pub mod budget;
pub mod compose;
pub mod event;
pub mod fold;
pub mod history;
pub mod json;
pub mod lint;
pub mod message;
pub mod people;
pub mod quiet;
pub mod retry;
pub mod route;
pub mod secret;
pub mod source;
pub mod strangers;
pub mod template;
pub mod time;
