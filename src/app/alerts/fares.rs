//! How a way to tell people fares: since when nothing goes, why, and until when it is left alone.

use crate::model::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const FIRST_REST_MS: i64 = 10_000;
const LONGEST_REST_MS: i64 = 15 * 60 * 1000;
/// Whoever asks to be left alone for longer is asked again all the same.
const LONGEST_WISH_MS: i64 = 6 * 60 * 60 * 1000;

/// How a way to tell people fares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostState {
    /// Since when nothing goes, and why, as a sentence without a full stop.
    pub trouble: Option<(Timestamp, String)>,
    /// It is left alone until then.
    pub rests_until: Option<Timestamp>,
    failures: u32,
}

/// The same, where it is kept.
#[derive(Debug, Default)]
pub(super) struct Fares(Mutex<PostState>);

impl Fares {
    pub(super) fn state(&self) -> PostState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn rests(&self, now: Timestamp) -> bool {
        self.state().rests_until.is_some_and(|until| until > now)
    }

    /// Nothing goes; until when it is left alone, at least for as long as it wishes. The log says when trouble begins, and
    /// not each try.
    pub(super) fn failed(
        &self,
        channel: &str,
        now: Timestamp,
        why: &str,
        wish: Option<Duration>,
    ) -> Timestamp {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = (FIRST_REST_MS << state.failures.min(10)).min(LONGEST_REST_MS);
        let wish = wish.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        let until = now.plus(crate::app::circuit::jittered(rest).max(wish.min(LONGEST_WISH_MS)));
        state.failures = state.failures.saturating_add(1);
        state.rests_until = Some(until);
        let since = state.trouble.as_ref().map_or(now, |(since, _)| *since);
        if state.trouble.is_none() {
            // Mail servers like to say whom they refuse.
            let nameless = |it: &str| if it.contains('@') { "…".to_owned() } else { it.to_owned() };
            let why = why.split(' ').map(nameless).collect::<Vec<_>>().join(" ");
            tracing::warn!(
                channel,
                why,
                "no messages can be sent; what is to be told waits, and is tried again"
            );
        }
        state.trouble = Some((since, why.to_owned()));
        until
    }

    pub(super) fn works(&self, channel: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.trouble.is_some() {
            tracing::info!(channel, "messages can be sent again");
        }
        *state = PostState::default();
    }

    /// It is tried at once, whatever became of it before.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rests_until = None;
    }
}
