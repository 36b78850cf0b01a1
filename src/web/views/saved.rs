//! Saved views as a board shows them: links, and the forms that save and delete.

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// By what it is deleted; `None`: whoever looks may not.
    pub id: Option<i64>,
    /// What it is called.
    pub name: String,
    /// The board that it is.
    pub href: String,
    /// It is the one on show.
    pub current: bool,
    /// It is everybody's.
    pub for_all: bool,
}

/// For whom somebody may save a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Saves {
    /// Not at all.
    #[default]
    Nothing,
    /// For themselves.
    ForThemselves,
    /// For everybody: there is nobody in particular.
    ForAll,
    /// As they like.
    ForBoth,
}
