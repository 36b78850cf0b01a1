//! `[audit]`: where each deed is told beside the database.

use super::reader::Reader;
use super::scope::Read;
use std::path::PathBuf;

/// Where each deed goes, as a line of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditTo {
    /// To the end of this file.
    File(PathBuf),
    /// To the standard output of `signboard serve`.
    Stdout,
}

pub(super) fn audit(mut table: Reader<'_>) -> Read<Option<AuditTo>> {
    let (file, stdout) = (table.file("file"), table.flag("stdout"));
    let both = matches!((&file, &stdout), (Ok(Some(_)), Ok(Some(true))));
    let both = both.then(|| {
        table.report(
            "stdout",
            "is true, and there is a file, too: deeds are told in one place; keep one of them",
        )
    });
    table.finish();
    if let Some(reported) = both {
        return Err(reported);
    }
    let stdout = stdout?.unwrap_or(false).then_some(AuditTo::Stdout);
    Ok(file?.map(AuditTo::File).or(stdout))
}

#[cfg(test)]
mod tests {
    use super::AuditTo;
    use crate::config::tests::load;

    #[test]
    fn deeds_go_to_a_file_or_to_standard_output_or_nowhere_else() {
        assert_eq!(load("").unwrap().audit, None);
        assert_eq!(load("[audit]\nstdout = false").unwrap().audit, None);
        let config = load("[audit]\nstdout = true").unwrap();
        assert_eq!(config.audit, Some(AuditTo::Stdout));
        assert!(config.effective().contains("[audit]\nstdout = true\n"), "{}", config.effective());
        let config = load("[audit]\nfile = \"deeds.jsonl\"").unwrap();
        assert!(
            matches!(&config.audit, Some(AuditTo::File(it)) if it.is_absolute() && it.ends_with("deeds.jsonl"))
        );
        assert!(config.effective().contains("[audit]\nfile = \"/"), "{}", config.effective());
        for (lines, place) in [
            ("file = \"x\"\nstdout = true", "audit.stdout"),
            ("stdout = 1", "audit.stdout"),
            ("days = 1", "audit.days"),
        ] {
            let problems = load(&format!("[audit]\n{lines}")).unwrap_err();
            assert!(problems.iter().any(|it| it.path == place), "{lines}: {problems}");
        }
    }
}
