//! Long texts are searched in windows, on as many threads as there are. Where a window ends depends
//! on nothing but the bytes in it, so a text gives the same findings whether it is in memory or
//! comes from a stream.

use std::sync::Mutex;

/// Most bytes of a window.
pub(crate) const WINDOW_BYTES: usize = 1 << 20;

/// Bytes before a window that are searched with it, so that a match at its start has its context.
pub(crate) const BEFORE_BYTES: usize = 1 << 10;

/// Bytes after a window that are searched with it, so that a match at its end is whole.
pub(crate) const AFTER_BYTES: usize = 16 << 10;

/// Windows that are searched at a time, which bounds what a text full of matches takes.
pub(crate) const BATCH_WINDOWS: usize = 8;

/// A piece of a text. What begins in `start..end` belongs to it; `from..to` is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) to: usize,
}

/// The first windows of the bytes at hand, from `start` on. `width` is the length of a unit of the
/// encoding, low byte first or last. Unless the bytes are the last ones, a window whose
/// surroundings are not all there has to wait.
pub(crate) fn windows(bytes: &[u8], mut start: usize, width: usize, is_last: bool) -> Vec<Window> {
    let mut all = Vec::new();
    while start < bytes.len() && all.len() < BATCH_WINDOWS {
        let rest = bytes.len() - start;
        if !is_last && rest < WINDOW_BYTES + AFTER_BYTES {
            break;
        }
        let end = if rest <= WINDOW_BYTES { bytes.len() } else { cut(bytes, start, width) };
        let from = start.saturating_sub(BEFORE_BYTES);
        all.push(Window { from, start, end, to: bytes.len().min(end + AFTER_BYTES) });
        start = end;
    }
    all
}

/// Where a window ends that more than one follows: after the last line, else after the last space,
/// else between two characters.
fn cut(bytes: &[u8], start: usize, width: usize) -> usize {
    let (low, high) = (start + WINDOW_BYTES / 2, start + WINDOW_BYTES);
    let units = || bytes[low..high].chunks_exact(width);
    let is = |unit: &[u8], wanted: u8| {
        unit.contains(&wanted) && unit.iter().filter(|byte| **byte == 0).count() == width - 1
    };
    for wanted in [b'\n', b' '] {
        if let Some(at) = units().rposition(|unit| is(unit, wanted)) {
            return low + (at + 1) * width;
        }
    }
    let is_inside = |at: usize| match width {
        1 => bytes[at] & 0xc0 == 0x80,
        2 => [bytes[at], bytes[at + 1]].iter().any(|byte| byte & 0xfc == 0xdc),
        _ => false,
    };
    let steps = if width == 1 { 3 } else { 1 };
    (0..=steps).map(|step| high - step * width).find(|at| !is_inside(*at)).unwrap_or(high)
}

/// Does `work` for each item on all threads, and `meanwhile` something on this one.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    meanwhile: impl FnOnce(),
) -> Vec<R> {
    let slots: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = &work;
    rayon::in_place_scope(|scope| {
        for (item, slot) in items.iter().zip(&slots) {
            scope.spawn(move |_| {
                let result = work(item);
                // No thread holds the lock while it works, so none can leave it poisoned.
                *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(result);
            });
        }
        meanwhile();
    });
    let taken = |slot: Mutex<Option<R>>| {
        slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    };
    slots.into_iter().filter_map(taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows as they come out of a stream that hands over so many bytes at a time.
    fn streamed(bytes: &[u8], width: usize, piece: usize) -> Vec<Window> {
        let (mut all, mut start, mut given) = (Vec::new(), 0, 0);
        while start < bytes.len() {
            given = bytes.len().min(given + piece);
            let more = windows(&bytes[..given], start, width, given == bytes.len());
            start = more.last().map_or(start, |window| window.end);
            all.extend(more);
        }
        all
    }

    fn texts() -> Vec<(Vec<u8>, usize)> {
        let lines: Vec<u8> =
            (0..400_000).flat_map(|at: u32| format!("{at}\n").into_bytes()).collect();
        let words: Vec<u8> = lines.iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect();
        let one = "é".repeat(1_200_000).into_bytes();
        let wide: Vec<u8> =
            "🦀a\n".repeat(400_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        vec![(lines, 1), (words, 1), (one, 1), (wide, 2), (b"short".to_vec(), 1)]
    }

    #[test]
    fn windows_cover_a_text_once_and_end_between_characters() {
        for (bytes, width) in texts() {
            let all = streamed(&bytes, width, bytes.len());
            assert_eq!(all[0].start, 0);
            assert_eq!(all.last().map(|w| w.end), Some(bytes.len()));
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(all.iter().all(|w| w.end - w.start <= WINDOW_BYTES && w.start % width == 0));
            if width == 1 {
                assert!(all.iter().all(|w| std::str::from_utf8(&bytes[w.start..w.end]).is_ok()));
            }
        }
    }

    #[test]
    fn windows_do_not_depend_on_how_a_stream_is_read() {
        for (bytes, width) in texts() {
            let whole = streamed(&bytes, width, bytes.len());
            for piece in [70_001, 999_999, 3 << 20] {
                assert_eq!(streamed(&bytes, width, piece), whole);
            }
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        let mut is_done = false;
        let doubled = in_parallel(&items, |item| item * 2, || is_done = true);
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(is_done);
    }
}
