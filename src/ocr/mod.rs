//! Text in pictures by `tesseract`, run as a process: the picture goes in, its words come out.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use attestry_scrub::ocr::{Gray, Line, Ocr, OcrError};

/// How long one picture may take.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How often a running process is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Most languages that are asked for at once; each makes the engine slower.
const LANGUAGES_MAX: usize = 4;

/// Columns of the engine's table: kind of row, block, paragraph, line, place, confidence, word.
const COLUMNS: usize = 12;

/// The engine of this machine, looked for once; `None` if there is none.
#[must_use]
pub fn engine() -> Option<Arc<dyn Ocr>> {
    static FOUND: OnceLock<Option<Tesseract>> = OnceLock::new();
    let found = FOUND.get_or_init(|| Tesseract::find().ok());
    found.clone().map(|engine| Arc::new(engine) as Arc<dyn Ocr>)
}

/// The engine, if it is installed.
#[derive(Clone, Debug)]
pub struct Tesseract {
    program: PathBuf,
    version: String,
    languages: String,
    time_max: Duration,
}

impl Tesseract {
    /// The engine of this machine.
    ///
    /// # Errors
    /// [`OcrError::Unavailable`], if it is not installed or has no language.
    pub fn find() -> Result<Self, OcrError> {
        Self::at(Path::new("tesseract"))
    }

    /// The engine at a path.
    ///
    /// # Errors
    /// [`OcrError::Unavailable`], if it does not start or has no language.
    pub fn at(program: &Path) -> Result<Self, OcrError> {
        let ask = |argument: &str| {
            let answer = Command::new(program).arg(argument).stdin(Stdio::null()).output();
            let answer = answer.map_err(|_| OcrError::Unavailable)?;
            // Older versions answer on the other channel.
            Ok([answer.stdout, answer.stderr].concat())
        };
        let version = String::from_utf8_lossy(&ask("--version")?).into_owned();
        let version = version.lines().next().unwrap_or_default().trim().to_owned();
        let listed = String::from_utf8_lossy(&ask("--list-langs")?).into_owned();
        let languages = languages(&listed);
        if !version.starts_with("tesseract") || languages.is_empty() {
            return Err(OcrError::Unavailable);
        }
        Ok(Self { program: program.to_owned(), version, languages, time_max: TIME_MAX })
    }

    /// The same with another bound on the time of one picture.
    #[must_use]
    pub const fn with_time_max(mut self, time_max: Duration) -> Self {
        self.time_max = time_max;
        self
    }

    fn run(&self, picture: Vec<u8>) -> Result<String, OcrError> {
        let mut child = Command::new(&self.program)
            .args(["stdin", "stdout", "-l", &self.languages, "--psm", "3", "tsv"])
            // One thread: more do not pay for one picture, and several pictures run at once.
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| OcrError::Unavailable)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let writer = thread::spawn(move || {
            // An engine that does not want the whole picture closes its end.
            stdin.map(|mut stdin| stdin.write_all(&picture))
        });
        let reader = thread::spawn(move || {
            let mut answer = Vec::new();
            stdout.and_then(|mut stdout| stdout.read_to_end(&mut answer).ok()).map(|_| answer)
        });
        let outcome = wait(&mut child, self.time_max);
        let _ = writer.join();
        let answer = reader.join().ok().flatten();
        let answer = outcome.and(answer.ok_or(OcrError::Failed))?;
        String::from_utf8(answer).map_err(|_| OcrError::Failed)
    }
}

/// Waits for the end of a process, and ends it when the time is over.
fn wait(child: &mut Child, time_max: Duration) -> Result<(), OcrError> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(None) if started.elapsed() < time_max => thread::sleep(POLL),
            Ok(None) => {
                // It may have ended in this moment; then there is nothing to end.
                let _ = child.kill();
                let _ = child.wait();
                return Err(OcrError::TooSlow);
            }
            Ok(Some(_)) | Err(_) => return Err(OcrError::Failed),
        }
    }
}

impl Ocr for Tesseract {
    fn name_and_version(&self) -> String {
        format!("{} ({})", self.version, self.languages)
    }

    fn lines(&self, picture: &Gray) -> Result<Vec<Line>, OcrError> {
        // Portable graymap: the head in text, then the pixels.
        let head = format!("P5 {} {} 255\n", picture.width, picture.height);
        let table = self.run([head.as_bytes(), &picture.pixels].concat())?;
        Ok(lines(&table))
    }
}

/// English first, then what else is installed, joined as the engine wants it.
fn languages(listed: &str) -> String {
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_/".contains(c))
    };
    let mut names: Vec<&str> = listed.lines().skip(1).map(str::trim).filter(is_name).collect();
    names.retain(|name| !matches!(*name, "osd" | "equ" | "snum"));
    names.sort_by_key(|name| (*name != "eng", *name));
    names.truncate(LANGUAGES_MAX);
    names.join("+")
}

/// Lines of the engine's table of words.
fn lines(table: &str) -> Vec<Line> {
    let mut found: Vec<(Vec<&str>, Line)> = Vec::new();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [kind, _, block, paragraph, line, _, left, top, width, height, confidence, word] =
            cells[..]
        else {
            continue;
        };
        if cells.len() != COLUMNS || kind != "5" || word.trim().is_empty() {
            continue;
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(0);
        let place = [number(left), number(top), number(width), number(height)];
        // Confidences are fractions of 100.
        let confidence = confidence.split('.').next().and_then(|text| text.parse().ok());
        let confidence = confidence.unwrap_or(0_u8).min(100);
        let key = vec![block, paragraph, line];
        match found.last_mut().filter(|(last, _)| *last == key) {
            Some((_, line)) => {
                line.text.push(' ');
                line.text.push_str(word);
                line.place = around(line.place, place);
                line.confidence = line.confidence.min(confidence);
            }
            None => found.push((key, Line { text: word.to_owned(), place, confidence })),
        }
    }
    found.into_iter().map(|(_, line)| line).collect()
}

/// The smallest box around two.
fn around(one: [u32; 4], other: [u32; 4]) -> [u32; 4] {
    let (left, top) = (one[0].min(other[0]), one[1].min(other[1]));
    let end = |at: usize| {
        one[at].saturating_add(one[at + 2]).max(other[at].saturating_add(other[at + 2]))
    };
    [left, top, end(0) - left, end(1) - top]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_table_become_lines() {
        let head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext";
        let rows = [
            "1\t1\t0\t0\t0\t0\t0\t0\t100\t50\t-1\t",
            "5\t1\t1\t1\t1\t1\t10\t5\t20\t8\t96.5\tanna",
            "5\t1\t1\t1\t1\t2\t40\t4\t20\t8\t80\tberg",
            "5\t1\t1\t1\t2\t1\t10\t20\t20\t8\t91\tend",
        ];
        let found = lines(&format!("{head}\n{}\n", rows.join("\n")));
        assert_eq!(found.len(), 2);
        let line = Line { text: "anna berg".into(), place: [10, 4, 50, 9], confidence: 80 };
        assert_eq!(found[0], line);
    }

    #[test]
    fn english_comes_first_and_helpers_are_left_out() {
        let listed = "List of available languages in \"/usr\" (4):\ndeu\neng\nosd\nfra\n";
        assert_eq!(languages(listed), "eng+deu+fra");
        assert_eq!(languages("List\nosd\n"), "");
    }
}
