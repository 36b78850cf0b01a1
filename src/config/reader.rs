//! Reads one table key by key. It knows where it stands, and remembers what it was asked for: whatever is left
//! at the end is an unknown key, and what was asked for is what one may have meant.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::{Table, Value};

use super::Secret;
use super::scope::{Read, Reported, Scope, join};

/// One table and its place in the file.
pub(super) struct Reader<'a> {
    scope: &'a Scope,
    /// `None` where the file has no such table: every key is absent then.
    table: Option<&'a Table>,
    path: String,
    known: Vec<String>,
}

/// The three ways to give a secret.
#[derive(Clone, Copy)]
enum Form {
    Inline,
    File,
    Env,
}

impl<'a> Reader<'a> {
    pub(super) fn new(scope: &'a Scope, table: &'a Table) -> Reader<'a> {
        Reader { scope, table: Some(table), path: String::new(), known: Vec::new() }
    }

    /// The path of one of this table's keys.
    pub(super) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// What the table holds; for tables whose keys are names.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        self.table.map(|it| it.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    pub(super) fn report(&self, key: &str, sentence: impl Into<String>) -> Reported {
        self.scope.report(&self.path_of(key), sentence)
    }

    /// Reports a problem of the table itself.
    pub(super) fn report_self(&self, sentence: impl Into<String>) -> Reported {
        self.scope.report(&self.path, sentence)
    }

    /// Reports that `key` must be there; `advice` says what to write.
    pub(super) fn missing(&self, key: &str, advice: &str) -> Reported {
        let mut sentence = format!("is missing; {advice}");
        if self.scope.is_created(&self.path) {
            // Most likely a variable whose name was meant for another table.
            let variables = self.scope.variables_under(&self.path).join(", ");
            sentence = format!("{sentence} (`{}` is only there because of {variables})", self.path);
        }
        self.report(key, sentence)
    }

    /// A plain text; empty or with control characters is a problem.
    pub(super) fn text(&mut self, key: &str) -> Read<Option<String>> {
        self.ask(key);
        let Some(value) = self.get(key) else { return Ok(None) };
        let Value::String(text) = value else {
            let found = value.type_str();
            return Err(self.report(key, format!("must be text in quotes, but is of type {found}")));
        };
        sound(text).map_err(|sentence| self.report(key, sentence))?;
        Ok(Some(text.clone()))
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &str, advice: &str) -> Read<String> {
        self.text(key)?.ok_or_else(|| self.missing(key, advice))
    }

    /// A text that means something; `check` says what, or what is wrong with it.
    pub(super) fn checked<T>(
        &mut self,
        key: &str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Read<Option<T>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        check(&text).map(Some).map_err(|sentence| self.report(key, sentence))
    }

    /// As [`Reader::checked`], for one that must be there.
    pub(super) fn required_checked<T>(
        &mut self,
        key: &str,
        advice: &str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Read<T> {
        self.checked(key, check)?.ok_or_else(|| self.missing(key, advice))
    }

    /// A file; a relative one starts where the configuration file lies.
    pub(super) fn file(&mut self, key: &str) -> Read<Option<PathBuf>> {
        Ok(self.text(key)?.map(|it| self.scope.resolve(&it)))
    }

    /// True or false. A variable can only hold text, so it is read from that.
    pub(super) fn flag(&mut self, key: &str) -> Read<Option<bool>> {
        self.ask(key);
        let Some(value) = self.get(key) else { return Ok(None) };
        let flag = match value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) if self.scope.is_overridden(&self.path_of(key)) => text.trim().parse().ok(),
            _ => None,
        };
        flag.map(Some).ok_or_else(|| self.report(key, "must be true or false"))
    }

    /// A whole number within `range`. A variable can only hold text, so a number is read from it.
    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u32>) -> Read<Option<u32>> {
        self.ask(key);
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = match value {
            Value::Integer(number) => Some(*number),
            Value::String(text) if self.scope.is_overridden(&self.path_of(key)) => text.trim().parse().ok(),
            _ => None,
        };
        let fitting = number.and_then(|it| u32::try_from(it).ok()).filter(|it| range.contains(it));
        fitting.map(Some).ok_or_else(|| {
            let sentence = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.report(key, sentence)
        })
    }

    /// A list of plain texts. A variable can only hold one text, so its parts stand between commas.
    pub(super) fn texts(&mut self, key: &str) -> Read<Option<Vec<String>>> {
        self.ask(key);
        let read = match self.get(key) {
            None => return Ok(None),
            Some(Value::Array(values)) => values.iter().map(|it| it.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) if self.scope.is_overridden(&self.path_of(key)) => {
                Some(text.split(',').map(|it| it.trim().to_owned()).collect())
            }
            Some(_) => None,
        };
        let texts: Vec<String> =
            read.ok_or_else(|| self.report(key, "must be a list of texts, such as [\"one\", \"two\"]"))?;
        for text in &texts {
            sound(text).map_err(|sentence| self.report(key, format!("one of its texts {sentence}")))?;
        }
        Ok(Some(texts))
    }

    /// A certificate in PEM: `key`, or the file in `key-file`. No secret, and the only text of several lines.
    pub(super) fn certificate(&mut self, key: &str) -> Read<String> {
        let file_key = format!("{key}-file");
        let file = self.file(&file_key);
        self.ask(key);
        let by_variable = |key: &str| self.scope.is_overridden(&self.path_of(key));
        let (key, text) = match (self.get(key), file?) {
            (Some(_), Some(_)) if !by_variable(key) && !by_variable(&file_key) => {
                return Err(self.report(key, format!("given twice, as {key} and {file_key}; keep one")));
            }
            (None, None) => {
                let advice =
                    format!("give the provider's certificate as {key} = \"…\" or {key}-file = \"path\"");
                return Err(self.missing(key, &advice));
            }
            (given, Some(file)) if given.is_none() || by_variable(&file_key) => {
                let text = std::fs::read_to_string(&file).map_err(|error| {
                    self.report(&file_key, format!("the file {} cannot be read: {error}", file.display()))
                })?;
                (file_key.as_str(), text)
            }
            (given, _) => {
                let text = given
                    .and_then(Value::as_str)
                    .ok_or_else(|| self.report(key, "must be text in quotes"))?;
                (key, text.to_owned())
            }
        };
        let block = text.split_once("-----BEGIN CERTIFICATE-----").map(|(_, rest)| rest);
        if !block.is_some_and(|rest| rest.contains("-----END CERTIFICATE-----")) {
            let sentence = "holds no certificate in PEM form, which stands between -----BEGIN CERTIFICATE----- and \
                            -----END CERTIFICATE-----";
            return Err(self.report(key, sentence));
        }
        Ok(text)
    }

    /// A table below this one.
    pub(super) fn table(&mut self, key: &str) -> Read<Option<Reader<'a>>> {
        self.ask(key);
        match self.get(key) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(self.below(key, Some(table)))),
            Some(other) => {
                let found = other.type_str();
                Err(self.report(key, format!("must be a table, `{{ … }}`, but is of type {found}")))
            }
        }
    }

    /// The tables of a list of them, counted from 1; none where it is absent.
    pub(super) fn tables(&mut self, key: &str) -> Read<Vec<Reader<'a>>> {
        self.ask(key);
        let tables: Option<Vec<&'a Table>> = match self.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(all)) => all.iter().map(Value::as_table).collect(),
            Some(_) => None,
        };
        let tables = tables
            .ok_or_else(|| self.report(key, format!("must be tables, each under its own [[{key}]]")))?;
        let path = |number| format!("{}[{number}]", self.path_of(key));
        let of = |(table, number)| Reader {
            scope: self.scope,
            table: Some(table),
            path: path(number),
            known: Vec::new(),
        };
        Ok(tables.into_iter().zip(1..).map(of).collect())
    }

    /// As [`Reader::table`]; an absent one is read as an empty one.
    pub(super) fn table_or_empty(&mut self, key: &str) -> Read<Reader<'a>> {
        Ok(self.table(key)?.unwrap_or_else(|| self.below(key, None)))
    }

    /// A secret: `key`, `key-file` or `key-env`, one of them.
    pub(super) fn secret(&mut self, key: &str) -> Read<Option<Secret>> {
        self.checked_secret(key, |_| Ok(()))
    }

    /// A secret of which `check` says what is wrong, without repeating it.
    pub(super) fn checked_secret(
        &mut self,
        key: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Read<Option<Secret>> {
        let (file, env) = (format!("{key}-file"), format!("{key}-env"));
        self.secret_in(key, &[(key, Form::Inline), (&file, Form::File), (&env, Form::Env)], check)
    }

    /// A secret that must be there.
    pub(super) fn required_secret(
        &mut self,
        key: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Read<Secret> {
        let advice = format!("give it as {key} = \"…\", {key}-file = \"path\" or {key}-env = \"NAME\"");
        self.checked_secret(key, check)?.ok_or_else(|| self.missing(key, &advice))
    }

    /// A secret in a map of them: inline, `{ file = "path" }` or `{ env = "NAME" }`.
    pub(super) fn secret_entry(
        &mut self,
        name: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Read<Secret> {
        let Some(Value::Table(table)) = self.get(name) else {
            return self
                .secret_in(name, &[(name, Form::Inline)], check)?
                .ok_or_else(|| self.missing(name, "give it"));
        };
        self.ask(name);
        let mut forms = self.below(name, Some(table));
        let secret = forms.secret_in(name, &[("file", Form::File), ("env", Form::Env)], check);
        forms.finish();
        let advice = "write it as \"…\", { file = \"path\" } or { env = \"NAME\" }";
        secret?.ok_or_else(|| self.missing(name, advice))
    }

    /// The variables that set this table or anything in it.
    pub(super) fn variables(&self) -> Vec<&'a str> {
        self.scope.variables_under(&self.path)
    }

    /// Lets the remaining keys pass, where a wrong key leaves open what they would mean.
    pub(super) fn accept_rest(&mut self) {
        for key in self.keys() {
            self.ask(key);
        }
    }

    /// Reports every key nobody asked for.
    pub(super) fn finish(self) {
        for key in self.keys() {
            if !self.known.iter().any(|it| it == key) {
                let advice = match self.closest(key) {
                    Some(known) => format!("did you mean `{known}`"),
                    None => format!("known here: {}", self.known.join(", ")),
                };
                self.report(key, format!("unknown key; {advice}"));
            }
        }
    }

    fn below(&self, key: &str, table: Option<&'a Table>) -> Reader<'a> {
        Reader { scope: self.scope, table, path: self.path_of(key), known: Vec::new() }
    }

    fn ask(&mut self, key: &str) {
        self.known.push(key.to_owned());
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.table.and_then(|it| it.get(key))
    }

    fn secret_in(
        &mut self,
        name: &str,
        forms: &[(&str, Form)],
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Read<Option<Secret>> {
        let mut given: Vec<_> = forms.iter().filter(|(key, _)| self.get(key).is_some()).collect();
        for (key, _) in forms {
            self.ask(key);
        }
        // A variable wins over the file, also when each gives the secret in another form.
        if given.iter().any(|(key, _)| self.scope.is_overridden(&self.path_of(key))) {
            given.retain(|(key, _)| self.scope.is_overridden(&self.path_of(key)));
        }
        match given.as_slice() {
            [] => Ok(None),
            [(key, form)] => {
                let secret = self.secret_as(key, *form)?;
                check(secret.expose()).map_err(|sentence| self.report(key, sentence))?;
                Ok(Some(secret))
            }
            several => {
                let keys: Vec<&str> = several.iter().map(|(key, _)| *key).collect();
                let first = keys.first().copied().unwrap_or(name);
                Err(self.report(
                    first,
                    format!("given {} times, as {}; keep one", keys.len(), keys.join(" and ")),
                ))
            }
        }
    }

    fn secret_as(&mut self, key: &str, form: Form) -> Read<Secret> {
        let text = self.text(key)?.unwrap_or_default();
        let secret = match form {
            Form::Inline => return Ok(Secret::new(text)),
            Form::File => {
                let file = self.scope.resolve(&text);
                let content = std::fs::read_to_string(&file).map_err(|error| {
                    self.report(key, format!("the file {} cannot be read: {error}", file.display()))
                })?;
                content.trim_end_matches(['\r', '\n']).to_owned()
            }
            Form::Env => self.scope.env().get(&text).cloned().ok_or_else(|| {
                self.report(
                    key,
                    format!("the variable {text} is not set; set it or give the secret otherwise"),
                )
            })?,
        };
        sound(&secret)
            .map_err(|sentence| self.report(key, format!("the secret in {text} {sentence}")))
            .map(|()| Secret::new(secret))
    }

    fn closest(&self, key: &str) -> Option<&str> {
        let near = self.known.iter().map(|it| (distance(key, it), it));
        near.filter(|(steps, it)| *steps <= 2 && *steps < it.len()).min().map(|(_, it)| it.as_str())
    }
}

/// Refuses what no value here can be: nothing at all, or something a header or a log line could not carry.
fn sound(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        return Err("is empty; give a value");
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character, perhaps a line break; take it out");
    }
    Ok(())
}

/// How many letters must be added, removed or replaced to make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (right, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = *above;
            before = replaced.min(*above + 1).min(before + 1);
            *above = before;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
