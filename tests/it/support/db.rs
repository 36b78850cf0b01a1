//! A look at the database from outside, beside the board that runs on it.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use std::path::Path;
use std::time::Duration;

async fn open(data: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("signboard.sqlite"));
    options.busy_timeout(Duration::from_secs(10)).connect().await.unwrap()
}

/// The first column of each row of a statement, as text.
pub async fn run(data: &Path, statement: &str) -> Vec<String> {
    let mut connection = open(data).await;
    let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
    let rows = query.fetch_all(&mut connection).await.unwrap();
    let text = |row: &sqlx::sqlite::SqliteRow| {
        row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|it| it.to_string())).unwrap()
    };
    let all = rows.iter().map(text).collect();
    connection.close().await.unwrap();
    all
}

/// Everything that replay and rebuild must leave alone.
pub async fn dump(data: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for statement in [
        "SELECT json_array(id, account, package, seq, shelf, ready, attention_until, sender, team, updated, created, due, name, search, \
         state, facts, check_by, tries, not_ours) FROM packages ORDER BY id",
        "SELECT json_array(package, hex(fingerprint), kind, detail, who, name, happened_at, received_at, deliveries, origin, arrival, \
         answer, unverified) FROM facts ORDER BY package, fingerprint",
        "SELECT json_array(account, word, n) FROM tallies ORDER BY account, word",
        "SELECT json_array(sender, account, word, n) FROM sender_tallies WHERE n <> 0 ORDER BY sender, account, word",
        "SELECT json_array(team, account, word, n) FROM team_tallies WHERE n <> 0 ORDER BY team, account, word",
        "SELECT json_array(seq, package) FROM changes ORDER BY seq",
        "SELECT json_array(id, account, hex(hash), same_as, size, hex(body), state, note, hex(facts), package, signer) \
         FROM arrivals ORDER BY id",
        "SELECT json_array(id, account, signer, facts, since, linked, check_by, tries) FROM signers ORDER BY id",
        "SELECT json_array(signer, hex(fingerprint), kind, detail, who, name, happened_at, received_at, deliveries, origin, arrival, \
         unverified) FROM signer_facts ORDER BY signer, fingerprint",
        "SELECT json_array(id, account, package, hex(fingerprint), name, happened_at, pasted_at, pasted_by, body, asked_at, said) \
         FROM waiting ORDER BY id",
        "SELECT json_array(signer, package) FROM links ORDER BY signer, package",
        "SELECT json_array(hour, account, callbacks, fresh, checkable, repeats, set_aside, refused) FROM traffic ORDER BY hour, account",
    ] {
        lines.extend(run(data, statement).await);
    }
    lines
}
