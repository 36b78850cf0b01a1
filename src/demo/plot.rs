//! One package's whole course: what it is, who signs it, and what happens in which order. Pure: a seeded source in, a plan
//! out; gaps are office time in milliseconds.

use fastrand::Rng;

use super::Kind;
use super::act::{Act, Bounce, Draft, Notice};
use super::drafts::{draft, matter};
use super::fates::Fate;
use super::firm::{self, Matter};
use super::people::{self, pick};

/// A package and what becomes of it.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) draft: Draft,
    /// Gap since the step before (or the making), and the step.
    pub(super) steps: Vec<(i64, Act)>,
    /// In a story about the past, so many of the steps have happened.
    pub(super) cut: usize,
    /// Ends with the due date.
    pub(super) expires: bool,
}

/// Makes up a package with the given fate.
pub(super) fn plot(rng: &mut Rng, kind: Kind, fate: Fate) -> Plot {
    let matter = matter(rng, fate);
    let mut draft = draft(rng, matter);
    let outsiders = draft.signers.iter().filter(|signer| !signer.is_sender).count().max(1);
    let victim = rng.usize(0..outsiders);
    match fate {
        Fate::KbaFailed | Fate::KbaMended | Fate::Locked | Fate::LockMended => {
            draft.signers[victim].kba = true;
        }
        Fate::Reassigned => draft.signers[victim].kba = false,
        Fate::ByHand | Fate::Ready => draft.autocomplete = false,
        Fate::Template => {
            let (title, sender) = *pick(rng, &firm::TEMPLATES);
            draft = Draft { template: true, sender, ..Draft::named(title) };
        }
        Fate::Witnessing | Fate::Witnessed => draft.signers[victim].witnessed = true,
        // Legalesign has no places without a person.
        Fate::Draft if kind != Kind::Legalesign && rng.u32(0..3) == 0 => {
            if let Some(last) = draft.signers.iter_mut().rfind(|signer| !signer.is_sender) {
                last.person = None;
            }
        }
        _ => {}
    }
    let mut pen = Pen { rng, kind, draft: &draft, steps: Vec::new(), cut: None };
    pen.write(fate, victim, matter);
    let (cut, steps) = (pen.cut.unwrap_or(pen.steps.len()), pen.steps);
    Plot { draft, cut, steps, expires: fate == Fate::Expired }
}

struct Pen<'a> {
    rng: &'a mut Rng,
    kind: Kind,
    draft: &'a Draft,
    steps: Vec<(i64, Act)>,
    cut: Option<usize>,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl Pen<'_> {
    fn write(&mut self, fate: Fate, victim: usize, matter: &Matter) {
        if fate == Fate::Template
            || self.draft.signers.iter().any(|signer| signer.person.is_none() && !signer.is_sender)
        {
            return;
        }
        let everyone = self.draft.signers.len();
        if fate == Fate::Draft {
            self.cut = Some(0);
        }
        let out = if fate == Fate::RenderFailed { Act::FailToRender } else { Act::Activate };
        self.then(MINUTE, 25 * MINUTE, out);
        if matches!(fate, Fate::Waiting | Fate::RenderFailed) {
            self.cut = Some(self.steps.len());
        }
        match fate {
            Fate::Viewed => {
                self.then(5 * MINUTE, 8 * HOUR, Act::Open(0));
                self.cut = Some(self.steps.len());
                self.sessions(0, everyone);
            }
            Fate::Voided => {
                let signed = self.rng.usize(0..everyone);
                self.sessions(0, signed);
                self.then(HOUR, 9 * HOUR, Act::Void);
            }
            Fate::Trashed | Fate::Deleted => {
                let signed = self.rng.usize(0..everyone);
                self.sessions(0, signed);
                self.then(HOUR, 9 * HOUR, Act::Trash);
                if fate == Fate::Deleted {
                    self.then(MINUTE, 3 * HOUR, Act::Delete);
                }
            }
            Fate::Expired => {
                let signed = self.rng.usize(0..everyone);
                self.sessions(0, signed);
                self.then(20 * HOUR, 45 * HOUR, Act::Expire);
            }
            _ => {
                self.sessions(0, victim);
                self.trouble(fate, victim, matter);
            }
        }
        self.afterwards(fate);
        if fate == Fate::PartSigned {
            self.cut_between_signatures();
        }
    }

    /// What happens when the victim's turn comes, and everything up to the last signature.
    fn trouble(&mut self, fate: Fate, victim: usize, matter: &Matter) {
        let everyone = self.draft.signers.len();
        match fate {
            Fate::Bounced | Fate::BounceMended => {
                self.then(20 * SECOND, 4 * MINUTE, Act::Bounce(victim, Bounce::Hard));
                self.cut_if(fate == Fate::Bounced);
                let email = people::person(self.rng).email;
                let domain = email.split_once('@').map_or("example.org", |(_, domain)| domain);
                let local =
                    self.draft.signers[victim].person.as_ref().map(|person| person.last.to_lowercase());
                let local: String =
                    local.unwrap_or_default().chars().filter(char::is_ascii_lowercase).collect();
                let new = format!("{local}{}@{domain}", self.rng.u32(2..90));
                self.then(20 * MINUTE, 5 * HOUR, Act::ChangeEmail(victim, new));
            }
            Fate::KbaFailed | Fate::KbaMended => {
                self.then(10 * MINUTE, 9 * HOUR, Act::KbaFail(victim));
                self.cut_if(fate == Fate::KbaFailed);
                self.then(2 * MINUTE, 50 * MINUTE, Act::KbaPass(victim));
            }
            Fate::Locked | Fate::LockMended => {
                self.then(10 * MINUTE, 9 * HOUR, Act::KbaFail(victim));
                self.then(MINUTE, 4 * MINUTE, Act::KbaFail(victim));
                self.then(MINUTE, 4 * MINUTE, Act::Lock(victim));
                self.cut_if(fate == Fate::Locked);
                self.then(10 * MINUTE, 6 * HOUR, Act::Unlock(victim));
                self.then(MINUTE, 2 * HOUR, Act::KbaPass(victim));
            }
            Fate::OutOfOffice => self.then(20 * SECOND, 4 * MINUTE, Act::Bounce(victim, Bounce::OutOfOffice)),
            Fate::Complaint => self.then(MINUTE, 2 * HOUR, Act::Bounce(victim, Bounce::Complaint)),
            Fate::BounceUnknown => self.then(MINUTE, 2 * HOUR, Act::Bounce(victim, Bounce::Unknown)),
            Fate::Reassigned => {
                self.then(10 * MINUTE, 5 * HOUR, Act::Open(victim));
                let to = people::person(self.rng);
                self.then(MINUTE, 15 * MINUTE, Act::Reassign(victim, to));
            }
            Fate::Attached => {
                let (wanted, file) = matter.attachment.unwrap_or(("Supporting document", "Scan.pdf"));
                self.arrive(victim);
                self.then(MINUTE, 12 * MINUTE, Act::Attach(victim, wanted.to_owned(), file.to_owned()));
                self.sign(victim);
                return self.sessions(victim + 1, everyone);
            }
            Fate::Witnessing => {
                self.arrive(victim);
                self.sign(victim);
                self.cut_if(true);
                self.witness(victim);
                return self.sessions(victim + 1, everyone);
            }
            Fate::Reset if everyone > 1 => {
                // Somebody who is through, while another is not.
                let again = victim.min(everyone - 2);
                self.sessions(victim, again + 1);
                self.then(20 * MINUTE, 5 * HOUR, Act::Reset(again));
                return self.sessions(again, everyone);
            }
            Fate::FieldRejected => {
                self.arrive(victim);
                self.then(MINUTE, 12 * MINUTE, Act::RejectFields(victim, 0));
                let here = self.rng.u32(0..3) == 0;
                self.cut_if(here);
                self.sign(victim);
                return self.sessions(victim + 1, everyone);
            }
            Fate::Recalled | Fate::BackToDraft => {
                self.then(10 * MINUTE, 7 * HOUR, Act::Deactivate);
                self.cut_if(fate == Fate::BackToDraft);
                self.then(8 * MINUTE, 4 * HOUR, Act::Activate);
                // What had been signed is lost with the recall.
                return self.sessions(0, everyone);
            }
            Fate::Declined | Fate::Redone => {
                self.then(15 * MINUTE, 9 * HOUR, Act::Open(victim));
                let reasons = firm::DECLINES.iter().filter(|(of, _)| of.is_none_or(|of| of == matter.sender));
                let reasons: Vec<&str> = reasons.map(|(_, reason)| *reason).collect();
                let reason = (*pick(self.rng, &reasons)).to_owned();
                self.then(2 * MINUTE, 25 * MINUTE, Act::Decline(victim, reason));
                if fate == Fate::Declined {
                    return;
                }
                self.then(30 * MINUTE, 6 * HOUR, Act::Activate);
            }
            Fate::OptedOut => {
                self.then(15 * MINUTE, 9 * HOUR, Act::Open(victim));
                let reason = (*pick(self.rng, &firm::OPT_OUTS)).to_owned();
                return self.then(MINUTE, 9 * MINUTE, Act::OptOut(victim, reason));
            }
            Fate::Help => {
                self.arrive(victim);
                let phone = format!("+44 20 7946 0{:03}", self.rng.u32(0..1_000)).replace(' ', "");
                let comment = (*pick(self.rng, &firm::QUESTIONS)).to_owned();
                self.then(MINUTE, 6 * MINUTE, Act::AskForHelp(victim, phone, comment));
            }
            Fate::Noticed(notice) if early(notice) => {
                self.then(5 * MINUTE, 2 * HOUR, Act::Notice(victim, notice));
            }
            _ => {}
        }
        self.sessions(victim, everyone);
    }

    /// What happens once everyone has signed.
    fn afterwards(&mut self, fate: Fate) {
        self.cut_if(fate == Fate::Ready);
        match fate {
            Fate::ByHand | Fate::Ready => self.then(15 * MINUTE, 9 * HOUR, Act::Complete),
            Fate::Archived => self.then(2 * HOUR, 12 * HOUR, Act::Archive),
            Fate::Smooth if self.kind == Kind::Legalesign && self.rng.bool() => {
                self.then(MINUTE, HOUR, Act::Download(0));
            }
            Fate::Restored => {
                self.then(HOUR, 9 * HOUR, Act::Trash);
                self.then(2 * MINUTE, 50 * MINUTE, Act::Restore);
            }
            Fate::Noticed(notice) if !early(notice) => {
                self.then(5 * SECOND, 4 * MINUTE, Act::Notice(0, notice));
                if notice == Notice::DepositFailed {
                    // Somebody sees to it, one day.
                    self.cut_if(true);
                    self.then(20 * MINUTE, 5 * HOUR, Act::Notice(0, Notice::DepositSucceeded));
                }
            }
            _ => {}
        }
    }

    fn sessions(&mut self, from: usize, to: usize) {
        for signer in from..to {
            self.arrive(signer);
            self.sign(signer);
            self.witness(signer);
        }
    }

    fn witness(&mut self, signer: usize) {
        if self.draft.signers[signer].witnessed {
            self.then(10 * MINUTE, 6 * HOUR, Act::Witness(signer));
        }
    }

    /// A signer opens the link and agrees to sign electronically.
    fn arrive(&mut self, signer: usize) {
        let seen = self.steps.iter().any(|(_, act)| *act == Act::Consent(signer));
        let recalled = self.steps.iter().any(|(_, act)| matches!(act, Act::Deactivate | Act::Reset(_)));
        if seen && !recalled {
            return;
        }
        self.then(4 * MINUTE, 14 * HOUR, Act::Open(signer));
        self.then(6 * SECOND, 80 * SECOND, Act::Consent(signer));
    }

    fn sign(&mut self, signer: usize) {
        let draft = self.draft;
        let documents = draft.documents.iter().enumerate();
        for (place, _) in documents.filter(|(_, document)| document.signed_by.contains(&signer)) {
            if self.rng.u32(0..5) < 3 {
                self.then(5 * SECOND, MINUTE, Act::View(signer, place));
            }
            self.then(25 * SECOND, 6 * MINUTE, Act::Sign(signer, place));
        }
    }

    /// Adds a step after a gap; short gaps are likelier than long ones.
    fn then(&mut self, shortest: i64, longest: i64, act: Act) {
        let share = self.rng.f64().powi(2);
        #[expect(clippy::cast_possible_truncation, reason = "a share of at most some hours")]
        let gap = shortest + ((longest - shortest) as f64 * share) as i64;
        self.steps.push((gap, act));
    }

    fn cut_if(&mut self, here: bool) {
        if here {
            self.cut = Some(self.steps.len());
        }
    }

    fn cut_between_signatures(&mut self) {
        let signed =
            |(place, (_, act)): (usize, &(i64, Act))| matches!(act, Act::Sign(..)).then_some(place + 1);
        let mut places: Vec<usize> = self.steps.iter().enumerate().filter_map(signed).collect();
        let last = places.pop().unwrap_or(0);
        // With a single signature to give, they have read it and not signed yet.
        self.cut = Some(if places.is_empty() { last.saturating_sub(1) } else { *pick(self.rng, &places) });
    }
}

/// Told while a package is out, not after it.
fn early(notice: Notice) -> bool {
    matches!(notice, Notice::NotaryCommissioned | Notice::TextLimitReached | Notice::TextOptOut)
}
