//! Attestry
