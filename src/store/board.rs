//! All that a board's page needs: what was shown is kept and carried on by what changed since; the rest is asked for in one
//! statement.

use super::alerts::{alerts_asked, alerts_told, counts_told};
use super::ask::{Ask, Told, Wanted, read};
use super::carry::{AsOf, ByWord, Counted, Known, Newest, Ranked, looked_up};
use super::facets::Facets;
use super::list::{Order, attention, page_and};
use super::memo::{Sent, steady};
use super::read::Page;
use super::{Alert, AlertFilter, Store, StoreError};
use crate::model::{Filter, Seq, Tally, Timestamp};
use std::sync::Arc;

/// What a board looks at.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// What it shows.
    pub filter: &'a Filter,
    /// The open alerts of all that whoever looks may see, and how many of them.
    pub open: AlertFilter,
    /// When.
    pub now: Timestamp,
    /// How many values of a facet; `None`: nobody is there to choose one.
    pub values: Option<u32>,
}

/// What stands around a board's list.
#[derive(Debug)]
pub struct Surroundings {
    /// How many alerts are open, of all that whoever looks may see.
    pub open: u64,
    /// The newest of them.
    pub alerts: Vec<Alert>,
    /// How many packages stand under each tally, by the filter.
    pub tallies: Vec<(Tally, u64)>,
    /// What the list can be narrowed to.
    pub facets: Option<Facets>,
}

/// A board.
#[derive(Debug)]
pub struct Board {
    /// The newest change that the list knows of.
    pub seq: Seq,
    /// The list's page.
    pub page: Page,
    /// What stands around it.
    pub around: Surroundings,
    /// Whose packages whoever looks may see, in alphabetical order.
    pub senders: Vec<String>,
}

impl Store {
    /// A board with at most `limit` rows, and so many senders.
    pub async fn board(
        &self,
        look: &Look<'_>,
        order: &Order,
        limit: u32,
        senders: u32,
    ) -> Result<Board, StoreError> {
        let (filter, now) = (look.filter, look.now);
        let upheavals = self.upheavals();
        // A change is on disk a moment before it is counted.
        let counted = upheavals.and_then(|_| self.recent.last());
        let key = (filter.clone(), order.clone(), limit, steady(now));
        let page = self.carried(&self.memo.page, upheavals, &key, |kept, changes| {
            kept.carried(changes, filter, order, limit, now)
        });
        let mut asks = Vec::new();
        let around = self.around(look, &mut asks)?;
        let senders = self.senders_asked(&filter.within, senders, &mut asks)?;
        let (page, mut told) = match page {
            Some(page) => (page, self.told(asks).await?),
            None => {
                let mut connection = self.readers.acquire().await?;
                let source = self.source(&mut connection, filter, order, now).await?;
                let most = looked_up(limit, order);
                let listed = page_and(&mut connection, filter, order, most, now, source, &asks).await?;
                let page = AsOf { seq: listed.page.seq, it: Known::of(listed.page.it, limit, order) };
                self.memo.page.put(upheavals, key, page.clone());
                (page, listed.also)
            }
        };
        let around = around.of(self, look, &mut told)?;
        let senders = senders.of(&mut told, read)?;
        // Whatever is older than the page is asked for again when a change comes that the page knows of.
        let seq = page.seq.min(told.oldest).min(counted.unwrap_or(page.seq));
        Ok(Board { seq, page: page.it.page, around, senders })
    }

    /// What stands around a board's list.
    pub async fn surroundings(&self, look: &Look<'_>) -> Result<Surroundings, StoreError> {
        let mut asks = Vec::new();
        let around = self.around(look, &mut asks)?;
        around.of(self, look, &mut self.told(asks).await?)
    }

    fn around(&self, look: &Look<'_>, asks: &mut Vec<Ask>) -> Result<Around<'_>, StoreError> {
        let (filter, now) = (look.filter, look.now);
        let key = (self.upheavals(), (filter.clone(), steady(now)));
        let carry = |kept: AsOf<u64>, changes: &[_]| Some(kept.carried(changes, filter, now));
        let attention = self.wanted(&self.memo.attention, key, asks, carry, || attention(filter, now))?;
        let open = AlertFilter { now: steady(look.open.now), ..look.open.clone() };
        let carry = |kept: AsOf<Arc<Newest>>, changes: &[_]| kept.carried(changes, &look.open);
        let limit = Newest::looked_up(look.open.limit);
        let ask = || alerts_asked(&AlertFilter { limit, ..look.open.clone() });
        let newest = self.wanted(&self.memo.newest, (self.writes_around(), open), asks, carry, ask)?;
        Ok(Around {
            attention,
            newest,
            standing: self.standing_asked(&look.open, asks)?,
            sent: self.sent(filter, asks)?,
            facets: look.values.map(|most| self.facets_asked(filter, most, asks)).transpose()?,
        })
    }
}

/// What stands around a list, as far as it is kept.
struct Around<'a> {
    attention: Wanted<'a, (Filter, Timestamp), u64>,
    newest: Wanted<'a, AlertFilter, Arc<Newest>>,
    standing: Wanted<'a, AlertFilter, Arc<Counted>>,
    sent: Option<Wanted<'a, Sent, ByWord>>,
    facets: Option<Wanted<'a, (Filter, u32, String), Ranked>>,
}

impl Around<'_> {
    fn of(self, store: &Store, look: &Look<'_>, told: &mut Told) -> Result<Surroundings, StoreError> {
        let attention = self.attention.of(told, read)?;
        let most = look.open.limit;
        let newest = |it: &str| Ok(Arc::new(Newest::of(alerts_told(it)?, most)));
        let alerts = self.newest.of(told, newest)?.shown(most);
        let open = self.standing.of(told, counts_told)?.standing(look.open.now).open;
        let mut tallies = store.counts_of(look.filter, self.sent, told)?;
        tallies.push((Tally::Attention, attention));
        let facets = match self.facets.zip(look.values) {
            Some((facets, most)) => Some(store.facets_of(look.filter, most, facets, told)?),
            None => None,
        };
        Ok(Surroundings { open, alerts, tallies, facets })
    }
}

#[cfg(test)]
mod tests;
