//! What needs a person first: the newest open alerts, at the top of the board.

use super::Around;
use super::alert::AlertView;
use super::words::{count, number};
use crate::app::{Alert, MOST_COUNTED};

/// At most this many are shown, then "and 9 more".
const MOST_SHOWN: usize = 3;

/// The board's strip.
#[derive(Debug)]
pub struct Strip {
    /// The first ones.
    pub items: Vec<AlertView>,
    /// How many more there are; empty: none.
    pub more: String,
    /// Changes when what the strip says changes, and not when only a minute has passed: a screen reader speaks once.
    pub key: String,
    /// What a screen reader and a notification say of it.
    pub said: String,
}

impl Strip {
    /// Puts the newest of the open alerts into words.
    #[must_use]
    pub fn new(alerts: &[Alert], around: &Around<'_>) -> Self {
        let view = |it| AlertView::new(it, &[], false, around);
        let items: Vec<AlertView> = alerts.iter().take(MOST_SHOWN).map(view).collect();
        let more = around.alerts.saturating_sub(items.len() as u64);
        let keys: Vec<String> = items.iter().map(|it| it.id.to_string()).collect();
        let newest = items.first().map(|it| format!(". {}", it.spoken())).unwrap_or_default();
        Self {
            key: format!("{} {more}", keys.join(" ")),
            more: match more {
                0 => String::new(),
                it if around.alerts > u64::from(MOST_COUNTED) => format!("{}+", number(it)),
                it => number(it),
            },
            said: format!("{}{newest}", said(around.alerts)),
            items,
        }
    }
}

/// What the bell says.
pub(super) fn said(open: u64) -> String {
    match open {
        0 => "No open alerts".to_owned(),
        it if it > u64::from(MOST_COUNTED) => {
            format!("More than {} open alerts", number(u64::from(MOST_COUNTED)))
        }
        it => count(it, "open alert", "open alerts"),
    }
}
