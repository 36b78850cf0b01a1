//! All that a board's page needs, in as few statements as can be: what may be otherwise after each write in one, and in
//! another what is otherwise more seldom and kept for longer.

use super::alerts::{alerts_asked, alerts_told, standing_told};
use super::ask::{Ask, read, together};
use super::facets::Facets;
use super::list::{Listed, Order, attention, page};
use super::memo::{Sent, Wanted, steady};
use super::read::Page;
use super::{Alert, AlertFilter, Standing, Store, StoreError};
use crate::model::{Filter, Seq, Tally, Timestamp};

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
        let mut connection = self.readers.acquire().await?;
        let mut asks = Vec::new();
        let writes = self.writes();
        let now = self.now_asked(look, writes, &mut asks)?;
        let key = (look.filter.clone(), order.clone(), limit, steady(look.now));
        let (listed, told) = match self.memo.page.get(writes, &key) {
            Some(kept) => (kept, together(&mut connection, asks).await?),
            None => {
                let source = self.source(&mut connection, look.filter, order, look.now).await?;
                let Listed { page, seq, also } =
                    page(&mut connection, look.filter, order, limit, look.now, source, &asks).await?;
                self.memo.page.put(writes, key, (seq, page.clone()));
                ((seq, page), also)
            }
        };
        let now = now.of(&mut told.into_iter())?;
        let mut asks = Vec::new();
        let rest = self.rest_asked(look, &mut asks)?;
        let senders = self.senders_asked(&look.filter.within, senders, &mut asks)?;
        let mut told = together(&mut connection, asks).await?.into_iter();
        let around = self.around(look, now, rest, &mut told)?;
        let (seq, page) = listed;
        Ok(Board { seq, page, around, senders: senders.of(&mut told, read)? })
    }

    /// What stands around a board's list.
    pub async fn surroundings(&self, look: &Look<'_>) -> Result<Surroundings, StoreError> {
        let mut asks = Vec::new();
        let now = self.now_asked(look, self.writes(), &mut asks)?;
        let rest = self.rest_asked(look, &mut asks)?;
        let mut told = self.told(asks).await?;
        let now = now.of(&mut told)?;
        self.around(look, now, rest, &mut told)
    }

    /// What may be otherwise after each write.
    fn now_asked(
        &self,
        look: &Look<'_>,
        writes: Option<u64>,
        asks: &mut Vec<Ask>,
    ) -> Result<Now<'_>, StoreError> {
        let key = (look.filter.clone(), steady(look.now));
        let ask = || attention(look.filter, look.now);
        let attention = self.memo.attention.or_ask(writes, key, asks, ask)?;
        let key = AlertFilter { now: steady(look.open.now), ..look.open.clone() };
        let newest = self.memo.newest.or_ask(writes, key, asks, || alerts_asked(&look.open))?;
        Ok(Now { attention, newest })
    }

    /// What is otherwise more seldom.
    fn rest_asked(&self, look: &Look<'_>, asks: &mut Vec<Ask>) -> Result<Rest<'_>, StoreError> {
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

/// What may be otherwise after each write.
struct Now<'a> {
    attention: Wanted<'a, (Filter, Timestamp), u64>,
    newest: Wanted<'a, AlertFilter, Vec<Alert>>,
}

impl Now<'_> {
    fn of(self, told: &mut impl Iterator<Item = String>) -> Result<(u64, Vec<Alert>), StoreError> {
        Ok((self.attention.of(told, read)?, self.newest.of(told, alerts_told)?))
    }
}

/// What is otherwise more seldom.
struct Rest<'a> {
    standing: Wanted<'a, AlertFilter, Standing>,
    sent: Option<Wanted<'a, Sent, Vec<(String, i64)>>>,
    facets: Option<Wanted<'a, (Filter, u32), Facets>>,
}

#[cfg(test)]
mod tests;
