// The stand-in's picture as SVG: a landscape (sky, sun, hills, trees) behind a flowering meadow, with the prompt as caption.

import { between, oneOf } from './random.ts';
import type { Random } from './random.ts';

interface Palette {
  sky: readonly [string, string, string];
  sun: string;
  hills: readonly string[];
  leaves: readonly [string, ...string[]];
  flowers: readonly [string, ...string[]];
}

const palettes: readonly [Palette, ...Palette[]] = [
  {
    sky: ['#5b8fc9', '#a9cbe4', '#fbeed5'],
    sun: '#fff6d8',
    hills: ['#a9c1cf', '#85a9a8', '#5f8f78', '#467a52'],
    leaves: ['#3f7d4a', '#5a9a4f', '#2f6a43', '#7fb35a'],
    flowers: ['#f4d35e', '#ee964b', '#f25f5c', '#ffffff', '#b388eb'],
  },
  {
    sky: ['#41508f', '#c9809a', '#ffd3a0'],
    sun: '#fff0c2',
    hills: ['#b58aa3', '#87708f', '#5b5a79', '#3c4a5e'],
    leaves: ['#33533f', '#46704b', '#2a4740', '#6d8a4e'],
    flowers: ['#ffd166', '#ff8fa3', '#fcefb4', '#cdb4db', '#f28482'],
  },
  {
    sky: ['#2f7f9c', '#8fd0cf', '#f2f7d9'],
    sun: '#fffce0',
    hills: ['#a8d0c8', '#78b3a2', '#4a8f7b', '#2f705f'],
    leaves: ['#2f8f5b', '#57ad62', '#22714c', '#93c466'],
    flowers: ['#ffffff', '#ffb4a2', '#e5989b', '#ffe066', '#9d8df1'],
  },
  {
    sky: ['#7a86b8', '#d8b9c3', '#fdeee0'],
    sun: '#ffffff',
    hills: ['#c3bccf', '#a3a5b5', '#848f8f', '#647a63'],
    leaves: ['#5d7f4a', '#7b9c55', '#486a44', '#a2b765'],
    flowers: ['#c77dff', '#f9c6d3', '#ffffff', '#ffd670', '#e56b6f'],
  },
];

export interface SceneSize {
  width: number;
  height: number;
}

/**
 * Draws in a space that is 1000 units high, whatever the size in pixels. `overPhoto` leaves out sky, sun and hills: the
 * meadow is then drawn over the reference image.
 */
export function drawScene(random: Random, size: SceneSize, caption: string, overPhoto: boolean): string {
  const wide = Math.round((size.width / size.height) * 1000);
  const palette = oneOf(random, palettes);
  const backdrop = overPhoto ? drawTint(palette, wide) : drawBackdrop(random, palette, wide);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${wide} 1000">`,
    backdrop,
    drawMeadow(random, palette, wide, overPhoto ? 800 : 760),
    drawCaption(caption, wide),
    '</svg>',
  ].join('');
}

function drawTint(palette: Palette, wide: number): string {
  return `<defs><linearGradient id="tint" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.sky[0]}" stop-opacity=".3"/>
    <stop offset=".7" stop-color="${palette.sky[2]}" stop-opacity=".2"/></linearGradient></defs>
    <rect width="${wide}" height="1000" fill="url(#tint)"/>`;
}

function drawBackdrop(random: Random, palette: Palette, wide: number): string {
  const sunX = between(random, 0.15, 0.85) * wide;
  const sunY = between(random, 170, 400);
  const [top, middle, low] = palette.sky;
  const gradients = `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/>
    <stop offset=".45" stop-color="${middle}"/><stop offset=".75" stop-color="${low}"/></linearGradient>
    <radialGradient id="glow"><stop offset="0" stop-color="${palette.sun}" stop-opacity=".9"/>
    <stop offset=".5" stop-color="${palette.sun}" stop-opacity=".26"/>    <stop offset="1" stop-color="${palette.sun}" stop-opacity="0"/></radialGradient></defs>`;
  const sun = `<circle cx="${sunX}" cy="${sunY}" r="330" fill="url(#glow)"/><circle cx="${sunX}" cy="${sunY}" r="62" fill="${palette.sun}"/>`;
  const sky = `${gradients}<rect width="${wide}" height="1000" fill="url(#sky)"/>${sun}${drawClouds(random, wide)}`;
  return sky + palette.hills.map((colour, row) => drawHill(random, palette, colour, row, wide)).join('');
}

function drawClouds(random: Random, wide: number): string {
  const clouds = Array.from({ length: 4 }, () => {
    const x = between(random, 0, wide);
    const y = between(random, 60, 300);
    const puffs = Array.from({ length: 7 }, (_, at) => {
      const reach = 44 - Math.abs(at - 3) * 9;
      return `<ellipse cx="${x + (at - 3) * 34}" cy="${y - between(random, 0, 14)}" rx="${reach * 1.6}" ry="${reach * 0.6}"/>`;
    });
    return puffs.join('');
  });
  return `<g fill="#fff" fill-opacity=".28">${clouds.join('')}</g>`;
}

function drawHill(random: Random, palette: Palette, colour: string, row: number, wide: number): string {
  const base = 470 + row * 95;
  const phases = [random() * 7, random() * 7, random() * 7] as const;
  const ridge = (x: number): number =>
    base -
    (78 - row * 12) * Math.sin(x / 260 + phases[0]) -
    26 * Math.sin(x / 97 + phases[1]) -
    9 * Math.sin(x / 31 + phases[2]);
  const line = Array.from({ length: Math.ceil(wide / 20) + 2 }, (_, at) => `${at * 20} ${ridge(at * 20).toFixed(1)}`);
  const trees = row < 2 ? '' : drawTrees(random, palette, wide, row, ridge);
  return `${trees}<path d="M0 1000L${line.join('L')}L${wide} 1000Z" fill="${colour}"/>`;
}

function drawTrees(random: Random, palette: Palette, wide: number, row: number, ridge: (x: number) => number): string {
  const trees = Array.from({ length: Math.round(wide / 75) }, () => {
    const x = between(random, 0, wide);
    const tall = between(random, 40, 70) * (row - 0.9);
    const foot = ridge(x) + 10;
    const leaf = oneOf(random, palette.leaves);
    const crown = (dx: number, dy: number, part: number): string =>
      `<ellipse cx="${x + dx * tall}" cy="${foot - tall * dy}" rx="${tall * part}" ry="${tall * part * 1.1}" fill="${leaf}"/>`;
    const light = `<ellipse cx="${x - tall * 0.1}" cy="${foot - tall * 0.95}" rx="${tall * 0.18}" ry="${tall * 0.2}" fill="#fff" fill-opacity=".1"/>`;
    const trunk = `<rect x="${x - tall * 0.05}" y="${foot - tall * 0.5}" width="${tall * 0.1}" height="${tall * 0.55}" fill="#5b4636"/>`;
    return trunk + crown(-0.2, 0.6, 0.26) + crown(0.2, 0.62, 0.26) + crown(0, 0.82, 0.32) + light;
  });
  return trees.join('');
}

function drawMeadow(random: Random, palette: Palette, wide: number, from: number): string {
  const plants = Array.from({ length: Math.round(wide / 5) }, (_, at, count = Math.round(wide / 5)) => {
    const depth = at / count;
    const x = between(random, -20, wide + 20);
    const y = from + 20 + depth * (1010 - from);
    return drawBlades(random, palette, x, y, 0.5 + depth) + drawFlower(random, palette, x, y, 0.5 + depth);
  });
  const ground = oneOf(random, palette.leaves);
  const edge = `M0 1000L0 ${from + 30}Q${wide * 0.25} ${from - 20} ${wide * 0.55} ${from + 26}T${wide} ${from + 10}L${wide} 1000Z`;
  return `<path d="${edge}" fill="${ground}"/>${plants.join('')}`;
}

function drawBlades(random: Random, palette: Palette, x: number, y: number, scale: number): string {
  const blades = Array.from({ length: 4 }, () => {
    const lean = between(random, -26, 26) * scale;
    const tall = between(random, 30, 74) * scale;
    const foot = x + between(random, -14, 14) * scale;
    return `M${foot.toFixed(1)} ${y.toFixed(1)}q${(lean * 0.2).toFixed(1)} ${(-tall * 0.6).toFixed(1)} ${lean.toFixed(1)} ${(-tall).toFixed(1)}`;
  });
  const colour = oneOf(random, palette.leaves);
  return `<path d="${blades.join('')}" fill="none" stroke="${colour}" stroke-width="${(3.4 * scale).toFixed(1)}" stroke-linecap="round"/>`;
}

function drawFlower(random: Random, palette: Palette, x: number, y: number, scale: number): string {
  if (random() < 0.45) return '';
  const top = y - between(random, 44, 84) * scale;
  const petal = between(random, 4.5, 8) * scale;
  const colour = oneOf(random, palette.flowers);
  const petals = Array.from({ length: 5 }, (_, at) => {
    const angle = (at / 5) * 2 * Math.PI + x;
    return `<circle cx="${(x + Math.cos(angle) * petal).toFixed(1)}" cy="${(top + Math.sin(angle) * petal).toFixed(1)}" r="${(petal * 0.8).toFixed(1)}"/>`;
  });
  return `<g fill="${colour}">${petals.join('')}</g><circle cx="${x.toFixed(1)}" cy="${top.toFixed(1)}" r="${(petal * 0.6).toFixed(1)}" fill="#7a5a1f"/>`;
}

/** At most two lines of the prompt on a translucent band, so that a person can tell pictures apart. */
function drawCaption(caption: string, wide: number): string {
  const lines = breakLines(caption, Math.floor((wide - 120) / 15.5));
  if (lines.length === 0) return '';
  const top = 952 - lines.length * 38;
  const text = lines.map((line, at) => `<text x="60" y="${top + 40 + at * 38}">${escapeXml(line)}</text>`);
  return `<rect x="30" y="${top}" width="${wide - 60}" height="${lines.length * 38 + 22}" rx="16" fill="#101820" fill-opacity=".62"/>
    <g font-family="DejaVu Sans, Noto Sans, Helvetica, Arial, sans-serif" font-size="27" fill="#fff">${text.join('')}</g>`;
}

function breakLines(text: string, longest: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < longest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, longest));
  }
  return lines.length <= 2 ? lines : [lines[0] ?? '', `${(lines[1] ?? '').slice(0, longest - 2)} …`];
}

function escapeXml(text: string): string {
  const printable = text.replace(/[\p{C}]/gu, '');
  return printable.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
