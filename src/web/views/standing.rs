//! How the accounts stand, in the page's header: it speaks for the one that most needs somebody.

use super::AccountLabel;
use super::time::{When, Zone};
use super::words::count;
use crate::app::standing::{Standing, Worst};
use crate::model::Timestamp;

/// What the header says of the accounts in view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// The words.
    pub words: String,
    /// One of them isn't as it should be.
    pub is_ill: bool,
}

impl Header {
    /// Puts it into words.
    #[must_use]
    pub fn new(in_view: &[&AccountLabel], worst: Option<&Worst<'_>>, now: Timestamp, zone: &Zone) -> Self {
        let Some(worst) = worst else {
            let words = match in_view {
                [] => String::new(),
                [one] => one.label.clone(),
                all => format!("all {}", count(all.len() as u64, "account", "accounts")),
            };
            return Self { words, is_ill: false };
        };
        let label = in_view.iter().find(|it| it.id == worst.account.id).map_or("An account", |it| &it.label);
        Self { words: format!("{label} {}", ails(&worst.standing, worst.silent, now, zone)), is_ill: true }
    }
}

/// What is the matter with an account, behind its name.
fn ails(standing: &Standing, silent: Option<Timestamp>, now: Timestamp, zone: &Zone) -> String {
    let time = |at| When::near(at, now, zone).shown().to_owned();
    match (standing, silent) {
        (Standing::Refused { since, .. }, _) => format!("refuses our credentials since {}", time(*since)),
        (Standing::Unreachable { since, .. }, _) => format!("has not answered since {}", time(*since)),
        (_, Some(at)) => format!("silent since {}", time(at)),
        (Standing::Resting { until }, None) => format!("rests until {}, as its provider asked", time(*until)),
        (Standing::Fine | Standing::NotAskedYet | Standing::NoApi, None) => "is well".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, accounts, berlin};
    use super::*;

    #[test]
    fn the_header_counts_who_is_well_and_names_who_is_not() {
        let all = accounts();
        let labels: Vec<&AccountLabel> = all.iter().collect();
        let words = |of: &[&AccountLabel]| Header::new(of, None, NOW, &berlin()).words;
        assert_eq!([words(&labels), words(&labels[..1]), words(&[])], ["all 5 accounts", "OneSpan · EU", ""]);
        let (since, why) = (NOW.plus(-3_600_000), String::new());
        let unreachable = Standing::Unreachable { since, why: why.clone() };
        let said = |standing: &Standing, silent| ails(standing, silent, NOW, &berlin());
        assert_eq!(said(&unreachable, Some(NOW)), "has not answered since 13:02");
        assert_eq!(said(&Standing::Refused { since, why }, None), "refuses our credentials since 13:02");
        let resting = Standing::Resting { until: NOW.plus(60_000) };
        assert_eq!(said(&resting, None), "rests until 14:03, as its provider asked");
        let yesterday = NOW.plus(-86_400_000);
        for standing in [Standing::Fine, Standing::NoApi, resting] {
            assert_eq!(said(&standing, Some(yesterday)), "silent since 20 Nov, 14:02");
        }
    }
}
