//! The state machine against its law, from outside: an example or more per rule, named by its number, and properties.

mod answers;
pub mod build;
mod legalesign;
mod logs;
mod packages;
mod people;
mod properties;
mod random;
mod steps;
mod stepwise;
mod told;
mod truth;
mod truthful;
mod websignatureoffice;
