//! The signature line: one stroke per signer, in signing order.

use super::words;
use crate::model::{Document, Package, Signer, SignerStatus};
use askama::Template;

/// More signers than this are summed up in a bar.
const MOST_STROKES: usize = 8;

/// One stroke per signer, or a bar where there are too many to tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/lines.html")]
pub struct Lines {
    strokes: Vec<&'static str>,
    signed: usize,
    /// How many sign in all; `None`: the provider never tells.
    total: Option<usize>,
    label: String,
}

// Its own template escapes its parts, so a page may print it as it is.
impl askama::filters::HtmlSafe for Lines {}

impl Lines {
    /// The signers who count, and how far each got; where the provider never tells who they are, those who acted.
    pub(super) fn of(package: &Package, never: bool) -> Self {
        let (signed, total) = package.signed_of();
        let total = (!never).then_some(total);
        let strokes = package.counted().map(stroke).collect();
        let wrong: Vec<&str> = package.counted().filter_map(words::trouble).collect();
        let mut label = format!("{} signed", part(signed, total));
        for (at, word) in wrong.iter().enumerate() {
            if !wrong[..at].contains(word) {
                let times = wrong.iter().filter(|it| *it == word).count();
                label.push_str(&format!(", {times} {word}"));
            }
        }
        Self { strokes, signed, total, label }
    }

    /// The signers who count, and who of them confirmed this document.
    pub(super) fn of_document(package: &Package, document: &Document) -> Self {
        let has = |signer: &Signer| document.signed_by.contains(&signer.id);
        let strokes: Vec<&'static str> =
            package.counted().map(|signer| if has(signer) { "signed" } else { "" }).collect();
        let (signed, total) = (strokes.iter().filter(|it| !it.is_empty()).count(), strokes.len());
        Self { strokes, signed, total: Some(total), label: format!("signed by {signed} of {total}") }
    }

    /// How many have signed, of how many; empty: nobody is known who does.
    pub(super) fn count(&self) -> String {
        match (self.strokes.len(), self.total) {
            (0, _) => String::new(),
            (_, Some(_)) => part(self.signed, self.total),
            (_, None) => format!("{} signed", self.signed),
        }
    }

    fn is_bar(&self) -> bool {
        self.strokes.len() > MOST_STROKES
    }
}

fn part(signed: usize, total: Option<usize>) -> String {
    total.map_or_else(|| signed.to_string(), |total| format!("{signed} of {total}"))
}

fn stroke(signer: &Signer) -> &'static str {
    match signer.status {
        SignerStatus::Signed => "signed",
        SignerStatus::Declined => "declined",
        SignerStatus::OptedOut => "opted-out",
        SignerStatus::Waiting | SignerStatus::Viewed | SignerStatus::Signing | SignerStatus::Reassigned
            if signer.is_troubled() =>
        {
            if signer.locked {
                "locked"
            } else if signer.bounced {
                "bounced"
            } else {
                "failed"
            }
        }
        SignerStatus::Waiting | SignerStatus::Reassigned => "",
        SignerStatus::Viewed => "viewed",
        SignerStatus::Signing => "signing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::views::sample;

    #[test]
    fn a_stroke_for_each_signer_and_a_word_for_each_trouble() {
        let lines = Lines::of(&sample::mortgage().package, false);
        assert_eq!(lines.strokes, ["signed", "signed", "locked", ""]);
        assert_eq!(lines.label, "2 of 4 signed, 1 locked out");
        assert_eq!(lines.count(), "2 of 4");
    }

    #[test]
    fn more_than_eight_are_summed_up() {
        let html = Lines::of(&sample::crowd().package, false).render().expect("renders");
        assert!(html.starts_with("<progress class=\"crowd\" max=\"12\" value=\"7\""), "{html}");
    }
}
