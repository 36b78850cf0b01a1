//! What keeps a board running: how full its disk may get, and who is told that all is well.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::reconcile::{span, words};
use super::scope::Read;
use super::{Secret, address};

const GIB: u64 = 1024 * 1024 * 1024;

/// From how little room on the data's disk on the board spares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskGuard {
    /// 1 GiB, or a twentieth of a disk on which that is less.
    #[default]
    Usual,
    /// So many bytes.
    Bytes(u64),
    /// So much of a hundred.
    Percent(u64),
}

/// Who is told, and how often, that all is well.
#[derive(Clone)]
pub struct HeartbeatConfig {
    /// The whole address, which mostly holds a token.
    pub url: Secret,
    /// How often.
    pub every: Duration,
    /// The proxy on the way; the server's. May carry a password: do not log it.
    pub proxy: Option<String>,
    /// A private certificate authority; the server's.
    pub ca_file: Option<PathBuf>,
}

impl DiskGuard {
    /// The room that has to be free, in bytes, on a disk of so many.
    #[must_use]
    pub fn limit(self, total: u64) -> u64 {
        match self {
            Self::Usual => GIB.min(total / 20),
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => total / 100 * percent,
        }
    }

    /// As it could have been written; `None`: it wasn't.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Usual => None,
            Self::Bytes(bytes) if bytes.is_multiple_of(GIB) => Some(format!("{} GiB", bytes / GIB)),
            Self::Bytes(bytes) => Some(format!("{} MiB", bytes / (1024 * 1024))),
            Self::Percent(percent) => Some(format!("{percent}%")),
        }
    }
}

impl std::fmt::Debug for HeartbeatConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeartbeatConfig").field("every", &self.every).finish_non_exhaustive()
    }
}

impl HeartbeatConfig {
    pub(super) fn every_text(&self) -> String {
        words(self.every)
    }
}

/// An amount such as `2 GiB`, or a part of the disk such as `5%`.
pub(super) fn disk_guard(text: &str) -> Result<DiskGuard, String> {
    let number = |unit: &str| text.strip_suffix(unit)?.trim_end().parse::<u64>().ok();
    let percent = number("%").filter(|it| *it <= 90).map(DiskGuard::Percent);
    let bytes = |unit: &str, size: u64| number(unit)?.checked_mul(size).map(DiskGuard::Bytes);
    percent.or_else(|| bytes("GiB", GIB)).or_else(|| bytes("MiB", 1024 * 1024)).ok_or_else(|| {
        format!("{text:?} is neither an amount of room, such as \"1 GiB\" or \"500 MiB\", nor a part of the disk up to \"90%\"")
    })
}

/// `heartbeat-url` and `heartbeat-every`.
pub(super) fn heartbeat(table: &mut Reader<'_>) -> Read<Option<HeartbeatConfig>> {
    let url = table.checked_secret("heartbeat-url", |text| address::listener(text).map(|_| ()));
    let every = table.checked("heartbeat-every", |text| span(text, 60, 24 * 60 * 60));
    let (url, every) = (url?, every?);
    if url.is_none() && every.is_some() {
        return Err(table.report("heartbeat-every", "says how often to call, and there is no heartbeat-url"));
    }
    let every = every.unwrap_or(Duration::from_secs(5 * 60));
    Ok(url.map(|url| HeartbeatConfig { url, every, proxy: None, ca_file: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(lines: &str) -> Result<crate::config::Config, crate::config::Problems> {
        crate::config::tests::load(&format!("[server]\n{lines}\n"))
    }

    #[test]
    fn a_heartbeat_goes_the_servers_way_and_its_address_is_hidden() {
        let lines = "heartbeat-url = \"https://watch.example.com/ping/hush\"\nheartbeat-every = \"10m\"\n\
                     proxy = \"http://127.0.0.1:9\"\ndisk-guard = \"5%\"";
        let config = load(lines).unwrap();
        let heartbeat = config.server.heartbeat.clone().unwrap();
        assert_eq!(heartbeat.url.expose(), "https://watch.example.com/ping/hush");
        assert_eq!(
            (heartbeat.every, heartbeat.proxy.as_deref()),
            (Duration::from_secs(600), Some("http://127.0.0.1:9"))
        );
        assert!(!format!("{config:?}{}", config.effective()).contains("hush"));
        assert!(
            config.effective().contains("heartbeat-every = \"10m\"")
                && config.effective().contains("disk-guard = \"5%\"")
        );
        for (bad, place) in [
            ("heartbeat-url = \"ftp://hush\"", "server.heartbeat-url"),
            ("heartbeat-every = \"10m\"", "server.heartbeat-every"),
            ("heartbeat-url = \"https://x\"\nheartbeat-every = \"10s\"", "server.heartbeat-every"),
            ("disk-guard = \"much\"", "server.disk-guard"),
        ] {
            let problems = load(bad).unwrap_err();
            assert!(problems.iter().any(|it| it.path == place && !it.sentence.contains("hush")), "{bad}");
        }
    }

    #[test]
    fn room_is_an_amount_or_a_part() {
        for (text, limit) in [("2 GiB", 2 * GIB), ("512MiB", GIB / 2), ("0 MiB", 0), ("10%", 10 * GIB)] {
            let guard = disk_guard(text).unwrap();
            assert_eq!(guard.limit(100 * GIB), limit, "{text}");
            assert_eq!(disk_guard(&guard.text().unwrap()), Ok(guard));
        }
        assert_eq!((DiskGuard::Usual.limit(100 * GIB), DiskGuard::Usual.limit(10 * GIB)), (GIB, GIB / 2));
        for bad in [
            "",
            "1",
            "GiB",
            "-1 GiB",
            "1.5 GiB",
            "95%",
            "1 GB",
            "99999999999999999999 GiB",
            "20000000000 GiB",
        ] {
            assert!(disk_guard(bad).is_err(), "{bad}");
        }
    }
}
