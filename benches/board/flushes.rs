//! Counts the flushes of a write-ahead log from outside the process that makes them, and makes them slower.
//!
//! A few lines of C, put before the C library by `LD_PRELOAD`, share sixteen bytes with this process: how many flushes
//! there were, and how many microseconds more each takes.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t *shared;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SIGNBOARD_BENCH_FLUSHES");
  int fd = path ? open(path, O_RDWR) : -1;
  if (fd < 0) return;
  void *at = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) shared = at;
  close(fd);
}

static int flush(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (shared) {
    char link[40], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    if (n > 4 && memcmp(path + n - 4, "-wal", 4) == 0) __sync_fetch_and_add(&shared[0], 1);
    long us = (long)shared[1];
    struct timespec more = {us / 1000000, us % 1000000 * 1000};
    if (us) nanosleep(&more, 0);
  }
  return real(fd);
}

int fsync(int fd) { return flush("fsync", fd); }
int fdatasync(int fd) { return flush("fdatasync", fd); }
"#;

/// The library, built.
pub struct Flushes {
    library: PathBuf,
}

/// What one process shares with us.
pub struct Count(std::fs::File);

impl Flushes {
    /// Builds it; `None`: there is no compiler.
    pub fn build(folder: &Path) -> Option<Self> {
        let (source, library) = (folder.join("flushes.c"), folder.join("flushes.so"));
        std::fs::write(&source, SOURCE).ok()?;
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
        cc.status().ok()?.success().then_some(Self { library })
    }

    /// Puts it before a program that is about to start.
    pub fn attach(&self, command: &mut Command, control: &Path) -> anyhow::Result<Count> {
        std::fs::write(control, [0; 16])?;
        command.env("LD_PRELOAD", &self.library).env("SIGNBOARD_BENCH_FLUSHES", control);
        Ok(Count(std::fs::File::options().read(true).write(true).open(control)?))
    }
}

impl Count {
    /// How many times a log was flushed since the start.
    pub fn flushes(&self) -> anyhow::Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// Makes each flush so much slower from now on.
    pub fn slower(&self, micros: u64) -> anyhow::Result<()> {
        Ok(self.0.write_all_at(&micros.to_ne_bytes(), 8)?)
    }
}
