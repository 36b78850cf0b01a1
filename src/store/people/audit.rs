//! The audit: who did what, when, from where. Nothing of it is changed, and only retention takes away what is oldest.
//!
//! Each deed has a digest over its own words and the digest before it. Whoever kept a later one elsewhere, as the audit's
//! file does, sees whether anything before it was changed or taken out since.

use super::super::aside::Aside;
use super::super::jobs::Chore;
use super::super::writer::Job;
use super::super::{Store, StoreError, open, together};
use crate::model::Timestamp;
use crate::model::deed::DeedKind;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};

const NOTE: &str =
    "INSERT INTO audit (at, who, kind, what, remote, chain) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
/// The digest before the next deed.
const LAST: &str =
    "SELECT coalesce((SELECT chain FROM audit ORDER BY id DESC LIMIT 1), (SELECT chain FROM audit_ends))";

/// Deeds before a place, by the index that fits what they are narrowed to.
macro_rules! list {
    ($index:literal, $narrowed:literal) => {
        concat!(
            "SELECT id, at, who, kind, what, remote, chain FROM audit INDEXED BY ",
            $index,
            " WHERE ",
            $narrowed,
            " AND at >= $3 AND (at, id) < ($4, $5) ORDER BY at DESC, id DESC LIMIT $6"
        )
    };
}
const BY_WHO: &str = list!("audit_who", "who = $1 AND ($2 IS NULL OR kind = $2)");
const BY_KIND: &str = list!("audit_kind", "$1 IS NULL AND kind = $2");
const BY_TIME: &str = list!("audit_at", "$1 IS NULL AND $2 IS NULL");

const UNTOLD: &str = "SELECT id, at, who, kind, what, remote, chain FROM audit WHERE id > (SELECT told FROM audit_ends) \
    ORDER BY id LIMIT $1";
const TOLD: &str = "UPDATE audit_ends SET told = max(told, $1) RETURNING told";

/// The first that is kept; of what goes, at most so many at once. By number and not by time alone, so that a clock that was
/// set back leaves no hole in the chain. Where deeds are told elsewhere, none goes that wasn't.
macro_rules! first_kept {
    ($is_told:literal, $most:literal) => {
        concat!(
            "(SELECT min(coalesce((SELECT id FROM audit WHERE +at >= $1 ORDER BY id LIMIT 1), 9223372036854775807), ",
            "iif(", $is_told, ", (SELECT told + 1 FROM audit_ends), 9223372036854775807), ",
            $most, "))"
        )
    };
}
const LET_GO: &str = concat!(
    "UPDATE audit_ends SET (kept_from, chain) = (SELECT id + 1, chain FROM audit WHERE id < ",
    first_kept!("$3", "(SELECT min(id) FROM audit) + $2"),
    " ORDER BY id DESC LIMIT 1) WHERE EXISTS (SELECT 1 FROM audit WHERE id < ",
    first_kept!("$3", "(SELECT min(id) FROM audit) + $2"),
    ")"
);
const GO: &str = "DELETE FROM audit WHERE id < (SELECT kept_from FROM audit_ends)";
const GONE: &str = "SELECT changes()";
const OLD: &str = concat!("SELECT count(*) FROM audit WHERE id < ", first_kept!("$2", "9223372036854775807"));

const FROM: &str =
    "SELECT id, at, who, kind, what, remote, chain FROM audit WHERE id > $1 ORDER BY id LIMIT $2";
const ENDS: &str = "SELECT chain, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0), \
    kept_from - 1 FROM audit_ends";
const CHUNK: u32 = 1000;

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: a mail address, a token's name, or how else it came.
    pub who: String,
    /// What kind of thing.
    pub kind: DeedKind,
    /// What it was done to.
    pub what: String,
    /// From where.
    pub remote: String,
}

/// A deed as it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What kind of thing, in a word of [`DeedKind::word`] or of another version's.
    pub kind: String,
    /// What it was done to.
    pub what: String,
    /// From where.
    pub remote: String,
    /// The digest over it and all before it; `None`: an older version noted it.
    pub chain: Option<Vec<u8>>,
}

/// Which deeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeedFilter {
    /// Only of this kind.
    pub kind: Option<DeedKind>,
    /// Only by them.
    pub who: Option<String>,
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier.
    pub until: Option<Timestamp>,
    /// Only those that come after this one in a list that begins with the newest.
    pub after: Option<(Timestamp, i64)>,
}

/// Deeds that are older than they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged {
    /// They were done before.
    pub at: Timestamp,
    /// Only those that were told elsewhere.
    pub told_alone: bool,
}

/// What a look through the whole audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeedCheck {
    /// How many deeds.
    pub deeds: u64,
    /// How many of them an older version noted, which made no digests.
    pub without: u64,
    /// What is wrong, as a sentence without a full stop.
    pub broken: Option<String>,
}

impl Store {
    /// Notes a deed; returns its number.
    pub async fn note_deed(&self, deed: &Deed) -> Result<i64, StoreError> {
        let deed = Box::new(deed.clone());
        if self.door.is_none() {
            let mut connection = open::connect_beside(self.folder()).await?;
            let id = note(&deed, &mut connection).await;
            let _ = connection.close().await;
            return id;
        }
        let id = self.ask(|done| Job::Chore(Chore::NoteDeed(deed), done)).await?;
        Ok(i64::try_from(id).unwrap_or(i64::MAX))
    }

    /// Deeds, the newest first.
    pub async fn deeds(&self, filter: &DeedFilter, limit: u32) -> Result<Vec<Done>, StoreError> {
        let statement = match (&filter.who, filter.kind) {
            (Some(_), _) => BY_WHO,
            (None, Some(_)) => BY_KIND,
            (None, None) => BY_TIME,
        };
        let until = filter.until.map_or((i64::MAX, i64::MAX), |at| (at.0, i64::MIN));
        let (at, id) = filter.after.map_or(until, |(at, id)| until.min((at.0, id)));
        let query = sqlx::query(statement).bind(filter.who.as_deref()).bind(filter.kind.map(DeedKind::word));
        let query = query.bind(filter.from.map_or(i64::MIN, |it| it.0)).bind(at).bind(id);
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(done_of).collect()
    }

    /// Deeds that were not told elsewhere yet, the oldest first.
    pub async fn untold_deeds(&self, limit: u32) -> Result<Vec<Done>, StoreError> {
        let rows = sqlx::query(UNTOLD).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        rows.iter().map(done_of).collect()
    }

    /// All up to this one were.
    pub async fn told_deeds(&self, up_to: i64) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(TOLD).number(up_to)]).await.map(|_| ())
    }

    /// Takes away what was done before a time, at most so much at once, the oldest first; returns how many deeds went. The
    /// only way out of the audit: [`Store::check_deeds`] still holds for the rest.
    pub async fn let_deeds_go(&self, before: Aged, most: u32) -> Result<u64, StoreError> {
        let mark = Aside::new(LET_GO).number(before.at.0).number(i64::from(most));
        let mark = mark.number(i64::from(before.told_alone));
        let gone = self.aside(vec![mark, Aside::new(GO), Aside::new(GONE)]).await?;
        Ok(gone.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
    }

    /// How many deeds [`Store::let_deeds_go`] would take away in all.
    pub async fn deeds_before(&self, before: Aged) -> Result<u64, StoreError> {
        let query = sqlx::query(OLD).bind(before.at.0).bind(before.told_alone);
        let count: i64 = query.fetch_one(&self.readers).await?.try_get(0)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Looks through the whole audit: whether each deed's digest is that of its words and of all before it, and whether the
    /// newest is there.
    pub async fn check_deeds(&self) -> Result<DeedCheck, StoreError> {
        // All of it as it is now: retention may take away its beginning meanwhile.
        let mut reading = self.readers.begin().await?;
        let ends = sqlx::query(ENDS).fetch_one(&mut *reading).await?;
        let (begins, newest): (Option<Vec<u8>>, i64) = (ends.try_get(0)?, ends.try_get(1)?);
        let gone: i64 = ends.try_get(2)?;
        let (mut check, mut last, mut before) = (DeedCheck::default(), 0, begins);
        loop {
            let rows = sqlx::query(FROM).bind(last).bind(i64::from(CHUNK)).fetch_all(&mut *reading).await?;
            for deed in rows.iter().map(done_of).collect::<Result<Vec<_>, _>>()? {
                last = deed.id;
                check.deeds += 1;
                match &deed.chain {
                    None if before.is_none() => check.without += 1,
                    Some(chain) if *chain == digest_of(before.as_deref(), &deed) => before = deed.chain,
                    _ => {
                        check.broken = Some(format!(
                            "deed {} is not what was noted, or one before it was taken out",
                            deed.id
                        ));
                        return Ok(check);
                    }
                }
            }
            if rows.len() < CHUNK as usize {
                break;
            }
        }
        // What retention took was the oldest, be it all.
        if last.max(gone) < newest {
            check.broken =
                Some(format!("the newest deeds are missing: {last} is the last, and {newest} was"));
        }
        Ok(check)
    }
}

/// Notes a deed behind the last one.
pub(in super::super) async fn note(
    deed: &Deed,
    connection: &mut SqliteConnection,
) -> Result<i64, StoreError> {
    together::begin(connection).await?;
    let done = insert(deed, connection).await;
    together::end(connection, done).await
}

async fn insert(deed: &Deed, connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let before: Option<Vec<u8>> = sqlx::query(LAST).fetch_one(&mut *connection).await?.try_get(0)?;
    let Deed { at, who, kind, what, remote } = deed;
    let chain = digest(before.as_deref(), *at, [who, kind.word(), what, remote]);
    let query = sqlx::query(NOTE).bind(at.0).bind(who).bind(kind.word()).bind(what).bind(remote);
    Ok(query.bind(chain).fetch_one(connection).await?.try_get(0)?)
}

fn digest_of(before: Option<&[u8]>, done: &Done) -> Vec<u8> {
    digest(before, done.at, [&done.who, &done.kind, &done.what, &done.remote])
}

fn digest(before: Option<&[u8]>, at: Timestamp, words: [&str; 4]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before.unwrap_or_default());
    hash.update(at.0.to_be_bytes());
    for word in words {
        // With its length, so that no letter moves from one word to the next unseen.
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word.as_bytes());
    }
    hash.finalize().to_vec()
}

fn done_of(row: &SqliteRow) -> Result<Done, StoreError> {
    Ok(Done {
        id: row.try_get("id")?,
        at: Timestamp(row.try_get("at")?),
        who: row.try_get("who")?,
        kind: row.try_get("kind")?,
        what: row.try_get("what")?,
        remote: row.try_get("remote")?,
        chain: row.try_get("chain")?,
    })
}
