//! Alerts: what is worth telling somebody. `raise` writes them with their cause; `read` lists them, `page` counts them; `acts` says what people
//! made of them, `wishes` what they want to hear of, `tellings` who is told and what came of it.

mod acts;
mod page;
mod raise;
mod read;
mod tellings;
mod wishes;

pub use acts::Act;
pub use page::{MOST_COUNTED, Standing};
pub(super) use raise::Alerts;
pub use read::{Alert, AlertFilter, AlertState, Resolution, Taken};
pub use tellings::{Because, NewTelling, Occasion, Routed, Telling, TellingState, TellingTried};
