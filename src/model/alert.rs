//! What of a package is worth telling somebody: read off its state alone, so that a lock found by polling counts like one
//! that a callback told, and that order and repeats decide nothing.
//!
//! Who is told, how, and whether somebody took it on is no fact, and lies elsewhere.

use super::{Package, Signer, SignerStatus, Status, Timestamp};

/// What was older than this when the board learned of it is shown, and nobody is told: a day.
pub const OLD_MS: i64 = 24 * 60 * 60 * 1000;
/// An end that nobody took note of closes after this: a week.
pub const END_CLOSES_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The kinds of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertKind {
    /// A signer is locked out.
    Locked,
    /// A mail to a signer came back.
    Bounced,
    /// A signer did not pass an identity check.
    IdentityFailed,
    /// A signer refused a field, and the package goes on.
    FieldRejected,
    /// Everybody signed, and the sender has to finish it.
    ReadyToComplete,
    /// The provider could not draw its pages.
    RenderFailed,
    /// A signer refused to sign.
    Declined,
    /// A signer refused to sign electronically.
    OptedOut,
    /// Its time ran out.
    Expired,
    /// It went wrong at the provider.
    Failed,
    /// The sender called it off.
    Cancelled,
    /// What was signed could not be put into the electronic vault.
    DepositFailed,
    /// Nothing happened to it for long.
    Inactive,
    /// The operator's: no callback of the account came for too long.
    Silent,
    /// The operator's: too many callbacks of the account were missed.
    Drifting,
    /// The operator's: the account's API doesn't answer, or refuses.
    ApiRefuses,
    /// The operator's: callbacks with wrong secrets arrive.
    WrongSecrets,
    /// The operator's: callbacks wait in quarantine.
    Quarantine,
    /// The operator's: the disk is nearly full.
    DiskLow,
    /// The operator's: callbacks can't be passed on.
    ForwardingFails,
    /// The operator's: a hook of the firm's own logic fails.
    HookFails,
    /// The operator's: people can't be told of alerts.
    MessagesFail,
}

impl AlertKind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 22] = [
        Self::Locked,
        Self::Bounced,
        Self::IdentityFailed,
        Self::Failed,
        Self::Declined,
        Self::OptedOut,
        Self::FieldRejected,
        Self::RenderFailed,
        Self::DepositFailed,
        Self::ReadyToComplete,
        Self::Expired,
        Self::Cancelled,
        Self::Inactive,
        Self::DiskLow,
        Self::ApiRefuses,
        Self::WrongSecrets,
        Self::Silent,
        Self::Quarantine,
        Self::Drifting,
        Self::ForwardingFails,
        Self::HookFails,
        Self::MessagesFail,
    ];

    /// Its name in the store, in addresses and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Bounced => "bounced",
            Self::IdentityFailed => "identity_failed",
            Self::FieldRejected => "field_rejected",
            Self::ReadyToComplete => "ready_to_complete",
            Self::RenderFailed => "render_failed",
            Self::DepositFailed => "deposit_failed",
            Self::Declined => "declined",
            Self::OptedOut => "opted_out",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Inactive => "inactive",
            Self::Silent => "silent",
            Self::Drifting => "drifting",
            Self::ApiRefuses => "api_refuses",
            Self::WrongSecrets => "wrong_secrets",
            Self::Quarantine => "quarantine",
            Self::DiskLow => "disk_low",
            Self::ForwardingFails => "forwarding_fails",
            Self::HookFails => "hook_fails",
            Self::MessagesFail => "messages_fail",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether no later fact mends it as a rule: it closes when somebody takes note of it, or after a week.
    #[must_use]
    pub fn is_an_end(self) -> bool {
        match self {
            Self::Declined | Self::OptedOut | Self::Expired | Self::Failed | Self::Cancelled => true,
            // Whoever hands it in another way is told so by nobody: no answer of an API states it.
            Self::DepositFailed => true,
            Self::Locked
            | Self::Bounced
            | Self::IdentityFailed
            | Self::FieldRejected
            | Self::ReadyToComplete
            | Self::RenderFailed
            | Self::Inactive
            | Self::Silent
            | Self::Drifting
            | Self::ApiRefuses
            | Self::WrongSecrets
            | Self::Quarantine
            | Self::DiskLow
            | Self::ForwardingFails
            | Self::HookFails
            | Self::MessagesFail => false,
        }
    }

    /// Whether it is for whoever runs the board, and of no package.
    #[must_use]
    pub fn is_the_operators(self) -> bool {
        match self {
            Self::Silent
            | Self::Drifting
            | Self::ApiRefuses
            | Self::WrongSecrets
            | Self::Quarantine
            | Self::DiskLow
            | Self::ForwardingFails
            | Self::HookFails
            | Self::MessagesFail => true,
            Self::Locked
            | Self::Bounced
            | Self::IdentityFailed
            | Self::FieldRejected
            | Self::ReadyToComplete
            | Self::RenderFailed
            | Self::DepositFailed
            | Self::Declined
            | Self::OptedOut
            | Self::Expired
            | Self::Failed
            | Self::Cancelled
            | Self::Inactive => false,
        }
    }
}

/// Something that stands and is worth telling. A package has at most one of a kind and a signer at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Concern {
    /// What it is.
    pub kind: AlertKind,
    /// Whom it befell; empty where it is the package's.
    pub signer: String,
    /// Since when, by the provider's clock where that is known.
    pub began: Timestamp,
}

/// What of a package is worth telling.
#[must_use]
pub fn concerns(package: &Package) -> Vec<Concern> {
    if package.trashed || package.gone || !package.is_shown() {
        return Vec::new();
    }
    let mut all = Vec::new();
    if package.status.is_open() {
        for signer in package.present() {
            let befell = [
                (signer.locked, AlertKind::Locked),
                (signer.bounced, AlertKind::Bounced),
                (signer.kba_failed, AlertKind::IdentityFailed),
                (signer.fields_rejected > 0, AlertKind::FieldRejected),
            ];
            let stands = befell.into_iter().filter(|(stands, _)| *stands);
            let began = signer_began(package, signer);
            all.extend(stands.map(|(_, kind)| {
                // Since when somebody signs says nothing of a field that they rejected later.
                let began = if kind == AlertKind::FieldRejected { package.updated } else { began };
                Concern { kind, signer: signer.id.clone(), began }
            }));
        }
    }
    let whole = |kind, began| Concern { kind, signer: String::new(), began };
    if package.ready_to_complete {
        all.push(whole(AlertKind::ReadyToComplete, package.updated));
    }
    if package.render_failed && package.status.is_open() {
        all.push(whole(AlertKind::RenderFailed, package.updated));
    }
    // It stands on a package that is done, too: that is when it comes.
    if let Some(began) = package.deposit_failed.filter(|_| package.status != Status::Deleted) {
        all.push(whole(AlertKind::DepositFailed, began));
    }
    // At some providers a signer's refusal and the package's end are two facts: one thing to tell.
    let refused = package.present().filter(|signer| signer.status == SignerStatus::Declined);
    let refused = refused.map(|signer| signer_began(package, signer)).min();
    match package.status {
        Status::Draft | Status::Sent => all.extend(refused.map(|began| whole(AlertKind::Declined, began))),
        Status::Declined => {
            all.push(whole(AlertKind::Declined, refused.unwrap_or_else(|| ended(package))));
        }
        Status::OptedOut => all.push(whole(AlertKind::OptedOut, ended(package))),
        Status::Expired => all.push(whole(AlertKind::Expired, ended(package))),
        Status::Failed => all.push(whole(AlertKind::Failed, ended(package))),
        Status::Cancelled => all.push(whole(AlertKind::Cancelled, ended(package))),
        Status::Completed | Status::Archived | Status::Deleted => {}
    }
    all.sort();
    all
}

fn signer_began(package: &Package, signer: &Signer) -> Timestamp {
    // What only an answer tells has no time of its own.
    signer.since.or(package.confirmed_at).unwrap_or(package.updated)
}

fn ended(package: &Package) -> Timestamp {
    package.decided.as_ref().map_or(package.updated, |it| it.happened_at.unwrap_or(it.received_at))
}

/// What a change of a package makes of its alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It stands now.
    Raised(Concern),
    /// It stands no more: its kind and whom it befell.
    Cleared(AlertKind, String),
}

/// What is worth telling now and was not before, and the other way round.
#[must_use]
pub fn turns(before: Option<&Package>, after: &Package) -> Vec<Turn> {
    let before = before.map(concerns).unwrap_or_default();
    let after = concerns(after);
    let among = |it: &Concern, all: &[Concern]| {
        all.iter().any(|other| other.kind == it.kind && other.signer == it.signer)
    };
    let raised = after.iter().filter(|it| !among(it, &before)).cloned().map(Turn::Raised);
    let cleared = before.iter().filter(|it| !among(it, &after));
    let cleared = cleared.map(|it| Turn::Cleared(it.kind, it.signer.clone()));
    raised.chain(cleared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(status: Status) -> Package {
        let signer = Signer { id: "s".into(), counted: true, since: Some(Timestamp(7)), ..Signer::default() };
        Package { status, updated: Timestamp(9), signers: vec![signer], ..Package::default() }
    }

    #[test]
    fn a_lock_is_raised_once_and_cleared_when_the_signer_gets_through_or_the_package_ends() {
        let calm = package(Status::Sent);
        let mut locked = calm.clone();
        locked.signers[0].locked = true;
        let concern = Concern { kind: AlertKind::Locked, signer: "s".to_owned(), began: Timestamp(7) };
        assert_eq!(turns(Some(&calm), &locked), [Turn::Raised(concern.clone())]);
        assert_eq!(turns(None, &locked), [Turn::Raised(concern)]);
        let mut again = locked.clone();
        again.signers[0].since = Some(Timestamp(8));
        assert_eq!(turns(Some(&locked), &again), []);
        let cleared = [Turn::Cleared(AlertKind::Locked, "s".to_owned())];
        assert_eq!(turns(Some(&locked), &calm), cleared);
        let mut trashed = locked.clone();
        trashed.trashed = true;
        assert_eq!(turns(Some(&locked), &trashed), cleared);
        let mut ended = locked.clone();
        ended.status = Status::Completed;
        assert_eq!(turns(Some(&locked), &ended), cleared);
    }

    #[test]
    fn a_refusal_is_one_thing_to_tell_however_many_facts_tell_it() {
        let mut refused = package(Status::Sent);
        refused.signers[0].status = SignerStatus::Declined;
        let mut ended = refused.clone();
        ended.status = Status::Declined;
        assert_eq!(turns(None, &refused).len(), 1);
        assert_eq!(turns(Some(&refused), &ended), []);
    }

    #[test]
    fn each_kind_has_a_name_of_its_own() {
        for kind in AlertKind::ALL {
            assert_eq!(AlertKind::parse(kind.word()), Some(kind));
        }
        assert_eq!(AlertKind::parse("Locked"), None);
    }
}
