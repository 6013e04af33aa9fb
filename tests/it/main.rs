//! Everything that is tested from outside a module: one binary, so that it links once.

mod damaged;
mod events;
mod fixture;
mod travis;
mod travis_signer;
