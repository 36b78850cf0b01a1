//! Alerts: what is worth telling somebody. `raise` writes them with their cause, `operators` what is wrong with the board,
//! `inactive` which packages lie still; `read` lists them, `due` those whom to tell of is to be looked up, `page` counts them; `acts` says what people made of them, `wishes`
//! what they want to hear of, `tellings` who is told on which `occasion` and what came of it, which `messages` lists.

mod acts;
mod due;
mod inactive;
mod messages;
mod occasion;
mod operators;
mod page;
mod raise;
mod read;
mod tellings;
mod wishes;

pub use acts::Act;
pub use due::ToRoute;
pub use inactive::Still;
pub use messages::{Message, MessageFacts};
pub use occasion::{Because, Occasion};
#[cfg(test)]
pub(super) use operators::HOOK;
pub(super) use page::counts_told;
pub use page::{MOST_COUNTED, Standing};
pub(super) use raise::Alerts;
pub use read::{Alert, AlertFilter, AlertState, Resolution, Taken};
pub(super) use read::{alerts_asked, alerts_told};
pub use tellings::{Heard, NewTelling, Routed, Telling, TellingState, TellingTried};
