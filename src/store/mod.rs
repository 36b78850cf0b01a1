//! Floor 1: the store. The only SQL, and the one door that writes.

pub mod read;
