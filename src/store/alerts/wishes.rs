//! What people want to hear of, and which packages they follow.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use crate::model::alert::AlertKind;
use crate::model::wishes::{Day, Minute, Quiet, StandIn, Wishes};
use crate::model::{AccountId, PackageKey, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

const WISHES: &str = "SELECT wishes FROM wishes WHERE user = $1";
const WISH: &str = "INSERT INTO wishes (user, wishes) VALUES ($1, $2) ON CONFLICT (user) DO UPDATE SET wishes = excluded.wishes \
    RETURNING user";
const FOLLOW: &str = "INSERT INTO followers (user, account, package, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING user";
const UNFOLLOW: &str =
    "DELETE FROM followers WHERE user = $1 AND account = $2 AND package = $3 RETURNING user";

/// Wishes as they are stored; what a later version wrote and this one doesn't know is passed over.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    kinds: Option<Vec<String>>,
    accounts: Option<Vec<String>>,
    no_mail: bool,
    quiet: Option<(String, String)>,
    digest: Option<String>,
    stand_in: Option<(String, String, String)>,
}

impl Store {
    /// What somebody wants to hear of.
    pub async fn wishes(&self, user: i64) -> Result<Wishes, StoreError> {
        let row = sqlx::query(WISHES).bind(user).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(Wishes::default()) };
        let written: Written = serde_json::from_str(row.try_get(0)?).map_err(StoreError::json)?;
        Ok(read(written))
    }

    /// Keeps what somebody wants to hear of.
    pub async fn set_wishes(&self, user: i64, wishes: &Wishes) -> Result<(), StoreError> {
        let write = Aside::new(WISH).number(user).text(json(&written(wishes))?);
        self.aside(vec![write]).await.map(|_| ())
    }

    /// Somebody wants to hear of a package, or no more. `false`: it was so.
    pub async fn follow(
        &self,
        user: i64,
        key: &PackageKey,
        follows: bool,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = Aside::new(if follows { FOLLOW } else { UNFOLLOW }).number(user);
        let write = write.text(&*key.account.0).text(key.package.as_str());
        let write = if follows { write.number(at.0) } else { write };
        self.aside(vec![write]).await.map(|it| it.is_some())
    }
}

fn written(it: &Wishes) -> Written {
    Written {
        kinds: it.kinds.as_ref().map(|some| some.iter().map(|kind| kind.word().to_owned()).collect()),
        accounts: it.accounts.as_ref().map(|some| some.iter().map(|it| it.0.clone()).collect()),
        no_mail: !it.mail,
        quiet: it.quiet.map(|it| (it.from.to_string(), it.until.to_string())),
        digest: it.digest.map(|it| it.to_string()),
        stand_in: it
            .stand_in
            .as_ref()
            .map(|it| (it.email.clone(), it.from.to_string(), it.until.to_string())),
    }
}

fn read(it: Written) -> Wishes {
    let quiet = |(from, until): (String, String)| {
        Some(Quiet { from: Minute::parse(&from)?, until: Minute::parse(&until)? })
    };
    let stand_in = |(email, from, until): (String, String, String)| {
        Some(StandIn { email, from: Day::parse(&from)?, until: Day::parse(&until)? })
    };
    Wishes {
        kinds: it.kinds.map(|some| some.iter().filter_map(|word| AlertKind::parse(word)).collect()),
        accounts: it.accounts.map(|some| some.into_iter().map(AccountId).collect()),
        mail: !it.no_mail,
        quiet: it.quiet.and_then(quiet),
        digest: it.digest.as_deref().and_then(Minute::parse),
        stand_in: it.stand_in.and_then(stand_in),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_come_back_as_they_were_kept() {
        let minute = |text| Minute::parse(text).unwrap();
        let all = Wishes {
            kinds: Some(AlertKind::ALL.to_vec()),
            accounts: Some(vec![AccountId("os".to_owned())]),
            mail: false,
            quiet: Some(Quiet { from: minute("22:00"), until: minute("07:00") }),
            digest: Some(minute("08:00")),
            stand_in: Some(StandIn {
                email: "b@x".to_owned(),
                from: Day::parse("2026-12-24").unwrap(),
                until: Day::parse("2027-01-01").unwrap(),
            }),
        };
        for wishes in [all, Wishes::default()] {
            let text = json(&written(&wishes)).unwrap();
            assert_eq!(read(serde_json::from_str(&text).unwrap()), wishes);
        }
        assert_eq!(read(serde_json::from_str("{\"later\":1}").unwrap()), Wishes::default());
    }
}
