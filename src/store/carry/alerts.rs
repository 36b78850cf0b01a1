//! Alerts around a list, carried on: the newest of them, and how many stand.

use super::super::alerts::{Alert, AlertFilter, AlertState, MOST_COUNTED, Standing};
use super::super::read::Change;
use super::AsOf;
use crate::model::filter::sender_key;
use crate::model::{Package, Timestamp};
use std::sync::Arc;

/// So many alerts behind those that are shown are known, and so many behind those that are counted.
const BEHIND: u32 = if cfg!(test) { 2 } else { 8 };
const BEHIND_COUNTED: u32 = 100;
/// An alert that somebody sees to is in nobody's way for as long as it stands.
const TAKEN: i64 = i64::MAX;

/// The newest alerts of a filter, the newest first, and what is known of those behind them.
#[derive(Debug, Clone)]
pub(in crate::store) struct Newest {
    known: Vec<Alert>,
    /// There are no others.
    ends: bool,
}

impl Newest {
    /// So many are looked up where so many are shown.
    pub(in crate::store) fn looked_up(most: u32) -> u32 {
        most.saturating_add(BEHIND)
    }

    pub(in crate::store) fn of(known: Vec<Alert>, most: u32) -> Self {
        Self { ends: known.len() < Self::looked_up(most) as usize, known }
    }

    pub(in crate::store) fn shown(&self, most: u32) -> Vec<Alert> {
        self.known.iter().take(most as usize).cloned().collect()
    }

    /// As they stand after a change: what it raises is newer than all before. `None`: one of those that are shown is not known.
    fn after(&mut self, change: &Change, filter: &AlertFilter) -> Option<()> {
        let row = &change.row;
        for it in &mut self.known {
            if it.is_of(&row.key) {
                it.state_of = Some(Arc::clone(&row.package));
            }
        }
        for alert in &change.alerts {
            self.known.retain(|it| it.id != alert.id);
            let is_of = filter.kind.is_none_or(|it| it == alert.kind)
                && filter.account.as_ref().is_none_or(|it| *it == alert.account)
                && filter.within.has(&alert.account);
            let at = self.known.partition_point(|it| it.id > alert.id);
            if is_of && alert.resolved.is_none() {
                let state_of = Some(Arc::clone(&row.package));
                self.known.insert(at, Alert { state_of, ..alert.clone() });
            }
        }
        let most = Self::looked_up(filter.limit) as usize;
        if self.known.len() > most {
            self.known.truncate(most);
            self.ends = false;
        }
        (self.ends || self.known.len() >= filter.limit as usize).then_some(())
    }
}

impl AsOf<Arc<Newest>> {
    /// `None`: what comes is not known, or may be somebody else's, or is told in full to nobody: what became of alerts that are
    /// over.
    pub(in crate::store) fn carried(mut self, changes: &[Arc<Change>], filter: &AlertFilter) -> Option<Self> {
        if !stay_theirs(changes, filter) || filter.before.is_some() || filter.state != AlertState::Open {
            return None;
        }
        for change in changes {
            if !change.alerts.is_empty() || self.it.known.iter().any(|it| it.is_of(&change.row.key)) {
                Arc::make_mut(&mut self.it).after(change, filter)?;
            }
        }
        self.with(changes);
        Some(self)
    }
}

/// The alerts that stand, as far as they are counted, and some behind them.
#[derive(Debug, Clone)]
pub(in crate::store) struct Counted {
    /// The number of each, the greatest first, and until when it is in nobody's way.
    known: Vec<(i64, i64)>,
    ends: bool,
}

impl Counted {
    /// So many are looked up.
    pub(in crate::store) const LOOKED_UP: u32 = MOST_COUNTED + 1 + BEHIND_COUNTED;

    /// Of the number of each, whether somebody sees to it, and until when it is silent.
    pub(in crate::store) fn of(told: Vec<(i64, bool, i64)>) -> Self {
        let ends = told.len() < Self::LOOKED_UP as usize;
        let mut known: Vec<(i64, i64)> =
            told.into_iter().map(|(id, taken, until)| (id, if taken { TAKEN } else { until })).collect();
        known.sort_unstable_by(|one, other| other.cmp(one));
        Self { known, ends }
    }

    pub(in crate::store) fn standing(&self, now: Timestamp) -> Standing {
        let mut standing = Standing { more: self.known.len() > MOST_COUNTED as usize, ..Standing::default() };
        for (_, until) in self.known.iter().take(MOST_COUNTED as usize + 1) {
            match *until {
                TAKEN => standing.taken += 1,
                until if until > now.0 => standing.snoozed += 1,
                _ => standing.open += 1,
            }
        }
        standing
    }

    /// `None`: how many stand is not known.
    fn after(&mut self, alerts: &[Alert], filter: &AlertFilter) -> Option<()> {
        for alert in alerts {
            let place = |it: &(i64, i64)| it.0 > alert.id;
            let at = self.known.partition_point(place);
            if self.known.get(at).is_some_and(|it| it.0 == alert.id) {
                self.known.remove(at);
            }
            let is_of = filter.kind.is_none_or(|it| it == alert.kind)
                && filter.account.as_ref().is_none_or(|it| *it == alert.account)
                && filter.within.has(&alert.account);
            if is_of && alert.resolved.is_none() {
                let until = alert.snoozed.as_ref().map_or(0, |it| it.0.0);
                self.known.insert(at, (alert.id, if alert.taken.is_some() { TAKEN } else { until }));
            }
        }
        if self.known.len() > Self::LOOKED_UP as usize {
            self.known.truncate(Self::LOOKED_UP as usize);
            self.ends = false;
        }
        (self.ends || self.known.len() > MOST_COUNTED as usize).then_some(())
    }
}

impl AsOf<Arc<Counted>> {
    /// `None`: how many stand is not known, or they may be somebody else's.
    pub(in crate::store) fn carried(mut self, changes: &[Arc<Change>], filter: &AlertFilter) -> Option<Self> {
        if !stay_theirs(changes, filter) {
            return None;
        }
        for change in changes.iter().filter(|it| !it.alerts.is_empty()) {
            Arc::make_mut(&mut self.it).after(&change.alerts, filter)?;
        }
        self.with(changes);
        Some(self)
    }
}

/// Whether the alerts of those packages are of the same senders as before, where that is asked; and no other.
fn stay_theirs(changes: &[Arc<Change>], filter: &AlertFilter) -> bool {
    let sender = |it: &Package| sender_key(it).filter(|_| !it.elsewhere);
    let stays = |it: &Arc<Change>| {
        it.alerts.is_empty() && it.before.as_deref().and_then(sender) == sender(&it.row.package)
    };
    filter.within.senders.is_none() || changes.iter().all(stays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::Reach;
    use crate::model::alert::AlertKind;
    use crate::model::{AccountId, PackageId};
    use crate::store::Resolution;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn filter() -> AlertFilter {
        AlertFilter {
            state: AlertState::Open,
            kind: None,
            account: None,
            within: Reach::default(),
            operators: false,
            before: None,
            limit: 3,
            now: NOW,
        }
    }

    fn alert(id: i64, is_over: bool) -> Alert {
        Alert {
            id,
            account: AccountId("os".to_owned()),
            package: PackageId::parse("p"),
            state_of: None,
            kind: AlertKind::Locked,
            signer: String::new(),
            began: NOW,
            raised_at: NOW,
            late: false,
            taken: None,
            taken_before: Vec::new(),
            snoozed: None,
            resolved: is_over.then_some((NOW, Resolution::Cleared)),
            nags: 0,
        }
    }

    /// Seen red with: one that is counted twice, and those behind the counted ones that are forgotten.
    #[test]
    fn more_alerts_than_are_counted_are_carried_on_too() {
        let looked_up = i64::from(Counted::LOOKED_UP);
        let told = (0..looked_up).map(|n| (5_000 - n, n % 3 == 0, if n % 3 == 1 { NOW.0 + 1 } else { 0 }));
        let mut counted = Counted::of(told.collect());
        let before = counted.standing(NOW);
        assert_eq!((before.taken, before.snoozed, before.open, before.more), (334, 334, 333, true));
        // One comes, is told twice, and goes; what it had pushed out counts again.
        counted.after(&[alert(6_000, false)], &filter()).unwrap();
        counted.after(&[alert(6_000, false)], &filter()).unwrap();
        let with = counted.standing(NOW);
        assert_eq!((with.taken, with.snoozed, with.open), (334, 333, 334));
        counted.after(&[alert(6_000, true)], &filter()).unwrap();
        assert_eq!(counted.standing(NOW), before);
        assert_eq!(counted.standing(NOW.plus(5)).snoozed, 0, "their silence is over");
        let gone: Vec<Alert> = (0..99).map(|n| alert(5_000 - n, true)).collect();
        counted.after(&gone, &filter()).unwrap();
        let after = counted.standing(NOW);
        assert_eq!(after.open + after.taken + after.snoozed, u64::from(MOST_COUNTED) + 1);
        assert!(counted.after(&[alert(4_000, true)], &filter()).is_none(), "what is behind it counts now");
        let mut few = Counted::of(vec![(3, false, 0)]);
        few.after(&[alert(2, false), alert(3, true), alert(1, false)], &filter()).unwrap();
        assert_eq!((few.standing(NOW).open, few.standing(NOW).more), (2, false));
    }
}
