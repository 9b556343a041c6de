// B12: a link from outside is asked about before anything is done
import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../../i18n/index.svelte';
import { core } from '../../ipc/client';
import { openLink } from '../../ipc/fake/store';
import { links } from '../../state/links.svelte';
import { session } from '../../state/session.svelte';
import LinkAsk from './LinkAsk.svelte';

const opened = async (): Promise<void> => {
  openLink({
    number: 7,
    wanted: 'order',
    titles: ['Largo'],
    store: 'store.example:8443',
    elsewhere: 'elsewhere.example',
  });
  await links.look();
};

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
  session.take({
    ...(await core.appState()),
    store: { status: 'reachable', bundled: false, address: 'store.example:8443', error: null },
  });
});

describe('a link from outside', () => {
  it('says which store would be asked, for what, and where the link itself points', async () => {
    const answer = vi.spyOn(core, 'answerLink');
    render(LinkAsk);
    await opened();
    expect(await screen.findByText('It wants to fetch Largo from store.example:8443 into your library.')).toBeTruthy();
    expect(screen.getByText('The link itself names elsewhere.example, which is not asked.')).toBeTruthy();
    expect(answer).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel', hidden: true }));
    expect(answer).toHaveBeenCalledWith(7, false);
    await waitFor(() => expect(links.asked).toBeNull());
  });

  it('is followed only by going on', async () => {
    setLanguage('de');
    const answer = vi.spyOn(core, 'answerLink');
    render(LinkAsk);
    await opened();
    await fireEvent.click(await screen.findByRole('button', { name: 'Weiter', hidden: true }));
    expect(answer).toHaveBeenCalledWith(7, true);
    setLanguage('en');
  });
});
