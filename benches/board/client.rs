//! The least of an HTTP/1.1 client: one connection, one request at a time.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Client {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address, buffer: Vec::with_capacity(4096) })
    }

    /// Posts a callback and waits for the whole answer; anything but 200 is an error.
    pub async fn post(&mut self, path: &str, body: &str) -> anyhow::Result<()> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic c2VjcmV0\r\nContent-Type: application/json\r\n\
             User-Agent: signboard-bench\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let status = self.exchange(&request).await?;
        if status != 200 {
            bail!("{path} answered {status}");
        }
        Ok(())
    }

    /// The status of a `GET`.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<u16> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)).await
    }

    async fn exchange(&mut self, request: &str) -> anyhow::Result<u16> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed before the answer");
            }
            if let Some((status, length)) = answer(&self.buffer)
                && self.buffer.len() >= length
            {
                return Ok(status);
            }
        }
    }

    /// Asks for a stream and gives the connection away once it has begun.
    pub async fn stream(mut self, path: &str, token: &str) -> anyhow::Result<TcpStream> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n",
            self.address
        );
        self.stream.write_all(request.as_bytes()).await?;
        let mut last = [0; 4];
        while last != *b"\r\n\r\n" {
            last.rotate_left(1);
            last[3] = self.stream.read_u8().await?;
        }
        Ok(self.stream)
    }
}

/// The status and the whole length of an answer whose head is complete.
fn answer(buffer: &[u8]) -> Option<(u16, usize)> {
    let end = buffer.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&buffer[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, end + length.unwrap_or(0)))
}
