//! What programs and wall screens show instead of a sign-in.

use super::time::When;
use super::users::{AccountsView, sees};
use super::words::{list, shown};
use super::{Around, BoardQuery, Frame, Place, board};
use crate::app::people::Token;
use crate::model::access::Scope;
use askama::Template;
use std::collections::HashMap;

/// What the page shows.
#[derive(Debug)]
pub struct TokensInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// The tokens, those that work first.
    pub tokens: &'a [Token],
    /// The mail addresses of those who made them.
    pub owners: &'a HashMap<i64, String>,
    /// What a button has just done.
    pub notice: Option<&'a str>,
    /// The one that was just made.
    pub made: Option<Made<'a>>,
    /// Why none was.
    pub wrong: Option<&'a str>,
    /// The name, the board and the senders that were typed then.
    pub typed: [String; 3],
}

/// A token that was just made: the only time that it is told.
pub struct Made<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The token.
    pub secret: &'a str,
    /// The address that a wall screen opens.
    pub screen: Option<String>,
}

impl std::fmt::Debug for Made<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "people/tokens.html")]
pub struct TokensPage<'a> {
    frame: Frame,
    tokens: Vec<TokenView>,
    notice: Option<&'a str>,
    made: Option<Made<'a>>,
    wrong: Option<&'a str>,
    typed: [String; 3],
    accounts: AccountsView,
}

#[derive(Debug)]
struct TokenView {
    id: i64,
    name: String,
    prefix: String,
    opens: String,
    sees: String,
    senders: Option<String>,
    owner: Option<String>,
    used: Option<When>,
    /// It works no more, and since when.
    over: Option<(&'static str, When)>,
    until: Option<When>,
}

impl TokenView {
    fn new(it: &Token, input: &TokensInput<'_>) -> Self {
        let around = &input.around;
        let opens = match (it.scope, it.query.as_deref()) {
            (Scope::Read, _) => "Reads".to_owned(),
            (Scope::Resync, _) => "Reads and resyncs".to_owned(),
            (Scope::Screen, query) => {
                let title = board::title(&BoardQuery::parse(query.unwrap_or_default()));
                format!("A wall screen: {}", shown(&title))
            }
        };
        let when = |at| When::ago(at, around.now, around.zone);
        let expired = it.expires_at.filter(|at| *at <= around.now).map(|at| ("expired", when(at)));
        Self {
            id: it.id,
            name: shown(&it.name),
            prefix: shown(&it.prefix),
            opens,
            sees: sees(it.reach.accounts.as_deref(), around),
            senders: it.reach.senders.as_ref().map(|some| {
                let some: Vec<String> = some.iter().map(|it| shown(it)).collect();
                format!("only what {} sent", list(&some))
            }),
            owner: it.user.and_then(|user| input.owners.get(&user)).map(|it| shown(it)),
            used: it.used_at.map(when),
            over: it.ended_at.map(|at| ("ended", when(at))).or(expired),
            until: it.expires_at.map(|at| When::due(at, around.now, around.zone)),
        }
    }
}

impl<'a> TokensPage<'a> {
    /// Puts them into words.
    #[must_use]
    pub fn new(input: TokensInput<'a>) -> Self {
        Self {
            frame: Frame::new("Tokens", Place::People, &input.around),
            tokens: input.tokens.iter().map(|it| TokenView::new(it, &input)).collect(),
            accounts: AccountsView::new(None, &input.around),
            notice: input.notice,
            made: input.made,
            wrong: input.wrong,
            typed: input.typed,
        }
    }
}
