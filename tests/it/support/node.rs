//! Real servers that others wrote for Node.js, each with its packages in a folder of `tests/tools`.

use std::path::Path;
use std::process::Command;

/// Runs Node.js in such a folder. `None`: `tests/run` has not installed it, and nobody said that it must be there.
pub fn node(folder: &str) -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/tools").join(folder);
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let node = root.join(format!("tests/tools/node/node_modules/node-linux-{machine}/bin/node"));
    if !node.exists() || !folder.join("node_modules/.installed").exists() {
        let must = std::env::var_os("SIGNBOARD_BROWSER").is_some();
        assert!(!must, "run tests/run, or tests/tools/node-with for {}", folder.display());
        eprintln!("skipped: tests/run installs what {} needs", folder.display());
        return None;
    }
    let mut command = Command::new(node);
    command.current_dir(folder);
    Some(command)
}
