//! Lines of files for spreadsheets, as RFC 4180 has them; no cell is a formula. And the file of a board.

use super::time::rfc3339;
use super::words::signer_name;
use super::{Around, row};
use crate::app::Row;
use crate::model::Timestamp;

/// The file begins with it: without, Excel takes what it reads for another alphabet.
pub const MARK: &str = "\u{feff}";

const COLUMNS: [&str; 20] = [
    "account",
    "account name",
    "package",
    "name",
    "status",
    "in the trash",
    "needs attention",
    "waits for the sender",
    "signed",
    "signers",
    "waiting for",
    "sender",
    "sender mail",
    "group",
    "reference",
    "reason",
    "created",
    "updated",
    "due",
    "confirmed at",
];

/// The first line of a board's file.
#[must_use]
pub fn board_title() -> String {
    line(COLUMNS.map(str::to_owned))
}

/// A package as a line of it. What the provider never tells is empty.
#[must_use]
pub fn board_line(row: &Row, around: &Around<'_>) -> String {
    let (package, account) = (&*row.package, around.account(&row.key.account));
    let at = |at: Option<Timestamp>| at.map(rfc3339).unwrap_or_default();
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let never = account.never_tells(package);
    let (signed, signers) = package.signed_of();
    let told = |text: String| if never { String::new() } else { text };
    let waiting: Vec<String> = package.waiting_for().into_iter().map(signer_name).collect();
    line([
        row.key.account.0.clone(),
        account.label.clone(),
        row.key.package.as_str().to_owned(),
        text(&package.name),
        package.status.word().to_owned(),
        yes(package.trashed),
        yes(package.needs_attention(around.now)),
        yes(package.ready_to_complete && !package.trashed),
        signed.to_string(),
        told(signers.to_string()),
        told(waiting.join("; ")),
        row::sender(package).unwrap_or_default(),
        package.sender.as_ref().and_then(|it| it.email.clone()).unwrap_or_default(),
        text(&package.group),
        text(&package.reference),
        text(&package.reason),
        at(package.created),
        rfc3339(package.updated),
        at(package.due),
        at(package.confirmed_at),
    ])
}

/// A line of these cells.
pub(super) fn line<const N: usize>(cells: [String; N]) -> String {
    let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A spreadsheet takes what begins with one of these for a formula, and runs it; an apostrophe makes it text.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::views::sample::{self, around, berlin};

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_line() {
        for (text, expected) in [
            ("Lease, Unit 14B", "\"Lease, Unit 14B\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("a\nb", "\"a\nb\""),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_package_is_a_line_of_as_many_cells_as_the_first() {
        let (accounts, zone) = (sample::accounts(), berlin());
        let told = board_line(&sample::mortgage(), &around(&accounts, &zone));
        assert_eq!(told.matches(',').count(), COLUMNS.len() - 1, "{told}");
        assert_eq!(board_title().matches(',').count(), COLUMNS.len() - 1);
    }
}
