//! Whom the board was told to forget, so that what is told of them later is kept without them: by salted hashes, since
//! nobody shall be named here.

use super::batch::Batch;
use super::script::{Script, Table};
use super::{StoreError, Subject, first_16};
use crate::model::erase::{Eraser, Known};
use crate::model::{PackageKey, Record};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;
use std::sync::Arc;

const SALT: &str = "SELECT value FROM settings WHERE name = 'erased'";
const ALL: &str = "SELECT hash, number FROM erased";
const SEATS: Table = Table {
    head: "INSERT INTO erased (hash, number, at)",
    columns: 3,
    tail: "ON CONFLICT (hash) DO NOTHING",
};

/// Hashes, and the numbers of erasings.
#[derive(Debug, Clone, Default)]
pub(super) struct Erased {
    salt: String,
    known: HashMap<[u8; 16], i64>,
}

/// A place in a package, or a signer of whom no package is told, newly known to be theirs.
pub(super) type NewSeat = ([u8; 16], i64, i64);

impl Erased {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Arc<Self>, StoreError> {
        let Some(row) = sqlx::query(SALT).fetch_optional(&mut *connection).await? else {
            return Ok(Arc::default());
        };
        let mut erased = Self { salt: row.try_get(0)?, known: HashMap::new() };
        for row in sqlx::query(ALL).fetch_all(connection).await? {
            let hash: &[u8] = row.try_get(0)?;
            erased.known.insert(hash.try_into().map_err(StoreError::json)?, row.try_get(1)?);
        }
        Ok(Arc::new(erased))
    }

    /// Nobody was ever erased: nobody looks.
    fn is_idle(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn hash(salt: &str, parts: &[&str]) -> [u8; 16] {
        let mut hash = Sha256::new();
        for part in [salt].iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        first_16(&hash.finalize())
    }

    pub(super) fn seat_of(&self, key: &PackageKey, id: &str) -> [u8; 16] {
        Self::of_seat(&self.salt, key, id)
    }

    pub(super) fn signer_of(&self, key: &PackageKey, id: &str) -> [u8; 16] {
        Self::of_signer(&self.salt, &key.account.0, id)
    }

    /// The hash of a mail address, or of a name.
    pub(super) fn of_mail(salt: &str, mail: &str) -> [u8; 16] {
        Self::hash(salt, &["mail", &mail.trim().to_lowercase()])
    }

    pub(super) fn of_name(salt: &str, name: &str) -> [u8; 16] {
        Self::hash(salt, &["name", &name.trim().to_lowercase()])
    }

    /// The hash of somebody's place in a package.
    pub(super) fn of_seat(salt: &str, key: &PackageKey, id: &str) -> [u8; 16] {
        Self::hash(salt, &["seat", &key.account.0, key.package.as_str(), id])
    }

    /// The same of somebody who is known without a package.
    pub(super) fn of_signer(salt: &str, account: &str, signer: &str) -> [u8; 16] {
        Self::hash(salt, &["signer", account, signer])
    }
}

/// Those erased, as a log of this subject sees them.
struct Within<'a>(&'a Erased, &'a Subject);

impl Known for Within<'_> {
    fn by_mail(&self, mail: &str) -> Option<i64> {
        self.0.known.get(&Erased::of_mail(&self.0.salt, mail)).copied()
    }

    fn by_name(&self, name: &str) -> Option<i64> {
        self.0.known.get(&Erased::of_name(&self.0.salt, name)).copied()
    }

    fn by_seat(&self, id: &str) -> Option<i64> {
        let hash = match self.1 {
            Subject::Package(key) => Erased::of_seat(&self.0.salt, key, id),
            Subject::Signer(key) => Erased::of_signer(&self.0.salt, &key.account.0, key.signer.as_str()),
        };
        self.0.known.get(&hash).copied()
    }
}

impl Batch<'_> {
    /// The facts without those whom the board was told to forget; `None`: they are in none.
    pub(super) fn without_erased(&mut self, facts: &[(Subject, Record)]) -> Option<Vec<(Subject, Record)>> {
        let erased = Arc::clone(&self.erased);
        if erased.is_idle() {
            return None;
        }
        let (mut all, mut any) = (facts.to_vec(), false);
        for (subject, record) in &mut all {
            let subject = &*subject;
            let known = Within(&erased, subject);
            let mut eraser = Eraser::default();
            eraser.meet(record, &known);
            if eraser.is_idle() {
                continue;
            }
            any |= eraser.redact(record);
            self.seat(&erased, subject, &eraser, record.received_at.0);
        }
        any.then_some(all)
    }

    /// Remembers where they are now, and looks whether they wrote something there before.
    fn seat(&mut self, erased: &Erased, subject: &Subject, eraser: &Eraser, at: i64) {
        let Subject::Package(key) = subject else { return };
        let mut fresh = false;
        for (id, number) in eraser.seats() {
            let places =
                [Erased::of_seat(&erased.salt, key, id), Erased::of_signer(&erased.salt, &key.account.0, id)];
            for hash in places.into_iter().filter(|it| !erased.known.contains_key(it)) {
                fresh = true;
                self.seats.push((hash, number, at));
            }
        }
        if let Some(touched) = self.touched.get_mut(key).filter(|_| fresh) {
            for (at, record) in touched.entry.log.iter_mut().enumerate() {
                if eraser.redact(record) {
                    touched.dirty.insert(at);
                }
            }
        }
    }

    /// Writes where they are.
    pub(super) fn seats_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&SEATS, &self.seats, |(hash, number, at), cells| {
            cells.bind(hash.to_vec())?.bind(*number)?.bind(*at).map(|_| ())
        })
    }
}

/// Remembers what a batch wrote.
pub(super) fn remember(erased: &mut Arc<Erased>, seats: &[NewSeat]) {
    if !seats.is_empty() {
        Arc::make_mut(erased).known.extend(seats.iter().map(|(hash, number, _)| (*hash, *number)));
    }
}
