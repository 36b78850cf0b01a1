//! What `doctor` looks at on this machine: configuration, folder, disk, database, clock, people, backups.

use super::Findings;
use crate::app::{App, Room, amount};
use crate::clock::Clock;
use crate::config::{AuditTo, Config, Keys, Opens, Secret};
use crate::model::Timestamp;
use crate::model::access::Role;
use crate::provider::knock;
use crate::store::Store;
use jiff::tz::TimeZone;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A backup older than this is worth a word.
const BACKUP_DAYS: i64 = 7;
/// Before this signboard wasn't written.
const EARLIEST_MS: i64 = 1_790_000_000_000;
/// What was received so much later than now was received by another clock.
const AHEAD_MS: i64 = 60_000;
/// What is old is seen to every night.
const RETENTION_DAYS: i64 = 2;
const USERS: u32 = 500;
pub(super) const DAMAGED: &str =
    "stop the board, keep the folder, and restore the last backup into a new one (`signboard restore`)";

pub(super) fn configuration(findings: &mut Findings, config: &Config) {
    let warnings = config.warnings();
    if warnings.is_empty() {
        findings.good("configuration", format!("can be used; accounts: {}", config.accounts.len()));
    }
    warnings.into_iter().for_each(|it| findings.warn("configuration", it));
    match Keys::read(&config.server.data) {
        Ok(_) => {}
        Err(problem) => findings.fail("secrets", problem.to_string()),
    }
}

/// Without making the file: who runs this may be somebody else than the board.
pub(super) fn audit(findings: &mut Findings, config: &Config) {
    let Some(AuditTo::File(file)) = &config.audit else { return };
    let name = file.display();
    match std::fs::OpenOptions::new().append(true).open(file) {
        Ok(_) => findings.good("audit", format!("{name} can be written")),
        Err(cause)
            if cause.kind() == std::io::ErrorKind::NotFound && file.parent().is_some_and(Path::is_dir) =>
        {
            findings.good("audit", format!("{name} is made with the first deed"));
        }
        Err(cause) => findings.warn(
            "audit",
            format!(
                "{name} can't be written by whoever runs this: {cause}; the board's own user must be able to"
            ),
        ),
    }
}

pub(super) fn folder(findings: &mut Findings, config: &Config) {
    let data = &config.server.data;
    let name = data.display();
    let about = "data folder";
    let folder = match std::fs::metadata(data) {
        Ok(it) if it.is_dir() => it,
        Ok(_) => return findings.fail(about, format!("{name} is no folder; give another `data`")),
        Err(cause) => return findings.warn(about, format!("{name}: {cause}; `signboard serve` makes it")),
    };
    if let Err(cause) = Store::is_local(data) {
        return findings.fail(about, cause.to_string());
    }
    let open = folder.permissions().mode() & 0o077;
    let database = std::fs::metadata(Store::file(data)).ok();
    if let Err(cause) = tempfile::tempfile_in(data) {
        findings.fail(
            about,
            format!("{name} can't be written by whoever runs this: {cause}; run it as the board's own user"),
        );
    } else if let Some(file) = database.filter(|it| it.uid() != folder.uid()) {
        let (file, folder) = (file.uid(), folder.uid());
        findings.warn(about, format!("{name} belongs to user {folder}, and its database to user {file}; give both to who runs the board"));
    } else if open != 0 {
        findings.warn(about, format!("others than its owner can look into {name}, where names and mail addresses lie; run: chmod 700 {name}"));
    } else {
        findings.good(about, format!("{name} can be written, and others can't look into it"));
    }
}

pub(super) fn disk(findings: &mut Findings, config: &Config) {
    // Before the first start there is no folder; then the disk is that of where it will be.
    let data = std::path::absolute(&config.server.data).unwrap_or_else(|_| config.server.data.clone());
    let place = data.ancestors().find(|it| it.exists());
    let Some(Ok(room)) = place.map(Room::at) else {
        return findings.warn("disk", "how much room it has can't be told");
    };
    room_of(findings, room, config.server.disk_guard.limit(room.total));
}

/// Below this a database can't be worked with, whatever the guard was told.
const LEAST_ROOM: u64 = 64 * 1024 * 1024;

fn room_of(findings: &mut Findings, room: Room, limit: u64) {
    let (free, least) = (amount(room.free), amount(limit));
    if room.free < LEAST_ROOM && room.free >= limit {
        findings.fail(
            "disk",
            format!("{free} are free, too little for callbacks to be kept, and `disk-guard` spares none; make room"),
        );
    } else if limit == 0 {
        findings.warn(
            "disk",
            format!("{free} are free, and `disk-guard` is 0: nothing keeps the last of it for callbacks"),
        );
    } else if room.free < limit {
        findings.fail(
            "disk",
            format!("{free} are free, less than {least}: the board takes callbacks alone; make room"),
        );
    } else if room.free < limit.saturating_mul(2) {
        findings.warn(
            "disk",
            format!("{free} are free; below {least} the board takes callbacks alone: make room"),
        );
    } else {
        findings.good("disk", format!("{free} are free, and {least} have to be"));
    }
}

pub(super) fn zone(findings: &mut Findings, config: &Config) {
    let name = &config.server.time_zone;
    let now = jiff::Timestamp::from_millisecond(Clock::System.millis()).unwrap_or_default();
    match TimeZone::get(name) {
        Ok(zone) => findings
            .good("time zone", format!("{name}, where it is {} now", now.to_zoned(zone).strftime("%H:%M"))),
        Err(_) => findings.fail(
            "time zone",
            format!("nothing is known of {name}; install the system's zone data (tzdata)"),
        ),
    }
}

/// Whether a board runs and says that it is ready.
pub(super) async fn running(findings: &mut Findings, config: &Config, runs: bool) {
    if !runs {
        return findings.warn("board", "none runs on this data folder; start it with `signboard serve`");
    }
    let mut at = config.server.listen;
    if at.ip().is_unspecified() {
        at = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), at.port());
    }
    if at.port() == 0 {
        return findings.good("board", "one runs; at which port it can't be told");
    }
    match knock::get(&Secret::new(format!("http://{at}/readyz")), None, None).await {
        Ok(answer) if answer.status == 200 => findings.good("board", format!("runs at {at} and is ready")),
        Ok(answer) => findings.fail("board", format!("runs, and http://{at}/readyz answers {}; read there what is wrong", answer.status)),
        Err(why) => findings.fail("board", format!("one runs on this data folder, and not at {at} ({why}); start it again with this configuration")),
    }
}

/// `false`: nothing more can be asked of it.
pub(super) async fn database(findings: &mut Findings, app: &App, full: bool) -> bool {
    match app.store.integrity(full).await {
        Err(cause) => {
            findings.fail("database", format!("{cause}; {DAMAGED}"));
            return false;
        }
        Ok(false) => {
            findings.fail("database", "another version of signboard wrote it; start `signboard serve` of this version, or use that one");
            return false;
        }
        Ok(true) if !full => {
            findings.good("database", "its pages are in order; --full looks into indexes and packages too");
        }
        Ok(true) => match app.store.self_check(|_| ()).await {
            Err(cause) => findings.fail("database", cause.to_string()),
            Ok(check) => match check.difference {
                None => findings.good(
                    "database",
                    format!(
                        "its pages are in order, and {} packages are what their {} facts say",
                        check.packages, check.facts
                    ),
                ),
                Some(difference) => {
                    findings.fail("database", format!("{difference}; run `signboard rebuild`"));
                }
            },
        },
    }
    true
}

pub(super) fn clock(findings: &mut Findings, app: &App) {
    let now = app.now();
    let newest = app.last_callback();
    if now.0 < EARLIEST_MS {
        findings.fail("clock", "it is years behind; set it, and keep it right with NTP");
    } else if newest.is_some_and(|newest| newest.since(now) > AHEAD_MS) {
        findings.fail(
            "clock",
            "the last callback was received in the future, so it was set back; keep it right with NTP",
        );
    } else {
        findings.good("clock", "nothing was received in the future");
    }
}

pub(super) async fn people(findings: &mut Findings, app: &App) {
    if app.config.opens == Opens::ToItsMachine {
        return findings.good("people", "there is no sign-in: whoever sits at this machine sees everything");
    }
    let (mut admins, mut without, mut last) = (0_u32, 0_u32, String::new());
    loop {
        let users = match app.store.users(&last, USERS).await {
            Ok(users) => users,
            Err(cause) => return findings.fail("people", cause.to_string()),
        };
        let Some(end) = users.last() else { break };
        last.clone_from(&end.email);
        for user in users.iter().filter(|it| it.role == Role::Admin && it.disabled_at.is_none()) {
            admins += 1;
            // Whoever comes through OpenID Connect has a second factor there, or not: that is the provider's.
            without += u32::from(user.totp.is_none() && user.subject.is_none());
        }
    }
    match (admins, without) {
        (0, _) => findings.fail("people", "there is no admin; make one with `signboard user add`"),
        (_, 0) => findings.good("people", format!("admins: {admins}, all with a second factor")),
        (_, without) => findings.warn("people", format!("admins: {admins}, of whom {without} have no second factor yet; they set it up when they sign in")),
    }
}

pub(super) fn backups(findings: &mut Findings, app: &App) {
    let Some((at, file)) = Store::last_backup(app.store.folder()) else {
        return findings.warn(
            "backup",
            "none was ever made; run `signboard backup FILE` each day, and take FILE to another machine",
        );
    };
    let days = app.now().since(at).max(0) / DAY_MS;
    let file = file.display();
    if days > BACKUP_DAYS {
        findings.warn(
            "backup",
            format!("the last one is {days} days old ({file}); run `signboard backup FILE` each day"),
        );
    } else {
        findings.good("backup", format!("the last one is {days} days old ({file})"));
    }
}

pub(super) async fn retention(findings: &mut Findings, app: &App) {
    let about = "retention";
    if app.retention().keeps_all() {
        return findings
            .good(about, "everything is kept; `[retention]` in the configuration can say for how long");
    }
    let since = |at: Timestamp| app.now().since(at) <= RETENTION_DAYS * DAY_MS;
    let begun = app.store.retention_begun().await.ok().flatten();
    match app.store.last_retention().await {
        Ok(None) if begun.is_some_and(since) => {
            findings.good(about, "what is old is seen to in the coming night, for the first time");
        }
        Err(cause) => findings.fail(about, cause.to_string()),
        Ok(Some((at, _))) if since(at) => {
            findings.good(about, format!("what is old was seen to {}", ago(app.now(), at)));
        }
        Ok(_) => findings.warn(
            about,
            "nobody has seen lately to what is older than it is kept; a running board does so every night, and \
             `signboard retention` does it now",
        ),
    }
}

/// The mail server: does it take mails?
pub(super) async fn mail(findings: &mut Findings, app: &App) {
    let about = "mail";
    match app.try_mail().await {
        None => findings.warn(about, "no [mail] is configured, so alerts show on the page alone"),
        Some(Ok(told)) => findings.good(about, told),
        Some(Err(why)) => findings.fail(about, format!("{why}; what is to be told waits")),
    }
}

/// So many whole days ago, in words.
pub(super) fn ago(now: Timestamp, at: Timestamp) -> String {
    let minutes = now.since(at).max(0) / 60_000;
    match minutes {
        0..120 => format!("{minutes} minutes ago"),
        120..2_880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_full_disk_is_never_sound_whatever_the_guard_was_told() {
        const GIB: u64 = 1024 * 1024 * 1024;
        for (free, limit, state, said) in [
            (0, 0, State::Fail, "0 KiB are free, too little"),
            (LEAST_ROOM - 1, 0, State::Fail, "too little"),
            (LEAST_ROOM, 0, State::Warn, "`disk-guard` is 0"),
            (9 * GIB, 0, State::Warn, "`disk-guard` is 0"),
            (LEAST_ROOM - 1, 1, State::Fail, "too little"),
            (GIB - 1, GIB, State::Fail, "callbacks alone"),
            (2 * GIB - 1, GIB, State::Warn, "make room"),
            (2 * GIB, GIB, State::Good, "2 GiB are free"),
        ] {
            let mut findings = Findings { all: Vec::new(), json: true };
            room_of(&mut findings, Room { free, total: 10 * GIB }, limit);
            let [finding] = &findings.all[..] else { panic!("one finding") };
            assert_eq!(finding.state, state, "{free} of {limit}: {}", finding.told);
            assert!(finding.told.contains(said), "{}", finding.told);
        }
    }
}
