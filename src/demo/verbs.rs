//! What each verb does to a package and which callbacks the provider sends for it. A verb that does not apply (signing a
//! draft, locking someone twice) changes nothing and tells nothing, as the provider would refuse it.

use super::act::{Act, Notice};
use super::ids::Ids;
use super::package::{Attachment, Document, Kba, Package, Role, Signer, Status};
use super::wire::{self, Callback, Words};
use super::world::{World, consent};
use super::{Account, Kind, legalesign, websignatureoffice};

impl World {
    /// Does something to a package at a time, and returns what the provider tells about it, oldest first. Times within a
    /// package only move forward: an act that comes too early happens one millisecond after the last.
    pub fn act(&mut self, account: &str, package: &str, act: &Act, at: i64) -> Vec<Callback> {
        let ids = &mut self.ids;
        let Some(books) = self.books.get_mut(account) else { return Vec::new() };
        let account = books.account.clone();
        let Some(package) = books.package_mut(package) else { return Vec::new() };
        if package.deleted {
            return Vec::new();
        }
        let at = at.max(package.last_at + 1);
        let mut scene = Scene { account: &account, package, ids, at, told: Vec::new() };
        match account.kind {
            Kind::OneSpan | Kind::Conga => scene.play(act),
            Kind::Legalesign => legalesign::play(&mut scene, act),
            Kind::WebSignatureOffice => websignatureoffice::play(&mut scene, act),
        }
        if let Some(last) = scene.told.last() {
            scene.package.last_at = last.at;
        }
        scene.told
    }
}

/// What the provider tells when a package or template is made.
pub(super) fn created(
    account: &Account,
    package: &Package,
    ids: &mut Ids,
    by_program: bool,
) -> Vec<Callback> {
    match account.kind {
        Kind::OneSpan | Kind::Conga => {
            let event = if package.template { "TEMPLATE_CREATE" } else { "PACKAGE_CREATE" };
            vec![callback(&account.id, &words(event, &package.sender.id, &package.id, package.created))]
        }
        Kind::Legalesign => legalesign::created(account, package, ids, by_program),
        // Nothing is told before the pages are drawn.
        Kind::WebSignatureOffice => Vec::new(),
    }
}

/// A package while something happens to it.
pub(super) struct Scene<'a> {
    pub(super) account: &'a Account,
    pub(super) package: &'a mut Package,
    pub(super) ids: &'a mut Ids,
    pub(super) at: i64,
    pub(super) told: Vec<Callback>,
}

impl Scene<'_> {
    fn play(&mut self, act: &Act) {
        match act {
            Act::Activate
            | Act::Deactivate
            | Act::Complete
            | Act::Expire
            | Act::Archive
            | Act::Trash
            | Act::Restore
            | Act::Delete => self.by_sender(act),
            Act::Notice(signer, notice) => self.notice(*signer, *notice),
            // Other providers'.
            Act::Witness(_)
            | Act::Reset(_)
            | Act::Void
            | Act::Download(_)
            | Act::RejectFields(..)
            | Act::FailToRender => {}
            Act::Open(place)
            | Act::Consent(place)
            | Act::View(place, _)
            | Act::Sign(place, _)
            | Act::SignAll(place)
            | Act::Decline(place, _)
            | Act::OptOut(place, _)
            | Act::Lock(place)
            | Act::Unlock(place)
            | Act::KbaFail(place)
            | Act::KbaPass(place)
            | Act::Bounce(place, _)
            | Act::ChangeEmail(place, _)
            | Act::Reassign(place, _)
            | Act::Attach(place, _, _)
            | Act::AskForHelp(place, _, _) => {
                let signer =
                    self.package.roles.get(*place).and_then(|role| Some((role, role.signer.as_ref()?)));
                let Some((locked, user)) = signer.map(|(role, signer)| (role.locked, signer.id.clone()))
                else {
                    return;
                };
                if self.package.open() {
                    self.by_signer(act, *place, &user, locked);
                }
            }
        }
    }

    fn by_sender(&mut self, act: &Act) {
        let package = &mut *self.package;
        let sender = package.sender.id.clone();
        let (applies, event) = match act {
            Act::Activate => {
                let resting = matches!(
                    package.status,
                    Status::Draft | Status::Declined | Status::OptedOut | Status::Expired
                );
                let filled = package.roles.iter().all(|role| role.signer.is_some());
                (resting && filled && !package.template, "PACKAGE_ACTIVATE")
            }
            Act::Deactivate => (package.open(), "PACKAGE_DEACTIVATE"),
            Act::Complete => (package.open() && package.ready, "PACKAGE_COMPLETE"),
            Act::Expire => (package.open(), "PACKAGE_EXPIRE"),
            Act::Archive => (package.status == Status::Completed && !package.trashed, "PACKAGE_ARCHIVE"),
            Act::Trash => (!package.trashed, "PACKAGE_TRASH"),
            Act::Restore => (package.trashed, "PACKAGE_RESTORE"),
            _ => (true, "PACKAGE_DELETE"),
        };
        if !applies {
            return;
        }
        match act {
            Act::Activate => self.activate(),
            Act::Deactivate => self.take_back(),
            Act::Complete => return self.complete(&self.last_signer(), self.at),
            Act::Expire => package.status = Status::Expired,
            Act::Archive => package.status = Status::Archived,
            Act::Trash => package.trashed = true,
            Act::Restore => package.trashed = false,
            _ => package.deleted = true,
        }
        self.package.ready = false;
        self.package.updated = self.at;
        self.tell(event, &sender, |_| {});
    }

    fn by_signer(&mut self, act: &Act, place: usize, user: &str, locked: bool) {
        match act {
            Act::Open(_) if !locked => {
                self.tell("DOCUMENT_VIEWED", user, |words| words.document = Some(CONSENT));
            }
            Act::View(_, document) if !locked => {
                if let Some(id) = self.package.documents.get(*document).map(|document| document.id.clone()) {
                    self.tell("DOCUMENT_VIEWED", user, |words| words.document = Some(&id));
                }
            }
            Act::Consent(_) if !locked => self.consent(place, user),
            Act::Sign(_, document) if !locked => self.sign(place, user, *document),
            Act::SignAll(_) if !locked => {
                for document in 0..self.package.documents.len() {
                    self.sign(place, user, document);
                    self.at += 1_000;
                }
            }
            Act::Decline(_, reason) => {
                self.end(Status::Declined);
                self.tell("PACKAGE_DECLINE", user, |words| words.message = Some(reason));
            }
            Act::OptOut(_, reason) => {
                self.end(Status::OptedOut);
                self.tell("PACKAGE_OPT_OUT", user, |words| words.message = Some(reason));
            }
            Act::Lock(_) if !locked => {
                self.role(place, |role, _| role.locked = true);
                self.tell("SIGNER_LOCKED", user, |_| {});
            }
            Act::Unlock(_) => self.role(place, |role, _| role.locked = false),
            Act::KbaFail(_) => {
                self.kba(place, Kba::Failed);
                self.tell("KBA_FAILURE", user, |_| {});
            }
            Act::KbaPass(_) => self.kba(place, Kba::Passed),
            // The truth does not change: the provider has no field for a mail that came back.
            Act::Bounce(_, kind) => {
                self.tell("EMAIL_BOUNCE", user, |words| words.message = Some(kind.word()));
            }
            Act::ChangeEmail(_, email) => self.role(place, |role, at| {
                if let Some(signer) = &mut role.signer {
                    signer.person.email.clone_from(email);
                    signer.updated = at;
                }
            }),
            Act::Reassign(_, to) => self.reassign(place, user, to),
            Act::Attach(_, requirement, file) => {
                let (id, number) = (self.ids.short(), self.ids.within(40..90_000));
                let (requirement, file) = (requirement.clone(), file.clone());
                self.role(place, |role, at| {
                    role.attachments.push(Attachment { id, requirement, number, file, at });
                });
                self.tell("PACKAGE_ATTACHMENT", user, |words| words.message = act.file());
            }
            Act::AskForHelp(_, phone, comment) => {
                self.tell("COBROWSE_REQUEST", user, |words| words.help = Some((phone, comment)));
            }
            _ => {}
        }
    }

    fn activate(&mut self) {
        if self.package.consent.is_none() {
            self.package.consent = Some(consent(self.ids, &self.package.roles));
        }
        self.package.status = Status::Sent;
        self.package.trashed = false;
        for role in &mut self.package.roles {
            role.locked = false;
        }
    }

    fn take_back(&mut self) {
        self.package.status = Status::Draft;
        for document in self.package.consent.iter_mut().chain(&mut self.package.documents) {
            for approval in &mut document.approvals {
                (approval.accepted, approval.signed) = (None, None);
            }
        }
    }

    fn end(&mut self, status: Status) {
        self.package.status = status;
        self.package.ready = false;
        self.package.updated = self.at;
    }

    fn consent(&mut self, place: usize, user: &str) {
        let role = self.package.roles[place].id.clone();
        let at = self.at;
        let signed = self.package.consent.as_mut().is_some_and(|consent| confirm(consent, &role, at, at));
        if signed {
            self.package.updated = at;
            self.tell("DOCUMENT_SIGNED", user, |words| words.document = Some(CONSENT));
        }
    }

    /// Confirms a document; who has not agreed to the consent yet does so just before.
    fn sign(&mut self, place: usize, user: &str, document: usize) {
        let told = self.told.len();
        self.consent(place, user);
        self.at += i64::from(self.told.len() > told);
        let role = self.package.roles[place].id.clone();
        let clicked = (self.at - self.ids.within(3_000..19_000)).max(self.package.last_at);
        let Some(document) = self.package.documents.get_mut(document) else { return };
        if !confirm(document, &role, clicked, self.at) {
            return;
        }
        let id = document.id.clone();
        self.package.updated = self.at;
        self.tell("DOCUMENT_SIGNED", user, |words| words.document = Some(&id));
        if !self.package.role_done(&role) {
            return;
        }
        let (signed, done) = (self.at, self.at + AFTER_LAST_DOCUMENT);
        self.at = done;
        self.tell("SIGNER_COMPLETE", user, |_| {});
        if self.package.all_done() {
            self.at = done + AFTER_LAST_SIGNER;
            if self.package.autocomplete {
                self.complete(user, self.at);
            } else {
                self.package.ready = true;
                self.tell("PACKAGE_READY_FOR_COMPLETE", user, |_| {});
            }
        }
        self.at = self.at.max(signed);
    }

    fn complete(&mut self, user: &str, at: i64) {
        self.at = at;
        self.end(Status::Completed);
        self.package.completed = Some(at);
        for document in self.package.consent.iter_mut().chain(&mut self.package.documents) {
            document.signed_hash = Some(self.ids.digest());
        }
        self.tell("PACKAGE_COMPLETE", user, |_| {});
    }

    /// Whoever signed last; that is whom the provider names when a package completes.
    fn last_signer(&self) -> String {
        let approvals = self.package.all_documents().flat_map(|document| &document.approvals);
        let last =
            approvals.filter(|approval| approval.signed.is_some()).max_by_key(|approval| approval.signed);
        let role = last.and_then(|last| self.package.roles.iter().find(|role| role.id == last.role));
        let signer = role.and_then(|role| role.signer.as_ref());
        signer.map_or_else(|| self.package.sender.id.clone(), |signer| signer.id.clone())
    }

    fn reassign(&mut self, place: usize, user: &str, to: &super::package::Person) {
        let (at, old) = (self.at, self.package.roles[place].id.clone());
        if self.package.role_done(&old) || !self.package.roles[place].reassignable {
            return;
        }
        let (new, signer) = (self.ids.uuid(), self.ids.uuid());
        for document in self.package.consent.iter_mut().chain(&mut self.package.documents) {
            for approval in document.approvals.iter_mut().filter(|approval| approval.role == old) {
                approval.role.clone_from(&new);
                (approval.accepted, approval.signed) = (None, None);
            }
        }
        let role = &mut self.package.roles[place];
        role.id.clone_from(&new);
        role.locked = false;
        role.signer = Some(Signer { id: signer, person: to.clone(), kba: None, created: at, updated: at });
        self.package.updated = at;
        self.tell("ROLE_REASSIGN", user, |words| words.new_role = Some(&new));
    }

    fn kba(&mut self, place: usize, kba: Kba) {
        self.role(place, |role, at| {
            if let Some(signer) = &mut role.signer {
                signer.kba = Some(kba);
                signer.updated = at;
            }
        });
    }

    fn role(&mut self, place: usize, change: impl FnOnce(&mut Role, i64)) {
        change(&mut self.package.roles[place], self.at);
        self.package.updated = self.at;
    }

    fn notice(&mut self, place: usize, notice: Notice) {
        let signer = self.package.roles.get(place).and_then(|role| role.signer.as_ref());
        let user = match notice {
            Notice::TextOptOut => signer.map_or(&self.package.sender.id, |signer| &signer.id),
            _ => &self.package.sender.id,
        };
        let user = user.clone();
        self.tell(notice.word(), &user, |_| {});
    }

    fn tell<'w>(&mut self, event: &'static str, user: &'w str, more: impl FnOnce(&mut Words<'w>)) {
        let mut said = words(event, user, "", self.at);
        more(&mut said);
        let package = self.package.id.clone();
        let said = Words { package: &package, ..said };
        self.told.push(callback(&self.account.id, &said));
    }
}

const CONSENT: &str = "default-consent";
const AFTER_LAST_DOCUMENT: i64 = 16;
const AFTER_LAST_SIGNER: i64 = 41;

impl Act {
    fn file(&self) -> Option<&str> {
        match self {
            Self::Attach(_, _, file) => Some(file),
            _ => None,
        }
    }
}

/// Signs a role's blocks in a document; false if there are none left to sign.
pub(super) fn confirm(document: &mut Document, role: &str, clicked: i64, at: i64) -> bool {
    let blocks = document.approvals.iter_mut();
    let open =
        blocks.filter(|approval| approval.role == role && !approval.optional && approval.signed.is_none());
    let mut any = false;
    for approval in open {
        (approval.accepted, approval.signed) = (Some(clicked), Some(at));
        any = true;
    }
    any
}

fn words<'a>(event: &'static str, user: &'a str, package: &'a str, at: i64) -> Words<'a> {
    Words { event, user, package, message: None, document: None, new_role: None, help: None, at }
}

fn callback(account: &str, words: &Words<'_>) -> Callback {
    Callback {
        account: account.to_owned(),
        package: words.package.to_owned(),
        event: words.event,
        at: words.at,
        body: wire::body(words),
        headers: Vec::new(),
        entry: false,
    }
}
