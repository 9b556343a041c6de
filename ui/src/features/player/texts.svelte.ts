/// The words that belong to what plays: lyrics, notes, credits. Asked once for each track.
import { core } from '../../ipc/client';
import type { LyricLine, TrackTexts } from '../../ipc/bindings';
import { player } from '../../state/player.svelte';

const nothing: TrackTexts = { lyrics: null, linerNotes: null, credits: null, commentary: null, biography: null };

class Texts {
  now = $state.raw<TrackTexts>(nothing);
  #of: string | null = null;

  async follow(trackId: string | null): Promise<void> {
    if (trackId === this.#of) return;
    this.#of = trackId;
    if (!trackId) return void (this.now = nothing);
    const texts = await core.trackTexts(trackId).catch(() => nothing);
    if (trackId === this.#of) this.now = texts;
  }

  get timed(): boolean {
    return this.now.lyrics?.some((line) => line.startMs !== null) ?? false;
  }

  /** The line being sung; -1 before the first, and when the lyrics have no times. A preview of a
      clip runs on the clip's own clock, the lyrics on the song's. */
  get line(): number {
    const lines: LyricLine[] = this.now.lyrics ?? [];
    const at = player.position.positionMs + (player.track?.clip?.startMs ?? 0);
    return lines.findLastIndex((line) => line.startMs !== null && line.startMs <= at);
  }
}

export const texts = new Texts();
