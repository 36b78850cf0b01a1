//! Saved views: a board by a name, for whoever saved it or for everybody. The board shows them as links.

use super::error::WebError;
use super::fields::Fields;
use super::people::see;
use super::remote::note;
use super::site::Site;
use super::views::saved::{Saved, Saves};
use super::views::words::{one_line, shown};
use super::views::{BoardQuery, Cursor};
use crate::app::people::{DeedKind, Means, Who};
use crate::app::{MOST_VIEWS, StoreError, View};
use crate::model::AccountId;
use crate::model::access::{Needs, Role};
use actix_web::{HttpRequest, HttpResponse, web};

const LONGEST_NAME: usize = 60;
const GONE: WebError = WebError::NotFound("There is no such view any more.");
const FOR_ADMINS: &str =
    "Only an admin of this board can save a view for everybody, or delete one of everybody’s.";

/// `POST /views`: the board of the form's query, by a name.
pub async fn save(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let name = one_line(form.one("name")).split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let query = board_of(&form);
    let user = match form.one("for") {
        "me" => Some(owner(&who).ok_or_else(|| {
            WebError::Bad("A board without sign-in keeps views for everybody alone.".to_owned())
        })?),
        "all" if is_admin(&who) => None,
        "all" => return Err(WebError::Forbidden(FOR_ADMINS)),
        _ => return Err(WebError::Bad("The form doesn’t say for whom the view is.".to_owned())),
    };
    if name.is_empty() {
        return Err(WebError::Bad("Give the view a name, so that it can be found again.".to_owned()));
    }
    if !site.app.store.save_view(user, &name, &query.to_query(), site.app.now()).await? {
        let why =
            format!("{MOST_VIEWS} views are kept; delete one, or save this one under the name of another.");
        return Err(WebError::Bad(why));
    }
    let whose = if user.is_some() { "for themselves" } else { "for everybody" };
    let what = format!("saved {name} {whose}: {}", query.href());
    note(&site.app, &request, &who, DeedKind::View, what).await;
    Ok(see(&query.href()))
}

/// `POST /views/end`: one's own, or, by an admin, one of everybody's.
pub async fn end(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let view = site.app.store.view(form.id()?).await?;
    // What is somebody else's is as good as not there.
    let view = view.filter(|it| it.user.is_none() || it.user == owner(&who)).ok_or(GONE)?;
    if view.user.is_none() && !is_admin(&who) {
        return Err(WebError::Forbidden(FOR_ADMINS));
    }
    if !site.app.store.forget_view(view.id).await? {
        return Err(GONE);
    }
    let whose = if view.user.is_some() { "their own" } else { "everybody’s" };
    let what = format!("deleted {} ({whose})", view.name);
    note(&site.app, &request, &who, DeedKind::View, what).await;
    Ok(see(&board_of(&form).href()))
}

/// The views that a board links to, as whoever looks at it may see them; and for whom they may save one.
pub async fn saved(site: &Site, who: &Who, shown: &BoardQuery) -> Result<(Vec<Saved>, Saves), StoreError> {
    let saves = match (who.may(Needs::Role(Role::Viewer)), owner(who).is_some(), is_admin(who)) {
        (false, ..) => return Ok((Vec::new(), Saves::Nothing)),
        (true, false, _) => Saves::ForAll,
        (true, true, false) => Saves::ForThemselves,
        (true, true, true) => Saves::ForBoth,
    };
    let (mut all, shown) = (Vec::new(), shown.at(Cursor::First));
    for view in site.app.store.views(owner(who)).await? {
        let query = BoardQuery::parse(&view.query);
        if view.user.is_none() && !tells_nothing(site, who, &query).await? {
            continue;
        }
        let may_delete = view.user.is_some() || is_admin(who);
        all.push(of(view, &query, query == shown, may_delete));
    }
    Ok((all, saves))
}

fn of(view: View, query: &BoardQuery, current: bool, may_delete: bool) -> Saved {
    let id = may_delete.then_some(view.id);
    Saved { id, name: shown(&view.name), href: query.href(), current, for_all: view.user.is_none() }
}

/// Whether a view of everybody's names no account, sender or group of which whoever looks must not learn. What it searches
/// for is the admin's to answer for, who is told so.
async fn tells_nothing(site: &Site, who: &Who, query: &BoardQuery) -> Result<bool, StoreError> {
    if who.reach.is_all() {
        return Ok(true);
    }
    let of_provider = |word: &String| {
        let mut accounts = site.accounts.iter().filter(|it| it.provider == *word).peekable();
        accounts.peek().is_none() || accounts.any(|it| who.reach.has(&it.id))
    };
    let account = query.account.as_ref().is_none_or(|it| who.reach.has(&AccountId(it.clone())));
    if !account || !query.provider.as_ref().is_none_or(of_provider) {
        return Ok(false);
    }
    site.app.store.may_know(query.sender.as_deref(), query.group.as_deref(), &who.reach).await
}

fn board_of(form: &Fields) -> BoardQuery {
    BoardQuery::parse(form.one("query")).at(Cursor::First)
}

fn is_admin(who: &Who) -> bool {
    who.may(Needs::Role(Role::Admin))
}

/// Whose views somebody has; whoever sits at the machine of a board without sign-in is nobody in particular.
fn owner(who: &Who) -> Option<i64> {
    match who.means {
        Means::Session { user, .. } => Some(user),
        Means::Here | Means::Token { .. } => None,
    }
}
