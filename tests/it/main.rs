//! Everything that is tested from outside a module: one binary, so that it links once.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod addresses;
mod admin;
mod browser;
mod burst;
mod catalogue;
mod cluster;
mod command;
mod crash;
mod delivery;
mod demo;
mod doctor;
mod documents;
mod events;
mod faults;
mod fixture;
mod folded;
mod folding;
mod gaps;
mod health;
mod hostile;
mod ingest;
mod lint;
mod messages;
mod metrics;
mod outage;
mod plan;
mod process;
mod recorded;
mod relay;
mod reload;
mod reload_load;
mod repeats;
mod replica;
mod replicas;
mod sandbox;
mod sandbox_page;
mod store;
mod structure;
mod templates_page;
mod tolerance;
mod travis;
mod travis_signer;
mod vendor;
mod wording;
