//! What a provider never tells, tells late, or tells in words of its own.

use super::super::sample::{self, NOW, around, berlin};
use super::super::*;
use super::fragment;
use crate::app::{Detail, Row};
use crate::model::{Doubt, DoubtKind, Person, Signer, SignerStatus, Status, Step};

fn user(id: &str, step: Option<Step>, status: SignerStatus) -> Signer {
    Signer { id: id.into(), step, status, counted: true, ..Signer::default() }
}

/// Out at a provider that tells no names: of the two known one is done.
fn untold() -> Package {
    let mut second = user("u18", None, SignerStatus::Waiting);
    (second.fields_signed, second.fields_rejected) = (2, 1);
    let signers = vec![user("u17", None, SignerStatus::Signed), second];
    Package { status: Status::Sent, signers, updated: NOW, ..Package::default() }
}

fn drawn(row: &Row) -> String {
    let (accounts, zone) = (sample::accounts(), berlin());
    let detail = Detail { row: row.clone(), log: Vec::new() };
    html(&PackagePage::new(&PackageInput {
        around: around(&accounts, &zone),
        detail: &detail,
        findings: &[],
        may_ask: true,
        asked: None,
        alerts: PackageAlerts::default(),
    }))
}

#[test]
fn what_is_never_told_is_said_and_not_guessed() {
    let row = sample::row("webso", "1234", 3, untold());
    let (drawn, page) = (fragment(&row), drawn(&row));
    for words in [
        "name not told by WebSignatureOffice",
        "<small>not told by WebSignatureOffice</small>",
        "<small>how many sign is not told</small>",
        "aria-label=\"1 signed\"",
        "2 fields signed, 1 rejected",
    ] {
        assert!(drawn.contains(words), "{words} is not in {drawn}");
    }
    for words in [
        "name not told by WebSignatureOffice",
        "sender not told by WebSignatureOffice",
        "how many sign is not told by WebSignatureOffice",
        "name and mail address not told by WebSignatureOffice",
        "What is in a package is not told by WebSignatureOffice.",
        "2 fields signed, 1 rejected",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    for html in [&drawn, &page] {
        assert!(!html.contains("1 of 2") && !html.contains("not known yet"), "{html}");
    }
    // Whom else it waits for, nobody knows; so it isn't said that u18 is the one.
    assert!(!drawn.contains("u18"), "{drawn}");
    let crowd = (0..12).map(|at| user(&at.to_string(), None, SignerStatus::Signed)).collect();
    let crowd = fragment(&sample::row("webso", "1", 3, Package { signers: crowd, ..untold() }));
    assert!(!crowd.contains("<progress") && crowd.contains("12 signed"), "{crowd}");
}

#[test]
fn an_id_in_place_of_a_name_is_told_as_one() {
    let sender = Person { id: "735d2e63-5f0b".into(), name: None, email: None };
    let package = Package { status: Status::Failed, sender: Some(sender), ..untold() };
    let row = sample::row("webso", "1234", 3, package);
    assert!(fragment(&row).contains("<small class=\"mono\">id <bdi>735d2e63-5f0b</bdi></small>"));
    // A bare number on top of the board would leave open whose it is.
    let (accounts, zone) = (sample::accounts(), berlin());
    let label = around(&accounts, &zone).account(&row.key.account).label;
    let strip = Strip::new(&[sample::alert(&row)], &around(&accounts, &zone));
    assert_eq!(strip.items[0].name, format!("{label} 1234"));
}

#[test]
fn what_an_api_told_after_all_is_shown() {
    let sender = Some(Person { id: "x".into(), name: Some("Dana".into()), email: None });
    let row = sample::row("webso", "1", 3, Package { name: Some("Lease".into()), sender, ..untold() });
    for html in [fragment(&row), drawn(&row)] {
        assert!(html.contains("Lease") && html.contains("Dana") && html.contains("1 of 2"), "{html}");
        assert!(!html.contains("how many sign"), "{html}");
    }
    // Of the others nothing is said to be never told.
    let row = sample::row("legal", "1", 3, untold());
    assert!(fragment(&row).contains("1 of 2") && fragment(&row).contains("<small>not told</small>"));
    for html in [fragment(&row), drawn(&row)] {
        assert!(html.contains("name not told yet") && !html.contains("name not told by"), "{html}");
    }
}

#[test]
fn each_step_has_words_of_its_own_on_row_and_page() {
    let mut said: Vec<&str> = Vec::new();
    for step in Step::ALL {
        let signer = user("ann", Some(step), step.status());
        let words = words::step(&signer).expect("words");
        assert!(!said.contains(&words), "{words}");
        said.push(words);
        let row = sample::row("legal", "1", 3, Package { signers: vec![signer.clone()], ..untold() });
        assert!(drawn(&row).contains(&words::capital(words)), "{step:?}");
        let open = signer.is_open();
        assert_eq!(fragment(&row).contains(&format!("ann</bdi>, {words}")), open, "{step:?}");
        // Past what the step says, it says nothing.
        let declined = Signer { status: SignerStatus::Declined, ..signer };
        assert_eq!(words::step(&declined), None);
    }
}

#[test]
fn fields_read_well() {
    for (signed, rejected, words) in [
        (0, 0, None),
        (1, 0, Some("1 field signed")),
        (2, 1, Some("2 fields signed, 1 rejected")),
        (0, 3, Some("no field signed, 3 rejected")),
        (1_204, 1, Some("1,204 fields signed, 1 rejected")),
    ] {
        assert_eq!(words::fields(signed, rejected).as_deref(), words);
    }
}

#[test]
fn what_a_status_alone_does_not_say_is_marked_in_words() {
    let doubt = Doubt { kind: DoubtKind::Unverified, name: "signed".into(), at: NOW, received_at: NOW };
    let flagged = Package {
        archived: true,
        final_pdf: true,
        render_failed: true,
        doubts: vec![doubt],
        group: Some("lettings & <team>".into()),
        ..untold()
    };
    for (package, marked) in [(flagged, true), (untold(), false)] {
        let row = sample::row("legal", "1", 3, package);
        let (drawn, page) = (fragment(&row), drawn(&row));
        for words in [
            ">archived<",
            ">final PDF ready<",
            ">pages could not be drawn<",
            ">unverified<",
            "href=\"/?account=legal&#38;group=lettings%20%26%20%3Cteam%3E\"",
        ] {
            for html in [&drawn, &page] {
                assert_eq!(html.contains(words), marked, "{words}: {html}");
            }
        }
        assert!(!page.contains("<h1 class=\"trashed\">"), "a mark is no trash");
    }
}

#[test]
fn who_is_told_late_says_so() {
    let late = "told every 6 minutes";
    for (account, lags) in [("legal", true), ("webso", false)] {
        let row = sample::row(account, "1", 3, untold());
        assert_eq!(fragment(&row).contains(late), lags);
        assert_eq!(drawn(&row).contains(late), lags);
    }
    let (accounts, zone) = (sample::accounts(), berlin());
    for (query, lags) in
        [("", true), ("account=legal", true), ("provider=legalesign", true), ("account=webso", false)]
    {
        let query = BoardQuery::parse(query);
        let input = PulseInput {
            around: &around(&accounts, &zone),
            query: &query,
            tallies: &[],
            alerts: &[],
            facets: None,
        };
        assert_eq!(html(&PulseFragment::new(&input)).contains(late), lags, "{query:?}");
    }
}

#[test]
fn a_package_of_another_group_says_why_it_is_on_no_board() {
    let elsewhere = Package { elsewhere: true, group: Some("<b>dev".into()), ..untold() };
    let page = drawn(&sample::row("legal", "1", 3, elsewhere));
    assert!(
        page.contains("belongs to the group “&#60;b&#62;dev”, which the account Legalesign does not show")
    );
}
