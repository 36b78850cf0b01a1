//! A board on a wall: the same rows, counts and troubles, and nothing that leads anywhere.

use super::board::{BoardInput, Pulse, PulseInput, title};
use super::drawn::DrawnRow;
use super::{Frame, Place};
use askama::Template;

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "screen/page.html")]
pub struct ScreenPage {
    frame: Frame,
    pulse: Pulse,
    title: String,
    rows: Vec<DrawnRow>,
    seq: i64,
}

/// The counts and troubles alone.
#[derive(Debug, Template)]
#[template(path = "screen/_pulse.html")]
pub struct ScreenPulse {
    pulse: Pulse,
}

impl ScreenPage {
    /// Puts a board into words.
    #[must_use]
    pub fn new(input: &BoardInput<'_>) -> Self {
        let (around, query) = (&input.around, input.query);
        let pulse = PulseInput { around, query, tallies: input.tallies, alerts: input.alerts, facets: None };
        Self {
            frame: Frame::new(&title(query), Place::Elsewhere, around),
            pulse: Pulse::new(&pulse),
            title: title(query),
            rows: input.drawn.rows(input.rows, around, false),
            seq: input.seq.0,
        }
    }
}

impl ScreenPulse {
    /// Puts the counts into words.
    #[must_use]
    pub fn new(input: &PulseInput<'_>) -> Self {
        Self { pulse: Pulse::new(input) }
    }
}
