//! All that a board's page needs, with one connection: each statement by itself would wait for one, and have it tried.

use super::facets::Facets;
use super::list::{Order, attention, page};
use super::memo::steady;
use super::read::Page;
use super::{Alert, AlertFilter, Store, StoreError};
use crate::model::{Filter, Seq, Tally, Timestamp};
use sqlx::sqlite::SqliteConnection;

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
    /// The newest change that the list knows of for certain.
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
        let (seq, page) = self.page_now(&mut connection, look, order, limit).await?;
        let around = self.around(&mut connection, look).await?;
        let senders = self.senders_now(&mut connection, &look.filter.within, senders).await?;
        Ok(Board { seq, page, around, senders })
    }

    /// What stands around a board's list.
    pub async fn surroundings(&self, look: &Look<'_>) -> Result<Surroundings, StoreError> {
        self.around(&mut *self.readers.acquire().await?, look).await
    }

    async fn around(
        &self,
        connection: &mut SqliteConnection,
        look: &Look<'_>,
    ) -> Result<Surroundings, StoreError> {
        let open = self.standing_now(connection, &look.open).await?.open;
        let alerts = if open == 0 { Vec::new() } else { self.newest_now(connection, &look.open).await? };
        let mut tallies = self.counts_now(connection, look.filter).await?;
        tallies.push((Tally::Attention, self.attention_now(connection, look.filter, look.now).await?));
        let facets = match look.values {
            Some(most) => Some(self.facets_now(connection, look.filter, most).await?),
            None => None,
        };
        Ok(Surroundings { open, alerts, tallies, facets })
    }

    async fn page_now(
        &self,
        connection: &mut SqliteConnection,
        Look { filter, now, .. }: &Look<'_>,
        order: &Order,
        limit: u32,
    ) -> Result<(Seq, Page), StoreError> {
        let asked = ((*filter).clone(), order.clone(), limit, steady(*now));
        let look = async || {
            // Before the list, and kept with it: what changes in between comes once more by the stream, and is not missed.
            let seq = self.seq_now(connection).await?;
            let source = self.source(connection, filter, order, *now).await?;
            Ok((seq, page(connection, filter, order, limit, *now, source).await?))
        };
        self.memo.page.of(self.writes(), asked, look).await
    }

    async fn newest_now(
        &self,
        connection: &mut SqliteConnection,
        filter: &AlertFilter,
    ) -> Result<Vec<Alert>, StoreError> {
        let asked = AlertFilter { now: steady(filter.now), ..filter.clone() };
        let look = async || self.alerts_now(connection, filter).await;
        self.memo.newest.of(self.writes(), asked, look).await
    }

    async fn attention_now(
        &self,
        connection: &mut SqliteConnection,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let look = async || attention(connection, filter, now).await;
        self.memo.attention.of(self.writes(), (filter.clone(), steady(now)), look).await
    }
}
