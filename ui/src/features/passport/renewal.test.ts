// G8: renewal asks for the passphrase, says the new date, and is offered where buying needs it
import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { core } from '../../ipc/client';
import { scene, world } from '../../ipc/fake/world';
import { Failure } from '../../ipc/failure';
import { notices } from '../../state/notices.svelte';
import { papers } from '../../state/papers.svelte';
import { session } from '../../state/session.svelte';
import PaymentForm from '../store/PaymentForm.svelte';
import PassportPage from './PassportPage.svelte';
import Renew from './Renew.svelte';

beforeEach(async () => {
  vi.restoreAllMocks();
  notices.shown = [];
  [world.validity, world.phase, scene.passport, papers.renewing] = ['expired', 'unlocked', 'unlocked', false];
  session.take(await core.appState());
  await papers.facts.load();
});

const renewWith = async (passphrase: string): Promise<void> => {
  render(Renew);
  papers.renewing = true;
  await fireEvent.input(await screen.findByLabelText('Passphrase'), { target: { value: passphrase } });
  await fireEvent.click(screen.getByRole('button', { name: 'Renew passport' }));
};

describe('renewing', () => {
  it('says until when the passport is valid now, and leaves it open', async () => {
    await renewWith(world.passphrase);
    await waitFor(() => expect(papers.renewing).toBe(false));
    expect(notices.shown[0]?.text).toMatch(/valid until November 23, 2027/);
    expect(papers.facts.value?.validity).toBe('valid');
    expect(session.passport).toBe('unlocked');
  });

  it('shows a wrong passphrase at its field and asks again', async () => {
    await renewWith('wrong');
    await waitFor(() => expect(screen.getByLabelText('Passphrase').getAttribute('aria-invalid')).toBe('true'));
    expect(papers.renewing).toBe(true);
  });

  it('leads a passport that was withdrawn to recovery', async () => {
    scene.passport = 'revoked';
    await renewWith(world.passphrase);
    await fireEvent.click(await screen.findByRole('button', { name: 'Recover passport' }));
    expect(location.hash).toBe('#/recover');
    expect(papers.renewing).toBe(false);
  });
});

describe('the passport’s page', () => {
  it('says first that the passport has expired, what that means, and offers another year', async () => {
    render(PassportPage);
    await screen.findByText(/Your passport expired on November 17, 2026/);
    await screen.findByText(/still plays what you bought, but cannot buy/);
    await fireEvent.click(screen.getByRole('button', { name: 'Renew passport' }));
    expect(papers.renewing).toBe(true);
  });

  it('is quiet about it while there is plenty of time', async () => {
    world.validity = 'valid';
    await papers.facts.load();
    render(PassportPage);
    await screen.findByRole('heading', { name: 'Renew' });
    expect(screen.queryByText(/Your passport expire/)).toBeNull();
  });
});

describe('buying with a passport that has expired', () => {
  it('offers to renew it, and keeps the card that was typed', async () => {
    render(PaymentForm, { done: () => undefined });
    await fireEvent.input(screen.getByLabelText('Card number'), { target: { value: '4242424242424242' } });
    await fireEvent.input(screen.getByLabelText('Expires'), { target: { value: '1239' } });
    await fireEvent.click(screen.getByRole('button', { name: /^Pay / }));
    await fireEvent.click(await screen.findByRole('button', { name: 'Renew passport' }));
    expect(papers.renewing).toBe(true);
    expect((screen.getByLabelText('Card number') as HTMLInputElement).value).toBe('4242 4242 4242 4242');
  });

  it('offers the same in a notice, wherever else it is refused', () => {
    notices.fail(new Failure('passport-expired'));
    notices.shown[0]?.action?.run();
    expect(papers.renewing).toBe(true);
  });
});
