//! Erases a person: their name, their mail address and what they wrote, wherever the board has it. What happened stays, and
//! how often; it happened to somebody.

use super::people::{NewSecret, mail_address};
use super::{App, StoreError};
use crate::model::deed::DeedKind;
use crate::store::{Blotted, Held, Whom};
use serde::{Deserialize, Serialize};
use std::fmt;

/// So many characters a name has at most.
const LONGEST_NAME: usize = 200;
/// A shorter name would be found in half of all texts.
const SHORTEST_NAME: usize = 3;

/// Somebody to erase, and who wants it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ToErase {
    /// Their mail address.
    pub mail: String,
    /// Their name, to look through texts for, and for people of whom no mail address is told.
    pub name: Option<String>,
    /// Who wants it.
    pub by: String,
    /// From where.
    pub remote: String,
}

impl fmt::Debug for ToErase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToErase").field("by", &self.by).finish_non_exhaustive()
    }
}

/// What was found of somebody, or erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// The number of the erasing; `None`: it was only looked.
    pub number: Option<i64>,
    /// In packages.
    pub blotted: Blotted,
    /// Beside them.
    pub held: Held,
    /// Entries of the audit that name them; these stay.
    pub audit: u64,
    /// They use the board, or a token is limited to what they sent or shows them; that stays, too.
    pub is_user: bool,
    /// Groups of packages that are called like them. These stay: by a group's name an account may be limited to it.
    pub groups: u64,
    /// Copies of the database beside it, which hold what it held.
    pub copies: Vec<String>,
}

impl Traced {
    /// It as sentences, one a line; nobody is named in them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { blotted: Blotted { packages, facts, bodies }, held, .. } = self;
        let Held { arrivals, refused, waiting, views, unread } = held;
        let done = if self.number.is_some() { "Erased" } else { "Would be erased" };
        let mut lines = vec![format!(
            "{done}: in {packages} packages with {facts} facts, the bytes of {} callbacks, {} refused calls, {} pasted callbacks.",
            arrivals.union(bodies).count(),
            refused.len(),
            waiting.len()
        )];
        if !views.is_empty() {
            lines.push(format!("{} saved views that name them go, too.", views.len()));
        }
        if *unread > 0 {
            lines.push(format!(
                "{unread} callbacks that could not be digested yet name them and stay; look at the log."
            ));
        }
        if self.audit > 0 {
            lines.push(format!(
                "{} entries of the audit name them; they stay for as long as it is kept.",
                self.audit
            ));
        }
        if self.is_user {
            lines.push(
                "They use this board, or a token is limited to what they sent or shows them; that stays: see People and Tokens.".to_owned(),
            );
        }
        if self.groups > 0 {
            lines.push(format!(
                "{} groups of packages are called like them; that stays, since it is by this name that the provider keeps \
                 them: it is changed there.",
                self.groups
            ));
        }
        if !self.copies.is_empty() {
            lines.push(format!("Copies beside the database hold what it held: {}.", self.copies.join(", ")));
        }
        lines.push(
            "A backup that was made before, and the log of the system, hold what they held.".to_owned(),
        );
        lines
    }
}

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// Why nobody was erased.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EraseError {
    /// No mail address.
    #[error("this is no mail address; give the one under which they are in the packages")]
    Mail,
    /// No name to look for.
    #[error("a name to look for has 3 to 200 characters")]
    Name,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Where somebody is; nothing is changed.
    ///
    /// # Errors
    /// Nobody can be looked for so, or what hinders the store.
    pub async fn trace(&self, it: &ToErase) -> Result<Traced, EraseError> {
        let whom = whom(it)?;
        let mut traced = Traced { held: self.store.held(&whom).await?, ..Traced::default() };
        let mut after = Some(0);
        while let Some(from) = after {
            let (rows, next) = self.store.naming(&whom, from).await?;
            for row in rows {
                add(&mut traced.blotted, self.store.would_blot(row, &whom).await?);
            }
            after = next;
        }
        (traced.audit, traced.is_user) = self.store.named_elsewhere(&whom).await?;
        traced.groups = self.store.groups_called(&whom).await?;
        traced.copies = self.store.copies();
        Ok(traced)
    }

    /// Erases somebody. Whoever breaks it off may begin again: it goes on.
    ///
    /// # Errors
    /// Nobody can be erased so, or what hinders the store.
    pub async fn erase(&self, it: &ToErase) -> Result<Traced, EraseError> {
        let mut whom = whom(it)?;
        self.drain().await?;
        let salt = NewSecret::make("")?;
        let now = self.now();
        // First of all: what is told of them from now on is kept without them.
        whom.number = self.store.begin_erasing(&whom, salt.text(), now).await?;
        // Before their names go: afterwards nobody knows which bytes were theirs.
        let held = self.store.held(&whom).await?;
        let mut traced = Traced { number: Some(whom.number), ..Traced::default() };
        let mut after = Some(0);
        while let Some(from) = after {
            let (rows, next) = self.store.naming(&whom, from).await?;
            for row in rows {
                add(&mut traced.blotted, self.store.blot(row, &whom, now).await?);
            }
            after = next;
        }
        self.store.blot_rest(&whom, held.clone()).await?;
        traced.held = held;
        (traced.audit, traced.is_user) = self.store.named_elsewhere(&whom).await?;
        traced.groups = self.store.groups_called(&whom).await?;
        traced.copies = self.store.copies();
        self.store.settle().await?;
        let Blotted { packages, facts, .. } = &traced.blotted;
        let what = format!("a person, number {}: {packages} packages, {facts} facts", whom.number);
        self.note(&it.by, &it.remote, DeedKind::Erase, what).await;
        Ok(traced)
    }

    /// The same for a command beside the board.
    pub(super) async fn erase_job(&self, input: &str) -> Result<String, StoreError> {
        let it: ToErase = serde_json::from_str(input)
            .map_err(|_| StoreError::Unreadable("a job that names nobody".into()))?;
        match self.erase(&it).await {
            Ok(traced) => Ok(traced.to_string()),
            Err(EraseError::Store(cause)) => Err(cause),
            Err(cause) => Ok(format!("{}{cause}", super::replay::JOB_FAILED)),
        }
    }
}

fn whom(it: &ToErase) -> Result<Whom, EraseError> {
    let mail = mail_address(&it.mail).ok_or(EraseError::Mail)?.to_lowercase();
    let name = it.name.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    let length = name.as_ref().map(|it| it.chars().count());
    if length.is_some_and(|it| !(SHORTEST_NAME..=LONGEST_NAME).contains(&it)) {
        return Err(EraseError::Name);
    }
    Ok(Whom { mail, name, number: 0 })
}

fn add(all: &mut Blotted, more: Blotted) {
    all.packages += more.packages;
    all.facts += more.facts;
    all.bodies.extend(more.bodies);
}
