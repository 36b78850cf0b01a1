//! What a sweep should find, worked out without it: the fold of what was received beside the fold of all that was sent,
//! and beside both what the provider has.

use crate::stories::status;
use crate::support::world::Stage;
use serde_json::Value;
use signboard::app::App;
use signboard::demo::package::{Kba, Package as Truth, Role};
use signboard::demo::wire::Callback;
use signboard::demo::{Account, Kind};
use signboard::model::{
    Origin, Package, PackageId, PackageKey, Record, Signer, SignerStatus, Step, Timestamp, fold,
};
use signboard::provider::{About, Verified};
use std::collections::{BTreeMap, BTreeSet};

/// (package, signer, field).
pub type Line = (String, String, &'static str);

/// What was told of one package, received or not. Both begin with what the first sweep was answered.
#[derive(Default)]
struct Logs {
    received: Vec<Record>,
    sent: Vec<Record>,
}

/// All that was told.
pub struct Oracle {
    app: App,
    /// Which package a signer is in, for a provider that doesn't say (rule 20).
    links: BTreeMap<String, String>,
    logs: BTreeMap<PackageKey, Logs>,
}

/// What a sweep should find.
#[derive(Default)]
pub struct Missed {
    pub lines: BTreeSet<Line>,
    /// Packages of which something was sent and nothing received, at a provider that lists nothing.
    pub unheard: BTreeSet<String>,
    /// What was sent and lost, and is so no more without anybody having been told: an unlocked signer, a void signature.
    pub undone: usize,
}

impl Oracle {
    /// Knows the answers that the board holds at this moment, and nothing else.
    pub async fn new(stage: &Stage, accounts: &[Account]) -> Self {
        let app = stage.board.app().clone();
        let (mut links, mut logs) = (BTreeMap::new(), BTreeMap::new());
        for account in accounts {
            let packages = stage.world.world().lock().packages(&account.id).to_vec();
            for package in packages {
                let people = package.roles.iter().filter_map(|it| it.signer.as_ref());
                links.extend(people.map(|it| (it.id.clone(), package.id.clone())));
                let id = app.account(&account.id).unwrap().id.clone();
                let key = PackageKey { account: id, package: PackageId::parse(&package.id).unwrap() };
                let known = app.store.package(&key).await.unwrap();
                let log = known.map(|it| it.log).unwrap_or_default();
                let answers: Vec<Record> = log.into_iter().filter(|it| it.answer().is_some()).collect();
                logs.insert(key, Logs { received: answers.clone(), sent: answers });
            }
        }
        Self { app, links, logs }
    }

    /// A callback was sent, and arrived at this time, or never.
    pub fn told(&mut self, callback: &Callback, arrived: Option<i64>) {
        let account = self.app.account(&callback.account).unwrap();
        for report in account.provider.parse(Verified::before(&callback.body)) {
            let report = report.unwrap();
            let package = match &report.about {
                About::Package(package) => package.clone(),
                About::Signer(signer) => PackageId::parse(&self.links[signer.as_str()]).unwrap(),
            };
            let record = Record {
                event: report.event,
                who: report.who,
                happened_at: report.happened_at,
                received_at: Timestamp(arrived.unwrap_or(callback.at)),
                fingerprint: report.fingerprint,
                deliveries: 1,
                origin: Origin::Callback,
                name: report.name,
                arrival: None,
                unverified: false,
            };
            let logs = self.logs.get_mut(&PackageKey { account: account.id.clone(), package }).unwrap();
            if arrived.is_some() {
                logs.received.push(record.clone());
            }
            logs.sent.push(record);
        }
    }

    pub fn missed(&self, stage: &Stage, accounts: &[Account]) -> Missed {
        let mut missed = Missed::default();
        for account in accounts {
            for truth in stage.world.world().lock().packages(&account.id) {
                let id = self.app.account(&account.id).unwrap().id.clone();
                let logs =
                    &self.logs[&PackageKey { account: id, package: PackageId::parse(&truth.id).unwrap() }];
                let (received, sent) = (fold(&logs.received), fold(&logs.sent));
                let name = format!("{}/{}", account.id, truth.id);
                if logs.sent.is_empty() || sent.template {
                    continue;
                }
                let heard = !logs.received.is_empty();
                if account.kind == Kind::WebSignatureOffice && !heard {
                    missed.unheard.insert(name);
                    continue;
                }
                let mut one = One { name, lines: Vec::new(), undone: 0 };
                one.compare(account.kind, heard.then_some(&received), &sent, truth);
                missed.lines.extend(one.lines);
                missed.undone += one.undone;
            }
        }
        missed
    }
}

/// One package's lines.
struct One {
    name: String,
    lines: Vec<Line>,
    undone: usize,
}

impl One {
    fn compare(&mut self, kind: Kind, received: Option<&Package>, sent: &Package, truth: &Truth) {
        let known = received.map(|it| it.status);
        self.field("", "status", known != Some(sent.status), sent.status.word() == status(truth));
        if truth.deleted || kind == Kind::WebSignatureOffice {
            return;
        }
        let nothing = Package::default();
        let known = received.unwrap_or(&nothing);
        self.field("", "trashed", known.trashed != sent.trashed, sent.trashed == truth.trashed);
        for role in &truth.roles {
            let Some(id) = role.signer.as_ref().map(|it| it.id.as_str()) else { continue };
            if kind == Kind::Legalesign {
                let (before, after) = (signer(known, id), signer(sent, id));
                // Of whom nothing was heard and who has done nothing, there is nothing to miss.
                let begun = [&before, &after].iter().any(|it| it.status != SignerStatus::Waiting);
                let heard = before.step.is_some() || begun;
                let differs = heard && (before.step, before.status) != (after.step, after.status);
                self.field(id, "progress", differs, step_of(&after) == step(role));
                continue;
            }
            let refused = |it: &Signer| matches!(it.status, SignerStatus::Declined | SignerStatus::OptedOut);
            // Whoever refused is shown as that, whatever else they did.
            if !refused(&signer(known, id)) {
                let (before, after) = (far(known, id), far(sent, id));
                self.field(id, "progress", before < after, before < true_far(truth, role));
            }
            let (before, after) = (signer(known, id), signer(sent, id));
            self.field(id, "locked", after.locked && !before.locked, role.locked);
            let failed = role.signer.as_ref().is_some_and(|it| it.kba == Some(Kba::Failed));
            self.field(id, "identity", after.kba_failed && !before.kba_failed, failed);
        }
    }

    fn field(&mut self, signer: &str, field: &'static str, differs: bool, is_so: bool) {
        match (differs, is_so) {
            (true, true) => self.lines.push((self.name.clone(), signer.to_owned(), field)),
            (true, false) => self.undone += 1,
            (false, _) => {}
        }
    }
}

fn signer(package: &Package, id: &str) -> Signer {
    package.signers.iter().find(|it| it.id == id).cloned().unwrap_or_default()
}

/// How far a signer is: 0 not begun, 1 begun, 2 done.
fn far(package: &Package, id: &str) -> u8 {
    let begun = package.consented.iter().any(|it| it == id)
        || package.documents.iter().any(|it| it.signed_by.iter().any(|by| by == id));
    match signer(package, id).status {
        SignerStatus::Signed => 2,
        SignerStatus::Signing => 1,
        _ => u8::from(begun),
    }
}

fn true_far(package: &Truth, role: &Role) -> u8 {
    let begun = package.all_documents().flat_map(|it| &it.approvals);
    let begun = begun.filter(|it| it.role == role.id).any(|it| it.accepted.is_some() || it.signed.is_some());
    if done(package, role) { 2 } else { u8::from(begun) }
}

/// Whether a role has signed all that it must, of documents that are no agreement.
fn done(package: &Truth, role: &Role) -> bool {
    let mut papers = package.documents.iter().flat_map(|it| &it.approvals);
    papers.any(|it| it.role == role.id && !it.optional) && package.role_done(&role.id)
}

/// Legalesign's codes, in the board's words.
fn step(role: &Role) -> &'static str {
    let steps = [
        (4, Step::Unsent),
        (5, Step::Scheduled),
        (10, Step::Sent),
        (15, Step::MailOpened),
        (20, Step::Visited),
        (30, Step::Filled),
        (35, Step::FilledButSignature),
        (39, Step::AwaitsWitness),
        (40, Step::Signed),
        (50, Step::Downloaded),
    ];
    steps.iter().find(|(code, _)| *code == role.code).map_or("declined", |(_, step)| step.word())
}

fn step_of(signer: &Signer) -> &'static str {
    signer.step.map_or(signer.status.word(), Step::word)
}

/// What a package's row says otherwise than the provider, of what its API states.
pub fn differs(kind: Kind, truth: &Truth, seen: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, board: &Value, truth: Value| {
        if *board != truth {
            wrong.push(format!("{what}: {board} instead of {truth}"));
        }
    };
    compare("status", &seen["status"], status(truth).into());
    if truth.deleted || kind == Kind::WebSignatureOffice {
        return wrong;
    }
    compare("name", &seen["name"], truth.name.as_str().into());
    compare("trashed", &seen["trashed"], truth.trashed.into());
    compare("archived", &seen["archived"], truth.archived.into());
    for role in &truth.roles {
        let Some(id) = role.signer.as_ref().map(|it| it.id.as_str()) else { continue };
        let Some(it) = seen["signers"].as_array().and_then(|all| all.iter().find(|it| it["id"] == id)) else {
            compare(id, &Value::Null, "a signer".into());
            continue;
        };
        if kind == Kind::Legalesign {
            let at = if it["step"].is_null() { &it["status"] } else { &it["step"] };
            compare(id, at, step(role).into());
            continue;
        }
        compare(&format!("{id} done"), &(it["status"] == "signed").into(), done(truth, role).into());
        // Who refused is shown as that.
        if it["status"] != "declined" && it["status"] != "opted_out" {
            let begun = it["status"] == "signed" || it["status"] == "signing";
            compare(&format!("{id} begun"), &begun.into(), (true_far(truth, role) > 0).into());
        }
        compare(&format!("{id} locked"), &it["locked"], role.locked.into());
    }
    wrong
}
