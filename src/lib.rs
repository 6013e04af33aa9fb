//! Hookbell: webhooks of GitHub, GitLab, Jira, Codeup and Travis CI in, readable DingTalk messages out.
//!
//! `ARCHITECTURE.md` tells one webhook's journey through these modules. They import each other in one
//! direction only, and `tests/it/structure.rs` keeps it so:
//!
//! ```text
//! cli -> app -> { admin -> operate, ingest, delivery, sandbox } -> { config, store, bot, drawing } -> clock -> core
//! ```

pub mod admin;
pub mod app;
pub mod bot;
pub mod checked;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod current;
pub mod delivery;
pub mod doorbell;
pub mod drawing;
pub mod health;
pub mod ingest;
pub mod metrics;
pub mod operate;
pub mod sandbox;
pub mod store;
pub mod traces;
