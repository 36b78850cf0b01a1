//! The fields of a WebSignatureOffice body: bytes in, texts by name out. Which of them mean what is for `wire`.
//!
//! The documentation prints one of its four examples with a key that lacks its quotes, and the Java library of its
//! sample reads that. So a body is read strictly, and if that fails once more with what stands bare put into quotes. No
//! more lenient than that: what nobody has seen, nobody can test.

use crate::provider::Parked;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// The longest text that is taken for an id or a name, in characters.
const MAX_CHARS: usize = 255;

/// The fields of one JSON object. Null, "" and absent are the same: none of them is in here.
#[derive(Debug)]
pub(super) struct Body(BTreeMap<String, Field>);

/// One value.
#[derive(Debug, PartialEq, Eq)]
enum Field {
    /// A text; a number as its digits were sent, so that `41207` is `"41207"`, `007` is not `7`, and none is rounded.
    Text(String),
    /// Anything else, as sent: it can tell two bodies apart, and means nothing.
    Other(String),
}

impl Body {
    /// Reads a whole body, whatever its content type says.
    ///
    /// # Errors
    /// A sentence, if the bytes are no JSON object or contradict themselves.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Parked> {
        let text = std::str::from_utf8(bytes).map_err(|_| Parked("not UTF-8".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Err(Parked("the body is empty".to_owned()));
        }
        serde_json::from_str(text).or_else(|strict| {
            let loose = serde_json::from_str(&quote_bare_words(text));
            // Where the bytes are at fault is told by the reader that saw them as they came.
            loose.map_err(|loose| parked(if loose.is_data() { &loose } else { &strict }))
        })
    }

    /// The text under `key`, if there is one that can be an id or a name.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Field::Text(text) if fits(text) => Some(text),
            Field::Text(_) | Field::Other(_) => None,
        }
    }

    /// The text under a key without which there is no fact.
    ///
    /// # Errors
    /// A sentence, if it is missing or can't be a name or an id.
    pub(super) fn required(&self, key: &str) -> Result<&str, Parked> {
        match self.0.get(key) {
            None => Err(Parked(format!("`{key}` is missing"))),
            Some(Field::Other(_)) => Err(Parked(format!("`{key}` is no text"))),
            Some(Field::Text(text)) if text.contains('\0') => Err(Parked(format!("`{key}` holds a NUL"))),
            Some(Field::Text(text)) if fits(text) => Ok(text),
            Some(Field::Text(_)) => Err(Parked(format!("`{key}` is longer than {MAX_CHARS} characters"))),
        }
    }

    /// Every field by its name, in the order of the names.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, field)| match field {
            Field::Text(text) | Field::Other(text) => (key.as_str(), text.as_str()),
        })
    }
}

fn fits(text: &str) -> bool {
    !text.contains('\0') && (text.len() <= MAX_CHARS || text.chars().count() <= MAX_CHARS)
}

/// Says where, but not with the parser's own words: they could repeat a piece of the body.
fn parked(error: &serde_json::Error) -> Parked {
    Parked(if error.is_data() {
        "not one JSON object, or one that says two things under one key".to_owned()
    } else {
        format!("not JSON, at line {} column {}", error.line(), error.column())
    })
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    /// A key that comes twice must say the same twice. Readers differ in which of two they take, so neither is: a body
    /// that says `"to": "2"` and `"to": "4"` is for a person to look at.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut fields = BTreeMap::new();
        // Values are only skipped over here, and that without recursion: no nesting is too deep.
        while let Some((key, raw)) = map.next_entry::<String, &RawValue>()? {
            let Some(field) = Field::read(raw.get()) else { continue };
            match fields.entry(key) {
                Entry::Vacant(entry) => drop(entry.insert(field)),
                Entry::Occupied(entry) if *entry.get() == field => {}
                Entry::Occupied(_) => return Err(A::Error::custom("a key with two values")),
            }
        }
        Ok(Body(fields))
    }
}

impl Field {
    /// Reads one value of JSON; `None`: it says nothing.
    fn read(raw: &str) -> Option<Self> {
        let field = match raw.as_bytes().first()? {
            // Half a surrogate pair is no text, and still tells two bodies apart.
            b'"' => serde_json::from_str(raw).map_or_else(|_| Self::Other(raw.to_owned()), Self::Text),
            b'-' | b'0'..=b'9' => Self::Text(raw.to_owned()),
            b'n' => return None,
            _ => Self::Other(raw.to_owned()),
        };
        (field != Self::Text(String::new())).then_some(field)
    }
}

/// Puts into quotes every word outside of a text that is a key or no JSON by itself: `event`, `signed`, `007`. One pass
/// over the bytes; whether JSON comes out is for the reader of JSON to say.
fn quote_bare_words(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => text_length(rest),
            _ if is_of_word(first) => rest.find(|next| !is_of_word(next)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let Some((piece, after)) = rest.split_at_checked(length) else { break };
        let is_bare = is_of_word(first)
            && (after.trim_start().starts_with(':') || serde_json::from_str::<IgnoredAny>(piece).is_err());
        if is_bare {
            quoted.extend(["\"", piece, "\""]);
        } else {
            quoted.push_str(piece);
        }
        rest = after;
    }
    quoted
}

/// What can stand in a word or a number without quotes. Neither a quote nor a backslash, so quoting needs no escapes.
fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || matches!(it, '_' | '$' | '.' | '+' | '-')
}

/// How long the text is that `rest` begins with, both quotes included.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Vec<(String, String)> {
        let body = Body::read(body.as_bytes()).unwrap_or_else(|parked| panic!("{body}: {parked}"));
        body.fields().map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
    }

    fn pair(key: &str, text: &str) -> (String, String) {
        (key.to_owned(), text.to_owned())
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (body, told) in [
            (r#"{"a":41207}"#, "41207"),
            (r#"{"a":"41207"}"#, "41207"),
            (r#"{"a":"007"}"#, "007"),
            (r#"{"a":007}"#, "007"),
            (r#"{"a":7}"#, "7"),
            (r#"{"a":123456789012345678901234567890}"#, "123456789012345678901234567890"),
            (r#"{"a":9007199254740993}"#, "9007199254740993"),
            (r#"{a:9007199254740993}"#, "9007199254740993"),
            (r#"{"a":1.0}"#, "1.0"),
            (r#"{"a":-0}"#, "-0"),
            (r#"{"a":true}"#, "true"),
            (r#"{"a":[1, {"b":[]}]}"#, r#"[1, {"b":[]}]"#),
        ] {
            assert_eq!(fields(body), [pair("a", told)], "{body}");
        }
        assert_eq!(fields(r#"{"a":null,"b":"","c":" "}"#), [pair("c", " ")]);
    }

    #[test]
    fn what_stands_bare_is_quoted() {
        let both = [pair("a_1", "x"), pair("b", "y")];
        for body in [
            r#"{a_1:"x","b":"y"}"#,
            r#"{"a_1":x,b:y}"#,
            "{ a_1 : \"x\" ,\n\tb\r\n: y }",
            "\u{feff}{b:\"y\",a_1:x}",
        ] {
            assert_eq!(fields(body), both, "{body}");
        }
        // Nothing inside of a text is touched, nor what JSON has a word for.
        assert_eq!(
            fields(r#"{a:"{b:1,\"c:2\\\"}","n":null,true:true}"#),
            [pair("a", r#"{b:1,"c:2\"}"#), pair("true", "true")]
        );
        assert_eq!(fields(r#"{1:2}"#), [pair("1", "2")]);
    }

    #[test]
    fn a_key_may_come_twice_only_with_one_value() {
        assert_eq!(fields(r#"{"a":1,"a":"1","a":null}"#), [pair("a", "1")]);
        for body in [r#"{"a":"1","a":"2"}"#, r#"{a:"1","a":[]}"#] {
            assert!(Body::read(body.as_bytes()).unwrap_err().0.contains("two things"), "{body}");
        }
    }

    #[test]
    fn what_is_no_object_is_told_in_a_sentence() {
        for body in [
            "",
            " \r\n",
            "\u{feff}",
            "[]",
            "null",
            "\"a\"",
            "{",
            "{\"a\"",
            "a=1&b=2",
            "{}{}",
            "{'a':'b'}",
            "{a:b,}",
        ] {
            let parked = Body::read(body.as_bytes()).expect_err(body).0;
            assert!(!parked.is_empty() && parked.len() < 120, "{parked}");
        }
        assert_eq!(Body::read(b"{\"a\":\"\xff\"}").unwrap_err().0, "not UTF-8");
    }

    /// Read on a small stack, so that recursion over the nesting would show.
    #[test]
    fn no_nesting_is_too_deep() {
        let read = || {
            for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{a:", "}")] {
                let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
                let whole = format!("{{\"event\":\"X\",deep:{deep}}}");
                assert_eq!(Body::read(whole.as_bytes()).unwrap().text("event"), Some("X"));
                drop(Body::read(deep.as_bytes()));
                drop(Body::read(open.repeat(200_000).as_bytes()));
            }
        };
        std::thread::Builder::new().stack_size(256 * 1024).spawn(read).unwrap().join().unwrap();
    }
}
