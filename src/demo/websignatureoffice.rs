//! WebSignatureOffice: what each verb does to a document, and which events tell of it. Documents, users and fields are
//! numbers; no event has a time, an id of its own, or a name.

use super::act::Act;
use super::package::{Approval, Status};
use super::verbs::Scene;
use super::wire::Callback;

/// Lets something happen to a document; what does not apply changes nothing.
pub(super) fn play(scene: &mut Scene<'_>, act: &Act) {
    match act {
        Act::Activate | Act::FailToRender if scene.package.status == Status::Draft => {
            scene.package.status = Status::Sent;
            scene.package.render_failed = *act == Act::FailToRender;
            render_return(scene);
        }
        Act::Sign(place, document) => field_by_field(scene, *place, *document, false),
        Act::RejectFields(place, document) => field_by_field(scene, *place, *document, true),
        Act::SignAll(place) => {
            for document in 0..scene.package.documents.len() {
                field_by_field(scene, *place, document, false);
            }
        }
        // There is no other way to refuse than field by field.
        Act::Decline(place, _) => {
            for document in 0..scene.package.documents.len() {
                field_by_field(scene, *place, document, true);
            }
            fail(scene);
        }
        Act::Expire => fail(scene),
        _ => {}
    }
}

/// 1 new, 2 partially signed, 3 finished, 4 failed.
pub(super) fn code(scene: &super::package::Package) -> u8 {
    match scene.status {
        Status::Completed | Status::Archived => 3,
        Status::Failed | Status::Declined | Status::Expired | Status::OptedOut | Status::Cancelled => 4,
        Status::Sent | Status::Draft if any_signed(scene) => 2,
        Status::Sent | Status::Draft => 1,
    }
}

/// A user signs or rejects their fields of one document; with their last one they finish, and with the last of all the
/// document does.
fn field_by_field(scene: &mut Scene<'_>, place: usize, document: usize, reject: bool) {
    let Some(role) = scene.package.roles.get(place).filter(|_| scene.package.open()) else { return };
    let Some(user) = role.signer.as_ref().map(|signer| signer.id.clone()) else { return };
    let (role, at, before) = (role.id.clone(), scene.at, code(scene.package));
    let Some(document) = scene.package.documents.get_mut(document) else { return };
    let blocks = document.approvals.iter_mut();
    let mut done = Vec::new();
    for block in blocks.filter(|block| block.role == role && !block.optional && !is_done(block)) {
        (block.accepted, block.signed) = (Some(at), (!reject).then_some(at));
        block.rejected = reject;
        done.push(block.field.clone());
    }
    let status = if reject { "rejected" } else { "signed" };
    for field in &done {
        tell(
            scene,
            "FIELD_SIGNED_OR_REJECTED",
            &[("field_id", field), ("field_status", status)],
            &[("user_id", &user)],
        );
    }
    if done.is_empty() {
        return;
    }
    if scene.package.blocks_of(&role).all(is_done) {
        let signed = scene.package.blocks_of(&role).filter(|block| block.signed.is_some()).count();
        tell(scene, "USER_FINISH", &[("user_id", &user)], &[("fields_signed", &signed.to_string())]);
    }
    let mut all = scene.package.documents.iter().flat_map(|document| &document.approvals);
    if all.all(|block| block.optional || is_done(block)) {
        let every = scene.package.roles.iter().all(|role| scene.package.role_done(&role.id));
        scene.package.status = if every { Status::Completed } else { Status::Failed };
        scene.package.completed = every.then_some(at);
    }
    status_change(scene, before);
}

/// Nobody will sign it any more.
fn fail(scene: &mut Scene<'_>) {
    if scene.package.open() {
        let before = code(scene.package);
        scene.package.status = Status::Failed;
        status_change(scene, before);
    }
}

fn is_done(block: &Approval) -> bool {
    block.signed.is_some() || block.rejected
}

fn any_signed(package: &super::package::Package) -> bool {
    package.documents.iter().flat_map(|document| &document.approvals).any(|block| block.signed.is_some())
}

fn status_change(scene: &mut Scene<'_>, before: u8) {
    let after = code(scene.package);
    if after != before {
        tell(scene, "STATUS_CHANGE", &[("from", &before.to_string()), ("to", &after.to_string())], &[]);
    }
}

/// The vendor prints this event with a bare key, so it comes in both forms.
fn render_return(scene: &mut Scene<'_>) {
    let status = if scene.package.render_failed { "error" } else { "success" };
    let key = if scene.ids.within(0..2) == 0 { "event" } else { "\"event\"" };
    let id = &scene.package.id;
    let body = format!("{{{key}:\"RENDER_RETURN\",\"status\":\"{status}\",\"document_id\":\"{id}\"}}");
    push(scene, "RENDER_RETURN", body);
}

/// The event and the document stand amid the other keys, as the vendor prints them. Ids and words need no escapes.
fn tell(scene: &mut Scene<'_>, event: &'static str, before: &[(&str, &str)], after: &[(&str, &str)]) {
    let document = scene.package.id.clone();
    let common = [("event", event), ("document_id", document.as_str())];
    let keys = before.iter().chain(&common).chain(after);
    let keys: Vec<String> = keys.map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    let body = format!("{{{}}}", keys.join(","));
    push(scene, event, body);
}

fn push(scene: &mut Scene<'_>, event: &'static str, body: String) {
    scene.package.updated = scene.at;
    if !scene.account.events.wants(event) {
        return;
    }
    scene.told.push(Callback {
        account: scene.account.id.clone(),
        package: scene.package.id.clone(),
        event,
        at: scene.at,
        body: body.into_bytes(),
        headers: vec![("content-type", "application/json".to_owned())],
        entry: false,
    });
    // A document's events keep an order, though nobody is told of it.
    scene.at += 1;
}
