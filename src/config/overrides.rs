//! Variables laid over the file: `SIGNBOARD__SERVER__PUBLIC_URL` becomes `server.public-url`.
//!
//! Knows no key of the configuration: what a variable names is a key like any other afterwards, and is refused
//! like any other when nobody asks for it.

use toml::{Table, Value};

use super::scope::{Scope, join};

const PREFIX: &str = "SIGNBOARD__";

/// Writes the value of every variable with our prefix into `table`, over what the file says.
pub(super) fn apply(scope: &mut Scope, table: &mut Table) {
    let ours: Vec<(String, String)> = scope
        .env()
        .iter()
        .filter(|(it, _)| it.starts_with(PREFIX))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    for (variable, value) in ours {
        match keys(&variable) {
            Some(keys) => set(scope, table, "", &keys, &variable, value),
            None => {
                scope.report(
                    &variable,
                    "no key can have this name; write it as SIGNBOARD__SERVER__PUBLIC_URL, in upper case, \
                     with `__` between the parts and `_` for `-`",
                );
            }
        }
    }
}

/// The keys a variable names, from the outermost in; none of ours has an underscore, so each stands for a dash.
fn keys(variable: &str) -> Option<Vec<String>> {
    let rest = variable.strip_prefix(PREFIX)?;
    let known = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
    rest.split("__")
        .map(|part| {
            let fits = !part.is_empty() && part.bytes().all(known);
            fits.then(|| part.to_ascii_lowercase().replace('_', "-"))
        })
        .collect()
}

fn set(scope: &mut Scope, table: &mut Table, path: &str, keys: &[String], variable: &str, value: String) {
    let Some((key, inner)) = keys.split_first() else { return };
    let path = join(path, key);
    if inner.is_empty() {
        if matches!(table.get(key), Some(Value::Table(_))) {
            let sentence =
                format!("this is a table, so {variable} cannot set it; set single values below it");
            scope.report(&path, sentence);
        } else {
            table.insert(key.clone(), Value::String(value));
            scope.note_override(&path, variable);
        }
        return;
    }
    if !table.contains_key(key) {
        scope.note_created(&path);
    }
    match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(below) => set(scope, below, &path, inner, variable, value),
        // A foreign enum, and all its other variants are plain values.
        _ => {
            scope.report(&path, format!("this is a plain value, so {variable} names nothing; unset it"));
        }
    }
}
