//! Answers that were worked out before. An answer is a function of its key, so that remembering
//! changes nothing but the time it takes.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{PoisonError, RwLock},
};

/// Most answers kept.
pub(crate) const MAX_ANSWERS: usize = 4_096;

pub(crate) struct Memo<K, V> {
    answers: RwLock<HashMap<K, V>>,
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    pub fn new() -> Self {
        Self { answers: RwLock::new(HashMap::new()) }
    }

    /// The answer kept under the key, or else the one worked out now. When there is no room,
    /// everything is forgotten: few keys are ever in use, so that this hardly happens.
    pub fn get_or(&self, key: K, work_out: impl FnOnce() -> V) -> V {
        // A thread that panics leaves whole answers behind: nothing else is done under the lock.
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(&key) {
            return answer.clone();
        }
        drop(answers);
        let answer = work_out();
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        answers.insert(key, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_worked_out_once_for_each_key() {
        let memo = Memo::new();
        assert_eq!(memo.get_or(1, || "one"), "one");
        assert_eq!(memo.get_or(2, || "two"), "two");
        assert_eq!(memo.get_or(1, || panic!("it is known")), "one");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let memo = Memo::new();
        for key in 0..3 * MAX_ANSWERS {
            assert_eq!(memo.get_or(key, || key), key);
            assert!(memo.answers.read().unwrap().len() <= MAX_ANSWERS);
        }
        assert_eq!(memo.get_or(0, || 7), 7, "the first was forgotten");
    }
}
