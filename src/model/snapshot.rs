//! What a provider's API says about a package, in the house's words. A snapshot is an event like any other.

use super::{Person, Status, Step, Timestamp};

/// What the API said when it was asked about one package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "an event boxes it, and there are few")]
pub enum Answer {
    /// It showed the package.
    Shown(Snapshot),
    /// It doesn't know the id (404). Counts only under rule 9.
    NotFound,
}

/// The state of a package as the API states it. What an API can't state (views, bounces, reasons) is absent here,
/// and so it can't be denied by it (rule 15).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Its status.
    pub status: Status,
    /// In the trash, whatever the status.
    pub trashed: bool,
    /// The id is a template's or a layout's (rule 13).
    pub template: bool,
    /// Its name.
    pub name: Option<String>,
    /// Who sent it.
    pub sender: Option<Person>,
    /// The team that it belongs to, at a provider that has teams.
    pub group: Option<String>,
    /// The customer's own words for it: OneSpan's `data`, Legalesign's tags.
    pub reference: Option<String>,
    /// The same as it was handed over, by name: OneSpan's `data`, Legalesign's tags.
    pub data: Vec<(String, String)>,
    /// When it was made, to the second.
    pub created: Option<Timestamp>,
    /// When the provider last touched it, to the second; bounces don't move it.
    pub updated: Option<Timestamp>,
    /// When it expires.
    pub due: Option<Timestamp>,
    /// Completes by itself with the last signature.
    pub autocomplete: bool,
    /// Put away at a provider where that is a flag, not a status.
    pub archived: bool,
    /// The final, signed PDF exists.
    pub final_pdf: bool,
    /// Why somebody refused, where the API says so.
    pub reason: Option<String>,
    /// It states the status and nothing else: every other field means nothing, but that `trashed` and `updated` may be
    /// compared with those of a list (rule 18).
    pub status_only: bool,
    /// The places in the signing order.
    pub places: Vec<Place>,
    /// The documents.
    pub papers: Vec<Paper>,
}

/// A place in the signing order and the people in it now: none (a placeholder), one, or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The role id.
    pub role: String,
    /// The place's own name, such as "Counter-signer".
    pub name: Option<String>,
    /// The provider's number in the signing order.
    pub index: i64,
    /// Locked out; `None` where the API doesn't say.
    pub locked: Option<bool>,
    /// How many approvals are required of it. None: it isn't counted in "n of m".
    pub required: u32,
    /// How many of the required ones are confirmed.
    pub signed: u32,
    /// How far its signer is, at a provider that says it in one word (rule 19).
    pub step: Option<Step>,
    /// Whether its signer refused, at a provider that says so of signers.
    pub refused: bool,
    /// Its signer stands where we have no word for: how far they are stays as it is known (rule 19).
    pub untold: bool,
    /// Whether any field was clicked or confirmed at all.
    pub started: bool,
    /// The latest accepted or signed time.
    pub last_mark: Option<Timestamp>,
    /// Who sits there.
    pub people: Vec<(Person, Identity)>,
}

/// What the API says of a signer's identity check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// Nothing, or not yet attempted.
    #[default]
    Untold,
    /// Passed.
    Passed,
    /// Failed or locked.
    Failed,
}

/// A document of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paper {
    /// The document's id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// A consent or another agreement: accepting it is no signature.
    pub agreement: bool,
    /// The roles that have confirmed it.
    pub signed_by: Vec<String>,
}

impl Place {
    /// The API says in one word how far its signer is.
    #[must_use]
    pub fn tells_step(&self) -> bool {
        self.step.is_some() || self.refused
    }

    /// Every required approval is confirmed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.required > 0 && self.signed >= self.required
    }
}

impl Snapshot {
    /// Everybody in it.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.places.iter().flat_map(|place| &place.people).map(|(person, _)| person)
    }

    /// Rule 10: everybody signed and the sender has to finish it. Where signers have steps, nobody has to.
    #[must_use]
    pub fn is_ready_to_complete(&self) -> bool {
        let mut counted = self.places.iter().filter(|place| place.required > 0).peekable();
        self.status == Status::Sent
            && !self.autocomplete
            && counted.peek().is_some()
            && counted.all(|place| place.is_signed() && !place.tells_step())
    }
}
