//! All that a board's page needs, in as few statements as can be: what may be otherwise after each change is kept and carried
//! on by the changes, else it is asked for in one statement; in another, what is otherwise more seldom.

use super::alerts::{alerts_asked, alerts_told, standing_told};
use super::ask::{Ask, read};
use super::carry::{AsOf, Known, looked_up};
use super::facets::Facets;
use super::list::{LAST_CHANGE, Order, attention, page};
use super::memo::{Memo, Sent, Wanted, steady};
use super::read::{Change, Page};
use super::{Alert, AlertFilter, Standing, Store, StoreError};
use crate::model::{Filter, Seq, Tally, Timestamp};
use std::sync::Arc;
use std::vec;

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
        let key = (filter.clone(), order.clone(), limit, steady(now));
        let kept = self.carried(&self.memo.page, upheavals, &key, |kept, changes| {
            kept.carried(changes, filter, order, limit, now)
        });
        let beside = self.beside(look);
        let (page, beside) = match kept {
            Some(page) => (page, beside.alone(self).await?),
            None => {
                let mut connection = self.readers.acquire().await?;
                let source = self.source(&mut connection, filter, order, now).await?;
                let also = beside.asks()?;
                let most = looked_up(limit, order);
                let listed = page(&mut connection, filter, order, most, now, source, &also).await?;
                let page = AsOf { seq: listed.page.seq, it: Known::of(listed.page.it, limit, order) };
                self.memo.page.put(upheavals, key, page.clone());
                (page, beside.of(self, listed.seq, listed.also)?)
            }
        };
        let mut asks = Vec::new();
        let rest = self.rest(look, &mut asks)?;
        let senders = self.senders_asked(&filter.within, senders, &mut asks)?;
        let mut told = self.told(asks).await?;
        let around = self.around(look, beside, rest, &mut told)?;
        Ok(Board { seq: page.seq, page: page.it.page, around, senders: senders.of(&mut told, read)? })
    }

    /// What stands around a board's list.
    pub async fn surroundings(&self, look: &Look<'_>) -> Result<Surroundings, StoreError> {
        let beside = self.beside(look).alone(self).await?;
        let mut asks = Vec::new();
        let rest = self.rest(look, &mut asks)?;
        let mut told = self.told(asks).await?;
        self.around(look, beside, rest, &mut told)
    }

    fn beside<'a>(&self, look: &'a Look<'a>) -> Beside<'a> {
        let (filter, now) = (look.filter, look.now);
        let (upheavals, around) = (self.upheavals(), self.writes_around());
        let keys = Beside::keys(look);
        let attention = self.carried(&self.memo.attention, upheavals, &keys.0, |kept, changes| {
            Some(kept.carried(changes, filter, now))
        });
        let newest =
            self.carried(&self.memo.newest, around, &keys.1, |kept, changes| Some(kept.carried(changes)));
        Beside { look, upheavals, around, attention, newest }
    }

    /// What is kept, as of now; `None`: it is to be looked up.
    fn carried<K: PartialEq + Clone, T: Clone>(
        &self,
        memo: &Memo<K, AsOf<T>>,
        writes: Option<u64>,
        key: &K,
        carry: impl FnOnce(AsOf<T>, &[Arc<Change>]) -> Option<AsOf<T>>,
    ) -> Option<AsOf<T>> {
        let kept = memo.get(writes, key)?;
        let changes = self.recent.after(kept.seq)?;
        if changes.is_empty() {
            return Some(kept);
        }
        let carried = carry(kept, &changes)?;
        memo.put(writes, key.clone(), carried.clone());
        Some(carried)
    }

    /// What changes more seldom.
    fn rest(&self, look: &Look<'_>, asks: &mut Vec<Ask>) -> Result<Rest<'_>, StoreError> {
        Ok(Rest {
            standing: self.standing_asked(&look.open, asks)?,
            sent: self.sent(look.filter, asks)?,
            facets: look.values.map(|most| self.facets_asked(look.filter, most, asks)).transpose()?,
        })
    }

    fn around(
        &self,
        look: &Look<'_>,
        (attention, alerts): (u64, Vec<Alert>),
        rest: Rest<'_>,
        told: &mut impl Iterator<Item = String>,
    ) -> Result<Surroundings, StoreError> {
        let open = rest.standing.of(told, standing_told)?.open;
        let mut tallies = self.counts_of(look.filter, rest.sent, told)?;
        tallies.push((Tally::Attention, attention));
        let facets = rest.facets.map(|it| self.facets_of(look.filter, it, told)).transpose()?;
        Ok(Surroundings { open, alerts, tallies, facets })
    }
}

/// What may be otherwise after each change, as far as it is kept: how many packages need attention, and the newest alerts.
struct Beside<'a> {
    look: &'a Look<'a>,
    upheavals: Option<u64>,
    around: Option<u64>,
    attention: Option<AsOf<u64>>,
    newest: Option<AsOf<Vec<Alert>>>,
}

impl Beside<'_> {
    fn keys(look: &Look<'_>) -> ((Filter, Timestamp), AlertFilter) {
        let open = AlertFilter { now: steady(look.open.now), ..look.open.clone() };
        ((look.filter.clone(), steady(look.now)), open)
    }

    /// What is to be looked up of it.
    fn asks(&self) -> Result<Vec<Ask>, StoreError> {
        let attention = self.attention.is_none().then(|| attention(self.look.filter, self.look.now));
        let newest = self.newest.is_none().then(|| alerts_asked(&self.look.open));
        attention.into_iter().chain(newest).collect()
    }

    /// All of it, looked up by itself.
    async fn alone(self, store: &Store) -> Result<(u64, Vec<Alert>), StoreError> {
        let mut asks = self.asks()?;
        let mut seq = Seq::default();
        if asks.is_empty() {
            return self.of(store, seq, vec::IntoIter::default());
        }
        asks.insert(0, Ask::new(LAST_CHANGE));
        let mut told = store.told(asks).await?;
        seq.0 = read(&told.next().unwrap_or_default())?;
        self.of(store, seq, told)
    }

    /// All of it, with what was told as of a change.
    fn of(
        self,
        store: &Store,
        seq: Seq,
        mut told: vec::IntoIter<String>,
    ) -> Result<(u64, Vec<Alert>), StoreError> {
        let mut next = || told.next().unwrap_or_default();
        let keys = Self::keys(self.look);
        let attention = match self.attention {
            Some(kept) => kept.it,
            None => {
                let it = read(&next())?;
                store.memo.attention.put(self.upheavals, keys.0, AsOf { seq, it });
                it
            }
        };
        let newest = match self.newest {
            Some(kept) => kept.it,
            None => {
                let it = alerts_told(&next())?;
                store.memo.newest.put(self.around, keys.1, AsOf { seq, it: it.clone() });
                it
            }
        };
        Ok((attention, newest))
    }
}

/// What changes more seldom.
struct Rest<'a> {
    standing: Wanted<'a, AlertFilter, Standing>,
    sent: Option<Wanted<'a, Sent, Vec<(String, i64)>>>,
    facets: Option<Wanted<'a, (Filter, u32), Facets>>,
}

#[cfg(test)]
mod tests;
