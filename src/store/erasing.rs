//! Erases a person: from the facts of each package that names them, in one transaction with its row and its bytes; then
//! from whatever else was kept.

use super::apart::Apart;
use super::batch::{Batch, Touched};
use super::check::{STATES, entry_of};
use super::codec::{decode_package, encode_event};
use super::erased::{self, Erased};
use super::packages::{ALL_FACTS, json, key_of, log_of, record_of};
use super::refused::Shed;
use super::script::Script;
use super::writer::Writer;
use super::{Store, StoreError};
use crate::model::erase::{Eraser, Known};
use crate::model::{PackageKey, Record, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// So many bytes of one package are looked through.
const MOST_BODIES: i64 = 5_000;
const NEXT: &str = "SELECT coalesce((SELECT number FROM erased WHERE hash = $1), (SELECT coalesce(max(number), 0) + 1 FROM erased))";
const SALT: &str = "INSERT INTO settings (name, value) VALUES ('erased', $1) ON CONFLICT (name) DO NOTHING";
const ADD: &str = "INSERT INTO erased (hash, number, at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING";
const FACT: &str = "UPDATE facts SET detail = ?, who = ?, answer = ? WHERE package = ? AND fingerprint = ?";
const SIGNER_FACT: &str =
    "UPDATE signer_facts SET detail = ?, who = ?, answer = ? WHERE signer = ? AND fingerprint = ?";
const SIGNER_LOGS: &str = "SELECT f.* FROM json_each($2) k JOIN signers s ON s.account = $1 AND s.signer = k.value \
    JOIN signer_facts f ON f.signer = s.id";
const BODIES: &str = "SELECT id, facts, body FROM arrivals WHERE package = $1 AND same_as IS NULL AND state <> 0 \
    AND body IS NOT NULL LIMIT $2";
/// `?`: arrivals, a JSON array. What can't be read any more waits for nobody.
const DROP: &str = "UPDATE arrivals SET body = NULL, gone = 'erased', state = iif(state = 2, 1, state), note = NULL \
    WHERE id IN (SELECT coalesce(same_as, id) FROM arrivals WHERE id IN (SELECT value FROM json_each(?))) AND state <> 0 \
    AND body IS NOT NULL AND id NOT IN (SELECT same_as FROM arrivals WHERE state = 0 AND state <> 1 AND same_as IS NOT NULL)";
/// The same bytes came more often.
const DROP_OTHERS: &str = "UPDATE arrivals SET state = 1, note = NULL WHERE state = 2 AND state <> 1 AND same_as IN (SELECT a.id \
    FROM json_each(?) k JOIN arrivals b ON b.id = k.value JOIN arrivals a ON a.id = coalesce(b.same_as, b.id) \
    WHERE a.body IS NULL)";
/// All that wait with the same bytes.
const GIVE_UP: &str = "UPDATE forwards SET state = 2, error = 'its bytes were erased' WHERE state IN (0, 3) AND EXISTS \
    (SELECT 1 FROM arrivals b WHERE b.id = forwards.arrival AND coalesce(b.same_as, b.id) IN (SELECT coalesce(a.same_as, a.id) \
    FROM json_each(?) k JOIN arrivals a ON a.id = k.value))";
const DRIFT: &str = "SELECT id, signer, board, provider FROM drift WHERE account = $1 AND package = $2";
/// What the firm's own logic was told of the package, or waits to be: it may name them.
const HOOKS: &str = "UPDATE hook_deliveries SET body = '{}', subject = 'erased ' || id, answer = NULL, error = iif(state = 0, 'its text was erased', error), \
    state = iif(state = 0, 2, state) WHERE account = ? AND package = ?";
const SET_DRIFT: &str = "UPDATE drift SET signer = ?, board = ?, provider = ? WHERE id = ?";
const FORGET_REFUSED: &str = "DELETE FROM refused WHERE id IN (SELECT value FROM json_each($1))";
const FORGET_WAITING: &str = "DELETE FROM waiting WHERE id IN (SELECT value FROM json_each($1))";
const FORGET_VIEWS: &str = "DELETE FROM views WHERE id IN (SELECT value FROM json_each($1))";
/// `$1`: the mail address in lower case.
const REST: [&str; 7] = [
    "DELETE FROM dry_lines WHERE instr(lower(coalesce(board, '') || provider || coalesce(signer, '')), $1)",
    "UPDATE arrivals SET note = NULL WHERE state <> 1 AND instr(lower(note), $1)",
    "UPDATE jobs SET result = NULL WHERE instr(lower(result), $1)",
    "DELETE FROM tellings WHERE address = $1",
    "UPDATE alerts SET taken_why = NULL WHERE instr(lower(taken_why), $1)",
    "UPDATE alerts SET taken_before = (SELECT json_group_array(json_array(value ->> 0, value ->> 1, iif(instr(lower(value ->> 2), $1), NULL, value ->> 2))) \
     FROM json_each(taken_before)) WHERE instr(lower(taken_before), $1)",
    "DELETE FROM sender_tallies WHERE n = 0 AND $1 <> ''",
];

/// Who is to be erased.
#[derive(Debug, Clone)]
pub struct Whom {
    /// Their mail address, in lower case.
    pub mail: String,
    /// Their name, if texts are to be looked through for it, and people without a mail address.
    pub name: Option<String>,
    /// The number of this erasing.
    pub number: i64,
}

impl Whom {
    pub(super) fn eraser(&self) -> Eraser {
        Eraser::of(self.number, &self.mail, self.name.as_deref())
    }
}

impl Known for Whom {
    fn by_mail(&self, mail: &str) -> Option<i64> {
        (mail.trim().to_lowercase() == self.mail).then_some(self.number)
    }

    fn by_name(&self, name: &str) -> Option<i64> {
        let same = |it: &String| it.trim().to_lowercase() == name.trim().to_lowercase();
        self.name.as_ref().filter(|it| same(it)).map(|_| self.number)
    }

    fn by_seat(&self, _: &str) -> Option<i64> {
        None
    }
}

/// What was found of somebody in packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blotted {
    /// Packages.
    pub packages: u64,
    /// Facts that told of them.
    pub facts: u64,
    /// Arrivals whose bytes did.
    pub bodies: BTreeSet<i64>,
}

/// What a package's log says of somebody.
pub(super) struct Traces {
    eraser: Eraser,
    /// The facts that told of them, without them.
    facts: Vec<Record>,
    signer_facts: Vec<(i64, Record)>,
    /// The arrivals whose bytes told of them.
    arrivals: BTreeSet<i64>,
}

impl Traces {
    /// Looks through a package.
    pub(super) async fn of(
        connection: &mut SqliteConnection,
        (row, key): (i64, &PackageKey),
        whom: &Whom,
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query(ALL_FACTS).bind(row).fetch_all(&mut *connection).await?;
        let mut log = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        let mut eraser = whom.eraser();
        log.iter().for_each(|record| eraser.meet(record, whom));
        log.retain_mut(|record| eraser.redact(record));
        let seats: Vec<&str> = eraser.seats().map(|(id, _)| id).collect();
        let query = sqlx::query(SIGNER_LOGS).bind(&key.account.0).bind(json(&seats)?);
        let mut signer_facts = Vec::new();
        for row in query.fetch_all(&mut *connection).await? {
            let mut record = record_of(&row)?;
            if eraser.redact(&mut record) {
                signer_facts.push((row.try_get("signer")?, record));
            }
        }
        let told: HashSet<[u8; 16]> = log.iter().map(|it| it.fingerprint.0).collect();
        let mut arrivals: BTreeSet<i64> = log.iter().filter_map(|it| it.arrival).collect();
        for row in sqlx::query(BODIES).bind(row).bind(MOST_BODIES).fetch_all(&mut *connection).await? {
            let (facts, body): (&[u8], &[u8]) = (row.try_get("facts")?, row.try_get("body")?);
            let tells = facts.chunks_exact(16).any(|it| told.iter().any(|print| print == it));
            if tells || super::holding::holds(body, eraser.words()) {
                arrivals.insert(row.try_get("id")?);
            }
        }
        Ok(Self { eraser, facts: log, signer_facts, arrivals })
    }

    fn write(&self, row: i64, script: &mut Script) -> Result<(), StoreError> {
        let facts = self.facts.iter().map(|it| (FACT, row, it));
        let theirs = self.signer_facts.iter().map(|(signer, it)| (SIGNER_FACT, *signer, it));
        for (sql, owner, record) in facts.chain(theirs) {
            let (_, detail, answer) = encode_event(&record.event)?;
            script.statement(sql, |cells| {
                cells.bind(detail)?.bind(record.who.clone())?.bind(answer)?.bind(owner)?;
                cells.bind(record.fingerprint.0.to_vec()).map(|_| ())
            })?;
        }
        drop_bodies(&self.arrivals, script)
    }

    pub(super) fn counts(&self) -> Blotted {
        let facts = self.facts.len() as u64;
        Blotted { packages: u64::from(facts > 0), facts, bodies: self.arrivals.clone() }
    }
}

pub(super) fn drop_bodies(arrivals: &BTreeSet<i64>, script: &mut Script) -> Result<(), StoreError> {
    if arrivals.is_empty() {
        return Ok(());
    }
    let all = json(arrivals)?;
    script.statement(GIVE_UP, |cells| cells.bind(all.clone()).map(|_| ()))?;
    script.statement(DROP, |cells| cells.bind(all.clone()).map(|_| ()))?;
    script.statement(DROP_OTHERS, |cells| cells.bind(all).map(|_| ()))
}

impl Writer {
    /// From now on what is told of them is kept without them. The number of their erasing.
    pub(super) async fn begin_erasing(
        &mut self,
        whom: &Whom,
        salt: &str,
        at: Timestamp,
    ) -> Result<i64, StoreError> {
        sqlx::query(SALT).bind(salt).execute(&mut self.connection).await?;
        let salt: String = sqlx::query("SELECT value FROM settings WHERE name = 'erased'")
            .fetch_one(&mut self.connection)
            .await?
            .try_get(0)?;
        let mail = Erased::of_mail(&salt, &whom.mail);
        let row = sqlx::query(NEXT).bind(mail.to_vec()).fetch_one(&mut self.connection).await?;
        let number: i64 = row.try_get(0)?;
        let name = whom.name.as_deref().map(|it| Erased::of_name(&salt, it));
        for hash in [Some(mail), name].into_iter().flatten() {
            sqlx::query(ADD)
                .bind(hash.to_vec())
                .bind(number)
                .bind(at.0)
                .execute(&mut self.connection)
                .await?;
        }
        self.erased = Erased::load(&mut self.connection).await?;
        Ok(number)
    }

    /// Erases them from a package.
    pub(super) async fn blot(&mut self, row: i64, whom: &Whom, at: Timestamp) -> Result<Blotted, StoreError> {
        let query = sqlx::query(STATES).bind(row - 1).bind(1).bind(None::<String>);
        let found = query.fetch_optional(&mut self.connection).await?;
        let Some(found) = found.filter(|it| it.try_get::<i64, _>("id").is_ok_and(|id| id == row)) else {
            return Ok(Blotted::default());
        };
        let key = key_of(found.try_get("account")?, found.try_get("package")?)?;
        let traces = Traces::of(&mut self.connection, (row, &key), whom).await?;
        let counts = traces.counts();
        if traces.facts.is_empty() && traces.arrivals.is_empty() {
            return Ok(counts);
        }
        let mut entry = entry_of(&found)?;
        entry.log = log_of(&mut self.connection, row, entry.total).await?;
        entry.log.iter_mut().for_each(|record| {
            traces.eraser.redact(record);
        });
        entry.package = decode_package(found.try_get("state")?).ok().map(Arc::new);
        let mut touched = Touched::new(entry);
        (touched.refold, touched.stale) = (true, true);
        let (mut numbers, mut batch) = (self.numbers, Batch::default());
        batch.touched.insert(key.clone(), touched);
        batch.fold(&mut numbers.seq, &self.policies)?;
        for (id, number) in traces.eraser.seats() {
            batch.seats.push((self.erased.seat_of(&key, id), number, at.0));
            batch.seats.push((self.erased.signer_of(&key, id), number, at.0));
        }
        batch.alerts.rename(&key, traces.eraser.marks());
        let mut script = batch.script(&self.tallies)?;
        traces.write(row, &mut script)?;
        self.blot_drift(&key, &traces.eraser, &mut script).await?;
        script.commit(&mut self.connection).await?;
        self.numbers = numbers;
        self.shelf.take(&key);
        erased::remember(&mut self.erased, &batch.seats);
        for (account, word, n) in self.tallies.after(&batch.delta) {
            self.tallies.set(account, word, n);
        }
        // Whoever is told of a change asks what else it moved.
        self.wrote_apart();
        for change in batch.changes {
            let _ = self.changes.send(Arc::new(change));
        }
        Ok(counts)
    }

    async fn blot_drift(
        &mut self,
        key: &PackageKey,
        eraser: &Eraser,
        script: &mut Script,
    ) -> Result<(), StoreError> {
        let (account, package) = (key.account.0.clone(), key.package.as_str().to_owned());
        script.statement(HOOKS, |cells| cells.bind(account)?.bind(package).map(|_| ()))?;
        let query = sqlx::query(DRIFT).bind(&key.account.0).bind(key.package.as_str());
        for row in query.fetch_all(&mut self.connection).await? {
            let read = |column| row.try_get::<Option<String>, _>(column);
            let before = [read("signer")?, read("board")?, read("provider")?];
            let mut after = before.clone();
            after.iter_mut().flatten().for_each(|text| eraser.scrub(text));
            if after != before {
                let id: i64 = row.try_get("id")?;
                script.statement(SET_DRIFT, |cells| {
                    after.into_iter().try_for_each(|text| cells.bind(text).map(|_| ()))?;
                    cells.bind(id).map(|_| ())
                })?;
            }
        }
        Ok(())
    }

    /// Bytes that hold them go, and refused and pasted calls and saved views that do; then what else may name them.
    pub(super) async fn blot_rest(
        &mut self,
        mail: &str,
        held: &super::holding::Held,
    ) -> Result<(), StoreError> {
        let mut script = Script::begin();
        drop_bodies(&held.arrivals, &mut script)?;
        script.commit(&mut self.connection).await?;
        for (sql, those) in
            [(FORGET_REFUSED, &held.refused), (FORGET_WAITING, &held.waiting), (FORGET_VIEWS, &held.views)]
        {
            sqlx::query(sql).bind(json(those)?).execute(&mut self.connection).await?;
        }
        if !held.refused.is_empty() {
            self.shed = Shed::load(&mut self.connection).await?;
        }
        for sql in REST {
            sqlx::query(sql).bind(mail).execute(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Writes the database anew, without what unused places of the file still hold.
    pub(super) async fn compact(&mut self) -> Result<(), StoreError> {
        // The index of words remembers what it had until its parts are put together.
        sqlx::query("INSERT INTO package_words (package_words) VALUES ('optimize')")
            .execute(&mut self.connection)
            .await?;
        // It is as large as the database, so not in memory.
        sqlx::query("PRAGMA temp_store = FILE").execute(&mut self.connection).await?;
        let done = sqlx::query("VACUUM").execute(&mut self.connection).await;
        sqlx::query("PRAGMA temp_store = MEMORY").execute(&mut self.connection).await?;
        done?;
        Ok(())
    }
}

impl Store {
    /// From now on what is told of somebody is kept without them. The number of their erasing. `salt` is new and random;
    /// it counts the first time.
    pub async fn begin_erasing(&self, whom: &Whom, salt: &str, at: Timestamp) -> Result<i64, StoreError> {
        let (whom, salt) = (whom.clone(), salt.to_owned());
        self.ask_apart(|done| Apart::BeginErasing(Box::new(whom), salt, at, done)).await
    }

    /// Erases somebody from a package, by its row.
    pub async fn blot(&self, row: i64, whom: &Whom, at: Timestamp) -> Result<Blotted, StoreError> {
        let whom = Box::new(whom.clone());
        self.ask_apart(|done| Apart::Blot(row, whom, at, done)).await
    }

    /// Erases somebody from whatever holds them beside packages.
    pub async fn blot_rest(&self, whom: &Whom, held: super::Held) -> Result<(), StoreError> {
        let mail = whom.mail.clone();
        let done = self.ask_apart(|done| Apart::BlotRest(mail, Box::new(held), done)).await;
        self.took_away.notify_one();
        done
    }

    /// Writes the database anew, without what unused places of the file still hold. Everybody waits meanwhile.
    pub async fn compact(&self) -> Result<(), StoreError> {
        self.ask_apart(Apart::Compact).await
    }
}
