//! The invented firm: its staff, what it has signed, and the words people give when something goes wrong. Tables only; any
//! likeness to a real firm or person is chance, and every address ends in a name reserved for examples.

/// The firm, as it stands in a sender's entry.
pub(super) const NAME: &str = "Alder & Finch";

/// The teams that a sender's packages belong to, by the sender's place.
pub(super) const GROUPS: [&str; 3] = ["lettings", "people", "corporate"];

/// Those who send packages.
pub(super) const STAFF: [(&str, &str, &str); 8] = [
    ("Dana", "Reyes", "Lending operations"),
    ("Ola", "Bergman", "Procurement"),
    ("Priya", "Nair", "Client accounts"),
    ("Matteo", "Ferri", "Property"),
    ("Ngozi", "Eze", "People and culture"),
    ("Hannah", "Vogt", "Legal counsel"),
    ("Samir", "Haddad", "Claims"),
    ("Claire", "Dubois", "Company secretary"),
];

/// One kind of thing the firm has signed.
#[derive(Debug)]
pub(super) struct Matter {
    /// `{company}`, `{person}` (initial and last name of the first signer), `{number}`, `{small}` (a number in a
    /// series), `{unit}`, `{street}`.
    pub(super) title: &'static str,
    /// Place in [`STAFF`].
    pub(super) sender: usize,
    /// Role names in signing order; more signers than roles repeat the last.
    pub(super) roles: &'static [&'static str],
    /// Fewest and most signers.
    pub(super) signers: (usize, usize),
    /// First what everyone signs.
    pub(super) documents: &'static [&'static str],
    /// Outsiders answer identity questions.
    pub(super) kba: bool,
    /// The sender signs last.
    pub(super) sender_signs: bool,
    /// What a signer may have to hand in: what was asked for, the file.
    pub(super) attachment: Option<(&'static str, &'static str)>,
    /// The firm's own reference: key and prefix.
    pub(super) reference: Option<(&'static str, &'static str)>,
    /// How often, relative to the others.
    pub(super) weight: u32,
}

const COMMON: Matter = Matter {
    title: "",
    sender: 5,
    roles: &["Signer"],
    signers: (2, 2),
    documents: &[],
    kba: false,
    sender_signs: false,
    attachment: None,
    reference: None,
    weight: 4,
};

/// What the firm has signed.
pub(super) const MATTERS: [Matter; 22] = [
    Matter {
        title: "Mortgage refinance {number}",
        sender: 0,
        roles: &["Borrower", "Co-borrower", "Guarantor"],
        signers: (1, 3),
        documents: &["Loan agreement", "Mortgage deed", "Cost disclosure"],
        kba: true,
        attachment: Some(("Proof of income", "Payslips.pdf")),
        reference: Some(("loanNumber", "ML-")),
        weight: 10,
        ..COMMON
    },
    Matter {
        title: "Home loan {number}, {street}",
        sender: 0,
        roles: &["Borrower", "Co-borrower"],
        signers: (1, 2),
        documents: &["Loan agreement", "Repayment schedule"],
        kba: true,
        sender_signs: true,
        attachment: Some(("Valuation report", "Valuation report.pdf")),
        reference: Some(("loanNumber", "HL-")),
        weight: 6,
    },
    Matter {
        title: "Mutual NDA, {company}",
        documents: &["Mutual non-disclosure agreement"],
        reference: Some(("crmId", "OPP-")),
        weight: 12,
        ..COMMON
    },
    Matter {
        title: "Employment contract, {person}",
        sender: 4,
        roles: &["Employee", "Head of department"],
        documents: &["Employment contract", "Privacy notice for employees"],
        attachment: Some(("Copy of passport or identity card", "Identity card, both sides.pdf")),
        reference: Some(("personnelNumber", "P-")),
        weight: 9,
        ..COMMON
    },
    Matter {
        title: "Offer letter, {person}",
        sender: 4,
        roles: &["Candidate"],
        signers: (1, 1),
        documents: &["Offer letter"],
        sender_signs: true,
        weight: 4,
        ..COMMON
    },
    Matter {
        title: "Lease renewal, Unit {unit}",
        sender: 3,
        roles: &["Tenant", "Landlord"],
        documents: &["Lease renewal agreement", "House rules"],
        reference: Some(("propertyId", "U-")),
        weight: 8,
        ..COMMON
    },
    Matter {
        title: "Commercial lease, {street}",
        sender: 3,
        roles: &["Tenant", "Guarantor", "Landlord"],
        signers: (2, 4),
        documents: &["Commercial lease", "Fit-out schedule", "Deposit agreement"],
        attachment: Some(("Proof of insurance", "Certificate of insurance.pdf")),
        weight: 5,
        ..COMMON
    },
    Matter {
        title: "Supplier onboarding, {company}",
        sender: 1,
        roles: &["Supplier", "Supplier, second signature"],
        signers: (1, 2),
        documents: &["Supplier agreement", "Code of conduct", "Bank details form"],
        sender_signs: true,
        attachment: Some(("Commercial register extract", "Register extract.pdf")),
        reference: Some(("vendorId", "V-")),
        weight: 9,
        ..COMMON
    },
    Matter {
        title: "Account opening {number}",
        sender: 2,
        roles: &["Account holder", "Joint account holder"],
        signers: (1, 2),
        documents: &["Application form", "General terms", "Tax self-certification"],
        kba: true,
        attachment: Some(("Proof of address", "Utility bill.pdf")),
        reference: Some(("customerId", "C-")),
        weight: 10,
        ..COMMON
    },
    Matter {
        title: "Signature mandate, {company}",
        sender: 2,
        roles: &["Authorised signatory"],
        signers: (2, 5),
        documents: &["Bank mandate", "Specimen signatures"],
        weight: 3,
        ..COMMON
    },
    Matter {
        title: "Board resolution {small}",
        sender: 7,
        roles: &["Chair", "Member of the board"],
        signers: (3, 7),
        documents: &["Resolution in writing"],
        weight: 4,
        ..COMMON
    },
    Matter {
        title: "Shareholders' agreement, {company}",
        sender: 7,
        roles: &["Shareholder"],
        signers: (9, 13),
        documents: &["Shareholders' agreement", "Deed of adherence"],
        weight: 2,
        ..COMMON
    },
    Matter {
        title: "Master services agreement, {company}",
        roles: &["Client", "Client, second signature"],
        documents: &["Master services agreement", "Data processing agreement"],
        signers: (1, 2),
        sender_signs: true,
        reference: Some(("crmId", "OPP-")),
        weight: 7,
        ..COMMON
    },
    Matter {
        title: "Statement of work {small}, {company}",
        sender: 1,
        roles: &["Client"],
        signers: (1, 2),
        documents: &["Statement of work"],
        sender_signs: true,
        weight: 6,
        ..COMMON
    },
    Matter {
        title: "Data processing agreement, {company}",
        roles: &["Processor", "Data protection officer"],
        documents: &["Data processing agreement", "Technical measures"],
        weight: 4,
        ..COMMON
    },
    Matter {
        title: "Claim settlement {number}",
        sender: 6,
        roles: &["Claimant"],
        signers: (1, 2),
        documents: &["Settlement and release"],
        kba: true,
        attachment: Some(("Repair invoice", "Invoice body shop.pdf")),
        reference: Some(("claimNumber", "CL-")),
        weight: 7,
        ..COMMON
    },
    Matter {
        title: "Power of attorney, {person}",
        roles: &["Principal", "Attorney"],
        documents: &["Power of attorney"],
        kba: true,
        weight: 3,
        ..COMMON
    },
    Matter {
        title: "Share transfer, {company}",
        sender: 7,
        roles: &["Transferor", "Transferee"],
        signers: (2, 3),
        documents: &["Share transfer deed", "Stock transfer form"],
        weight: 3,
        ..COMMON
    },
    Matter {
        title: "Engagement letter, {company}",
        sender: 2,
        roles: &["Client"],
        signers: (1, 2),
        documents: &["Engagement letter", "Terms of business"],
        sender_signs: true,
        weight: 5,
        ..COMMON
    },
    Matter {
        title: "Purchase agreement, {street}",
        sender: 3,
        roles: &["Buyer", "Buyer", "Seller", "Seller"],
        signers: (2, 4),
        documents: &["Purchase agreement", "Inventory of fixtures"],
        kba: true,
        weight: 4,
        ..COMMON
    },
    Matter {
        title: "Policy renewal {number}, {person}",
        sender: 6,
        roles: &["Policyholder"],
        signers: (1, 1),
        documents: &["Renewal form", "Direct debit mandate"],
        reference: Some(("policyNumber", "PN-")),
        weight: 6,
        ..COMMON
    },
    Matter {
        title: "Change order {small}, {street}",
        sender: 1,
        roles: &["Contractor", "Site manager"],
        signers: (2, 3),
        documents: &["Change order", "Revised schedule"],
        reference: Some(("projectId", "PR-")),
        weight: 4,
        ..COMMON
    },
];

/// Templates the firm keeps, and who made them.
pub(super) const TEMPLATES: [(&str, usize); 5] = [
    ("Template: mutual NDA", 5),
    ("Template: employment contract", 4),
    ("Template: supplier agreement", 1),
    ("Template: engagement letter", 2),
    ("Template: lease renewal", 3),
];

/// Why people decline; some reasons only fit what a certain sender sends.
pub(super) const DECLINES: [(Option<usize>, &str); 19] = [
    (None, "My last name is misspelled on page 2. Please correct it and send again."),
    (None, "Annex B is missing."),
    (None, "The address in the header is our old one."),
    (None, "I'd like to speak to my adviser before I sign."),
    (None, "Please send this to my colleague, I am not authorised to sign it."),
    (Some(0), "The interest rate in section 3 is not the one we agreed on."),
    (Some(0), "The term should be 20 years, the agreement says 25."),
    (Some(1), "We have decided not to take on new customers this quarter."),
    (Some(1), "Payment terms should be 30 days, not 60."),
    (Some(2), "We have opened an account elsewhere in the meantime."),
    (Some(2), "Wrong company: this should be made out to the holding, not the subsidiary."),
    (Some(3), "The deposit is two months' rent, we had agreed on one."),
    (Some(3), "We are withdrawing our offer."),
    (Some(4), "The notice period should be three months, not six."),
    (Some(4), "The start date has moved to the first of the month, the contract still says the fifteenth."),
    (Some(5), "Clause 8.2 puts no limit on liability. Our counsel can't accept that."),
    (Some(5), "Governing law should be England and Wales, as discussed."),
    (Some(6), "The settlement doesn't cover the rental car."),
    (Some(7), "I vote against this resolution and have written to the chair."),
];

pub(super) const OPT_OUTS: [&str; 6] = [
    "I would rather sign on paper at the branch.",
    "Please send the documents by post.",
    "I don't want to sign electronically.",
    "Our statutes require ink signatures for this.",
    "I can't read the documents on my phone and have no computer.",
    "My bank asks for an original with a wet signature.",
];

pub(super) const QUESTIONS: [&str; 5] = [
    "I can't find the second signature box.",
    "The page stays blank after I agree to the terms.",
    "Do both of us need to sign on the same device?",
    "Which of the two addresses should I enter?",
    "I signed the wrong version, can I start over?",
];

#[cfg(test)]
mod tests {
    use super::{MATTERS, STAFF};

    #[test]
    fn the_tables_fit_together() {
        for matter in &MATTERS {
            assert!(matter.sender < STAFF.len(), "{}", matter.title);
            assert!(!matter.documents.is_empty() && matter.documents.len() <= 3, "{}", matter.title);
            assert!(1 <= matter.signers.0 && matter.signers.0 <= matter.signers.1, "{}", matter.title);
            assert!(matter.weight > 0 && !matter.roles.is_empty(), "{}", matter.title);
        }
    }
}
