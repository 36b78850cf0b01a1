//! The sync page: every state of an account's sheet, what was missed, and the file with it.

use super::super::sample::{self, DAY, MINUTE, NOW, around, berlin};
use super::super::sync::{DryRun, Finding, csv_line, csv_title};
use super::super::*;
use super::HOSTILE;
use crate::app::traffic::Figures;
use crate::app::{Counts, Drift, DryLine, Run};
use crate::model::{Package, PackageKey, Standing};
use std::time::Duration;

const HOUR: u64 = 3_600;

fn run(id: i64) -> Run {
    let mut run =
        Run::new(AccountId("onespan-eu".into()), "time", Some(NOW.plus(-DAY)), NOW.plus(-2 * MINUTE));
    (run.id, run.compared, run.total, run.found, run.calls) = (id, 6_400, 8_120, 2, 82);
    run
}

fn account<'a>(label: &'a AccountLabel, open: Vec<Run>, around: &Around<'_>) -> AccountSync<'a> {
    let ended = Run { ended_at: Some(NOW.plus(-DAY)), success: true, ..run(1) };
    let figures = Figures {
        account: label.id.clone(),
        since: Some(NOW.plus(-40 * DAY)),
        counts: Counts { checkable: 9_998, repeats: 12, refused: 3, ..Counts::default() },
        has_api: true,
        missed: 2,
        compared_to: Some(NOW),
        last_callback: Some(NOW),
        silent_after: 86_400_000,
    };
    AccountSync {
        account: label,
        has_api: true,
        open,
        last: Some(ended.clone()),
        last_whole: Some(ended),
        next: Some(NOW.plus(238 * MINUTE)),
        every: Duration::from_secs(6 * HOUR),
        silent_after: Duration::from_secs(24 * HOUR),
        calls_per_minute: 60,
        last_callback: Some(NOW.plus(-5 * MINUTE)),
        silent: None,
        answered: Some(NOW.plus(-3 * MINUTE)),
        traffic: TrafficView::new(&figures, &[], around),
        trouble: None,
    }
}

fn drift(id: i64, key: PackageKey) -> Drift {
    Drift {
        id,
        run: Some(1),
        key,
        signer: Some("s2".into()),
        field: "progress".into(),
        board: Some("signing".into()),
        provider: "signed".into(),
        missed: "signer_completed".into(),
        word: Some("SIGNER_COMPLETE".into()),
        subscribed: true,
        happened_at: Some(NOW.plus(-290 * MINUTE)),
        found_at: NOW.plus(-MINUTE),
        expected_by: NOW.plus(-MINUTE),
        came_at: None,
    }
}

fn finding(drift: Drift) -> Finding {
    Finding { drift, package: Some(Package::clone(&sample::mortgage().package)) }
}

fn drawn(accounts: &[AccountSync<'_>], findings: &[Finding], runs: &[Run], query: &SyncQuery) -> String {
    let (labels, zone) = (sample::accounts(), berlin());
    html(&SyncPage::new(&SyncInput {
        around: around(&labels, &zone),
        query,
        accounts,
        findings,
        more_findings: Some(7),
        runs,
        more_runs: Some(9),
        dry: None,
        notice: Some("It had ended already."),
    }))
}

fn has(page: &str, all: &[&str]) {
    for words in all {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

#[test]
fn a_sheet_says_what_goes_on_and_how_well_callbacks_do() {
    let (labels, zone) = (sample::accounts(), berlin());
    let around = around(&labels, &zone);
    let asked = Run { asked_by: Some("127.0.0.1".into()), reason: "people".into(), ..run(41) };
    let waits = Run { begun: false, dry: true, ..Run { id: 42, ..asked.clone() } };
    let page = drawn(&[account(&labels[0], vec![asked, waits], &around)], &[], &[], &SyncQuery::default());
    has(
        &page,
        &[
            "Every 6 hours each provider is polled",
            "OneSpan · EU is being compared with what the provider says.",
            "running, asked for by 127.0.0.1, begun <time",
            "<progress id=\"bar-41\" value=\"6400\" max=\"8120\"",
            "6,400 of 8,120 packages compared · 2 repaired · 82 calls so far, at most 60 a minute · about 32 s left",
            "name=\"run\" value=\"41\"",
            "Waits for its turn: what changed since 20 Nov, 14:02, dry run, asked for by 127.0.0.1",
            "data-key=\"41 42w\"",
            "<noscript><meta http-equiv=\"refresh\"",
            "99.98 %",
            "of what polling can check arrived, in 30 days",
            "missed callbacks repaired by this sync",
            ">18:00</time>",
            "next sync, every 6 hours",
            "repeats: 12, refused: 3",
            "silent after 24 hours",
            "It had ended already.",
            "action=\"/sync/resync\"",
        ],
    );
    assert!(!page.contains("id=\"bar-42\""), "what waits has no bar");
}

#[test]
fn a_quiet_page_runs_nothing_and_says_so() {
    let (labels, zone) = (sample::accounts(), berlin());
    let around = around(&labels, &zone);
    let quiet = account(&labels[0], Vec::new(), &around);
    let mute = AccountSync {
        has_api: false,
        last: None,
        last_whole: None,
        next: None,
        silent: Some(NOW),
        trouble: Some("nobody answers".into()),
        ..account(&labels[1], Vec::new(), &around)
    };
    let page = drawn(&[quiet, mute], &[], &[], &SyncQuery::default());
    has(
        &page,
        &[
            "The last sync, of OneSpan · EU, was whole: 6,400 packages compared, 2 repaired, 20 Nov, 14:02.",
            "data-key=\"\"",
            "whatever a sync could check had come by callback",
            "Bounces, views and reasons exist only as callbacks",
            "no API is configured, so nothing can be polled",
            "silent for longer than 24 hours",
            "Nobody answers.",
            "None has ended yet.",
        ],
    );
    assert!(!page.contains("http-equiv") && !page.contains("<progress id"), "{page}");
}

#[test]
fn the_fragment_is_the_pages_own_run() {
    let (labels, zone) = (sample::accounts(), berlin());
    let around = around(&labels, &zone);
    let page = drawn(&[account(&labels[0], vec![run(41)], &around)], &[], &[], &SyncQuery::default());
    let fragment = html(&RunningFragment::new(&[(vec![run(41)], 60)], &around));
    let part =
        fragment.split_once("<div class=\"run\">").expect("a run").1.rsplit_once("</div>").expect("an end").0;
    assert!(page.contains(part.trim_end()), "{part} is not in {page}");
    has(&fragment, &["id=\"now\" data-key=\"41\""]);
}

#[test]
fn what_was_missed_is_told_in_the_boards_words() {
    let key = || sample::mortgage().key;
    let late = Drift { came_at: Some(NOW), ..drift(5, key()) };
    let trash = Drift {
        field: "trashed".into(),
        board: None,
        provider: "yes".into(),
        signer: None,
        ..drift(6, key())
    };
    let unasked = Drift { subscribed: false, word: None, happened_at: None, ..drift(7, key()) };
    let findings = [drift(4, key()), late, trash, unasked].map(finding);
    let query =
        SyncQuery { account: Some("conga".into()), standing: Some(Standing::Missed), ..SyncQuery::default() };
    let ended = Run { ended_at: Some(NOW), success: true, ..run(3) };
    let runs = [Run { dry: true, ..ended.clone() }, Run { baseline: true, ..ended }];
    let page = drawn(&[], &findings, &runs, &query);
    has(
        &page,
        &[
            "Mortgage refinance 20413",
            "<bdi>Asha Verma</bdi> · OneSpan · EU",
            "class=\"status sent\"><bdi>Signing</bdi>",
            "class=\"status completed\"><bdi>Signed</bdi>",
            "class=\"mono\"><bdi>SIGNER_COMPLETE</bdi>",
            "never came",
            "4 h 49 min",
            "came 1 min later",
            "Nothing of this package",
            "In the trash",
            "<bdi>signer completed</bdi>",
            "not subscribed",
            "href=\"/sync/missed.csv?account=conga&#38;standing=missed\"",
            "href=\"/sync?account=conga&#38;standing=missed&#38;before=7#missed\"",
            "href=\"/sync?account=conga&#38;standing=missed&#38;runs=9#runs\"",
            "<option value=\"missed\" selected>",
            "href=\"/sync?dry=3#dry\">2 things would change",
            "the first look; nothing in it was missed",
            "Whole, nothing was changed",
        ],
    );
}

#[test]
fn a_dry_run_says_what_it_would_change() {
    let (labels, zone) = (sample::accounts(), berlin());
    let run = Run { dry: true, ended_at: Some(NOW), ..run(3) };
    let line = |field: &str, board: Option<&str>, provider: &str| DryLine {
        key: sample::mortgage().key,
        signer: None,
        field: field.into(),
        board: board.map(str::to_owned),
        provider: provider.into(),
        missed: String::new(),
    };
    let lines = [(line("status", Some("sent"), "completed"), None), (line("details", None, ""), None)];
    let page = html(&SyncPage::new(&SyncInput {
        around: around(&labels, &zone),
        query: &SyncQuery::default(),
        accounts: &[],
        findings: &[],
        more_findings: None,
        runs: &[],
        more_runs: None,
        dry: Some(DryRun { run: &run, lines: &lines, cut: true }),
        notice: None,
    }));
    has(&page, &["What it would change", "the first ones.", ">Completed<", "Other names, dates or the like"]);
}

#[test]
fn no_name_is_markup_on_the_page_or_a_formula_in_the_file() {
    for text in HOSTILE {
        let mut package = Package::clone(&sample::mortgage().package);
        package.name = Some(text.into());
        let words = Drift {
            signer: Some(text.into()),
            field: text.into(),
            board: Some(text.into()),
            provider: text.into(),
            word: Some(text.into()),
            ..drift(4, sample::key("conga", text))
        };
        let it = Finding { drift: words, package: Some(package) };
        let asked = Run { asked_by: Some(text.into()), trouble: Some(text.into()), ..run(3) };
        let (labels, zone) = (sample::accounts(), berlin());
        let account = account(&labels[0], vec![asked.clone()], &around(&labels, &zone));
        let page = drawn(&[account], &[it], &[asked], &SyncQuery::default());
        for raw in ["<script>alert", "\" onmouseover", "' onfocus", "&lt;b", "\u{202e}"] {
            assert!(!page.contains(raw), "{raw:?} of {text:?} got through: {page}");
        }
    }
    let mut package = Package::clone(&sample::mortgage().package);
    package.name = Some("=1+1".into());
    let line =
        csv_line(&Finding { drift: drift(4, sample::key("conga", "-P=")), package: Some(package) }, NOW);
    assert_eq!(
        line,
        "2026-11-21T13:01:11.000Z,conga,'-P=,'=1+1,s2,Asha Verma,progress,signing,signed,SIGNER_COMPLETE,missed,\
         2026-11-21T08:12:11.000Z,17340,\r\n"
    );
    assert_eq!(csv_title().matches(',').count(), line.matches(',').count());
}
