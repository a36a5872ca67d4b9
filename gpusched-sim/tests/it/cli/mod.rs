//! Runs the command the way a user does.

/// A test per screen, named as its snapshot but for the prefix;
/// `INSTA_UPDATE=always cargo test --test it` accepts changes.
macro_rules! screens {
    ($prefix:literal on $desk:expr; $($name:ident: $line:expr;)*) => {
        $(#[test]
        fn $name() {
            let desk = $desk(stringify!($name));
            insta::assert_snapshot!(concat!($prefix, stringify!($name)), desk.line($line).screen());
        })*
    };
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What one call of the command did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Everything a user sees, for snapshots.
    pub(crate) fn screen(&self) -> String {
        format!(
            "exit code: {}\n----- stdout -----\n{}----- stderr -----\n{}",
            self.code, self.out, self.err
        )
    }
}

/// A directory to run the command in, emptied first, with a small trace, a small cluster, and
/// things that are wrong.
pub(crate) struct Desk {
    /// Where it is.
    pub(crate) path: PathBuf,
}

const JOBS: &str = "\
job_id,count,submit_s,run_s,gpu,gpu_milli,queue,user
prepare,1,0,100,1,,vision,ada
train,2,10,600,2,,vision,ada
tune-1,1,20,50,1,500,speech,bob
tune-2,1,21,50,1,500,speech,bob
serve,1,30,1000,2,,speech,cyd
late,1,400,60,4,,vision,ada
";

const NODES: &str = "node,gpu_model,gpu\nalpha,T4,4\nbeta,T4,2\n";

impl Desk {
    /// The desk of a test.
    pub(crate) fn new(test: &str) -> Desk {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("cli")
            .join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let desk = Desk { path };
        desk.write("trace/jobs.csv", JOBS);
        desk.write("trace/nodes.csv", NODES);
        desk
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The command with these arguments, ready to run here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpusched"));
        command
            .args(args)
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .env("COLUMNS", "100")
            .env_remove("NO_COLOR");
        command
    }

    /// Runs the command.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the command, splitting a line at spaces.
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Every file below a directory of the desk, with its bytes.
    pub(crate) fn files(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path.join(below);
        let mut files = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                if path.is_dir() {
                    files.insert(format!("{name}/"), Vec::new());
                    open.push(path);
                } else {
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}
