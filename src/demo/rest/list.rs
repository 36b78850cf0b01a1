//! `GET packages`: which packages, in which order, which slice of them. A page is cut from the truth of that moment, so
//! packages move between pages while they change, as they do at the provider.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::faults::Faults;
use super::super::package::{Package, Status};
use super::super::shape;

/// The query as it may come; both spellings of the date range are taken.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wanted {
    query: Option<String>,
    predefined: Option<String>,
    r#type: Option<String>,
    search: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    sort: Option<String>,
    dir: Option<String>,
    fields: Option<String>,
    last_updated_start_date: Option<String>,
    last_updated_end_date: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
}

/// More than this many on a page are not given.
const PAGE_LIMIT: usize = 100;
/// So many if nothing is said.
const PAGE_DEFAULT: i64 = 10;
const WEEK: i64 = 7 * 24 * 3_600_000;

/// The page, or a sentence about what can't be understood.
pub(super) fn page(
    packages: &[Package],
    wanted: &Wanted,
    faults: &Faults,
    now: i64,
) -> Result<Value, String> {
    let start =
        wanted.last_updated_start_date.as_deref().or(wanted.start_date.as_deref()).map(date).transpose()?;
    let end = wanted.last_updated_end_date.as_deref().or(wanted.end_date.as_deref()).map(date).transpose()?;
    let folder = folder(wanted)?;
    let templates = wanted.r#type.as_deref() == Some("TEMPLATE");
    let search = wanted.search.as_deref().unwrap_or_default().to_lowercase();
    let mut found: Vec<&Package> = packages
        .iter()
        .filter(|package| !package.deleted && package.template == templates)
        .filter(|package| folder(package))
        .filter(|package| predefined(package, wanted.predefined.as_deref(), now))
        .filter(|package| search.is_empty() || package.name.to_lowercase().contains(&search))
        .filter(|package| start.is_none_or(|start| cut(package.updated) >= start))
        .filter(|package| end.is_none_or(|end| cut(package.updated) <= end))
        .filter(|package| !faults.hides(&package.id) && !faults.forbids(&package.sender.id))
        .collect();
    sort(&mut found, wanted.sort.as_deref().unwrap_or("created"));
    if wanted.dir.as_deref() == Some("desc") {
        found.reverse();
    }
    let (skip, take) = slice(wanted);
    let results: Vec<Value> = found
        .iter()
        .skip(skip)
        .take(take)
        .map(|package| match wanted.fields.as_deref() {
            _ if faults.garbles(&package.id) => json!({ "id": package.id }),
            Some("id") => json!({ "id": package.id }),
            _ => shape::package(package),
        })
        .collect();
    Ok(json!({ "count": found.len(), "results": results }))
}

type Folder = Box<dyn Fn(&Package) -> bool>;

/// Folders in lower case; a status in upper case, where `DRAFT` means the folder, ended packages included.
fn folder(wanted: &Wanted) -> Result<Folder, String> {
    let drafts = |package: &Package| {
        let status = package.status;
        !package.trashed
            && matches!(status, Status::Draft | Status::Declined | Status::OptedOut | Status::Expired)
    };
    match wanted.query.as_deref() {
        None | Some("inbox") => Ok(Box::new(|package| !package.trashed)),
        Some("trashed") => Ok(Box::new(|package| package.trashed)),
        Some("drafts" | "DRAFT") => Ok(Box::new(drafts)),
        Some("SENT" | "COMPLETED" | "ARCHIVED" | "DECLINED" | "OPTED_OUT" | "EXPIRED") => {
            let word = wanted.query.clone().unwrap_or_default();
            Ok(Box::new(move |package| !package.trashed && package.status.word() == word))
        }
        Some(other) => Err(format!("Unknown query: {other}")),
    }
}

fn predefined(package: &Package, wanted: Option<&str>, now: i64) -> bool {
    match wanted {
        Some("awaitingSignature" | "sent") => package.status == Status::Sent,
        Some("completed") => package.status == Status::Completed,
        Some("expiringSoon") => {
            package.status == Status::Sent && package.due.is_some_and(|due| due < now + WEEK)
        }
        _ => true,
    }
}

fn sort(found: &mut [&Package], by: &str) {
    match by {
        "updated" => found.sort_by_key(|package| cut(package.updated)),
        "completed" => found.sort_by_key(|package| package.completed),
        "due" => found.sort_by_key(|package| package.due),
        "name" => found.sort_by(|one, other| one.name.cmp(&other.name)),
        "status" => found.sort_by_key(|package| package.status.word()),
        _ => found.sort_by_key(|package| package.created),
    }
}

/// `from` and `to` count from 1 and `to` is included.
fn slice(wanted: &Wanted) -> (usize, usize) {
    let from = wanted.from.unwrap_or(1).max(1);
    let to = wanted.to.unwrap_or(from.saturating_add(PAGE_DEFAULT - 1));
    let size = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(0);
    (usize::try_from(from - 1).unwrap_or(usize::MAX), size.min(PAGE_LIMIT))
}

fn cut(at: i64) -> i64 {
    at.div_euclid(1000)
}

/// A time or a whole day, in seconds: `2018-01-01T12:30:00Z`, with any offset, or `2018-12-12Z`.
pub(super) fn date(text: &str) -> Result<i64, String> {
    // An offset's plus that was not encoded arrives as a blank.
    let text = text.trim().replace(' ', "+");
    let day = text.strip_suffix('Z').filter(|day| day.len() == 10).unwrap_or(&text);
    let time = if day.len() == 10 { format!("{day}T00:00:00Z") } else { text.clone() };
    let parsed: Result<Timestamp, _> = time.parse();
    parsed.map(Timestamp::as_second).map_err(|_| format!("Invalid date: {text}"))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, date, slice};

    #[test]
    fn dates_come_in_many_forms() {
        assert_eq!(date("2018-12-12Z"), Ok(1_544_572_800));
        assert_eq!(date("2018-12-12"), Ok(1_544_572_800));
        assert_eq!(date("2018-12-12T01:00:00+01:00"), Ok(1_544_572_800));
        assert_eq!(date("2018-12-12T01:00:00 01:00"), Ok(1_544_572_800));
        assert!(date("yesterday").is_err());
    }

    #[test]
    fn positions_count_from_one_and_pages_are_capped() {
        let page = |from, to| slice(&Wanted { from, to, ..Wanted::default() });
        assert_eq!(page(None, None), (0, 10));
        assert_eq!(page(Some(1), Some(100)), (0, 100));
        assert_eq!(page(Some(101), Some(200)), (100, 100));
        assert_eq!(page(Some(1), Some(5_000)), (0, 100));
        assert_eq!(page(Some(0), Some(9)), (0, 9));
        assert_eq!(page(Some(5), Some(4)), (4, 0));
    }
}
