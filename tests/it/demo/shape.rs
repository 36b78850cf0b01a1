//! Shapes of JSON values: which keys and types stand where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What may stand at each path of a JSON value: kinds, and for objects the keys.
pub(crate) struct Shape(pub(crate) BTreeMap<String, BTreeSet<String>>);

impl Shape {
    pub(crate) fn of<'a>(samples: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut shape = BTreeMap::new();
        for sample in samples {
            Self::learn(&mut shape, String::new(), sample);
        }
        Self(shape)
    }

    fn learn(shape: &mut BTreeMap<String, BTreeSet<String>>, path: String, value: &Value) {
        shape.entry(path.clone()).or_default().insert(kind(&path, value));
        Self::walk(&path, value, &mut |path, value| Self::learn(shape, path, value));
    }

    pub(crate) fn differences(&self, value: &Value) -> Vec<String> {
        let mut differences = Vec::new();
        self.compare(String::new(), value, &mut differences);
        differences
    }

    fn compare(&self, path: String, value: &Value, differences: &mut Vec<String>) {
        // The samples have no identity check; the reference names the one field.
        if path.ends_with(".knowledgeBasedAuthentication") && value.is_object() {
            let status = value["knowledgeBasedAuthenticationStatus"].as_str().unwrap_or_default();
            if !["NOT_YET_ATTEMPTED", "PASSED", "FAILED"].contains(&status) {
                differences.push(format!("{path}: {value}"));
            }
            return;
        }
        let kind = kind(&path, value);
        if !self.0.get(&path).is_some_and(|kinds| kinds.contains(&kind)) {
            differences.push(format!("{path} is {kind}, not {:?}", self.0.get(&path)));
            return;
        }
        Self::walk(&path, value, &mut |path, value| self.compare(path, value, differences));
    }

    fn walk(path: &str, value: &Value, visit: &mut impl FnMut(String, &Value)) {
        match value {
            // The customer's own keys are theirs to choose.
            Value::Object(_) if path == ".data" => {}
            Value::Object(map) => map.iter().for_each(|(key, value)| visit(format!("{path}.{key}"), value)),
            Value::Array(items) => items.iter().for_each(|item| visit(format!("{path}[]"), item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A type; a date is told from other text, a whole number from a broken one, an object by its keys.
fn kind(path: &str, value: &Value) -> String {
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => {
            return format!("date of {} characters", text.len());
        }
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) if path == ".data" => "object",
        Value::Object(map) => {
            return format!("object of {:?}", map.keys().collect::<BTreeSet<_>>());
        }
    };
    word.to_owned()
}
