//! A package as the providers' REST side writes it. Times are cut to the second; what is not there is `null` or empty, as
//! the provider has it.

use serde_json::{Value, json};

use super::firm;
use super::package::{Approval, Attachment, Document, Package, Role, Sender, Signer, Status};
use super::wire::seconds;

/// The whole package.
pub(super) fn package(package: &Package) -> Value {
    let data = package.data.iter().map(|(key, value)| (key.clone(), Value::from(value.clone())));
    let data: serde_json::Map<String, Value> = data.collect();
    json!({
        "id": package.id,
        "name": package.name,
        "description": "",
        "status": package.status.word(),
        "type": if package.template { "TEMPLATE" } else { "PACKAGE" },
        "trashed": package.trashed,
        "visibility": "ACCOUNT",
        "autocomplete": package.autocomplete,
        "language": "en",
        "timezoneId": "GMT",
        "emailMessage": "",
        "consent": null,
        "notarized": false,
        "notaryRoleId": null,
        "bulkSendable": false,
        "due": package.due.map(seconds),
        "created": seconds(package.created),
        "updated": seconds(package.updated),
        "completed": package.completed.map(seconds),
        "limits": null,
        "messages": [],
        "signedDocumentDelivery": null,
        "conditions": [],
        "data": if data.is_empty() { Value::Null } else { Value::Object(data) },
        "settings": settings(),
        "sender": sender(&package.sender),
        "roles": package.roles.iter().map(role).collect::<Vec<_>>(),
        "documents": package
            .all_documents()
            .enumerate()
            .map(|(place, file)| document(package, place, file))
            .collect::<Vec<_>>(),
    })
}

/// One role.
pub(super) fn role(role: &Role) -> Value {
    json!({
        "id": role.id,
        "index": role.index,
        "name": role.name,
        "type": if role.for_sender { "SENDER" } else { "SIGNER" },
        "locked": role.locked,
        "reassign": role.reassignable,
        "emailMessage": null,
        "attachmentRequirements": role.attachments.iter().map(attachment).collect::<Vec<_>>(),
        "specialTypes": [],
        "data": null,
        "signers": role.signer.iter().map(|person| signer(person, role.for_sender)).collect::<Vec<_>>(),
    })
}

/// The short answer of `signingStatus`: for the package, or for a signer (id or address), a document, or both.
pub(super) fn signing_status(
    package: &Package,
    signer: Option<&str>,
    document: Option<&str>,
) -> &'static str {
    if package.trashed {
        return "DELETED";
    }
    let of_signer = signer.and_then(|wanted| {
        let known = |signer: &&Signer| signer.id == wanted || signer.person.email == wanted;
        package.roles.iter().find(|role| role.signer.as_ref().filter(known).is_some())
    });
    match package.status {
        Status::Sent if signer.is_some() || document.is_some() => {
            let files =
                package.all_documents().filter(|file| document.is_none_or(|wanted| file.id == wanted));
            let blocks = files.flat_map(|file| &file.approvals).filter(|approval| !approval.optional);
            let role = of_signer.map(|role| role.id.as_str());
            let mut blocks =
                blocks.filter(|approval| signer.is_none() || Some(approval.role.as_str()) == role);
            let done = blocks.all(|approval| approval.signed.is_some());
            if done { "SIGNING_COMPLETED" } else { "SIGNING_PENDING" }
        }
        Status::Sent if package.ready => "SIGNING_COMPLETED",
        Status::Sent => "SIGNING_PENDING",
        Status::Completed if signer.is_some() || document.is_some() => "SIGNING_COMPLETED",
        Status::Draft
        | Status::Completed
        | Status::Archived
        | Status::Declined
        | Status::OptedOut
        | Status::Expired
        | Status::Cancelled
        | Status::Failed => package.status.word(),
    }
}

/// The short report about one package.
pub(super) fn report(package: &Package) -> Value {
    let signers = package.roles.iter().filter_map(|role| {
        let signer = role.signer.as_ref()?;
        let (first, last) = span(package.all_documents(), |approval| approval.role == role.id);
        let completed = package.consent.is_some() && package.role_done(&role.id);
        Some(json!({
            "id": signer.id,
            "firstName": signer.person.first,
            "lastName": signer.person.last,
            "email": signer.person.email,
            "completed": completed,
            "firstSigned": first.map(seconds),
            "lastSigned": last.map(seconds),
        }))
    });
    let signers: Vec<Value> = signers.collect();
    let documents = package.documents.iter().map(|document| {
        let (first, last) = span(std::iter::once(document), |_| true);
        let mut must = document.approvals.iter().filter(|approval| !approval.optional);
        let completed = must.all(|approval| approval.signed.is_some());
        json!({
            "id": document.id,
            "name": document.name,
            "completed": completed,
            "firstSigned": first.map(seconds),
            "lastSigned": last.filter(|_| completed).map(seconds),
        })
    });
    let documents: Vec<Value> = documents.collect();
    json!({
        "id": package.id,
        "name": package.name,
        "status": package.status.word(),
        "created": seconds(package.created),
        "updated": seconds(package.updated),
        "trashed": if package.trashed { Value::from(seconds(package.updated)) } else { Value::Null },
        "data": null,
        "documents": documents,
        "signers": signers,
    })
}

/// The short form of a sender, as reports group by it.
pub(super) fn sender_brief(sender: &Sender) -> Value {
    let person = &sender.person;
    json!({
        "id": sender.id,
        "email": person.email,
        "firstName": person.first,
        "lastName": person.last,
    })
}

fn span<'a>(
    documents: impl Iterator<Item = &'a Document>,
    wanted: impl Fn(&Approval) -> bool,
) -> (Option<i64>, Option<i64>) {
    let approvals = documents.flat_map(|document| &document.approvals).filter(|approval| wanted(approval));
    let times: Vec<i64> = approvals.filter_map(|approval| approval.signed).collect();
    (times.iter().min().copied(), times.iter().max().copied())
}

fn settings() -> Value {
    json!({
        "ceremony": {
            "inPerson": false,
            "declineButton": true,
            "optOutButton": true,
            "declineReasons": [],
            "optOutReasons": [],
            "disableDeclineOther": false,
            "disableOptOutOther": false,
            "enforceCaptureSignature": false,
            "hideCaptureText": false,
            "hideWatermark": false,
            "hideLanguageDropdown": false,
            "hidePackageOwnerInPerson": false,
            "disableDownloadForUncompletedPackage": false,
            "disableFirstInPersonAffidavit": false,
            "disableSecondInPersonAffidavit": false,
            "disableInPersonAffidavit": false,
            "maxAuthFailsAllowed": 3,
            "documentToolbarOptions": null,
            "events": null,
            "handOver": null,
            "layout": null,
            "style": null,
            "ada": false,
        }
    })
}

fn sender(sender: &Sender) -> Value {
    // The staff joined long before any story begins.
    let (joined, changed) = (1_642_414_272_000, 1_712_041_689_000);
    json!({
        "id": sender.id,
        "name": "",
        "type": "MANAGER",
        "status": "ACTIVE",
        "firstName": sender.person.first,
        "lastName": sender.person.last,
        "email": sender.person.email,
        "company": firm::NAME,
        "title": sender.title,
        "phone": "",
        "language": "en",
        "timezoneId": "GMT",
        "address": null,
        "signature": null,
        "external": null,
        "account": null,
        "data": null,
        "created": seconds(joined),
        "updated": seconds(changed),
        "locked": null,
        "activated": seconds(joined + 228_000),
        "memberships": [],
        "specialTypes": [],
        "hasDelegates": false,
        "userCustomFields": [],
        "professionalIdentityFields": [],
    })
}

fn signer(signer: &Signer, is_sender: bool) -> Value {
    json!({
        "id": signer.id,
        "firstName": signer.person.first,
        "lastName": signer.person.last,
        "email": signer.person.email,
        "name": "",
        "company": "",
        "title": "",
        "phone": "",
        "language": "en",
        "timezoneId": "GMT",
        "signerType": if is_sender { "ACCOUNT_SENDER" } else { "EXTERNAL_SIGNER" },
        "auth": { "scheme": if signer.kba.is_some() { "KBA" } else { "NONE" }, "challenges": [] },
        "knowledgeBasedAuthentication":
            signer.kba.map(|kba| json!({ "knowledgeBasedAuthenticationStatus": kba.word() })),
        "delivery": { "email": true, "download": true, "provider": false },
        "notificationMethods": { "primary": ["EMAIL"] },
        "group": null,
        "address": null,
        "signature": null,
        "external": null,
        "data": null,
        "specialTypes": [],
        "userCustomFields": [],
        "professionalIdentityFields": [],
        "created": seconds(signer.created),
        "updated": seconds(signer.updated),
    })
}

fn attachment(attachment: &Attachment) -> Value {
    json!({
        "id": attachment.id,
        "name": attachment.requirement,
        "description": "",
        "required": true,
        "status": "COMPLETE",
        "comment": "",
        "data": null,
        "files": [{
            "id": attachment.number,
            "name": attachment.file,
            "insertDate": attachment.at,
            "preview": true,
        }],
    })
}

fn document(package: &Package, place: usize, document: &Document) -> Value {
    // The consent comes first; before there is one, the numbers already leave room for it.
    let index = place + usize::from(package.consent.is_none() && !package.template);
    json!({
        "id": document.id,
        "name": document.name,
        "index": index,
        "description": "",
        "status": "",
        "size": document.size,
        "extract": false,
        "extractionTypes": [],
        "tagged": false,
        "externalSigned": false,
        "external": null,
        "signedHash": document.signed_hash,
        "signerVerificationToken": null,
        "data": null,
        "fields": [],
        "approvals": document.approvals.iter().enumerate().map(approval).collect::<Vec<_>>(),
        "pages": (0..document.pages).map(page).collect::<Vec<_>>(),
    })
}

fn approval((place, approval): (usize, &Approval)) -> Value {
    json!({
        "id": approval.id,
        "name": "",
        "role": approval.role,
        "accepted": approval.accepted.map(seconds),
        "signed": approval.signed.map(seconds),
        "optional": approval.optional,
        "disabled": false,
        "enforceCaptureSignature": false,
        "fromFile": false,
        "data": null,
        "fields": [{
            "id": approval.field,
            "name": "",
            "type": "SIGNATURE",
            "subtype": "FULLNAME",
            "page": 0,
            "left": 100.0 + 240.0 * f64::from(u8::from(place >= 5)),
            "top": 180.0 + 110.0 * f64::from(u8::try_from(place % 5).unwrap_or(0)),
            "width": 200.0,
            "height": 50.0,
            "value": "",
            "binding": null,
            "validation": null,
            "extract": false,
            "extractAnchor": null,
            "data": null,
        }],
    })
}

fn page(index: i64) -> Value {
    json!({
        "id": "",
        "index": index,
        "version": 0,
        "left": 0.0,
        "top": 0.0,
        "width": 612.0,
        "height": 792.0,
    })
}
