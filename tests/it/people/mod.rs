//! Who may come in, what they may do and see, and that it is written down.

mod gate;
