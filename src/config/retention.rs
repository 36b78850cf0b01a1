//! `[retention]`: how long what came is kept. What isn't said is kept for ever.

use super::reader::Reader;
use super::scope::Read;

const MOST_DAYS: u32 = 36_500;
const MOST_MONTHS: u32 = 1_200;

/// How long what came is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionConfig {
    /// So many days the bodies of callbacks that were read; what was read in them stays.
    pub raw_days: Option<u32>,
    /// So many days refused calls, from the last time that each came.
    pub refused_days: Option<u32>,
    /// So many months packages that have ended, from the last thing that happened to them.
    pub ended_months: Option<u32>,
    /// So many days the audit.
    pub audit_days: Option<u32>,
}

impl RetentionConfig {
    /// Nothing ever goes.
    #[must_use]
    pub fn keeps_all(self) -> bool {
        self == Self::default()
    }

    /// The keys that are set, as they could have been written.
    pub(super) fn lines(self) -> Vec<String> {
        let pairs = [
            ("raw-days", self.raw_days),
            ("refused-days", self.refused_days),
            ("ended-months", self.ended_months),
            ("audit-days", self.audit_days),
        ];
        pairs.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", value?))).collect()
    }
}

/// Reads the table.
pub(super) fn retention(mut table: Reader<'_>) -> Read<RetentionConfig> {
    let raw_days = table.number("raw-days", 1..=MOST_DAYS);
    let refused_days = table.number("refused-days", 1..=MOST_DAYS);
    let ended_months = table.number("ended-months", 1..=MOST_MONTHS);
    let audit_days = table.number("audit-days", 1..=MOST_DAYS);
    table.finish();
    Ok(RetentionConfig {
        raw_days: raw_days?,
        refused_days: refused_days?,
        ended_months: ended_months?,
        audit_days: audit_days?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::load;

    #[test]
    fn what_is_not_said_is_kept() {
        assert!(load("").unwrap().retention.keeps_all());
        let text = "[retention]\nraw-days = 90\nended-months = 24\n";
        let config = load(text).unwrap();
        let said = RetentionConfig { raw_days: Some(90), ended_months: Some(24), ..Default::default() };
        assert_eq!(config.retention, said);
        assert!(config.effective().contains("[retention]\nraw-days = 90\nended-months = 24\n"));
        for (bad, path) in [
            ("raw-days = 0", "retention.raw-days"),
            ("audit-days = -1", "retention.audit-days"),
            ("ended-months = \"x\"", "retention.ended-months"),
            ("refused-weeks = 1", "retention.refused-weeks"),
        ] {
            let problems = load(&format!("[retention]\n{bad}\n")).unwrap_err();
            assert!(problems.iter().any(|it| it.path == path), "{bad}");
        }
    }
}
