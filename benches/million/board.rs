//! A board that runs on a folder.

use anyhow::ensure;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// It ends with this value.
pub struct Board {
    pub address: SocketAddr,
    /// Opens its pages.
    pub token: String,
    process: Child,
}

impl Board {
    /// Starts it on `folder`/data.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let config = folder.join("signboard.toml");
        let mut text = format!(
            "[server]\nlisten = \"{address}\"\npublic-url = \"http://{address}\"\ndata = {:?}\n",
            folder.join("data")
        );
        for (id, provider) in [("os", "onespan"), ("cg", "conga"), ("ls", "onespan"), ("wo", "onespan")] {
            write!(
                text,
                "[accounts.{id}]\nprovider = \"{provider}\"\ncallback = {{ auth = \"key\", key = \"c2VjcmV0\" }}\n"
            )?;
        }
        std::fs::write(&config, text)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.args(["serve", "--config"]).arg(&config).env("RUST_LOG", "warn").stdout(Stdio::null());
        let mut board = Self { address, token: String::new(), process: command.spawn()? };
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if TcpStream::connect(address).await.is_ok() {
                break;
            }
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        let output =
            command.args(["token", "add", "bench", "--scope", "read", "--config"]).arg(&config).output()?;
        String::from_utf8(output.stdout)?.trim().clone_into(&mut board.token);
        ensure!(!board.token.is_empty(), "the board gave no token");
        Ok(board)
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
