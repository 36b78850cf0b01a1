//! signboard: the board on which a business watches its documents get signed.

pub mod app;
pub mod clock;
pub mod config;
pub mod demo;
pub mod model;
pub mod provider;
pub mod store;
