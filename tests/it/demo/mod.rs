//! The demo looks like the providers: its callbacks and its REST answers have the keys and types of the samples, and its
//! REST side pages, refuses and dates as the reference says.

mod looks;
mod others;
mod rest;
mod shape;
mod support;
mod telling;
