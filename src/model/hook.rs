//! What of a package the firm's own logic can be told: everything that happened to it, read off its log in the order in
//! which it happened. So a late fact, a repeat or another order of arrival names the same happenings, and one that an
//! answer told counts like one that a callback told.

use super::fold::in_order;
use super::seat::{NEVER, Seat};
use super::walk::Walk;
use super::{Answer, Event, Package, Record, Status, Timestamp};
use std::collections::BTreeMap;

/// What happened longer before the board learned of it is told to nobody: a week. A first comparison with a provider
/// brings years.
pub const OLD_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a hook can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// The board learned of the package.
    Created,
    /// It went out to its signers.
    Sent,
    /// It was taken back for editing.
    Recalled,
    /// Everybody signed; the sender has to finish it.
    ReadyToComplete,
    /// Everybody signed, and it is done.
    Completed,
    /// A signer refused to sign.
    Declined,
    /// A signer refused to sign electronically.
    OptedOut,
    /// Its time ran out.
    Expired,
    /// The sender called it off.
    Cancelled,
    /// It went wrong at the provider.
    Failed,
    /// It is gone at the provider.
    Deleted,
    /// A signer looked at a document.
    SignerViewed,
    /// A signer is done.
    SignerCompleted,
    /// A signer is locked out.
    SignerLocked,
    /// A mail to a signer came back.
    SignerBounced,
    /// A signer did not pass an identity check.
    SignerIdentityFailed,
    /// The final, signed PDF exists.
    DocumentFinal,
    /// A signer handed something in.
    AttachmentAdded,
}

impl HookEvent {
    /// Each, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::Created,
        Self::Sent,
        Self::Recalled,
        Self::ReadyToComplete,
        Self::Completed,
        Self::Declined,
        Self::OptedOut,
        Self::Expired,
        Self::Cancelled,
        Self::Failed,
        Self::Deleted,
        Self::SignerViewed,
        Self::SignerCompleted,
        Self::SignerLocked,
        Self::SignerBounced,
        Self::SignerIdentityFailed,
        Self::DocumentFinal,
        Self::AttachmentAdded,
    ];

    /// Its name in the configuration, in the store and in what is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "package.created",
            Self::Sent => "package.sent",
            Self::Recalled => "package.recalled",
            Self::ReadyToComplete => "package.ready_to_complete",
            Self::Completed => "package.completed",
            Self::Declined => "package.declined",
            Self::OptedOut => "package.opted_out",
            Self::Expired => "package.expired",
            Self::Cancelled => "package.cancelled",
            Self::Failed => "package.failed",
            Self::Deleted => "package.deleted",
            Self::SignerViewed => "signer.viewed",
            Self::SignerCompleted => "signer.completed",
            Self::SignerLocked => "signer.locked",
            Self::SignerBounced => "signer.bounced",
            Self::SignerIdentityFailed => "signer.identity_failed",
            Self::DocumentFinal => "document.final",
            Self::AttachmentAdded => "attachment.added",
        }
    }

    /// The event of a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    fn is_the_packages(self) -> bool {
        self.word().starts_with("package.")
    }

    fn of(status: Status) -> Option<Self> {
        match status {
            Status::Draft => Some(Self::Recalled),
            Status::Sent => Some(Self::Sent),
            Status::Completed => Some(Self::Completed),
            Status::Declined => Some(Self::Declined),
            Status::OptedOut => Some(Self::OptedOut),
            Status::Expired => Some(Self::Expired),
            Status::Cancelled => Some(Self::Cancelled),
            Status::Failed => Some(Self::Failed),
            Status::Deleted => Some(Self::Deleted),
            Status::Archived => None,
        }
    }
}

/// Something that happened to a package. No two of a log have the same event, signer, attachment and turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What.
    pub event: HookEvent,
    /// Who did it, or whom it befell; empty where nobody is named.
    pub signer: String,
    /// What was handed in, where it has a name.
    pub attachment: Option<String>,
    /// The how manieth time it is, from 1: a package is sent again, a signer locked again.
    pub turn: u32,
    /// When, by the provider's clock where it says so.
    pub at: Timestamp,
}

impl Happening {
    /// What it is about within its package: two of one event, subject and turn are the same. Who refused a package may come
    /// to be known later, and makes no other refusal of it.
    #[must_use]
    pub fn subject(&self) -> String {
        let signer = if self.event.is_the_packages() { "" } else { self.signer.as_str() };
        match &self.attachment {
            Some(name) => format!("{signer}\n{name}"),
            None => signer.to_owned(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.event == other.event && self.turn == other.turn && self.subject() == other.subject()
    }
}

/// Everything that happened to a package, in its order.
#[must_use]
pub fn happenings(log: &[Record], package: &Package) -> Vec<Happening> {
    let (facts, _) = in_order(log);
    let (mut walk, mut watch) = (Walk::default(), Watch::default());
    let (timed, untimed) = facts.split_at(facts.partition_point(|fact| fact.at != NEVER));
    for fact in timed {
        walk.timed(fact);
        watch.look(&walk, fact.record, fact.at);
    }
    // One by one: of all at once only the furthest would show, and that depends on what came so far.
    for fact in untimed {
        walk.raise(fact.record);
        watch.look(&walk, fact.record, fact.record.received_at);
    }
    for fact in untimed {
        walk.infer(fact.record);
        watch.look(&walk, fact.record, fact.record.received_at);
    }
    let Some(first) = facts.first() else { return Vec::new() };
    let began = if first.at == NEVER { first.record.received_at } else { told_at(first.record, first.at) };
    watch.note(HookEvent::Created, ("", None), package.created.unwrap_or(began));
    // Learned of first, whatever it did then.
    watch.all.rotate_right(1);
    watch.all
}

/// What happened after those of `before`, and by now not too long ago.
#[must_use]
pub fn new_happenings(before: &[Happening], after: Vec<Happening>, now: Timestamp) -> Vec<Happening> {
    let is_new = |it: &Happening| now.since(it.at) <= OLD_MS && !before.iter().any(|known| known.is(it));
    after.into_iter().filter(is_new).collect()
}

/// What was seen of a walk so far.
#[derive(Default)]
struct Watch {
    status: Status,
    ready: bool,
    final_pdf: bool,
    attachments: usize,
    /// What stands of each signer, in the order of [`marks`].
    signers: BTreeMap<String, [bool; 5]>,
    turns: BTreeMap<(HookEvent, String), u32>,
    all: Vec<Happening>,
}

impl Watch {
    fn look(&mut self, walk: &Walk, record: &Record, at: Timestamp) {
        let at = told_at(record, at);
        let who = record.who.as_deref().filter(|_| record.event.names_a_signer()).unwrap_or_default();
        let package = &walk.package;
        if package.status != self.status {
            self.status = package.status;
            if let Some(event) = HookEvent::of(package.status) {
                let refused = matches!(event, HookEvent::Declined | HookEvent::OptedOut);
                self.note(event, (if refused { who } else { "" }, None), at);
            }
        }
        for seat in &walk.seats {
            let now = marks(seat);
            let before = self.signers.get(&seat.id).copied().unwrap_or_default();
            if now == before {
                continue;
            }
            self.signers.insert(seat.id.clone(), now);
            for ((event, now), before) in SIGNERS.into_iter().zip(now).zip(before) {
                if now && !before {
                    let signed = seat.signed.and_then(|mark| mark.shown);
                    let at = signed.filter(|_| event == HookEvent::SignerCompleted).unwrap_or(at);
                    self.note(event, (&seat.id, None), at);
                }
            }
        }
        for it in package.attachments.iter().skip(self.attachments) {
            let signer = it.signer.as_deref().unwrap_or_default();
            self.note(HookEvent::AttachmentAdded, (signer, it.name.clone()), it.at);
        }
        self.attachments = package.attachments.len();
        let ready = walk.ready.value && package.status == Status::Sent;
        if ready && !self.ready {
            self.note(HookEvent::ReadyToComplete, ("", None), at);
        }
        self.ready = ready;
        if walk.final_pdf.value && !self.final_pdf {
            self.note(HookEvent::DocumentFinal, ("", None), at);
        }
        self.final_pdf = walk.final_pdf.value;
    }

    fn note(&mut self, event: HookEvent, (signer, attachment): (&str, Option<String>), at: Timestamp) {
        let mut it = Happening { event, signer: signer.to_owned(), attachment, turn: 0, at };
        let turns = self.turns.entry((event, it.subject())).or_default();
        *turns += 1;
        it.turn = *turns;
        self.all.push(it);
    }
}

const SIGNERS: [HookEvent; 5] = [
    HookEvent::SignerViewed,
    HookEvent::SignerCompleted,
    HookEvent::SignerLocked,
    HookEvent::SignerBounced,
    HookEvent::SignerIdentityFailed,
];

/// What stands of a signer, in the order of [`SIGNERS`].
fn marks(seat: &Seat) -> [bool; 5] {
    let (viewed, signed) = (seat.viewed.is_some(), seat.signed.is_some());
    [viewed, signed, seat.locked.value, seat.bounced.value, seat.kba_failed.value]
}

/// When what a fact tells took place. An answer is true now, and tells of something that may be long ago.
fn told_at(record: &Record, at: Timestamp) -> Timestamp {
    match &record.event {
        Event::Answered(answer) => match &**answer {
            Answer::Shown(it) => it.updated.map_or(at, |updated| updated.min(at)),
            Answer::NotFound => at,
        },
        _ => at,
    }
}
