//! The bodies of callbacks taken apart: forms in either encoding, and JSON. What their fields mean is said in `wire`.
//!
//! Nobody says with which content type a form is sent (reference A2), so a body is told by what it is. Sender and facts
//! are read off the same [`Body`]: what was verified is what is read, even if a field comes twice.

use crate::provider::Parked;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// More fields than this are in no form of Legalesign's: eight are documented.
const MOST_FIELDS: usize = 100;

/// The longest boundary of a multipart form (RFC 2046, section 5.1.1), and the dashes before it.
const LONGEST_BOUNDARY: usize = 72;

/// A name or a value, decoded to the byte.
type Bytes<'a> = Cow<'a, [u8]>;

/// A body by its kind.
#[derive(Debug)]
pub(super) enum Body<'a> {
    /// The batch of changes: a form with `data`.
    Batch { data: Bytes<'a>, signed: Option<Bytes<'a>> },
    /// A form about one document: 'signed', 'sent', 'rejected'.
    Notice { loose: Fields<'a>, json_signed: Option<Bytes<'a>> },
    /// One JSON object.
    Realtime(&'a [u8]),
}

/// The fields of a form in their order.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Bytes<'a>, Bytes<'a>)>);

impl<'a> Body<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Parked> {
        let json = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
        let mut fields = match json {
            [] => return Err(parked("the body is empty")),
            [b'{', ..] => return Ok(Self::Realtime(json)),
            [b'[' | b'"', ..] => return Err(parked("the body is JSON, but not one object")),
            [b'-', b'-', ..] => Fields::multipart(body.trim_ascii_start())?,
            _ => Fields::urlencoded(body.trim_ascii())?,
        };
        if let Some(data) = fields.take("data") {
            return Ok(Self::Batch { data, signed: fields.take("signed") });
        }
        let json_signed = fields.take("json_signed");
        let names_a_document = fields.has("resource_uri") || fields.has("uuid");
        if json_signed.is_none() && !names_a_document {
            return Err(parked("the form has none of `data`, `json_signed`, `resource_uri` and `uuid`"));
        }
        Ok(Self::Notice { loose: fields, json_signed })
    }
}

impl<'a> Fields<'a> {
    /// Not by a crate: the kept one decodes to text and puts other characters in place of bytes that are none, and a
    /// signature is over the bytes.
    fn urlencoded(body: &'a [u8]) -> Result<Self, Parked> {
        let mut fields = Self::default();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            fields.add(decoded(name), decoded(value.strip_prefix(b"=").unwrap_or(value)))?;
        }
        Ok(fields)
    }

    /// RFC 7578, as far as a form of texts needs it. Not by a crate: those that are kept read streams, want the boundary
    /// out of a header that replay doesn't have, and are not called from where nothing may wait. One pass over the lines.
    fn multipart(body: &'a [u8]) -> Result<Self, Parked> {
        let boundary = body.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        if boundary.len() > LONGEST_BOUNDARY {
            return Err(parked("the form's boundary is too long"));
        }
        let mut fields = Self::default();
        let (mut at, mut part_from) = (0, None);
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            if let Some(rest) = line.strip_prefix(boundary) {
                let rest = rest.trim_ascii();
                if rest.is_empty() || rest == b"--" {
                    if let Some((name, value)) = part_from.and_then(|from| part(body.get(from..at)?)) {
                        fields.add(name, Cow::Borrowed(value))?;
                    }
                    part_from = Some(at + line.len());
                }
            }
            at += line.len();
        }
        Ok(fields)
    }

    fn add(&mut self, name: Bytes<'a>, value: Bytes<'a>) -> Result<(), Parked> {
        if self.0.len() == MOST_FIELDS {
            return Err(Parked(format!("the form has more than {MOST_FIELDS} fields")));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Takes the first field of that name that isn't empty: empty means missing.
    fn take(&mut self, name: &str) -> Option<Bytes<'a>> {
        let at = self
            .0
            .iter()
            .position(|(known, value)| **known == *name.as_bytes() && !value.trim_ascii().is_empty())?;
        Some(self.0.remove(at).1)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| **known == *name.as_bytes() && !value.trim_ascii().is_empty())
    }

    /// The fields as texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.0.iter().map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
    }
}

/// A name and the exact bytes of its value.
fn part(part: &[u8]) -> Option<(Bytes<'_>, &[u8])> {
    let mut rest = part;
    let mut name = None;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')? + 1;
        let (line, after) = rest.split_at(end);
        rest = after;
        if line.trim_ascii().is_empty() {
            break;
        }
        name = name.or_else(|| field_name(line));
    }
    // The line break before the boundary belongs to the boundary.
    let value = rest.strip_suffix(b"\n")?;
    Some((Cow::Borrowed(name?), value.strip_suffix(b"\r").unwrap_or(value)))
}

/// `x` of `Content-Disposition: form-data; name="x"`.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (header, value) = line.split_at(colon);
    if !header.trim_ascii().eq_ignore_ascii_case(b"content-disposition") {
        return None;
    }
    let named = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let mut named =
        named.filter_map(|it| it.split_at_checked(5).filter(|it| it.0.eq_ignore_ascii_case(b"name=")));
    let (_, name) = named.next()?;
    Some(name.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(name))
}

fn decoded(text: &[u8]) -> Bytes<'_> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

fn parked(sentence: &str) -> Parked {
    Parked(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<(String, String)> {
        let fields = if body.starts_with("--") { Fields::multipart } else { Fields::urlencoded };
        let fields = fields(body.as_bytes()).unwrap();
        fields.texts().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn urlencoded_forms() {
        assert_eq!(
            texts("a=b+c%2B%C3%A9&&d&=e&f=g=h"),
            pairs(&[("a", "b c+é"), ("d", ""), ("", "e"), ("f", "g=h")])
        );
        let raw = Fields::urlencoded(b"data=%FF%zz\xFE").unwrap().take("data").unwrap().into_owned();
        assert_eq!(raw, b"\xFF%zz\xFE");
    }

    #[test]
    fn multipart_forms_keep_every_byte() {
        let crlf = "--xY\r\nContent-Disposition: form-data; name=\"data\"\r\nContent-Type: text/plain\r\n\r\n[\r\n--x\r\n\r\n]\r\n\
                    --xY\r\ncontent-disposition:form-data;NAME=signed\r\n\r\nab+c\r\n--xY--\r\nafterwards";
        let expected = pairs(&[("data", "[\r\n--x\r\n\r\n]"), ("signed", "ab+c")]);
        assert_eq!(texts(crlf), expected);
        // Cut off before its end: what is whole is taken.
        assert_eq!(texts(crlf.split_once("--xY--").unwrap().0), pairs(&[("data", "[\r\n--x\r\n\r\n]")]));
        let lf = crlf.replace("\r\n", "\n");
        assert_eq!(texts(&lf), pairs(&[("data", "[\n--x\n\n]"), ("signed", "ab+c")]));
        assert_eq!(texts("--xY\r\nNo-Name: 1\r\n\r\nv\r\n--xY\r\n\r\n--xY--"), []);
    }

    #[test]
    fn an_empty_field_is_a_missing_one_and_of_two_the_first_counts() {
        let Ok(Body::Batch { data, signed }) = Body::read(b"data=&data=1&signed=&data=2") else {
            panic!("a batch")
        };
        assert_eq!((&*data, signed), (&b"1"[..], None));
        let Ok(Body::Notice { json_signed, .. }) = Body::read(b"data=&uuid=1") else { panic!("a notice") };
        assert_eq!(json_signed, None);
    }

    #[test]
    fn what_is_no_body_of_theirs() {
        for (body, sentence) in [
            ("", "the body is empty"),
            (" \r\n", "the body is empty"),
            ("[{}]", "the body is JSON, but not one object"),
            ("signed=abc", "the form has none of `data`, `json_signed`, `resource_uri` and `uuid`"),
            ("--", "the form has none of `data`, `json_signed`, `resource_uri` and `uuid`"),
            (&"a&".repeat(101), "the form has more than 100 fields"),
            (&"-".repeat(100), "the form's boundary is too long"),
        ] {
            assert_eq!(Body::read(body.as_bytes()).unwrap_err().0, sentence, "{body:?}");
        }
    }
}
