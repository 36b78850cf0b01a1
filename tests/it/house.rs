//! The house rules that a compiler doesn't know.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(at) = open.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&at).unwrap().map(|it| it.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// What of ours a file names outside its tests: `crate::` and `super::super::` paths, by their first word.
fn imports(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap())
        .collect()
}

#[test]
fn imports_go_downwards_only() {
    let floors: [(&str, &[&str]); 8] = [
        ("src/model/", &["model"]),
        ("src/provider/", &["provider", "model", "config"]),
        ("src/mail/", &["mail", "model", "config"]),
        ("src/store/", &["store", "model"]),
        ("src/app/", &["app", "model", "provider", "mail", "store", "config", "clock"]),
        ("src/web/", &["web", "app", "model", "provider", "config"]),
        ("src/demo/", &["demo", "clock"]),
        ("src/config", &["config"]),
    ];
    for (name, text) in files("src", ".rs") {
        let allowed = floors.iter().find(|(floor, _)| name.starts_with(floor)).map(|(_, allowed)| *allowed);
        let allowed = if name == "src/clock.rs" { Some(&[] as &[&str]) } else { allowed };
        for import in imports(&text) {
            assert!(allowed.is_none_or(|allowed| allowed.contains(&import)), "{name} imports {import}");
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
        let foreign: &[&str] = match () {
            () if name.starts_with("src/model/") => &["serde", "sqlx::", "actix", "tokio", "askama", "jiff"],
            () if name.starts_with("src/store/") => &["actix", "askama", "reqwest"],
            () if name.starts_with("src/app/") => &["actix", "askama", "sqlx"],
            () if name.starts_with("src/web/") => &["sqlx", "reqwest"],
            () if name.starts_with("src/provider/") => &["actix", "askama", "sqlx"],
            () if name.starts_with("src/mail/") => &["actix", "sqlx", "serde"],
            () => &[],
        };
        let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in foreign {
            assert!(!code.contains(word), "{name} speaks of {word}");
        }
        // Of the providers the web knows plain types, and of the configuration what accounts are called.
        if name.starts_with("src/web/") {
            for rest in code.split("crate::provider::").skip(1) {
                assert!(rest.starts_with("Delivery"), "{name} knows an adapter");
            }
            let may = ["src/web/site.rs", "src/web/pages.rs"].contains(&name.as_str());
            assert!(may || !code.contains("crate::config"), "{name} reads the configuration");
        }
    }
}

/// Seen red with: an import that asked whether the provider is OneSpan or Conga.
#[test]
fn above_the_adapters_nobody_asks_whose_package_it_is() {
    for folder in ["src/app", "src/web", "src/store", "src/model"] {
        for (name, text) in files(folder, ".rs") {
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("ProviderKind"), "{name} tells providers apart");
        }
    }
}

#[test]
fn no_file_is_longer_than_400_lines_before_its_tests() {
    for (name, text) in files("src", ".rs") {
        let length = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(length <= 400, "{name} has {length}");
        assert!(text.starts_with("//!"), "{name} says nothing of itself");
    }
    for (name, text) in files("tests", ".rs") {
        assert!(text.lines().count() <= 400, "{name}");
    }
}

#[test]
fn templates_escape_everything_and_hold_nothing_inline() {
    for (name, text) in files("templates", ".html") {
        let text = text.to_lowercase();
        for word in ["|safe", "| safe", "<style", " style=", "javascript:", "{% filter", "|escape(\"none\")"]
        {
            assert!(!text.contains(word), "{name} holds {word}");
        }
        for script in text.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(
                tag.contains(" src=") && script.split_once('>').unwrap().1.starts_with("</script>"),
                "{name}"
            );
        }
        for tag in text.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
            assert!(
                !tag.split_whitespace().any(|it| it.starts_with("on") && it.contains('=')),
                "{name}: {tag}"
            );
        }
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    for (name, text) in files("src", ".rs").into_iter().filter(|(name, _)| name != "src/clock.rs") {
        for word in ["SystemTime::now", "Timestamp::now", "Zoned::now"] {
            assert!(!text.contains(word), "{name} asks {word}");
        }
    }
}

#[test]
fn every_migration_is_in_the_program() {
    let open = fs::read_to_string(root().join("src/store/open.rs")).unwrap();
    let mut folder: Vec<String> = files("migrations", ".sql").into_iter().map(|(name, _)| name).collect();
    folder.sort();
    let listed: Vec<&str> =
        open.split("include_str!(\"../../").skip(1).map(|it| it.split('"').next().unwrap()).collect();
    assert_eq!(folder, listed);
}

#[test]
fn the_commands_of_the_readme_exist() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README.md");
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_signboard")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|word| word.chars().all(|it| it.is_ascii_lowercase()))
        .collect();
    assert!(
        ["serve", "demo", "check", "register", "replay", "rebuild", "selfcheck"]
            .iter()
            .all(|it| commands.contains(it))
    );
    let mut fenced = false;
    for line in readme.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let line = line.trim().trim_start_matches("$ ");
        let said = line.strip_prefix("signboard ").or_else(|| line.strip_prefix("cargo run --release -- "));
        if let Some(command) = said.filter(|_| fenced).and_then(|it| it.split_whitespace().next()) {
            assert!(command.starts_with("--") || commands.contains(&command), "README: {line}");
        }
    }
}
