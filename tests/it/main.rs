//! Everything that is tested from outside a module: one binary, so that it links once.

mod events;
mod fixture;
mod sandbox;
mod sandbox_page;
