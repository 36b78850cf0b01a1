//! The page that says what went wrong. A 5xx never shows its cause, only the reference by which the log knows it.

use super::{Around, Frame, Place};
use askama::Template;

/// What went wrong.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    frame: Frame,
    status: u16,
    sentence: &'a str,
    todo: &'a str,
    reference: Option<&'a str>,
}

impl<'a> ErrorPage<'a> {
    /// `sentence` says what happened, `todo` what to do next, both as whole sentences.
    #[must_use]
    pub fn new(
        status: u16,
        sentence: &'a str,
        todo: &'a str,
        reference: Option<&'a str>,
        around: &Around<'_>,
    ) -> Self {
        let title = match status {
            404 => "Not found".to_owned(),
            _ => format!("Error {status}"),
        };
        Self { frame: Frame::new(&title, Place::Elsewhere, around), status, sentence, todo, reference }
    }
}
