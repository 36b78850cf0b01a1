//! What people see of themselves: name, password, second factor, sessions.

use super::time::{self, When};
use super::wishes::WishesView;
use super::words::shown;
use super::{Around, Frame, Place};
use crate::app::people::{Session, User, passwords};
use crate::model::access::Role;
use crate::model::wishes::Wishes;
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct MeInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Who looks.
    pub user: &'a User,
    /// Their sessions, the last used first.
    pub sessions: &'a [Session],
    /// The one that they are in.
    pub session: i64,
    /// The zone of whoever has chosen none.
    pub boards_zone: &'a str,
    /// What they want to hear of.
    pub wishes: &'a Wishes,
    /// The board sends mails at all.
    pub mails: bool,
    /// What a button has just done.
    pub notice: Option<&'a str>,
    /// Why it hasn't.
    pub wrong: Option<&'a str>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "people/me.html")]
pub struct MePage<'a> {
    frame: Frame,
    email: String,
    name: &'a str,
    has_password: bool,
    has_second: bool,
    by_provider: bool,
    boards_zone: &'a str,
    /// The zones to choose from, and which they chose.
    zones: Vec<(String, bool)>,
    sessions: Vec<SessionView>,
    others: bool,
    wishes: WishesView,
    notice: Option<&'a str>,
    wrong: Option<&'a str>,
    least: usize,
    advised: usize,
}

#[derive(Debug)]
struct SessionView {
    id: i64,
    browser: String,
    remote: String,
    begun: When,
    seen: When,
    is_this: bool,
}

impl<'a> MePage<'a> {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: MeInput<'a>) -> Self {
        let (user, around) = (input.user, &input.around);
        let whole = input.sessions.iter().filter(|it| !it.half);
        let view = |it: &Session| SessionView {
            id: it.id,
            browser: browser(&it.agent),
            remote: shown(&it.remote),
            begun: When::ago(it.created_at, around.now, around.zone),
            seen: When::ago(it.seen_at, around.now, around.zone),
            is_this: it.id == input.session,
        };
        let sessions: Vec<SessionView> = whole.map(view).collect();
        Self {
            frame: Frame::new("You", Place::Elsewhere, around),
            email: shown(&user.email),
            name: &user.name,
            has_password: user.password.is_some(),
            has_second: user.totp.is_some(),
            by_provider: user.subject.is_some() && user.password.is_none(),
            boards_zone: input.boards_zone,
            zones: zones(user.zone.as_deref()),
            others: sessions.len() > 1,
            wishes: WishesView::new(input.wishes, input.mails, user.role == Role::Admin, around),
            sessions,
            notice: input.notice,
            wrong: input.wrong,
            least: passwords::LEAST,
            advised: passwords::ADVISED,
        }
    }
}

/// All zones. One that is known no more stays in the list, so that it is not changed unseen.
fn zones(chosen: Option<&str>) -> Vec<(String, bool)> {
    let known = time::zones();
    let gone = chosen.filter(|it| known.iter().all(|zone| zone != it)).map(|it| (it.to_owned(), true));
    gone.into_iter().chain(known.iter().map(|it| (it.clone(), chosen == Some(it.as_str())))).collect()
}

/// What people call a browser that calls itself by many names; of several the first here is the true one.
fn browser(agent: &str) -> String {
    let find = |all: &[(&str, &'static str)]| {
        all.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
    };
    let name = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let on = find(&[
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("Linux", "Linux"),
    ]);
    match (name, on) {
        (Some(name), Some(on)) => format!("{name} on {on}"),
        _ if agent.is_empty() => "a program without a name".to_owned(),
        _ => shown(&agent.chars().take(60).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_goes_by_the_name_that_people_know() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Windows");
        assert_eq!(browser(&format!("{chrome} Edg/131.0")), "Edge on Windows");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Safari/604.1";
        assert_eq!(browser(iphone), "Safari on an iPhone");
        assert_eq!(browser("curl/8"), "curl/8");
        assert_eq!(browser(""), "a program without a name");
    }
}
