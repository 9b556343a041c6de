/// Laying out and writing a disc, invented: 75 sectors a second, two seconds before the first track.
import { Failure, type ErrorCode } from '../failure';
import type { AppError, BurnProgress, DiscPlan, DiscResult, DiscSize, DiscTrack } from '../bindings';
import { findTrack } from './albums';
import { answer, pace, tell } from './world';

let cancelled = false;
const minutes = (size: DiscSize): number => (size === 'minutes74' ? 74 : 80);
const problem = (code: ErrorCode): AppError => ({ code, data: {}, message: code });

const plan = (ids: string[], size: DiscSize): DiscPlan => {
  let at = 0;
  const tracks = ids.map((id, i): DiscTrack => {
    const { title, artist, sleeve, durationMs } = findTrack(id)!;
    const gapMs = i === 0 ? 2000 : 0;
    const startMs = (at += gapMs);
    at += durationMs;
    return { trackId: id, number: i + 1, title, artist, sleeve, startMs, durationMs, gapMs, isrc: null, record: { kind: id === 'grey-1' ? 'never' : 'unlimited' }, problem: id === 'grey-1' ? problem('record-not-allowed') : null };
  });
  const capacityMs = minutes(size) * 60_000;
  const problems = [...(at > capacityMs ? [problem('disc-too-long')] : []), ...(ids.length > 99 ? [problem('disc-too-many-tracks')] : [])];
  return { tracks, usedMs: at, capacityMs, leftMs: Math.max(0, capacityMs - at), sectors: Math.ceil((at * 75) / 1000), ready: ids.length > 0 && !problems.length && !tracks.some((t) => t.problem), problems };
};

export const disc = {
  discPlan: (ids: string[], size: DiscSize) => answer(() => plan(ids, size)),
  discBurn: async (ids: string[], size: DiscSize, _title: string, folder: string): Promise<DiscResult> => {
    cancelled = false;
    const { sectors, tracks } = plan(ids, size);
    const send = (stage: BurnProgress['stage'], done: number) =>
      tell('burnProgress', { stage, track: 1 + Math.floor((done / sectors) * (tracks.length - 0.01)), sectorsDone: Math.round(done), sectorsTotal: sectors, error: null });
    for (const stage of ['writing', 'verifying'] as const)
      for (let part = 0; part <= 20; part++) {
        await new Promise((done) => setTimeout(done, pace.tickMs));
        if (cancelled) { send('cancelled', 0); throw new Failure('cancelled'); }
        send(stage, (sectors * part) / 20);
      }
    send('done', sectors);
    return { folder, files: ['cadenza.bin', 'cadenza.cue', 'cadenza.toc'], trackCount: tracks.length, sectors, verified: true };
  },
  discCancel: () => answer(() => { cancelled = true; return null; }),
};
