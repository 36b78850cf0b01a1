//! Going through everything that a board shows, a piece at a time, while the board goes on.
//!
//! Each package comes once. What changes during the walk may jump to where the walk has been already; it comes at the end
//! then, as it is by that time. No snapshot is held, so nobody who reads slowly keeps the log of the database from ending.

use super::{App, Order, Row, StoreError};
use crate::model::filter::search_text;
use crate::model::{Filter, Seq, Timestamp};

/// A walk under way.
#[derive(Debug)]
pub struct Walk {
    filter: Filter,
    order: Order,
    /// So many packages are looked at in one step.
    piece: u32,
    now: Timestamp,
    /// The last change before the walk began.
    began: Seq,
    place: Place,
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the list.
    List,
    /// At what changed meanwhile, after this change.
    Changed(Seq),
    End,
}

/// Which packages were told, by their numbers: a bit each, since they are given out one after the other.
#[derive(Debug, Default)]
struct Told(Vec<u64>);

impl Told {
    /// Notes one. `false`: it was told before.
    fn note(&mut self, id: i64) -> bool {
        let id = usize::try_from(id).unwrap_or_default();
        let (word, bit) = (id / 64, 1_u64 << (id % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let Some(word) = self.0.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl App {
    /// Begins to go through what `filter` admits now.
    ///
    /// # Errors
    /// The store's.
    pub async fn walk(&self, filter: Filter, order: Order, piece: u32) -> Result<Walk, StoreError> {
        let (now, began) = (self.now(), self.store.last_seq().await?);
        let order = Order { after: None, before: None, whole: true, ..order };
        Ok(Walk { filter, order, piece, now, began, place: Place::List, told: Told::default() })
    }

    /// The next piece, which may be empty. `None`: that was all.
    ///
    /// # Errors
    /// The store's; and [`StoreError::Busy`], when more changed meanwhile than the board remembers.
    pub async fn step(&self, walk: &mut Walk) -> Result<Option<Vec<Row>>, StoreError> {
        let mut rows = match walk.place {
            Place::End => return Ok(None),
            Place::List => {
                let page = self.store.list(&walk.filter, &walk.order, walk.piece, walk.now).await?;
                if page.next.is_none() {
                    walk.place = Place::Changed(walk.began);
                }
                walk.order.after = page.next;
                page.rows
            }
            Place::Changed(after) => {
                let changed = self.store.first_changes_after(after, walk.piece).await?;
                let mut rows = changed.ok_or(StoreError::Busy)?;
                let last = rows.last().filter(|_| rows.len() >= walk.piece as usize);
                walk.place = last.map_or(Place::End, |row| Place::Changed(row.seq));
                rows.retain(|it| {
                    let text = search_text(it.key.package.as_str(), &it.package);
                    walk.filter.admits(&it.key.account, &it.package, &text, walk.now)
                });
                rows
            }
        };
        rows.retain(|it| walk.told.note(it.id));
        Ok(Some(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn each_number_is_new_once() {
        let mut told = Told::default();
        for id in [1, 64, 63, 1_000_000, 0] {
            assert!(told.note(id), "{id}");
            assert!(!told.note(id), "{id}");
        }
        assert!(told.note(65) && told.0.len() == 15_626);
    }
}
