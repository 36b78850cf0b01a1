//! Which package a signer is in, asked of the API.
