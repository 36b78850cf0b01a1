//! A person's wishes about alerts, as the form of `/me` says them.

use super::error::WebError;
use super::fields::Fields;
use super::people::accounts_of;
use crate::model::alert::AlertKind;
use crate::model::wishes::{Day, Minute, Quiet, StandIn, Wishes};

/// What the form says. A list that can't be understood must not come to mean everything.
///
/// # Errors
/// A sentence about what is wrong.
pub fn wishes_of(form: &Fields) -> Result<Wishes, WebError> {
    let bad = |why: &str| WebError::Bad(why.to_owned());
    let kinds = match form.one("kinds") {
        "all" => None,
        "some" => Some(form.all("kind").filter_map(AlertKind::parse).collect()),
        _ => return Err(bad("The form doesn’t say which kinds.")),
    };
    let time = |name: &'static str| match form.one(name) {
        "" => Ok(None),
        text => Minute::parse(text).map(Some).ok_or_else(|| bad("A time of day looks like 22:00.")),
    };
    let quiet = match (time("quiet-from")?, time("quiet-until")?) {
        (None, None) => None,
        (Some(from), Some(until)) => Some(Quiet { from, until }),
        _ => return Err(bad("Quiet hours need both their beginning and their end.")),
    };
    let day = |name: &'static str| Day::parse(form.one(name));
    let stand_in = match (form.one("stand-in"), day("stand-from"), day("stand-until")) {
        ("", _, _) => None,
        (email, Some(from), Some(until)) => Some(StandIn { email: email.to_owned(), from, until }),
        _ => return Err(bad("Who stands in for you needs a first and a last day.")),
    };
    let (accounts, mail) = (accounts_of(form)?, form.one("mail") == "yes");
    Ok(Wishes { kinds, accounts, mail, quiet, digest: time("digest")?, stand_in })
}
