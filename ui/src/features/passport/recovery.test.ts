// G7: recovery keeps what was typed through a refusal, does not say what differs, and forgets the card
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { core } from '../../ipc/client';
import { explainLine } from '../../i18n/index.svelte';
import { Failure } from '../../ipc/failure';
import { session } from '../../state/session.svelte';
import Recover from './Recover.svelte';
import { Recovery } from './recovery.svelte';

let form: Recovery;
beforeEach(async () => {
  vi.restoreAllMocks();
  session.take(await core.appState());
  form = new Recovery();
  Object.assign(form.who, { name: 'Ada Example', telephone: '+44 20 7946 0000', email: 'ada@example.org' });
  await form.toCard();
  Object.assign(form.card, { number: '4242 4242 4242 4242', expiry: '12/29' });
});

it('asks for name, telephone and e-mail before it goes on', async () => {
  form.goTo('who');
  form.who = { name: '', telephone: ' ', email: 'ada' };
  expect(await form.toCard()).toBe(false);
  expect(Object.keys(form.errors).sort()).toEqual(['email', 'name', 'telephone']);
});

it('refuses what does not match with one message for all of it, and keeps the form', async () => {
  form.who.telephone = '+44 20 7946 1111';
  expect(await form.issue()).toBe(false);
  expect(form.refusal?.code).toBe('not-recognised');
  expect(form.errors).toEqual({});
  expect(explainLine(form.refusal!)).not.toMatch(/telephone|card|e-mail|name/i);
  expect(form.who.name).toBe('Ada Example');
  expect(form.card.number).toBe('4242 4242 4242 4242');
  expect(form.step).toBe('card');
});

it('shows a declined card at its number', async () => {
  form.card.number = '4000 0000 0000 0002';
  expect(await form.issue()).toBe(false);
  expect(form.errors.cardNumber).toMatch(/declined/);
});

it('leads back to the step whose field the licensing center refuses', async () => {
  vi.spyOn(core, 'recoverPassport').mockRejectedValue(new Failure('invalid-form', { field: 'telephone' }));
  expect(await form.issue()).toBe(false);
  expect(form.step).toBe('who');
  expect(form.errors.telephone).toBeTruthy();
});

it('says when to try again after too many attempts', async () => {
  vi.spyOn(core, 'recoverPassport').mockRejectedValue(new Failure('too-many-attempts'));
  await form.issue();
  expect(explainLine(form.refusal!)).toMatch(/in an hour/);
});

it('forgets the card once it was answered, and opens the passport under the new passphrase', async () => {
  await core.lock();
  session.passport = 'locked';
  expect(await form.issue()).toBe(true);
  expect(form.step).toBe('passphrase');
  expect(form.card).toEqual({ number: '', expiry: '' });
  expect(await form.lock('lantern orchard velvet')).toBeNull();
  expect(form.step).toBe('done');
  expect(session.passport).toBe('unlocked');
  await expect(core.unlock('correct horse battery')).rejects.toMatchObject({ code: 'wrong-passphrase' });
});

describe('the page', () => {
  it('says plainly that a passport which is here is kept aside', () => {
    session.passport = 'locked';
    render(Recover);
    expect(screen.getByText(/kept aside/)).toBeTruthy();
  });

  it('says nothing of it where there is none', () => {
    session.passport = 'none';
    render(Recover);
    expect(screen.queryByText(/kept aside/)).toBeNull();
  });

  it('puts the keyboard on the message of a refusal', async () => {
    render(Recover);
    for (const [label, value] of [
      ['Full name', 'Ada Example'],
      ['E-mail', 'ada@example.net'],
      ['Telephone', '+44 20 7946 0000'],
    ] as const)
      await fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await fireEvent.click(screen.getByRole('button', { name: 'Go on to the card' }));
    await fireEvent.input(await screen.findByLabelText('Card number'), { target: { value: '4242424242424242' } });
    await fireEvent.input(screen.getByLabelText('Expires'), { target: { value: '1229' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Recover passport' }));
    await waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('alert'));
  });
});
