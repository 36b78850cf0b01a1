//! What a package is about and made of: a matter of the firm's, who signs, and which documents. Pure: a seeded source in.

use fastrand::Rng;

use super::act::{Draft, DraftDocument, DraftSigner, Notice};
use super::fates::Fate;
use super::firm::{MATTERS, Matter};
use super::package::Person;
use super::people::{self, pick};

const DAY: i64 = 24 * 3_600_000;

/// Something that the fate can befall.
pub(super) fn matter(rng: &mut Rng, fate: Fate) -> &'static Matter {
    let suits = |matter: &&Matter| match fate {
        Fate::Attached => matter.attachment.is_some(),
        Fate::KbaFailed | Fate::KbaMended | Fate::Locked | Fate::LockMended => matter.kba,
        Fate::Noticed(Notice::DepositSucceeded | Notice::DepositAttemptFailed | Notice::DepositFailed) => {
            matter.title.contains("loan") || matter.title.contains("Mortgage")
        }
        _ => true,
    };
    let total = MATTERS.iter().filter(suits).map(|matter| matter.weight).sum::<u32>();
    let mut left = rng.u32(0..total.max(1));
    for matter in MATTERS.iter().filter(suits) {
        if left < matter.weight {
            return matter;
        }
        left -= matter.weight;
    }
    &MATTERS[0]
}

/// A package of that matter.
pub(super) fn draft(rng: &mut Rng, matter: &Matter) -> Draft {
    let count = rng.usize(matter.signers.0..=matter.signers.1);
    let role = |place: usize| matter.roles[place.min(matter.roles.len() - 1)].to_owned();
    let mut signers: Vec<DraftSigner> = Vec::with_capacity(count + 1);
    for place in 0..count {
        let person =
            Some(another(rng, &signers, role(place).starts_with("Joint") || role(place).starts_with("Co-")));
        signers.push(DraftSigner {
            person,
            role: role(place),
            kba: matter.kba,
            witnessed: false,
            is_sender: false,
        });
    }
    let first = signers.first().and_then(|signer| signer.person.as_ref());
    let person = first.map_or_else(String::new, |person| {
        let initial: String = person.first.chars().take(1).collect();
        format!("{initial}. {}", person.last)
    });
    let number = rng.u32(10_000..99_999).to_string();
    let small = rng.u32(2..90).to_string();
    let unit = format!("{}{}", rng.u32(1..40), pick(rng, &['A', 'B', 'C', 'D', 'E']));
    let name = matter
        .title
        .replace("{company}", people::company(rng))
        .replace("{person}", &person)
        .replace("{number}", &number)
        .replace("{small}", &small)
        .replace("{unit}", &unit)
        .replace("{street}", &people::street(rng));
    if matter.sender_signs {
        signers.push(DraftSigner {
            person: None,
            role: "Owner".to_owned(),
            kba: false,
            witnessed: false,
            is_sender: true,
        });
    }
    let documents = (0..matter.documents.len()).filter(|place| *place == 0 || rng.u32(0..4) > 0);
    let documents: Vec<usize> = documents.collect();
    let documents = documents.into_iter().map(|place| document(rng, matter, place, signers.len())).collect();
    let by_program = matter.reference.is_some();
    let data = matter.reference.map(|(key, prefix)| (key.to_owned(), format!("{prefix}{number}")));
    let origin = by_program.then(|| ("origin".to_owned(), "api".to_owned()));
    let due = (rng.u32(0..4) > 0).then(|| i64::from(rng.u32(14..45)) * DAY);
    Draft {
        name,
        sender: matter.sender,
        signers,
        documents,
        autocomplete: true,
        due_after: due,
        data: origin.into_iter().chain(data).collect(),
        template: false,
        by_program,
    }
}

/// Somebody who doesn't sign yet; a partner often has the same family name.
fn another(rng: &mut Rng, signers: &[DraftSigner], partner: bool) -> Person {
    let known = |person: &Person| {
        let mut others = signers.iter().filter_map(|signer| signer.person.as_ref());
        others.any(|other| (&other.first, &other.last) == (&person.first, &person.last))
    };
    for _ in 0..20 {
        let first = signers.first().and_then(|signer| signer.person.as_ref());
        let person = match first {
            Some(first) if partner && rng.u32(0..3) > 0 => people::relative(rng, first),
            _ => people::person(rng),
        };
        if !known(&person) {
            return person;
        }
    }
    people::person(rng)
}

fn document(rng: &mut Rng, matter: &Matter, place: usize, signers: usize) -> DraftDocument {
    let signs = |signer: &usize| place == 0 || *signer == 0 || rng.u32(0..3) > 0;
    let signed_by = (0..signers).filter(signs).collect();
    let name = matter.documents[place].to_owned();
    DraftDocument { name, signed_by, optional_block: rng.u32(0..8) == 0 }
}
