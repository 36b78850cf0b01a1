//! How well an account's callbacks do: how many came, how late, and how many only polling found.

use super::{Account, App, StoreError};
use crate::model::{AccountId, Timestamp};
use crate::store::{Counts, Hour};

/// So far back the figures look.
pub const SPAN_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The figures of an account over the last [`SPAN_DAYS`] days, or since it was first counted if that is later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Which account.
    pub account: AccountId,
    /// From when on they count; `None`: nothing was ever counted.
    pub since: Option<Timestamp>,
    /// What came.
    pub counts: Counts,
    /// An API is configured, so that something can be found missing.
    pub has_api: bool,
    /// How many callbacks comparisons with the provider found missing.
    pub missed: u64,
    /// Up to when, by the provider's clock, everything was compared; `None`: never, so nobody knows what is missing.
    pub compared_to: Option<Timestamp>,
    /// When a callback last came.
    pub last_callback: Option<Timestamp>,
    /// After so long without one, in milliseconds, the account counts as silent.
    pub silent_after: i64,
}

impl Figures {
    /// Of what polling can check, how much came by callback: in hundredths of a percent, and 10,000 only if nothing is
    /// missing. `None`: nothing was compared, or there was nothing to compare.
    #[must_use]
    pub fn arrived(&self) -> Option<u64> {
        let all = self.counts.checkable + self.missed;
        self.compared_to?;
        (all > 0).then(|| self.counts.checkable * 10_000 / all)
    }

    /// Half of the fresh facts were told within so many milliseconds.
    #[must_use]
    pub fn median(&self) -> Option<i64> {
        self.counts.delays.within(50)
    }

    /// 95 % of them were.
    #[must_use]
    pub fn p95(&self) -> Option<i64> {
        self.counts.delays.within(95)
    }
}

/// The sum of hours.
#[must_use]
pub fn sum(hours: &[Hour]) -> Counts {
    let mut all = Counts::default();
    hours.iter().for_each(|hour| all.add(&hour.counts));
    all
}

impl App {
    /// The figures of an account now.
    pub async fn figures(&self, account: &Account) -> Result<Figures, StoreError> {
        let (id, now) = (&account.id, self.now());
        let until = now.plus(1);
        let counted = self.store.counted_since(id).await?;
        let since = counted.map(|first| first.max(now.plus(-SPAN_DAYS * DAY_MS)));
        let from = since.unwrap_or(until);
        let known = self.store.run_facts(id).await?;
        let silent_after = account.config.reconcile.silent_after.as_millis();
        Ok(Figures {
            account: id.clone(),
            since,
            counts: sum(&self.store.traffic(Some(id), from, until).await?),
            has_api: account.config.api.is_some(),
            missed: self.store.missed_counts(id, from, now).await?.missed,
            compared_to: known.watermark,
            last_callback: known.last_callback,
            silent_after: i64::try_from(silent_after).unwrap_or(i64::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(checkable: u64, missed: u64) -> Figures {
        Figures {
            account: AccountId("os".to_owned()),
            since: Some(Timestamp(0)),
            counts: Counts { checkable, ..Counts::default() },
            has_api: true,
            missed,
            compared_to: Some(Timestamp(0)),
            last_callback: None,
            silent_after: 0,
        }
    }

    #[test]
    fn all_arrived_only_if_nothing_is_missing() {
        assert_eq!(figures(9_998, 2).arrived(), Some(9_998));
        assert_eq!(figures(10, 0).arrived(), Some(10_000));
        assert_eq!(figures(1_000_000, 1).arrived(), Some(9_999));
        assert_eq!(figures(0, 3).arrived(), Some(0));
        assert_eq!(figures(0, 0).arrived(), None);
        assert_eq!(Figures { compared_to: None, ..figures(10, 0) }.arrived(), None, "nobody looked");
    }
}
