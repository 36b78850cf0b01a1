//! Values as the providers' REST answers hold them: null, "" and missing are the same, and a date may be a number, a
//! flag a word (reference D.3 and D.4). A value that makes no sense here is `None`, never an error: one odd field must
//! not hide a whole package.

use super::instant;
use crate::model::Timestamp;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A text or an id; a number and a flag are taken as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Scalar")]
pub(super) struct Word(pub(super) Option<String>);

/// Yes or no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Scalar")]
pub(super) struct Flag(pub(super) Option<bool>);

/// A whole number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Scalar")]
pub(super) struct Number(pub(super) Option<i64>);

/// An instant: RFC 3339, or milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Scalar")]
pub(super) struct Time(pub(super) Option<Timestamp>);

/// A list of objects; what is none of them is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Many<T>(pub(super) Vec<T>);

/// One object, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

/// Any single value; lists and objects are `Nothing`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Nothing,
    Flag(bool),
    Number(i64),
    Real(f64),
    Text(String),
}

impl From<Scalar> for Word {
    fn from(value: Scalar) -> Self {
        Self(match value {
            Scalar::Nothing => None,
            Scalar::Flag(flag) => Some(flag.to_string()),
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Real(number) => Some(number.to_string()),
            Scalar::Text(text) => (!text.is_empty()).then_some(text),
        })
    }
}

impl From<Scalar> for Flag {
    fn from(value: Scalar) -> Self {
        Self(match value {
            Scalar::Nothing => None,
            Scalar::Flag(flag) => Some(flag),
            Scalar::Number(number) => Some(number != 0),
            Scalar::Real(number) => Some(number != 0.0),
            Scalar::Text(text) => match text.trim() {
                "" => None,
                "0" => Some(false),
                // A date stands for yes: one vendor list prints `trashed` as the time of the trashing (reference D.4).
                word => Some(!word.eq_ignore_ascii_case("false")),
            },
        })
    }
}

impl From<Scalar> for Number {
    fn from(value: Scalar) -> Self {
        Self(match value {
            Scalar::Nothing | Scalar::Flag(_) | Scalar::Real(_) => None,
            Scalar::Number(number) => Some(number),
            Scalar::Text(text) => text.trim().parse().ok(),
        })
    }
}

impl From<Scalar> for Time {
    fn from(value: Scalar) -> Self {
        Self(match value {
            Scalar::Nothing | Scalar::Flag(_) | Scalar::Real(_) => None,
            Scalar::Number(millis) => instant::from_number(millis),
            Scalar::Text(text) => instant::from_text(&text),
        })
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData::<Self>))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData::<Self>))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData::<Self>))
    }
}

/// What becomes of the three shapes of JSON; each type overrides the one that it wants and drops the others.
trait Shape<'de>: Sized {
    fn scalar(value: Scalar) -> Self;

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Scalar::Nothing))
    }

    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Scalar::Nothing))
    }
}

impl<'de> Shape<'de> for Scalar {
    fn scalar(value: Scalar) -> Self {
        value
    }
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Many<T> {
    fn scalar(_: Scalar) -> Self {
        Self::default()
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(Maybe(item)) = list.next_element()? {
            items.extend(item);
        }
        Ok(Self(items))
    }
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Maybe<T> {
    fn scalar(_: Scalar) -> Self {
        Self::default()
    }

    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|item| Self(Some(item)))
    }
}

/// The one visitor behind all shapes.
struct Any<T>(PhantomData<T>);

impl<'de, T: Shape<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::scalar(Scalar::Nothing))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        Ok(T::scalar(Scalar::Flag(flag)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::scalar(Scalar::Number(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::scalar(i64::try_from(number).map_or(Scalar::Text(number.to_string()), Scalar::Number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::scalar(Scalar::Real(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::scalar(Scalar::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Odd {
        word: Word,
        flag: Flag,
        number: Number,
        time: Time,
        one: Maybe<Inner>,
        many: Many<Inner>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        id: Word,
    }

    fn read(json: &str) -> Odd {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn nothing_is_said_in_many_ways() {
        for value in ["null", "\"\"", "[]", "{}", "[[1]]"] {
            let json =
                ["word", "flag", "number", "time", "many"].map(|key| format!("\"{key}\":{value}")).join(",");
            assert_eq!(read(&format!("{{{json}}}")), Odd::default(), "{value}");
        }
        assert_eq!(read(r#"{"one":[1],"many":{"a":1}}"#), Odd::default());
    }

    #[test]
    fn types_are_taken_loosely() {
        let odd = read(
            r#"{"word":17,"flag":"FALSE","number":"12","time":1717518580900,"one":{"id":true},
                "many":[null,{"id":"a"},"b",[{"id":"c"}],{"id":18446744073709551615}]}"#,
        );
        let id = |id: &str| Inner { id: Word(Some(id.to_owned())) };
        assert_eq!(
            odd,
            Odd {
                word: Word(Some("17".to_owned())),
                flag: Flag(Some(false)),
                number: Number(Some(12)),
                time: Time(Some(Timestamp(1_717_518_580_900))),
                one: Maybe(Some(id("true"))),
                many: Many(vec![id("a"), id("18446744073709551615")]),
            }
        );
        assert_eq!(read(r#"{"flag":"2024-06-04T16:29:40Z"}"#).flag, Flag(Some(true)));
        assert_eq!(read(r#"{"flag":0}"#).flag, Flag(Some(false)));
        assert_eq!(read(r#"{"time":"soon","number":1.5}"#), Odd::default());
    }
}
