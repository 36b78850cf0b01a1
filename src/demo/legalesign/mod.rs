//! Legalesign: what each verb does to a document, and which codes tell of it.
//!
//! One signer after the other is written to. Nearly everything is told by codes that wait for the next batch; at once
//! come only the 'signed' form, and realtime events for what no code tells or tells without a word (a bounced mail, the
//! reason of a rejection, and the names in a document that a program made).

pub(super) mod seal;
pub(super) mod wire;

use super::Account;
use super::act::{Act, Bounce};
use super::ids::Ids;
use super::package::{Package, Role, Status};
use super::verbs::{Scene, confirm};
use super::wire::Callback;

/// What is told when a document is made.
pub(super) fn created(
    account: &Account,
    package: &Package,
    ids: &mut Ids,
    by_program: bool,
) -> Vec<Callback> {
    let at = package.created;
    let mut told = vec![document(&account.id, package, 10, at)];
    told.extend(package.roles.iter().map(|role| signer(&account.id, package, role, at)));
    if by_program {
        told.push(wire::document_event(account, package, "document.created", &ids.uuid(), at));
    }
    told
}

/// Lets something happen to a document; what does not apply changes nothing.
pub(super) fn play(scene: &mut Scene<'_>, act: &Act) {
    match act {
        Act::Activate if scene.package.status == Status::Draft => {
            scene.package.status = Status::Sent;
            call_up(scene, 0);
        }
        Act::Void if scene.package.open() => {
            scene.package.archived = true;
            end(scene, Status::Cancelled, 40);
        }
        Act::Archive if scene.package.status == Status::Completed => {
            scene.package.archived = true;
            scene.package.updated = scene.at;
        }
        Act::Download(place) if scene.package.status == Status::Completed && code(scene, *place) == 40 => {
            step(scene, *place, 50);
        }
        Act::Witness(place) if scene.package.open() && code(scene, *place) == 39 => signed(scene, *place),
        Act::Reset(place) if scene.package.open() && code(scene, *place) == 40 => reset(scene, *place),
        Act::Open(place) if in_turn(scene, *place) && code(scene, *place) == 10 => step(scene, *place, 15),
        Act::Consent(place) | Act::View(place, _) if in_turn(scene, *place) => visit(scene, *place),
        Act::Sign(place, document) if in_turn(scene, *place) => sign(scene, *place, *document),
        Act::SignAll(place) => {
            for document in 0..scene.package.documents.len() {
                if in_turn(scene, *place) {
                    sign(scene, *place, document);
                    scene.at += 1_000;
                }
            }
        }
        Act::Decline(place, reason) if in_turn(scene, *place) => {
            scene.package.roles[*place].refusal = Some(reason.clone());
            step(scene, *place, 60);
            at_once(scene, *place, "recipient.rejected", None);
            end(scene, Status::Declined, 50);
        }
        Act::Bounce(place, Bounce::Hard) if in_turn(scene, *place) => {
            at_once(scene, *place, "recipient.bounced", Some("550 5.1.1 mailbox unavailable"));
        }
        Act::ChangeEmail(place, email) if in_turn(scene, *place) => {
            if let Some(signer) = &mut scene.package.roles[*place].signer {
                signer.person.email.clone_from(email);
            }
            // Sent again, to the new address.
            step(scene, *place, 10);
        }
        _ => {}
    }
}

/// The document's code as REST and realtime events state it.
pub(super) fn document_code(package: &Package) -> u8 {
    match package.status {
        Status::Completed | Status::Archived => 30,
        Status::Cancelled | Status::Expired | Status::OptedOut | Status::Failed => 40,
        Status::Declined => 50,
        Status::Draft | Status::Sent if filled(package) => 20,
        Status::Draft | Status::Sent => 10,
    }
}

/// What stands beside a document's code in realtime events.
fn document_text(code: u8) -> &'static str {
    match code {
        10 => "Created",
        20 => "Fields completed",
        30 => "Signed",
        40 => "Removed",
        _ => "Rejected",
    }
}

/// What stands beside a signer's code in realtime events.
fn signer_text(code: u8) -> &'static str {
    match code {
        4 => "Unsent",
        5 => "Scheduled",
        10 => "Sent",
        15 => "Email opened",
        20 => "Visited",
        30 => "Fields complete",
        35 => "Fields complete except signature",
        39 => "Waiting for witness",
        40 => "Signed",
        50 => "Downloaded",
        _ => "Rejected",
    }
}

/// It is this signer's turn, and the mail has gone out to them.
fn in_turn(scene: &Scene<'_>, place: usize) -> bool {
    scene.package.open() && (10..39).contains(&code(scene, place))
}

fn code(scene: &Scene<'_>, place: usize) -> u8 {
    scene.package.roles.get(place).map_or(0, |role| role.code)
}

/// Every field of every signer is filled.
fn filled(package: &Package) -> bool {
    package.roles.iter().all(|role| matches!(role.code, 30 | 39..=50)) && !package.roles.is_empty()
}

/// Writes to a signer: scheduled and sent within the same second.
fn call_up(scene: &mut Scene<'_>, place: usize) {
    step(scene, place, 5);
    step(scene, place, 10);
}

fn visit(scene: &mut Scene<'_>, place: usize) {
    if code(scene, place) < 20 {
        step(scene, place, 20);
    }
}

/// Fills the signer's fields of one document; the signature is given with the last of them.
fn sign(scene: &mut Scene<'_>, place: usize, document: usize) {
    visit(scene, place);
    let (role, at) = (scene.package.roles[place].id.clone(), scene.at);
    let Some(document) = scene.package.documents.get_mut(document) else { return };
    if !confirm(document, &role, at, at) {
        return;
    }
    if code(scene, place) != 35 {
        step(scene, place, 35);
    }
    if !scene.package.role_done(&role) {
        return;
    }
    step(scene, place, 30);
    if filled(scene.package) {
        let told = self::document(&scene.account.id, scene.package, 20, scene.at);
        scene.told.push(told);
    }
    if scene.package.roles[place].witnessed {
        step(scene, place, 39);
    } else {
        signed(scene, place);
    }
}

/// A signer is through: the next one is written to, or the document is done and its final PDF made.
fn signed(scene: &mut Scene<'_>, place: usize) {
    step(scene, place, 40);
    if let Some(next) = scene.package.roles.iter().position(|role| role.code == 4) {
        return call_up(scene, next);
    }
    if !scene.package.roles.iter().all(|role| role.code == 40) {
        return;
    }
    scene.package.completed = Some(scene.at);
    end(scene, Status::Completed, 30);
    scene.at += UNTIL_THE_PDF;
    scene.package.final_pdf = true;
    let ready = document(&scene.account.id, scene.package, 100, scene.at);
    let form = wire::signed(&scene.account.id, scene.package, scene.at);
    scene.told.extend([ready, form]);
}

/// Hands back to a signer. Stamps have whole seconds, and of two in the same the further one wins: so it waits for the
/// next.
fn reset(scene: &mut Scene<'_>, place: usize) {
    scene.at = (scene.package.last_at.max(scene.at).div_euclid(1_000) + 1) * 1_000;
    for later in place..scene.package.roles.len() {
        let role = scene.package.roles[later].id.clone();
        let blocks = scene.package.documents.iter_mut().flat_map(|document| &mut document.approvals);
        for block in blocks.filter(|block| block.role == role) {
            (block.accepted, block.signed) = (None, None);
        }
        if later > place && code(scene, later) > 4 {
            step(scene, later, 4);
        }
    }
    step(scene, place, 10);
}

fn end(scene: &mut Scene<'_>, status: Status, code: u8) {
    scene.package.status = status;
    scene.package.updated = scene.at;
    let told = document(&scene.account.id, scene.package, code, scene.at);
    scene.told.push(told);
}

/// A signer's code changes, and the next batch tells it.
fn step(scene: &mut Scene<'_>, place: usize, code: u8) {
    scene.package.updated = scene.at;
    scene.package.roles[place].code = code;
    let told = signer(&scene.account.id, scene.package, &scene.package.roles[place], scene.at);
    scene.told.push(told);
}

fn at_once(scene: &mut Scene<'_>, place: usize, event: &'static str, bounce: Option<&str>) {
    let (id, role) = (scene.ids.uuid(), &scene.package.roles[place]);
    let told = wire::recipient_event(scene.account, scene.package, role, event, &id, bounce, scene.at);
    scene.told.push(told);
}

fn signer(account: &str, package: &Package, role: &Role, at: i64) -> Callback {
    wire::entry(account, package, signer_text(role.code), &wire::signer_uri(role), role.code, at)
}

fn document(account: &str, package: &Package, code: u8, at: i64) -> Callback {
    let event = if code == 100 { "Final PDF" } else { document_text(code) };
    wire::entry(account, package, event, &wire::document_uri(package), code, at)
}

/// How long after the last signature the final PDF exists.
const UNTIL_THE_PDF: i64 = 1_000;
