/// The sleeve may have any colour: text stays readable on what is computed from it. The values are
/// read from tokens.css, turned into sRGB as a browser does, and measured as WCAG 2 says.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Rgb = [number, number, number];
const css = readFileSync('src/tokens.css', 'utf8');
const AA = 4.5;

/** Oklab to linear sRGB (Ottosson), clipped to what a screen shows. */
const oklch = (l: number, c: number, h: number): Rgb => {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ].map((v) => v ** 3) as Rgb;
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ].map((v) => Math.min(1, Math.max(0, v))) as Rgb;
};
const hex = (text: string): Rgb => {
  const full = text.length === 4 ? [...text.slice(1)].map((d) => d + d).join('') : text.slice(1, 7);
  return [0, 2, 4].map((at) => {
    const v = parseInt(full.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
};
const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const contrast = (one: Rgb, other: Rgb): number => {
  const [low, high] = [luminance(one), luminance(other)].sort((p, q) => p - q) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const themes = Object.fromEntries(
  (['light', 'dark'] as const).map((theme) => {
    const blocks = [...css.matchAll(/([^{}]*)\{([^}]*)\}/g)]
      .filter(([, head]) => head!.includes(`[data-theme='${theme}']`))
      .map(([, , body]) => body)
      .join('\n');
    return [theme, blocks];
  }),
) as Record<'light' | 'dark', string>;

const colour = (theme: 'light' | 'dark', name: string, hue: number, tint: number): Rgb => {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(themes[theme])?.[1] ?? '';
  const computed =
    /oklch\((?:calc\()?([\d.]+)(?: ([+-]) ([\d.]+) \* var\(--tint\)\))? calc\(([\d.]+) \* var\(--tint\)\)/.exec(value);
  if (!computed) return hex(value);
  const [, light, sign = '+', more = '0', chroma] = computed;
  return oklch(Number(light) + Number(`${sign}${more}`) * tint, Number(chroma) * tint, hue);
};

const pairs: [ink: string, ground: string][] = [
  ['accent', 'paper'],
  ['accent', 'sheet'],
  ['accent', 'accent-soft'],
  ['accent-ink', 'accent'],
  ['ink', 'accent-soft'],
  ['ink-2', 'accent-soft'],
  ['band-ink', 'band'],
  ['band-ink', 'band-2'],
  ['band-ink-2', 'band'],
  ['band-ink-2', 'band-2'],
  ['ink-2', 'well'],
  ['ink-3', 'paper'],
  ['ink-3', 'sheet'],
  ['danger', 'danger-soft'],
  ['danger', 'paper'],
];

describe('every cover, in both themes', () => {
  it.each((['light', 'dark'] as const).flatMap((theme) => pairs.map((pair) => [theme, ...pair] as const)))(
    '%s: %s on %s holds AA at every hue and tint',
    (theme, ink, ground) => {
      for (const tint of [0, 0.5, 1])
        for (let hue = 0; hue < 360; hue += 2) {
          const found = contrast(colour(theme, ink, hue, tint), colour(theme, ground, hue, tint));
          expect(found, `hue ${hue}, tint ${tint}`).toBeGreaterThanOrEqual(AA);
        }
    },
  );
});
