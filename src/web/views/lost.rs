//! The page for lost callbacks: a form and what it takes.

use super::{AccountLabel, Around, Frame, Place};
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct LostInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// The accounts for which whoever looks may paste.
    pub takers: &'a [&'a AccountLabel],
    /// They see only what they sent.
    pub only_sent: bool,
    /// What the form has just done, as a sentence.
    pub notice: Option<&'a str>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "lost.html")]
pub struct LostPage<'a> {
    frame: Frame,
    takers: Vec<(&'a str, &'a str)>,
    only_sent: bool,
    notice: Option<&'a str>,
}

impl<'a> LostPage<'a> {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: &LostInput<'a>) -> Self {
        Self {
            frame: Frame::new("Lost callbacks", Place::Lost, &input.around),
            takers: input.takers.iter().map(|it| (it.id.0.as_str(), it.label.as_str())).collect(),
            only_sent: input.only_sent,
            notice: input.notice,
        }
    }
}
