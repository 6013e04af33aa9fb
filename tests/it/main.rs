//! Everything that is tested from outside a module: one binary, so that it links once.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot prepare its test ends it; clippy sees test functions only"
)]

mod events;
mod fixture;
mod sandbox;
mod sandbox_page;
