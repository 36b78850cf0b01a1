//! Legalesign's callbacks: bytes in, facts and sentences out. Pure; the sender was looked at before.
//!
//! `batch` reads the list of changes, `notice` the forms about one document, `realtime` the JSON events; `form` takes bodies
//! apart and `terms` knows the spellings. What a body says about a package beside what happened (names, tags, its group,
//! people) becomes one more fact, [`Event::Described`], with a fingerprint of its own.

mod batch;
mod notice;
mod realtime;

use super::form::Body;
use crate::model::{AccountId, Description, Event, PackageId, Timestamp};
use crate::provider::{About, Parked, Report, fingerprint};

/// Reads all that a body tells.
pub(super) fn read(account: &AccountId, body: &[u8]) -> Vec<Result<Report, Parked>> {
    match Body::read(body) {
        Ok(Body::Batch { data, .. }) => batch::read(account, &data),
        Ok(Body::Notice { loose, json_signed }) => notice::read(account, &loose, json_signed.as_deref()),
        Ok(Body::Realtime(json)) => realtime::read(account, json),
        Err(parked) => vec![Err(parked)],
    }
}

/// A body of the realtime kind about a document of this id, which is out of plain characters.
pub(super) fn sample(id: &str, now: Timestamp) -> Vec<u8> {
    let seconds = now.0.div_euclid(1_000);
    format!(
        r#"{{"version":"1.0","id":"{id}","created":{seconds},"object":"document","event":"created","data":{{"uuid":"{id}","resourceUri":"/api/v1/document/{id}/","status":10,"recipients":[]}}}}"#
    )
    .into_bytes()
}

/// The fact that a package is called so; `None` if nothing is said of it. `salt` is what makes it a fact of its own: an
/// event's id, or nothing where there is none, and then it is what it says, so that another name is another fact.
fn described(
    account: &AccountId,
    package: &PackageId,
    it: Description,
    salt: Option<&str>,
    name: &str,
    happened_at: Option<Timestamp>,
) -> Option<Report> {
    if it == Description::default() {
        return None;
    }
    let mut parts = vec![Some(account.0.as_str()), Some(package.as_str()), Some("described"), salt];
    if salt.is_none() {
        parts.extend([it.name.as_deref(), it.reference.as_deref(), it.group.as_deref()]);
        for person in &it.people {
            parts.extend([Some(person.id.as_str()), person.name.as_deref(), person.email.as_deref()]);
        }
    }
    let fingerprint = fingerprint(&parts);
    let about = About::Package(package.clone());
    let event = Event::Described(Box::new(it));
    Some(Report { about, event, who: None, name: name.to_owned(), happened_at, fingerprint })
}

fn parked(sentence: impl Into<String>) -> Parked {
    Parked(sentence.into())
}
