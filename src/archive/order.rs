// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What several threads make, put in order. There is no thread for that: it would wait for a processor
//! behind those that make.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::room::Room;
use crate::model::{Class, Failure, Problem};

/// Things that are made in runs, a run by one thread, and handed on in the order of the runs. The runs are
/// begun in that order too, so that there is always a thread that makes the one that is next.
pub(super) struct Order<T, E> {
    /// For what is made ahead of the run that is next.
    ahead: Room,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    /// The run that is next.
    now: usize,
    /// What is made of it and of later ones.
    made: BTreeMap<usize, Run<T>>,
    each: E,
    /// Why nothing more is handed on.
    stopped: Option<Failure>,
}

struct Run<T> {
    /// Each with its size.
    things: Vec<(usize, T)>,
    end: Option<End>,
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Self { things: Vec::new(), end: None }
    }
}

enum End {
    Whole,
    Failed(Failure),
}

impl<T, E: FnMut(T) -> Result<(), Failure>> Order<T, E> {
    /// Calls `each` with every thing in its turn. Of what cannot be handed on yet there is room for that many
    /// bytes; only the run that is next needs none.
    pub(super) fn new(ahead: usize, each: E) -> Self {
        let state = State { now: 0, made: BTreeMap::new(), each, stopped: None };
        Self { ahead: Room::new(ahead), state: Mutex::new(state) }
    }

    /// Takes the next thing of a run, of that many bytes. False when the work is to stop.
    pub(super) fn hand_on(&self, run: usize, size: usize, thing: T) -> bool {
        self.ahead.take(run, size);
        self.add(run, |run| run.things.push((size, thing)))
    }

    /// Takes the last thing of a run.
    pub(super) fn end(&self, run: usize, size: usize, thing: T) -> bool {
        self.ahead.take(run, size);
        self.add(run, |run| {
            run.things.push((size, thing));
            run.end = Some(End::Whole);
        })
    }

    /// A run cannot be made. What is before it is handed on, and a failure there comes first.
    pub(super) fn fail(&self, run: usize, failure: Failure) {
        self.add(run, |run| run.end = Some(End::Failed(failure)));
    }

    /// Whether everything was handed on. Called when all threads are done.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let state = self.state.into_inner().map_err(|_| thread_gone())?;
        match state.stopped {
            Some(failure) => Err(failure),
            None if state.made.is_empty() => Ok(()),
            None => Err(thread_gone()),
        }
    }

    /// Held by each thread while it works: if it panics, the others do not wait for what it would have made.
    pub(super) fn alive(&self) -> Alive<'_, T, E> {
        Alive(self)
    }

    fn add(&self, run: usize, change: impl FnOnce(&mut Run<T>)) -> bool {
        // A panic under the lock was in `each`; nothing can follow it.
        let Ok(mut state) = self.state.lock() else { return false };
        change(state.made.entry(run).or_default());
        if state.stopped.is_none()
            && let Err(failure) = state.go_on(&self.ahead)
        {
            state.stop(failure, &self.ahead);
        }
        state.stopped.is_none()
    }
}

impl<T, E: FnMut(T) -> Result<(), Failure>> State<T, E> {
    /// Hands on what is next, as far as it is made.
    fn go_on(&mut self, ahead: &Room) -> Result<(), Failure> {
        while let Some(run) = self.made.get_mut(&self.now) {
            for (size, thing) in run.things.drain(..) {
                ahead.give(size);
                (self.each)(thing)?;
            }
            match run.end.take() {
                None => break,
                Some(End::Failed(failure)) => return Err(failure),
                Some(End::Whole) => {}
            }
            self.made.remove(&self.now);
            self.now += 1;
            ahead.go_on(self.now);
        }
        Ok(())
    }
}

impl<T, E> State<T, E> {
    fn stop(&mut self, failure: Failure, ahead: &Room) {
        self.stopped.get_or_insert(failure);
        ahead.go_on(usize::MAX);
    }
}

/// See [`Order::alive`].
pub(super) struct Alive<'a, T, E>(&'a Order<T, E>);

impl<T, E> Drop for Alive<'_, T, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let order = self.0;
            order.state.lock().unwrap_or_else(PoisonError::into_inner).stop(thread_gone(), &order.ahead);
        }
    }
}

fn thread_gone() -> Failure {
    Failure::new(Class::Environment, Problem::new("a thread that makes the tar ended early"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn failure(why: &str) -> Failure {
        Failure::from(Problem::new(why))
    }

    #[test]
    fn threads_make_and_the_order_stays() {
        let mut got = Vec::new();
        let order = Order::new(3, |thing| {
            got.push(thing);
            Ok(())
        });
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let _alive = order.alive();
                    loop {
                        let run = next.fetch_add(1, Ordering::Relaxed);
                        if run >= 100 {
                            return;
                        }
                        // One byte each, so that those who are ahead have to wait.
                        assert!(order.hand_on(run, 1, (run, 0)) && order.end(run, 1, (run, 1)));
                    }
                });
            }
        });
        order.finish().unwrap();
        assert!(got.into_iter().eq((0..100).flat_map(|run| [(run, 0), (run, 1)])));
    }

    #[test]
    fn the_first_failure_in_the_order_counts() {
        let mut got = Vec::new();
        let order = Order::new(10, |thing| {
            got.push(thing);
            Ok(())
        });
        order.fail(2, failure("later"));
        assert!(order.hand_on(1, 1, "second"));
        assert!(order.end(0, 1, "first"));
        assert!(order.hand_on(1, 1, "third"));
        order.fail(1, failure("here"));
        assert!(!order.hand_on(3, 1, "never"));
        assert_eq!(order.finish().unwrap_err().to_string(), failure("here").to_string());
        assert_eq!(got, ["first", "second", "third"]);
    }

    #[test]
    fn a_failure_of_the_receiver_stops_everything() {
        let order = Order::new(2, |thing: u8| if thing == 0 { Ok(()) } else { Err(failure("full")) });
        std::thread::scope(|scope| {
            // There is room for the later ones until there is none.
            scope.spawn(|| while order.hand_on(1, 1, 0) {});
            assert!(order.hand_on(0, 1, 0));
            assert!(!order.hand_on(0, 1, 1));
        });
        assert_eq!(order.finish().unwrap_err().to_string(), failure("full").to_string());
    }

    #[test]
    fn nobody_waits_for_a_thread_that_is_gone() {
        let order = Order::new(2, |_: u8| Ok(()));
        std::thread::scope(|scope| {
            scope.spawn(|| while order.hand_on(1, 1, 0) {});
            let gone = scope.spawn(|| {
                let _alive = order.alive();
                panic!("on purpose");
            });
            assert!(gone.join().is_err());
        });
        assert_eq!(order.finish().unwrap_err().to_string(), thread_gone().to_string());
    }
}
