/// Words to follow along: the demo album's own, and for the invented records one verse for all.
import type { LyricLine } from '../bindings';
import parlour from './parlour.json';

const verses = [
  'Slow and sorrowful, he wrote,', 'and left the rest to the left hand:', 'one low note, one chord above it,',
  'walking nowhere in three-four.', '', 'Somebody opens a window.', 'The street comes in, and sits down.',
  'Nobody asked for the ending,', 'so it takes its time to arrive.', '', 'One low note, one chord above it,', 'and the light goes round the room.',
];

export const lyricsOf = (id: string): LyricLine[] | null => {
  if (id.startsWith('parlour-')) {
    const lines = (parlour.tracks[Number(id.slice(8)) - 1]?.lyrics ?? []) as [number | null, string][];
    return lines.length ? lines.map(([startMs, text]) => ({ startMs, text })) : null;
  }
  if (id === 'grey-1') return null;
  const timed = !id.startsWith('goldberg');
  return verses.map((text, i) => ({ startMs: timed ? 1_000 + i * 4_200 : null, text }));
};
