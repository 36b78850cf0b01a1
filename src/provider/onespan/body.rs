//! The fields of a callback body, read in one pass and borrowed from its bytes: this is the hot path. What they mean is
//! said in `wire`; here is only how loosely they are taken (reference A.1 and A.3).

use crate::model::Timestamp;
use crate::provider::{Parked, instant};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::borrow::Cow;
use std::fmt;

/// What is read of a body; null, "" and missing are the same. Of a key that comes twice the last one counts, as it
/// does for most readers of JSON.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    name: Option<Cow<'a, str>>,
    /// The name under another key, and how far down the list of such keys that one stands.
    alias: Option<(u8, Cow<'a, str>)>,
    pub(super) user: Option<Cow<'a, str>>,
    pub(super) package: Option<Cow<'a, str>>,
    pub(super) message: Option<Cow<'a, str>>,
    pub(super) document: Option<Cow<'a, str>>,
    pub(super) new_role: Option<Cow<'a, str>>,
    pub(super) created: Option<Created<'a>>,
}

/// When a fact happened, as far as it can be read.
#[derive(Debug)]
pub(super) enum Created<'a> {
    At(Timestamp),
    Unreadable(Cow<'a, str>),
}

impl<'a> Created<'a> {
    fn read(text: Cow<'a, str>) -> Self {
        let at = instant::from_text(&text).or_else(|| text.parse().ok().and_then(instant::from_number));
        at.map_or(Self::Unreadable(text), Self::At)
    }

    pub(super) fn instant(&self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Unreadable(_) => None,
        }
    }

    /// What goes into the fingerprint: one text per instant however it was spelled, and never a number for a text.
    pub(super) fn identity(&self) -> Cow<'_, str> {
        match self {
            Self::At(at) => Cow::Owned(at.0.to_string()),
            Self::Unreadable(text) => Cow::Owned(format!("?{text}")),
        }
    }
}

impl<'a> Body<'a> {
    /// The JSON behind an optional byte order mark. A depth of brackets can't hurt: what is skipped is skipped without
    /// recursion, and what is read holds no brackets.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Parked> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            None => return Err(Parked("the body is empty".to_owned())),
            Some(b'[') => return Err(Parked("the body is a list, not one JSON object".to_owned())),
            // Said here, since the parser's own sentence would repeat the text whole.
            Some(b'"') => return Err(Parked("the body is a text, not one JSON object".to_owned())),
            Some(_) => {}
        }
        serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Data => Parked(format!("the body can't be understood: {error}")),
            Category::Syntax | Category::Eof | Category::Io => {
                Parked(format!("the body is not JSON: {error}"))
            }
        })
    }

    /// The event's name: under `name`, or else under the best of the keys that a tenant may use instead.
    pub(super) fn take_name(&mut self) -> Option<Cow<'a, str>> {
        self.name.take().or(self.alias.take().map(|(_, name)| name))
    }

    /// One listener in the wild was told that tenants differ in the key of the name; every captured body says `name`.
    fn note_alias(&mut self, place: u8, Stray(name): Stray<'a>) {
        let better = self.alias.as_ref().is_none_or(|(known, _)| place <= *known);
        if let (true, Some(name)) = (better, name) {
            self.alias = Some((place, name));
        }
    }
}

/// The keys that are read. `@class` is left out: every captured body has it, the documents don't.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    Name,
    EventName,
    Event,
    EventType,
    Type,
    SessionUser,
    PackageId,
    Message,
    DocumentId,
    NewRoleId,
    CreatedDate,
    #[serde(other)]
    Unknown,
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Name => body.name = map.next_value_seed(Text("name"))?,
                Key::EventName => body.note_alias(0, map.next_value()?),
                Key::Event => body.note_alias(1, map.next_value()?),
                Key::EventType => body.note_alias(2, map.next_value()?),
                Key::Type => body.note_alias(3, map.next_value()?),
                Key::SessionUser => body.user = map.next_value_seed(Text("sessionUser"))?,
                Key::PackageId => body.package = map.next_value_seed(Text("packageId"))?,
                Key::Message => body.message = map.next_value_seed(Prose("message"))?,
                Key::DocumentId => body.document = map.next_value_seed(Text("documentId"))?,
                Key::NewRoleId => body.new_role = map.next_value_seed(Text("newRoleId"))?,
                Key::CreatedDate => {
                    body.created = map.next_value_seed(Text("createdDate"))?.map(Created::read);
                }
                Key::Unknown => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(body)
    }
}

/// An id or a word under the named key: text or a whole number; null and "" are nothing, all else is a wrong type.
struct Text(&'static str);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text in `{}`", self.0)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok((!text.is_empty()).then_some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((!text.is_empty()).then(|| Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A text for people: read as bytes, so that half a character at its end spoils nothing else.
struct Prose(&'static str);

impl<'de> DeserializeSeed<'de> for Prose {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Prose {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text in `{}`", self.0)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes)))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok((!bytes.is_empty()).then(|| Cow::Owned(String::from_utf8_lossy(bytes).into_owned())))
    }
}

/// The value of a key that may mean something else altogether: text, or nothing.
struct Stray<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Stray<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrayVisitor).map(Self)
    }
}

struct StrayVisitor;

impl<'de> Visitor<'de> for StrayVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Text("").visit_borrowed_str(text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Text("").visit_str(text)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
