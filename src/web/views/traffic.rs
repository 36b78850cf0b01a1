//! Callbacks per hour as a drawing of bars, with the same in words and in a table; and how well an account's callbacks do.

use super::Around;
use super::time::{When, lasting, rfc3339};
use super::words::{count, number};
use crate::app::traffic::{Figures, SPAN_DAYS, sum};
use crate::app::{Counts, Hour};
use crate::model::{Delays, Timestamp};
use askama::Template;
use serde::Serialize;

/// So many hours are drawn.
pub const HOURS: i64 = 48;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// The drawing's own units: an hour's width, and the height of the busiest hour.
const WIDE: i64 = 10;
const HIGH: i64 = 100;
/// What came at all is seen, however little it is beside the busiest hour.
const LEAST: i64 = 3;
/// The parts of a bar.
const KEY: [(&str, &str); 4] =
    [("told", "callbacks"), ("repeated", "repeats"), ("refused", "refused"), ("silent", "none in that hour")];

/// An account's figures in words, and its last hours drawn: `{{ view }}` in a page prints the drawing.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/traffic.svg.html")]
pub struct TrafficView {
    /// From when on the figures count: `in 30 days`, `since 18 Nov, 10:00`.
    pub span: String,
    /// Of what polling can check, how much arrived: `99.98 %`, or why nobody can say.
    pub arrived: String,
    /// How many callbacks comparisons found missing.
    pub missed: String,
    /// Half of what was new came within this; `None`: the provider doesn't say when things happened.
    pub median: Option<String>,
    /// 95 % of it did.
    pub p95: Option<String>,
    /// How late everything is by the provider's design, if it is.
    pub lag: Option<String>,
    /// How many callbacks told nothing new.
    pub repeats: String,
    /// How many calls were refused.
    pub refused: String,
    /// When a callback last came.
    pub last_callback: Option<When>,
    /// After how long without one the account counts as silent.
    pub silent_after: String,
    id: String,
    label: String,
    sentence: String,
    begins: When,
    middle: When,
    peak: String,
    bars: Vec<Bar>,
    /// What the drawing's parts mean, of those that are in it.
    key: Vec<(&'static str, &'static str)>,
    rows: Vec<(When, [String; 5])>,
}

// Its own template escapes its parts.
impl askama::filters::HtmlSafe for TrafficView {}

/// One hour of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bar {
    x: i64,
    /// From the ground up: what each is, its upper edge and its height. Empty: nothing came, though it was counted.
    parts: Vec<(&'static str, i64, i64)>,
}

impl TrafficView {
    /// The first hour that is drawn at `now`: the store is asked for what came since.
    #[must_use]
    pub fn from(now: Timestamp) -> Timestamp {
        Timestamp((now.0.div_euclid(HOUR_MS) + 1 - HOURS).saturating_mul(HOUR_MS))
    }

    /// The figures of an account, and the hours since [`TrafficView::from`] in which something came to it.
    #[must_use]
    pub fn new(figures: &Figures, hours: &[Hour], around: &Around<'_>) -> Self {
        let at = |at| When::at(at, around.now, around.zone);
        let account = around.account(&figures.account);
        let begins = Self::from(around.now);
        let peak = hours.iter().map(|hour| hour.counts.callbacks + hour.counts.refused).max().unwrap_or(0);
        let drawn = |place: i64| {
            let hour = begins.plus(place * HOUR_MS);
            let counts = hours.iter().find(|it| it.at == hour).map(|it| it.counts);
            let counted = counts.is_some() || figures.since.is_some_and(|since| since <= hour);
            counted.then(|| Bar::new(place * WIDE, &counts.unwrap_or_default(), peak))
        };
        let bars: Vec<Bar> = (0..HOURS).filter_map(drawn).collect();
        let key = KEY.into_iter().filter(|(class, _)| bars.iter().any(|bar| bar.has(class))).collect();
        let row = |hour: &Hour| {
            let it = &hour.counts;
            let cells = [it.callbacks, it.fresh, it.repeats, it.set_aside, it.refused].map(number);
            (at(hour.at), cells)
        };
        Self {
            span: span(figures, around),
            arrived: arrived(figures),
            missed: number(figures.missed),
            median: figures.median().map(delay),
            p95: figures.p95().map(delay),
            lag: account.lag(),
            repeats: number(figures.counts.repeats),
            refused: number(figures.counts.refused),
            last_callback: figures.last_callback.map(|at| When::ago(at, around.now, around.zone)),
            silent_after: lasting(figures.silent_after),
            id: account.id.0,
            label: account.label,
            sentence: sentence(figures, hours, around),
            begins: at(begins),
            middle: at(begins.plus(HOURS / 2 * HOUR_MS)),
            peak: number(peak),
            bars,
            key,
            rows: hours.iter().rev().map(row).collect(),
        }
    }

    fn width(&self) -> i64 {
        HOURS * WIDE
    }
}

impl Bar {
    fn new(x: i64, counts: &Counts, peak: u64) -> Self {
        let told = counts.callbacks.saturating_sub(counts.repeats);
        let mut top = HIGH;
        let mut part = |class, count: u64| {
            let share = i128::from(count) * i128::from(HIGH) / i128::from(peak.max(1));
            let height = i64::try_from(share).unwrap_or(HIGH).max(LEAST);
            top -= height;
            (class, top, height)
        };
        let counts = [("told", told), ("repeated", counts.repeats), ("refused", counts.refused)];
        let came = counts.into_iter().filter(|(_, count)| *count > 0);
        Self { x, parts: came.map(|(class, count)| part(class, count)).collect() }
    }

    fn has(&self, class: &str) -> bool {
        match self.parts.as_slice() {
            [] => class == "silent",
            parts => parts.iter().any(|(it, ..)| *it == class),
        }
    }
}

/// The hours in a sentence or three: what whoever doesn't see the drawing needs of it.
fn sentence(figures: &Figures, hours: &[Hour], around: &Around<'_>) -> String {
    let at = |at| When::at(at, around.now, around.zone).shown().to_owned();
    let all = sum(hours);
    let mut text = match hours.iter().rev().max_by_key(|it| it.counts.callbacks) {
        Some(most) if all.callbacks > 0 => {
            let (all, most, from) =
                (count(all.callbacks, "callback", "callbacks"), number(most.counts.callbacks), at(most.at));
            format!("{all} in {HOURS} hours; {most} in the busiest, from {from}.")
        }
        _ => format!("No callback in {HOURS} hours."),
    };
    if all.repeats > 0 {
        text.push_str(&format!(" {}.", count(all.repeats, "was a repeat", "were repeats")));
    }
    if all.set_aside > 0 {
        text.push_str(&format!(" {} could not be read.", number(all.set_aside)));
    }
    if all.refused > 0 {
        text.push_str(&format!(" {} refused.", count(all.refused, "more call was", "more calls were")));
    }
    if let Some(last) = figures.last_callback.filter(|last| around.now.since(*last) >= HOUR_MS) {
        text.push_str(&format!(" None since {}.", at(last)));
    }
    if let Some(since) = figures.since.filter(|since| *since > TrafficView::from(around.now)) {
        text.push_str(&format!(" Counted since {}.", at(since)));
    }
    text
}

fn span(figures: &Figures, around: &Around<'_>) -> String {
    match figures.since {
        None => "nothing has come yet".to_owned(),
        Some(since) if around.now.since(since) >= SPAN_DAYS * 24 * HOUR_MS => format!("in {SPAN_DAYS} days"),
        Some(since) => format!("since {}", When::at(since, around.now, around.zone).shown()),
    }
}

fn arrived(figures: &Figures) -> String {
    match (figures.arrived(), figures.compared_to) {
        (Some(10_000), _) => "100 %".to_owned(),
        (Some(share), _) => format!("{}.{:02} %", share / 100, share % 100),
        (None, Some(_)) => "nothing to compare yet".to_owned(),
        (None, None) if figures.has_api => "not compared yet".to_owned(),
        (None, None) => "unknown without an API".to_owned(),
    }
}

/// No finer than it was counted.
fn delay(millis: i64) -> String {
    match millis {
        ..100 => "under 0.1 s".to_owned(),
        100..=Delays::LONGEST => lasting(millis),
        _ => "over 7 days".to_owned(),
    }
}

/// The answer to `GET /api/v1/traffic`.
#[derive(Debug, Serialize)]
pub struct TrafficList<'a> {
    figures: Vec<FiguresJson<'a>>,
    traffic: Vec<HourJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FiguresJson<'a> {
    account: &'a str,
    since: Option<String>,
    compared_to: Option<String>,
    arrived_percent: Option<f64>,
    missed: u64,
    median_ms: Option<i64>,
    p95_ms: Option<i64>,
    last_callback: Option<String>,
    silent_after_ms: i64,
    #[serde(flatten)]
    counts: CountsJson,
}

#[derive(Debug, Serialize)]
struct HourJson<'a> {
    account: &'a str,
    hour: String,
    #[serde(flatten)]
    counts: CountsJson,
}

#[derive(Debug, Serialize)]
struct CountsJson {
    callbacks: u64,
    fresh: u64,
    checkable: u64,
    repeats: u64,
    set_aside: u64,
    refused: u64,
}

impl<'a> TrafficList<'a> {
    /// The figures of accounts, and hours in which something came.
    #[must_use]
    pub fn new(figures: &'a [Figures], hours: &'a [Hour]) -> Self {
        let figures = figures.iter().map(|it| FiguresJson {
            account: &it.account.0,
            since: it.since.map(rfc3339),
            compared_to: it.compared_to.map(rfc3339),
            arrived_percent: it
                .arrived()
                .and_then(|it| u32::try_from(it).ok())
                .map(|it| f64::from(it) / 100.0),
            missed: it.missed,
            median_ms: it.median(),
            p95_ms: it.p95(),
            last_callback: it.last_callback.map(rfc3339),
            silent_after_ms: it.silent_after,
            counts: CountsJson::new(&it.counts),
        });
        let hour = |it: &'a Hour| HourJson {
            account: &it.account.0,
            hour: rfc3339(it.at),
            counts: CountsJson::new(&it.counts),
        };
        Self { figures: figures.collect(), traffic: hours.iter().map(hour).collect() }
    }
}

impl CountsJson {
    fn new(counts: &Counts) -> Self {
        let Counts { callbacks, fresh, checkable, repeats, set_aside, refused, delays: _ } = *counts;
        Self { callbacks, fresh, checkable, repeats, set_aside, refused }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::AccountId;

    const NOW: Timestamp = sample::NOW;

    fn hour(ago: i64, callbacks: u64, repeats: u64, refused: u64) -> Hour {
        let at = Timestamp((NOW.0.div_euclid(HOUR_MS) - ago) * HOUR_MS);
        let fresh = callbacks - repeats;
        let counts = Counts { callbacks, fresh, repeats, refused, ..Counts::default() };
        Hour { at, account: AccountId("onespan-eu".to_owned()), counts }
    }

    fn figures(counts: Counts) -> Figures {
        Figures {
            account: AccountId("onespan-eu".to_owned()),
            since: Some(NOW.plus(-40 * 24 * HOUR_MS)),
            counts,
            has_api: true,
            missed: 2,
            compared_to: Some(NOW),
            last_callback: Some(NOW.plus(-3 * HOUR_MS)),
            silent_after: 24 * HOUR_MS,
        }
    }

    fn drawn(figures: &Figures, hours: &[Hour]) -> TrafficView {
        TrafficView::new(figures, hours, &sample::around(&sample::accounts(), &sample::berlin()))
    }

    #[test]
    fn the_hours_in_words_and_bars() {
        let hours = [hour(47, 1, 0, 0), hour(4, 1_200, 300, 0), hour(3, 600, 0, 600), hour(0, 0, 0, 12)];
        let mut counts = Counts { checkable: 9_998, repeats: 300, refused: 1_612, ..Counts::default() };
        counts.delays.note(430);
        counts.delays.note(Delays::LONGEST + 1);
        let view = drawn(&figures(counts), &hours);
        assert_eq!(
            view.sentence,
            "1,801 callbacks in 48 hours; 1,200 in the busiest, from 21 Nov, 10:00. 300 were repeats. \
             612 more calls were refused. None since 21 Nov, 11:02."
        );
        assert_eq!(
            (view.arrived.as_str(), view.missed.as_str(), view.span.as_str()),
            ("99.98 %", "2", "in 30 days")
        );
        assert_eq!((view.median.as_deref(), view.p95.as_deref()), (Some("0.5 s"), Some("over 7 days")));
        assert_eq!((view.bars.len(), view.peak.as_str()), (48, "1,200"));
        // The smallest is seen, parts lie on each other, and an hour without anything has none.
        assert_eq!(view.bars[0].parts, [("told", 97, 3)]);
        assert_eq!(view.bars[43].parts, [("told", 25, 75), ("repeated", 0, 25)]);
        assert_eq!(view.bars[44].parts, [("told", 50, 50), ("refused", 0, 50)]);
        assert_eq!((&view.bars[45].parts, view.bars[45].x), (&Vec::new(), 450));
        assert_eq!(view.bars[47].parts, [("refused", 97, 3)]);
        assert_eq!(view.key, KEY);
        let html = view.to_string();
        assert_eq!(html.matches("<rect").count(), 6 + 44);
        assert_eq!(html.matches("<tr>").count(), 1 + 4);
        assert!(html.contains("<td>1,200</td><td>900</td><td>300</td><td>0</td><td>0</td>"), "{html}");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let none =
            Figures { since: None, compared_to: None, last_callback: None, ..figures(Counts::default()) };
        let view = drawn(&none, &[]);
        assert_eq!(view.sentence, "No callback in 48 hours.");
        assert_eq!((view.span.as_str(), view.arrived.as_str()), ("nothing has come yet", "not compared yet"));
        assert_eq!((view.median, view.last_callback, view.bars.len(), view.key.len()), (None, None, 0, 0));
        let deaf = Figures { has_api: false, ..none.clone() };
        assert_eq!(drawn(&deaf, &[]).arrived, "unknown without an API");

        // Hours before it was counted are blank; those after it without anything are marked.
        let young = Figures { since: Some(TrafficView::from(NOW).plus(40 * HOUR_MS)), ..none };
        let view = drawn(&young, &[hour(7, 1, 0, 0)]);
        assert_eq!(view.bars.iter().filter(|it| it.has("silent")).count(), 7);
        assert!(view.sentence.ends_with(" Counted since 21 Nov, 07:00."), "{}", view.sentence);
        assert_eq!(view.span, "since 21 Nov, 07:00");
    }

    #[test]
    fn a_delay_is_no_finer_than_it_was_counted() {
        assert_eq!([0, 99, 100, 75_000].map(delay), ["under 0.1 s", "under 0.1 s", "0.1 s", "1 min"]);
    }
}
