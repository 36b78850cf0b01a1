//! Rows that were drawn a moment ago, for whomever: most of a board's page is made of them, and drawing them is most of its
//! work.

use super::Around;
use super::row::RowView;
use crate::app::Row;
use crate::model::Package;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

/// How long ago something was is said so much later at most.
const STEADY_MS: i64 = 10_000;
/// So many rows are kept of each manner, and so many manners, the latest.
const MOST: usize = 1_000;
const MANNERS: usize = 4;

/// The rows that were drawn last, as html.
#[derive(Debug, Default)]
pub struct Drawn(Mutex<Vec<Sheet>>);

/// Those that were drawn in one manner.
#[derive(Debug)]
struct Sheet {
    manner: Manner,
    rows: HashMap<i64, Kept>,
}

/// A row's html.
#[derive(Debug, Clone)]
pub(super) struct DrawnRow(Arc<str>);

// Its own template escaped its parts, so a page may print it as it is.
impl askama::filters::HtmlSafe for DrawnRow {}

impl fmt::Display for DrawnRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A row as it was drawn, and what it was drawn of.
type Kept = (Arc<Package>, DrawnRow);

/// How rows are drawn: in which zone, about when, and whether they lead anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Manner {
    zone: String,
    at: i64,
    links: bool,
}

impl Drawn {
    /// Draws rows, but for those that are the same as before. `links`: they lead somewhere.
    pub(super) fn rows(&self, rows: &[Row], around: &Around<'_>, links: bool) -> Vec<DrawnRow> {
        let (zone, at) = (around.zone.name().to_owned(), around.now.0.div_euclid(STEADY_MS));
        let manner = Manner { zone, at, links };
        let known = self.known(rows, &manner);
        let mut fresh = Vec::new();
        let drawn = rows.iter().zip(known).map(|(row, known)| {
            known.unwrap_or_else(|| {
                let view = RowView::new(row, around);
                let view = if links { view } else { view.without_links() };
                let html = DrawnRow(view.html().into());
                fresh.push((row.id, (Arc::clone(&row.package), html.clone())));
                html
            })
        });
        let drawn = drawn.collect();
        self.keep(manner, fresh);
        drawn
    }

    fn known(&self, rows: &[Row], manner: &Manner) -> Vec<Option<DrawnRow>> {
        let sheets = self.0.lock().ok();
        let sheet = sheets.as_deref().and_then(|all| all.iter().find(|it| it.manner == *manner));
        let known = |row: &Row| {
            let (package, html) = sheet?.rows.get(&row.id)?;
            // The very same, and not one that is like it: that is all there is to compare.
            Arc::ptr_eq(package, &row.package).then(|| html.clone())
        };
        rows.iter().map(known).collect()
    }

    fn keep(&self, manner: Manner, fresh: Vec<(i64, Kept)>) {
        let Some(mut sheets) = self.0.lock().ok().filter(|_| !fresh.is_empty()) else { return };
        if sheets.iter().any(|it| it.manner.at > manner.at) {
            return;
        }
        let at = sheets.iter().position(|it| it.manner == manner);
        let at = at.unwrap_or_else(|| {
            // Those of before are drawn no more.
            sheets.retain(|it| it.manner.at == manner.at);
            if sheets.len() == MANNERS {
                sheets.remove(0);
            }
            sheets.push(Sheet { manner, rows: HashMap::new() });
            sheets.len() - 1
        });
        let Some(sheet) = sheets.get_mut(at) else { return };
        if sheet.rows.len() + fresh.len() > MOST {
            sheet.rows.clear();
        }
        sheet.rows.extend(fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Zone;
    use super::super::sample::{self, NOW, around, berlin};
    use super::*;

    /// Seen red with: a row taken for another one of its number, for one of another zone, of before, or with links.
    #[test]
    fn whatever_was_drawn_a_row_is_as_one_that_is_drawn_for_the_first_time() {
        let (drawn, accounts) = (Drawn::default(), sample::accounts());
        let zones = [berlin(), Zone::utc()];
        let mut rows = vec![sample::mortgage(), sample::crowd()];
        for step in 0..40_i64 {
            let (zone, links) = (&zones[usize::from(step % 3 == 0)], step % 5 != 0);
            let around = Around { now: NOW.plus(step / 2 * 7_000), ..around(&accounts, zone) };
            if step % 4 == 0 {
                let row = &mut rows[usize::from(step % 8 == 0)];
                let name = Some(format!("Renamed {step}"));
                row.package = Arc::new(Package { name, ..(*row.package).clone() });
            }
            for _ in 0..2 {
                let shown: Vec<String> =
                    drawn.rows(&rows, &around, links).iter().map(ToString::to_string).collect();
                let at = around.now.0 - around.now.0.rem_euclid(STEADY_MS);
                let first = |now| {
                    let around = Around { now, ..around };
                    let view = |row| RowView::new(row, &around);
                    let view = |row| if links { view(row) } else { view(row).without_links() };
                    rows.iter().map(|row| view(row).html()).collect::<Vec<_>>()
                };
                let (now, before) = (first(around.now), first(crate::model::Timestamp(at)));
                assert!(shown == now || shown == before, "{step}");
            }
        }
        let sheets = drawn.0.lock().unwrap();
        assert!(sheets.len() <= MANNERS && sheets.iter().all(|it| it.rows.len() == 2));
    }
}
