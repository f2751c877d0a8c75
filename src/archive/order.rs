// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What several threads make, put in order. There is no thread for that: it would wait for a processor
//! behind those that make.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::{Class, Failure, Problem};

/// How many neighbouring members one thread takes at a time. They share directories, and with them the
/// bases of git's deltas.
const RUN: usize = 24;

/// How many it takes at a time at the end, so that no thread has much left when the others are done.
const LAST_RUN: usize = 4;

/// Numbered members, taken in runs by the threads that make them, from the first on. What is made is handed on in
/// the order of the numbers.
///
/// Only so many bytes may be made ahead of what is next. A thread that has made that many gives back what is left of its
/// run and helps those before it; one that others wait for lets them have of its own. So twenty large files in one
/// run are made by all threads, and not by one while the others wait.
pub(super) struct Order<T, E> {
    count: usize,
    threads: usize,
    ahead: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
    /// Held by the thread that hands on. It may take its time: the others make more meanwhile.
    each: Mutex<E>,
}

struct State<T> {
    /// From here on no member was taken,
    fresh: usize,
    /// nor were these, by the first of each row of neighbours: they were given back.
    back: BTreeMap<usize, Left>,
    /// How many threads wait for a run.
    waiting: usize,
    /// The member that is next to be handed on.
    next: usize,
    /// What is made of the run of the next member and of later ones, by the first member of each.
    made: BTreeMap<usize, Run<T>>,
    /// How many bytes that is.
    bytes: usize,
    /// Why nothing more is handed on.
    stopped: Option<Failure>,
}

/// What is left of a run.
struct Left {
    /// Behind its last member.
    end: usize,
    /// How many of them to take at a time.
    at_once: usize,
}

struct Run<T> {
    /// Each with its size.
    things: VecDeque<(usize, T)>,
    end: Option<End>,
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Self { things: VecDeque::new(), end: None }
    }
}

enum End {
    /// It is whole, and this member is next.
    Before(usize),
    Failed(Failure),
}

/// What a thread does after it has handed something on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward {
    /// It goes on with its run.
    Go,
    /// It ends its run here and takes another one.
    Turn,
    /// The work is to stop.
    Stop,
}

impl<T, E: FnMut(T) -> Result<(), Failure>> Order<T, E> {
    /// Calls `each` with every thing that so many threads make of so many members, in its turn. Of what cannot be
    /// handed on yet each thread adds no more when it has that many bytes.
    pub(super) fn new(count: usize, threads: usize, ahead: usize, each: E) -> Self {
        let (back, made) = (BTreeMap::new(), BTreeMap::new());
        let state = State { fresh: 0, back, waiting: 0, next: 0, made, bytes: 0, stopped: None };
        let (state, changed, each) = (Mutex::new(state), Condvar::new(), Mutex::new(each));
        Self { count, threads, ahead, state, changed, each }
    }

    /// The members to make next, when it is time for them. None when all are made or the work is to stop.
    pub(super) fn take(&self) -> Option<Range<usize>> {
        let mut state = self.lock();
        while state.stopped.is_none() && state.next < self.count {
            if let Some(run) = self.run(&mut state) {
                return Some(run);
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        None
    }

    fn run(&self, state: &mut State<T>) -> Option<Range<usize>> {
        let fresh = self.count - state.fresh;
        let (start, left) = state.back.pop_first().unwrap_or((
            state.fresh,
            Left { end: self.count, at_once: fresh.div_ceil(self.threads * 2).clamp(LAST_RUN, RUN) },
        ));
        let end = left.end.min(start + left.at_once);
        // What goes before all that waits makes way for it.
        let makes_way = state.made.range(state.next + 1..).next().is_none_or(|(first, _)| start < *first);
        let is_time = start < end && (makes_way || state.bytes <= self.ahead);
        let rest = if is_time { end } else { start };
        if start == state.fresh {
            state.fresh = rest;
        } else if rest < left.end {
            state.back.insert(rest, left);
        }
        is_time.then_some(start..end)
    }

    /// Takes the next thing of the run that began with the member `start`, of that many bytes.
    pub(super) fn hand_on(&self, start: usize, size: usize, thing: T) -> Onward {
        self.add(start, size, |state| state.run(start).things.push_back((size, thing)))
    }

    /// Takes the last thing of a run. The members that are `left` of it are given back, to be taken `at_once` at a
    /// time. False when the work is to stop.
    pub(super) fn end(
        &self,
        start: usize,
        left: Range<usize>,
        at_once: usize,
        size: usize,
        thing: T,
    ) -> bool {
        let onward = self.add(start, size, |state| {
            let run = state.run(start);
            run.things.push_back((size, thing));
            run.end = Some(End::Before(left.start));
            if !left.is_empty() {
                state.back.insert(left.start, Left { end: left.end, at_once });
            }
        });
        onward != Onward::Stop
    }

    /// A run cannot be made. What is before it is handed on, and a failure there comes first.
    pub(super) fn fail(&self, start: usize, failure: Failure) {
        self.add(start, 0, |state| state.run(start).end = Some(End::Failed(failure)));
    }

    /// Whether everything was handed on. Called when all threads are done.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let state = self.state.into_inner().map_err(|_| thread_gone())?;
        match state.stopped {
            Some(failure) => Err(failure),
            None if state.next == self.count => Ok(()),
            None => Err(thread_gone()),
        }
    }

    /// Held by each thread while it works: if it panics, the others do not wait for what it would have made.
    pub(super) fn alive(&self) -> Alive<'_, T, E> {
        Alive(self)
    }

    fn add(&self, start: usize, size: usize, change: impl FnOnce(&mut State<T>)) -> Onward {
        let mut state = self.lock();
        change(&mut state);
        state.bytes += size;
        drop(state);
        self.go_on();
        let state = self.lock();
        if state.waiting > 0 {
            self.changed.notify_all();
        }
        let is_far = start > state.next && state.bytes > self.ahead;
        match &state.stopped {
            Some(_) => Onward::Stop,
            None if is_far || state.waiting > 0 => Onward::Turn,
            None => Onward::Go,
        }
    }

    /// Hands on what is next, as far as it is made, unless another thread is at it.
    fn go_on(&self) {
        // What is added when that thread has looked for more and not yet let go is looked for again.
        while self.lock().is_ready() {
            let Ok(mut each) = self.each.try_lock() else { return };
            while let Some(thing) = self.next() {
                if let Err(failure) = each(thing) {
                    self.lock().stopped.get_or_insert(failure);
                }
            }
        }
    }

    fn next(&self) -> Option<T> {
        let mut state = self.lock();
        if state.waiting > 0 {
            self.changed.notify_all();
        }
        state.next()
    }
}

impl<T, E> Order<T, E> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn run(&mut self, start: usize) -> &mut Run<T> {
        self.made.entry(start).or_default()
    }

    /// Whether something can be handed on.
    fn is_ready(&self) -> bool {
        let run = self.made.get(&self.next);
        self.stopped.is_none() && run.is_some_and(|run| !run.things.is_empty() || run.end.is_some())
    }

    /// What is next to be handed on, if it is made.
    fn next(&mut self) -> Option<T> {
        while self.stopped.is_none() {
            let run = self.made.get_mut(&self.next)?;
            if let Some((size, thing)) = run.things.pop_front() {
                self.bytes -= size;
                return Some(thing);
            }
            match run.end.take()? {
                End::Failed(failure) => self.stopped = Some(failure),
                End::Before(next) => {
                    self.made.remove(&self.next);
                    self.next = next;
                }
            }
        }
        None
    }
}

/// See [`Order::alive`].
pub(super) struct Alive<'a, T, E>(&'a Order<T, E>);

impl<T, E> Drop for Alive<'_, T, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().stopped.get_or_insert_with(thread_gone);
            self.0.changed.notify_all();
        }
    }
}

fn thread_gone() -> Failure {
    Failure::new(Class::Environment, Problem::new("a thread that makes the tar ended early"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(why: &str) -> Failure {
        Failure::from(Problem::new(why))
    }

    #[test]
    fn threads_make_and_the_order_stays() {
        let mut got = Vec::new();
        let order = Order::new(1000, 4, 3, |thing| {
            got.push(thing);
            Ok(())
        });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let _alive = order.alive();
                    while let Some(run) = order.take() {
                        let mut left = run.clone();
                        // One byte each, so that those who are ahead give back most of what they took.
                        for nth in left.by_ref() {
                            if order.hand_on(run.start, 1, nth) != Onward::Go {
                                break;
                            }
                        }
                        assert!(order.end(run.start, left, 2, 1, usize::MAX));
                    }
                });
            }
        });
        order.finish().unwrap();
        got.retain(|nth| *nth != usize::MAX);
        assert!(got.into_iter().eq(0..1000));
    }

    #[test]
    fn who_is_far_ahead_helps_those_behind() {
        let order = Order::new(1000, 2, 10, |_: ()| Ok(()));
        assert_eq!((order.take(), order.take()), (Some(0..24), Some(24..48)));
        // The second has made what there is room for, and gives the rest back; what is next is the first's.
        assert_eq!(order.hand_on(24, 11, ()), Onward::Turn);
        assert!(order.end(24, 25..48, 1, 0, ()));
        std::thread::scope(|scope| {
            let second = scope.spawn(|| order.take());
            while order.lock().waiting == 0 {
                std::thread::yield_now();
            }
            // It can only wait, until the first one sees that and gives back too.
            assert_eq!(order.hand_on(0, 1, ()), Onward::Turn);
            assert!(order.end(0, 1..24, 1, 0, ()));
            assert_eq!(second.join().unwrap(), Some(1..2));
        });
        // Both are at the front now, and what they make there passes what is far ahead.
        assert_eq!(order.take(), Some(2..3));
        assert!(order.end(2, 3..3, 1, 11, ()));
        assert!(order.end(1, 2..2, 1, 11, ()));
        assert_eq!((order.take(), order.take()), (Some(3..4), Some(4..5)));
    }

    #[test]
    fn the_first_failure_in_the_order_counts() {
        let mut got = Vec::new();
        let order = Order::new(60, 1, 10, |thing| {
            got.push(thing);
            Ok(())
        });
        assert_eq!([order.take(), order.take(), order.take()], [Some(0..24), Some(24..42), Some(42..51)]);
        order.fail(42, failure("later"));
        assert_eq!(order.hand_on(24, 1, "second"), Onward::Go);
        assert!(order.end(0, 24..24, 1, 1, "first"));
        assert_eq!(order.hand_on(24, 1, "third"), Onward::Go);
        order.fail(24, failure("here"));
        assert_eq!(order.hand_on(51, 1, "never"), Onward::Stop);
        assert_eq!(order.take(), None);
        assert_eq!(order.finish().unwrap_err().to_string(), failure("here").to_string());
        assert_eq!(got, ["first", "second", "third"]);
    }

    #[test]
    fn a_failure_of_the_receiver_stops_everything() {
        let order = Order::new(40, 2, 2, |thing: u8| if thing == 0 { Ok(()) } else { Err(failure("full")) });
        assert_eq!((order.take(), order.take()), (Some(0..10), Some(10..18)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(order.end(10, 11..18, 1, 3, 0));
                // There is no room until there is no work.
                assert_eq!(order.take(), None);
            });
            while order.lock().waiting == 0 {
                std::thread::yield_now();
            }
            assert_eq!(order.hand_on(0, 1, 1), Onward::Stop);
        });
        assert_eq!(order.finish().unwrap_err().to_string(), failure("full").to_string());
    }

    #[test]
    fn nobody_waits_for_a_thread_that_is_gone() {
        let order = Order::new(40, 2, 2, |_: u8| Ok(()));
        assert_eq!((order.take(), order.take()), (Some(0..10), Some(10..18)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(order.end(10, 11..18, 1, 3, 0));
                assert_eq!(order.take(), None);
            });
            let gone = scope.spawn(|| {
                let _alive = order.alive();
                panic!("on purpose");
            });
            assert!(gone.join().is_err());
        });
        assert_eq!(order.finish().unwrap_err().to_string(), thread_gone().to_string());
    }
}
