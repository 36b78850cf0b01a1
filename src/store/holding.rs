//! Where somebody is named: which packages, which bytes. Reads only.

use super::erasing::{Blotted, Traces, Whom};
use super::packages::{json, key_of};
use super::{Store, StoreError};
use crate::model::text::search_words;
use sqlx::Row as _;
use std::collections::BTreeSet;

/// So many rows are looked through at a time.
const CHUNK: i64 = 2_000;
const BODIES: i64 = 100;
/// The packages whose facts may name somebody; `$3`: spellings in lower case as SQLite makes it, a JSON array.
const NAMING: &str = "SELECT DISTINCT f.package, p.account, p.package AS id FROM facts f JOIN packages p ON p.id = f.package \
    WHERE f.package > $1 AND f.package <= $2 AND EXISTS (SELECT 1 FROM json_each($3) \
    WHERE instr(lower(coalesce(f.who, '') || ' ' || coalesce(f.detail, '') || ' ' || coalesce(f.answer, '')), value))";
const LAST: &str = "SELECT coalesce(max(id), 0) FROM packages";
const ARRIVALS: &str =
    "SELECT id, state, body FROM arrivals WHERE id > $1 AND body IS NOT NULL ORDER BY id LIMIT $2";
const REFUSED: &str = "SELECT id, 1 AS state, body FROM refused_bodies WHERE id > $1 ORDER BY id LIMIT $2";
const WAITING: &str =
    "SELECT id, 1 AS state, CAST(body AS BLOB) AS body FROM waiting WHERE id > $1 ORDER BY id LIMIT $2";
const VIEWS: &str = "SELECT id, 1 AS state, CAST(name || '&' || query AS BLOB) AS body FROM views WHERE id > $1 ORDER BY id LIMIT $2";
const GROUPS: &str = "SELECT DISTINCT team FROM packages INDEXED BY packages_team WHERE team IS NOT NULL";
/// As somebody who uses the board, not as one of whom packages tell. Boards that were looked at stand as their addresses.
const ELSEWHERE: &str = "SELECT (SELECT count(*) FROM audit WHERE instr(lower(who || ' ' || replace(what, '%40', '@')), $1)), \
    EXISTS (SELECT 1 FROM users WHERE email = $1 OR instr(aliases, $1)) OR EXISTS (SELECT 1 FROM tokens \
    WHERE instr(senders, $1) OR instr(lower(replace(query, '%40', '@')), $1))";

/// What holds somebody beside packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Arrivals whose bytes do.
    pub arrivals: BTreeSet<i64>,
    /// Refused calls.
    pub refused: BTreeSet<i64>,
    /// Pasted callbacks that wait.
    pub waiting: BTreeSet<i64>,
    /// Saved views.
    pub views: BTreeSet<i64>,
    /// Arrivals that were not read yet: they stay.
    pub unread: u64,
}

/// Whether bytes hold one of these words, however callbacks spell them: in any case, in a form, in JSON or in XML.
pub(super) fn holds<'a>(body: &[u8], words: impl Iterator<Item = &'a str>) -> bool {
    let plain = String::from_utf8_lossy(body);
    let form = from_form(body);
    let views = [unescaped(&plain).to_lowercase(), unescaped(&String::from_utf8_lossy(&form)).to_lowercase()];
    words.map(str::to_lowercase).any(|word| views.iter().any(|view| view.contains(&word)))
}

/// A form's `%40` and `+`.
fn from_form(body: &[u8]) -> Vec<u8> {
    let digit = |at: usize| body.get(at).and_then(|it| char::from(*it).to_digit(16));
    let (mut done, mut at) = (Vec::with_capacity(body.len()), 0);
    while let Some(byte) = body.get(at) {
        let (next, length) = match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => (u8::try_from(16 * high + low).unwrap_or(b'?'), 3),
            (b'+', ..) => (b' ', 1),
            (byte, ..) => (*byte, 1),
        };
        done.push(next);
        at += length;
    }
    done
}

/// JSON's `\u00fc` and XML's `&#252;` and `&#xfc;`.
fn unescaped(text: &str) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        let json = from.strip_prefix("\\u").and_then(|it| it.get(..4)).map(|it| (it, 16, 6));
        let xml = from.strip_prefix("&#").and_then(|it| it.get(..it.find(';').filter(|end| *end < 9)?));
        let xml = xml.map(|it| match it.strip_prefix('x') {
            Some(hex) => (hex, 16, it.len() + 3),
            None => (it, 10, it.len() + 3),
        });
        let found = json.or(xml).and_then(|(digits, base, length)| {
            Some((char::from_u32(u32::from_str_radix(digits, base).ok()?)?, length))
        });
        let (next, length) =
            found.or_else(|| from.chars().next().map(|it| (it, it.len_utf8()))).unwrap_or(('?', 1));
        done.push(next);
        rest = from.get(length..).unwrap_or_default();
    }
    done.push_str(rest);
    done
}

impl Whom {
    fn words(&self) -> impl Iterator<Item = &str> {
        [self.mail.as_str()].into_iter().chain(self.name.as_deref())
    }

    /// As SQLite's `lower`, which knows ASCII alone, may leave them.
    fn spellings(&self) -> Result<String, StoreError> {
        let cases = |word: &str| [word.to_owned(), word.to_lowercase(), word.to_uppercase()];
        let all: BTreeSet<String> = self.words().flat_map(cases).map(|it| it.to_ascii_lowercase()).collect();
        json(&all)
    }
}

impl Store {
    /// The rows of some packages that may name somebody, behind the row `after`; and behind which to go on. `None`: those
    /// were all.
    pub async fn naming(&self, whom: &Whom, after: i64) -> Result<(Vec<i64>, Option<i64>), StoreError> {
        let last: i64 = sqlx::query(LAST).fetch_one(&self.readers).await?.try_get(0)?;
        let to = after.saturating_add(CHUNK);
        let query = sqlx::query(NAMING).bind(after).bind(to).bind(whom.spellings()?);
        let rows = query.fetch_all(&self.readers).await?;
        let rows = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_, StoreError>>()?;
        Ok((rows, Some(to).filter(|to| *to < last)))
    }

    /// What [`Store::blot`] would do.
    pub async fn would_blot(&self, row: i64, whom: &Whom) -> Result<Blotted, StoreError> {
        const KEY: &str = "SELECT account, package FROM packages WHERE id = $1";
        let mut connection = self.readers.acquire().await?;
        let Some(found) = sqlx::query(KEY).bind(row).fetch_optional(&mut *connection).await? else {
            return Ok(Blotted::default());
        };
        let key = key_of(found.try_get(0)?, found.try_get(1)?)?;
        Ok(Traces::of(&mut connection, (row, &key), whom).await?.counts())
    }

    /// What holds somebody beside packages.
    pub async fn held(&self, whom: &Whom) -> Result<Held, StoreError> {
        let mut held = Held::default();
        for (sql, into) in [
            (ARRIVALS, &mut held.arrivals),
            (REFUSED, &mut held.refused),
            (WAITING, &mut held.waiting),
            (VIEWS, &mut held.views),
        ] {
            let mut after = 0;
            loop {
                let rows = sqlx::query(sql).bind(after).bind(BODIES).fetch_all(&self.readers).await?;
                let Some(end) = rows.last() else { break };
                after = end.try_get("id")?;
                for row in &rows {
                    if !holds(row.try_get("body")?, whom.words()) {
                        continue;
                    }
                    if row.try_get::<i64, _>("state")? == super::inbox::PENDING {
                        held.unread += 1;
                    } else {
                        into.insert(row.try_get("id")?);
                    }
                }
            }
        }
        Ok(held)
    }

    /// How many entries of the audit name somebody, and whether they use the board, or a token is limited to them.
    pub async fn named_elsewhere(&self, whom: &Whom) -> Result<(u64, bool), StoreError> {
        let row = sqlx::query(ELSEWHERE).bind(&whom.mail).fetch_one(&self.readers).await?;
        Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get(1)?))
    }

    /// How many groups of packages are called like somebody, however that is spelt: a provider makes `ana-souza` of it.
    pub async fn groups_called(&self, whom: &Whom) -> Result<u64, StoreError> {
        let words = |text: &str| search_words(text, usize::MAX).concat() + " ";
        let theirs: Vec<String> = whom.words().map(words).collect();
        let groups: Vec<String> = sqlx::query_scalar(GROUPS).fetch_all(&self.readers).await?;
        let called = |group: &&String| theirs.iter().any(|it| words(group).contains(it));
        Ok(groups.iter().filter(called).count() as u64)
    }

    /// Copies of the database that lie beside it, by name; they hold what it held then.
    #[must_use]
    pub fn copies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten().flatten();
        let names = entries.filter_map(|it| it.file_name().into_string().ok());
        let mut names: Vec<String> =
            names.filter(|it| it.starts_with("before-") && it.ends_with(".sqlite")).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_name_is_found_however_it_is_spelt() {
        for body in [
            "{\"email\": \"Jo@A.example\"}",
            "data=%5B%22jo%40a.example%22%5D",
            "{\"email\": \"jo\\u0040a.example\"}",
            "<mail>jo&#64;a.example</mail>",
            "<mail>jo&#x40;a.example</mail>",
            "n=J%C3%BCrgen+Gro%C3%9F",
            "{\"n\": \"J\\u00fcrgen Gro\\u00df\"}",
            "{\"n\": \"J\\u00DCRGEN GRO\\u00df\"}",
            "data=J%5Cu00fcrgen%20Gro%5Cu00df",
        ] {
            assert!(holds(body.as_bytes(), ["jo@a.example", "Jürgen Groß"].into_iter()), "{body}");
        }
        for body in
            ["", "%", "%4", "\\u", "\\u004", "&#", "&#x;", "&#99999999;", "jo at a.example", "\u{fc}&\\ü"]
        {
            assert!(!holds(body.as_bytes(), ["jo@a.example"].into_iter()), "{body}");
        }
        assert!(!holds(&[0xff, 0xfe, b'%'], ["jo@a.example"].into_iter()));
    }
}
