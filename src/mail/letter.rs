//! A letter: what it says, in HTML and in plain text, and the headers around it. Whatever it is given stays what it is: text.

use crate::model::Timestamp;
use askama::Template;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use std::time::{Duration, SystemTime};

/// Longer subjects are cut.
const SUBJECT: usize = 150;

/// A letter to one address.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Its number, of letters, digits and `-`; a letter that is sent again has the same.
    pub number: String,
    /// What it belongs to, likewise, if it is about one thing: mail programs show such letters together.
    pub thread: Option<String>,
    /// To whom.
    pub to: String,
    /// When it was written.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// What happened, each by itself.
    pub items: Vec<Item>,
    /// What is resolved, a line each.
    pub resolved: Vec<Item>,
    /// How many more there are.
    pub more: usize,
    /// Where all of them are.
    pub all: Option<String>,
    /// Why it comes, as sentences.
    pub why: Vec<String>,
}

/// Something that happened.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// What, and to whom, as a sentence without a full stop.
    pub what: String,
    /// Since when, in words.
    pub since: String,
    /// Of what, in words.
    pub of: String,
    /// Somebody's own words.
    pub quote: Option<String>,
    /// What to do, as sentences.
    pub todo: String,
    /// Where to see it.
    pub link: Option<String>,
    /// Where it is done.
    pub provider: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    it: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Text<'a> {
    it: &'a Letter,
}

impl Letter {
    /// The letter with its headers.
    pub(super) fn write(&self, from: &Mailbox) -> Result<Vec<u8>, String> {
        let to: Address = self.to.parse().map_err(|_| "that is no mail address".to_owned())?;
        let host = from.email.domain();
        let named = |word: &str| format!("<{word}@{host}>");
        let at = Duration::from_millis(u64::try_from(self.at.0).unwrap_or_default());
        let mut message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(line(&self.subject))
            .date(SystemTime::UNIX_EPOCH + at)
            .message_id(Some(named(&word(&self.number))));
        if let Some(thread) = &self.thread {
            // Nobody ever gets that one: it only is what all of them answer to.
            let root = named(&word(thread));
            message = message.in_reply_to(root.clone()).references(root);
        }
        // So that nobody's machine answers to it.
        for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
            let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|cause| cause.to_string())?;
            message = message.raw_header(HeaderValue::new(name, value.to_owned()));
        }
        let (html, text) = (Html { it: self }.render(), Text { it: self }.render());
        let (html, text) = (html.map_err(|it| it.to_string())?, text.map_err(|it| it.to_string())?);
        let message = message.multipart(MultiPart::alternative_plain_html(text, html));
        message.map(|it| it.formatted()).map_err(|cause| cause.to_string())
    }
}

/// A header is one line, and not too long.
fn line(text: &str) -> String {
    let one: String =
        text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(SUBJECT + 1).collect();
    if one.chars().count() <= SUBJECT { one } else { one.chars().take(SUBJECT).chain(['…']).collect() }
}

fn word(text: &str) -> String {
    text.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    fn letter() -> Letter {
        let item = Item {
            what: "Ana Souza was locked out".to_owned(),
            since: "since 22 Nov 2026, 12:00 UTC".to_owned(),
            of: "“NDA” (OneSpan)".to_owned(),
            todo: "Unlock the signer at OneSpan.".to_owned(),
            link: Some("https://board.example.com/packages/os/p".to_owned()),
            ..Item::default()
        };
        Letter {
            number: "m-1".to_owned(),
            thread: Some("p-2".to_owned()),
            to: "ana@example.com".to_owned(),
            at: Timestamp(1_795_348_800_000),
            subject: "Ana Souza was locked out: NDA".to_owned(),
            items: vec![item],
            why: vec!["This comes since the package was sent by ana@example.com.".to_owned()],
            ..Letter::default()
        }
    }

    fn written(letter: &Letter) -> Vec<u8> {
        letter.write(&"signboard <board@example.com>".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_letter_has_both_parts_and_belongs_to_its_package() {
        let bytes = written(&letter());
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.message_id(), Some("m-1@example.com"));
        assert_eq!(mail.in_reply_to().as_text(), Some("p-2@example.com"));
        assert_eq!(mail.references().as_text(), Some("p-2@example.com"));
        assert_eq!(mail.subject(), Some("Ana Souza was locked out: NDA"));
        assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
        assert_eq!(mail.date().unwrap().to_timestamp(), 1_795_348_800);
        for body in [mail.body_text(0).unwrap(), mail.body_html(0).unwrap()] {
            for part in
                ["Ana Souza was locked out", "Unlock the signer", "https://board.example.com/packages/os/p"]
            {
                assert!(body.contains(part), "{part}: {body}");
            }
        }
    }

    #[test]
    fn nothing_that_a_letter_is_given_makes_a_header_or_a_tag() {
        let evil = "x\r\nBcc: evil@example.net\r\n\r\n<img src=\"https://evil.example.net/\"><script>";
        let mut hostile = letter();
        hostile.subject = evil.to_owned();
        hostile.number = format!("m>{evil}");
        hostile.thread = Some(evil.to_owned());
        hostile.items[0].what = evil.to_owned();
        hostile.items[0].quote = Some(evil.to_owned());
        let bytes = written(&hostile);
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert!(mail.bcc().is_none());
        assert!(mail.headers().iter().all(|it| !it.name().eq_ignore_ascii_case("bcc")));
        let head = String::from_utf8_lossy(&bytes).split("\r\n\r\n").next().unwrap().to_owned();
        assert!(head.lines().all(|it| !it.starts_with("Bcc")), "{head}");
        let html = mail.body_html(0).unwrap();
        assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
        hostile.to = "a@example.com\r\nBcc: evil@example.net".to_owned();
        assert!(hostile.write(&"b@example.com".parse().unwrap()).is_err());
    }

    #[test]
    fn a_long_subject_is_cut() {
        let long = line(&"é".repeat(500));
        assert_eq!(long.chars().count(), SUBJECT + 1);
        assert!(long.ends_with('…'));
        assert_eq!(line("short"), "short");
    }
}
