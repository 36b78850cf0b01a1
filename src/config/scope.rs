//! What all tables share while they are read: the problems so far, the environment, and which variable set what.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Config, Problem, Problems};

/// Proof that a problem was reported. Only [`Scope::report`] makes one, so a reading that fails has said why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported(());

/// A value, or the proof that its absence was explained.
pub(super) type Read<T> = Result<T, Reported>;

/// The surroundings of one reading.
pub(super) struct Scope {
    /// Where the configuration file lies; relative secret files start here.
    folder: PathBuf,
    env: BTreeMap<String, String>,
    /// Path of a value -> the variable that set it.
    set_by: BTreeMap<String, String>,
    /// Tables that exist only because a variable needed them.
    created: BTreeSet<String>,
    problems: RefCell<Vec<Problem>>,
}

impl Scope {
    pub(super) fn new(folder: &Path, env: BTreeMap<String, String>) -> Scope {
        Scope {
            folder: folder.to_owned(),
            env,
            set_by: BTreeMap::new(),
            created: BTreeSet::new(),
            problems: RefCell::default(),
        }
    }

    /// Ends the reading: the configuration, or all that was reported.
    pub(super) fn conclude(self, config: Read<Config>) -> Result<Config, Problems> {
        let problems = self.problems.into_inner();
        match config {
            Ok(config) if problems.is_empty() => Ok(config),
            Ok(_) | Err(Reported(())) => Err(Problems::new(problems)),
        }
    }

    /// Takes a problem down. If variables set the value, or anything below it, they are named.
    pub(super) fn report(&self, path: &str, sentence: impl Into<String>) -> Reported {
        let mut sentence = sentence.into();
        let variables = self.variables_under(path);
        if !variables.is_empty() {
            sentence = format!("{sentence} (set by {})", variables.join(", "));
        }
        self.problems.borrow_mut().push(Problem { path: path.to_owned(), sentence });
        Reported(())
    }

    pub(super) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    pub(super) fn resolve(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(super) fn note_override(&mut self, path: &str, variable: &str) {
        self.set_by.insert(path.to_owned(), variable.to_owned());
    }

    pub(super) fn note_created(&mut self, path: &str) {
        self.created.insert(path.to_owned());
    }

    pub(super) fn is_overridden(&self, path: &str) -> bool {
        self.set_by.contains_key(path)
    }

    pub(super) fn is_created(&self, path: &str) -> bool {
        self.created.contains(path)
    }

    /// The variables that set this value or one below it.
    pub(super) fn variables_under(&self, path: &str) -> Vec<&str> {
        let within =
            |it: &str| it.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.set_by.iter().filter(|(it, _)| within(it)).map(|(_, variable)| variable.as_str()).collect()
    }
}

/// `path.key`, with the key in quotes where TOML would need them.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
