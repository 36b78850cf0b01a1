//! What somebody wants to hear of, as a form.

use super::Around;
use super::alert::word;
use super::users::AccountsView;
use crate::model::alert::AlertKind;
use crate::model::wishes::Wishes;

/// A person's wishes, and what there is to choose from.
#[derive(Debug)]
pub struct WishesView {
    /// Only some kinds.
    pub some_kinds: bool,
    /// Word, name, and whether it is ticked.
    pub kinds: Vec<(&'static str, &'static str, bool)>,
    /// Which accounts.
    pub(super) accounts: AccountsView,
    /// By mail.
    pub mail: bool,
    /// The board sends mails at all.
    pub mails: bool,
    /// No mail from this time of the day
    pub quiet_from: String,
    /// until this.
    pub quiet_until: String,
    /// The time of one mail a day.
    pub digest: String,
    /// Who stands in.
    pub stand_in: String,
    /// From this day
    pub stand_from: String,
    /// until this.
    pub stand_until: String,
}

impl WishesView {
    pub(super) fn new(wishes: &Wishes, mails: bool, operates: bool, around: &Around<'_>) -> Self {
        let kinds = AlertKind::ALL.into_iter().filter(|it| operates || !it.is_the_operators());
        let wants = |it: &AlertKind| wishes.kinds.as_ref().is_none_or(|some| some.contains(it));
        let text = |it: Option<&dyn std::fmt::Display>| it.map(ToString::to_string).unwrap_or_default();
        let (quiet, stand_in) = (wishes.quiet.as_ref(), wishes.stand_in.as_ref());
        Self {
            some_kinds: wishes.kinds.is_some(),
            kinds: kinds.map(|it| (it.word(), word(it), wants(&it))).collect(),
            accounts: AccountsView::new(wishes.accounts.as_deref(), around),
            mail: wishes.mail,
            mails,
            quiet_from: text(quiet.map(|it| &it.from as _)),
            quiet_until: text(quiet.map(|it| &it.until as _)),
            digest: text(wishes.digest.as_ref().map(|it| it as _)),
            stand_in: stand_in.map(|it| it.email.clone()).unwrap_or_default(),
            stand_from: text(stand_in.map(|it| &it.from as _)),
            stand_until: text(stand_in.map(|it| &it.until as _)),
        }
    }
}
