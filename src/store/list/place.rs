//! Places in a list: behind which row a page begins.

use crate::model::filter::fold_text;
use crate::model::{Sort, Timestamp};
use crate::store::Order;
use crate::store::read::Row;
use std::fmt;

/// A row's place: what it is sorted by, then its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Place {
    pub value: Value,
    pub id: i64,
}

/// What a row is sorted by, as its column has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Value {
    Number(i64),
    Text(String),
}

impl Place {
    /// Where a row stands.
    pub(in crate::store) fn of(row: &Row, sort: Sort) -> Self {
        let package = &row.package;
        let number = |at: Option<Timestamp>, without: i64| Value::Number(at.map_or(without, |at| at.0));
        let value = match sort {
            Sort::Updated => Value::Number(package.updated.0),
            Sort::Created => number(package.created, 0),
            Sort::Due => number(package.due, i64::MAX),
            Sort::Name => Value::Text(fold_text(package.name.as_deref().unwrap_or(row.key.package.as_str()))),
        };
        Self { value, id: row.id }
    }

    /// The place that a text names; `None`: it is none, or one of another order.
    pub(in crate::store) fn parse(text: &str, sort: Sort) -> Option<Self> {
        let (id, value) = text.split_once('~')?;
        let value = match sort {
            Sort::Name => Value::Text(value.to_owned()),
            Sort::Updated | Sort::Due | Sort::Created => Value::Number(value.parse().ok()?),
        };
        Some(Self { value, id: id.parse().ok()? })
    }

    /// Whether it comes after another one.
    pub(in crate::store) fn is_behind(&self, other: &Self, order: &Order) -> bool {
        if order.ascending { self > other } else { self < other }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Number(value) => write!(f, "{}~{value}", self.id),
            Value::Text(value) => write!(f, "{}~{value}", self.id),
        }
    }
}
