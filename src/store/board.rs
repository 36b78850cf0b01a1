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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::Reach;
    use crate::model::fold::answer_record;
    use crate::model::{AccountId, Answer, PackageId, PackageKey, Snapshot};
    use crate::store::open::connect_beside;
    use crate::store::{AlertState, Mode, Policies, answer_fingerprint};

    const NOW: Timestamp = Timestamp(1_795_348_800_000);

    async fn learn(store: &Store, id: &str) {
        let key = PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse(id).unwrap() };
        let answer = Answer::Shown(Snapshot { updated: Some(NOW), ..Snapshot::default() });
        let print = answer_fingerprint(&key, &answer, NOW).unwrap();
        store.learn(key, answer_record(answer, NOW, NOW, print)).await.unwrap();
    }

    /// The newest change of which a board is said to know, and how many rows it has.
    async fn seen(store: &Store) -> (i64, usize) {
        let (filter, within) = (Filter::default(), Reach { accounts: None, senders: None });
        let state = AlertState::Open;
        let open = AlertFilter {
            state,
            kind: None,
            account: None,
            within,
            operators: false,
            before: None,
            limit: 1,
            now: NOW,
        };
        let look = Look { filter: &filter, open, now: NOW, values: None };
        let board = store.board(&look, &Order::default(), 10, 10).await.unwrap();
        (board.seq.0, board.page.rows.len())
    }

    /// A write is there a moment before it is counted: whoever looks up only the number of the last change then, and is shown
    /// a page of before, would never hear of that change.
    ///
    /// Seen red with: a number that is looked up beside the page that is kept.
    #[tokio::test]
    async fn a_page_that_is_kept_says_of_no_change_that_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
        learn(&store, "p").await;
        let (before, rows) = seen(&store).await;
        assert_eq!(rows, 1);
        let mut beside = connect_beside(folder.path()).await.unwrap();
        let sql = "INSERT INTO changes (seq, package) SELECT max(seq) + 1, package FROM changes";
        sqlx::query(sql).execute(&mut beside).await.unwrap();
        // The number that was kept is not: somebody asks who has seen that write counted.
        let next = store.writes().map(|it| it + 1);
        let newest = store.memo.seq.of(next, (), async || Ok(Seq(before + 1))).await.unwrap();
        assert_eq!((newest.0, store.last_seq().await.unwrap().0), (before + 1, before + 1));
        assert_eq!(seen(&store).await, (before, 1));
        store.close().await;
    }
}
