//! Everything that is tested from outside a module: one binary, so that it links once.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod events;
mod fixture;
mod gaps;
mod messages;
mod sandbox;
mod store;
mod structure;
mod tolerance;
