//! What is read at once: several questions as one statement. Each statement crosses to the thread of its connection and
//! back, which takes longer than most answers; and what is asked together is answered as of the same moment.

use super::aside::{Cell, bind};
use super::carry::AsOf;
use super::list::LAST_CHANGE;
use super::memo::Memo;
use super::read::Change;
use super::{Store, StoreError};
use crate::model::Seq;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::vec;

/// A question with one answer, which is JSON: a `SELECT` of one column that finds one row, and what it is given.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    text: Cow<'static, str>,
    cells: Vec<Cell>,
}

impl Ask {
    /// Its parameters are `$1`, `$2` and so on, and each of them is given.
    pub(super) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), cells: Vec::new() }
    }

    /// Several as one, whose answer is an array of theirs.
    pub(super) fn all(asks: impl IntoIterator<Item = Self>) -> Self {
        let Listed { text, cells, .. } = listed(asks, "json");
        Self { text: format!("SELECT json_array({text})").into(), cells }
    }

    /// Gives the next parameter.
    pub(super) fn number(mut self, number: impl Into<Option<i64>>) -> Self {
        self.cells.push(Cell::Number(number.into()));
        self
    }

    /// The same with a text.
    pub(super) fn text(mut self, text: impl Into<Option<String>>) -> Self {
        self.cells.push(Cell::Text(text.into()));
        self
    }
}

/// What was told, as of a change.
pub(super) struct Told {
    pub seq: Seq,
    /// Of which change the oldest is of what was kept and taken beside it.
    pub oldest: Seq,
    pub answers: vec::IntoIter<String>,
}

impl Told {
    pub(super) fn new(seq: Seq, answers: vec::IntoIter<String>) -> Self {
        Self { seq, oldest: Seq(i64::MAX), answers }
    }

    /// The next answer.
    pub(super) fn next(&mut self) -> Result<String, StoreError> {
        self.answers.next().ok_or_else(|| StoreError::json("an answer is missing"))
    }
}

impl Store {
    /// The answers, in the order of the questions.
    pub(super) async fn told(&self, asks: Vec<Ask>) -> Result<Told, StoreError> {
        if asks.is_empty() {
            return Ok(Told::new(Seq::default(), vec::IntoIter::default()));
        }
        tell(&mut *self.readers.acquire().await?, asks).await
    }

    /// The answer to one question.
    pub(super) async fn one(&self, ask: Ask) -> Result<String, StoreError> {
        self.told(vec![ask]).await?.next()
    }

    /// What is kept, carried on to now; else it is asked for.
    pub(super) fn wanted<'a, K: PartialEq + Clone, V: Clone>(
        &self,
        memo: &'a Memo<K, AsOf<V>>,
        (writes, key): (Option<u64>, K),
        asks: &mut Vec<Ask>,
        carry: impl FnOnce(AsOf<V>, &[Arc<Change>]) -> Option<AsOf<V>>,
        ask: impl FnOnce() -> Result<Ask, StoreError>,
    ) -> Result<Wanted<'a, K, V>, StoreError> {
        let kept = self.carried(memo, writes, &key, carry);
        if kept.is_none() {
            asks.push(ask()?);
        }
        Ok(Wanted { memo, writes, key, kept })
    }

    /// What is kept, carried on to now; `None`: it is to be looked up.
    pub(super) fn carried<K: PartialEq + Clone, V: Clone>(
        &self,
        memo: &Memo<K, AsOf<V>>,
        writes: Option<u64>,
        key: &K,
        carry: impl FnOnce(AsOf<V>, &[Arc<Change>]) -> Option<AsOf<V>>,
    ) -> Option<AsOf<V>> {
        let kept = memo.get(writes, key)?;
        let changes = self.recent.after(kept.seq)?;
        if changes.is_empty() {
            return Some(kept);
        }
        let carried = carry(kept, &changes)?;
        memo.put(writes, key.clone(), carried.clone());
        Some(carried)
    }
}

/// An answer that is kept, or that somebody was asked for.
pub(super) struct Wanted<'a, K, V> {
    memo: &'a Memo<K, AsOf<V>>,
    writes: Option<u64>,
    key: K,
    kept: Option<AsOf<V>>,
}

impl<K: PartialEq, V: Clone> Wanted<'_, K, V> {
    /// It; unless it was kept, out of the next of the answers.
    pub(super) fn of(
        self,
        told: &mut Told,
        read: impl FnOnce(&str) -> Result<V, StoreError>,
    ) -> Result<V, StoreError> {
        if let Some(kept) = self.kept {
            told.oldest = told.oldest.min(kept.seq);
            return Ok(kept.it);
        }
        let it = read(&told.next()?)?;
        self.memo.put(self.writes, self.key, AsOf { seq: told.seq, it: it.clone() });
        Ok(it)
    }
}

/// The answers, in the order of the questions, and of which change they are.
pub(super) async fn tell(connection: &mut SqliteConnection, mut asks: Vec<Ask>) -> Result<Told, StoreError> {
    asks.push(Ask::new(LAST_CHANGE));
    let mut answers = together(connection, asks).await?;
    let seq = Seq(read(&answers.pop().unwrap_or_default())?);
    Ok(Told::new(seq, answers.into_iter()))
}

/// The answers, in the order of the questions.
pub(super) async fn together(
    connection: &mut SqliteConnection,
    asks: impl IntoIterator<Item = Ask>,
) -> Result<Vec<String>, StoreError> {
    let Listed { text, cells, count } = listed(asks, "");
    if count == 0 {
        return Ok(Vec::new());
    }
    let text = AssertSqlSafe(format!("SELECT {text}"));
    let row = cells.into_iter().fold(sqlx::query(text), bind).fetch_one(connection).await?;
    (0..count).map(|at| Ok(row.try_get(at)?)).collect()
}

/// What an answer says.
pub(super) fn read<T: DeserializeOwned>(told: &str) -> Result<T, StoreError> {
    serde_json::from_str(told).map_err(StoreError::json)
}

/// Questions as a list of expressions.
struct Listed {
    text: String,
    cells: Vec<Cell>,
    count: usize,
}

/// `of`: a function of each.
fn listed(asks: impl IntoIterator<Item = Ask>, of: &str) -> Listed {
    let mut all = Listed { text: String::new(), cells: Vec::new(), count: 0 };
    for mut ask in asks {
        let _ = write!(all.text, "{}{of}((", if all.count == 0 { "" } else { ", " });
        shifted(&ask.text, all.cells.len(), &mut all.text);
        all.text.push_str("))");
        all.cells.append(&mut ask.cells);
        all.count += 1;
    }
    all
}

/// Adds a text whose parameters have numbers that are greater by so much.
fn shifted(text: &str, by: usize, into: &mut String) {
    let mut parts = text.split('$');
    into.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let _ = match number.parse::<usize>() {
            Ok(number) => write!(into, "${}{rest}", number + by),
            Err(_) => write!(into, "${part}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Connection as _, SqliteConnection};

    /// Seen red with: parameters that keep their numbers.
    #[tokio::test]
    async fn each_question_is_given_what_is_its() {
        let mut connection = SqliteConnection::connect(":memory:").await.unwrap();
        let name = || Ask::new("SELECT json_quote($1 || '$.' || $2)").text("a".to_owned());
        let asks = [
            name().text("b".to_owned()),
            Ask::new("SELECT json($2 * 10 + $1)").number(1).number(2),
            name().number(None),
            Ask::new("SELECT json_array($1, $12)")
                .number(1)
                .number(2)
                .number(3)
                .number(4)
                .number(5)
                .number(6)
                .number(7)
                .number(8)
                .number(9)
                .number(10)
                .number(11)
                .text("last".to_owned()),
        ];
        let told = together(&mut connection, asks).await.unwrap();
        assert_eq!(told, [r#""a$.b""#, "21", "null", r#"[1,"last"]"#]);
        let both = || Ask::all([name().text("b".to_owned()), Ask::new("SELECT json($1)").number(7)]);
        let told = together(&mut connection, [both(), both()]).await.unwrap();
        assert_eq!(told, [r#"["a$.b",7]"#; 2]);
        assert_eq!(together(&mut connection, []).await.unwrap(), [""; 0]);
    }
}
