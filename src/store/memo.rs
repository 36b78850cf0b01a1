//! What was answered: asked again before something is written that makes it another, it is the same, or is carried on.
//! What `Package::looks_like` leaves out is as of [`steady`].

use super::carry::{AsOf, ByWord, Counted, Known, Newest, Ranked};
use super::{AlertFilter, Order, StoreError, View};
use crate::model::access::Reach;
use crate::model::{Filter, Timestamp};
use std::sync::{Arc, Mutex};

/// So many answers of a kind are kept, the latest, where nothing else is said: a page may be large.
const FEW: usize = 16;
/// What comes about by time alone, such as the end of a silence, is seen so much later at most.
const STEADY_MS: i64 = 10_000;

/// Some senders, and the accounts as a JSON array; `None`: all.
pub(super) type Sent = (Vec<String>, Option<String>);

/// What is asked for again and again.
#[derive(Debug, Default)]
pub(super) struct Memos {
    /// A page of a list.
    pub page: Memo<(Filter, Order, u32, Timestamp), AsOf<Known>>,
    /// How many packages of a filter need attention at a time.
    pub attention: Memo<(Filter, Timestamp), AsOf<u64>>,
    /// The newest of some alerts.
    pub newest: Memo<AlertFilter, AsOf<Arc<Newest>>>,
    /// The senders of whom somebody may know, and how many of them.
    pub senders: Memo<(Reach, u32), AsOf<Vec<String>>>,
    /// How many of the packages that some sent stand under each word.
    pub sent: Memo<Sent, AsOf<ByWord>>,
    /// The facets of a filter that are counted on disk, of how many values, over which accounts.
    pub facets: Memo<(Filter, u32, String), AsOf<Ranked>>,
    /// How many alerts stand.
    pub standing: Memo<AlertFilter, AsOf<Arc<Counted>>>,
    /// The saved views that somebody has.
    pub views: Memo<Option<i64>, Vec<View>>,
}

/// The time by which an answer is kept that depends on it.
pub(super) fn steady(now: Timestamp) -> Timestamp {
    Timestamp(now.0 - now.0.rem_euclid(STEADY_MS))
}

/// Answers by what was asked, and after how many writes they were right.
#[derive(Debug)]
pub(super) struct Memo<K, V, const MOST: usize = FEW>(Mutex<(u64, Vec<(K, V)>)>);

impl<K, V, const MOST: usize> Default for Memo<K, V, MOST> {
    fn default() -> Self {
        Self(Mutex::new((0, Vec::new())))
    }
}

impl<K: PartialEq, V: Clone, const MOST: usize> Memo<K, V, MOST> {
    /// The answer, looked up unless nothing was written since it was looked up last. `writes`: how many there are now;
    /// `None`: nobody counts them here.
    pub(super) async fn of(
        &self,
        writes: Option<u64>,
        key: K,
        look: impl AsyncFnOnce() -> Result<V, StoreError>,
    ) -> Result<V, StoreError> {
        if let Some(value) = self.get(writes, &key) {
            return Ok(value);
        }
        let value = look().await?;
        self.put(writes, key, value.clone());
        Ok(value)
    }

    pub(super) fn get(&self, writes: Option<u64>, key: &K) -> Option<V> {
        let kept = self.0.lock().ok().filter(|it| Some(it.0) == writes)?;
        kept.1.iter().find(|it| it.0 == *key).map(|it| it.1.clone())
    }

    /// Keeps an answer. `writes`: how many there were before it was looked up, so that it is never older than they are.
    pub(super) fn put(&self, writes: Option<u64>, key: K, value: V) {
        let (Some(writes), Ok(mut kept)) = (writes, self.0.lock()) else { return };
        if writes > kept.0 {
            *kept = (writes, Vec::new());
        }
        if writes == kept.0 {
            kept.1.retain(|it| it.0 != key);
            if kept.1.len() >= MOST {
                kept.1.remove(0);
            }
            kept.1.push((key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen red with: answers that stay after a write, or that are taken from before one.
    #[test]
    fn an_answer_lasts_until_the_next_write() {
        let memo = Memo::<_, _>::default();
        memo.put(Some(7), "a", 1);
        assert_eq!((memo.get(Some(7), &"a"), memo.get(Some(7), &"b")), (Some(1), None));
        assert_eq!((memo.get(Some(8), &"a"), memo.get(None, &"a")), (None, None));
        memo.put(Some(8), "b", 2);
        memo.put(Some(7), "c", 3);
        assert_eq!((memo.get(Some(8), &"b"), memo.get(Some(8), &"c")), (Some(2), None), "too old to keep");
        memo.put(None, "d", 4);
        assert_eq!(memo.get(Some(8), &"d"), None);
        for at in 0..200 {
            memo.put(Some(9), "e", at);
        }
        assert!(memo.0.lock().unwrap().1.len() <= FEW);
    }
}
