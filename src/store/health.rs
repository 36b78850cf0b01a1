//! How the writer fares, as everybody else sees it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How the writer fares; for the operator's page.
#[derive(Debug, Default)]
pub struct Health {
    trouble: Mutex<Option<String>>,
    waiting: AtomicI64,
    pub(super) pending: AtomicI64,
    /// How often something was written that may be of alerts or of saved views.
    pub(super) writes_around: AtomicU64,
    /// How often something was written that may be of people: their sessions, their tokens, what they may do.
    pub(super) writes_of_people: AtomicU64,
}

impl Health {
    /// Why the last write failed, until one goes well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().ok().and_then(|it| it.clone())
    }

    /// Writes that wait for the door.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Arrivals that are kept and not digested yet.
    #[must_use]
    pub fn pending(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Something was written. `pending`: how many more arrivals are to be digested. `around`: it may be of alerts or of saved
    /// views, and whoever asks from now on is told nothing of these from before.
    pub(super) fn wrote(&self, pending: i64, around: bool) {
        self.pending.fetch_add(pending, Ordering::Relaxed);
        if around {
            self.writes_around.fetch_add(1, Ordering::Release);
        }
    }

    /// Something was written that may be of people: whoever asks from now on is told nothing of them from before.
    pub(super) fn wrote_of_people(&self) {
        self.writes_of_people.fetch_add(1, Ordering::Release);
    }

    /// Logs when trouble begins, changes or ends, and not each write that it hinders: the log may lie on the same disk.
    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        if let Ok(mut it) = self.trouble.lock() {
            match &trouble {
                Some(cause) if it.as_ref() != Some(cause) => {
                    tracing::error!(
                        cause,
                        "writing fails; whoever sends is told to come back, until it goes well again"
                    );
                }
                None if it.is_some() => tracing::info!("writing goes well again"),
                _ => {}
            }
            *it = trouble;
        }
    }
}

/// Trouble of somebody who tries again for as long as it lasts. The log says when it begins, has another cause and is over, and not
/// each try: it may lie on the same disk.
#[derive(Debug)]
pub struct Trouble {
    who: String,
    what: &'static str,
    cause: Option<String>,
}

impl Trouble {
    /// Whose it is, and what is wrong then, as a sentence without a full stop.
    #[must_use]
    pub fn new(who: impl Into<String>, what: &'static str) -> Self {
        Self { who: who.into(), what, cause: None }
    }

    /// It failed.
    pub fn begins(&mut self, cause: &impl std::fmt::Display) {
        let cause = cause.to_string();
        if self.cause.as_ref() != Some(&cause) {
            tracing::error!(worker = self.who, cause, "{}", self.what);
            self.cause = Some(cause);
        }
    }

    /// It went well.
    pub fn is_over(&mut self) {
        if self.cause.take().is_some() {
            tracing::info!(worker = self.who, was = self.what, "it goes well again");
        }
    }

    /// It failed the last time.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.cause.is_some()
    }
}

/// Counts one that waits, also when it goes away before it is answered.
pub(super) struct Queued<'a>(&'a Health);

impl<'a> Queued<'a> {
    pub(super) fn new(health: &'a Health) -> Self {
        health.waiting.fetch_add(1, Ordering::Relaxed);
        Self(health)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Arc;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Seen red with: trouble that is said at each try.
    #[test]
    fn what_fails_for_as_long_as_it_is_tried_is_said_twice() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time();
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut trouble = Trouble::new("alerts", "nothing can be noted");
            for _ in 0..3 {
                trouble.is_over();
                for _ in 0..100 {
                    trouble.begins(&"the disk is full");
                }
                assert!(trouble.stands());
                trouble.is_over();
                assert!(!trouble.stands());
            }
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 6, "{log}");
        for line in lines.chunks(2) {
            assert!(
                line[0].contains("nothing can be noted") && line[0].contains("the disk is full"),
                "{log}"
            );
            assert!(line[1].contains("goes well again") && line[1].contains("alerts"), "{log}");
        }
    }
}
