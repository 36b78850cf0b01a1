//! Facets: what a board can be narrowed to, each a link with how many packages it has.

use super::query::{BoardQuery, Cursor, Updated};
use super::words::{list, number, shown};
use super::{AccountLabel, Around};
use crate::app::Facets;
use crate::model::Tally;

/// All of them, as the pulse shows them.
#[derive(Debug)]
pub(super) struct FacetsView {
    pub(super) parts: Vec<Part>,
    /// What the counts don't go by.
    pub(super) note: String,
}

/// The values of one facet.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) values: Vec<Value>,
}

/// A value, and the board that it leads to; from the one on show the way leads back.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) href: String,
    pub(super) title: String,
    /// How many; empty: nobody counts that.
    pub(super) count: String,
    pub(super) current: bool,
}

impl FacetsView {
    /// `None`: there is nothing to choose from.
    pub(super) fn new(facets: &Facets, query: &BoardQuery, around: &Around<'_>) -> Option<Self> {
        let chosen = |label: &&AccountLabel| query.provider.as_ref().is_none_or(|it| *it == label.provider);
        let count = |label: &AccountLabel| {
            facets.accounts.iter().find(|(id, _)| *id == label.id).map_or(0, |(_, count)| *count)
        };
        let accounts = around.accounts.iter().filter(chosen);
        let accounts = accounts.map(|it| (it.id.0.clone(), it.label.clone(), count(it))).collect();
        let mut providers: Vec<(String, String, u64)> = Vec::new();
        for label in around.accounts {
            match providers.iter_mut().find(|it| it.0 == label.provider) {
                Some(known) => known.2 += count(label),
                None => providers.push((label.provider.clone(), label.provider_title.clone(), count(label))),
            }
        }
        let named = |all: &[(String, u64)]| all.iter().map(|(it, n)| (it.clone(), it.clone(), *n)).collect();
        let whatever = query.group.is_some();
        let parts = [
            part("Accounts", accounts, &query.account, query, |query, account| query.account = account),
            part("Providers", providers, &query.provider, query, |query, provider| {
                (query.provider, query.account) = (provider, None);
            }),
            part(
                if whatever { "Senders, whatever the group" } else { "Senders" },
                named(&facets.senders),
                &query.sender,
                query,
                |query, sender| query.sender = sender,
            ),
            part(
                if query.sender.is_some() { "Groups, whoever sent" } else { "Groups" },
                named(&facets.groups),
                &query.group,
                query,
                |query, group| query.group = group,
            ),
        ];
        let parts: Vec<Part> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| Self { parts, note: note(query) })
    }
}

fn part(
    title: &'static str,
    all: Vec<(String, String, u64)>,
    chosen: &Option<String>,
    query: &BoardQuery,
    choose: fn(&mut BoardQuery, Option<String>),
) -> Option<Part> {
    // What needs attention depends on the time, so nobody keeps counts of it.
    let counted = query.tally != Tally::Attention;
    let mut all: Vec<_> = all.into_iter().filter(|it| it.2 > 0 || chosen.as_ref() == Some(&it.0)).collect();
    all.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.1.cmp(&b.1)));
    let value = |(value, title, count): (String, String, u64)| {
        let current = chosen.as_ref() == Some(&value);
        let mut to = query.at(Cursor::First);
        choose(&mut to, Some(value).filter(|_| !current));
        let count = if counted { number(count) } else { String::new() };
        Value { href: to.href(), title: shown(&title), count, current }
    };
    // A choice of one is none.
    let is_choice = all.len() > 1 || chosen.is_some() && !all.is_empty();
    is_choice.then(|| Part { title, values: all.into_iter().map(value).collect() })
}

fn note(query: &BoardQuery) -> String {
    if query.tally == Tally::Attention {
        return "What needs attention depends on the time, so these have no counts.".to_owned();
    }
    let mut not: Vec<String> = Vec::new();
    if !query.q.is_empty() {
        not.push("the search".to_owned());
    }
    if query.updated != Updated::Any {
        not.push("when a package was updated".to_owned());
    }
    // Of a sender and a group at once nobody keeps counts.
    if query.group.is_some() && (query.sender.is_some() || query.mine) {
        not.push("both a sender and a group".to_owned());
    }
    if not.is_empty() { String::new() } else { format!("These counts don’t go by {}.", list(&not)) }
}
