//! What the firm's own logic is told: `emit` writes rows with their cause, `deliver` says which are next and how tries went,
//! `read` lists them.

mod deliver;
mod emit;
mod read;

pub use deliver::{HookTried, ToTell};
pub(super) use emit::Hooks;
pub use emit::{Wake, Wanted, Wants};
pub use read::{HookDelivery, HookFacts, HookState};
