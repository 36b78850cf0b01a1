//! Brings what a batch touches: from memory, else from the database; else it is new.

use super::batch::{Batch, Touched};
use super::numbers::Numbers;
use super::policy::{Policies, names};
use super::shelf::Entry;
use super::signers::{self, Lone, Wanted};
use super::writer::{Job, Writer};
use super::{Reading, StoreError, Subject, packages, removal};
use crate::model::{Fingerprint, PackageKey, Record, SignerKey};
use std::collections::{HashMap, HashSet};

impl Writer {
    pub(super) async fn fetch<'a>(
        &mut self,
        jobs: &[&'a Job],
        batch: &mut Batch<'a>,
        numbers: &mut Numbers,
    ) -> Result<(), StoreError> {
        let wanted = wanted_signers(jobs, &self.policies);
        self.fetch_signers(&wanted, batch, numbers).await?;
        let mut missing: HashMap<PackageKey, HashSet<Fingerprint>> = HashMap::new();
        let copies = wanted
            .iter()
            .filter_map(|(key, wanted)| Some(batch.signers.get(key)?.copies(wanted)))
            .flat_map(|copies| copies.map(|(key, fingerprint)| (key, Some(fingerprint))));
        for (key, fingerprint) in jobs.iter().flat_map(|job| job.packages()).chain(copies) {
            if batch.touched.contains_key(key) {
                continue;
            }
            if let Some(entry) = self.shelf.take(key) {
                batch.touched.insert(key.clone(), Touched::new(entry));
            } else {
                missing.entry(key.clone()).or_default().extend(fingerprint);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        for (key, entry) in packages::load(&mut self.connection, &missing, &self.policies).await? {
            missing.remove(&key);
            batch.touched.insert(key, Touched::new(entry));
        }
        let mut strangers: Vec<PackageKey> = missing.into_keys().collect();
        if self.has_removed {
            let names: Vec<_> = strangers.iter().map(|it| (it.clone(), removal::package_name(it))).collect();
            batch.removed = removal::among(&mut self.connection, &names).await?;
            strangers.retain(|it| !batch.removed.contains(it));
        }
        strangers.sort();
        for key in strangers {
            numbers.package += 1;
            batch.touched.insert(key, Touched::new(Entry::new(numbers.package)));
        }
        Ok(())
    }

    /// Without signers that stand alone this asks nothing.
    async fn fetch_signers(
        &mut self,
        wanted: &HashMap<SignerKey, Wanted>,
        batch: &mut Batch<'_>,
        numbers: &mut Numbers,
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        batch.signers.extend(signers::load(&mut self.connection, wanted).await?);
        let mut strangers: Vec<&SignerKey> =
            wanted.keys().filter(|key| !batch.signers.contains_key(*key)).collect();
        if self.has_removed {
            let names: Vec<_> =
                strangers.iter().map(|it| ((*it).clone(), removal::signer_name(it))).collect();
            batch.removed_signers = removal::among(&mut self.connection, &names).await?;
        }
        strangers.sort();
        for key in strangers {
            numbers.signer += 1;
            batch.signers.insert(key.clone(), Lone::new(numbers.signer));
        }
        Ok(())
    }
}

/// The signers whom jobs speak of or name.
fn wanted_signers(jobs: &[&Job], policies: &Policies) -> HashMap<SignerKey, Wanted> {
    let mut wanted: HashMap<SignerKey, Wanted> = HashMap::new();
    let named = |key: &PackageKey, record: &Record, wanted: &mut HashMap<SignerKey, Wanted>| {
        for signer in names(policies, key, record) {
            wanted.entry(signer).or_default().named_by.insert(key.clone());
        }
    };
    for job in jobs {
        match job {
            Job::Learn(key, record, ..) => named(key, record, &mut wanted),
            Job::PostponeSigner { key, .. } => {
                wanted.entry(key.clone()).or_default();
            }
            Job::Keep(..)
            | Job::Reread { .. }
            | Job::Postpone { .. }
            | Job::Want(..)
            | Job::Refuse(..)
            | Job::Foresee(..)
            | Job::Chore(..)
            | Job::Apart(_)
            | Job::Stop(_) => {}
        }
        for (subject, record) in job.reading().into_iter().flat_map(|reading| &reading.facts) {
            match subject {
                Subject::Package(key) => named(key, record, &mut wanted),
                Subject::Signer(key) => {
                    wanted.entry(key.clone()).or_default().facts.insert(record.fingerprint);
                }
            }
        }
    }
    wanted
}

impl Job {
    fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Keep(arrival, _) => Some(&arrival.reading),
            Self::Reread { reading, .. } => Some(reading),
            Self::Learn(..)
            | Self::Postpone { .. }
            | Self::Want(..)
            | Self::PostponeSigner { .. }
            | Self::Refuse(..)
            | Self::Foresee(..)
            | Self::Chore(..)
            | Self::Apart(_)
            | Self::Stop(_) => None,
        }
    }

    /// The packages, and the facts about them, that this job writes to.
    fn packages(&self) -> Vec<(&PackageKey, Option<Fingerprint>)> {
        match self {
            Self::Learn(key, record, ..) => vec![(key, Some(record.fingerprint))],
            Self::Postpone { key, .. } => vec![(key, None)],
            Self::Want(keys, ..) => keys.iter().map(|key| (key, None)).collect(),
            other => {
                let facts = other.reading().into_iter().flat_map(|reading| &reading.facts);
                facts
                    .filter_map(|(subject, record)| match subject {
                        Subject::Package(key) => Some((key, Some(record.fingerprint))),
                        Subject::Signer(_) => None,
                    })
                    .collect()
            }
        }
    }
}
