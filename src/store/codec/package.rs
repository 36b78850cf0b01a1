//! The projection's `state` column: a package as JSON with short keys, absent where it has nothing to say.

use super::{StoredPerson, origin_of, origin_word};
use crate::model::{
    Attachment, Decided, Document, Doubt, DoubtKind, Fingerprint, Package, Signer, SignerStatus, Status,
    Step, Timestamp,
};
use crate::store::StoreError;
use serde::{Deserialize, Serialize};

/// A package as the `state` column holds it. Equal packages give equal text.
pub(in crate::store) fn encode_package(package: &Package) -> Result<String, StoreError> {
    serde_json::to_string(&Stored::from(package)).map_err(StoreError::json)
}

/// A package from its `state` column.
pub(in crate::store) fn decode_package(json: &str) -> Result<Package, StoreError> {
    serde_json::from_str(json).map(|Decoded(package)| package).map_err(StoreError::json)
}

/// A package as it is read out of its `state`, alone or among others.
#[derive(Deserialize)]
#[serde(from = "Stored")]
pub(in crate::store) struct Decoded(pub Package);

impl From<Stored> for Decoded {
    fn from(it: Stored) -> Self {
        Self(it.into())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Generates a struct whose every field is left out of the JSON when it has nothing to say.
macro_rules! sparse {
    ($name:ident { $($field:ident / $key:literal : $type:ty),+ $(,)? }) => {
        #[derive(Serialize, Deserialize, Default)]
        #[serde(default)]
        struct $name {
            $(#[serde(rename = $key, skip_serializing_if = "is_default")] $field: $type,)+
        }
    };
}

sparse!(Stored {
    status / "s": String,
    decided / "w": Option<StoredDecided>,
    trashed / "t": bool,
    ready / "rc": bool,
    gone / "g": bool,
    archived / "ar": bool,
    final_pdf / "pdf": bool,
    render_failed / "rf": bool,
    deposit_failed / "df": Option<i64>,
    template / "tp": bool,
    elsewhere / "el": bool,
    group / "gr": Option<String>,
    name / "n": Option<String>,
    sender / "f": Option<StoredPersonCell>,
    reference / "ref": Option<String>,
    data / "data": Vec<(String, String)>,
    reason / "why": Option<String>,
    created / "c": Option<i64>,
    updated / "u": i64,
    due / "due": Option<i64>,
    confirmed_at / "d": Option<i64>,
    signers / "p": Vec<StoredSigner>,
    documents / "docs": Vec<StoredDocument>,
    consented / "ok": Vec<String>,
    attachments / "att": Vec<StoredAttachment>,
    doubts / "q": Vec<StoredDoubt>,
    ask_at / "a": Option<i64>,
    facts / "k": u32,
    too_many / "x": bool,
});

sparse!(StoredDecided {
    name / "n": String,
    happened_at / "h": Option<i64>,
    received_at / "r": i64,
    origin / "o": String,
    fingerprint / "fp": String,
    inferred / "i": bool,
    unverified / "u": bool,
});

sparse!(StoredSigner {
    id / "id": String,
    role / "r": Option<String>,
    name / "n": Option<String>,
    email / "e": Option<String>,
    order / "o": Option<u32>,
    status / "s": String,
    step / "st": Option<String>,
    fields_signed / "fs": u32,
    fields_rejected / "fr": u32,
    locked / "l": bool,
    bounced / "b": bool,
    kba_failed / "k": bool,
    placeholder / "ph": bool,
    uncounted / "nc": bool,
    left / "x": bool,
    since / "t": Option<i64>,
});

sparse!(StoredDocument { id / "id": String, name / "n": Option<String>, signed_by / "s": Vec<String> });
sparse!(StoredAttachment { name / "n": Option<String>, signer / "s": Option<String>, at / "t": i64 });
sparse!(StoredDoubt { kind / "k": String, name / "n": String, at / "t": i64, received_at / "r": i64 });

/// A person who compares, so that an absent one can be left out.
#[derive(Serialize, Deserialize, Default)]
#[serde(transparent)]
struct StoredPersonCell(StoredPerson);

/// Equality is asked for only to find defaults; of an optional value that is its absence.
macro_rules! never_equal {
    ($($name:ident),+) => { $(impl PartialEq for $name { fn eq(&self, _: &Self) -> bool { false } })+ };
}
never_equal!(StoredDecided, StoredSigner, StoredDocument, StoredAttachment, StoredDoubt, StoredPersonCell);

impl From<&Package> for Stored {
    fn from(it: &Package) -> Self {
        Self {
            status: it.status.word().to_owned(),
            decided: it.decided.as_ref().map(|it| StoredDecided {
                name: it.name.clone(),
                happened_at: it.happened_at.map(|at| at.0),
                received_at: it.received_at.0,
                origin: origin_word(it.origin).to_owned(),
                fingerprint: it.fingerprint.to_string(),
                inferred: it.inferred,
                unverified: it.unverified,
            }),
            trashed: it.trashed,
            ready: it.ready_to_complete,
            gone: it.gone,
            archived: it.archived,
            final_pdf: it.final_pdf,
            render_failed: it.render_failed,
            deposit_failed: it.deposit_failed.map(|at| at.0),
            template: it.template,
            elsewhere: it.elsewhere,
            group: it.group.clone(),
            name: it.name.clone(),
            sender: it.sender.as_ref().map(|sender| StoredPersonCell(sender.into())),
            reference: it.reference.clone(),
            data: it.data.clone(),
            reason: it.reason.clone(),
            created: it.created.map(|at| at.0),
            updated: it.updated.0,
            due: it.due.map(|at| at.0),
            confirmed_at: it.confirmed_at.map(|at| at.0),
            signers: it.signers.iter().map(stored_signer).collect(),
            documents: it
                .documents
                .iter()
                .map(|it| StoredDocument {
                    id: it.id.clone(),
                    name: it.name.clone(),
                    signed_by: it.signed_by.clone(),
                })
                .collect(),
            consented: it.consented.clone(),
            attachments: it
                .attachments
                .iter()
                .map(|it| StoredAttachment { name: it.name.clone(), signer: it.signer.clone(), at: it.at.0 })
                .collect(),
            doubts: it.doubts.iter().map(stored_doubt).collect(),
            ask_at: it.ask_at.map(|at| at.0),
            facts: it.facts,
            too_many: it.too_many_facts,
        }
    }
}

fn stored_signer(it: &Signer) -> StoredSigner {
    StoredSigner {
        id: it.id.clone(),
        role: it.role.clone(),
        name: it.name.clone(),
        email: it.email.clone(),
        order: it.order,
        status: it.status.word().to_owned(),
        step: it.step.map(|step| step.word().to_owned()),
        fields_signed: it.fields_signed,
        fields_rejected: it.fields_rejected,
        locked: it.locked,
        bounced: it.bounced,
        kba_failed: it.kba_failed,
        placeholder: it.placeholder,
        uncounted: !it.counted,
        left: it.left,
        since: it.since.map(|at| at.0),
    }
}

fn stored_doubt(it: &Doubt) -> StoredDoubt {
    StoredDoubt {
        kind: it.kind.word().to_owned(),
        name: it.name.clone(),
        at: it.at.0,
        received_at: it.received_at.0,
    }
}

impl From<Stored> for Package {
    fn from(it: Stored) -> Self {
        Self {
            status: Status::from_word(&it.status).unwrap_or_default(),
            decided: it.decided.map(|it| Decided {
                name: it.name,
                happened_at: it.happened_at.map(Timestamp),
                received_at: Timestamp(it.received_at),
                origin: origin_of(&it.origin),
                fingerprint: fingerprint_of(&it.fingerprint),
                inferred: it.inferred,
                unverified: it.unverified,
            }),
            trashed: it.trashed,
            ready_to_complete: it.ready,
            gone: it.gone,
            archived: it.archived,
            final_pdf: it.final_pdf,
            render_failed: it.render_failed,
            deposit_failed: it.deposit_failed.map(Timestamp),
            template: it.template,
            elsewhere: it.elsewhere,
            group: it.group,
            name: it.name,
            sender: it.sender.map(|sender| sender.0.into()),
            reference: it.reference,
            data: it.data,
            reason: it.reason,
            created: it.created.map(Timestamp),
            updated: Timestamp(it.updated),
            due: it.due.map(Timestamp),
            confirmed_at: it.confirmed_at.map(Timestamp),
            signers: it.signers.into_iter().map(signer_of).collect(),
            documents: it
                .documents
                .into_iter()
                .map(|it| Document { id: it.id, name: it.name, signed_by: it.signed_by })
                .collect(),
            consented: it.consented,
            attachments: it
                .attachments
                .into_iter()
                .map(|it| Attachment { name: it.name, signer: it.signer, at: Timestamp(it.at) })
                .collect(),
            doubts: it.doubts.into_iter().filter_map(doubt_of).collect(),
            ask_at: it.ask_at.map(Timestamp),
            facts: it.facts,
            too_many_facts: it.too_many,
        }
    }
}

fn signer_of(it: StoredSigner) -> Signer {
    Signer {
        id: it.id,
        role: it.role,
        name: it.name,
        email: it.email,
        order: it.order,
        status: SignerStatus::from_word(&it.status).unwrap_or_default(),
        step: it.step.as_deref().and_then(Step::from_word),
        fields_signed: it.fields_signed,
        fields_rejected: it.fields_rejected,
        locked: it.locked,
        bounced: it.bounced,
        kba_failed: it.kba_failed,
        placeholder: it.placeholder,
        counted: !it.uncounted,
        left: it.left,
        since: it.since.map(Timestamp),
    }
}

fn doubt_of(it: StoredDoubt) -> Option<Doubt> {
    let kind = DoubtKind::ALL.into_iter().find(|kind| kind.word() == it.kind)?;
    Some(Doubt { kind, name: it.name, at: Timestamp(it.at), received_at: Timestamp(it.received_at) })
}

fn fingerprint_of(hex: &str) -> Fingerprint {
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
    }
    Fingerprint(bytes)
}
