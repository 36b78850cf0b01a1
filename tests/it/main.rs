//! Everything that is tested from outside: over HTTP, or through the public interface. One binary, so that it links once.

#![expect(clippy::unwrap_used, reason = "a test whose stage can't be set shall fail")]

mod alerts;
mod alerts_page;
mod api_json;
mod asking;
mod backup;
mod browser;
mod callbacks;
mod check;
mod csv;
mod demo;
mod discipline;
mod disk;
mod doctor;
mod drift;
mod erase;
mod facets;
mod forwarding;
mod hooks;
mod house;
mod import;
mod live;
mod pages;
mod path_token;
mod people;
mod proxies;
mod reconcile;
mod registering;
mod resync;
mod retention;
mod rotation;
mod search;
mod signers;
mod state;
mod stories;
mod support;
mod sync;
mod telling;
mod traffic;
mod truth;
mod views;
mod wire;
