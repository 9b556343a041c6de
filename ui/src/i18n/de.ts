/// Jedes Wort des Fensters auf Deutsch.
import type { Messages } from './en';

const viele = (n: number, eins: string, mehr: string): string => `${n.toLocaleString('de')} ${n === 1 ? eins : mehr}`;

export const de: Messages = {
  nav: {
    main: 'Hauptnavigation', store: 'Laden', library: 'Bibliothek', downloads: 'Downloads', disc: 'CD', cart: 'Warenkorb', settings: 'Einstellungen', more: 'Mehr',
    passport: 'Pass', playlists: 'Wiedergabelisten', newPlaylist: 'Neue Liste', search: 'Suchen', skip: 'Zum Inhalt springen',
    unlocked: 'Pass ist offen', locked: 'Zum Öffnen klicken', expired: 'Pass abgelaufen', expiresSoon: 'Läuft bald ab', none: 'Noch kein Pass', makePassport: 'Pass anlegen',
    finish: 'Passphrase wählen', back: 'Zurück',
  },
  common: {
    cancel: 'Abbrechen', close: 'Schließen', save: 'Sichern', done: 'Fertig', undo: 'Rückgängig', tryAgain: 'Nochmal versuchen', next: 'Weiter', back: 'Zurück', remove: 'Entfernen', delete: 'Löschen',
    loading: 'Wird geladen', optional: 'freiwillig', title: 'Titel', artist: 'Interpret', album: 'Album', time: 'Dauer', added: 'Hinzugefügt', price: 'Preis', clip: 'Hörprobe', more: 'Mehr', showMore: 'Alle zeigen',
    coverOf: (title) => `Hülle von ${title}`, actionsFor: (title) => `Aktionen für ${title}`,
    tracks: (n) => viele(n, 'Titel', 'Titel'), albums: (n) => viele(n, 'Album', 'Alben'), minutes: (n) => viele(n, 'Minute', 'Minuten'),
    hours: (h, m) => (m ? `${h} Std. ${m} Min.` : viele(h, 'Stunde', 'Stunden')), by: (artist) => `von ${artist}`, of: (a, b) => `${a} von ${b}`,
  },
  store: {
    title: 'Laden', newRecord: 'Auf der ersten Seite', more: 'Weitere Platten', oneMore: 'Noch eine Platte', about: 'Über diese Platte', previewAll: 'Alles anhören', stopPreview: 'Hörprobe anhalten',
    preview: (t) => `${t} anhören`, pause: (t) => `${t} anhalten`, buyAlbum: (p) => `Album kaufen ${p}`, buyRest: (n, p) => `Die übrigen ${n} für ${p} kaufen`,
    addToCart: (t, p) => `${t} in den Warenkorb legen, ${p}`, inCart: 'Im Warenkorb', inCartOpen: (t) => `Im Warenkorb: ${t}. Warenkorb öffnen`, owned: 'Gekauft', playOwned: (t) => `${t} abspielen`,
    arriving: (t, pc) => `${t} kommt an, ${pc} Prozent`, ownAll: 'Gekauft. Album abspielen', openAlbum: (t, a) => `${t} von ${a}`, notes: 'Begleittext', credits: 'Mitwirkende', biography: 'Zur Person',
    formats: (list) => list, lookInside: 'Platte öffnen', added: (n) => (n === 1 ? 'In den Warenkorb gelegt' : `${n} Titel in den Warenkorb gelegt`), goCart: 'Warenkorb öffnen', clipOf: (s) => `Hörproben von ${s} Sekunden, kostenlos`,
    noDisc: 'nicht für CDs', emptyTitle: 'Die Regale sind leer', emptyText: 'Dieser Laden verkauft noch nichts. Sobald eine Platte erscheint, steht sie hier.', trackList: (t) => `Titel von ${t}`,
    startingTitle: 'Der Laden öffnet', startingText: 'Er startet zusammen mit dem Player. Das dauert ein paar Sekunden.',
  },
  search: {
    title: 'Suche', placeholder: 'Platten, Titel, Interpreten, Seiten', resultsFor: (q) => `Ergebnisse für „${q}“`, nothingTitle: (q) => `Nichts heißt „${q}“`,
    nothingText: 'Versuchen Sie weniger Wörter oder eine andere Schreibweise. Gesucht wird in Titeln, Interpreten und Alben.', inStore: 'Im Laden', inLibrary: 'In Ihrer Bibliothek', goTo: 'Gehe zu', all: (q) => `Alle Ergebnisse für „${q}“`,
    start: 'Tippen Sie, um Laden und Bibliothek zu durchsuchen oder zu einer Seite zu springen.', buyable: 'zu kaufen',
  },
  cart: {
    title: 'Warenkorb', emptyTitle: 'Der Warenkorb ist leer', emptyText: 'Hier sammeln sich Titel und Alben, die Sie kaufen möchten. Hören Sie erst hinein: Zu jedem Titel gibt es eine kostenlose Hörprobe.', toStore: 'Laden öffnen', remove: (t) => `${t} aus dem Warenkorb nehmen`,
    removed: (t) => `${t} aus dem Warenkorb genommen`, quality: (t) => `Qualität von ${t}`, lossless: 'Verlustfrei', lossy: 'Kompakt', items: 'Titel', saving: 'Ersparnis für ganze Alben', total: 'Summe',
    pay: (p) => `${p} bezahlen`, paying: 'Die Karte wird geprüft', card: 'Karte', number: 'Kartennummer', expiry: 'Gültig bis', name: 'Name auf der Karte',
    keep: 'Die Nummer geht allein an die Zahlungsstelle. Der Laden erfährt die Marke und die letzten vier Ziffern.',
    needPassport: 'Zum Kaufen brauchen Sie einen Pass', needPassportText: 'Am Pass erkennt Ihre Musik, dass sie Ihnen gehört. Ihn anzulegen dauert etwa zwei Minuten.', passphrase: 'Passphrase',
    passphraseHint: 'Sie möchten bei jedem Kauf gefragt werden.', thanks: 'Bezahlt. Ihre Musik ist unterwegs.', receipt: (id, p) => `Bestellung ${id}, ${p}`, watch: 'Downloads ansehen', expired: 'Ihr Pass ist abgelaufen',
  },
  downloads: {
    title: 'Downloads und Bestellungen', arriving: 'Unterwegs', arrived: 'Eben angekommen', orders: 'Bestellungen', emptyTitle: 'Noch keine Bestellungen', emptyText: 'Was Sie kaufen, kommt hier an und wohnt dann in Ihrer Bibliothek. Jeden Kauf können Sie erneut laden.',
    waiting: 'Wartet, bis es an der Reihe ist', redeeming: 'Weist sich beim Auslieferungsserver aus', receiving: (a, b) => `${a} von ${b}`, checking: 'Unterschrift und Prüfsumme werden verglichen', ready: 'Bereit', failed: 'Nicht angekommen',
    retry: (t) => `Nochmal versuchen: ${t}`, again: (t) => `${t} erneut laden`, againShort: 'Erneut laden', play: (t) => `${t} abspielen`, delivered: 'Geliefert', onTheWay: 'Unterwegs', incomplete: 'Unvollständig: versuchen Sie die fehlenden Titel erneut, nichts ist verloren',
    refunding: (p) => `Erstattung unterwegs: ${p}`, refunded: (p) => `Erstattet: ${p}`, refundedText: (card) => `Das Geld geht zurück an ${card || 'das, womit Sie bezahlt haben'}. Was geliefert wurde, spielt weiter mit Ihrem Pass; aus dieser Bestellung lässt sich nichts mehr laden.`,
    order: (id) => `Bestellung ${id}`, progress: (t) => `Fortschritt von ${t}`, voucher: 'Gutscheindatei öffnen', voucherHint: 'Im Browser gekauft? Öffnen Sie den Gutschein von dort.',
  },
  player: {
    transport: 'Wiedergabe', play: 'Abspielen', pause: 'Anhalten', next: 'Nächster Titel', previous: 'Voriger Titel', stop: 'Stopp', rewind: 'Zurückspulen', forward: 'Vorspulen', shuffle: 'Zufällig', repeat: 'Wiederholen', repeatOff: 'Wiederholen ist aus', repeatAll: 'Alles wiederholen', repeatOne: 'Einen wiederholen', volume: 'Lautstärke', mute: 'Stumm', unmute: 'Ton an',
    position: 'Stelle im Titel', elapsed: 'Vergangen', remaining: 'Verbleibend', panel: 'Begleitleiste', showPanel: 'Liedtext, Texte und Warteschlange zeigen', hidePanel: 'Leiste schließen', full: 'Ganzes Fenster', openNow: 'Aktuelle Wiedergabe öffnen', closeFull: 'Aktuelle Wiedergabe schließen',
    nothing: 'Es spielt nichts', nothingText: 'Titel wählen und Eingabetaste drücken', owner: 'Besitzer dieser Musik', previewOf: (s) => `Hörprobe, ${s} Sekunden`, previewShort: 'Hörprobe',
    lyrics: 'Text', notes: 'Notizen', credits: 'Mitwirkende', queue: 'Danach', noLyrics: 'Dieser Titel kommt ohne Worte.', noNotes: 'Zu diesem Titel gibt es keinen Begleittext.', noCredits: 'Zu diesem Titel sind keine Mitwirkenden genannt.', notYet: 'Spielen Sie etwas ab, dann stehen hier Worte, Notizen und Mitwirkende.',
    queueEmpty: 'Die Warteschlange ist leer. Spielen Sie ein Album ab oder fügen Sie Titel aus der Bibliothek hinzu.', clearQueue: 'Leeren', removeFromQueue: (t) => `${t} aus der Warteschlange nehmen`, playFromQueue: (t) => `${t} abspielen`, moveHint: 'Alt mit Pfeiltasten verschiebt, Entf entfernt',
    cleared: 'Warteschlange geleert', removed: (t) => `${t} aus der Warteschlange genommen`, positionText: (a, b) => `${a} von ${b}`, playing: (t) => `${t} wird gespielt`,
  },
  library: {
    title: 'Bibliothek', songs: 'Titel', albums: 'Alben', artists: 'Interpreten', playlists: 'Listen', filter: 'Titel filtern', emptyTitle: 'Ihre Bibliothek wartet', emptyText: 'Was Sie kaufen, landet hier: ohne Netz abspielbar und bereit für eine CD. Hörproben kosten nichts.', toStore: 'Laden öffnen',
    noMatch: (q) => `Kein Titel passt zu „${q}“`, clearFilter: 'Filter löschen', sortBy: (c) => `Nach ${c} sortieren`, play: 'Abspielen', shuffle: 'Zufällig', playAlbum: (t) => `${t} abspielen`, addToPlaylist: 'Zur Liste hinzufügen', playNext: 'Als Nächstes', playLast: 'An die Warteschlange', toDisc: 'Auf eine CD',
    showAlbum: 'Zum Album', queued: (n) => (n === 1 ? 'Zur Warteschlange hinzugefügt' : `${n} Titel zur Warteschlange hinzugefügt`), onDisc: (n) => (n === 1 ? 'Zur CD hinzugefügt' : `${n} Titel zur CD hinzugefügt`), selected: (n) => `${n} gewählt`, songsOf: (a) => `Titel von ${a}`,
    facts: (n, time) => `${viele(n, 'Titel', 'Titel')}, ${time}`, inStore: 'Im Laden ansehen', artistFacts: (a, t) => `${viele(a, 'Album', 'Alben')}, ${viele(t, 'Titel', 'Titel')}`, quality: 'Qualität',
  },
  playlists: {
    newTitle: 'Neue Liste', name: 'Name', create: 'Liste anlegen', untitled: 'Neue Liste', rename: 'Umbenennen', deleteList: 'Liste löschen', deleteAsk: (n) => `„${n}“ löschen?`, deleteText: 'Die Titel bleiben in der Bibliothek.', deleted: (n) => `${n} gelöscht`,
    emptyTitle: 'Eine leere Liste', emptyText: 'Wählen Sie Titel in der Bibliothek und dann „Zur Liste hinzufügen“.', toLibrary: 'Bibliothek öffnen', noneTitle: 'Noch keine Listen', noneText: 'Eine Liste hält Titel in Ihrer Reihenfolge: für den Sonntag, für die Fahrt, für eine CD.', added: (n, list) => `${viele(n, 'Titel', 'Titel')} zu ${list} hinzugefügt`,
    removed: (n) => `${viele(n, 'Titel', 'Titel')} entfernt`, moveHint: 'Ziehen zum Ordnen, oder Alt mit Pfeiltasten', kind: 'Wiedergabeliste', toDisc: 'Auf eine CD', moved: (t, p) => `${t} an Stelle ${p} verschoben`,
  },
  disc: {
    title: 'CD', name: 'Titel der CD', untitled: 'Meine CD', size: 'Größe', minutes: (n) => `${n} Min.`, left: 'frei', over: 'zu lang', used: (a, b) => `${a} von ${b} belegt`, tracks: 'Titel auf dieser CD', gap: (s) => `${s} s Pause`, cdText: 'Titel und Interpreten werden als CD-Text geschrieben',
    emptyTitle: 'Eine leere CD', emptyText: 'Füllen Sie sie mit Titeln, die Ihnen gehören. Sie ist maßstäblich gezeichnet: Was Sie hinzufügen, wächst von innen nach außen, so wie der Laser schreibt.', addFrom: 'Aus der Bibliothek', choose: 'Titel hinzufügen', chosen: (n) => `${viele(n, 'Titel', 'Titel')} hinzufügen`, write: 'CD-Abbild schreiben', simulateNote: 'Brennen auf ein Laufwerk gibt es in dieser Fassung noch nicht. Das Abbild (BIN mit CUE und TOC) brennt jedes Brennprogramm.',
    folder: 'Ordner', pickFolder: 'Ordner wählen', remove: (t) => `${t} von der CD nehmen`, removed: (t) => `${t} von der CD genommen`, clear: 'CD leeren', cleared: 'CD geleert', preparing: 'Wird vorbereitet', writing: (n, all) => `Titel ${n} von ${all} wird geschrieben`, verifying: 'Wird zurückgelesen und verglichen',
    cancelWrite: 'Schreiben abbrechen', cancelled: 'Abgebrochen. Das Geschriebene wurde entfernt.', doneTitle: 'Das CD-Abbild ist fertig', doneText: (n, folder) => `${viele(n, 'Titel', 'Titel')} nach ${folder} geschrieben`, verified: 'Zurückgelesen und verglichen: identisch', another: 'Noch eine CD', files: 'Dateien', progress: 'CD-Abbild wird geschrieben', percent: (n) => `${n} %`,
    drawing: (n, used, left) => `Eine CD mit ${viele(n, 'Titel', 'Titeln')}, ${used} belegt, ${left} frei`, moveHint: 'Alt mit Pfeiltasten verschiebt einen Titel, Entf entfernt ihn', sectors: (n) => `${n} Sektoren`, timesLeft: (n) => `darf noch ${viele(n, 'Mal', 'Mal')} aufgenommen werden`,
  },
  welcome: {
    title: 'Musik, die weiß, dass sie Ihnen gehört', lead: 'Ein Pass trägt Ihren Namen bei der Musik, die Sie kaufen. Sie legen ihn einmal an, er liegt als eine Datei auf Ihrem Rechner, und nur Ihre Passphrase öffnet ihn.', start: 'Meinen Pass anlegen', look: 'Erst im Laden umsehen', have: 'Ich habe eine Passdatei', steps: ['Wer Sie sind', 'Ihre Karte', 'Passphrase'],
    step: (n, of) => `Schritt ${n} von ${of}`, whoTitle: 'Wer Sie sind', whoText: 'Das kommt in Ihren Pass. Die Lizenzstelle behält eine versiegelte Kopie, damit ein verlorener Pass ersetzt werden kann.', cardTitle: 'Ihre Karte', cardText: 'Die Nummer geht allein an die Zahlungsstelle, die bei der Bank einmal fragt, ob die Karte gut ist; abgebucht wird nichts. Die Lizenzstelle erfährt die Marke und die letzten vier Ziffern.', passTitle: 'Ihre Passphrase', passText: 'Sie sperrt den Pass auf diesem Rechner. Vier oder fünf Wörter ohne Zusammenhang sind stark und leicht zu merken. Niemand sonst kennt sie.',
    name: 'Voller Name', address: 'Rechnungsadresse', telephone: 'Telefon', email: 'E-Mail', region: 'Land', interests: 'Was hören Sie?', interestsHint: 'Bleibt in Ihrem Pass, für Bilder, die zu einem Geschmack gemacht sind.', number: 'Kartennummer', expiry: 'Gültig bis', confidential: 'Vertrauliche Zeile', confidentialHint: 'Eine Zeile, die Sie ungern weitergeben. Sie steht da, während Ihre Musik spielt, damit niemand Kopien verteilt.',
    passphrase: 'Passphrase', repeat: 'Noch einmal', mismatch: 'Die beiden sind noch nicht gleich.', toCard: 'Weiter zur Karte', issue: 'Pass beantragen', issuing: 'Die Karte wird geprüft', create: 'Pass anlegen', creating: 'Der Pass wird gesperrt', doneTitle: (n) => `Willkommen, ${n}`, doneText: 'Ihr Pass ist fertig und mit Ihrer Passphrase gesperrt. Bewahren Sie eine Kopie an einem sicheren Ort auf.', toStore: 'Laden öffnen', export: 'Kopie sichern', cardIs: (b) => `${b}-Karte`,
    required: 'Das wird gebraucht.', show: 'Passphrase zeigen', hide: 'Passphrase verbergen',
    interestList: ['Klavier', 'Streicher', 'Orchester', 'Chor', 'Jazz', 'Folk', 'Elektronisch', 'Alte Musik'], example: 'z. B. Mein erstes Klavier war grün',
  },
  faults: {
    missing: 'Das wird gebraucht.', unfit: 'Das ist zu lang oder hat einen Zeilenumbruch.', email: 'Das sieht nicht wie eine E-Mail-Adresse aus.', telephone: 'Das sieht nicht wie eine Telefonnummer aus.', cardDigits: 'Das ist keine ganze Kartennummer.', cardCheckDigit: 'In dieser Nummer ist ein Tippfehler.',
    cardExpiry: 'Monat und Jahr, etwa 09/28.', cardExpired: 'Dieses Datum ist vorbei.', cardName: 'Schreiben Sie den Namen, wie er auf der Karte steht.',
  },
  strength: { label: 'Stärke', scores: ['Hoffnungslos', 'Schwach', 'Mäßig', 'Gut', 'Sehr gut'], tooShort: 'Zu kurz. Mindestens zehn Zeichen.', tooCommon: 'Diese steht auf jeder Liste häufiger Passwörter.', addWords: 'Fügen Sie noch ein oder zwei Wörter hinzu.', good: 'Das hält.' },
  unlock: { title: 'Pass öffnen', text: (n) => (n ? `${n}, Ihre Passphrase öffnet den Pass, bis Sie Cadenza schließen.` : 'Ihre Passphrase öffnet den Pass, bis Sie Cadenza schließen.'), button: 'Öffnen', passphrase: 'Passphrase', busy: 'Der Pass wird geöffnet', forgot: 'Passphrase vergessen?' },
  passport: {
    title: 'Pass', lock: 'Jetzt sperren', unlock: 'Öffnen', valid: (d) => `Gültig bis ${d}`, soon: (d) => `Läuft am ${d} ab`, expired: (d) => `Am ${d} abgelaufen`, since: (d) => `seit ${d}`, serial: 'Nummer', issuer: 'Ausgestellt von', file: 'Datei', card: 'Karte', address: 'Adresse', telephone: 'Telefon', email: 'E-Mail', confidential: 'Vertrauliche Zeile', region: 'Land', interests: 'Interessen',
    lockedText: 'Ihre persönlichen Angaben sind verschlüsselt. Öffnen Sie den Pass, um sie zu lesen.', exportTitle: 'Kopie sichern', exportText: 'Die Datei bleibt mit Ihrer Passphrase gesperrt; sie darf auf einem Stick oder in einer Cloud liegen.', exportButton: 'Pass exportieren', exported: (p) => `Kopie gesichert: ${p}`, importTitle: 'Pass mitbringen', importText: 'Von einem anderen Rechner oder aus einer Kopie. Der Pass hier wird ersetzt.', importButton: 'Pass importieren', imported: 'Pass übernommen. Öffnen Sie ihn mit seiner Passphrase.', importWaits: 'Diese Datei hat noch keine Passphrase. Wählen Sie eine, dann löschen Sie die Datei.',
    importAsk: 'Den Pass auf diesem Rechner ersetzen?', importAskText: 'Musik, die mit dem jetzigen gekauft wurde, spielt nicht, bis er zurückgeholt ist. Sichern Sie erst eine Kopie.', importReplace: 'Pass ersetzen', changeTitle: 'Passphrase ändern', changeText: 'Früher gesicherte Kopien behalten die alte.', changeButton: 'Passphrase ändern', old: 'Jetzige Passphrase', new: 'Neue Passphrase', changed: 'Passphrase geändert',
    recoverTitle: 'Wiederherstellen', recoverText: 'Passphrase vergessen oder Datei verloren: Zeigen Sie der Lizenzstelle, dass der Pass Ihnen gehört, und sie gibt ihn zurück.', recoverButton: 'Pass wiederherstellen',
    renewTitle: 'Erneuern', renewText: (d) => `Gültig bis ${d}. Ein erneuerter Pass kauft ein weiteres Jahr.`, renewButton: 'Pass erneuern', renewAsk: 'Ihren Pass erneuern', renewAskText: 'Er gilt dann ein weiteres Jahr und bleibt sonst derselbe: Was Ihnen gehört, spielt weiter. Dazu öffnet ihn Ihre Passphrase.', renewing: 'Die Lizenzstelle wird gefragt', renewed: (d) => `Pass erneuert. Er gilt bis ${d}.`,
    soonTitle: (d) => `Ihr Pass läuft am ${d} ab`, soonText: 'Erneuern Sie ihn jetzt, um weiter zu kaufen. Gekauftes spielt in jedem Fall.', expiredTitle: (d) => `Ihr Pass ist am ${d} abgelaufen`, expiredText: 'Er spielt weiter, was Sie gekauft haben, kauft aber nichts, bis er erneuert ist.', ownerLine: 'Diese Zeile steht da, während gekaufte Musik spielt', holder: 'Pass von', noneTitle: 'Kein Pass auf diesem Rechner', noneText: 'Legen Sie einen an, um Musik zu kaufen, oder bringen Sie einen mit.', create: 'Pass anlegen',
    pending: 'Ihr Pass ist ausgestellt, aber noch nicht gesichert. Wählen Sie eine Passphrase, um ihn zu behalten.',
  },
  recovery: {
    lost: 'Verlorenen Pass wiederherstellen', steps: ['Wer Sie sind', 'Ihre Karte', 'Neue Passphrase'], whoTitle: 'Ihren Pass wiederherstellen', whoText: 'Die Lizenzstelle hält eine versiegelte Kopie für Sie bereit. Geben Sie an, womit Sie sich angemeldet haben, und er gehört wieder Ihnen.',
    replaces: 'Auf diesem Rechner ist ein Pass', replacesText: 'Der wiederhergestellte tritt an seine Stelle. Der jetzige bleibt als Datei daneben liegen.', cardTitle: 'Die angemeldete Karte', cardText: 'Die Nummer geht allein an die Zahlungsstelle, die sie mit Ihrer Anmeldung vergleicht; abgebucht wird nichts.', sending: 'Die Lizenzstelle wird gefragt',
    passTitle: 'Eine neue Passphrase', passText: 'Ihr Pass ist zurück. Sperren Sie ihn mit einer neuen Passphrase: Vier oder fünf Wörter ohne Zusammenhang sind stark und leicht zu merken. Niemand sonst kennt sie.', lock: 'Sperren und behalten', doneTitle: (n) => `Willkommen zurück, ${n}`, doneText: 'Ihr Pass ist wieder auf diesem Rechner, gesperrt mit der neuen Passphrase. Was Sie gekauft haben, spielt wie zuvor.', doneReplaced: 'Ihr Pass ist zurück, gesperrt mit der neuen Passphrase, und was Sie gekauft haben, spielt wie zuvor. Der bisherige liegt daneben.',
  },
  settings: {
    title: 'Einstellungen', looks: 'Aussehen', theme: 'Farben', system: 'System', light: 'Hell', dark: 'Dunkel', language: 'Sprache', sound: 'Ton', device: 'Ausgabegerät', deviceSystem: 'Wahl des Systems', deviceLost: 'nicht angeschlossen', normalise: 'Gleiche Lautheit', normaliseHint: 'Spielt jede Platte etwa gleich laut.', preview: 'Qualität der Hörproben', previewHint: 'Bei langsamer Leitung kleiner wählen.',
    unlimited: 'Beste', kbps: (n) => `${n} kbit/s`, buying: 'Kaufen', ask: 'Passphrase', askOnce: 'Einmal je Sitzung', askAlways: 'Jedes Mal', after: 'Nach der Lieferung', afterReady: 'Bescheid sagen', afterPlay: 'Gleich abspielen', store: 'Laden', storeBundled: 'Der Laden, der mit Cadenza kommt', storeOther: 'Ein anderer Laden', storeAddress: 'Adresse', storeRestart: 'Gilt ab dem nächsten Start.',
    shortcuts: 'Tastatur', showShortcuts: 'Alle Tastenkürzel', about: 'Über', version: (v) => `Cadenza ${v}`, saved: 'Gesichert', noDevices: 'Kein Ausgabegerät gefunden. Schließen Sie eines an; Cadenza macht von selbst weiter.', fonts: 'Bricolage Grotesque und Inter, SIL Open Font License',
  },
  links: {
    title: 'Diesem Link folgen?', clip: (what, store) => `Er möchte den Ausschnitt von ${what} abspielen, aus: ${store}.`, order: (what, store) => `Er möchte ${what} in Ihre Bibliothek holen, aus: ${store}.`,
    oneTrack: 'einem Titel', oneOrder: 'den Inhalt einer Bestellung', bundled: 'der Laden, der mit Cadenza kommt', unnamed: 'der Laden, den Sie gewählt haben', elsewhere: (host) => `Der Link selbst nennt ${host}; dort wird nicht gefragt.`,
    hint: 'Jede Webseite kann einen solchen Link enthalten. Noch wurde niemand gefragt: Gehen Sie nur weiter, wenn Sie das wollten.', follow: 'Weiter',
  },
  keys: {
    control: 'Strg', title: 'Tastenkürzel', everywhere: 'Überall', lists: 'In Listen', playing: 'Beim Hören', search: 'Alles durchsuchen', help: 'Diese Übersicht', playPause: 'Abspielen oder anhalten', nextTrack: 'Nächster Titel', previousTrack: 'Voriger Titel', forward: '5 Sekunden vor', backward: '5 Sekunden zurück', louder: 'Lauter', quieter: 'Leiser', mute: 'Stumm', panel: 'Begleitleiste', full: 'Aktuelle Wiedergabe',
    pages: 'Laden, Bibliothek, Downloads, CD', backPage: 'Zurück', move: 'Bewegen', open: 'Abspielen oder öffnen', select: 'Mehr auswählen', remove: 'Entfernen, mit Rückgängig', reorder: 'Titel verschieben', menu: 'Aktionen', close: 'Schließen', selectAll: 'Alles auswählen',
  },
  state: { offlineTitle: 'Der Laden antwortet nicht', offlineText: 'Ihre Bibliothek spielt auch ohne ihn. Prüfen Sie die Verbindung und versuchen Sie es nochmal.', offlineBar: 'Offline: Der Laden antwortet nicht. Was Ihnen gehört, spielt wie immer.', errorTitle: 'Das hat nicht geklappt', backOnline: 'Der Laden antwortet wieder.' },
  notices: { 'purchase-ready': (d) => (Number(d['count'] ?? 1) > 1 ? `${viele(Number(d['count']), 'Titel ist', 'Titel sind')} bereit` : `${d['title'] ?? 'Ihr Kauf'} ist bereit`), 'voucher-opened': (d) => `Gutschein geöffnet: ${viele(Number(d['count'] ?? 1), 'Titel', 'Titel')}` },
};
