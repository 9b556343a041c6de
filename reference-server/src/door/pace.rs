//! Time for what is under way on a connection: a body on its way in that keeps us waiting, an answer that nobody takes, silence.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::{Buf, Bytes};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

/// A body must bring this many bytes for each second that it keeps us waiting beyond its grace.
const SLOWEST: u64 = 1 << 10;

/// What happens on one connection.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    under_way: usize,
    /// Bodies that we wait for and answers that leave; while there are none, whatever takes its time is ours.
    moving: usize,
    last: Instant,
}

impl Activity {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State { under_way: 0, moving: 0, last: Instant::now() })))
    }

    /// Something moved.
    fn touch(&self) {
        self.0.lock().last = Instant::now();
    }

    /// A request is under way until this is dropped.
    pub fn begin(&self) -> UnderWay {
        let mut state = self.0.lock();
        (state.under_way, state.last) = (state.under_way + 1, Instant::now());
        UnderWay(self.clone())
    }

    /// Something has to move until this is dropped.
    fn expect(&self) -> Moving {
        let mut state = self.0.lock();
        (state.moving, state.last) = (state.moving + 1, Instant::now());
        Moving(self.clone())
    }

    /// Ends when nothing was asked for `idle`, or what had to move did not for `stall`.
    pub async fn over(&self, idle: Duration, stall: Duration) {
        loop {
            let now = Instant::now();
            let due = {
                let state = self.0.lock();
                match (state.under_way, state.moving) {
                    (0, _) => Some(state.last + idle),
                    (_, 0) => None,
                    _ => Some(state.last + stall),
                }
            };
            if due.is_some_and(|due| now >= due) {
                return;
            }
            // what is judged by may have changed before then
            let look = now + idle.min(stall);
            tokio::time::sleep_until(due.map_or(look, |due| due.min(look))).await;
        }
    }
}

/// While this is there, the other side has to move.
#[derive(Debug)]
struct Moving(Activity);

impl Drop for Moving {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        (state.moving, state.last) = (state.moving.saturating_sub(1), Instant::now());
    }
}

#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        (state.under_way, state.last) = (state.under_way.saturating_sub(1), Instant::now());
    }
}

/// The body took too long.
#[derive(Debug, thiserror::Error)]
#[error("the request took too long to arrive")]
struct TooSlow;

/// A request's body that has to keep coming.
pub(super) struct Arriving<B> {
    inner: B,
    activity: Activity,
    grace: Duration,
    received: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>, Moving)>,
    too_slow: Arc<AtomicBool>,
}

impl<B> Arriving<B> {
    /// `too_slow` turns true when it did not keep coming.
    pub fn new(inner: B, grace: Duration, activity: Activity, too_slow: Arc<AtomicBool>) -> Self {
        Self { inner, activity, grace, received: 0, waited: Duration::ZERO, waiting: None, too_slow }
    }

    /// How much longer it may keep us waiting.
    fn patience(&self) -> Duration {
        (self.grace + Duration::from_secs(self.received / SLOWEST)).saturating_sub(self.waited)
    }
}

impl<B> HttpBody for Arriving<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            this.activity.touch();
            if let Some((since, ..)) = this.waiting.take() {
                this.waited += since.elapsed();
            }
            if let Some(Ok(data)) = frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref)) {
                this.received += data.map_or(0, |data| data.remaining() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = this.patience();
        let activity = &this.activity;
        let (_, over, _) = this.waiting.get_or_insert_with(|| {
            let over = Box::pin(tokio::time::sleep_until(Instant::now() + patience));
            (Instant::now(), over, activity.expect())
        });
        match over.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                this.too_slow.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(TooSlow.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body; its request is under way until all of it is taken.
pub(super) struct Leaving {
    inner: Body,
    activity: Activity,
    _moving: Moving,
    _under_way: UnderWay,
}

impl Leaving {
    pub fn new(inner: Body, activity: Activity, under_way: UnderWay) -> Self {
        Self { inner, _moving: activity.expect(), activity, _under_way: under_way }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        self.activity.touch();
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const IDLE: Duration = Duration::from_secs(60);
    const STALL: Duration = Duration::from_secs(10);

    /// Whether a connection on which nothing moved for so long is over.
    fn is_over(activity: &Activity, still: Duration) -> bool {
        activity.0.lock().last = Instant::now().checked_sub(still).expect("a machine that runs for a while");
        activity.over(IDLE, STALL).now_or_never().is_some()
    }

    // F12
    #[tokio::test]
    async fn work_of_ours_takes_its_time_and_an_answer_that_nobody_takes_does_not() {
        let activity = Activity::new();
        let under_way = activity.begin();
        assert!(!is_over(&activity, IDLE * 2), "work that takes longer than anybody may be silent");
        let answer = Leaving::new(Body::from("done"), activity.clone(), under_way);
        assert!(!is_over(&activity, STALL / 2));
        assert!(is_over(&activity, STALL));
        drop(answer);
        assert!(!is_over(&activity, STALL));
        assert!(is_over(&activity, IDLE));
    }

    // F12
    #[tokio::test]
    async fn a_body_that_stops_coming_is_a_stall_however_long_its_own_patience_is() {
        let activity = Activity::new();
        let under_way = activity.begin();
        let silent = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let mut body = Arriving::new(silent, IDLE * 60, activity.clone(), Arc::default());
        let piece = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        assert!(piece.now_or_never().is_none());
        assert!(is_over(&activity, STALL));
        drop(body);
        assert!(!is_over(&activity, STALL), "what came is worked on");
        drop(under_way);
    }
}
