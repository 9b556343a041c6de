// G2, G5: registration keeps what was typed, shows a refusal at its field, and forgets the card
import { beforeEach, expect, it } from 'vitest';
import { core } from '../../ipc/client';
import { session } from '../../state/session.svelte';
import { passportFile } from '../../state/passport.svelte';
import { router } from '../../state/router.svelte';
import { Recovery } from './recovery.svelte';
import { Registration } from './registration.svelte';

let form: Registration;
beforeEach(() => {
  session.passport = 'none';
  form = new Registration();
  form.goTo('who');
  Object.assign(form.who, {
    name: 'Ada Example',
    address: '12 Analytical Row',
    telephone: '+44 20 7946 0000',
    email: 'ada@example.org',
  });
  Object.assign(form.card, { number: '4242 4242 4242 4242', expiry: '12/39' });
  form.confidential = 'My first piano was green';
});

it('asks for what is missing before it goes on', async () => {
  form.who.email = 'ada';
  form.who.name = ' ';
  expect(await form.toCard()).toBe(false);
  expect(form.errors).toEqual({ name: 'This is needed.', email: 'This does not look like an e-mail address.' });
});

it('shows a declined card at the number and keeps the form', async () => {
  await form.toCard();
  form.card.number = '4000 0000 0000 0002';
  expect(await form.issue()).toBe(false);
  expect(form.errors.cardNumber).toMatch(/declined/);
  expect(form.who.name).toBe('Ada Example');
  expect(form.step).toBe('card');
});

it('goes on to the passphrase and forgets the card', async () => {
  await form.toCard();
  expect(await form.issue()).toBe(true);
  expect(form.step).toBe('passphrase');
  expect(form.card).toEqual({ number: '', expiry: '' });
});

it('refuses a weak passphrase with the reason, and takes a good one', async () => {
  await form.issue();
  expect(await form.lock('short')).toMatch(/too weak/);
  expect(await form.lock('lantern orchard velvet')).toBeNull();
  expect(form.step).toBe('done');
  expect((await core.appState()).passport).toBe('unlocked');
});

// G6: the file that the store's web page gives
it('asks for the passphrase of a registration file that was brought in, and for nothing else', async () => {
  router.go('passport');
  await passportFile.take('/home/ada/Downloads/registration.cadpassport');
  expect(location.hash).toBe('#/welcome');
  const brought = new Registration();
  expect(brought.step).toBe('passphrase');
  expect(await brought.lock('lantern orchard velvet')).toBeNull();
  expect(brought.step).toBe('done');
});

it('goes through recovery where a passport is here that the file takes the place of', async () => {
  session.passport = 'locked';
  await passportFile.take('/home/ada/Downloads/registration.cadpassport');
  expect(location.hash).toBe('#/recover');
  expect(new Recovery().step).toBe('passphrase');
  expect(new Recovery().step).toBe('who');
});
