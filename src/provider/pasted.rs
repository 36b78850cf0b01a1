//! Finds the JSON of callbacks in text that a person pastes: OneSpan mails a callback that it couldn't deliver to the
//! sender of the package, and that mail is forwarded, quoted, wrapped, encoded. Pure, and bounded in work and in finds.
//!
//! What is found is kept as found. Only line breaks and quote marks that no JSON can hold are taken out: they are a mail
//! program's. A mail's own encodings are undone by a library for mails.

use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, PartType};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// The longest text that is looked through at once.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most callbacks that are taken from one text.
pub const MOST_FOUND: usize = 1_000;
/// A longer object is no callback: the longest documented field has 4,000 characters.
const LONGEST: usize = 64 * 1024;
/// After so many steps a text is too tangled: brackets in brackets that never close.
const MOST_STEPS: usize = 6 * MOST_BYTES;
/// Mails in mails.
const DEEPEST: u8 = 4;
/// What every callback of OneSpan and Conga has.
const MARK: &str = "packageId";
/// What else tells that a damaged object was one.
const CLASS: &str = "ESLProcessEvent";

/// What a text holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The bodies of callbacks, each once, in the order of the text.
    pub bodies: Vec<String>,
    /// Callbacks that are cut off or damaged.
    pub broken: usize,
    /// The text holds more than were taken.
    pub more: bool,
}

/// Looks through a text or a mail, or several of them one after the other.
#[must_use]
pub fn find(text: &[u8]) -> Found {
    let mut search = Search { left: MOST_STEPS, ..Search::default() };
    if text.len() > MOST_BYTES {
        search.found.more = true;
        return search.found;
    }
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => search.plain(text),
            Piece::Mail(mail) => match MessageParser::default().parse(mail) {
                Some(message) => search.mail(&message, DEEPEST),
                None => search.plain(mail),
            },
        }
    }
    search.found
}

#[derive(Default)]
struct Search {
    found: Found,
    known: HashSet<String>,
    left: usize,
}

impl Search {
    /// The body that a person reads; its other form only where that one tells nothing. Then what is attached.
    fn mail(&mut self, message: &Message<'_>, depth: u8) {
        let before = self.known.len();
        let broken = self.found.broken;
        for at in 0..message.text_body_count() {
            if let Some(text) = message.body_text(at) {
                self.text(&text);
            }
        }
        if self.known.len() == before {
            self.found.broken = broken;
            for at in 0..message.html_body_count() {
                if let Some(html) = message.body_html(at) {
                    self.text(&html_to_text(&html));
                }
            }
        }
        for part in message.attachments() {
            match &part.body {
                PartType::Text(text) => self.text(text),
                PartType::Html(html) => self.text(&html_to_text(html)),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    if let Ok(text) = std::str::from_utf8(bytes) {
                        self.text(text);
                    }
                }
                PartType::Message(inner) if depth > 0 => self.mail(inner, depth - 1),
                PartType::Message(_) | PartType::Multipart(_) => {}
            }
        }
    }

    /// What was copied out of a mail, perhaps out of its source.
    fn plain(&mut self, bytes: &[u8]) {
        let quoted = [&b"=3D"[..], b"=\n", b"=\r\n"];
        let encoded = quoted.iter().any(|mark| bytes.windows(mark.len()).any(|it| it == *mark));
        let decoded = encoded.then(|| quoted_printable_decode(bytes)).flatten();
        self.text(&String::from_utf8_lossy(decoded.as_deref().unwrap_or(bytes)));
    }

    /// A text, and what of it is written as HTML.
    fn text(&mut self, text: &str) {
        let (rest, broken) = self.scan(text);
        if ["&quot;", "&#34;", "&#x22;"].iter().any(|mark| rest.contains(mark)) {
            let (_, broken) = self.scan(&html_to_text(&rest));
            self.found.broken += broken;
        } else {
            self.found.broken += broken;
        }
    }

    /// Takes the callbacks out of a text; returns the rest, and how many in it are damaged.
    fn scan(&mut self, text: &str) -> (String, usize) {
        let (mut rest, mut broken, mut at) = (String::new(), 0, 0);
        while let Some(open) = text.get(at..).and_then(|tail| tail.find('{')).map(|it| at + it) {
            rest.push_str(text.get(at..open).unwrap_or_default());
            let tail = text.get(open..).unwrap_or_default();
            match lift(tail, &mut self.left) {
                Some((body, length)) if is_callback(&body) => {
                    self.take(body);
                    at = open + length;
                    continue;
                }
                // The one that is damaged, and not what it stands in.
                _ => {
                    let cut = tail.get(1..).and_then(|tail| tail.find('{')).map_or(tail.len(), |it| it + 1);
                    broken += usize::from(
                        tail.get(..cut).is_some_and(|it| it.contains(MARK) || it.contains(CLASS)),
                    );
                }
            }
            rest.push('{');
            at = open + 1;
            if self.left == 0 {
                self.found.more = true;
                break;
            }
        }
        rest.push_str(text.get(at..).unwrap_or_default());
        (rest, broken)
    }

    fn take(&mut self, body: String) {
        if self.known.contains(&body) {
            return;
        }
        if self.found.bodies.len() == MOST_FOUND {
            self.found.more = true;
            return;
        }
        self.known.insert(body.clone());
        self.found.bodies.push(body);
    }
}

fn is_callback(body: &str) -> bool {
    let keys: Option<BTreeMap<Cow<'_, str>, IgnoredAny>> = serde_json::from_str(body).ok();
    keys.is_some_and(|keys| keys.contains_key(MARK))
}

/// The JSON object with which `text` begins, and how long it is there. A line break within a string, and quote marks at
/// the beginning of a line, are no JSON and fall away. `None`: it doesn't end, or can't be JSON.
fn lift(text: &str, steps: &mut usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let (mut depth, mut escaped) = (0_u32, false);
    // Where the string began that we are in, and where in it lines were broken.
    let mut string: Option<(usize, Vec<usize>)> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        *steps = steps.checked_sub(1)?;
        if at > LONGEST {
            return None;
        }
        if char == '\n' || char == '\r' {
            match &mut string {
                Some((_, breaks)) if breaks.last() != Some(&out.len()) => breaks.push(out.len()),
                Some(_) => {}
                None => out.push(char),
            }
            escaped = false;
            if char == '\n' {
                skip_quotes(&mut chars, steps)?;
            }
            continue;
        }
        if let Some((start, breaks)) = &mut string {
            out.push(char);
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    mend(&mut out, *start, breaks);
                    string = None;
                }
                _ => {}
            }
            continue;
        }
        match char {
            '"' => string = Some((out.len(), Vec::new())),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        out.push(if char == '\u{a0}' { ' ' } else { char });
        if depth == 0 {
            return Some((out, at + char.len_utf8()));
        }
        // Most brackets open no JSON.
        if out.len() == 2 && !matches!(char, '"' | ' ' | '\t' | '\u{a0}') {
            return None;
        }
    }
    None
}

/// `> ` and `>> ` at the beginning of a line.
fn skip_quotes(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>, steps: &mut usize) -> Option<()> {
    let mut ahead = chars.clone();
    while let Some((_, char)) = ahead.next() {
        *steps = steps.checked_sub(1)?;
        match char {
            '>' => {
                if ahead.peek().is_some_and(|(_, next)| *next == ' ') {
                    ahead.next();
                }
                *chars = ahead.clone();
            }
            _ => break,
        }
    }
    Some(())
}

/// Where a string that holds blanks was broken, a blank stood; an id or a time has none.
fn mend(out: &mut String, start: usize, breaks: &[usize]) {
    if !out.get(start..).is_some_and(|it| it.contains(' ')) {
        return;
    }
    for at in breaks.iter().rev() {
        if out.get(..*at).is_some_and(|it| !it.ends_with([' ', '"'])) {
            out.insert(*at, ' ');
        }
    }
}

/// A part of what was pasted.
enum Piece<'a> {
    Text(&'a [u8]),
    Mail(&'a [u8]),
}

/// Cuts a text where the headers of a mail begin. Part of a mail's source may begin with a part's headers instead.
fn pieces(text: &[u8]) -> Vec<Piece<'_>> {
    let mut cuts = headers(text, &["mime-version:", "message-id:"]);
    if cuts.is_empty() {
        cuts = headers(text, &["content-transfer-encoding:"]);
    }
    let ends = cuts.iter().skip(1).copied().chain([text.len()]);
    let mails = cuts.iter().zip(ends).filter_map(|(from, to)| text.get(*from..to).map(Piece::Mail));
    let before = text.get(..cuts.first().copied().unwrap_or(text.len())).unwrap_or_default();
    std::iter::once(Piece::Text(before)).chain(mails).collect()
}

/// Where blocks of header lines begin that have one of the given headers.
fn headers(text: &[u8], marks: &[&str]) -> Vec<usize> {
    let (mut cuts, mut at) = (Vec::new(), 0);
    // Where the block began, unless this is none; and whether it has a mark.
    let (mut block, mut marked) = (Some(0), false);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let here = at;
        at += line.len();
        let bare = line.trim_ascii_end();
        let is_end = bare.is_empty();
        if let Some(start) = block.filter(|_| is_end && marked) {
            cuts.push(start);
        }
        if is_end || bare.starts_with(b"--") {
            (block, marked) = (Some(at), false);
        } else if block == Some(here) && (bare.starts_with(b"From ") || bare.starts_with(b">From ")) {
            // The line before each mail of a mailbox file.
            block = Some(at);
        } else if is_header(bare) {
            marked |= marks.iter().any(|mark| {
                bare.get(..mark.len()).is_some_and(|it| it.eq_ignore_ascii_case(mark.as_bytes()))
            });
        } else if block == Some(here) || !line.starts_with(b" ") && !line.starts_with(b"\t") {
            (block, marked) = (None, false);
        }
    }
    cuts
}

fn is_header(line: &[u8]) -> bool {
    let name = line.iter().position(|byte| *byte == b':').and_then(|colon| line.get(..colon));
    name.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_graphic))
}
