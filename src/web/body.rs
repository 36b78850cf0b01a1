//! Reads a request's body within bounds of size and time.

use actix_web::web;
use futures_util::StreamExt as _;
use std::time::Duration;

/// A sender that needs longer is cut off.
const SLOWEST: Duration = Duration::from_secs(30);
/// A sender that is told 413 before it has finished sending never reads it: so much more is read and thrown away.
const MOST_DISCARDED: usize = 64 * 1024 * 1024;

/// What came of a body.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than allowed.
    TooLarge,
    /// It ended early.
    Broken,
    /// It didn't end.
    TooSlow,
}

/// Reads a body of at most `most` bytes.
pub async fn read(mut payload: web::Payload, most: usize) -> Body {
    let reading = async {
        let mut body = Vec::new();
        let mut length = 0_usize;
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else { return Body::Broken };
            length += chunk.len();
            if length <= most {
                body.extend_from_slice(&chunk);
            } else if length > most + MOST_DISCARDED {
                break;
            } else {
                body = Vec::new();
            }
        }
        if length > most { Body::TooLarge } else { Body::Whole(body) }
    };
    tokio::time::timeout(SLOWEST, reading).await.unwrap_or(Body::TooSlow)
}
