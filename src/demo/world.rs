//! The truth as the providers have it: accounts, senders, packages. Made here, changed by the verbs in `verbs.rs`, read by
//! the REST side. It has no clock: every time is an argument, in milliseconds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::act::{Draft, DraftDocument, DraftSigner};
use super::firm;
use super::ids::Ids;
use super::package::{Approval, Document, Kba, Package, Person, Role, Sender, Signer, Status};
use super::wire::Callback;
use super::{Account, Kind};

/// The world behind a lock, shared by the REST side, the teller and tests.
#[derive(Debug, Clone)]
pub struct WorldHandle(Arc<Mutex<World>>);

impl WorldHandle {
    /// Shares a world.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Looks at the world, or changes it; never hold this across an await.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything the providers know.
#[derive(Debug)]
pub struct World {
    pub(super) books: BTreeMap<String, Books>,
    pub(super) ids: Ids,
}

/// One account's share.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) account: Account,
    pub(super) senders: Vec<Sender>,
    pub(super) packages: Vec<Package>,
    places: HashMap<String, usize>,
}

/// A package that was just made.
#[derive(Debug)]
pub struct Created {
    /// Its id.
    pub id: String,
    /// What the provider tells about it.
    pub callbacks: Vec<Callback>,
}

impl World {
    /// An empty world with the firm's senders in each account.
    #[must_use]
    pub fn new(seed: u64, accounts: &[Account]) -> Self {
        let mut ids = Ids::with_seed(seed);
        let mut books = BTreeMap::new();
        for account in accounts {
            let senders = firm::STAFF.iter().map(|(first, last, title)| {
                let mut person = Person::named(first, last);
                person.email = person.email.replace("example.org", "example.com");
                let id = match account.kind {
                    Kind::OneSpan | Kind::Conga => ids.short(),
                    Kind::Legalesign => ids.uuid(),
                    Kind::WebSignatureOffice => ids.number(),
                };
                Sender { id, person, title: (*title).to_owned() }
            });
            let senders = senders.collect();
            let share =
                Books { account: account.clone(), senders, packages: Vec::new(), places: HashMap::new() };
            books.insert(account.id.clone(), share);
        }
        Self { books, ids }
    }

    /// The senders of an account.
    #[must_use]
    pub fn senders(&self, account: &str) -> &[Sender] {
        self.books.get(account).map_or(&[], |books| &books.senders)
    }

    /// The packages of an account in the order they were made, deleted ones and templates too.
    #[must_use]
    pub fn packages(&self, account: &str) -> &[Package] {
        self.books.get(account).map_or(&[], |books| &books.packages)
    }

    /// One package, deleted or not.
    #[must_use]
    pub fn package(&self, account: &str, id: &str) -> Option<&Package> {
        self.books.get(account)?.package(id)
    }

    /// Makes a package, or a template; nothing in an account that does not exist.
    pub fn create(&mut self, account: &str, draft: &Draft, at: i64) -> Option<Created> {
        let ids = &mut self.ids;
        let books = self.books.get_mut(account)?;
        let sender = books.senders.get(draft.sender % books.senders.len().max(1))?.clone();
        let kind = books.account.kind;
        let places = draft.signers.iter().enumerate();
        let roles: Vec<Role> =
            places.map(|(at_place, signer)| role(ids, kind, draft, at_place, signer, &sender, at)).collect();
        let mut documents: Vec<Document> =
            draft.documents.iter().map(|document| file(ids, document, &roles)).collect();
        let id = match kind {
            Kind::OneSpan | Kind::Conga => ids.package(),
            Kind::Legalesign => ids.uuid(),
            Kind::WebSignatureOffice => {
                let fields = documents.iter_mut().flat_map(|document| &mut document.approvals);
                fields.zip(1..).for_each(|(field, number)| field.field = number.to_string());
                // Every installation counts for itself: ids of two accounts may be the same.
                (41_207 + books.packages.len()).to_string()
            }
        };
        let package = Package {
            id,
            name: draft.name.clone(),
            status: Status::Draft,
            trashed: false,
            deleted: false,
            template: draft.template,
            autocomplete: draft.autocomplete,
            ready: false,
            due: draft.due_after.map(|after| at + after),
            created: at,
            updated: at,
            completed: None,
            data: draft.data.clone(),
            sender,
            roles,
            consent: None,
            documents,
            group: firm::GROUPS[draft.sender % firm::GROUPS.len()].to_owned(),
            archived: false,
            final_pdf: false,
            render_failed: false,
            last_at: at,
        };
        let id = package.id.clone();
        let callbacks = super::verbs::created(&books.account, &package, ids, draft.by_program);
        books.places.insert(id.clone(), books.packages.len());
        books.packages.push(package);
        Some(Created { id, callbacks })
    }
}

impl Books {
    pub(super) fn package(&self, id: &str) -> Option<&Package> {
        self.packages.get(*self.places.get(id)?)
    }

    pub(super) fn package_mut(&mut self, id: &str) -> Option<&mut Package> {
        self.packages.get_mut(*self.places.get(id)?)
    }
}

/// The agreement every role signs first.
pub(super) fn consent(ids: &mut Ids, roles: &[Role]) -> Document {
    Document {
        id: "default-consent".to_owned(),
        name: "Electronic Disclosures and Signatures Consent".to_owned(),
        size: 21_410,
        pages: 1,
        approvals: roles.iter().map(|role| approval(ids, &role.id, false)).collect(),
        signed_hash: None,
    }
}

fn role(
    ids: &mut Ids,
    kind: Kind,
    draft: &Draft,
    place: usize,
    wanted: &DraftSigner,
    sender: &Sender,
    at: i64,
) -> Role {
    let person = if wanted.is_sender { Some(sender.person.clone()) } else { wanted.person.clone() };
    let signer = person.map(|person| {
        let id = match kind {
            Kind::OneSpan | Kind::Conga if wanted.is_sender => sender.id.clone(),
            // Whoever signs two of Legalesign's documents is two signers.
            Kind::OneSpan | Kind::Conga | Kind::Legalesign => ids.uuid(),
            Kind::WebSignatureOffice => ids.number(),
        };
        (id, person)
    });
    let kba = wanted.kba.then_some(Kba::NotYetAttempted);
    let signer = signer.map(|(id, person)| Signer { id, person, kba, created: at, updated: at });
    let id = match &signer {
        Some(signer) if wanted.is_sender || draft.by_program => signer.id.clone(),
        Some(_) => ids.uuid(),
        None => format!("Placeholder{}", place + 1),
    };
    let name = match (wanted.is_sender, draft.by_program || signer.is_none()) {
        (true, _) => "Owner".to_owned(),
        (false, true) => wanted.role.clone(),
        (false, false) => format!("Signer{}", place + 1),
    };
    Role {
        id,
        index: place + 1,
        name,
        for_sender: wanted.is_sender,
        locked: false,
        reassignable: !wanted.is_sender && !wanted.kba,
        attachments: Vec::new(),
        signer,
        code: 4,
        witnessed: wanted.witnessed,
        refusal: None,
    }
}

fn file(ids: &mut Ids, wanted: &DraftDocument, roles: &[Role]) -> Document {
    let pages = ids.within(1..7);
    let signing = wanted.signed_by.iter().filter_map(|place| roles.get(*place));
    let mut approvals: Vec<Approval> = signing.map(|role| approval(ids, &role.id, false)).collect();
    if let Some(role) = roles.first().filter(|_| wanted.optional_block) {
        approvals.push(approval(ids, &role.id, true));
    }
    let size = pages * 28_000 + ids.within(0..9_000);
    Document { id: ids.document(), name: wanted.name.clone(), size, pages, approvals, signed_hash: None }
}

fn approval(ids: &mut Ids, role: &str, optional: bool) -> Approval {
    Approval {
        id: ids.short(),
        field: ids.short(),
        role: role.to_owned(),
        accepted: None,
        signed: None,
        rejected: false,
        optional,
    }
}
