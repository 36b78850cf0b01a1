//! signboard: the board on which a business watches its documents get signed.

pub mod clock;
pub mod demo;
