/// Every page in its states, as a listener would get there. Used by the page tests and the screenshots.
const press = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click();
const fill = (label, text) => (page) => page.getByLabel(label, { exact: true }).first().fill(text);
const wait = (ms) => (page) => page.waitForTimeout(ms);
const key = (keys) => (page) => page.keyboard.press(keys);
const all =
  (...steps) =>
  async (page) => {
    for (const step of steps) await step(page);
  };

const who = all(
  press('Make my passport'),
  fill('Full name', 'Ada Example'),
  fill('Billing address', '12 Analytical Row\nLondon W1'),
  fill('E-mail', 'ada@example.org'),
  fill('Telephone', '+44 20 7946 0000'),
);
const cardFields = (number) =>
  all(fill('Card number', number), fill('Expires', '1229'), fill('Confidential line', 'My first piano was green'));
const lost = all(
  fill('Full name', 'Ada Example'),
  fill('E-mail', 'ada@example.org'),
  fill('Telephone', '+44 20 7946 0000'),
);
const recovered = all(
  lost,
  press('Go on to the card'),
  fill('Card number', '4242424242424242'),
  fill('Expires', '1229'),
  press('Recover passport'),
  wait(300),
);
const listen = all(
  (page) =>
    page
      .getByRole('button', { name: /^Play .*Greensleeves/ })
      .first()
      .click(),
  wait(3200),
);

export const scenes = [
  { name: 'welcome', search: '&passport=none', steps: wait(200) },
  { name: 'welcome-who', search: '&passport=none', steps: all(press('Make my passport')) },
  {
    name: 'welcome-who-errors',
    search: '&passport=none',
    steps: all(press('Make my passport'), press('Go on to the card')),
  },
  {
    name: 'welcome-card',
    search: '&passport=none',
    steps: all(who, press('Go on to the card'), cardFields('4242424242424242')),
  },
  {
    name: 'welcome-card-declined',
    search: '&passport=none',
    steps: all(
      who,
      press('Go on to the card'),
      cardFields('4000000000000002'),
      press('Ask for my passport'),
      wait(300),
    ),
  },
  {
    name: 'welcome-passphrase',
    search: '&passport=none',
    steps: all(
      who,
      press('Go on to the card'),
      cardFields('4242424242424242'),
      press('Ask for my passport'),
      wait(300),
      fill('Passphrase', 'lantern orchard'),
      wait(200),
    ),
  },
  {
    name: 'welcome-done',
    search: '&passport=none',
    steps: all(
      who,
      press('Go on to the card'),
      cardFields('4242424242424242'),
      press('Ask for my passport'),
      wait(300),
      fill('Passphrase', 'lantern orchard velvet'),
      fill('Once more', 'lantern orchard velvet'),
      wait(200),
      press('Create passport'),
      wait(300),
    ),
  },
  {
    name: 'unlock',
    search: '&passport=locked',
    steps: all((page) => page.getByRole('button', { name: /Click to unlock/ }).click()),
    narrow: false,
  },
  {
    name: 'unlock-wrong',
    search: '&passport=locked',
    hash: '#/passport',
    steps: all(
      press('Unlock'),
      fill('Passphrase', 'wrong'),
      (page) => page.getByRole('dialog').getByRole('button', { name: 'Unlock', exact: true }).click(),
      wait(300),
    ),
  },
  { name: 'recover', search: '&passport=none', steps: all(press('Recover a lost passport'), wait(100)) },
  { name: 'recover-here', search: '&passport=locked', hash: '#/recover', steps: wait(100) },
  {
    name: 'recover-errors',
    search: '&passport=none',
    steps: all(press('Recover a lost passport'), press('Go on to the card')),
  },
  {
    name: 'recover-refused',
    search: '&passport=none',
    steps: all(
      press('Recover a lost passport'),
      lost,
      press('Go on to the card'),
      fill('Card number', '5555555555554444'),
      fill('Expires', '1229'),
      press('Recover passport'),
      wait(300),
    ),
  },
  { name: 'recover-passphrase', search: '&passport=locked', hash: '#/recover', steps: all(recovered, wait(200)) },
  {
    name: 'recover-done',
    search: '&passport=locked',
    hash: '#/recover',
    steps: all(
      recovered,
      fill('New passphrase', 'lantern orchard velvet'),
      fill('Once more', 'lantern orchard velvet'),
      wait(200),
      press('Lock and keep it'),
      wait(300),
    ),
  },
  { name: 'store', steps: wait(100) },
  { name: 'store-no-passport', search: '&passport=none', steps: all(press('Look around the store first'), wait(200)) },
  { name: 'store-waiting', search: '&store=slow', steps: wait(400) },
  { name: 'store-empty', search: '&store=empty' },
  { name: 'store-error', search: '&store=error' },
  { name: 'store-offline', search: '&store=offline' },
  { name: 'store-starting', search: '&store=starting' },
  {
    name: 'album',
    hash: '#/album/parlour',
    steps: all((page) => page.getByRole('button', { name: 'Preview Canon in D' }).click(), wait(3000)),
  },
  {
    name: 'album-buying',
    hash: '#/album/parlour',
    search: '&arriving',
    steps: all((page) => page.getByRole('button', { name: /^Add Largo/ }).click(), wait(300)),
  },
  { name: 'search', hash: '#/search/ode' },
  { name: 'search-nothing', hash: '#/search/xylophone' },
  {
    name: 'palette',
    steps: all(key('Control+k'), wait(100), (page) => page.getByRole('combobox').fill('sat'), wait(500)),
  },
  { name: 'shortcuts', steps: all(key('?'), wait(200)) },
  { name: 'cart-empty', hash: '#/cart' },
  {
    name: 'cart',
    hash: '#/album/goldberg',
    steps: all((page) => page.getByRole('button', { name: /^Buy the other/ }).click(), wait(300)),
  },
  {
    name: 'cart-declined',
    hash: '#/album/planets',
    steps: all(
      (page) => page.getByRole('button', { name: /^Buy the other/ }).click(),
      wait(200),
      fill('Card number', '4000000000000002'),
      fill('Expires', '1229'),
      (page) => page.getByRole('button', { name: /^Pay / }).click(),
      wait(400),
    ),
  },
  {
    name: 'cart-paid',
    hash: '#/album/planets',
    steps: all(
      (page) => page.getByRole('button', { name: /^Buy the other/ }).click(),
      wait(200),
      fill('Card number', '4242424242424242'),
      fill('Expires', '1229'),
      (page) => page.getByRole('button', { name: /^Pay / }).click(),
      wait(400),
    ),
  },
  {
    name: 'cart-expired',
    search: '&passport=expired',
    hash: '#/album/planets',
    steps: all((page) => page.getByRole('button', { name: /^Buy the other/ }).click(), wait(300)),
  },
  {
    name: 'cart-revoked',
    search: '&passport=revoked',
    hash: '#/album/planets',
    steps: all(
      (page) => page.getByRole('button', { name: /^Buy the other/ }).click(),
      wait(200),
      fill('Card number', '4242424242424242'),
      fill('Expires', '1229'),
      (page) => page.getByRole('button', { name: /^Pay / }).click(),
      wait(400),
    ),
  },
  { name: 'downloads', hash: '#/downloads', search: '&arriving' },
  { name: 'downloads-empty', hash: '#/downloads' },
  { name: 'library', hash: '#/library', steps: all(wait(200), press('Play Songs'), wait(600)) },
  { name: 'library-many', hash: '#/library', search: '&library=many', steps: wait(800) },
  { name: 'library-empty', hash: '#/library', search: '&library=empty', steps: wait(200) },
  { name: 'library-error', hash: '#/library', search: '&library=error', steps: wait(200) },
  { name: 'library-waiting', hash: '#/library', search: '&library=slow', steps: wait(500) },
  { name: 'library-albums', hash: '#/library/albums' },
  { name: 'library-artists', hash: '#/library/artists' },
  { name: 'library-playlists', hash: '#/library/playlists' },
  { name: 'library-offline', hash: '#/library', search: '&store=offline', steps: wait(200) },
  { name: 'own-album', hash: '#/ownAlbum/own-scenes' },
  { name: 'playlist', hash: '#/playlist/p1' },
  {
    name: 'menu',
    hash: '#/library',
    steps: all(
      wait(200),
      (page) => page.getByRole('button', { name: 'Actions for Air', exact: true }).click(),
      wait(150),
    ),
  },
  { name: 'now-playing', search: '&own=parlour-6', hash: '#/album/parlour', steps: all(listen, key('f'), wait(3400)) },
  {
    name: 'now-playing-quiet',
    hash: '#/ownAlbum/own-grey',
    steps: all(press('Play Vexations'), wait(300), key('f'), wait(500)),
  },
  {
    name: 'queue',
    hash: '#/playlist/p1',
    steps: all(
      wait(100),
      (page) => page.getByRole('main').getByRole('button', { name: 'Play', exact: true }).click(),
      wait(300),
      async (page) => {
        const tab = page.getByRole('tab', { name: 'Queue' });
        if (!(await tab.isVisible())) await page.getByRole('button', { name: 'Show lyrics, notes and queue' }).click();
        await tab.click();
      },
      wait(200),
    ),
  },
  { name: 'disc-empty', hash: '#/disc' },
  { name: 'disc', hash: '#/playlist/p2', steps: all(wait(100), press('Put on a disc'), wait(500)) },
  { name: 'disc-refused', hash: '#/ownAlbum/own-grey', steps: all(wait(100), press('Put on a disc'), wait(500)) },
  {
    name: 'disc-add',
    hash: '#/disc',
    steps: all((page) => page.getByRole('button', { name: 'Add from library' }).first().click(), wait(400)),
  },
  {
    name: 'disc-writing',
    hash: '#/playlist/p2',
    steps: all(wait(100), press('Put on a disc'), wait(400), press('Write disc image'), wait(3400)),
  },
  {
    name: 'disc-done',
    hash: '#/playlist/p2',
    steps: all(wait(100), press('Put on a disc'), wait(400), press('Write disc image'), wait(11500)),
    slow: true,
  },
  { name: 'passport', hash: '#/passport' },
  { name: 'passport-locked', hash: '#/passport', search: '&passport=locked' },
  { name: 'passport-soon', hash: '#/passport', search: '&passport=soon' },
  { name: 'passport-expired', hash: '#/passport', search: '&passport=expired' },
  { name: 'passport-broken', hash: '#/passport', search: '&passport=broken' },
  {
    name: 'renew',
    hash: '#/passport',
    search: '&passport=expired',
    steps: all(press('Renew passport'), wait(100)),
  },
  {
    name: 'renew-refused',
    hash: '#/passport',
    search: '&passport=revoked',
    steps: all(
      press('Renew passport'),
      fill('Passphrase', 'correct horse battery'),
      (page) => page.getByRole('dialog').getByRole('button', { name: 'Renew passport' }).click(),
      wait(300),
    ),
  },
  {
    name: 'renewed',
    hash: '#/passport',
    search: '&passport=expired',
    steps: all(
      press('Renew passport'),
      fill('Passphrase', 'correct horse battery'),
      (page) => page.getByRole('dialog').getByRole('button', { name: 'Renew passport' }).click(),
      wait(300),
    ),
  },
  {
    name: 'passport-none',
    hash: '#/passport',
    search: '&passport=none',
    steps: all(wait(200), async (page) => page.evaluate(() => (location.hash = '#/passport')), wait(300)),
  },
  { name: 'settings', hash: '#/settings' },
  { name: 'passport-de', hash: '#/passport', search: '&passport=soon', lang: 'de' },
  { name: 'recover-de', hash: '#/recover', search: '&passport=locked', lang: 'de' },
  { name: 'settings-de', hash: '#/settings', lang: 'de' },
  { name: 'album-de', hash: '#/album/parlour', lang: 'de' },
  { name: 'more', hash: '#/more', wide: false },
];
