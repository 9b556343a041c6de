/// What is on its way from the delivery servers.
import { core } from '../ipc/client';
import type { Download } from '../ipc/bindings';
import { attempt } from './notices.svelte';

class Deliveries {
  all = $state.raw<Download[]>([]);

  get arriving(): Download[] {
    return this.all.filter((d) => d.state !== 'ready');
  }

  async listen(): Promise<void> {
    core.on('downloadChanged', (news) => this.#take(news));
    await this.load();
  }

  async load(): Promise<void> {
    this.all = (await attempt(() => core.downloads())) ?? this.all;
  }

  of(mediaId: string): Download | undefined {
    return this.all.find((d) => d.mediaId === mediaId);
  }

  async retry(mediaId: string): Promise<void> {
    const download = await attempt(() => core.downloadRetry(mediaId));
    if (download) this.#take(download);
  }

  #take(news: Download): void {
    const known = this.all.some((d) => d.mediaId === news.mediaId);
    this.all = known ? this.all.map((d) => (d.mediaId === news.mediaId ? news : d)) : [news, ...this.all];
  }
}

/** How much has arrived, 0 to 1. */
export const arrived = ({ state, receivedBytes, totalBytes }: Download): number =>
  state === 'ready' || state === 'checking' ? 1 : totalBytes ? receivedBytes / totalBytes : 0;

export const deliveries = new Deliveries();
