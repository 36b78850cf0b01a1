//! Packages to test the views with: folded from real logs, so that they are what the board would show.

use super::standing::Header;
use super::time::Zone;
use super::{AccountLabel, Around, Looks};
use crate::app::{Alert, Detail, Row};
use crate::model::alert::AlertKind;
use crate::model::{
    AccountId, Answer, Attachment, Bounce, Decided, Document, Event, Fingerprint, Origin, Package, PackageId,
    PackageKey, Person, Record, Seq, Signer, SignerStatus, Snapshot, Status, Step, Timestamp,
};
use std::sync::Arc;

/// Sat 21 Nov 2026, 14:02:11 in Berlin.
pub(super) const NOW: Timestamp = Timestamp(1_795_266_131_000);
pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;
pub(super) const MARTA: &str = "s3";

pub(super) fn berlin() -> Zone {
    Zone::named("Europe/Berlin").expect("bundled")
}

pub(super) fn accounts() -> Vec<AccountLabel> {
    let account = |id: &str, label: &str, provider: &str, title: &str| AccountLabel {
        id: AccountId(id.to_owned()),
        label: label.to_owned(),
        provider: provider.to_owned(),
        provider_title: title.to_owned(),
        tells_no_names: provider == "websignatureoffice",
        tells_no_documents: matches!(provider, "legalesign" | "websignatureoffice"),
        told_every_minutes: (provider == "legalesign").then_some(6),
        app_url: None,
    };
    vec![
        account("onespan-eu", "OneSpan · EU", "onespan", "OneSpan Sign"),
        account("onespan-us", "OneSpan · US", "onespan", "OneSpan Sign"),
        account("conga", "Conga", "conga", "Conga Sign"),
        account("legal", "Legalesign", "legalesign", "Legalesign"),
        account("webso", "StepOver", "websignatureoffice", "WebSignatureOffice"),
    ]
}

static WELL: Header = Header { words: String::new(), is_ill: false };

pub(super) fn around<'a>(accounts: &'a [AccountLabel], zone: &'a Zone) -> Around<'a> {
    static WHO: std::sync::LazyLock<Looks> = std::sync::LazyLock::new(|| Looks {
        name: "asha@example.com".to_owned(),
        signed_in: true,
        inbox: true,
        hooks: true,
        messages: true,
        people: true,
        providers: true,
        lost: true,
        audit: true,
        sends: true,
    });
    let last_callback = Some(NOW.plus(-12_000));
    Around {
        accounts,
        now: NOW,
        zone,
        alerts: 12,
        last_callback,
        warnings: &[],
        header: &WELL,
        who: Some(&WHO),
    }
}

pub(super) fn key(account: &str, id: &str) -> PackageKey {
    PackageKey { account: AccountId(account.to_owned()), package: PackageId::parse(id).expect("an id") }
}

/// A signer of it is locked out.
pub(super) fn alert(row: &Row) -> Alert {
    Alert {
        id: row.seq.0,
        account: row.key.account.clone(),
        package: Some(row.key.package.clone()),
        state_of: Some(row.package.clone()),
        kind: AlertKind::Locked,
        signer: row.package.signers.first().map(|it| it.id.clone()).unwrap_or_default(),
        began: NOW.plus(-3 * MINUTE),
        raised_at: NOW,
        late: false,
        taken: None,
        taken_before: Vec::new(),
        snoozed: None,
        resolved: None,
        nags: 0,
    }
}

pub(super) fn signer(id: &str, name: &str, order: u32, status: SignerStatus) -> Signer {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    Signer {
        id: id.to_owned(),
        role: Some(format!("role-{id}")),
        name: Some(name.to_owned()),
        email: Some(email),
        order: Some(order),
        status,
        counted: true,
        since: (status != SignerStatus::Waiting).then(|| NOW.plus(-3 * DAY)),
        ..Signer::default()
    }
}

pub(super) fn dana() -> Person {
    Person {
        id: "dana".into(),
        name: Some("Dana Reyes".into()),
        email: Some("dana.reyes@bank.example".into()),
    }
}

/// A package that is out, two of four have signed, one is locked out.
pub(super) fn mortgage() -> Row {
    let mut marta = signer(MARTA, "Marta Oliveira", 3, SignerStatus::Signing);
    marta.locked = true;
    marta.since = Some(NOW.plus(-2 * MINUTE));
    let decided = Decided {
        name: "PACKAGE_ACTIVATE".into(),
        happened_at: Some(NOW.plus(-3 * DAY)),
        received_at: NOW.plus(-3 * DAY + 400),
        origin: Origin::Callback,
        fingerprint: Fingerprint([1; 16]),
        inferred: false,
        unverified: false,
    };
    let loan = Document {
        id: "d1".into(),
        name: Some("Loan agreement".into()),
        signed_by: vec!["s1".into(), "s2".into()],
    };
    let package = Package {
        status: Status::Sent,
        decided: Some(decided),
        name: Some("Mortgage refinance 20413".into()),
        sender: Some(dana()),
        reference: Some("CRM-20413".into()),
        created: Some(NOW.plus(-3 * DAY - 5 * MINUTE)),
        updated: NOW.plus(-10_000),
        due: Some(NOW.plus(9 * DAY)),
        confirmed_at: Some(NOW.plus(-120 * MINUTE)),
        signers: vec![
            signer("s1", "Henrik Dahl", 1, SignerStatus::Signed),
            signer("s2", "Asha Verma", 2, SignerStatus::Signed),
            marta,
            signer("s4", "Dana Reyes", 4, SignerStatus::Waiting),
        ],
        documents: vec![loan],
        consented: vec!["s1".into(), "s2".into(), MARTA.into()],
        attachments: vec![Attachment {
            name: Some("passport.pdf".into()),
            signer: Some("s1".into()),
            at: NOW.plus(-3 * DAY),
        }],
        facts: 12,
        ..Package::default()
    };
    row("onespan-eu", "5n4obeO8jYoPp126Cm-Y3fxdfbo=", 41, package)
}

pub(super) fn row(account: &str, id: &str, seq: i64, package: Package) -> Row {
    Row { id: seq, key: key(account, id), seq: Seq(seq), package: Arc::new(package) }
}

/// More signers than lines.
pub(super) fn crowd() -> Row {
    let status = |at: u32| if at <= 7 { SignerStatus::Signed } else { SignerStatus::Waiting };
    let signers = (1..=12).map(|at| signer(&format!("c{at}"), &format!("Board Member {at}"), 1, status(at)));
    let name = Some("Board resolution 2026-11".into());
    let package = Package {
        status: Status::Sent,
        name,
        signers: signers.collect(),
        updated: NOW,
        ..Package::default()
    };
    row("conga", "hG7fD5sA3pO1iU9yT7rE5wQ3mN1=", 40, package)
}

pub(super) fn record(event: Event, who: &str, name: &str, at: Timestamp) -> Record {
    Record {
        event,
        who: (!who.is_empty()).then(|| who.to_owned()),
        happened_at: Some(at),
        received_at: at.plus(400),
        fingerprint: Fingerprint(at.0.to_be_bytes().repeat(2).try_into().expect("sixteen")),
        deliveries: 1,
        origin: Origin::Callback,
        name: name.to_owned(),
        arrival: Some(7),
        unverified: false,
    }
}

/// One record of every kind of event, all by Marta Oliveira.
pub(super) fn every_event() -> Vec<Record> {
    let document = Some("d1".to_owned());
    let shown = Snapshot { status: Status::Sent, ..Snapshot::default() };
    let events = vec![
        Event::Created,
        Event::Recalled,
        Event::Sent,
        Event::Viewed { document: document.clone() },
        Event::Locked,
        Event::IdentityFailed,
        Event::Bounced(Bounce::Returned),
        Event::Bounced(Bounce::Complaint),
        Event::Bounced(Bounce::OutOfOffice),
        Event::Consented { document: "default-consent".into() },
        Event::Consented { document: "terms".into() },
        Event::DocumentSigned { document },
        Event::SignerCompleted,
        Event::Reassigned { new_role: None },
        Event::ReadyToComplete,
        Event::Completed,
        Event::Declined { reason: Some("the rate is wrong".into()) },
        Event::OptedOut { reason: None },
        Event::Expired,
        Event::Archived,
        Event::Trashed,
        Event::Restored,
        Event::Deleted,
        Event::AttachmentAdded { name: Some("passport.pdf".into()) },
        Event::TemplateCreated,
        Event::Refused { reason: Some("not my flat".into()) },
        Event::Field { field: "7".into(), rejected: false },
        Event::Field { field: "7".into(), rejected: true },
        Event::Cancelled,
        Event::Failed,
        Event::PdfReady,
        Event::Rendered { failed: false },
        Event::Rendered { failed: true },
        Event::Deposited { failed: false },
        Event::Deposited { failed: true },
        Event::Described(Box::default()),
        Event::Linked,
        Event::Mentioned,
        Event::Noted,
        Event::Unrecognised,
        Event::Answered(Box::new(Answer::Shown(shown))),
        Event::Answered(Box::new(Answer::NotFound)),
    ];
    let at = |index: usize| NOW.plus(-3 * DAY + i64::try_from(index).expect("small") * 75 * MINUTE);
    let events = events.into_iter().chain(Step::ALL.map(Event::Stands));
    events.enumerate().map(|(index, event)| record(event, MARTA, "A_WORD", at(index))).collect()
}

/// A package and a log with everything odd in it.
pub(super) fn detail() -> Detail {
    let mut log = every_event();
    log[3].deliveries = 2;
    log[4].received_at = log[4].received_at.plus(3 * MINUTE);
    log[5].happened_at = Some(NOW.plus(40_000 * DAY));
    log[6].happened_at = None;
    log[6].deliveries = 1_200;
    log[7].unverified = true;
    for answer in log.iter_mut().filter(|it| it.answer().is_some()) {
        (answer.origin, answer.arrival, answer.deliveries) = (Origin::Poll, None, 5);
    }
    Detail { row: mortgage(), log }
}
