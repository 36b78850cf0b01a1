//! What a form says, where a name may come more than once.

use super::error::WebError;
use serde::Deserialize;

/// The pairs of a form. They never print: a password may be among them.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fields(…)")
    }
}

impl Fields {
    /// The first value of a name; empty where there is none.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The number that a form is about.
    ///
    /// # Errors
    /// There is none.
    pub fn id(&self) -> Result<i64, WebError> {
        self.one("id")
            .parse()
            .map_err(|_| WebError::Bad("The form names nothing that it is about.".to_owned()))
    }
}
