//! What boards said, carried on by what changed since: the same as if it were looked up, without a statement.

mod alerts;
mod counts;

pub(super) use alerts::{Counted, Newest};
pub(super) use counts::{ByWord, Ranked, Ranks};

use super::list::{Order, Place, place_given};
use super::read::{Change, Page, Row};
use crate::model::filter::search_text;
use crate::model::{Filter, Package, Seq, Timestamp};
use std::sync::Arc;

/// So many rows behind a page are known.
const BEHIND: u32 = if cfg!(test) { 2 } else { 10 };

/// Something as of a change.
#[derive(Debug, Clone)]
pub(super) struct AsOf<T> {
    pub seq: Seq,
    pub it: T,
}

impl<T> AsOf<T> {
    /// As of the last of these.
    fn with(&mut self, changes: &[Arc<Change>]) {
        self.seq = changes.last().map_or(self.seq, |last| last.row.seq);
    }
}

/// A page, and what is known of the list behind it, so that the page is known when some of it leaves.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub page: Page,
    behind: Vec<Row>,
    /// Nothing else is behind it.
    ends: bool,
}

/// So many rows of a page and behind it are looked up. Walking back, nothing is behind it that moves it.
pub(super) fn looked_up(limit: u32, order: &Order) -> u32 {
    if order.before.is_some() { limit } else { limit.saturating_add(BEHIND) }
}

impl Known {
    /// Of what was looked up.
    pub(super) fn of(mut page: Page, limit: u32, order: &Order) -> Self {
        let ends = page.next.is_none();
        let behind = page.rows.split_off(page.rows.len().min(limit as usize));
        if !behind.is_empty() {
            page.next = page.rows.last().map(|it| Place::of(it, order.sort).to_string());
        }
        Self { page, behind, ends }
    }
}

impl AsOf<Known> {
    /// `None`: what comes into the page from behind it is not known.
    pub(super) fn carried(
        mut self,
        changes: &[Arc<Change>],
        filter: &Filter,
        order: &Order,
        limit: u32,
        now: Timestamp,
    ) -> Option<Self> {
        let Known { page, behind, ends } = &mut self.it;
        // Walking back, and among the newest of what words find, a row that comes moves where the page begins.
        if order.before.is_some() || page.newest_of.is_some() {
            return None;
        }
        let begins = place_given(order);
        let known = page.rows.drain(..).chain(behind.drain(..));
        let mut known: Vec<(Place, Row)> = known.map(|row| (Place::of(&row, order.sort), row)).collect();
        for row in changes.iter().map(|it| &it.row) {
            known.retain(|(_, it)| it.id != row.id);
            let place = Place::of(row, order.sort);
            if begins.as_ref().is_some_and(|it| !place.is_behind(it, order)) || !admits(filter, row, now) {
                continue;
            }
            let at = known.partition_point(|(it, _)| place.is_behind(it, order));
            // Where it stands among what is not known makes no difference.
            if at < known.len() || *ends {
                known.insert(at, (place, row.clone()));
            }
        }
        let limit = limit as usize;
        if !*ends && known.len() <= limit {
            return None;
        }
        let most = limit.saturating_add(BEHIND as usize);
        *ends &= known.len() <= most;
        known.truncate(most);
        let place = |it: Option<&(Place, Row)>| it.map(|(place, _)| place.to_string());
        let rest = known.split_off(known.len().min(limit));
        page.next = place(known.last()).filter(|_| !rest.is_empty());
        page.prev = place(known.first()).filter(|_| begins.is_some());
        page.rows = known.into_iter().map(|(_, row)| row).collect();
        *behind = rest.into_iter().map(|(_, row)| row).collect();
        self.with(changes);
        Some(self)
    }
}

impl AsOf<u64> {
    /// How many packages need attention.
    pub(super) fn carried(mut self, changes: &[Arc<Change>], filter: &Filter, now: Timestamp) -> Self {
        for change in changes {
            let account = &change.row.key.account;
            let counts = |it: &Package| {
                filter.has(account) && filter.within.admits(account, it) && it.needs_attention(now)
            };
            let before = change.before.as_deref().is_some_and(counts);
            self.it = (self.it + u64::from(counts(&change.row.package))).saturating_sub(u64::from(before));
        }
        self.with(changes);
        self
    }
}

fn admits(filter: &Filter, row: &Row, now: Timestamp) -> bool {
    // Who searches for nothing needs no text.
    let text = if filter.words.is_empty() {
        String::new()
    } else {
        search_text(row.key.package.as_str(), &row.package)
    };
    filter.admits(&row.key.account, &row.package, &text, now)
}
