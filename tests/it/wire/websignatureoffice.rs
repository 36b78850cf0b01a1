//! WebSignatureOffice: its callbacks, what it is like, and its web service.

mod fuzz;
mod samples;
mod tyr;
