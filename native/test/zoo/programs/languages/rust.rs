// Rust in its ways to write; the first argument names one.
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IoSlice, LineWriter, Write};
use std::process::{exit, Command, Stdio};
use std::thread;

fn open_log() -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open("app.log")
}

fn print() -> io::Result<()> {
    for i in 0..300 {
        println!("out {i}");
        eprintln!("err {i}");
    }
    print!("no end");
    io::stdout().flush()?;
    exit(5);
}

fn files() -> io::Result<()> {
    let mut log = File::create("app.log")?;
    for i in 0..100 {
        writeln!(log, "file {i}")?;
    }
    log.sync_all()?;
    log.write_vectored(&[IoSlice::new(b"of "), IoSlice::new(b"two\n")])?;
    drop(log);
    let mut buffered = BufWriter::new(open_log()?);
    for i in 0..1000 {
        writeln!(buffered, "buffered {i}")?;
    }
    drop(buffered);
    let mut by_line = LineWriter::new(open_log()?);
    for i in 0..100 {
        writeln!(by_line, "line {i}")?;
    }
    Ok(())
}

fn copies() -> io::Result<()> {
    let seed: String = (0..2000).map(|i| format!("seed {i}\n")).collect();
    std::fs::write("seed", &seed)?;
    std::fs::copy("seed", "app.log")?;
    io::copy(&mut File::open("seed")?, &mut open_log()?)?;
    io::copy(&mut File::open("seed")?, &mut io::stdout())?;
    Ok(())
}

fn threads() -> io::Result<()> {
    let workers: Vec<_> = (0..8)
        .map(|n| {
            thread::spawn(move || -> io::Result<()> {
                let mut log = open_log()?;
                for i in 0..100 {
                    println!("t{n} {i}");
                    log.write_all(format!("t{n} {i}\n").as_bytes())?;
                }
                Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker panicked")?;
    }
    Ok(())
}

fn children() -> io::Result<()> {
    println!("before");
    Command::new("echo").arg("inherited").status()?;
    let secret = Command::new("echo").arg("secret").output()?;
    println!("{}", secret.stdout.len());
    Command::new("echo").arg("empty environment").env_clear().status()?;
    Command::new("echo").arg("into the log").stdout(open_log()?).status()?;
    Command::new("echo").arg("nowhere").stdout(Stdio::null()).status()?;
    Ok(())
}

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("print") => print(),
        Some("files") => files(),
        Some("copies") => copies(),
        Some("threads") => threads(),
        Some("children") => children(),
        other => panic!("no way named {other:?}"),
    }
}
