/// The listener's whole way through the pages, over the invented core: G1 to G8, V1, B1 to B9, M5, M7, D1.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openBrowser } from './browser.js';

let stage: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
let faults: string[];
beforeAll(async () => {
  stage = await openBrowser();
});
afterAll(() => stage?.close());
afterEach(async () => {
  expect(faults).toEqual([]);
  await page.close();
});

const open = async (search: string, hash = ''): Promise<void> => {
  ({ page, faults } = await stage.open({ search, hash }));
  page.setDefaultTimeout(10_000);
};
const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name, exact: true }).first().click();
const seen = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

it('goes from no passport to a disc image', async () => {
  await open('&passport=none');
  await press('Make my passport');
  for (const [label, text] of [
    ['Full name', 'Ada Example'],
    ['Billing address', '12 Analytical Row'],
    ['E-mail', 'ada@example.org'],
    ['Telephone', '+44 20 7946 0000'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await press('Go on to the card');
  for (const [label, text] of [
    ['Card number', '4000000000000002'],
    ['Expires', '1239'],
    ['Confidential line', 'My first piano was green'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await press('Ask for my passport');
  await seen(/The bank declined this card/);
  await page.getByLabel('Card number', { exact: true }).fill('4242424242424242');
  await press('Ask for my passport');
  await page.getByLabel('Passphrase', { exact: true }).fill('lantern orchard velvet');
  await page.getByLabel('Once more', { exact: true }).fill('lantern orchard velvet');
  await seen('Very good.');
  await press('Create passport');
  await seen('Welcome, Ada');

  await press('Open the store');
  await press('Preview Alla turca');
  await page.getByRole('button', { name: 'Pause Alla turca' }).waitFor();
  expect(await page.getByTestId('owner-line').count()).toBe(0);

  await press(/^Add Alla turca to cart/);
  await page.getByRole('link', { name: /^In cart: Alla turca/ }).click();
  for (const [label, text] of [
    ['Card number', '4242424242424242'],
    ['Expires', '1239'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await press('Pay $1.29');
  await seen('Paid. Your music is on its way.');
  await press('Play Alla turca');
  expect(await page.getByTestId('owner-line').first().innerText()).toMatch(
    /Ada Example[\s\S]*ada@example\.org\s+· Visa ···· 4242[\s\S]*My first piano was green/,
  );

  await page.getByRole('link', { name: 'Disc', exact: true }).click();
  await press('Add from library');
  await page.getByRole('checkbox').first().check();
  await press('Add 1 track');
  await page.getByLabel('Folder', { exact: true }).fill('/tmp/disc');
  await press('Write disc image');
  await seen(/Writing track 1 of 1/);
  await page.getByText('The disc image is ready').waitFor({ timeout: 60_000 });
});

it('asks for the passphrase when bought music is to play, and goes on by itself', async () => {
  await open('&passport=locked', '#/library');
  await press('Play Songs');
  const dialog = page.getByRole('dialog', { name: 'Unlock your passport' });
  await dialog.getByLabel('Passphrase', { exact: true }).fill('wrong');
  await dialog.getByRole('button', { name: 'Unlock' }).click();
  await seen(/That is not the passphrase/);
  await dialog.getByLabel('Passphrase', { exact: true }).fill('correct horse battery');
  await dialog.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
});

// G7
it('gives a lost passport back under a new passphrase, and plays what was bought', async () => {
  await open('&passport=locked', '#/library');
  await press('Play Songs');
  await press('Forgot the passphrase?');
  await seen(/kept aside, as a file beside it/);
  for (const [label, text] of [
    ['Full name', 'Ada Example'],
    ['E-mail', 'ada@example.org'],
    ['Telephone', '+44 20 7946 1111'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  for (const [label, text] of [
    ['Card number', '4242424242424242'],
    ['Expires', '1229'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await seen(/does not match a registration/);
  await press('Back');
  await page.getByLabel('Telephone', { exact: true }).fill('+44 20 7946 0000');
  await press('Go on to the card');
  await press('Recover passport');
  await page.getByLabel('New passphrase', { exact: true }).fill('lantern orchard velvet');
  await page.getByLabel('Once more', { exact: true }).fill('lantern orchard velvet');
  await seen('Very good.');
  await press('Lock and keep it');
  await seen('Welcome back, Ada');
  await press('Open library');
  await press('Play Songs');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
});

// G8
it('renews an expired passport from the cart, and then buys', async () => {
  await open('&passport=expired', '#/album/planets');
  await press(/^Buy the other/);
  await seen('Your passport has expired');
  await press('Renew passport');
  const dialog = page.getByRole('dialog', { name: 'Renew your passport' });
  await dialog.getByLabel('Passphrase', { exact: true }).fill('correct horse battery');
  await page.keyboard.press('Enter');
  await seen(/Passport renewed. It is valid until/);
  for (const [label, text] of [
    ['Card number', '4242424242424242'],
    ['Expires', '1239'],
  ] as const)
    await page.getByLabel(label, { exact: true }).fill(text);
  await press(/^Pay /);
  await seen('Paid. Your music is on its way.');
});

it('can be worked with the keyboard alone', async () => {
  await open('', '#/playlist/p1');
  const grid = page.getByRole('grid', { name: 'Songs of Sunday, slowly' });
  await grid.waitFor();
  await grid.focus();
  const first = (): Promise<string> => grid.getByRole('row').nth(1).innerText();
  expect(await first()).toMatch(/Träumerei/);
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(first).toMatch(/The Swan/);
  await page.keyboard.press('Delete');
  await seen('1 track removed');
  await press('Undo');
  await expect.poll(() => grid.getByRole('row').count()).toBe(7);
  await grid.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await page.keyboard.press(' ');
  await page.getByRole('button', { name: 'Play', exact: true }).last().waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('danse mac');
  await page
    .getByRole('option', { name: /Danse Macabre/ })
    .first()
    .waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Danse Macabre' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+ArrowLeft');
  await page.getByRole('heading', { level: 1, name: 'Sunday, slowly' }).waitFor();
});

it('brings the store back when it answers again', async () => {
  await open('&store=offline');
  await seen('The store does not answer');
  await press('Try again');
  await page.getByRole('heading', { level: 1, name: 'Parlour Weather' }).waitFor();
});
