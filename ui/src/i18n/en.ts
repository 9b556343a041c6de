/// Every word of the window, in English. Other languages have the same shape, so the compiler
/// finds what one of them lacks. What depends on a number or a name is a function.
import type { FieldFault } from '../ipc/bindings';

const many = (n: number, one: string, more: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : more}`;

export const en = {
  nav: {
    main: 'Main', store: 'Store', library: 'Library', downloads: 'Downloads', disc: 'Disc', cart: 'Cart', settings: 'Settings', more: 'More',
    passport: 'Passport', playlists: 'Playlists', newPlaylist: 'New playlist', search: 'Search', skip: 'Skip to content',
    unlocked: 'Passport unlocked', locked: 'Click to unlock', expired: 'Passport expired', expiresSoon: 'Expires soon', none: 'No passport yet', makePassport: 'Create a passport',
    finish: 'Choose a passphrase', back: 'Back',
  },
  common: {
    cancel: 'Cancel', close: 'Close', save: 'Save', done: 'Done', undo: 'Undo', tryAgain: 'Try again', next: 'Next', back: 'Back', remove: 'Remove', delete: 'Delete',
    loading: 'Loading', optional: 'optional', title: 'Title', artist: 'Artist', album: 'Album', time: 'Time', added: 'Added', price: 'Price', clip: 'Clip', more: 'More', showMore: 'Show all',
    coverOf: (title: string) => `Cover of ${title}`, actionsFor: (title: string) => `Actions for ${title}`,
    tracks: (n: number) => many(n, 'track', 'tracks'), albums: (n: number) => many(n, 'album', 'albums'), minutes: (n: number) => many(n, 'minute', 'minutes'),
    hours: (h: number, m: number) => (m ? `${h} h ${m} min` : many(h, 'hour', 'hours')), by: (artist: string) => `by ${artist}`, of: (a: string, b: string) => `${a} of ${b}`,
  },
  store: {
    title: 'Store', newRecord: 'On the front page', more: 'More records', oneMore: 'One more record', about: 'About this record', previewAll: 'Preview all', stopPreview: 'Pause preview',
    preview: (t: string) => `Preview ${t}`, pause: (t: string) => `Pause ${t}`, buyAlbum: (p: string) => `Buy album ${p}`, buyRest: (n: number, p: string) => `Buy the other ${n} for ${p}`,
    addToCart: (t: string, p: string) => `Add ${t} to cart, ${p}`, inCart: 'In cart', inCartOpen: (t: string) => `In cart: ${t}. Open cart`, owned: 'Owned', playOwned: (t: string) => `Play ${t}`,
    arriving: (t: string, pc: number) => `${t} is arriving, ${pc} percent`, ownAll: 'Owned. Play album', openAlbum: (t: string, a: string) => `${t} by ${a}`, notes: 'Liner notes', credits: 'Credits', biography: 'The artist',
    formats: (list: string) => list, lookInside: 'Open record', added: (n: number) => (n === 1 ? 'Added to the cart' : `${n} tracks added to the cart`), goCart: 'Open cart', clipOf: (s: number) => `${s}-second clips, free`,
    noDisc: 'not for discs', emptyTitle: 'The shelves are empty', emptyText: 'This store has nothing on sale yet. When a record is published, it appears here.', trackList: (t: string) => `Tracks of ${t}`,
    startingTitle: 'The store is opening', startingText: 'It starts together with the player. This takes a few seconds.',
  },
  search: {
    title: 'Search', placeholder: 'Records, tracks, artists, pages', resultsFor: (q: string) => `Results for “${q}”`, nothingTitle: (q: string) => `Nothing called “${q}”`,
    nothingText: 'Try fewer words, or another spelling. Titles, artists and albums are searched.', inStore: 'In the store', inLibrary: 'In your library', goTo: 'Go to', all: (q: string) => `Show all results for “${q}”`,
    start: 'Type to search the store and your library, or to jump to a page.', buyable: 'for sale',
  },
  cart: {
    title: 'Cart', emptyTitle: 'Nothing in the cart', emptyText: 'Tracks and albums you want to buy gather here. Listen first: every track has a free clip.', toStore: 'Open the store', remove: (t: string) => `Remove ${t} from cart`,
    removed: (t: string) => `${t} removed from the cart`, quality: (t: string) => `Quality of ${t}`, lossless: 'Lossless', lossy: 'Compact', items: 'Tracks', saving: 'Whole-album saving', total: 'Total',
    pay: (p: string) => `Pay ${p}`, paying: 'Asking the payment processor', card: 'Card', number: 'Card number', expiry: 'Expires', name: 'Name on card',
    keep: 'The number goes to the payment processor alone. The store gets the brand and the last four digits.',
    needPassport: 'You need a passport to buy', needPassportText: 'The passport is how your music knows that it is yours. Making one takes about two minutes.', passphrase: 'Passphrase',
    passphraseHint: 'You chose to be asked at every purchase.', thanks: 'Paid. Your music is on its way.', receipt: (id: string, p: string) => `Order ${id}, ${p}`, watch: 'See downloads', expired: 'Your passport has expired',
  },
  downloads: {
    title: 'Downloads and orders', arriving: 'Arriving', arrived: 'Just arrived', orders: 'Orders', emptyTitle: 'No orders yet', emptyText: 'What you buy arrives here and then lives in your library. Every purchase can be downloaded again.',
    waiting: 'Waiting for its turn', redeeming: 'Proving to the delivery server that it is you', receiving: (a: string, b: string) => `${a} of ${b}`, checking: 'Checking signature and hash', ready: 'Ready to play', failed: 'Did not arrive',
    retry: (t: string) => `Try again: ${t}`, again: (t: string) => `Download ${t} again`, againShort: 'Download again', play: (t: string) => `Play ${t}`, delivered: 'Delivered', onTheWay: 'On its way', incomplete: 'Incomplete: try the missing tracks again, nothing is lost',
    refunding: (p: string) => `Refund on its way: ${p}`, refunded: (p: string) => `Refunded: ${p}`, refundedText: (card: string) => `The money goes back to ${card || 'what you paid with'}. What was delivered stays playable with your passport; nothing more of this order can be downloaded.`,
    order: (id: string) => `Order ${id}`, progress: (t: string) => `Progress of ${t}`, voucher: 'Open a voucher file', voucherHint: 'Bought in a browser? Open the voucher it gave you.',
  },
  player: {
    transport: 'Transport', play: 'Play', pause: 'Pause', next: 'Next track', previous: 'Previous track', stop: 'Stop', rewind: 'Rewind', forward: 'Fast forward', shuffle: 'Shuffle', repeat: 'Repeat', repeatOff: 'Repeat is off', repeatAll: 'Repeat all', repeatOne: 'Repeat one', volume: 'Volume', mute: 'Mute', unmute: 'Unmute',
    position: 'Position in track', elapsed: 'Elapsed', remaining: 'Remaining', panel: 'Listening panel', showPanel: 'Show lyrics, notes and queue', hidePanel: 'Hide the panel', full: 'Full screen', openNow: 'Open Now playing', closeFull: 'Close Now playing',
    nothing: 'Nothing is playing', nothingText: 'Choose a track and press Enter', owner: 'Owner of this music', previewOf: (s: number) => `Preview, ${s} seconds`, previewShort: 'Preview',
    lyrics: 'Lyrics', notes: 'Notes', credits: 'Credits', queue: 'Queue', noLyrics: 'This track comes without words.', noNotes: 'No liner notes for this track.', noCredits: 'No credits for this track.', notYet: 'Play something and its words, notes and credits stand here.',
    queueEmpty: 'The queue is empty. Play an album, or add tracks from your library.', clearQueue: 'Clear queue', removeFromQueue: (t: string) => `Remove ${t} from queue`, playFromQueue: (t: string) => `Play ${t}`, moveHint: 'Alt with arrow keys moves, Delete removes',
    cleared: 'Queue cleared', removed: (t: string) => `${t} removed from the queue`, positionText: (a: string, b: string) => `${a} of ${b}`, playing: (t: string) => `${t} is playing`,
  },
  library: {
    title: 'Library', songs: 'Songs', albums: 'Albums', artists: 'Artists', playlists: 'Playlists', filter: 'Filter songs', emptyTitle: 'Your library is waiting', emptyText: 'What you buy lands here, ready to play offline and to put on a disc. Listening to clips costs nothing.', toStore: 'Open the store',
    noMatch: (q: string) => `No song matches “${q}”`, clearFilter: 'Clear the filter', sortBy: (c: string) => `Sort by ${c}`, play: 'Play', shuffle: 'Shuffle', playAlbum: (t: string) => `Play ${t}`, addToPlaylist: 'Add to playlist', playNext: 'Play next', playLast: 'Add to queue', toDisc: 'Put on a disc',
    showAlbum: 'Go to album', queued: (n: number) => (n === 1 ? 'Added to the queue' : `${n} tracks added to the queue`), onDisc: (n: number) => (n === 1 ? 'Added to the disc' : `${n} tracks added to the disc`), selected: (n: number) => `${n} selected`, songsOf: (a: string) => `Songs of ${a}`,
    facts: (n: number, time: string) => `${many(n, 'track', 'tracks')}, ${time}`, inStore: 'See in store', artistFacts: (a: number, t: number) => `${many(a, 'album', 'albums')}, ${many(t, 'track', 'tracks')}`, quality: 'Quality',
  },
  playlists: {
    newTitle: 'New playlist', name: 'Name', create: 'Create playlist', untitled: 'New playlist', rename: 'Rename', deleteList: 'Delete playlist', deleteAsk: (n: string) => `Delete “${n}”?`, deleteText: 'Its tracks stay in your library.', deleted: (n: string) => `${n} deleted`,
    emptyTitle: 'An empty playlist', emptyText: 'Add songs from your library: choose them, then “Add to playlist”.', toLibrary: 'Open library', noneTitle: 'No playlists yet', noneText: 'A playlist keeps tracks in your order: for a Sunday, for a drive, for a disc.', added: (n: number, list: string) => `${many(n, 'track', 'tracks')} added to ${list}`,
    removed: (n: number) => `${many(n, 'track', 'tracks')} removed`, moveHint: 'Drag to reorder, or Alt with arrow keys', kind: 'Playlist', toDisc: 'Put on a disc', moved: (t: string, p: number) => `${t} moved to place ${p}`,
  },
  disc: {
    title: 'Disc', name: 'Disc title', untitled: 'My disc', size: 'Disc size', minutes: (n: number) => `${n} min`, left: 'left', over: 'too long', used: (a: string, b: string) => `${a} of ${b} used`, tracks: 'Tracks on this disc', gap: (s: number) => `${s} s gap`, cdText: 'Titles and artists are written as CD-Text',
    emptyTitle: 'A blank disc', emptyText: 'Fill it with tracks you own. It is drawn to scale: what you add grows from the inside out, as the laser writes it.', addFrom: 'Add from library', choose: 'Add tracks', chosen: (n: number) => `Add ${many(n, 'track', 'tracks')}`, write: 'Write disc image', simulateNote: 'Burning to a drive is not available yet. The image (BIN with CUE and TOC) can be burned with any burning program.',
    folder: 'Folder', pickFolder: 'Choose folder', remove: (t: string) => `Remove ${t} from disc`, removed: (t: string) => `${t} removed from the disc`, clear: 'Clear disc', cleared: 'Disc cleared', preparing: 'Preparing', writing: (n: number, all: number) => `Writing track ${n} of ${all}`, verifying: 'Reading back and comparing',
    cancelWrite: 'Stop writing', cancelled: 'Stopped. What was written has been removed.', doneTitle: 'The disc image is ready', doneText: (n: number, folder: string) => `${many(n, 'track', 'tracks')} written to ${folder}`, verified: 'Read back and compared: identical', another: 'Make another disc', files: 'Files', progress: 'Writing the disc image', percent: (n: number) => `${n} %`,
    drawing: (n: number, used: string, left: string) => `A disc with ${many(n, 'track', 'tracks')}, ${used} used, ${left} left`, moveHint: 'Alt with arrow keys moves a track, Delete removes it', sectors: (n: string) => `${n} sectors`, timesLeft: (n: number) => `may be recorded ${many(n, 'more time', 'more times')}`,
  },
  welcome: {
    title: 'Music that knows it is yours', lead: 'A passport carries your name with the music you buy. You make it once, it lives in one file on your computer, and only your passphrase opens it.', start: 'Make my passport', look: 'Look around the store first', have: 'I have a passport file', steps: ['Who you are', 'Your card', 'Passphrase'],
    step: (n: number, of: number) => `Step ${n} of ${of}`, whoTitle: 'Who you are', whoText: 'This goes into your passport. The licensing center keeps a sealed copy, so that a lost passport can be replaced.', cardTitle: 'Your card', cardText: 'The number goes to the payment processor alone, which asks the bank once whether it is good; nothing is charged. The licensing center gets the brand and the last four digits.', passTitle: 'Your passphrase', passText: 'It locks the passport on this computer. Four or five unrelated words are strong and easy to remember. Nobody else knows it.',
    name: 'Full name', address: 'Billing address', telephone: 'Telephone', email: 'E-mail', region: 'Country', interests: 'What do you listen to?', interestsHint: 'Stays in your passport, for artwork that is made for certain tastes.', number: 'Card number', expiry: 'Expires', confidential: 'Confidential line', confidentialHint: 'A line you would rather not share. It is shown while your music plays, so that nobody hands copies around.',
    passphrase: 'Passphrase', repeat: 'Once more', mismatch: 'The two are not the same yet.', toCard: 'Go on to the card', issue: 'Ask for my passport', issuing: 'Checking the card', create: 'Create passport', creating: 'Locking the passport', doneTitle: (n: string) => `Welcome, ${n}`, doneText: 'Your passport is ready and locked with your passphrase. Keep a copy somewhere safe.', toStore: 'Open the store', export: 'Save a copy', cardIs: (b: string) => `${b} card`,
    required: 'This is needed.', show: 'Show passphrase', hide: 'Hide passphrase',
    interestList: ['Piano', 'Strings', 'Orchestra', 'Choir', 'Jazz', 'Folk', 'Electronic', 'Early music'], example: 'e.g. My first piano was green',
  },
  faults: {
    missing: 'This is needed.', unfit: 'This is too long, or has a line break.', email: 'This does not look like an e-mail address.', telephone: 'This does not look like a telephone number.', cardDigits: 'This is not a whole card number.', cardCheckDigit: 'This number has a typing error.',
    cardExpiry: 'Month and year, such as 09/28.', cardExpired: 'This date has passed.', cardName: 'Write the name as it stands on the card.',
  } satisfies Record<FieldFault, string>,
  strength: { label: 'Strength', scores: ['Hopeless', 'Weak', 'Fair', 'Good', 'Very good'], tooShort: 'Too short. Use at least ten characters.', tooCommon: 'This one is on every list of common passwords.', addWords: 'Add another word or two.', good: 'This will hold.' },
  unlock: { title: 'Unlock your passport', text: (n: string) => (n ? `${n}, your passphrase opens the passport until you close Cadenza.` : 'Your passphrase opens the passport until you close Cadenza.'), button: 'Unlock', passphrase: 'Passphrase', busy: 'Opening the passport', forgot: 'Forgot the passphrase?' },
  passport: {
    title: 'Passport', lock: 'Lock now', unlock: 'Unlock', valid: (d: string) => `Valid until ${d}`, soon: (d: string) => `Expires on ${d}`, expired: (d: string) => `Expired on ${d}`, since: (d: string) => `since ${d}`, serial: 'Serial', issuer: 'Issued by', file: 'File', card: 'Card', address: 'Address', telephone: 'Telephone', email: 'E-mail', confidential: 'Confidential line', region: 'Country', interests: 'Interests',
    lockedText: 'Your personal facts are encrypted. Unlock the passport to read them.', exportTitle: 'Save a copy', exportText: 'The file stays locked with your passphrase, so it can lie on a stick or in a cloud.', exportButton: 'Export passport', exported: (p: string) => `Copy saved to ${p}`, importTitle: 'Bring a passport', importText: 'From another computer or from a copy. The one here is replaced.', importButton: 'Import passport', imported: 'Passport taken in. Unlock it with its passphrase.', importWaits: 'This file has no passphrase yet. Choose one, then delete the file.',
    importAsk: 'Replace the passport on this computer?', importAskText: 'Music bought with the one that is here now will not play until it is brought back. Save a copy first.', importReplace: 'Replace passport', changeTitle: 'Change the passphrase', changeText: 'Copies you saved before keep the old one.', changeButton: 'Change passphrase', old: 'Passphrase now', new: 'New passphrase', changed: 'Passphrase changed',
    recoverTitle: 'Recover', recoverText: 'A forgotten passphrase or a lost file: show the licensing center that it is yours, and it gives the passport back.', recoverButton: 'Recover passport',
    renewTitle: 'Renew', renewText: (d: string) => `Valid until ${d}. A renewed passport can buy for another year.`, renewButton: 'Renew passport', renewAsk: 'Renew your passport', renewAskText: 'It gets another year and stays the same passport otherwise: what you own keeps playing. Your passphrase opens it for that.', renewing: 'Asking the licensing center', renewed: (d: string) => `Passport renewed. It is valid until ${d}.`,
    soonTitle: (d: string) => `Your passport expires on ${d}`, soonText: 'Renew it now to go on buying. What you bought plays in any case.', expiredTitle: (d: string) => `Your passport expired on ${d}`, expiredText: 'It still plays what you bought, but cannot buy until it is renewed.', ownerLine: 'This line is shown while purchased music plays', holder: 'Passport of', noneTitle: 'No passport on this computer', noneText: 'Make one to buy music, or bring one from another computer.', create: 'Create a passport',
    pending: 'Your passport has been issued but is not saved yet. Choose a passphrase to keep it.',
  },
  recovery: {
    lost: 'Recover a lost passport', steps: ['Who you are', 'Your card', 'New passphrase'], whoTitle: 'Recover your passport', whoText: 'The licensing center keeps a sealed copy for you. Give the details you registered with, and it is yours again.',
    replaces: 'There is a passport on this computer', replacesText: 'The recovered one takes its place. The one here now is kept aside, as a file beside it.', cardTitle: 'The card you registered', cardText: 'The number goes to the payment processor alone, which compares it with your registration; nothing is charged.', sending: 'Asking the licensing center',
    passTitle: 'A new passphrase', passText: 'Your passport is back. Lock it with a new passphrase: four or five unrelated words are strong and easy to remember. Nobody else knows it.', lock: 'Lock and keep it', doneTitle: (n: string) => `Welcome back, ${n}`, doneText: 'Your passport is on this computer again, locked with the new passphrase. What you bought plays as before.', doneReplaced: 'Your passport is back, locked with the new passphrase, and what you bought plays as before. The one that was here is kept beside it.',
  },
  settings: {
    title: 'Settings', looks: 'Looks', theme: 'Theme', system: 'System', light: 'Light', dark: 'Dark', language: 'Language', sound: 'Sound', device: 'Sound device', deviceSystem: 'The system’s choice', deviceLost: 'not connected', normalise: 'Even loudness', normaliseHint: 'Plays every record about equally loud.', preview: 'Preview quality', previewHint: 'Lower it on a slow connection.',
    unlimited: 'Best', kbps: (n: number) => `${n} kbit/s`, buying: 'Buying', ask: 'Passphrase', askOnce: 'Once per session', askAlways: 'Every time', after: 'After delivery', afterReady: 'Say that it is ready', afterPlay: 'Start playing', store: 'Store', storeBundled: 'The store that comes with Cadenza', storeOther: 'Another store', storeAddress: 'Address', storeRestart: 'Takes effect at the next start.',
    shortcuts: 'Keyboard', showShortcuts: 'Show all shortcuts', about: 'About', version: (v: string) => `Cadenza ${v}`, saved: 'Saved', noDevices: 'No sound device was found. Connect one; Cadenza goes on by itself.', fonts: 'Bricolage Grotesque and Inter, SIL Open Font License',
  },
  links: {
    title: 'Follow this link?', clip: (what: string, store: string) => `It wants to play the clip of ${what}, from ${store}.`, order: (what: string, store: string) => `It wants to fetch ${what} from ${store} into your library.`,
    oneTrack: 'a track', oneOrder: 'what an order bought', bundled: 'the store that comes with Cadenza', unnamed: 'the store that you chose', elsewhere: (host: string) => `The link itself names ${host}, which is not asked.`,
    hint: 'Any web page can hold such a link. Nobody was contacted yet: go on only if you wanted this.', follow: 'Go on',
  },
  keys: {
    control: 'Ctrl', title: 'Keyboard shortcuts', everywhere: 'Everywhere', lists: 'In lists', playing: 'While listening', search: 'Search everything', help: 'This sheet', playPause: 'Play or pause', nextTrack: 'Next track', previousTrack: 'Previous track', forward: 'Forward 5 seconds', backward: 'Back 5 seconds', louder: 'Louder', quieter: 'Quieter', mute: 'Mute', panel: 'Listening panel', full: 'Now playing',
    pages: 'Store, Library, Downloads, Disc', backPage: 'Back', move: 'Move', open: 'Play or open', select: 'Select more', remove: 'Remove, with undo', reorder: 'Move a track', menu: 'Actions', close: 'Close', selectAll: 'Select all',
  },
  state: { offlineTitle: 'The store does not answer', offlineText: 'Your library plays without it. Check the connection, then try again.', offlineBar: 'Offline: the store does not answer. What you own plays as always.', errorTitle: 'That did not work', backOnline: 'The store answers again.' },
  notices: { 'purchase-ready': (d: Record<string, string>) => (Number(d['count'] ?? 1) > 1 ? `${many(Number(d['count']), 'track is', 'tracks are')} ready to play` : `${d['title'] ?? 'Your purchase'} is ready to play`), 'voucher-opened': (d: Record<string, string>) => `Voucher opened: ${many(Number(d['count'] ?? 1), 'track', 'tracks')}` } as Record<string, (d: Record<string, string>) => string>,
};

export type Messages = typeof en;
