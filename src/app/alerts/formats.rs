//! What a message to a channel looks like. Whatever it is given stays what it is: text, and nobody is called or linked to by
//! what a signer wrote.
//!
//! Slack: sections of plain text, in which none of its marks mean anything; `&`, `<` and `>` are written as it asks for, and
//! links, which are ours alone, stand beside. Teams: an Adaptive Card of text runs, which know no Markdown. A program: facts
//! as JSON, as `/api/v1/alerts` calls them.

use super::MOST_LISTED;
use super::pick::Picked;
use super::words::said;
use crate::app::App;
use crate::mail::{Item, Letter};
use crate::model::{PackageId, Timestamp};
use crate::store::{Alert, Occasion, Resolution, Telling};
use serde::Serialize;
use serde_json::{Value, json};

/// So many things stand in a message for people; beyond that it says how many more there are.
const LISTED: usize = 8;
/// And so many characters of each.
const LONGEST: usize = 600;
/// Teams takes 28 KB in all.
const CARD: usize = 28_000;
/// Slack takes so many in a section. Its marks count as they are written, and a character beyond the first 65,536 as two.
const SECTION: usize = 3_000;
/// So many of a heading.
const HEADING: usize = 150;
const LINK: usize = 500;
const BOARD: &str = "Look at it on the board";
const PROVIDER: &str = "Open it at the provider";
const OVER: &str = "Resolved, nothing to do any more:";

fn slack(news: &Letter) -> String {
    let plain = |text: &str| json!({"type": "plain_text", "text": escaped(text, LONGEST), "emoji": false});
    let section = |text: &str| json!({"type": "section", "text": plain(text)});
    let links = |links: &[String]| json!({"type": "context", "elements": [{"type": "mrkdwn", "text": links.join(" · ")}]});
    let link =
        |url: &str, words: &str| format!("<{}|{words}>", url.replace('&', "&amp;").replace('|', "%7C"));
    let mut blocks = Vec::new();
    for item in &news.items {
        blocks.push(section(&lines(item).join("\n")));
        let found = of(item).into_iter().map(|(url, words)| link(url, words));
        // Two stand in one text.
        let found: Vec<String> = found.filter(|it| it.len() < SECTION / 2).collect();
        blocks.extend((!found.is_empty()).then(|| links(&found)));
    }
    let resolved: Vec<String> = news.resolved.iter().map(over).collect();
    if !resolved.is_empty() {
        blocks.push(section(OVER));
        blocks.extend(resolved.iter().map(|it| section(it)));
    }
    if let Some((words, all)) = more(news) {
        blocks.push(section(&words));
        blocks.extend(all.map(|url| links(&[link(url, "All of them")])));
    }
    let text = escaped(&news.subject, HEADING);
    json!({"text": text, "mrkdwn": false, "unfurl_links": false, "blocks": blocks}).to_string()
}

/// As the Workflows of Teams take it.
fn teams(news: &Letter) -> String {
    let run = |text: &str, heavy: bool| {
        // Cards take two braces for the beginning of a date.
        let text = text.replace("{{", "{ {").chars().take(LONGEST).collect::<String>();
        let weight = if heavy { "Bolder" } else { "Default" };
        json!({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": weight}]})
    };
    let open = |url: &str, words: &str| json!({"type": "Action.OpenUrl", "title": words, "url": url});
    let set = |actions: Vec<Value>| json!({"type": "ActionSet", "actions": actions});
    let mut body = Vec::new();
    for item in &news.items {
        for (line, at) in lines(item).iter().zip(0..) {
            body.push(run(line, at == 0));
        }
        let found: Vec<Value> = of(item).into_iter().map(|(url, words)| open(url, words)).collect();
        body.extend((!found.is_empty()).then(|| set(found)));
    }
    if !news.resolved.is_empty() {
        body.push(run(OVER, true));
        body.extend(news.resolved.iter().map(|it| run(&over(it), false)));
    }
    if let Some((words, all)) = more(news) {
        body.push(run(&words, false));
        body.extend(all.map(|url| set(vec![open(url, "All of them")])));
    }
    let subject: String = news.subject.chars().take(HEADING).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": subject,
        "msteams": {"width": "Full"},
        "body": body,
    });
    let kind = "application/vnd.microsoft.card.adaptive";
    let attachment = json!({"contentType": kind, "contentUrl": null, "content": card});
    json!({"type": "message", "summary": subject, "attachments": [attachment]}).to_string()
}

/// The message for a program.
pub(super) fn program(facts: &Facts<'_>) -> String {
    // Strings and numbers always can be written.
    serde_json::to_string(facts).unwrap_or_default()
}

/// What a program is told.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    r#type: &'static str,
    timestamp: String,
    /// The message's number: what is sent again has the same.
    id: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// So many more there are.
    more: usize,
    alerts: Vec<Fact<'a>>,
}

#[derive(Serialize)]
struct Fact<'a> {
    occasion: &'static str,
    id: i64,
    kind: &'static str,
    account: Option<&'a str>,
    package: Option<&'a str>,
    name: Option<&'a str>,
    signer: Option<&'a str>,
    what: String,
    of: String,
    quote: Option<String>,
    todo: String,
    began: String,
    raised_at: String,
    resolved_at: Option<String>,
    resolution: Option<&'static str>,
    link: Option<String>,
    provider: Option<String>,
}

impl App {
    /// The message for Slack.
    pub(super) fn for_slack(&self, picked: &Picked, names: bool) -> String {
        slack(&self.news(picked, names, LISTED))
    }

    /// The message for Teams: fewer things stand in it where they are long.
    pub(super) fn for_teams(&self, picked: &Picked, names: bool) -> String {
        let mut listed = LISTED;
        loop {
            let card = teams(&self.news(picked, names, listed));
            if card.len() <= CARD || listed <= 1 {
                return card;
            }
            listed /= 2;
        }
    }

    fn news(&self, picked: &Picked, names: bool, listed: usize) -> Letter {
        let zone = self.zone_of(None);
        let to = ("", picked.number.as_str());
        self.letter(to, &picked.wanted, (self.now(), &zone), (names, listed))
    }

    /// What is said to a program.
    pub(super) fn facts<'a>(&self, picked: &'a Picked, names: bool) -> Facts<'a> {
        let alerts = picked.wanted.iter().take(MOST_LISTED);
        let alerts: Vec<Fact<'_>> = alerts.map(|(it, alert)| self.fact(it, alert, names)).collect();
        let more = picked.wanted.len() - alerts.len();
        let timestamp = instant(self.now());
        Facts { r#type: "alerts", timestamp, id: &picked.number, data: Data { more, alerts } }
    }

    fn fact<'a>(&self, telling: &Telling, alert: &'a Alert, names: bool) -> Fact<'a> {
        let said = said(alert, self.label_of(alert), names, self.now());
        let (link, provider) = self.links(alert);
        let filled = |text: &'a str| Some(text).filter(|it| !it.is_empty());
        let name = alert.state_of.as_ref().and_then(|it| it.name.as_deref());
        Fact {
            occasion: match telling.occasion {
                Occasion::Raised => "raised",
                Occasion::Reminder(_) => "reminder",
                Occasion::Resolved(_) => "resolved",
                Occasion::Again(_) => "again",
            },
            id: alert.id,
            kind: alert.kind.word(),
            account: filled(&alert.account.0),
            package: alert.package.as_ref().map(PackageId::as_str),
            name: name.filter(|_| names),
            // Where a provider has no numbers for signers, it is their mail address.
            signer: filled(&alert.signer).filter(|_| names),
            what: said.what,
            of: said.of,
            quote: said.quote,
            todo: said.todo,
            began: instant(alert.began),
            raised_at: instant(alert.raised_at),
            resolved_at: alert.resolved.map(|(at, _)| instant(at)),
            resolution: alert.resolved.map(|(_, why): (_, Resolution)| why.word()),
            link,
            provider,
        }
    }
}

fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|it| it.to_string()).unwrap_or_default()
}

/// An alert as it is read, the heading first.
fn lines(item: &Item) -> Vec<String> {
    let since = if item.since.is_empty() { String::new() } else { format!(", {}", item.since) };
    let mut lines = vec![item.what.clone(), format!("{}{since}", item.of)];
    lines.extend(item.quote.as_ref().map(|it| format!("“{it}”")));
    lines.push(item.todo.clone());
    lines
}

fn over(item: &Item) -> String {
    format!("{} – {}", item.what, item.of)
}

/// Where to go, and in which words.
fn of(item: &Item) -> Vec<(&str, &'static str)> {
    let links = [(&item.link, BOARD), (&item.provider, PROVIDER)].into_iter();
    let links = links.filter_map(|(url, words)| Some((url.as_deref()?, words)));
    links.filter(|(url, _)| url.len() <= LINK).collect()
}

fn more(news: &Letter) -> Option<(String, Option<&str>)> {
    (news.more > 0).then(|| (format!("And {} more.", news.more), news.all.as_deref()))
}

/// As Slack wants text, cut before it is too long.
fn escaped(text: &str, most: usize) -> String {
    let mark = |it: char| match it {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        it => it.to_string(),
    };
    let counted = |text: &str| text.encode_utf16().count();
    let whole: String = text.chars().take(most + 1).map(mark).collect();
    if text.chars().nth(most).is_none() && counted(&whole) <= SECTION {
        return whole;
    }
    let (mut cut, mut room) = (String::new(), SECTION - 1);
    for it in text.chars().take(most).map(mark) {
        let Some(left) = room.checked_sub(counted(&it)) else { break };
        room = left;
        cut.push_str(&it);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> usize {
        text.encode_utf16().count()
    }

    /// Seen red with: a text of 601 marks, which were 3,001 characters.
    #[test]
    fn a_section_for_slack_is_never_longer_than_it_takes() {
        let marks = escaped(&"&".repeat(LONGEST), LONGEST);
        assert_eq!((counted(&marks), marks.ends_with(';')), (SECTION, true), "all of it");
        for text in ["&".repeat(LONGEST + 1), "😀&".repeat(LONGEST), "<>&é😀".repeat(LONGEST)] {
            let cut = escaped(&text, LONGEST);
            assert!(counted(&cut) <= SECTION && cut.ends_with('…'), "{}", counted(&cut));
            let whole = cut.trim_end_matches('…');
            assert!(!whole.contains('&') || whole.rfind(';') >= whole.rfind('&'), "no half of a mark: {cut}");
        }
        assert_eq!(escaped(&"😀".repeat(LONGEST), LONGEST).chars().count(), LONGEST);
        assert_eq!(escaped("abc", 3), "abc");
        assert_eq!(escaped("abcd", 3), "abc…");
    }

    /// Seen red with: a link that is looked at before its marks are written.
    #[test]
    fn a_link_for_slack_is_left_out_where_it_is_too_long() {
        let link = |of: &str| Some(format!("https://board.example.com/{of}"));
        let item = Item { link: link(&"&".repeat(LINK - 26)), provider: link("p"), ..Item::default() };
        let news = Letter { items: vec![item], ..Letter::default() };
        let told: Value = serde_json::from_str(&slack(&news)).unwrap();
        let links = told["blocks"][1]["elements"][0]["text"].as_str().unwrap();
        assert!(counted(links) <= SECTION && links.contains(PROVIDER), "{links}");
        assert!(!links.contains(BOARD), "{links}");
    }
}
