//! Alerts: what is worth telling somebody. `raise` writes them with their cause; `read` lists them; `acts` says what people
//! made of them.

mod acts;
mod raise;
mod read;

pub use acts::Act;
pub(super) use raise::Alerts;
pub use read::{Alert, AlertFilter, AlertState, Resolution, Taken};
