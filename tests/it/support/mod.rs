//! What tests stand on: a board of their own, over real HTTP and a real SQLite, with a clock that stands still.

pub mod board;
pub mod db;
pub mod issuer;
pub mod mailbox;
pub mod node;
pub mod people;
pub mod program;
pub mod sse;
pub mod webdriver;
pub mod world;
