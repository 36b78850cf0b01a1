//! What somebody wants to hear of, as they say it themselves.

use crate::app::people::{Managed, User, mail_address};
use crate::app::{App, StoreError};
use crate::model::deed::DeedKind;
use crate::model::wishes::Wishes;

impl App {
    /// Keeps what somebody wants to hear of.
    pub async fn wish(&self, user: &User, mut wishes: Wishes, remote: &str) -> Result<Managed, StoreError> {
        let refused = |why: &str| Ok(Managed::Refused(why.to_owned()));
        if let Some(stand_in) = &mut wishes.stand_in {
            let Some(email) = mail_address(&stand_in.email) else {
                return refused("Who stands in for you is no mail address.");
            };
            if stand_in.from > stand_in.until {
                return refused("The first day on which somebody stands in for you comes after the last.");
            }
            let other = self.store.user_by_email(&email).await?.filter(|it| it.disabled_at.is_none());
            if email == user.email || other.is_none() {
                return refused("Who stands in for you must be somebody else who may use this board.");
            }
            stand_in.email = email;
        }
        self.store.set_wishes(user.id, &wishes).await?;
        self.note(&user.email, remote, DeedKind::Wishes, "changed").await;
        Ok(Managed::Done(()))
    }
}
