//! How long what came is kept: every night, or when somebody asks for it, what is older goes, a little at a time.

use super::people::deeds::{COMMAND_LINE, by_command};
use super::{App, StoreError};
use crate::config::RetentionConfig;
use crate::model::Timestamp;
use crate::model::deed::DeedKind;
use crate::store::people::Aged;
use crate::store::{Cutoffs, Gone, Old};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between two steps others have their turn.
const PACE: Duration = Duration::from_millis(20);
/// At this time by the server's zone.
const AT: jiff::civil::Time = jiff::civil::Time::constant(2, 30, 0, 0);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What went until now, while it is being seen to.
#[derive(Debug, Default)]
pub struct Keeping(Mutex<Option<Gone>>);

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bodies, refused, packages, facts, deeds } = self;
        write!(
            f,
            "{packages} packages with {facts} facts, the bytes of {bodies} more callbacks, {refused} refused calls and \
             {deeds} entries of the audit are gone"
        )
    }
}

impl App {
    /// How long what came is kept.
    #[must_use]
    pub fn retention(&self) -> RetentionConfig {
        self.config.retention
    }

    /// From when on what came is kept now.
    #[must_use]
    pub fn cutoffs(&self) -> Cutoffs {
        let now = self.now();
        let days = |days: u32| now.plus(-i64::from(days) * DAY_MS);
        let RetentionConfig { raw_days, refused_days, ended_months, audit_days } = self.retention();
        Cutoffs {
            raw: raw_days.map(days),
            refused: refused_days.map(days),
            ended: ended_months.and_then(|months| months_before(now, months)),
            audit: audit_days.map(|it| Aged { at: days(it), told_alone: self.config.audit.is_some() }),
        }
    }

    /// What would go now.
    pub async fn old(&self) -> Result<Vec<Old>, StoreError> {
        self.store.old(&self.cutoffs()).await
    }

    /// What went until now, while it is being seen to.
    #[must_use]
    pub fn going(&self) -> Option<Gone> {
        *self.keeping.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever is older than it is kept goes; others have their turn in between. Once at a time: `None`, it is under way.
    pub async fn retain(&self) -> Result<Option<Gone>, StoreError> {
        {
            let mut going = self.keeping.0.lock().unwrap_or_else(PoisonError::into_inner);
            if going.is_some() {
                return Ok(None);
            }
            *going = Some(Gone::default());
        }
        let done = self.retain_all().await;
        *self.keeping.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        done.map(Some)
    }

    async fn retain_all(&self) -> Result<Gone, StoreError> {
        let (cutoffs, now) = (self.cutoffs(), self.now());
        let mut all = Gone::default();
        // Each step that goes on took something away, and nothing that is as old comes meanwhile.
        loop {
            let gone = self.store.retain(cutoffs, now).await?;
            if gone.is_nothing() {
                break;
            }
            all.add(gone);
            *self.keeping.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(all);
            tokio::time::sleep(PACE).await;
        }
        if !all.is_nothing() {
            self.store.settle().await?;
        }
        self.store.note_retention(now, all).await?;
        if !all.is_nothing() {
            self.note("the board", "", DeedKind::Retention, all.to_string()).await;
        }
        Ok(all)
    }

    pub(super) async fn retention_job(&self, by: &str) -> Result<String, StoreError> {
        self.note(&by_command(by), COMMAND_LINE, DeedKind::Retention, "now").await;
        let gone = self.retain().await?;
        Ok(gone.map_or_else(|| "it is under way already".to_owned(), |gone| gone.to_string()))
    }

    /// Every night, once; the first time at the end of the night after the first look.
    pub async fn retention_turn(&self) -> Result<Option<Gone>, StoreError> {
        if self.retention().keeps_all() {
            return Ok(None);
        }
        let now = self.now();
        let last = match self.store.last_retention().await? {
            Some((last, _)) => Some(last),
            None => self.store.retention_begun().await?,
        };
        let Some(last) = last else {
            self.store.begin_retention(now).await?;
            return Ok(None);
        };
        let zone = TimeZone::get(&self.config.server.time_zone).unwrap_or(TimeZone::UTC);
        let night = super::reconcile::latest(AT, now, &zone);
        if night.is_none_or(|night| night <= last) {
            return Ok(None);
        }
        self.retain().await
    }
}

fn months_before(now: Timestamp, months: u32) -> Option<Timestamp> {
    let now = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC);
    let then = now.checked_sub(i64::from(months).months()).ok()?;
    Some(Timestamp(then.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_month() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        assert_eq!(months_before(at("2026-03-31T10:00:00Z"), 1), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(months_before(at("2026-03-31T10:00:00Z"), 24), Some(at("2024-03-31T10:00:00Z")));
    }
}
