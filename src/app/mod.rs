//! Floor 2: the use cases. Knows providers only as a trait, and neither HTTP nor HTML nor SQL.

pub use crate::store::read::{AccountFacts, Arrival, ArrivalState, Detail, Page, Refused, Row};
