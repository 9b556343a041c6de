/// Albums that exist nowhere, for a browser without a core, for tests and for screenshots.
import type { AlbumCard, Clip, Quality, Sleeve, StoreAlbum, StoreTrack } from '../bindings';
import parlour from './parlour.json';
import danse from './assets/danse.svg?url';
import goldberg from './assets/goldberg.svg?url';
import grey from './assets/grey.svg?url';
import nocturnes from './assets/nocturnes.svg?url';
import parlourCover from './assets/parlour.svg?url';
import planets from './assets/planets.svg?url';
import rags from './assets/rags.svg?url';
import scenes from './assets/scenes.svg?url';
import water from './assets/water.svg?url';

type Sketch = {
  id: string;
  title: string;
  artist: string;
  year: number;
  genre: string;
  sleeve: Sleeve;
  notes: string;
  tracks: [title: string, artist: string, seconds: number][];
};

const sleeve = (cover: string, hue: number, chroma: number): Sleeve => ({ cover, hue, chroma });

const sketches: Sketch[] = [
  {
    id: 'rags', title: 'Rags and Reveries', artist: 'Scott Joplin, Erik Satie', year: 2026, genre: 'Piano',
    sleeve: sleeve(rags, 256, 118),
    notes: 'Two men who were told that they were not serious. One wrote for saloons and asked, on the printed page, that it never be played fast. The other wrote furniture.\n\nThis record puts their left hands side by side: the stride that keeps a room on its feet, and the slow three that leaves it alone.',
    tracks: [
      ['Maple Leaf Rag', 'Scott Joplin', 158], ['The Entertainer', 'Scott Joplin', 231],
      ['Gymnopédie No. 1', 'Erik Satie', 185], ['Solace', 'Scott Joplin', 252],
      ['Gnossienne No. 1', 'Erik Satie', 204], ['Magnetic Rag', 'Scott Joplin', 246],
      ['Gymnopédie No. 3', 'Erik Satie', 151], ['Elite Syncopations', 'Scott Joplin', 176],
      ['Je te veux', 'Erik Satie', 302], ['Bethena, a Concert Waltz', 'Scott Joplin', 288],
    ],
  },
  {
    id: 'nocturnes', title: 'Nocturnes by an Open Window', artist: 'Frédéric Chopin', year: 2025, genre: 'Piano',
    sleeve: sleeve(nocturnes, 174, 58), notes: 'Recorded after midnight, with the street in it.',
    tracks: [['Nocturne in E-flat, Op. 9 No. 2', 'Frédéric Chopin', 271], ['Nocturne in C-sharp minor', 'Frédéric Chopin', 236], ['Nocturne in B-flat minor, Op. 9 No. 1', 'Frédéric Chopin', 334], ['Berceuse, Op. 57', 'Frédéric Chopin', 288]],
  },
  {
    id: 'planets', title: 'Bringer of Jollity', artist: 'Gustav Holst', year: 2024, genre: 'Orchestra',
    sleeve: sleeve(planets, 35, 160), notes: 'Three of seven.',
    tracks: [['Mars', 'Gustav Holst', 433], ['Venus', 'Gustav Holst', 489], ['Jupiter', 'Gustav Holst', 478]],
  },
  {
    id: 'goldberg', title: 'Goldberg, Slowly', artist: 'Johann Sebastian Bach', year: 2023, genre: 'Harpsichord',
    sleeve: sleeve(goldberg, 82, 150), notes: 'An aria, and the long way back to it.',
    tracks: [['Aria', 'Johann Sebastian Bach', 229], ['Variation 13', 'Johann Sebastian Bach', 302], ['Variation 21, Canon at the Seventh', 'Johann Sebastian Bach', 171], ['Variation 25', 'Johann Sebastian Bach', 395], ['Aria da capo', 'Johann Sebastian Bach', 241]],
  },
  {
    id: 'water', title: 'Water Music', artist: 'George Frideric Handel', year: 2022, genre: 'Orchestra',
    sleeve: sleeve(water, 203, 85), notes: 'For a king on a barge, who asked to hear it three times.',
    tracks: [['Alla Hornpipe', 'George Frideric Handel', 188], ['Air', 'George Frideric Handel', 262], ['Bourrée', 'George Frideric Handel', 94]],
  },
  {
    id: 'scenes', title: 'Scenes from Childhood', artist: 'Robert Schumann', year: 2025, genre: 'Piano',
    sleeve: sleeve(scenes, 4, 96), notes: 'Thirteen small things; four are here.',
    tracks: [['Of Foreign Lands and Peoples', 'Robert Schumann', 98], ['Catch Me If You Can', 'Robert Schumann', 33], ['Träumerei', 'Robert Schumann', 166], ['The Poet Speaks', 'Robert Schumann', 131]],
  },
  {
    id: 'grey', title: 'Vexations, Abridged', artist: 'Erik Satie', year: 2021, genre: 'Piano',
    sleeve: sleeve(grey, 0, 0), notes: 'To be repeated. Here it is not.',
    tracks: [['Vexations', 'Erik Satie', 402]],
  },
  {
    id: 'danse', title: 'Danse Macabre', artist: 'Camille Saint-Saëns', year: 2024, genre: 'Orchestra',
    sleeve: sleeve(danse, 305, 190), notes: 'Death tunes his fiddle a half-step flat.',
    tracks: [['Danse macabre', 'Camille Saint-Saëns', 428], ['The Swan', 'Camille Saint-Saëns', 184], ['Aquarium', 'Camille Saint-Saëns', 152]],
  },
];

export const currency = 'USD';

const clip: Clip = { startMs: 12_000, durationMs: 30_000 };

/** A clip's loudness that looks like music: phrases, a beat, and a seed. */
const waveform = (seed: number): number[] =>
  Array.from({ length: 64 }, (_, i) => {
    const phrase = 0.55 + 0.45 * Math.sin((i + seed * 7) / (5 + (seed % 5)));
    const beat = 0.6 + 0.4 * Math.abs(Math.sin(i * (0.9 + (seed % 3) * 0.35) + seed));
    const edge = Math.min(1, (i + 2) / 8, (66 - i) / 8);
    return Math.round(100 * Math.max(0.08, phrase * beat * edge));
  });

const qualities = (seconds: number): Quality[] => [
  { name: 'lossless', format: { codec: 'FLAC', sampleRate: 44_100, bits: 16, bitRate: 702_000, channels: 2 }, sizeBytes: seconds * 87_750, priceCents: seconds > 280 ? 149 : 129 },
  { name: 'lossy', format: { codec: 'Opus', sampleRate: 48_000, bits: 0, bitRate: 160_000, channels: 2 }, sizeBytes: seconds * 20_000, priceCents: 99 },
];

const track = (album: Sketch, index: number): StoreTrack => {
  const [title, artist, seconds] = album.tracks[index]!;
  return {
    mediaId: `${album.id}-${index + 1}`, albumId: album.id, album: album.title, number: index + 1, title, artist,
    composer: artist, durationMs: seconds * 1000, clip, waveform: waveform(album.id.length * 3 + index),
    sleeve: album.sleeve, qualities: qualities(seconds), mayRecord: album.id !== 'grey', ownership: 'none',
  };
};

const card = (album: Sketch, tracks: StoreTrack[]): AlbumCard => ({
  id: album.id, title: album.title, artist: album.artist, year: album.year, genre: album.genre, sleeve: album.sleeve,
  trackCount: tracks.length, durationMs: tracks.reduce((sum, t) => sum + t.durationMs, 0),
  priceCents: Math.round(tracks.length * 79), ownedTracks: 0,
});

/** The demo album as it is sold, with its own loudness and lyrics. */
const demo = (): StoreAlbum => {
  const own = sleeve(parlourCover, 84, 150);
  const tracks = parlour.tracks.map((t, i): StoreTrack => ({
    mediaId: `parlour-${i + 1}`, albumId: 'parlour', album: parlour.title, number: i + 1, title: t.title, artist: t.artist, composer: t.composer,
    durationMs: t.durationMs, clip: t.clip, waveform: t.clipPeaks, sleeve: own, qualities: qualities(t.durationMs / 1000), mayRecord: true, ownership: 'none',
  }));
  const durationMs = tracks.reduce((sum, t) => sum + t.durationMs, 0);
  return {
    card: { id: 'parlour', title: parlour.title, artist: parlour.artist, year: parlour.year, genre: parlour.genre, sleeve: own, trackCount: tracks.length, durationMs, priceCents: parlour.priceCents, ownedTracks: 0 },
    currency, tracks, linerNotes: parlour.tracks[0]?.liner ?? null, credits: parlour.tracks[0]?.credits ?? null, biography: null, label: parlour.label, copyright: parlour.copyright,
  };
};

/** The loudness of a whole song, where it is known. */
export const songWaveform = (id: string): number[] | undefined =>
  id.startsWith('parlour-') ? parlour.tracks[Number(id.slice(8)) - 1]?.songPeaks : undefined;

const sketched = sketches.map((sketch): StoreAlbum => {
  const tracks = sketch.tracks.map((_, index) => track(sketch, index));
  return {
    card: card(sketch, tracks), currency, tracks, linerNotes: sketch.notes,
    biography: `${sketch.artist} wrote for rooms, not for halls.`,
    credits: `Composed by ${sketch.artist}\nPlayed and recorded for the demonstration\nMastered to -14 LUFS`,
    label: 'Cadenza Editions', copyright: '2026 Cadenza Editions. The works are in the public domain.',
  };
});

export const albums: StoreAlbum[] = [demo(), ...sketched];

export const findTrack = (id: string): StoreTrack | undefined => albums.flatMap((a) => a.tracks).find((t) => t.mediaId === id);
