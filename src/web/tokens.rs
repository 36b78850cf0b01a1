//! `/tokens`: what programs and wall screens show instead of a sign-in.

use super::error::WebError;
use super::fields::Fields;
use super::people::{accounts_of, answer_to, has_people, see};
use super::remote::note;
use super::site::Site;
use super::views::tokens::{Made, TokensInput, TokensPage};
use super::views::{BoardQuery, Cursor, html};
use crate::app::people::{DeedKind, Means, Who, mail_address};
use crate::model::access::{Reach, Scope};
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

const MOST: u32 = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// `GET /tokens`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let notice = (query.get("done").map(String::as_str) == Some("ended"))
        .then_some("The token works no more; what it had open has ended.");
    shown(&site, &who, notice, None, None).await
}

async fn shown(
    site: &Site,
    who: &Who,
    notice: Option<&str>,
    made: Option<Made<'_>>,
    refused: Option<(&str, &Fields)>,
) -> Result<HttpResponse, WebError> {
    let tokens = site.app.store.tokens(MOST).await?;
    let mut owners = HashMap::new();
    for user in tokens.iter().filter_map(|it| it.user) {
        if !owners.contains_key(&user)
            && let Some(it) = site.app.store.user(user).await?
        {
            owners.insert(user, it.email);
        }
    }
    let moment = site.moment(who).await?;
    let typed = |form: &'_ Fields| ["name", "board", "senders"].map(|field| form.one(field).to_owned());
    let (wrong, typed) = refused.map(|(why, form)| (why, typed(form))).unzip();
    let input = TokensInput {
        around: site.around(&moment),
        tokens: &tokens,
        owners: &owners,
        notice,
        made,
        wrong,
        typed: typed.unwrap_or_default(),
    };
    Ok(answer_to(wrong, html(&TokensPage::new(input))))
}

/// `POST /tokens`: a new one. Its secret is shown in the answer and nowhere else.
pub async fn make(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let name: String = form.one("name").trim().chars().filter(|it| !it.is_control()).take(100).collect();
    let scope = Scope::from_word(form.one("scope"));
    let scope =
        scope.ok_or_else(|| WebError::Bad("The form doesn’t say what the token opens.".to_owned()))?;
    let days: Option<i64> = match form.one("days") {
        "" => None,
        days => {
            let days = days.parse().ok().filter(|it| (1..=3650).contains(it));
            Some(days.ok_or_else(|| WebError::Bad("A token works for 1 to 3650 days.".to_owned()))?)
        }
    };
    if name.is_empty() {
        let why = "Call it something, so that it can be told apart and ended.";
        return shown(&site, &who, None, None, Some((why, &form))).await;
    }
    let senders = match senders_of(form.one("senders")) {
        Ok(senders) => senders,
        Err(why) => return shown(&site, &who, None, None, Some((&why, &form))).await,
    };
    let reach = Reach { accounts: accounts_of(&form)?, senders };
    let query = (scope == Scope::Screen).then(|| board_of(form.one("board")));
    // Whoever makes a token has seen it: it ends with them.
    let owner = match who.means {
        Means::Session { user, .. } => Some(user),
        Means::Here | Means::Token { .. } => None,
    };
    let expires = days.map(|days| site.app.now().plus(days * DAY_MS));
    let secret = site.app.make_token(&name, scope, owner, expires, reach, query).await?;
    let what = format!("{name} to {}", scope.word());
    note(&site.app, &request, &who, DeedKind::TokenAdded, what).await;
    let screen = (scope == Scope::Screen)
        .then(|| site.app.screen_address(&secret, request.app_config().local_addr().into()));
    shown(&site, &who, None, Some(Made { name: &name, secret: secret.text(), screen }), None).await
}

/// The mail addresses of whose packages alone it sees; none named: of everybody.
fn senders_of(text: &str) -> Result<Option<Vec<String>>, String> {
    const MOST_SENDERS: usize = 200;
    let parts = text.split([',', ';', '\n', ' ', '\r', '\t']).filter(|it| !it.is_empty());
    let all: Vec<String> = parts
        .map(|it| mail_address(it).ok_or_else(|| format!("“{it}” is no mail address.")))
        .collect::<Result<_, _>>()?;
    if all.len() > MOST_SENDERS {
        return Err(format!("A token is limited to at most {MOST_SENDERS} senders."));
    }
    Ok((!all.is_empty()).then_some(all))
}

/// The board of an address that was copied, or of its query alone; without what turns pages.
fn board_of(text: &str) -> String {
    let text = text.trim();
    let query = text.split_once('?').map_or(if text.contains('=') { text } else { "" }, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    BoardQuery::parse(query).at(Cursor::First).to_query()
}

/// `POST /tokens/end`.
pub async fn end(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let id = form.id()?;
    let token = site.app.store.token_by_id(id).await?;
    let ended = site.app.store.end_token(id, site.app.now()).await?;
    let token = token.filter(|_| ended).ok_or(WebError::NotFound("That token has ended already."))?;
    note(&site.app, &request, &who, DeedKind::TokenEnded, token.name).await;
    Ok(see("/tokens?done=ended"))
}

#[cfg(test)]
mod tests {
    use super::board_of;

    #[test]
    fn a_screen_shows_the_board_of_a_copied_address() {
        for (text, query) in [
            ("", ""),
            ("https://board.example/", ""),
            ("https://board.example/?status=attention&after=x#rows", "status=attention"),
            ("/?q=a%20b&provider=conga", "q=a%20b&provider=conga"),
            ("status=sent&nonsense=1", "status=sent"),
        ] {
            assert_eq!(board_of(text), query, "{text}");
        }
    }
}
