//! What rows say that follows from other rows, and that triggers keep: which of what a hook waits for is next, and whose package
//! an alert is of. Compared, and made again.

use super::StoreError;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

/// The first that waits, of each package.
macro_rules! firsts {
    () => {
        "(SELECT min(id) FROM hook_deliveries WHERE state = 0 GROUP BY hook, account, package)"
    };
}
macro_rules! not_next {
    () => {
        concat!("head = 1 AND id NOT IN ", firsts!())
    };
}
macro_rules! unmarked {
    () => {
        concat!("head = 0 AND id IN ", firsts!())
    };
}
macro_rules! sender {
    () => {
        "(SELECT p.sender FROM packages p WHERE p.account = alerts.account AND p.package = alerts.package)"
    };
}
/// In no order: that would go through all that there is, and not only through what waits.
const WRONG_NEXT: &str = concat!(
    "SELECT id FROM hook_deliveries WHERE ",
    not_next!(),
    " UNION ALL SELECT id FROM hook_deliveries WHERE ",
    unmarked!(),
    " LIMIT 1"
);
const WRONG_SENDER: &str =
    concat!("SELECT id FROM alerts WHERE sender IS NOT ", sender!(), " ORDER BY id LIMIT 1");
const MEND: [&str; 3] = [
    concat!("UPDATE hook_deliveries SET head = 0 WHERE ", not_next!()),
    concat!("UPDATE hook_deliveries SET head = 1 WHERE ", unmarked!()),
    concat!("UPDATE alerts SET sender = ", sender!(), " WHERE sender IS NOT ", sender!()),
];

/// The first difference, as a sentence; `None`: all are as they should be.
pub(super) async fn compare(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    if let Some(row) = sqlx::query(WRONG_NEXT).fetch_optional(&mut *connection).await? {
        let id: i64 = row.try_get(0)?;
        return Ok(Some(format!("whether a hook hears of event {id} next is not what waits for it says")));
    }
    let row = sqlx::query(WRONG_SENDER).fetch_optional(connection).await?;
    let sentence = |id: i64| format!("alert {id} is not of the sender of its package");
    row.map(|row| Ok(sentence(row.try_get(0)?))).transpose()
}

/// Makes them again. What is as it should be is not written.
pub(super) async fn mend(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    for sql in MEND {
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::open::connect_beside;
    use super::super::{Mode, Policies, Store, answer_fingerprint};
    use crate::model::fold::answer_record;
    use crate::model::{AccountId, Answer, PackageId, PackageKey, Person, Snapshot, Status, Timestamp};
    use sqlx::AssertSqlSafe;

    /// Seen red with: a mark or a sender that nobody compares; each of the three that nobody mends.
    #[tokio::test]
    async fn a_wrong_mark_or_sender_is_said_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
        let person = Person { id: "x".to_owned(), name: None, email: Some("ada@x.example".to_owned()) };
        let (status, sender, now) = (Status::Declined, Some(person), Timestamp(1_795_348_800_000));
        let answer = Answer::Shown(Snapshot { status, sender, updated: Some(now), ..Snapshot::default() });
        let key = PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse("p").unwrap() };
        let print = answer_fingerprint(&key, &answer, now).unwrap();
        store.learn(key, answer_record(answer, now, now, print)).await.unwrap();
        let mut beside = connect_beside(folder.path()).await.unwrap();
        for event in 0..3 {
            let sql = "INSERT INTO hook_deliveries (hook, account, package, event, subject, turn, made_at, body) \
                VALUES ('crm', 'os', 'p', 'package.sent', '', $1, 5, '{}')";
            sqlx::query(sql).bind(event).execute(&mut beside).await.unwrap();
        }
        // What is wrong with the board is of no package, and nobody's.
        let sql = "INSERT INTO alerts (account, package, kind, signer, began, raised_at, late) \
            VALUES ('', '', 'disk_low', '', 1, 1, 0)";
        sqlx::query(sql).execute(&mut beside).await.unwrap();
        assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
        for (broken, said) in [
            ("UPDATE hook_deliveries SET head = 1 WHERE id = 2", "event 2 next"),
            ("UPDATE hook_deliveries SET head = 0 WHERE id = 1", "event 1 next"),
            ("UPDATE alerts SET sender = 'bob@x.example' WHERE package = 'p'", "the sender of its package"),
            ("UPDATE alerts SET sender = NULL WHERE package = 'p'", "the sender of its package"),
            ("UPDATE alerts SET sender = 'bob@x.example' WHERE package = ''", "the sender of its package"),
        ] {
            let changed = sqlx::query(AssertSqlSafe(broken)).execute(&mut beside).await.unwrap();
            assert_eq!(changed.rows_affected(), 1, "{broken}");
            let difference = store.self_check(|_| ()).await.unwrap().difference.expect(broken);
            assert!(difference.contains(said) && !difference.contains('@'), "{difference}");
            store.rebuild().await.unwrap();
            assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None, "{broken}");
        }
        store.close().await;
    }
}
